//! A known failure in plain words: why it happens, and what to do. The tables are in `reasons` and `containers`.

use serde::Serialize;

use super::{containers, reasons, stops};
use crate::engine::progress::ResourceEvent;
use crate::error::Report;
use crate::services::{StoppedContainer, StoppedTask};
use crate::text::denied_action;

/// Why something failed, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// A stable name of the failure, for example `image-not-found`.
    pub id: &'static str,
    /// Why it happens, in one sentence without a final period.
    pub cause: String,
    /// What to do.
    pub advice: String,
    /// A command that shows more or mends it. What we do not know is in capital letters.
    pub command: String,
    /// Where AWS describes it.
    pub source: &'static str,
}

/// A row of the tables.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) id: &'static str,
    /// Pieces of lower-case text: those of one of the groups must all be there.
    pub(crate) any: &'static [&'static [&'static str]],
    pub(crate) cause: &'static str,
    pub(crate) advice: &'static str,
    /// With `{cluster}`, `{task}`, `{stack}`, `{id}`, `{action}` and so on for what the failure tells.
    pub(crate) command: &'static str,
    pub(crate) source: &'static str,
}

impl Known {
    fn matches(&self, text: &str) -> bool {
        self.any.iter().any(|all| all.iter().all(|piece| text.contains(piece)))
    }

    fn explanation(&self, facts: &[(&str, &str)]) -> Explanation {
        Explanation {
            id: self.id,
            cause: filled(self.cause, facts),
            advice: filled(self.advice, facts),
            command: filled(self.command, facts),
            source: self.source,
        }
    }
}

/// The first row of a table whose pieces are in `text`.
fn find(table: &'static [Known], text: &str) -> Option<&'static Known> {
    let text = text.to_lowercase();
    table.iter().find(|known| known.matches(&text))
}

/// Puts what is known into a text; of the rest, the name stays, in capital letters.
fn filled(text: &str, facts: &[(&str, &str)]) -> String {
    let mut parts = text.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((name, rest)) = part.split_once('}') else {
            filled = format!("{filled}{{{part}");
            continue;
        };
        let known = facts.iter().find(|(key, value)| *key == name && !value.is_empty());
        filled += &known.map_or_else(|| name.to_uppercase(), |(_, value)| (*value).to_owned());
        filled += rest;
    }
    filled
}

/// Explains the failure of a resource by CloudFormation's reason; `None` if the reason is not a known one.
pub fn explain(event: &ResourceEvent) -> Option<Explanation> {
    let reason = event.reason.as_deref().unwrap_or_default();
    let known = find(reasons::TABLE, reason)?;
    let (action, resource) = denied(reason);
    let facts = [
        ("stack", crate::text::stack_name(&event.stack_id)),
        ("id", &event.logical_id),
        ("physical", event.physical_id.as_deref().unwrap_or_default()),
        ("type", &event.resource_type),
        ("action", action),
        ("resource", resource),
        ("export", between(reason, "xport ", " ")),
        ("region", event.stack_id.split(':').nth(3).unwrap_or_default()),
        ("service", event.physical_id.as_deref().and_then(|id| id.rsplit('/').next()).unwrap_or_default()),
        ("cluster", event.physical_id.as_deref().map(cluster).unwrap_or_default()),
    ];
    Some(known.explanation(&facts))
}

/// Explains why a task stopped: by what ECS says, then by the end of the log, then by the exit code.
pub fn explain_task(task: &StoppedTask) -> Option<Explanation> {
    let by_reason = |table| {
        let of_containers = task.containers.iter().filter_map(|container| container.reason.as_deref());
        let mut reasons = of_containers.chain(task.reason.as_deref());
        reasons.find_map(|reason| find(table, reason).map(|known| (known, reason)))
    };
    let by_log = || {
        let lines = failed(task).flat_map(|container| container.log.iter().rev());
        let mut lines = lines.map(String::as_str);
        lines.find_map(|line| find(containers::LOG, line).map(|known| (known, line)))
    };
    let by_code = || {
        let code = failed(task).find_map(|container| container.exit_code)?;
        let code = code.to_string();
        stops::EXIT_CODES
            .iter()
            .find(|known| known.any.iter().any(|all| all == &[code.as_str()]))
            .map(|k| (k, ""))
    };
    let (known, text) = by_reason(containers::START)
        .or_else(by_log)
        .or_else(|| by_reason(stops::HEALTH))
        .or_else(by_code)
        .or_else(|| by_reason(stops::STOP))?;
    let container = failed(task).next().or(task.containers.first());
    let code = container.and_then(|container| container.exit_code).map(|code| code.to_string());
    let (action, resource) = denied(text);
    let facts = [
        ("cluster", cluster(&task.task)),
        ("task", task.task.rsplit('/').next().unwrap_or_default()),
        ("container", container.map(|container| container.name.as_str()).unwrap_or_default()),
        ("code", code.as_deref().unwrap_or_default()),
        ("definition", task.task_definition.rsplit('/').next().unwrap_or_default()),
        ("repository", repository(text)),
        ("secret", between(text, "secretsmanager:", " ")),
        ("action", action),
        ("resource", resource),
        ("region", task.task.split(':').nth(3).unwrap_or_default()),
    ];
    Some(known.explanation(&facts))
}

/// Explains a failed operation: a task that stopped says more than the service that waited for it.
pub fn explain_report(report: &Report) -> Option<Explanation> {
    let ecs = report.cause.as_ref().is_none_or(|cause| cause.resource_type.starts_with("AWS::ECS::"));
    let of_tasks = || report.tasks.iter().rev().find_map(explain_task);
    if ecs && let Some(explanation) = of_tasks() {
        return Some(explanation);
    }
    report.cause.as_ref().and_then(explain).or_else(of_tasks)
}

/// The containers that ended a task; all of them, if none tells.
fn failed(task: &StoppedTask) -> impl Iterator<Item = &StoppedContainer> {
    let bad = |container: &StoppedContainer| container.exit_code.is_some_and(|code| code != 0);
    let any_bad = task.containers.iter().any(bad);
    task.containers.iter().filter(move |container| !any_bad || bad(container))
}

/// The action that was denied and on what, in the words of all AWS services: `… is not authorized to perform: A on
/// resource: R …`.
fn denied(reason: &str) -> (&str, &str) {
    (denied_action(reason).unwrap_or_default(), between(reason, "on resource: ", " "))
}

/// The cluster in the ARN of a task or service.
fn cluster(arn: &str) -> &str {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let parts: Vec<&str> = resource.split('/').collect();
    if parts.len() == 3 { parts[1] } else { "" }
}

/// The repository in an image's address: `…amazonaws.com/docuthinker-backend:v1`.
fn repository(text: &str) -> &str {
    let path = text.split(".amazonaws.com/").nth(1).unwrap_or_default();
    path.split([':', '@', ' ', '"', ',']).next().unwrap_or_default()
}

/// What stands between two pieces of text; without quotes and punctuation around it.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).map(|(_, rest)| rest).unwrap_or_default();
    let found = rest.split_once(after).map_or(rest, |(found, _)| found);
    found.trim_matches(|c: char| matches!(c, '"' | '\'' | '`' | ',' | '.' | ')' | '(' | ';' | ':'))
}

#[cfg(test)]
mod tests;
