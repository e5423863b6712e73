//! `events --scaling`: what Application Auto Scaling did to services, and why.

mod text;

use std::time::Duration;

use cloud::{ScalingActivities, Timestamp};
use serde_json::{Value, json};

use super::Events;
use crate::aws::{self, Aws};
use crate::commands::estate::{InService, InStacks, Place, services, short};
use crate::commands::logs::when::When;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// How far back is told, if nothing is said.
const SINCE: Duration = Duration::from_hours(7 * 24);
/// How far back Application Auto Scaling tells.
const ALL: Duration = Duration::from_hours(42 * 24);

/// A service, and what was done to it.
struct Scaled<'a> {
    service: &'a InService,
    place: &'a Place,
    told: ScalingActivities,
}

pub(super) fn run(args: &Events, session: &mut Session<'_>) -> Result {
    if session.global.aws.local {
        let message = "the emulator scales nothing, so there is nothing that was scaled";
        let hint = "`docuthinker events --service NAME --local` tells of its deployments";
        return Err(Failure::refused(Problem::error("events/no-scaling", message).hint(hint)));
    }
    let mut aws = Aws::new(&session.global)?;
    let places = InStacks::only(args.stack.clone()).places(&mut aws, session)?;
    let names: Vec<String> = args.service.iter().cloned().collect();
    let services = services(&places, &names)?;
    let ago = When::Ago(if args.all { ALL } else { SINCE });
    let since = args.since.unwrap_or(ago).time(Timestamp::now());
    let questions = services
        .iter()
        .map(|service| cloud::scaling_activities(&places[service.place].connection, &service.service, since));
    let answers = aws.unless_interrupted(aws::together(questions.collect::<Vec<_>>()))?;
    let mut all = Vec::new();
    for (service, answer) in services.iter().zip(answers) {
        let place = &places[service.place];
        let told = answer.map_err(|error| aws::located(&error, place.stack.synthesized.as_ref()))?;
        all.push(Scaled { service, place, told });
    }
    for one in all.iter().filter(|one| one.told.cut) {
        let message = format!("{} has older activities of this time, which were not read", one.service.name);
        session.printer.problem(&Problem::warning("events/unread", message).hint("ask for a shorter time"));
    }
    if session.printer.json() {
        let services: Vec<Value> = all.iter().map(view).collect();
        session.printer.result_json(&json!({ "since": since, "services": services }))?;
        return Ok(Exit::Done);
    }
    let shown = text::lines(&all, crate::printer::stdout_columns());
    if shown.is_empty() {
        session.printer.status(&text::nothing(&all, since));
        return Ok(Exit::Done);
    }
    session.printer.result(&shown)?;
    for one in all.iter().filter(|one| is_held(&one.told)) {
        let hint = further(one, session);
        session.printer.status(&format!("next: {hint}"));
    }
    Ok(Exit::Done)
}

fn view(one: &Scaled<'_>) -> Value {
    json!({
        "service": one.service.name,
        "stack": one.place.stack.label(),
        "region": one.place.connection.identity().region,
        "activities": one.told.activities,
        "cut": one.told.cut,
    })
}

/// Whether the last that is known of a service is that it had to stay at its maximum.
fn is_held(told: &ScalingActivities) -> bool {
    let last = told.activities.last();
    last.is_some_and(|last| last.not_scaled.iter().any(|reason| reason.code == "AlreadyAtMaxCapacity"))
}

/// How a service that is at its maximum is let go further.
fn further(one: &Scaled<'_>, session: &mut Session<'_>) -> String {
    let (service, stack) = (&one.service.name, one.place.stack.label());
    match setting(one, session) {
        Some(setting) => {
            format!("to let {service} have more tasks, raise `{setting}`, then `docuthinker deploy {stack}`")
        }
        None => {
            format!("to let {service} have more tasks, raise its `MaxCapacity` in the template of {stack}")
        }
    }
}

/// The setting that says how many tasks the service may have at most, if it is one of the project.
fn setting(one: &Scaled<'_>, session: &mut Session<'_>) -> Option<String> {
    let config = session.config().ok()?;
    let images = session.project.images(&config.settings).into_iter();
    let mut own = images.filter(|image| image.stack == one.place.inventory.stack.name);
    let name = |task: &str| short(&task.replace("TaskDefinition", "Service"));
    let image = own.find(|image| name(&image.task_definition) == one.service.name)?;
    let (part, _) = image.setting.rsplit_once('.')?;
    let pointer = format!("/{}/scaling/max", part.replace('.', "/"));
    config.settings.pointer(&pointer).map(|_| format!("{part}.scaling.max"))
}
