//! `events`: the story of what was done to a stack.

use cloud::{History, PastOperation, Reach};
use serde_json::json;

use super::deployed::Deployed;
use super::events_text;
use crate::aws::Aws;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// Show what was done to a stack: its past operations, and the story of one of them
///
/// Lists the operations, newest first, and tells the newest. An automatic rollback belongs to the operation that it
/// undoes. All times are UTC, by AWS's clock; CloudFormation keeps events for 90 days.
#[derive(Debug, clap::Args)]
pub(crate) struct Events {
    /// Stack of the project, or any other by its name; a deleted one by its ARN
    stack: String,

    /// Tell this operation instead of the newest: the beginning of its ID is enough
    #[arg(long, value_name = "ID")]
    operation: Option<String>,

    /// Read as far back as CloudFormation remembers
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(args: &Events, session: &mut Session<'_>) -> Result {
    let stack = Deployed::find(&args.stack, session);
    let mut aws = Aws::new(&session.global)?;
    let connection =
        aws.connection(stack.region.as_deref(), stack.account.as_deref(), &mut session.printer)?;
    let reach = if args.all || args.operation.is_some() { Reach::ALL } else { Reach::RECENT };
    let history = aws.look(cloud::history(&connection, &stack.name, reach))?;
    for note in &history.notes {
        session.printer.problem(&Problem::warning("events/unread", note));
    }
    let chosen = args.operation.as_deref().map(|id| choose(id, &history)).transpose()?;
    if session.printer.json() {
        let operations: Vec<&PastOperation> =
            chosen.map_or_else(|| history.operations.iter().collect(), |one| vec![one]);
        session.printer.result_json(&json!({
            "stack": history.name,
            "stackId": history.stack_id,
            "status": history.status,
            "cut": history.cut,
            "operations": operations,
        }))?;
        return Ok(Exit::Done);
    }
    let text = match chosen {
        Some(operation) => events_text::story(operation, &history, stack.synthesized.as_ref()),
        None => events_text::overview(&history, stack.synthesized.as_ref()),
    };
    session.printer.result(&text)?;
    Ok(Exit::Done)
}

/// The one operation whose ID begins so.
fn choose<'a>(id: &str, history: &'a History) -> Result<&'a PastOperation> {
    let mut called = history.operations.iter().filter(|operation| operation.is_called(id));
    let (first, second) = (called.next(), called.next());
    if let (Some(operation), None) = (first, second) {
        return Ok(operation);
    }
    let message = match first {
        Some(_) => format!("the IDs of several operations of {} begin with `{id}`", history.name),
        None => format!("no operation of {} has an ID that begins with `{id}`", history.name),
    };
    let names: Vec<String> = history
        .operations
        .iter()
        .take(20)
        .map(|known| format!("{} ({})", known.name(), known.kind))
        .collect();
    let hint = if names.is_empty() {
        "CloudFormation tells of no operation".to_owned()
    } else {
        format!("the newest are {}", names.join(", "))
    };
    Err(Failure::usage(Problem::error("usage/unknown-operation", message).hint(hint)))
}
