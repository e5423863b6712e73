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
mod machine;
mod patience;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod request;
mod runtime;
pub(crate) mod status;
mod verdict;

pub use runtime::{deploy_stack, destroy_stack};
