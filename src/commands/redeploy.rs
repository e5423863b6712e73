//! `redeploy`: new tasks of what runs, for example to read a secret again.

use std::time::Duration;

use cloud::RolloutChange;
use serde_json::json;

use super::estate::{InService, InStacks, Place, services};
use super::rollout::{Done, Wanted, revision, roll_out};
use crate::aws::Aws;
use crate::exit::Exit;
use crate::problem::{Failure, Printable, Problem, Result};
use crate::session::Session;

/// Start new tasks of what services run, and wait until they have taken the place of the old ones
///
/// Nothing is deployed: the revision stays. New tasks read their secrets again, and pull the image that its tag names now.
/// If they fail, ECS goes back to the tasks before, if its circuit breaker is on, and the command ends with 1. Ctrl-C only
/// ends the command.
#[derive(Debug, clap::Args)]
pub(crate) struct Redeploy {
    /// Services as people call them, for example `backend`; may be left out if there is only one
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,

    /// All services of the deployed stacks
    #[arg(long, conflicts_with = "services")]
    all: bool,

    #[command(flatten)]
    stacks: InStacks,

    /// Stop following after this long, for example `30m`; the deployments go on
    #[arg(long, value_name = "TIME", default_value = "60m", value_parser = super::target::duration)]
    timeout: Duration,
}

pub(crate) fn run(args: &Redeploy, session: &mut Session<'_>) -> Result {
    let mut aws = Aws::new(&session.global)?;
    let places = args.stacks.places(&mut aws, session)?;
    let chosen = services(&places, &args.services)?;
    if args.services.is_empty() && !args.all && chosen.len() > 1 {
        let names: Vec<String> = chosen.iter().map(|one| format!("`{}`", one.name)).collect();
        let problem = Problem::error("usage/no-service", "no service is named, and there is more than one")
            .hint(format!("name one or more of {}, or say `--all`", names.join(", ")));
        return Err(Failure::usage(problem));
    }
    let (done, ending) = restart(chosen, &places, args.timeout, &aws, session);
    if session.printer.json() {
        session.printer.result_json(&json!({ "services": done }))?;
    }
    ending
}

/// Starts new tasks of the services: those that have them, and how the command ends.
pub(super) fn restart(
    chosen: Vec<InService>,
    places: &[Place],
    timeout: Duration,
    aws: &Aws,
    session: &mut Session<'_>,
) -> (Vec<Done>, Result) {
    let wanted: Vec<Wanted> =
        chosen.into_iter().map(|service| Wanted { service, change: RolloutChange::Redeploy }).collect();
    let ends = roll_out(&wanted, places, Some(timeout), aws, session);
    let (mut done, mut failures): (Vec<Done>, Vec<Failure>) = (Vec::new(), Vec::new());
    for end in ends {
        match end {
            Ok(end) => done.push(end),
            Err(failure) => failures.push(failure),
        }
    }
    for one in &done {
        let text = format!(
            "{} is redeployed: {} of {} tasks run {}",
            one.service,
            one.end.running,
            one.end.desired,
            Printable(revision(&one.end.task_definition))
        );
        session.printer.status(&text);
    }
    let ending = match failures.pop() {
        None => Ok(Exit::Done),
        Some(last) => {
            // Each tells its own state in AWS, so each is told by itself.
            for failure in &failures {
                session.printer.failure(failure);
            }
            Err(last)
        }
    };
    (done, ending)
}
