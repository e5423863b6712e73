//! Failures of resources, what explains them, and the tasks that stopped, in lines of text.

use cloud::{Detail, Explanation, ResourceEvent, StoppedTask, stack_name};
use constructs::{Origin, SynthesizedStack};

/// How many of the last lines of a container's log are shown.
const LOG_LINES: usize = 20;

/// The construct of the resource that an event is about. A nested stack may have a resource with the same logical ID as
/// the project's.
pub(crate) fn origin<'a>(event: &ResourceEvent, stack: Option<&'a SynthesizedStack>) -> Option<&'a Origin> {
    let stack = stack?;
    // An endpoint that does not tell the stack has none nested in it.
    let is_own = event.stack_id.is_empty() || stack_name(&event.stack_id) == stack.name;
    stack.origins.get(&event.logical_id).filter(|_| is_own)
}

/// Where a resource comes from: its construct and source line if it is the project's, otherwise its logical ID.
pub(crate) fn place(event: &ResourceEvent, stack: Option<&SynthesizedStack>) -> String {
    match (stack, origin(event, stack)) {
        (Some(stack), Some(origin)) => format!("{}/{} ({})", stack.name, origin.path, origin.location),
        _ => format!("{} ({})", event.logical_id, event.resource_type),
    }
}

/// What happened to a resource, in one line.
pub(crate) fn line(event: &ResourceEvent, stack: Option<&SynthesizedStack>) -> String {
    let reason = event.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let at = origin(event, stack).map(|_| format!(" at {}", place(event, stack))).unwrap_or_default();
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
        lines.extend(container.log_note.iter().map(|note| format!("    no log: {note}")));
    }
    // The pages of the service and its cluster are a click away from that of the task.
    let pages = cloud::console_links(task).into_iter();
    let of_the_task = pages.filter(|link| link.subject == "task" || link.subject.starts_with("log"));
    lines.extend(of_the_task.map(|link| format!("  {}: {}", link.subject, link.url)));
    lines
}
