//! `drift`: what was changed in AWS and not by way of the template.

mod look;
mod text;
mod view;

use std::time::Duration;

use serde_json::json;

use super::deployed::Deployed;
use crate::aws::{self, Aws};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

pub(crate) use look::{Asked, look};
pub(crate) use text::not_comparable;
pub(crate) use view::{Compared, Part, Resource};

/// How long CloudFormation may take, if nothing else is said.
pub(crate) const TIMEOUT: Duration = Duration::from_mins(15);

/// Show what was changed in AWS besides CloudFormation
///
/// Lets CloudFormation compare each resource with the deployed template, nested stacks included, which takes it up to some
/// minutes. Left out is what AWS changes because the template says so: counts that are autoscaled, weights that ECS shifts,
/// the same in another form. No resource is changed.
#[derive(Debug, clap::Args)]
pub(crate) struct Drift {
    /// Stacks of the project, or any others by name or ARN [default: all of the project]
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,

    /// Show also the differences that are left out, and every resource that cannot be compared
    #[arg(long)]
    all: bool,

    /// End with exit code 7 if there is drift
    #[arg(long)]
    exit_code: bool,

    /// Wait this long for CloudFormation at most, for example `30m` [default: 15m]
    #[arg(long, value_name = "TIME", value_parser = super::target::duration)]
    timeout: Option<Duration>,
}

pub(crate) fn run(args: &Drift, session: &mut Session<'_>) -> Result {
    let stacks = chosen(args, session)?;
    let mut aws = Aws::new(&session.global)?;
    let asked: Vec<Asked<'_>> = stacks.iter().map(Asked::of).collect();
    let found = look(&asked, args.timeout.unwrap_or(TIMEOUT), &mut aws, session)?;
    let mut failures = Vec::new();
    let mut seen: Vec<Compared> = Vec::new();
    for (stack, found) in stacks.iter().zip(found) {
        match found {
            Ok(found) if !found.deployed && !args.stacks.is_empty() => failures.push(not_deployed(stack)),
            Ok(found) => seen.push(found),
            Err(error) => failures.push(aws::located(&error, stack.synthesized.as_ref())),
        }
    }
    show(args, &seen, session)?;
    if let Some(failure) = Failure::all(failures) {
        return Err(failure);
    }
    Ok(ending(args.exit_code, &seen))
}

fn show(args: &Drift, seen: &[Compared], session: &mut Session<'_>) -> Result<()> {
    if session.printer.json() {
        let drifted = seen.iter().any(Compared::is_drifted);
        return session.printer.result_json(&json!({ "drifted": drifted, "stacks": seen }));
    }
    let texts: Vec<String> = seen.iter().map(|stack| stack.text(args.all)).collect();
    if texts.is_empty() { Ok(()) } else { session.printer.result(&texts.join("\n")) }
}

/// Drift that was found is certain, whatever could not be compared beside it.
pub(crate) fn ending(asked_for: bool, seen: &[Compared]) -> Exit {
    if asked_for && seen.iter().any(Compared::is_drifted) {
        return Exit::Different;
    }
    // "No drift" would not be true of what was not compared.
    if seen.iter().any(Compared::is_incomplete) { Exit::Failed } else { Exit::Done }
}

fn chosen(args: &Drift, session: &mut Session<'_>) -> Result<Vec<Deployed>> {
    if !args.stacks.is_empty() {
        return Ok(args.stacks.iter().map(|name| Deployed::find(name, session)).collect());
    }
    Ok(session.sound(&[])?.stacks.into_iter().map(Deployed::of).collect())
}

fn not_deployed(stack: &Deployed) -> Failure {
    let problem = Problem::error("aws/not-deployed", format!("{} is not deployed", stack.label()));
    let next = stack.synthesized.as_ref().map(|stack| format!("docuthinker deploy {}", stack.id));
    Failure { next, ..Failure::new(Exit::Blocked, vec![problem]) }
}
