//! `watch`, `cancel` and `rollback STACK`: working on a deployed stack as it is.

use std::time::Duration;

use cloud::{Goal, Kind, OperateOutcome, OperateRequest};
use serde::Serialize;
use serde_json::json;

use super::deployed::Deployed;
use crate::aws::{self, Aws, Monitor};
use crate::exit::Exit;
use crate::problem::{Problem, Result, suggestion};
use crate::session::Session;

/// Follow what runs on a stack, and end as that operation ends
///
/// It works from any machine and after anything: a closed laptop, a cancelled CI job, somebody else's deployment. If nothing
/// runs, it tells the story of the last operation, and ends as that one did.
#[derive(Debug, clap::Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    stack: Named,
}

/// Cancel the update that runs on a stack; CloudFormation rolls it back
///
/// Only an update can be cancelled, and only until it is complete. The command ends when the stack is as it was before.
#[derive(Debug, clap::Args)]
pub(crate) struct Cancel {
    #[command(flatten)]
    stack: Named,
}

#[derive(Debug, clap::Args)]
struct Named {
    /// The stack: one of the project by name, or any deployed one by name or ARN
    #[arg(value_name = "STACK")]
    stack: String,

    /// Stop following after this long, for example `30m`; the operation goes on
    #[arg(long, value_name = "TIME", value_parser = super::target::duration)]
    timeout: Option<Duration>,
}

#[derive(Serialize)]
struct View<'a> {
    name: &'a str,
    #[serde(flatten)]
    outcome: &'a OperateOutcome,
}

pub(crate) fn watch(args: &Watch, session: &mut Session<'_>) -> Result {
    run(&args.stack.stack, args.stack.timeout, Goal::Watch, session)
}

pub(crate) fn cancel(args: &Cancel, session: &mut Session<'_>) -> Result {
    run(&args.stack.stack, args.stack.timeout, Goal::Cancel, session)
}

/// Rolls back the failed operation of a stack, or continues a rollback that failed, without the resources in `skip`.
pub(crate) fn roll_back(
    stack: &str,
    timeout: Option<Duration>,
    skip: Vec<String>,
    session: &mut Session<'_>,
) -> Result {
    run(stack, timeout, Goal::RollBack { skip }, session)
}

fn run(stack: &str, timeout: Option<Duration>, goal: Goal, session: &mut Session<'_>) -> Result {
    let target = Deployed::find(stack, session);
    let mut aws = Aws::new(&session.global)?;
    let connection =
        aws.connection(target.region.as_deref(), target.account.as_deref(), &mut session.printer)?;
    let request = OperateRequest { timeout, ..OperateRequest::new(&target.name, goal.clone()) };
    let monitor = Monitor::new(target.label(), &mut session.printer);
    let outcome = aws.run(monitor.during(cloud::operate_stack(
        &connection,
        &request,
        |progress| monitor.see(progress),
        aws.cancel(),
    )));
    drop(monitor);
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            let mut failure = aws::located(&error, target.synthesized.as_ref());
            if error.kind() == Kind::Refused
                && let Ok(stacks) = aws.look(cloud::list_stacks(&connection))
                && let Some(problem) = failure.problems.last_mut()
            {
                let known = stacks.iter().map(|stack| stack.name.as_str());
                problem.hint = problem.hint.take().or(suggestion(&target.name, known));
            }
            return Err(failure);
        }
    };
    for leftover in &outcome.leftovers {
        session.printer.problem(&Problem::warning("deploy/leftover", format!("left over: {leftover}")));
    }
    if session.printer.json() {
        let view = View { name: &target.name, outcome: &outcome };
        session.printer.result_json(&json!({ "stacks": [view] }))?;
    } else {
        session.printer.status(&sentence(target.label(), &goal, &outcome.status));
    }
    Ok(if outcome.leftovers.is_empty() { Exit::Done } else { Exit::Leftovers })
}

fn sentence(name: &str, goal: &Goal, status: &str) -> String {
    match goal {
        Goal::Watch => format!("{name} is {status}"),
        Goal::Cancel => format!("the update is cancelled, {name} is as it was before ({status})"),
        Goal::RollBack { .. } => format!("{name} is rolled back ({status})"),
    }
}
