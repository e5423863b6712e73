//! Failures of resources, what explains them, and the tasks that stopped, in lines of text.

use cloud::{Detail, Explanation, ResourceEvent, StoppedTask};
use constructs::SynthesizedStack;

/// How many of the last lines of a container's log are shown.
const LOG_LINES: usize = 20;

/// Where a resource comes from: its construct and source line if it is the project's, otherwise its logical ID.
pub(crate) fn place(event: &ResourceEvent, stack: Option<&SynthesizedStack>) -> String {
    let origin = stack.and_then(|stack| Some((stack, stack.origins.get(&event.logical_id)?)));
    match origin {
        Some((stack, origin)) => format!("{}/{} ({})", stack.name, origin.path, origin.location),
        None => format!("{} ({})", event.logical_id, event.resource_type),
    }
}

/// What happened to a resource, in one line.
pub(crate) fn line(event: &ResourceEvent, stack: Option<&SynthesizedStack>) -> String {
    let reason = event.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let known = stack.is_some_and(|stack| stack.origins.contains_key(&event.logical_id));
    let at = if known { format!(" at {}", place(event, stack)) } else { String::new() };
    format!("{} ({}){at}: {}{reason}", event.logical_id, event.resource_type, event.status)
}

/// Why it happened and what to do.
pub(crate) fn explanation_lines(explanation: &Explanation) -> Vec<String> {
    vec![
        format!("why: {}", explanation.cause),
        format!("do:  {}", explanation.advice),
        format!("try: {}", explanation.command),
        format!("see: {}", explanation.source),
    ]
}

/// What a validation or a hook found.
pub(crate) fn detail_lines(detail: &Detail, stack: Option<&SynthesizedStack>) -> Vec<String> {
    let mut lines = vec![format!("{} {}", detail_mark(detail), detail.text())];
    let origin = detail.logical_id.as_ref().and_then(|id| Some((stack?, stack?.origins.get(id)?)));
    lines.extend(
        origin.map(|(stack, origin)| format!("  at {}/{} ({})", stack.name, origin.path, origin.location)),
    );
    lines.extend(detail.advice.as_ref().map(|advice| format!("  do: {advice}")));
    lines.extend(detail.link.as_ref().map(|link| format!("  see: {link}")));
    lines
}

const fn detail_mark(detail: &Detail) -> &'static str {
    match detail.check {
        cloud::Check::Validation => "validation:",
        cloud::Check::Hook => "hook:",
        cloud::Check::Provisioning => "resource:",
        cloud::Check::Note => "note:",
    }
}

/// A task that stopped: why, and the last lines of its containers' logs.
pub(crate) fn task_lines(task: &StoppedTask) -> Vec<String> {
    let id = task.task.rsplit('/').next().unwrap_or(&task.task);
    let reason = task.reason.as_deref().or(task.code.as_deref()).unwrap_or("no reason given");
    let mut lines = vec![format!("task {id} of {} stopped: {reason}", task.logical_id)];
    for container in &task.containers {
        let code =
            container.exit_code.map(|code| format!(" ended with exit code {code}")).unwrap_or_default();
        let reason = container.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        if !code.is_empty() || !reason.is_empty() || !container.log.is_empty() {
            lines.push(format!("  container {}{code}{reason}", container.name));
        }
        let skipped = container.log.len().saturating_sub(LOG_LINES);
        lines.extend(container.log.iter().skip(skipped).map(|line| format!("    | {line}")));
    }
    lines
}
