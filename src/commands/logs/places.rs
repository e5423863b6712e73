//! Where the services write to, and from when to when it is read.

use cloud::{Connection, LogPlace, LogQuery, Timestamp};

use super::around::{before, window};
use super::{Logs, SINCE};
use crate::aws;
use crate::commands::estate::{InService, Place};
use crate::commands::events_text::date;
use crate::problem::{Failure, Problem};

/// A container's logs.
pub(super) struct Source {
    /// The service that it belongs to, and the container where the service has several.
    pub(super) label: String,
    pub(super) service: String,
    pub(super) container: String,
    pub(super) connection: Connection,
    pub(super) query: LogQuery,
}

/// All logs that are read, and what is to be said of those that are not.
pub(super) struct Sources {
    pub(super) all: Vec<Source>,
    pub(super) notes: Vec<String>,
}

/// From when to when is read, and of which task.
#[derive(Clone)]
struct Range {
    from: Timestamp,
    to: Option<Timestamp>,
    task: Option<String>,
}

/// The logs of the services.
pub(super) async fn find(
    args: &Logs,
    places: &[Place],
    services: &[InService],
) -> Result<Sources, Box<Failure>> {
    let failed = |error: cloud::CloudError| Box::new(aws::failure(&error));
    let mut range = range(args, Timestamp::now())?;
    let mut sources = Sources { all: Vec::new(), notes: Vec::new() };
    if let Some(deployment) = &args.around {
        let window = window(deployment, places, services).await?;
        (range.from, range.to) = (window.from, window.to);
        sources.notes.push(window.head);
    }
    for service in services {
        let connection = &places[service.place].connection;
        let mut range = range.clone();
        let mut definition = None;
        if args.previous {
            let stopped = cloud::stopped_tasks(connection, &service.service).await.map_err(failed)?;
            let Some(task) = stopped.into_iter().next() else {
                let note = "no task of it has stopped lately; ECS forgets stopped tasks after an hour or so";
                sources.notes.push(format!("{}: {note}", service.name));
                continue;
            };
            let id = task.task.rsplit('/').next().unwrap_or_default().to_owned();
            sources.notes.push(stopped_note(&service.name, &id, &task));
            (range.from, range.task) = (Timestamp(0), Some(id));
            definition = Some(task.task_definition);
        }
        if definition.is_none() {
            let details = cloud::service_details(connection, std::slice::from_ref(&service.service));
            definition = details.await.map_err(failed)?.pop().map(|details| details.task_definition);
        }
        let Some(definition) = definition else {
            sources.notes.push(format!("{}: ECS does not know this service any more", service.name));
            continue;
        };
        let definition = cloud::task_definition(connection, &definition).await.map_err(failed)?;
        let containers = definition.map(|definition| definition.containers).unwrap_or_default();
        add(&mut sources, service, connection, &containers, &range);
    }
    Ok(sources)
}

/// From when to when, by the options alone.
fn range(args: &Logs, now: Timestamp) -> Result<Range, Box<Failure>> {
    let to = args.until.map(|until| until.time(now));
    let from = args.since.map_or_else(|| before(to.unwrap_or(now), SINCE), |since| since.time(now));
    if let Some(to) = to.filter(|to| *to <= from) {
        let message = format!("there is no time from {} to {} (UTC)", date(from), date(to));
        let hint = "`--since` comes before `--until`; without it, the 10 minutes before `--until` are read";
        return Err(Box::new(Failure::usage(Problem::error("usage/no-time", message).hint(hint))));
    }
    Ok(Range { from, to, task: args.task.clone() })
}

/// Why the task stopped, in one line.
fn stopped_note(service: &str, id: &str, task: &cloud::StoppedTask) -> String {
    let reason = task.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let codes: Vec<String> = task
        .containers
        .iter()
        .filter_map(|container| Some(format!("{} ended with {}", container.name, container.exit_code?)))
        .collect();
    let codes = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
    format!("{service}: task {id} stopped{reason}{codes}")
}

fn add(
    sources: &mut Sources,
    service: &InService,
    connection: &Connection,
    containers: &[cloud::ContainerDefinition],
    range: &Range,
) {
    let several = containers.iter().filter(|container| container.log.is_some()).count() > 1;
    for container in containers {
        let Some(log) = &container.log else {
            let note = "does not log to CloudWatch";
            sources.notes.push(format!("{}: the container {} {note}", service.name, container.name));
            continue;
        };
        let label =
            if several { format!("{}/{}", service.name, container.name) } else { service.name.clone() };
        sources.all.push(Source {
            label,
            service: service.name.clone(),
            container: container.name.clone(),
            connection: connection.clone(),
            query: query(log, &container.name, range),
        });
    }
}

/// The streams of the `awslogs` driver are called `prefix/container/task`; without a prefix nobody knows which is whose.
fn query(log: &LogPlace, container: &str, range: &Range) -> LogQuery {
    let task = range.task.as_deref().unwrap_or_default();
    let streams = log.prefix.as_ref().map(|prefix| format!("{prefix}/{container}/{task}"));
    LogQuery { region: log.region.clone(), group: log.group.clone(), streams, from: range.from, to: range.to }
}
