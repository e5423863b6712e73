//! A stack's history as text.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use cloud::{History, PastOperation, ResourceEvent, Timestamp};
use constructs::SynthesizedStack;

use crate::problem::{Printable, count};

/// How many characters of an id are shown at least.
const SHORT_ID: usize = 8;
/// How many characters of a cause are shown in the list.
const SHORT_REASON: usize = 80;

/// The list of operations, newest first, and the story of the newest.
pub(crate) fn overview(history: &History, stack: Option<&SynthesizedStack>) -> String {
    let Some(newest) = history.operations.first() else {
        return format!("CloudFormation tells of no operation on {}\n", history.name);
    };
    let mut text = list(&history.operations);
    if history.cut {
        let _ = writeln!(text, "there are older ones: `docuthinker events {} --all`", history.name);
    }
    let _ = write!(text, "\n{}", story(newest, history, stack));
    text
}

fn list(operations: &[PastOperation]) -> String {
    let header = ["operation", "kind", "began (UTC)", "took", "outcome", "cause"].map(str::to_owned);
    let rows = operations.iter().map(|operation| {
        let cause = operation.cause.as_ref().map(|cause| {
            let reason = cause.reason.as_deref().unwrap_or("no reason given");
            cut(&format!("{}: {reason}", cause.logical_id), SHORT_REASON)
        });
        [
            short(&operation.name(), operations),
            operation.kind.clone(),
            if operation.partial {
                format!("before {}", date(operation.began))
            } else {
                date(operation.began)
            },
            operation.took().map_or_else(|| "-".to_owned(), length),
            operation.outcome.text().to_owned(),
            cause.unwrap_or_default(),
        ]
    });
    let rows: Vec<[String; 6]> = std::iter::once(header).chain(rows).collect();
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; 6]| {
        let cells =
            row.iter().zip(widths).map(|(cell, width)| format!("{:width$}  ", Printable(cell).to_string()));
        format!("{}\n", cells.collect::<String>().trim_end())
    };
    rows.iter().map(line).collect()
}

/// Everything that happened in an operation, the events of nested stacks indented below it.
pub(crate) fn story(
    operation: &PastOperation,
    history: &History,
    stack: Option<&SynthesizedStack>,
) -> String {
    let took = operation.took().map(|took| format!(", took {}", length(took))).unwrap_or_default();
    let mut text = format!(
        "{} {} of {}: {}\n",
        operation.kind,
        operation.name(),
        history.name,
        operation.outcome.text(),
    );
    let began = if operation.partial { "its beginning was not read; first seen" } else { "began" };
    let _ = writeln!(text, "{began} {} UTC{took}", date(operation.began));
    for id in operation.ids.iter().skip(1) {
        let _ = writeln!(text, "with {id}, its rollback");
    }
    let depths = depths(&operation.events, &history.stack_id);
    let width = operation.events.iter().map(|event| event.status.len()).max().unwrap_or(0);
    for event in &operation.events {
        let depth = depths.get(event.stack_id.as_str()).copied().unwrap_or(0);
        let reason = event.reason.as_ref().map(|reason| format!("  {reason}")).unwrap_or_default();
        let stack = stack.filter(|_| depth == 0);
        let row = format!(
            "{}  {:width$}  {}{reason}",
            clock(event.time, operation.began),
            event.status,
            name(event, stack)
        );
        let _ = writeln!(text, "  {:indent$}{}", "", Printable(&row), indent = depth * 2);
    }
    let failures = operation.failures.len();
    if let Some(cause) = &operation.cause {
        let what = count(failures.max(1), "failure");
        let _ = writeln!(text, "{what}; first {}", Printable(&crate::aws::line(cause, stack)));
    }
    text
}

/// What an event is about: the stack, or a resource with its construct.
pub(crate) fn name(event: &ResourceEvent, stack: Option<&SynthesizedStack>) -> String {
    if event.physical_id.as_deref() == Some(event.stack_id.as_str()) {
        return event.logical_id.clone();
    }
    match crate::aws::origin(event, stack) {
        Some(origin) => format!("{} ({}, {})", origin.path, event.logical_id, event.resource_type),
        None => format!("{} ({})", event.logical_id, event.resource_type),
    }
}

/// How deep each stack is nested.
fn depths<'a>(events: &'a [ResourceEvent], root: &'a str) -> BTreeMap<&'a str, usize> {
    let mut depths = BTreeMap::from([(root, 0)]);
    let nested = |event: &'a ResourceEvent| {
        let id = event.physical_id.as_deref()?;
        (event.resource_type == "AWS::CloudFormation::Stack" && id != event.stack_id).then_some(id)
    };
    let mut grown = true;
    while std::mem::take(&mut grown) {
        for (event, inner) in events.iter().filter_map(|event| Some((event, nested(event)?))) {
            if let Some(depth) = depths.get(event.stack_id.as_str()).copied()
                && !depths.contains_key(inner)
            {
                depths.insert(inner, depth + 1);
                grown = true;
            }
        }
    }
    // A stack of which only its own events were read.
    for event in events {
        depths.entry(event.stack_id.as_str()).or_insert(1);
    }
    depths
}

/// The shortest beginning of a name that no other operation's has.
fn short(name: &str, all: &[PastOperation]) -> String {
    let begins = |length: usize| name.chars().take(length).collect::<String>();
    let unique = |text: &String| all.iter().filter(|other| other.is_called(text)).count() <= 1;
    (SHORT_ID..name.chars().count()).map(begins).find(unique).unwrap_or_else(|| name.to_owned())
}

fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A time to the second: `2026-01-01 10:00:03`.
pub(crate) fn date(time: Timestamp) -> String {
    let text = time.to_string();
    match (text.get(..10), text.get(11..19)) {
        (Some(day), Some(clock)) => format!("{day} {clock}"),
        _ => text,
    }
}

/// The time of day; with the day, if it is another one than that of `began`.
fn clock(time: Timestamp, began: Timestamp) -> String {
    let (text, first) = (date(time), date(began));
    match (text.get(..10) == first.get(..10), text.get(11..)) {
        (true, Some(clock)) => clock.to_owned(),
        _ => text,
    }
}

/// A length of time: `42s`, `4m 12s`, `1h 02m`.
pub(crate) fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_at_a_glance() {
        assert_eq!(length(Duration::from_secs(42)), "42s");
        assert_eq!(length(Duration::from_secs(252)), "4m 12s");
        assert_eq!(length(Duration::from_secs(3725)), "1h 02m");
    }

    #[test]
    fn another_day_is_named() {
        let began = Timestamp(1_767_225_600_000);
        assert_eq!(clock(Timestamp(began.0 + 3000), began), "00:00:03");
        assert_eq!(clock(Timestamp(began.0 + 86_400_000), began), "2026-01-02 00:00:00");
    }
}
