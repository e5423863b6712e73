//! `events`: the story of what was done to a stack.

mod scaling;

use cloud::{History, PastOperation, Reach};
use serde_json::json;

use super::deployed::Deployed;
use super::estate::{InStacks, services};
use super::logs::when::{When, when};
use super::rollback::MOST;
use super::{events_text, rollback};
use crate::aws::Aws;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// Show what was done to a stack: its past operations, and the story of one of them
///
/// Lists the operations, newest first, and tells the newest. An automatic rollback belongs to the operation that it
/// undoes. All times are UTC, by AWS's clock; CloudFormation keeps events for 90 days.
///
/// With `--service`, lists the deployments of a service instead, newest first: `v7` is revision 7 of its task definition. ECS
/// tells what became of them for 90 days. `rollback --service` goes back to one of them.
///
/// With `--scaling`, tells what Application Auto Scaling did to the services, oldest first, what it left as it was, and why; `!`
/// marks what it could not do. AWS keeps that for six weeks.
#[derive(Debug, clap::Args)]
pub(crate) struct Events {
    /// Stack of the project, or any other by its name; a deleted one by its ARN
    #[arg(required_unless_present_any = ["service", "scaling"])]
    stack: Option<String>,

    /// List the deployments of this service, for example `backend`; STACK then is where it is
    #[arg(long, value_name = "SERVICE", conflicts_with = "operation")]
    service: Option<String>,

    /// Tell this operation instead of the newest: the beginning of its ID is enough
    #[arg(long, value_name = "ID")]
    operation: Option<String>,

    /// Read as far back as CloudFormation, or with `--scaling` Application Auto Scaling, remembers
    #[arg(long)]
    all: bool,

    /// Tell what Application Auto Scaling did to the services: to all of STACK or of the project, or to that of `--service`
    #[arg(long, conflicts_with = "operation")]
    scaling: bool,

    /// With `--scaling`: begin this long ago, for example `2h` or `3d`, or at this date and time, as `2026-01-31T10:00:00Z`
    /// [default: 7d]
    #[arg(long, value_name = "TIME", value_parser = when, requires = "scaling", conflicts_with = "all")]
    since: Option<When>,
}

pub(crate) fn run(args: &Events, session: &mut Session<'_>) -> Result {
    if args.scaling {
        return scaling::run(args, session);
    }
    if let Some(service) = &args.service {
        return deployments(args, service, session);
    }
    let stack = Deployed::find(args.stack.as_deref().unwrap_or_default(), session);
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
    session.printer.result_in_lines(&text)?;
    Ok(Exit::Done)
}

/// The deployments of a service.
fn deployments(args: &Events, name: &str, session: &mut Session<'_>) -> Result {
    let mut aws = Aws::new(&session.global)?;
    let places = InStacks::only(args.stack.clone()).places(&mut aws, session)?;
    let chosen = services(&places, &[name.to_owned()])?;
    let Some(service) = chosen.first() else { return Ok(Exit::Done) };
    let place = &places[service.place];
    let most = if args.all { usize::MAX } else { MOST };
    let known = aws.look(rollback::listed(place, service, most))?;
    for note in &known.notes {
        session.printer.problem(&Problem::warning("events/unread", note));
    }
    if session.printer.json() {
        let mut value = serde_json::to_value(&known).expect("deployments are data");
        value["service"] = service.name.as_str().into();
        value["stack"] = place.stack.label().into();
        session.printer.result_json(&value)?;
        return Ok(Exit::Done);
    }
    session.printer.result(&rollback::text(&known))?;
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
