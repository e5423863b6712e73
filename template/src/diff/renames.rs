//! Resources that are removed and added again under another logical ID.

use serde::Serialize;

use super::Fate;

/// A resource that is deleted, and one with the same content that is made: most likely the same under a new name.
///
/// The old one is kept if its logical ID stays: in the construct library `Scope::set_logical_id(handle, old)` pins it
/// whatever the path; for any template CloudFormation's stack refactoring gives a deployed resource another logical
/// ID (`aws cloudformation create-stack-refactor`, with `old` and `new` in its resource mappings).
///
/// Source: [Stack refactoring][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-refactoring.html
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rename {
    /// The logical ID that goes.
    pub old: String,
    /// The logical ID that comes.
    pub new: String,
    /// The type of both.
    pub type_name: String,
    /// Whether they are equal up to the renamed references; otherwise only their tags differ.
    pub exact: bool,
    /// What is in it and is lost or left behind, in words, if it holds data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<&'static str>,
    /// What becomes of the old one.
    pub fate: Fate,
    /// The path of the new one's construct, if its metadata says it: where the logical ID can be pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub construct: Option<String>,
}
