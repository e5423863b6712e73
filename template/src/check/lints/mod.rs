//! What an architecture can have wrong although every property is right: one file for each subject.

mod blocks;
mod images;
mod routes;
mod security_groups;
#[cfg(test)]
mod testing;

use crate::check::Lint;

/// Every lint.
pub(super) fn all() -> impl Iterator<Item = &'static Lint> {
    [images::LINTS, blocks::LINTS, security_groups::LINTS, routes::LINTS].into_iter().flatten()
}
