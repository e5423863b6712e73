//! What an architecture can have wrong although every property is right: one file for each subject.

mod data;
mod grants;
mod images;
mod keys;
mod permissions;
mod reach;
mod roles;
mod secrets;
#[cfg(test)]
mod testing;

use crate::check::Lint;

/// Every lint.
pub(super) fn all() -> impl Iterator<Item = &'static Lint> {
    [
        images::LINTS,
        secrets::LINTS,
        data::LINTS,
        roles::LINTS,
        permissions::LINTS,
        reach::LINTS,
        grants::LINTS,
        keys::LINTS,
    ]
    .into_iter()
    .flatten()
}
