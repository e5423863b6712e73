//! Properties whose change interrupts what the resource does, from AWS's documentation.

use crate::document::Resource;

/// Whether changing the property at `path` makes the resource unavailable for a while, although it is kept.
pub(super) fn interrupts(_resource: &Resource, _path: &[&str]) -> bool {
    false
}
