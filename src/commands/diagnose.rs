//! `diagnose`: why a stack's last operation failed, explained afterwards.

use std::fmt::Write;

use cloud::{Diagnosis, PastOperation, Verdict};
use constructs::SynthesizedStack;

use super::deployed::Deployed;
use super::events_text::{date, length, name};
use crate::aws::{self, Aws};
use crate::exit::Exit;
use crate::problem::{Printable, Problem, Result};
use crate::session::Session;

/// Explain the last failure of a stack, or what a running operation waits for
///
/// Looks at the stack's events, at CloudFormation's validations, at hooks, and at the tasks that stopped, and says which
/// failure came first, why it happens, and what to do next. A diagnosis that could be made ends with 0, whatever it says.
#[derive(Debug, clap::Args)]
pub(crate) struct Diagnose {
    /// Stack of the project, or any other by its name; a deleted one by its ARN
    stack: String,
}

pub(crate) fn run(args: &Diagnose, session: &mut Session<'_>) -> Result {
    let stack = Deployed::find(&args.stack, session);
    let mut aws = Aws::new(&session.global)?;
    let connection =
        aws.connection(stack.region.as_deref(), stack.account.as_deref(), &mut session.printer)?;
    let diagnosis = aws.look(cloud::diagnose(&connection, &stack.name))?;
    for note in &diagnosis.notes {
        session.printer.problem(&Problem::warning("diagnose/unread", note));
    }
    if session.printer.json() {
        session.printer.result_json(&diagnosis)?;
    } else {
        session
            .printer
            .result_in_lines(&Printable(&text(&diagnosis, stack.synthesized.as_ref())).to_string())?;
    }
    Ok(Exit::Done)
}

fn text(diagnosis: &Diagnosis, stack: Option<&SynthesizedStack>) -> String {
    let mut text = format!("{}\n", diagnosis.state);
    let verdict = match diagnosis.verdict {
        Verdict::Sound => "nothing failed".to_owned(),
        Verdict::Failed => "its last operation failed".to_owned(),
        Verdict::FailedBefore => "an operation failed, and a later one succeeded".to_owned(),
        Verdict::Running => "an operation runs".to_owned(),
    };
    let _ = writeln!(text, "{verdict}");
    let operations = [("last", &diagnosis.latest), ("explained", &diagnosis.operation)];
    let both = diagnosis.verdict == Verdict::FailedBefore;
    for (what, operation) in operations {
        if let Some(operation) = operation
            && (both || what == "last")
        {
            let _ = writeln!(text, "{what}: {}", headline(operation));
        }
    }
    let operation = diagnosis.operation.as_ref();
    if let Some(cause) = operation.and_then(|operation| operation.cause.as_ref()) {
        let lines = [
            format!("{}  {}  {}", date(cause.time), cause.status, name(cause, stack)),
            cause.reason.clone().unwrap_or_else(|| "no reason given".to_owned()),
        ];
        let at = aws::origin(cause, stack).map(|_| format!("at {}", aws::place(cause, stack)));
        section(&mut text, "first failure", lines.into_iter().chain(at));
    }
    section(&mut text, "explanation", diagnosis.explanation.iter().flat_map(aws::explanation_lines));
    section(&mut text, "found", diagnosis.details.iter().flat_map(|detail| aws::detail_lines(detail, stack)));
    section(&mut text, "tasks", diagnosis.tasks.iter().flat_map(aws::task_lines));
    let others = operation.into_iter().flat_map(|operation| {
        operation.failures.iter().filter(|event| operation.cause.as_ref() != Some(*event))
    });
    section(&mut text, "other failures", others.map(|event| aws::line(event, stack)));
    let waiting = diagnosis.waiting.iter().map(|waiting| {
        let what = waiting.for_what.map(|what| format!(": usually for {what}")).unwrap_or_default();
        format!("{} since {} UTC{what}", name(&waiting.event, stack), date(waiting.event.time))
    });
    section(&mut text, "waiting", waiting);
    if let Some(next) = &diagnosis.next {
        let _ = writeln!(text, "\nnext: {next}");
    }
    text
}

fn headline(operation: &PastOperation) -> String {
    let took = operation.took().map(|took| format!(", took {}", length(took))).unwrap_or_default();
    let PastOperation { kind, outcome, began, .. } = operation;
    format!("{kind} {}, began {} UTC{took}, {}", operation.name(), date(*began), outcome.text())
}

/// Lines under a title; nothing if there are none.
fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    for (n, line) in lines.enumerate() {
        if n == 0 {
            let _ = writeln!(text, "\n{title}:");
        }
        let _ = writeln!(text, "  {line}");
    }
}
