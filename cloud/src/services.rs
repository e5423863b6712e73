//! What ECS does while CloudFormation waits for it: deployments, and the tasks that stopped.

use serde::Serialize;

use crate::engine::progress::Timestamp;

/// An ECS service at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceState {
    /// The service's logical id in its stack.
    pub logical_id: String,
    /// The service's ARN.
    pub service: String,
    /// Its deployments, in ECS's order; one of them is `PRIMARY`.
    pub deployments: Vec<ServiceDeployment>,
    /// ECS's newest message about the service, if it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// One deployment of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceDeployment {
    /// ECS's id of it, for example `ecs-svc/1234567890123456789`.
    pub id: String,
    /// `PRIMARY`, `ACTIVE` or `INACTIVE`.
    pub status: String,
    /// `COMPLETED`, `IN_PROGRESS` or `FAILED`; services without a rollout of their own have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<String>,
    /// Why the rollout is where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout_reason: Option<String>,
    /// The ARN of the task definition, with its revision.
    pub task_definition: String,
    /// How many tasks there should be.
    pub desired: i32,
    /// How many tasks run.
    pub running: i32,
    /// How many tasks are starting.
    pub pending: i32,
    /// How many tasks in a row failed to start.
    pub failed: i32,
}

/// A task that stopped, and what is known of the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoppedTask {
    /// The logical id of the task's service in its stack.
    pub logical_id: String,
    /// The task's ARN.
    pub task: String,
    /// The ARN of its task definition, with the revision.
    pub task_definition: String,
    /// When it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Timestamp>,
    /// ECS's word for the kind of stop, for example `TaskFailedToStart` or `EssentialContainerExited`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why, in ECS's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its containers.
    pub containers: Vec<StoppedContainer>,
}

/// A container of a stopped task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoppedContainer {
    /// Its name in the task definition.
    pub name: String,
    /// The exit code of its process, if it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Why it stopped or could not start, for example `CannotPullContainerError: …`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The last lines of its log, oldest first; control characters are removed. Empty until they are asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}
