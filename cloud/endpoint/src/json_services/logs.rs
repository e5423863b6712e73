//! CloudWatch Logs: what a test says that containers wrote.

use serde_json::{Value, json};

use super::{JsonAnswer, not_found};
use crate::request::Request;
use crate::running::Line;
use crate::world::World;

pub(super) fn answer(world: &mut World, request: &Request) -> JsonAnswer {
    match request.action.as_str() {
        "GetLogEvents" => got(world, &request.body),
        "FilterLogEvents" => filtered(world, &request.body),
        "StartLiveTail" => JsonAnswer::error("UnknownOperationException", "there is no live tail here"),
        _ => not_found(),
    }
}

/// The lines of a group with the numbers that they have as events, oldest first.
fn lines<'a>(world: &'a World, body: &'a Value) -> Vec<(usize, &'a Line)> {
    let group = body["logGroupName"].as_str().unwrap_or_default();
    let (from, to) = (body["startTime"].as_i64(), body["endTime"].as_i64());
    let written = world.scenario.running.log.iter().enumerate();
    let mut lines: Vec<_> = written
        .filter(|(_, line)| line.group == group)
        .filter(|(_, line)| from.is_none_or(|from| line.at >= from) && to.is_none_or(|to| line.at <= to))
        .collect();
    lines.sort_by_key(|(_, line)| line.at);
    lines
}

fn event(number: usize, line: &Line) -> Value {
    json!({
        "eventId": format!("{number:056}"),
        "logStreamName": line.stream,
        "timestamp": line.at,
        "ingestionTime": line.at,
        "message": line.message,
    })
}

/// The end of a stream, in one page.
fn got(world: &World, body: &Value) -> JsonAnswer {
    let stream = body["logStreamName"].as_str().unwrap_or_default();
    let limit = body["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(10_000);
    let mut events: Vec<Value> = lines(world, body)
        .into_iter()
        .filter(|(_, line)| line.stream == stream)
        .map(|(number, line)| event(number, line))
        .collect();
    let first = events.len().saturating_sub(limit);
    json!({ "events": events.split_off(first) }).into()
}

/// A page of events. The first page of several is empty, as it may be in AWS.
fn filtered(world: &mut World, body: &Value) -> JsonAnswer {
    let size = world.page();
    let prefix = body["logStreamNamePrefix"].as_str().unwrap_or_default();
    let names = body["logStreamNames"].as_array();
    let is_wanted = |line: &Line| names.is_none_or(|names| names.iter().any(|name| *name == *line.stream));
    let events: Vec<Value> = lines(world, body)
        .into_iter()
        .filter(|(_, line)| line.stream.starts_with(prefix) && is_wanted(line))
        .map(|(number, line)| event(number, line))
        .collect();
    let token = body["nextToken"].as_str();
    let Some(token) = token else {
        return if events.len() > size {
            json!({ "events": [], "nextToken": "0" }).into()
        } else {
            json!({ "events": events }).into()
        };
    };
    let Ok(from) = token.parse::<usize>() else {
        return JsonAnswer::error("InvalidParameterException", "The specified nextToken is invalid.");
    };
    let page: Vec<&Value> = events.iter().skip(from).take(size).collect();
    let next = from + page.len();
    if next < events.len() {
        json!({ "events": page, "nextToken": next.to_string() }).into()
    } else {
        json!({ "events": page }).into()
    }
}
