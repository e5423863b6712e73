//! The questions to ECS, each of them one action of the engine. No decisions here.
//!
//! They are repeated anyway, so nothing is tried twice, and a silent endpoint (a network without a way to ECS) is given
//! up after a few seconds: the stack's own events must not wait for it.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ecs::config::retry::RetryConfig;
use aws_sdk_ecs::config::timeout::TimeoutConfig;
use aws_sdk_ecs::types as aws;

use super::{ServiceDeployment, ServiceRef, ServiceState, StoppedContainer, StoppedTask};
use crate::connect::Connection;
use crate::failure::{ApiFailure, Class};
use crate::stacks::timestamp;
use crate::text::clean;

/// How many services [DescribeServices][api] takes.
///
/// [api]: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
const SERVICES_A_CALL: usize = 10;
/// How many stopped tasks of a service are given back: more than one look at a quickly failing service finds.
const NEWEST: usize = 10;
/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is changed in the client's configuration for a question.
pub(super) fn once() -> aws_sdk_ecs::config::Builder {
    aws_sdk_ecs::config::Config::builder().retry_config(RetryConfig::disabled()).timeout_config(time_out())
}

/// The time-outs of a question.
pub(super) fn time_out() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(PATIENCE / 2).operation_timeout(PATIENCE).build()
}

/// The answer to a question of several calls, which together take no longer than one may.
pub(crate) async fn in_time<T>(
    action: &'static str,
    answer: impl Future<Output = Result<T, ApiFailure>>,
) -> Result<T, ApiFailure> {
    let late = |_| Err(ApiFailure::network(action, "no answer in time"));
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(late)
}

/// The services as they are, in no particular order; those that are gone are left out.
pub(crate) async fn look(
    connection: &Connection,
    services: &[ServiceRef],
) -> Result<Vec<ServiceState>, ApiFailure> {
    let client = connection.ecs();
    let mut states = Vec::new();
    for group in groups(services) {
        let call = client
            .describe_services()
            .cluster(&group[0].cluster)
            .set_services(Some(group.iter().map(|service| service.arn.clone()).collect()));
        match call.customize().config_override(once()).send().await {
            Ok(answer) => {
                states.extend(answer.services().iter().filter_map(|service| state(&group, service)));
            }
            Err(error) => match ApiFailure::of("ecs:DescribeServices", &error) {
                // The cluster is gone, and its services with it.
                failure if failure.class == Class::Missing => {}
                failure => return Err(failure),
            },
        }
    }
    Ok(states)
}

/// The services by cluster, in groups that one call takes; none of them is empty.
pub(super) fn groups(services: &[ServiceRef]) -> Vec<Vec<&ServiceRef>> {
    let mut clusters: BTreeMap<&str, Vec<&ServiceRef>> = BTreeMap::new();
    for service in services {
        clusters.entry(&service.cluster).or_default().push(service);
    }
    clusters.values().flat_map(|all| all.chunks(SERVICES_A_CALL)).map(<[_]>::to_vec).collect()
}

/// A service; `None` for half of one, and for a deleted one, which ECS shows as `INACTIVE` for a while.
fn state(asked: &[&ServiceRef], service: &aws::Service) -> Option<ServiceState> {
    let arn = service.service_arn()?;
    let asked = asked.iter().find(|asked| asked.arn == arn)?;
    if service.status() == Some("INACTIVE") {
        return None;
    }
    // ECS tells the newest first.
    let said = service.events().first();
    Some(ServiceState {
        logical_id: asked.logical_id.clone(),
        service: asked.arn.clone(),
        deployments: service.deployments().iter().filter_map(deployment).collect(),
        message: said.and_then(|event| event.message()).map(clean),
        message_time: said.and_then(|event| event.created_at()).and_then(timestamp),
    })
}

pub(super) fn deployment(deployment: &aws::Deployment) -> Option<ServiceDeployment> {
    Some(ServiceDeployment {
        id: clean(deployment.id()?),
        status: clean(deployment.status()?),
        rollout: deployment.rollout_state().map(|rollout| clean(rollout.as_str())),
        rollout_reason: deployment.rollout_state_reason().map(clean).filter(|reason| !reason.is_empty()),
        task_definition: clean(deployment.task_definition()?),
        desired: deployment.desired_count(),
        running: deployment.running_count(),
        pending: deployment.pending_count(),
        failed: deployment.failed_tasks(),
        created: deployment.created_at().and_then(timestamp),
    })
}

/// The newest tasks of the service that have stopped, newest first, without their logs. ECS keeps a stopped task for [at
/// least an hour][tasks].
///
/// A task whose containers are still ending is left for the next look, when their exit codes are known; see the [states
/// of a task][states].
///
/// [tasks]: https://docs.aws.amazon.com/cli/latest/reference/ecs/list-tasks.html
/// [states]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
pub(crate) async fn stopped_tasks(
    connection: &Connection,
    service: &ServiceRef,
) -> Result<Vec<StoppedTask>, ApiFailure> {
    let client = connection.ecs();
    // A page has 100 tasks, which is also what DescribeTasks takes.
    let list = client
        .list_tasks()
        .cluster(&service.cluster)
        .service_name(&service.name)
        .desired_status(aws::DesiredStatus::Stopped);
    let listed = match list.customize().config_override(once()).send().await {
        Ok(listed) => listed,
        Err(error) => return none_if_gone(ApiFailure::of("ecs:ListTasks", &error)),
    };
    if listed.task_arns().is_empty() {
        return Ok(Vec::new());
    }
    let describe = client.describe_tasks().cluster(&service.cluster).set_tasks(listed.task_arns);
    let described = match describe.customize().config_override(once()).send().await {
        Ok(described) => described,
        Err(error) => return none_if_gone(ApiFailure::of("ecs:DescribeTasks", &error)),
    };
    let mut tasks: Vec<_> = described.tasks().iter().filter_map(|task| stopped(service, task)).collect();
    tasks.sort_by(|a, b| (b.stopped, &b.task).cmp(&(a.stopped, &a.task)));
    tasks.truncate(NEWEST);
    Ok(tasks)
}

/// A service that is gone has no tasks.
fn none_if_gone(failure: ApiFailure) -> Result<Vec<StoppedTask>, ApiFailure> {
    if failure.class == Class::Missing { Ok(Vec::new()) } else { Err(failure) }
}

fn stopped(service: &ServiceRef, task: &aws::Task) -> Option<StoppedTask> {
    let over = matches!(task.last_status()?, "DEPROVISIONING" | "STOPPED" | "DELETED");
    over.then_some(())?;
    let time = task.stopped_at().or(task.execution_stopped_at()).or(task.stopping_at());
    Some(StoppedTask {
        logical_id: service.logical_id.clone(),
        service: service.arn.clone(),
        deployment: task.started_by().map(clean).filter(|id| !id.is_empty()),
        task: clean(task.task_arn()?),
        task_definition: clean(task.task_definition_arn()?),
        stopped: time.and_then(timestamp),
        code: task.stop_code().map(|code| clean(code.as_str())),
        reason: task.stopped_reason().map(clean).filter(|reason| !reason.is_empty()),
        containers: task.containers().iter().filter_map(container).collect(),
    })
}

fn container(container: &aws::Container) -> Option<StoppedContainer> {
    Some(StoppedContainer {
        name: clean(container.name()?),
        exit_code: container.exit_code(),
        reason: container.reason().map(clean).filter(|reason| !reason.is_empty()),
        log: Vec::new(),
        log_note: None,
        log_source: None,
    })
}

#[cfg(test)]
mod tests;
