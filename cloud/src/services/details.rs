//! A service as whoever operates it wants to know it: its counts, deployments, messages, target groups and containers.

use std::collections::BTreeMap;

use aws_sdk_ecs::types as aws;
use serde::Serialize;

use super::{ServiceDeployment, ServiceRef, StoppedTask, ask};
use crate::connect::Connection;
use crate::engine::progress::Timestamp;
use crate::error::CloudError;
use crate::failure::{ApiFailure, Class};
use crate::stacks::timestamp;
use crate::text::clean;

/// A service at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// Which service it is.
    #[serde(flatten)]
    pub service: ServiceRef,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// How many tasks there should be.
    pub desired: i32,
    /// How many tasks run.
    pub running: i32,
    /// How many tasks are starting.
    pub pending: i32,
    /// The ARN of the task definition that it runs, with its revision.
    pub task_definition: String,
    /// Its deployments, in ECS's order; one of them is `PRIMARY`.
    pub deployments: Vec<ServiceDeployment>,
    /// ECS's newest messages about it, newest first; ECS tells up to 100.
    pub events: Vec<ServiceEvent>,
    /// Where its tasks are registered.
    pub target_groups: Vec<TargetGroupUse>,
    /// Whether commands can be run in its new tasks (ECS Exec).
    pub exec: bool,
}

impl Service {
    /// The deployment that ECS aims at. Services that are deployed from outside (by task sets) have none.
    pub fn primary(&self) -> Option<&ServiceDeployment> {
        self.deployments.iter().find(|deployment| deployment.status == "PRIMARY")
    }
}

/// A message of ECS about a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceEvent {
    /// When, by AWS's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// In ECS's words; control characters are removed.
    pub message: String,
}

/// A target group in which a container of each task is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetGroupUse {
    /// The target group's ARN.
    pub target_group: String,
    /// The container's name in the task definition.
    pub container: String,
    /// Its port.
    pub port: i32,
}

/// A revision of a task definition, which never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinition {
    /// Its ARN, with the revision.
    pub arn: String,
    /// `ACTIVE`, `INACTIVE` (running services keep it, new ones cannot use it) or `DELETE_IN_PROGRESS`.
    pub status: String,
    /// When it was registered, by AWS's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered: Option<Timestamp>,
    /// The ARN of the role that its containers have, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_role: Option<String>,
    /// Its containers, in their order.
    pub containers: Vec<ContainerDefinition>,
}

/// A container as a task definition declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerDefinition {
    /// Its name.
    pub name: String,
    /// Its image: repository and tag or digest.
    pub image: String,
    /// Whether the task ends with it, which it does unless [it is said otherwise][essential].
    ///
    /// [essential]: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    pub essential: bool,
    /// Whether its own file system cannot be written to.
    pub read_only: bool,
    /// Where it logs to, if that is CloudWatch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogPlace>,
    /// Its environment variables that come from secrets or parameters: the variable, and the ARN or name that it is
    /// read from when a task starts. Never a value.
    pub secrets: BTreeMap<String, String>,
}

/// Where the `awslogs` driver writes to: a stream for each container, [`prefix/container/task id`][streams].
///
/// [streams]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogPlace {
    /// The log group's name.
    pub group: String,
    /// The beginning of its streams' names; without one, streams are called by the container's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The region of the log group, if it is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// A task that is there now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunningTask {
    /// Its ARN.
    pub arn: String,
    /// The ARN of its task definition, with the revision.
    pub task_definition: String,
    /// The id of the deployment that started it, if ECS told one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
    /// `PROVISIONING`, `PENDING`, `ACTIVATING`, `RUNNING`, `DEACTIVATING` or `STOPPING`.
    pub status: String,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`, by its containers' own checks; without such checks it stays `UNKNOWN`.
    pub health: String,
    /// When it began to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// Whether commands can be run in it (ECS Exec).
    pub exec: bool,
    /// Its address in its network, if it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Its containers.
    pub containers: Vec<RunningContainer>,
    /// Its tags, which a service gives its tasks if it propagates them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl RunningTask {
    /// The last part of its ARN, by which people and log streams call it.
    pub fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }
}

/// A container of a task that is there now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunningContainer {
    /// Its name in the task definition.
    pub name: String,
    /// `PENDING`, `RUNNING`, …
    pub status: String,
    /// The image that it was started from, as the task definition names it.
    pub image: String,
    /// The digest of that image, `sha256:…`, once it is pulled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The id that the container's runtime gave it, once it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// The status of the agent that runs commands in it, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec_agent: Option<String>,
}

/// The services as they are, in the order in which they were asked for; those that are gone are left out.
///
/// # Errors
///
/// The first question that AWS did not answer.
pub async fn service_details(
    connection: &Connection,
    services: &[ServiceRef],
) -> Result<Vec<Service>, CloudError> {
    let mut found: BTreeMap<String, Service> = BTreeMap::new();
    for group in ask::groups(services) {
        let call = connection
            .ecs()
            .describe_services()
            .cluster(&group[0].cluster)
            .set_services(Some(group.iter().map(|service| service.arn.clone()).collect()));
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) => match ApiFailure::of("ecs:DescribeServices", &error) {
                // The cluster is gone, and its services with it.
                failure if failure.class == Class::Missing => continue,
                failure => return Err(failure.into_error()),
            },
        };
        let known = answer.services().iter().filter_map(|service| described(&group, service));
        found.extend(known.map(|service| (service.service.arn.clone(), service)));
    }
    Ok(services.iter().filter_map(|service| found.remove(&service.arn)).collect())
}

fn described(asked: &[&ServiceRef], service: &aws::Service) -> Option<Service> {
    let arn = service.service_arn()?;
    let asked = asked.iter().find(|asked| asked.arn == arn)?;
    if service.status() == Some("INACTIVE") {
        return None;
    }
    let events = service.events().iter().filter_map(|event| {
        Some(ServiceEvent { time: event.created_at().and_then(timestamp), message: clean(event.message()?) })
    });
    Some(Service {
        service: (*asked).clone(),
        status: service.status().map(clean).unwrap_or_default(),
        desired: service.desired_count(),
        running: service.running_count(),
        pending: service.pending_count(),
        task_definition: service.task_definition().map(clean).unwrap_or_default(),
        deployments: service.deployments().iter().filter_map(ask::deployment).collect(),
        events: events.collect(),
        target_groups: service.load_balancers().iter().filter_map(target_group).collect(),
        exec: service.enable_execute_command(),
    })
}

fn target_group(load_balancer: &aws::LoadBalancer) -> Option<TargetGroupUse> {
    Some(TargetGroupUse {
        target_group: clean(load_balancer.target_group_arn()?),
        container: load_balancer.container_name().map(clean).unwrap_or_default(),
        port: load_balancer.container_port().unwrap_or_default(),
    })
}

/// The task definition with this ARN, or of this `family:revision`; `None` if there is none.
///
/// # Errors
///
/// The question was not answered.
pub async fn task_definition(
    connection: &Connection,
    name: &str,
) -> Result<Option<TaskDefinition>, CloudError> {
    let answer = match connection.ecs().describe_task_definition().task_definition(name).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let failure = ApiFailure::of("ecs:DescribeTaskDefinition", &error);
            // ECS has no code of its own for it: `ClientException: Unable to describe task definition.`
            let absent = failure.is_absent() || failure.message.contains("Unable to describe");
            return if absent { Ok(None) } else { Err(failure.into_error()) };
        }
    };
    Ok(answer.task_definition().map(|found| TaskDefinition {
        arn: found.task_definition_arn().map(clean).unwrap_or_default(),
        status: found.status().map(|status| clean(status.as_str())).unwrap_or_default(),
        registered: found.registered_at().and_then(timestamp),
        task_role: found.task_role_arn().map(clean),
        containers: found.container_definitions().iter().filter_map(declared).collect(),
    }))
}

fn declared(container: &aws::ContainerDefinition) -> Option<ContainerDefinition> {
    let secrets = container.secrets().iter();
    Some(ContainerDefinition {
        name: clean(container.name()?),
        image: container.image().map(clean).unwrap_or_default(),
        essential: container.essential() != Some(false),
        read_only: container.readonly_root_filesystem() == Some(true),
        log: container.log_configuration().and_then(log_place),
        secrets: secrets.map(|secret| (clean(secret.name()), clean(secret.value_from()))).collect(),
    })
}

pub(super) fn log_place(log: &aws::LogConfiguration) -> Option<LogPlace> {
    let option = |key: &str| log.options()?.get(key).map(|value| clean(value));
    (log.log_driver().as_str() == "awslogs").then_some(())?;
    Some(LogPlace {
        group: option("awslogs-group")?,
        prefix: option("awslogs-stream-prefix"),
        region: option("awslogs-region"),
    })
}

/// The tasks of the service that are there now, newest first.
///
/// # Errors
///
/// A question was not answered.
pub async fn running_tasks(
    connection: &Connection,
    service: &ServiceRef,
) -> Result<Vec<RunningTask>, CloudError> {
    let client = connection.ecs();
    let mut pages =
        client.list_tasks().cluster(&service.cluster).service_name(&service.name).into_paginator().send();
    let mut tasks = Vec::new();
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => match ApiFailure::of("ecs:ListTasks", &error) {
                // The service or its cluster is gone, and its tasks with it.
                failure if failure.class == Class::Missing => return Ok(Vec::new()),
                failure => return Err(failure.into_error()),
            },
        };
        if page.task_arns().is_empty() {
            continue;
        }
        // A page has at most 100 tasks, which is what DescribeTasks takes.
        let call = client.describe_tasks().cluster(&service.cluster).include(aws::TaskField::Tags);
        let call = call.set_tasks(Some(page.task_arns().to_vec()));
        let answer =
            call.send().await.map_err(|error| ApiFailure::of("ecs:DescribeTasks", &error).into_error())?;
        tasks.extend(answer.tasks().iter().filter_map(running));
    }
    tasks.sort_by_key(|task| std::cmp::Reverse(task.started));
    Ok(tasks)
}

/// The newest tasks of the service that have stopped, newest first, without their logs. ECS forgets a stopped task after
/// [an hour or so][tasks].
///
/// [tasks]: https://docs.aws.amazon.com/cli/latest/reference/ecs/list-tasks.html
///
/// # Errors
///
/// A question was not answered.
pub async fn stopped_tasks(
    connection: &Connection,
    service: &ServiceRef,
) -> Result<Vec<StoppedTask>, CloudError> {
    ask::stopped_tasks(connection, service).await.map_err(ApiFailure::into_error)
}

fn running(task: &aws::Task) -> Option<RunningTask> {
    let status = task.last_status()?;
    if matches!(status, "DEPROVISIONING" | "STOPPED" | "DELETED") {
        return None;
    }
    let details = task.attachments().iter().flat_map(aws::Attachment::details);
    let address = details
        .filter(|detail| detail.name() == Some("privateIPv4Address"))
        .find_map(|detail| detail.value().map(clean));
    Some(RunningTask {
        arn: clean(task.task_arn()?),
        task_definition: task.task_definition_arn().map(clean).unwrap_or_default(),
        deployment: task.started_by().map(clean).filter(|id| !id.is_empty()),
        status: clean(status),
        health: task.health_status().map_or_else(|| "UNKNOWN".to_owned(), |health| clean(health.as_str())),
        started: task.started_at().and_then(timestamp),
        exec: task.enable_execute_command(),
        address,
        containers: task.containers().iter().filter_map(container).collect(),
        tags: task.tags().iter().filter_map(|tag| Some((clean(tag.key()?), clean(tag.value()?)))).collect(),
    })
}

fn container(container: &aws::Container) -> Option<RunningContainer> {
    let agents = container.managed_agents().iter();
    let agent = agents
        .filter(|agent| agent.name() == Some(&aws::ManagedAgentName::ExecuteCommandAgent))
        .find_map(|agent| agent.last_status().map(clean));
    Some(RunningContainer {
        name: clean(container.name()?),
        status: container.last_status().map(clean).unwrap_or_default(),
        image: container.image().map(clean).unwrap_or_default(),
        digest: container.image_digest().map(clean).filter(|digest| !digest.is_empty()),
        runtime: container.runtime_id().map(clean),
        exec_agent: agent,
    })
}
