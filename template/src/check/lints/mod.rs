//! What an architecture can have wrong although every property is right: one file for each subject.

mod capacity;
mod containers;
mod credentials;
mod deployments;
mod efs_volumes;
mod fargate;
mod images;
mod logs;
mod start_order;
mod task_network;
mod task_roles;
#[cfg(test)]
mod testing;

use crate::check::Lint;

/// Every lint.
pub(super) fn all() -> impl Iterator<Item = &'static Lint> {
    let subjects = [
        images::LINTS,
        deployments::LINTS,
        capacity::LINTS,
        fargate::LINTS,
        containers::LINTS,
        start_order::LINTS,
        task_network::LINTS,
        task_roles::LINTS,
        efs_volumes::LINTS,
        logs::LINTS,
        credentials::LINTS,
    ];
    subjects.into_iter().flatten()
}
