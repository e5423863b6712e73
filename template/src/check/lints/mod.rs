//! What an architecture can have wrong although every property is right: one file for each subject.

mod images;

use crate::check::Lint;

/// Every lint.
pub(super) fn all() -> impl Iterator<Item = &'static Lint> {
    [images::LINTS].into_iter().flatten()
}
