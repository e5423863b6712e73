//! `destroy`: deleting stacks.

mod cost;
mod look;
mod picture;

use std::fmt::Write;
use std::time::Duration;

use cloud::{DestroyOutcome, DestroyRequest};
use constructs::SynthesizedStack;
use serde::Serialize;
use serde_json::json;

use self::look::Looked;
use super::deployed::Deployed;
use super::target::{Operating, Selection};
use crate::aws::{self, Aws, Monitor};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// Delete stacks, after asking for their names
///
/// A stack is deleted before the stacks that it depends on. If anything is in the way of any of them (a protection, an
/// export that another stack imports, a bucket or a repository that is not empty), all of it is listed and nothing is
/// deleted. What its deletion policy keeps (repositories, secrets) stays in the account, and is shown with its price.
#[derive(Debug, clap::Args)]
pub(crate) struct Destroy {
    #[command(flatten)]
    selection: Selection,

    /// Delete this deployed stack, by name or ARN, which need not be one of the project
    #[arg(long, value_name = "NAME", conflicts_with_all = ["stacks", "all"])]
    stack_name: Option<String>,

    /// Leave this resource in the account, by logical ID, if deleting the stack failed because of it; may be given again
    #[arg(long, value_name = "ID")]
    retain: Vec<String>,

    /// Stop following after this long, for example `30m`
    #[arg(long, value_name = "TIME", value_parser = super::target::duration)]
    timeout: Option<Duration>,

    #[command(flatten)]
    operating: Operating,
}

/// A stack that is to be deleted.
struct Target {
    name: String,
    region: Option<String>,
    account: Option<String>,
    /// How the same stack is destroyed again.
    again: String,
    /// Where its resources come from, if it is one of the project's.
    synthesized: Option<SynthesizedStack>,
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
    let mut aws = Aws::new(&session.global)?;
    let looked = targets.into_iter().map(|target| Looked::at(target, &mut aws, session));
    let mut looked = looked.collect::<Result<Vec<_>>>()?;
    look::hand_out(&args.retain, &mut looked)?;
    look::refuse_obstacles(&looked, &aws, session)?;
    for one in looked.iter().filter(|one| one.begins()) {
        picture(one, session);
        if !session.global.yes {
            confirm(one, &aws, session)?;
        }
    }
    let names: Vec<String> = looked.iter().map(|one| one.target.name.clone()).collect();
    let (done, failed) = destroy_all(args, looked, &aws, session);
    show(&done, session)?;
    match failed {
        None => Ok(Exit::Done),
        Some(mut failure) => {
            tell_the_others(&names, done.len(), &mut failure);
            Err(failure)
        }
    }
}

/// One after the other: what depends on others is gone before them. The first failure stops what has not begun.
fn destroy_all(
    args: &Destroy,
    looked: Vec<Looked>,
    aws: &Aws,
    session: &mut Session<'_>,
) -> (Vec<Destroyed>, Option<Failure>) {
    let mut done = Vec::new();
    for one in looked {
        match destroy(args, one, aws, session) {
            Ok(destroyed) => done.push(destroyed),
            Err(failure) => return (done, Some(failure)),
        }
    }
    (done, None)
}

/// What depends on others comes first.
fn targets(args: &Destroy, session: &mut Session<'_>) -> Result<Vec<Target>> {
    if let Some(name) = &args.stack_name {
        let again = format!("docuthinker destroy --stack-name {name}");
        let Deployed { name, region, account, synthesized } = Deployed::find(name, session);
        return Ok(vec![Target { name, region, account, again, synthesized }]);
    }
    let stacks = args.selection.in_order(session, false)?;
    let target = |stack: SynthesizedStack| Target {
        name: stack.name.clone(),
        region: stack.region.clone(),
        account: stack.account.clone(),
        again: format!("docuthinker destroy {}", stack.id),
        synthesized: Some(stack),
    };
    Ok(stacks.into_iter().rev().map(target).collect())
}

fn destroy(args: &Destroy, one: Looked, aws: &Aws, session: &mut Session<'_>) -> Result<Destroyed> {
    let Looked { target, connection, stack, retain, .. } = one;
    // One that was not there was not shown and not asked for, so one that is there now is not touched.
    let Some(stack) = stack else {
        session.printer.status(&format!("{} does not exist, so there is nothing to do", target.name));
        let outcome = DestroyOutcome { stack_id: None, retained: Vec::new() };
        return Ok(Destroyed { name: target.name, outcome });
    };
    let request = DestroyRequest {
        retain,
        timeout: args.timeout,
        role_arn: args.operating.role_arn.clone(),
        grace: args.operating.connection_grace,
        again: target.again,
        // What was looked at is what is deleted, and not another stack that took its name since.
        ..DestroyRequest::new(stack.stack_id)
    };
    let monitor = Monitor::new(&target.name, &mut session.printer);
    let work = cloud::destroy_stack(&connection, &request, |progress| monitor.see(progress), aws.cancel());
    let outcome = aws.run(monitor.during(work));
    drop(monitor);
    let outcome = outcome.map_err(|error| aws::located(&error, target.synthesized.as_ref()))?;
    let what =
        if outcome.stack_id.is_some() { "is deleted" } else { "does not exist, so there is nothing to do" };
    session.printer.status(&format!("{} {what}", target.name));
    Ok(Destroyed { name: target.name, outcome })
}

/// Shows what will be deleted and what will stay, before anything is asked.
fn picture(one: &Looked, session: &mut Session<'_>) {
    let doomed = one.doomed();
    if session.printer.messages_are_json() {
        let plan = json!({ "version": 1, "stack": one.target.name, "destroys": doomed });
        return session.printer.line_json(&plan);
    }
    session.printer.asked(picture::text(&one.target.name, &doomed).trim_end());
}

/// Asks for the stack's name: a `y` is typed too easily.
fn confirm(one: &Looked, aws: &Aws, session: &Session<'_>) -> Result<()> {
    let name = one.stack.as_ref().map_or(&one.target.name, |stack| &stack.name);
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
        let _ = writeln!(text, "{} left these in the account:", stack.name);
        text += &picture::retained("  ", stack.outcome.retained.iter());
    }
    session.printer.result(&text)
}

/// Says which stacks are gone and which were not touched, where there are several.
fn tell_the_others(names: &[String], done: usize, failure: &mut Failure) {
    let (before, after) = (&names[..done], &names[(done + 1).min(names.len())..]);
    let Some(problem) = failure.problems.last_mut() else { return };
    if !before.is_empty() {
        problem.also.push(format!("deleted before: {}", before.join(", ")));
    }
    if !after.is_empty() {
        problem.also.push(format!("not started: {}", after.join(", ")));
    }
}
