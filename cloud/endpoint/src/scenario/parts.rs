//! What a scenario is made of: stacks that are there, what happens to resources, what was changed by hand.

use std::collections::BTreeMap;
use std::time::Duration;

/// What drift detection finds of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Drift {
    /// A property has another value; none where it is not there.
    Differs { path: String, expected: Option<String>, actual: Option<String> },
    /// All properties that were compared: expected and actual, as JSON.
    Properties(String, String),
    /// The resource is gone.
    Deleted,
    /// It could not be looked at, for this reason.
    Unknown(String),
    /// Resources of its type cannot be looked at.
    Unsupported,
}

/// A stack that is there from the start.
#[derive(Debug, Clone)]
pub(crate) struct InitialStack {
    pub(crate) name: String,
    pub(crate) template: String,
    pub(crate) status: String,
    pub(crate) region: Option<String>,
    pub(crate) protected: bool,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) tags: BTreeMap<String, String>,
}

/// What happens to a resource.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Script {
    pub(crate) id: String,
    pub(crate) phase: Phase,
    pub(crate) outcome: Outcome,
    /// How often it still holds; `None` for always.
    pub(crate) left: Option<usize>,
}

/// When it happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// While it is created or updated.
    Forward,
    /// While its update is rolled back.
    Rollback,
    /// While an update removes or replaces it.
    CleanUp,
    /// While its stack is deleted, or its creation is rolled back.
    Delete,
}

/// What happens to it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// It fails for this reason.
    Fails(String),
    /// A hook of this name stops it, for this reason.
    Hooked(String, String),
    /// It never ends.
    Hangs,
    /// It takes this long.
    Takes(Duration),
}
