//! What containers wrote, from CloudWatch Logs: of one or several streams, in order of time.

mod merge;
mod tail;
mod told;

use std::collections::VecDeque;

use serde::Serialize;

pub use merge::LogReader;
pub use tail::{LiveTail, Tailed};

use crate::connect::Connection;
use crate::engine::progress::Timestamp;
use crate::failure::ApiFailure;
use crate::text::{clean, without_controls, without_secrets};

/// Where to read, and what. Both times are by AWS's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// The region of the log group; that of the connection if it is not named.
    pub region: Option<String>,
    /// The log group's name.
    pub group: String,
    /// What the names of the streams begin with; all streams if there is nothing.
    pub streams: Option<String>,
    /// Nothing that was written before this.
    pub from: Timestamp,
    /// Nothing that was written after this.
    pub to: Option<Timestamp>,
}

/// One thing that a container wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEvent {
    /// CloudWatch's id of it, by which an event is known that is told twice; those of a live tail have none.
    #[serde(skip)]
    pub id: String,
    /// When it was written, by the clock of whoever wrote it.
    pub time: Timestamp,
    /// The name of its stream.
    pub stream: String,
    /// Its lines, safe to show: without control characters, and with `[…]` for what looks like a credential.
    pub lines: Vec<String>,
}

/// The events of one page, oldest first, and what to ask for next.
pub(crate) struct Page {
    pub(crate) events: VecDeque<LogEvent>,
    pub(crate) next: Option<String>,
}

/// The page of events at `token`. A page may be empty although there are more: only a page without a token is the [last
/// one][api].
///
/// [api]: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
pub(crate) async fn page(
    connection: &Connection,
    query: &LogQuery,
    token: Option<String>,
) -> Result<Page, ApiFailure> {
    let region = query.region.as_deref().unwrap_or(&connection.identity().region);
    let client = aws_sdk_cloudwatchlogs::Client::new(&connection.config_in(region));
    let call = client
        .filter_log_events()
        .log_group_name(&query.group)
        .set_log_stream_name_prefix(query.streams.clone())
        .start_time(query.from.0)
        .set_end_time(query.to.map(|to| to.0))
        .set_next_token(token);
    let answer = call.send().await.map_err(|error| ApiFailure::of("logs:FilterLogEvents", &error))?;
    let mut events: Vec<LogEvent> = answer.events().iter().filter_map(event).collect();
    // The emulator answers with all streams.
    events.retain(|event| query.streams.as_ref().is_none_or(|streams| event.stream.starts_with(streams)));
    events.sort_by_key(|event| event.time);
    Ok(Page { events: events.into(), next: answer.next_token().map(str::to_owned) })
}

fn event(event: &aws_sdk_cloudwatchlogs::types::FilteredLogEvent) -> Option<LogEvent> {
    let stream = event.log_stream_name().unwrap_or_default();
    Some(told_event(event.event_id(), event.timestamp()?, stream, event.message()?))
}

/// An event, safe to show.
fn told_event(id: Option<&str>, time: i64, stream: &str, message: &str) -> LogEvent {
    let lines = message.lines().map(|line| without_secrets(&without_controls(line)));
    LogEvent {
        id: id.unwrap_or_default().to_owned(),
        time: Timestamp(time),
        stream: clean(stream),
        lines: lines.map(|line| line.trim_end().to_owned()).collect(),
    }
}
