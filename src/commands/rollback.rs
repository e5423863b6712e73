//! `rollback`: of a failed CloudFormation operation, or of a service to the images of an earlier deployment.

mod forward;
mod images;
mod list;
mod template;

use std::time::Duration;

use cloud::{Deployments, Ending, NumberedDeployment, RolloutChange};

use self::forward::{Ground, Plan};
use self::images::Back;
use super::estate::{InService, InStacks, Place, services};
use super::rollout::{Wanted, revision, roll_out};
use crate::aws::{ApprovalOptions, Aws, confirm};
use crate::config::Config;
use crate::exit::Exit;
use crate::problem::{Failure, Printable, Problem, Result};
use crate::project::BuiltImage;
use crate::session::Session;

pub(crate) use images::need;
pub(crate) use list::{listed, text};

/// How many deployments are looked at.
pub(crate) const MOST: usize = 20;

/// Roll back a failed operation of a stack, or a service to an earlier deployment
///
/// Without `--service`: for a stack in `CREATE_FAILED`, `UPDATE_FAILED` or `UPDATE_ROLLBACK_FAILED`. A rollback that runs already
/// is followed.
///
/// With `--service`: deploys the stack with its own template, in which only the service's images are those of an earlier
/// deployment, by digest. Deployments are numbered as ECS numbers the revisions of the task definition; without `--to` they are
/// listed and the one before is taken. What would change is shown first, as by `deploy`.
#[derive(Debug, clap::Args)]
pub(crate) struct Rollback {
    /// The stack: one of the project by name, or any deployed one by name or ARN; with `--service` where that is
    #[arg(value_name = "STACK", required_unless_present = "service")]
    stack: Option<String>,

    /// Leave this resource as it is, by logical ID, if a rollback failed because of it; may be given again
    ///
    /// The stack's template then no longer describes that resource. For a resource of a nested stack write
    /// `NestedStackName.ID`.
    #[arg(long, value_name = "ID", conflicts_with = "service")]
    skip: Vec<String>,

    /// Take this service back, for example `backend`
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,

    /// The number of the deployment to go back to, for example `v7` [default: the one before]
    #[arg(long, value_name = "VERSION", requires = "service", value_parser = version)]
    to: Option<i32>,

    /// Change the service in ECS at once, past CloudFormation: the stack drifts until the next deployment. Asks first, as without
    /// it, and shows no change set
    #[arg(long, requires = "service")]
    fast: bool,

    #[command(flatten)]
    approval: ApprovalOptions,

    /// Stop following after this long, for example `30m`; what was begun goes on
    #[arg(long, value_name = "TIME", value_parser = super::target::duration)]
    timeout: Option<Duration>,
}

/// `v7`, or `7`.
pub(crate) fn version(text: &str) -> std::result::Result<i32, String> {
    let digits = text.strip_prefix('v').unwrap_or(text);
    digits.parse().ok().filter(|number| *number > 0).ok_or_else(|| "a version is `v1`, `v2`, …".to_owned())
}

pub(crate) fn run(args: &Rollback, session: &mut Session<'_>) -> Result {
    match (&args.service, &args.stack) {
        (Some(service), _) => service_back(args, service, session),
        (None, Some(stack)) => super::operate::roll_back(stack, args.timeout, args.skip.clone(), session),
        (None, None) => Err(Failure::usage(Problem::error("usage/no-stack", "name a stack, or `--service`"))),
    }
}

fn service_back(args: &Rollback, name: &str, session: &mut Session<'_>) -> Result {
    let mut aws = Aws::new(&session.global)?;
    let places = InStacks::only(args.stack.clone()).places(&mut aws, session)?;
    let chosen = services(&places, &[name.to_owned()])?;
    let Some(service) = chosen.into_iter().next() else { return Ok(Exit::Done) };
    let place = &places[service.place];
    let known = aws.look(listed(place, &service, MOST))?;
    for note in &known.notes {
        session.printer.problem(&Problem::warning("rollback/unread", note));
    }
    if args.to.is_none() {
        session.printer.status(text(&known).trim_end());
    }
    if let (true, None, Some(deployment)) = (args.fast, args.to, known.in_progress.clone()) {
        if let Some(to) = last_good(&known) {
            images::must_be_there(to, &known, place, &aws, session)?;
        }
        let change = RolloutChange::Stop { deployment };
        return fast(args, Wanted { service, change }, &known, &places, &aws, session);
    }
    if args.fast {
        let to = target(&known, known.current, args.to, &service)?;
        images::must_be_there(to, &known, place, &aws, session)?;
        if !to.active {
            let message = format!("v{} was deregistered, so no service can be changed to it", to.number);
            let hint = again(place, &service, to);
            return Err(Failure::refused(Problem::error("rollback/deregistered", message).hint(hint)));
        }
        let change = RolloutChange::Revision(to.task_definition.clone());
        return fast(args, Wanted { service, change }, &known, &places, &aws, session);
    }
    let stack = Ground::of(place, &service, &aws, session)?;
    // The service may be elsewhere than its stack, after `--fast`.
    let from = stack.revision(place).unwrap_or(known.current);
    let to = target(&known, from, args.to, &service)?;
    let backs = images::of(to, &known, from, &service, place, &aws)?;
    images::must_be_there(to, &known, place, &aws, session)?;
    let plan = Plan::new(stack, place, &service, to, backs)?;
    let outcome = forward::deploy(&plan, args, place, &aws, session)?;
    // What was done is told also where the settings are wrong.
    let config = session.config().ok();
    let pin = config.and_then(|config| built_image(place, Some(plan.task_definition()), &config, session));
    forward::tell(&plan, &outcome, pin.as_ref(), &service, session)
}

/// Changes the service past CloudFormation, and says what that means for the stack.
fn fast(
    args: &Rollback,
    wanted: Wanted,
    known: &Deployments,
    places: &[Place],
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result {
    let name = wanted.service.name.clone();
    let place = &places[wanted.service.place];
    let question = match &wanted.change {
        RolloutChange::Revision(to) => format!("change {name} to {} at once", Printable(revision(to))),
        _ => format!("stop the deployment of {name} that is in progress"),
    };
    let question = format!("{question}, past CloudFormation?");
    confirm("rolling back", &question, session.global.yes || !args.approval.asks_of_any(), aws)?;
    let ends = roll_out(std::slice::from_ref(&wanted), places, args.timeout, aws, session);
    let done = ends.into_iter().next().expect("one service has one end")?;
    let now = revision(&done.end.task_definition);
    let number = now.rsplit(':').next().unwrap_or_default();
    let forward = number.parse().is_ok_and(|number: i32| number > known.current);
    let mut declared = place.inventory.of_type("AWS::ECS::TaskDefinition");
    let is_declared = declared.any(|(_, id)| id == done.end.task_definition);
    session.printer.status(&format!(
        "{name} {}: {} of {} tasks run {}{}",
        if forward { "went forward" } else { "is rolled back" },
        done.end.running,
        done.end.desired,
        Printable(now),
        if is_declared { format!(", as {} declares it", done.stack) } else { String::new() }
    ));
    if !is_declared {
        let message = format!(
            "{} now drifts: its template has another revision, and a deployment that changes the service brings that back",
            done.stack
        );
        let hint = format!(
            "to bring the images into the stack: `docuthinker rollback {} --service {name} --to v{number}`",
            done.stack
        );
        session.printer.problem(&Problem::warning("rollback/drifts", message).hint(hint));
    }
    if session.printer.json() {
        session.printer.result_json(&done)?;
    }
    Ok(Exit::Done)
}

/// Where ECS goes back to when it stops a deployment: to what the service ran before it. `None` if ECS tells of no
/// deployment that succeeded; it keeps them for 90 days.
///
/// Source: `StopServiceDeployment`, stop type `ROLLBACK`, in the API reference of ECS.
fn last_good(known: &Deployments) -> Option<&NumberedDeployment> {
    let ended = |one: &NumberedDeployment| {
        let succeeded = one.rollouts.iter().filter(|rollout| rollout.status == "SUCCESSFUL");
        succeeded.filter_map(|rollout| rollout.ended).max()
    };
    let all = known.deployments.iter().filter_map(|one| Some((ended(one)?, one)));
    all.max_by_key(|(ended, _)| *ended).map(|(_, one)| one)
}

/// The deployment to go back to from the one with the number `from`.
fn target<'a>(
    known: &'a Deployments,
    from: i32,
    to: Option<i32>,
    service: &InService,
) -> Result<&'a NumberedDeployment> {
    let Some(number) = to else { return the_one_before(known, from, service) };
    if number == from {
        let message = format!("{} is at v{number} already", service.name);
        return Err(Failure::refused(Problem::error("rollback/there", message)));
    }
    numbered(known, number, service)
}

/// The deployment with this number.
pub(crate) fn numbered<'a>(
    known: &'a Deployments,
    number: i32,
    service: &InService,
) -> Result<&'a NumberedDeployment> {
    known.deployments.iter().find(|one| one.number == number).ok_or_else(|| {
        let message = format!("no deployment of {} is v{number}", service.name);
        let all: Vec<String> = known.deployments.iter().map(|one| format!("v{}", one.number)).collect();
        let hint = format!("there are {}", all.join(", "));
        Failure::usage(Problem::error("usage/unknown-deployment", message).hint(hint))
    })
}

/// The newest below that did not fail.
fn the_one_before<'a>(
    known: &'a Deployments,
    from: i32,
    service: &InService,
) -> Result<&'a NumberedDeployment> {
    let good = |one: &&NumberedDeployment| {
        one.number < from && !matches!(one.ending, Ending::RolledBack | Ending::Failed)
    };
    known.deployments.iter().find(good).ok_or_else(|| {
        let message = format!("there is no deployment of {} before v{from} that succeeded", service.name);
        Failure::new(Exit::Blocked, vec![Problem::error("rollback/first", message)])
    })
}

/// The project's image of the task definition with this logical id in this stack, if a setting decides it.
pub(crate) fn built_image(
    place: &Place,
    task_definition: Option<&str>,
    config: &Config,
    session: &Session<'_>,
) -> Option<BuiltImage> {
    let images = session.project.images(&config.settings).into_iter();
    images.into_iter().find(|image| {
        image.stack == place.inventory.stack.name && Some(image.task_definition.as_str()) == task_definition
    })
}

/// The command that goes back to this deployment.
fn again(place: &Place, service: &InService, to: &NumberedDeployment) -> String {
    format!("docuthinker rollback {} --service {} --to v{}", place.stack.label(), service.name, to.number)
}
