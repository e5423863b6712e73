//! What an architecture can have wrong although every property is right: one file for each subject.

mod health_checks;
mod images;
mod listeners;
mod target_groups;
mod tls;

use crate::check::Lint;

/// Every lint.
pub(super) fn all() -> impl Iterator<Item = &'static Lint> {
    [health_checks::LINTS, images::LINTS, listeners::LINTS, target_groups::LINTS, tls::LINTS]
        .into_iter()
        .flatten()
}
