//! `destroy`: deleting stacks.

use std::fmt::Write;
use std::time::Duration;

use cloud::{DestroyOutcome, DestroyRequest, StackDescription};
use serde::Serialize;
use serde_json::json;

use super::target::Selection;
use crate::aws::{self, Aws, Monitor};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// Delete stacks, after asking for their names
///
/// A stack is deleted before the stacks that it depends on. What its deletion policy keeps (repositories, secrets)
/// stays in the account, and is named at the end.
#[derive(Debug, clap::Args)]
pub(crate) struct Destroy {
    #[command(flatten)]
    selection: Selection,

    /// Delete this deployed stack, which need not be one of the project
    #[arg(long, value_name = "NAME", conflicts_with_all = ["stacks", "all"])]
    stack_name: Option<String>,

    /// Leave this resource in the account, by logical ID, if deleting the stack failed because of it; may be given again
    #[arg(long, value_name = "ID")]
    retain: Vec<String>,

    /// Stop following after this long, for example `30m`
    #[arg(long, value_name = "TIME", value_parser = super::target::duration)]
    timeout: Option<Duration>,
}

struct Target {
    name: String,
    region: Option<String>,
    account: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Destroyed {
    name: String,
    #[serde(flatten)]
    outcome: DestroyOutcome,
}

pub(crate) fn run(args: &Destroy, session: &mut Session<'_>) -> Result {
    let targets = targets(args, session)?;
    aws::require_an_answer(session.global.yes, "deleting a stack")?;
    let mut aws = Aws::new(&session.global.aws)?;
    let deployed = look(&targets, &mut aws, session)?;
    if !session.global.yes {
        for stack in &deployed {
            confirm(&stack.name, &aws, session)?;
        }
    }
    let mut done = Vec::new();
    let mut failed = None;
    for target in targets {
        match destroy(args, target, &mut aws, session) {
            Ok(destroyed) => done.push(destroyed),
            Err(failure) => {
                failed = Some(failure);
                break;
            }
        }
    }
    show(&done, session)?;
    failed.map_or(Ok(Exit::Done), Err)
}

/// The targets as they are deployed. Protected ones are refused here, before the first of the others is deleted.
fn look(targets: &[Target], aws: &mut Aws, session: &mut Session<'_>) -> Result<Vec<StackDescription>> {
    let mut deployed = Vec::new();
    for target in targets {
        let connection =
            aws.connection(target.region.as_deref(), target.account.as_deref(), &mut session.printer)?;
        deployed.extend(aws.wait(cloud::describe(&connection, &target.name))?);
    }
    let protected = deployed.iter().filter(|stack| stack.termination_protection);
    let problems: Vec<Problem> = protected
        .map(|stack| {
            Problem::error("destroy/protected", format!("{} is protected from deletion", stack.name))
        })
        .collect();
    if problems.is_empty() {
        return Ok(deployed);
    }
    let next = "switch the protection off in the settings, deploy, and destroy then; nothing was deleted";
    Err(Failure { next: Some(next.to_owned()), ..Failure::new(Exit::Refused, problems) })
}

/// What depends on others comes first.
fn targets(args: &Destroy, session: &mut Session<'_>) -> Result<Vec<Target>> {
    if let Some(name) = &args.stack_name {
        return Ok(vec![Target { name: name.clone(), region: None, account: None }]);
    }
    let stacks = args.selection.in_order(session, false)?;
    let target = |stack: constructs::SynthesizedStack| Target {
        name: stack.name,
        region: stack.region,
        account: stack.account,
    };
    Ok(stacks.into_iter().rev().map(target).collect())
}

fn destroy(args: &Destroy, target: Target, aws: &mut Aws, session: &mut Session<'_>) -> Result<Destroyed> {
    let connection =
        aws.connection(target.region.as_deref(), target.account.as_deref(), &mut session.printer)?;
    let request = DestroyRequest {
        retain: args.retain.clone(),
        timeout: args.timeout,
        ..DestroyRequest::new(&target.name)
    };
    let monitor = Monitor::new(&target.name, &mut session.printer);
    let work = cloud::destroy_stack(&connection, &request, |progress| monitor.see(progress), aws.cancel());
    let outcome = aws.run(monitor.during(work));
    drop(monitor);
    let outcome = outcome.map_err(|error| aws::failure(&error))?;
    let what =
        if outcome.stack_id.is_some() { "is deleted" } else { "does not exist, so there is nothing to do" };
    session.printer.status(&format!("{} {what}", target.name));
    Ok(Destroyed { name: target.name, outcome })
}

/// Asks for the stack's name: a `y` is typed too easily.
fn confirm(name: &str, aws: &Aws, session: &Session<'_>) -> Result<()> {
    let who = if session.global.aws.local { " in the emulator" } else { "" };
    let question =
        format!("This deletes the stack {name}{who} and what it does not retain.\nType its name to go on: ");
    let answer = aws.run(aws::ask(question, aws.cancel()));
    let (exit, why) = match answer.as_deref().map(str::trim) {
        Some(typed) if typed == name => return Ok(()),
        Some(_) => (Exit::Refused, format!("that is not `{name}`; nothing was deleted")),
        None if aws.cancel().is_cancelled() => {
            (Exit::Interrupted, "interrupted; nothing was deleted".to_owned())
        }
        None => (Exit::Refused, "nobody answered; nothing was deleted".to_owned()),
    };
    Err(Failure::new(exit, vec![Problem::error("destroy/not-confirmed", why)]))
}

fn show(done: &[Destroyed], session: &mut Session<'_>) -> Result<()> {
    if session.printer.json() {
        return session.printer.result_json(&json!({ "stacks": done }));
    }
    let mut text = String::new();
    for stack in done.iter().filter(|stack| !stack.outcome.retained.is_empty()) {
        let _ = writeln!(text, "{} left these in the account, where they go on to cost:", stack.name);
        for kept in &stack.outcome.retained {
            let id = kept.physical_id.as_deref().unwrap_or("no id");
            let _ = writeln!(text, "  {} {} ({id})", kept.resource_type, kept.logical_id);
        }
    }
    session.printer.result(&text)
}
