//! Changing a running service past CloudFormation: a new deployment of what runs, another number of tasks, an earlier
//! revision; and the deployments that a service has had.
//!
//! Start at [`roll_out`] and [`deployments()`]. When such a change is over is decided in `course`, which is pure; `follow`
//! asks ECS and waits; `number` puts together what ECS and CloudFormation tell of the past.

mod ask;
mod course;
mod follow;
mod number;
mod order;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::Serialize;

pub use self::ask::deployments;
pub use self::follow::roll_out;
use crate::engine::progress::Timestamp;
use crate::services::ServiceRef;

/// How long network trouble may last before a change is no longer followed.
const GRACE: Duration = Duration::from_mins(15);

/// A wish to change one service, and to follow it until that is done.
#[derive(Debug, Clone)]
pub struct RolloutRequest {
    /// The service.
    pub service: ServiceRef,
    /// What people call it, for messages: `backend`.
    pub label: String,
    /// What people call its stack, for what to do next.
    pub stack: String,
    /// What is wanted.
    pub change: RolloutChange,
    /// How long to follow it. Default: no limit.
    pub timeout: Option<Duration>,
    /// How long network trouble may last before it is no longer followed. Default: 15 minutes.
    pub grace: Duration,
}

impl RolloutRequest {
    /// A request with the defaults that the fields describe.
    pub fn new(
        service: ServiceRef,
        label: impl Into<String>,
        stack: impl Into<String>,
        change: RolloutChange,
    ) -> RolloutRequest {
        let (label, stack) = (label.into(), stack.into());
        RolloutRequest { service, label, stack, change, timeout: None, grace: GRACE }
    }

    /// The command that tells of the service's deployments.
    fn events(&self) -> String {
        format!("docuthinker events {} --service {}", self.stack, self.label)
    }
}

/// What is done to a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutChange {
    /// New tasks of the revision that runs take the place of the old ones.
    Redeploy,
    /// So many tasks run.
    Scale(i32),
    /// Tasks of this task definition, by ARN with its revision, take the place of those that run.
    Revision(String),
    /// The deployment that is in progress is stopped, and ECS goes back to the one before.
    Stop {
        /// The ARN of the service deployment.
        deployment: String,
    },
}

/// How a service is after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RolledOut {
    /// The id of its deployment.
    pub deployment: String,
    /// The ARN of the task definition that it runs, with its revision.
    pub task_definition: String,
    /// How many tasks there should be.
    pub desired: i32,
    /// How many tasks run.
    pub running: i32,
}

/// The deployments of a service, newest first.
///
/// They are numbered as ECS numbers the revisions of the service's task definition: a change makes a new revision, and
/// its number is never given again. Going back to an earlier revision, or a new deployment of the same one, makes no new
/// number; [`NumberedDeployment::rollouts`] tells of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployments {
    /// The family of the task definition that the service runs.
    pub family: String,
    /// The number of the deployment that the service is at, or is going to.
    pub current: i32,
    /// ECS's service deployment that is in progress, by ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_progress: Option<String>,
    /// Newest first.
    pub deployments: Vec<NumberedDeployment>,
    /// Whether there are older ones that were not looked at.
    pub cut: bool,
    /// What could not be read, and why.
    pub notes: Vec<String>,
}

/// One revision of a service's task definition, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NumberedDeployment {
    /// The number of the revision; people write `v7`.
    pub number: i32,
    /// The ARN of the task definition, with its revision.
    pub task_definition: String,
    /// Whether services can still be changed to it; one that was deregistered can only be read.
    pub active: bool,
    /// When it was registered, by AWS's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered: Option<Timestamp>,
    /// What made it.
    pub by: MadeBy,
    /// What became of it.
    pub ending: Ending,
    /// The images of its containers, in their order.
    pub images: Vec<RecordedImage>,
    /// ECS's deployments of it, newest first; ECS tells of the last 90 days.
    pub rollouts: Vec<PastRollout>,
}

/// What made a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum MadeBy {
    /// An operation on the service's stack.
    CloudFormation {
        /// What it is called; see [`PastOperation::name`](crate::PastOperation::name).
        operation: String,
        /// `CREATE`, `UPDATE`, …
        #[serde(rename = "operationKind")]
        what: String,
    },
    /// Somebody else: CloudFormation, which told all its events, does not know it.
    Outside,
    /// It is older than what CloudFormation tells.
    Unknown,
}

/// What became of a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The service runs it.
    Runs,
    /// The service is going to it.
    InProgress,
    /// The service ran it.
    Succeeded,
    /// It failed, or was stopped, and the service went back.
    RolledBack,
    /// It failed or was stopped.
    Failed,
    /// Nobody tells any more.
    Unknown,
}

impl Ending {
    /// In words.
    pub const fn text(self) -> &'static str {
        match self {
            Ending::Runs => "runs",
            Ending::InProgress => "in progress",
            Ending::Succeeded => "succeeded",
            Ending::RolledBack => "rolled back",
            Ending::Failed => "failed",
            Ending::Unknown => "not known",
        }
    }
}

/// An image of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedImage {
    /// The container.
    pub container: String,
    /// As the task definition names it.
    pub image: String,
    /// Which image that was: the digest that is named, or that ECS found for the tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// One deployment in ECS's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PastRollout {
    /// Its ARN.
    pub id: String,
    /// For example `SUCCESSFUL` or `ROLLBACK_SUCCESSFUL`.
    pub status: String,
    /// Why, if ECS says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it began, by AWS's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub began: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}

/// A task definition as people write it: `family:7`.
fn revision(task_definition: &str) -> &str {
    task_definition.rsplit('/').next().unwrap_or(task_definition)
}
