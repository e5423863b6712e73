//! The ECS services whose running tasks are replaced.

use serde::Serialize;

use crate::path::Path;

/// A service that starts new tasks and stops the old ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Roll {
    /// The service's logical ID.
    pub service: String,
    /// Its task definition's logical ID, if that is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// How many tasks it is to run, if the template says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks: Option<u64>,
    /// Whether the service itself is replaced: a new service is made with new tasks, and the old one is deleted.
    pub replaced: bool,
    /// Whether it certainly happens.
    pub certain: bool,
    /// The differences and references for which it happens.
    pub because: Vec<Path>,
}
