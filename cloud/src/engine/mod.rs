//! The deploy engine: pure decisions ([`deploy`], [`destroy`]) around which a [`runtime`] does the talking.

pub(crate) mod api;
pub(crate) mod cancel;
mod cleanup;
mod deploy;
mod destroy;
mod events;
#[cfg(test)]
mod fake;
mod follow;
mod look;
pub(crate) mod machine;
pub(crate) mod operate;
pub(crate) mod patience;
pub(crate) mod plan;
mod preview;
pub(crate) mod progress;
#[cfg(test)]
mod properties;
pub(crate) mod request;
pub(crate) mod runtime;
mod slow;
pub(crate) mod status;
mod verdict;
mod verification;

pub(crate) use api::list_resources;
pub use destroy::{
    Blocker, Hold, Obstacles, obstacle_of_stack, obstacles_of_exports, obstacles_to_deletion, resources_of,
};
pub use preview::{Preview, preview_stack};
pub use runtime::{deploy_stack, destroy_stack, estimate, operate_stack};
