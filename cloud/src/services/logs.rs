//! The last lines of a stopped task's logs: where they are, and the lines themselves.

use std::collections::BTreeMap;

use aws_sdk_cloudwatchlogs::config::Region;
use aws_sdk_cloudwatchlogs::config::retry::RetryConfig;
use aws_sdk_ecs::types as aws;

use super::ask::{once, time_out};
use super::details::{LogPlace, log_place};
use super::{LogSource, StoppedContainer, StoppedTask};
use crate::connect::Connection;
use crate::failure::{ApiFailure, Class};
use crate::text::{clean, shorten, without_secrets};

/// How many lines are shown of each container.
const LINES: usize = 20;
/// How many characters are shown of each line.
const LINE: usize = 300;

/// Where the essential containers of task definitions log to; asked once for each revision, which never changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogPlaces(BTreeMap<String, BTreeMap<String, Place>>);

/// Where a container logs to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// Streams of a log group, one for each task.
    Streams { region: Option<String>, group: String, prefix: String },
    /// Where we cannot look, and why.
    Elsewhere(String),
}

/// A task with what its logs say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logged {
    /// The task, with all that could be read.
    pub(crate) task: StoppedTask,
    /// The first call that failed, to be noted; the task is worth telling nevertheless.
    pub(crate) failure: Option<ApiFailure>,
}

/// Adds to a task the last lines that its essential containers wrote, at most 20 of at most 300 characters each.
///
/// Only logs in CloudWatch are read (the `awslogs` driver), in the region that it writes to. Their stream is [`prefix/container/task id`][streams].
///
/// [streams]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
pub(crate) async fn with_logs(
    connection: &Connection,
    places: &mut LogPlaces,
    mut task: StoppedTask,
) -> Logged {
    let known = match places_of(connection, places, &task.task_definition).await {
        Ok(known) => known,
        Err(failure) => return Logged { task, failure: Some(failure) },
    };
    let id = task.task.rsplit('/').next().unwrap_or_default().to_owned();
    let mut first = None;
    for container in &mut task.containers {
        match known.get(&container.name) {
            // Not essential: it may have stopped long ago, and its end did not end the task.
            None => {}
            Some(Place::Elsewhere(why)) => container.log_note = Some(why.clone()),
            Some(Place::Streams { region, group, prefix }) => {
                let region = region.clone().unwrap_or_else(|| connection.identity().region.clone());
                let stream = format!("{prefix}/{}/{id}", container.name);
                let source = LogSource { region, group: group.clone(), stream };
                if let Err(failure) = read(connection, container, source).await {
                    first = first.or(Some(failure));
                }
            }
        }
    }
    Logged { task, failure: first }
}

/// Reads the end of a container's log stream.
async fn read(
    connection: &Connection,
    container: &mut StoppedContainer,
    source: LogSource,
) -> Result<(), ApiFailure> {
    match last_lines(connection, &source).await {
        Ok(lines) => {
            let silent = lines.is_empty().then(|| "it wrote nothing".to_owned());
            (container.log, container.log_note, container.log_source) = (lines, silent, Some(source));
            Ok(())
        }
        // The stream is made with the first line.
        Err(failure) if failure.class == Class::Missing => {
            container.log_note = Some(format!("it wrote nothing into the log group {}", source.group));
            Ok(())
        }
        Err(failure) => {
            container.log_source = Some(source);
            container.log_note = Some("its log could not be read".to_owned());
            Err(failure)
        }
    }
}

/// Where the essential containers of a task definition log to, by name.
async fn places_of<'a>(
    connection: &Connection,
    places: &'a mut LogPlaces,
    task_definition: &str,
) -> Result<&'a BTreeMap<String, Place>, ApiFailure> {
    if !places.0.contains_key(task_definition) {
        let call = connection.ecs().describe_task_definition().task_definition(task_definition);
        let answer = call
            .customize()
            .config_override(once())
            .send()
            .await
            .map_err(|error| ApiFailure::of("ecs:DescribeTaskDefinition", &error))?;
        let containers = answer.task_definition().map(aws::TaskDefinition::container_definitions);
        let found = containers.unwrap_or_default().iter().filter_map(place).collect();
        places.0.insert(task_definition.to_owned(), found);
    }
    Ok(places.0.entry(task_definition.to_owned()).or_default())
}

/// The container's name and where it logs to; `None` if it is not essential, which containers are unless they [say
/// otherwise][essential].
///
/// [essential]: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
fn place(container: &aws::ContainerDefinition) -> Option<(String, Place)> {
    let name = clean(container.name()?);
    if container.essential() == Some(false) {
        return None;
    }
    let Some(log) = container.log_configuration() else {
        return Some((name, Place::Elsewhere("it has no log driver".to_owned())));
    };
    let place = match (log.log_driver().as_str(), log_place(log)) {
        ("awslogs", Some(LogPlace { group, prefix: Some(prefix), region })) => {
            Place::Streams { region, group, prefix }
        }
        ("awslogs", ..) => {
            Place::Elsewhere("its log stream has no prefix, so its name is not known".to_owned())
        }
        ("awsfirelens", ..) => Place::Elsewhere("FireLens sends its log elsewhere".to_owned()),
        (driver, ..) => Place::Elsewhere(format!("its log goes to {}", clean(driver))),
    };
    Some((name, place))
}

/// The last lines of a stream, oldest first.
///
/// [GetLogEvents][api] may give an empty page although there are more; so the page before it is read as well.
///
/// [api]: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
async fn last_lines(connection: &Connection, source: &LogSource) -> Result<Vec<String>, ApiFailure> {
    let limit = i32::try_from(LINES).unwrap_or(i32::MAX);
    let mut token = None;
    for _ in 0..2 {
        let there = aws_sdk_cloudwatchlogs::config::Config::builder()
            .region(Region::new(source.region.clone()))
            .retry_config(RetryConfig::disabled())
            .timeout_config(time_out());
        let call = connection.logs().get_log_events().log_group_name(&source.group);
        let call = call.log_stream_name(&source.stream).limit(limit).start_from_head(false);
        let page = call
            .set_next_token(token)
            .customize()
            .config_override(there)
            .send()
            .await
            .map_err(|error| ApiFailure::of("logs:GetLogEvents", &error))?;
        let lines = lines(page.events().iter().filter_map(|event| event.message()));
        token = page.next_backward_token;
        if !lines.is_empty() || token.is_none() {
            return Ok(lines);
        }
    }
    Ok(Vec::new())
}

/// The last lines of messages, each of which may have several; safe to show.
fn lines<'a>(messages: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut lines: Vec<String> =
        messages.flat_map(str::lines).map(|line| shorten(&without_secrets(&clean(line)), LINE)).collect();
    lines.retain(|line| !line.is_empty());
    lines.split_off(lines.len().saturating_sub(LINES))
}

#[cfg(test)]
mod tests;
