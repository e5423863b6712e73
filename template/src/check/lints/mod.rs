//! What an architecture can have wrong although every property is right: one file for each subject.

mod blocks;
mod images;
mod routes;
mod security_groups;
mod task_network;
#[cfg(test)]
mod testing;
mod vpcs;
mod zones;

use crate::check::Lint;

/// Every lint.
pub(super) fn all() -> impl Iterator<Item = &'static Lint> {
    [
        images::LINTS,
        blocks::LINTS,
        security_groups::LINTS,
        routes::LINTS,
        task_network::LINTS,
        vpcs::LINTS,
        zones::LINTS,
    ]
    .into_iter()
    .flatten()
}
