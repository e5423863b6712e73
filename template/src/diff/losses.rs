//! Data that is lost with a resource, or leaves the stack with it.

use serde::Serialize;

use super::{Consequence, Fate};
use crate::graph::Element;
use crate::path::Path;

/// A resource with data that the stack gives up, or may give up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// The logical ID.
    pub id: String,
    /// Its type.
    pub type_name: String,
    /// What is in it, in words: `its items`.
    pub holds: &'static str,
    /// What becomes of it. With [`Fate::Retained`] and [`Fate::Snapshot`] the data stays, outside of the stack.
    pub fate: Fate,
    /// Why it is given up: `None` if it is removed, else what replaces it, or may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consequence: Option<Consequence>,
    /// What causes it: the resource itself, or the root that it follows.
    pub cause: Element,
    /// The properties for which it is replaced: of the resource itself, own ones and references.
    pub paths: Vec<Path>,
    /// The logical ID under which the same thing is added again, if it looks like a rename.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renamed_to: Option<String>,
}
