//! What ECS does while CloudFormation waits for it: deployments, the tasks that stopped, and what runs in the end.
//!
//! CloudFormation says nothing between "creation initiated" and "did not stabilize", hours later. So, while an operation
//! runs, every 15 seconds or so (a stopped task can be looked at for [an hour][tasks]):
//!
//! 1. [`which::in_progress`] finds in the operation's events the services that are being deployed.
//! 2. [`ask::look`] asks ECS for them; [`watch::Watch::saw`] says what is new (`Progress::Service`).
//! 3. [`ask::stopped_tasks`] asks for the stopped tasks of each of them; [`watch::Watch::saw_tasks`] gives back the ones
//!    to be told.
//! 4. [`logs::with_logs`] fetches the last lines of each of these; [`watch::Watch::logged`] keeps the task for the report
//!    and says it (`Progress::TaskStopped`). This is done before a rollback can remove the log group.
//! 5. [`watch::Watch::repeats`] tells, once, that the same failure came for the third time.
//!
//! A call that fails goes to [`watch::Watch::refused`], which notes a missing permission once; a forbidden action is not
//! tried again if [`watch::Watch::may`] is asked before. At the end, [`watch::Watch::tasks`] belongs into the report of a
//! failure, and after CloudFormation's success [`verify::services`] and [`verify::differences`] find services that do
//! not run what the stack declares, which [`verify::refusal`] puts into words.
//!
//! Every step but `look`, `stopped_tasks` and `with_logs` is pure; each of these three is one action of the engine.
//!
//! [tasks]: https://repost.aws/knowledge-center/ecs-task-stopped

pub(crate) mod ask;
mod details;
#[cfg(test)]
mod double;
mod failure;
mod links;
pub(crate) mod logs;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod verify;
pub(crate) mod watch;
pub(crate) mod which;

use serde::Serialize;

pub use self::details::{
    ContainerDefinition, LogPlace, RunningContainer, RunningTask, Service, ServiceEvent, TargetGroupUse,
    TaskDefinition, running_tasks, service_details, stopped_tasks, task_definition,
};
pub use self::links::{ConsoleLink, console_links};
use crate::engine::progress::Timestamp;

/// A service of a stack, by an ARN that names its cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceRef {
    /// Its logical id in its stack.
    pub logical_id: String,
    /// Its ARN.
    pub arn: String,
    /// The name of its cluster.
    pub cluster: String,
    /// Its name.
    pub name: String,
}

impl ServiceRef {
    /// The service with this physical id; `None` if that is not the ARN of a service, or one of the [form][arn] that
    /// services got before 2021, which does not tell the cluster.
    ///
    /// [arn]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-arn-migration.html
    pub(crate) fn of(logical_id: &str, physical_id: &str) -> Option<ServiceRef> {
        let arn = Arn::parse(physical_id)?;
        let (cluster, name) = arn.resource.strip_prefix("service/")?.split_once('/')?;
        (!cluster.is_empty() && !name.is_empty()).then(|| ServiceRef {
            logical_id: logical_id.to_owned(),
            arn: physical_id.to_owned(),
            cluster: cluster.to_owned(),
            name: name.to_owned(),
        })
    }
}

/// The parts of an ECS ARN that we need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Arn<'a> {
    partition: &'a str,
    region: &'a str,
    /// For example `task/cluster/0123456789abcdef`.
    resource: &'a str,
}

impl<'a> Arn<'a> {
    fn parse(text: &'a str) -> Option<Arn<'a>> {
        let mut parts = text.splitn(6, ':');
        let (scheme, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, _account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        (scheme == "arn" && service == "ecs").then_some(Arn { partition, region, resource })
    }
}

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
    /// When ECS said it, by AWS's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_time: Option<Timestamp>,
}

impl ServiceState {
    /// The deployment that ECS aims at. Services that are deployed from outside (by task sets) have none.
    pub fn primary(&self) -> Option<&ServiceDeployment> {
        self.deployments.iter().find(|deployment| deployment.status == "PRIMARY")
    }
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
    /// When it began, by AWS's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
}

/// A task that stopped, and what is known of the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoppedTask {
    /// The logical id of the task's service in its stack.
    pub logical_id: String,
    /// The ARN of its service.
    pub service: String,
    /// The id of the deployment that started it, if ECS told one; see [`ServiceDeployment::id`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
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
    /// Why there are no lines, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_note: Option<String>,
    /// Where the whole log is, if it is in CloudWatch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_source: Option<LogSource>,
}

/// A log stream of CloudWatch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogSource {
    /// The region of the log group, which may be another than the task's.
    pub region: String,
    /// The log group's name.
    pub group: String,
    /// The stream's name.
    pub stream: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_arn_with_a_cluster_names_a_service() {
        let service = ServiceRef::of("Api", "arn:aws-cn:ecs:cn-north-1:123456789012:service/main/api");
        let service = service.map(|service| (service.cluster, service.name));
        assert_eq!(service, Some(("main".to_owned(), "api".to_owned())));
        let others = [
            "arn:aws:ecs:us-east-1:123456789012:service/api",
            "arn:aws:ecs:us-east-1:123456789012:cluster/main/api",
            "arn:aws:sns:us-east-1:123456789012:service/main/api",
            "arn:aws:ecs:us-east-1:123456789012:service//api",
            "api",
            "",
        ];
        for other in others {
            assert_eq!(ServiceRef::of("Api", other), None, "{other}");
        }
    }
}
