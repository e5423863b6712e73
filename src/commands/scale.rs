//! `scale`: another number of tasks.

mod declared;

use std::time::Duration;

use cloud::RolloutChange;
use serde::Serialize;
use serde_json::Value;

use self::declared::{Bounds, Declared};
use super::estate::{InService, InStacks, Place, services};
use super::rollout::{Done, Wanted, revision, roll_out};
use crate::aws::{self, Aws};
use crate::exit::Exit;
use crate::problem::{Failure, Printable, Problem, Result};
use crate::session::Session;
use crate::templates;

/// Change how many tasks a service runs, and wait until they do
///
/// Nothing is deployed. Where autoscaling decides the number, only one within its bounds is taken, and autoscaling may change it
/// again. Where the template names a number, the next deployment of the stack may bring that back, and the command says so.
#[derive(Debug, clap::Args)]
pub(crate) struct Scale {
    /// Service as people call it, for example `backend`
    #[arg(value_name = "SERVICE")]
    service: String,

    /// How many tasks; 0 stops all of them, and asks
    #[arg(value_name = "COUNT", value_parser = clap::value_parser!(i32).range(0..))]
    count: i32,

    #[command(flatten)]
    stacks: InStacks,

    /// Stop following after this long, for example `30m`; ECS goes on
    #[arg(long, value_name = "TIME", default_value = "60m", value_parser = super::target::duration)]
    timeout: Duration,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    #[serde(flatten)]
    done: Done,
    /// Whether autoscaling decides the number.
    autoscaled: bool,
    /// The number that the template names, if it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    declared: Option<i32>,
}

pub(crate) fn run(args: &Scale, session: &mut Session<'_>) -> Result {
    let mut aws = Aws::new(&session.global)?;
    let places = args.stacks.places(&mut aws, session)?;
    let chosen = services(&places, std::slice::from_ref(&args.service))?;
    let Some(service) = chosen.into_iter().next() else { return Ok(Exit::Done) };
    let place = &places[service.place];
    let declared = declared(place, &service, &aws, session)?;
    if let Some(bounds) = &declared.bounds {
        refuse_outside(args.count, bounds, &declared, place, session)?;
    }
    if args.count == 0 {
        let question = format!("This stops all tasks of {}. Go on?", service.name);
        aws::confirm("stopping all tasks", &question, session.global.yes, &aws)?;
    }
    let wanted = Wanted { service, change: RolloutChange::Scale(args.count) };
    let ends = roll_out(std::slice::from_ref(&wanted), &places, Some(args.timeout), &aws, session);
    let done = ends.into_iter().next().expect("one service has one end")?;
    tell(&done, &declared, session);
    if session.printer.json() {
        let autoscaled = declared.bounds.is_some();
        session.printer.result_json(&Report { done, autoscaled, declared: declared.count })?;
    }
    Ok(Exit::Done)
}

fn tell(done: &Done, declared: &Declared, session: &mut Session<'_>) {
    let text = format!(
        "{} is scaled: {} of {} tasks run {}",
        done.service,
        done.end.running,
        done.end.desired,
        Printable(revision(&done.end.task_definition))
    );
    session.printer.status(&text);
    if declared.bounds.is_some() {
        session.printer.status("autoscaling may change the number again");
    } else if let Some(count) = declared.count.filter(|count| *count != done.end.desired) {
        let message = format!(
            "{} now drifts: the template of {} has {count} tasks, and a deployment that changes the service brings them back",
            done.service, done.stack
        );
        let hint = format!("to keep {}, set `DesiredCount` of {} to it", done.end.desired, declared.service);
        session.printer.problem(&Problem::warning("scale/drifts", message).hint(hint));
    }
}

/// What the deployed template says of the service's number of tasks.
fn declared(place: &Place, service: &InService, aws: &Aws, session: &mut Session<'_>) -> Result<Declared> {
    let (template, parameters) = deployed(place, aws, session)?;
    Ok(Declared::of(&template, &parameters, place, &service.service))
}

/// The deployed template of a stack as data, and the values of its parameters.
pub(crate) fn deployed(
    place: &Place,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<(Value, std::collections::BTreeMap<String, String>)> {
    let stack = aws.look(cloud::deployed_stack(&place.connection, &place.inventory.stack.stack_id))?;
    let Some((text, parameters)) = stack.and_then(|stack| Some((stack.template?, stack.parameters))) else {
        let message = format!("{} has no template any more", place.stack.label());
        return Err(Failure::new(Exit::Blocked, vec![Problem::error("aws/not-deployed", message)]));
    };
    let document = templates::parse(&text, place.stack.label())?;
    let secret = parameters.iter().filter(|(name, _)| {
        document.template.parameters.get(name).is_some_and(|parameter| parameter.no_echo)
    });
    session.printer.conceal(secret.map(|(_, value)| value.clone()));
    let template = serde_json::from_str(&document.template.to_json_minified()).expect("a template is JSON");
    Ok((template, parameters))
}

/// Autoscaling would change a number outside of its bounds at once.
fn refuse_outside(
    count: i32,
    bounds: &Bounds,
    declared: &Declared,
    place: &Place,
    session: &mut Session<'_>,
) -> Result<()> {
    let (low, high) = (bounds.min.unwrap_or(0), bounds.max.unwrap_or(i32::MAX));
    if (low..=high).contains(&count) {
        return Ok(());
    }
    let (property, key, word, limit) =
        if count < low { ("MinCapacity", "min", "least", low) } else { ("MaxCapacity", "max", "most", high) };
    let message = format!("autoscaling keeps at {word} {limit} tasks, so {count} would not last");
    let setting = session.config().ok().and_then(|config| {
        let task_definition = declared.task_definition.as_deref();
        let image = super::rollback::built_image(place, task_definition, &config, session)?;
        let setting = format!("{}.scaling.{key}", image.setting.strip_suffix(".image")?);
        config.settings.pointer(&format!("/{}", setting.replace('.', "/"))).map(|_| setting)
    });
    let hint = match (setting, &place.stack.synthesized) {
        (Some(setting), Some(stack)) => {
            format!("set `{setting}` to {count} in docuthinker.yaml, then `docuthinker deploy {}`", stack.id)
        }
        _ => format!("set `{property}` of {} in the stack's template, and deploy it", bounds.target),
    };
    Err(Failure::refused(Problem::error("scale/autoscaled", message).hint(hint)))
}
