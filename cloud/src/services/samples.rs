//! Services and tasks for the tests.

use super::{ServiceDeployment, ServiceState, StoppedContainer, StoppedTask};
use crate::engine::progress::Timestamp;

pub(crate) const API: &str = "arn:aws:ecs:us-east-1:123456789012:service/main/api";
/// When the operations of the tests begin.
pub(crate) const SINCE: Timestamp = Timestamp(1_000_000);

/// The ARN of a revision of the service's task definition.
pub(crate) fn revision(number: u32) -> String {
    format!("arn:aws:ecs:us-east-1:123456789012:task-definition/api:{number}")
}

/// A deployment of a revision that began `after` milliseconds after the operation (before it, if negative).
pub(crate) fn deployment(id: &str, status: &str, number: u32, after: i64) -> ServiceDeployment {
    ServiceDeployment {
        id: format!("ecs-svc/{id}"),
        status: status.to_owned(),
        rollout: Some("IN_PROGRESS".to_owned()),
        rollout_reason: None,
        task_definition: revision(number),
        desired: 2,
        running: 0,
        pending: 0,
        failed: 0,
        created: Some(Timestamp(SINCE.0 + after)),
    }
}

/// The service `Api` with these deployments.
pub(crate) fn service(deployments: Vec<ServiceDeployment>) -> ServiceState {
    ServiceState {
        logical_id: "Api".to_owned(),
        service: API.to_owned(),
        deployments,
        message: None,
        message_time: None,
    }
}

/// A task of the service `Api`, told apart by its number, that stopped `number` milliseconds after the operation began.
pub(crate) fn task(number: u32, reason: &str) -> StoppedTask {
    StoppedTask {
        logical_id: "Api".to_owned(),
        service: API.to_owned(),
        deployment: Some("ecs-svc/new".to_owned()),
        task: format!("arn:aws:ecs:us-east-1:123456789012:task/main/{number:032}"),
        task_definition: revision(2),
        stopped: Some(Timestamp(SINCE.0 + i64::from(number))),
        code: Some("EssentialContainerExited".to_owned()),
        reason: Some(reason.to_owned()),
        containers: vec![container("web", Some(1))],
    }
}

/// A container that exited.
pub(crate) fn container(name: &str, exit_code: Option<i32>) -> StoppedContainer {
    StoppedContainer {
        name: name.to_owned(),
        exit_code,
        reason: None,
        log: Vec::new(),
        log_note: None,
        log_source: None,
    }
}
