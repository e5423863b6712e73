//! What an architecture can have wrong although every property is right: one file for each subject.

mod capacity;
mod containers;
mod deployments;
mod fargate;
mod images;
#[cfg(test)]
mod testing;

use crate::check::Lint;

/// Every lint.
pub(super) fn all() -> impl Iterator<Item = &'static Lint> {
    [images::LINTS, deployments::LINTS, capacity::LINTS, fargate::LINTS, containers::LINTS]
        .into_iter()
        .flatten()
}
