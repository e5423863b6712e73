//! Configuration: from the built-in production values to the settings of one environment.
//!
//! Layers, each over the one before: the defaults of the settings type, the overlay of a built-in environment,
//! `defaults:` and then `environments.NAME:` of `docuthinker.yaml`, the variables `DOCUTHINKER_…`, and `--set`. Beside the layers, `validate:` of the
//! file says how templates are checked.

mod check;
#[cfg(feature = "aws")]
mod edit;
mod layers;
mod overrides;
mod schema;
mod validation;
mod yaml;

#[cfg(feature = "aws")]
pub(crate) use edit::{Change, Written, write};
#[cfg(feature = "aws")]
pub(crate) use layers::environments;
pub(crate) use layers::{Config, Request, load};
pub(crate) use schema::of_file as file_schema;
pub(crate) use validation::{Allow, Validation, load as load_validation};
#[cfg(feature = "aws")]
pub(crate) use yaml::in_a_line;
pub(crate) use yaml::to_yaml;
