//! Deploys a stack with its own template, in which only the images of one service are others.

use std::collections::BTreeMap;

use cloud::{DeployOutcome, DeployRequest, DeployedStack, NumberedDeployment, OnTimeout};
use serde_json::{Value, json};
use template::Template;

use super::template::with_images;
use super::{Back, Rollback};
use crate::aws::{self, About, Approval, Aws, Monitor};
use crate::commands::deploy::capabilities;
use crate::commands::estate::{InService, Place};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::project::BuiltImage;
use crate::session::Session;
use crate::templates;

/// The stack as it was deployed.
pub(super) struct Ground {
    stack: DeployedStack,
    template: Value,
    /// The logical id of the service's task definition.
    task_definition: String,
}

/// What is deployed.
pub(super) struct Plan {
    ground: Ground,
    template: Template,
    parameters: BTreeMap<String, String>,
    to: i32,
    backs: Vec<Back>,
}

impl Ground {
    pub(super) fn of(
        place: &Place,
        service: &InService,
        aws: &Aws,
        session: &mut Session<'_>,
    ) -> Result<Ground> {
        let label = place.stack.label();
        let stack = aws.look(cloud::deployed_stack(&place.connection, &place.inventory.stack.stack_id))?;
        let Some(stack) = stack.filter(|stack| stack.template.is_some()) else {
            let message = format!("{label} has no template any more");
            return Err(Failure::new(Exit::Blocked, vec![Problem::error("aws/not-deployed", message)]));
        };
        let document = templates::parse(stack.template.as_deref().unwrap_or_default(), label)?;
        let is_secret = |name: &String| document.template.parameters.get(name).is_some_and(|one| one.no_echo);
        let secret = stack.parameters.iter().filter(|(name, _)| is_secret(name));
        session.printer.conceal(secret.map(|(_, value)| value.clone()));
        let template: Value =
            serde_json::from_str(&document.template.to_json_minified()).expect("a template is JSON");
        let path = format!("/Resources/{}/Properties/TaskDefinition/Ref", service.service.logical_id);
        let Some(task_definition) = template.pointer(&path).and_then(Value::as_str).map(str::to_owned) else {
            let message =
                format!("the task definition of {} is none of {label}'s own template", service.name);
            let hint = "`--fast` changes the service past its stack";
            return Err(Failure::refused(Problem::error("rollback/foreign", message).hint(hint)));
        };
        Ok(Ground { stack, template, task_definition })
    }

    /// The number of the revision that the stack has.
    pub(super) fn revision(&self, place: &Place) -> Option<i32> {
        place.inventory.physical_id(&self.task_definition)?.rsplit(':').next()?.parse().ok()
    }
}

impl Plan {
    pub(super) fn new(
        ground: Ground,
        place: &Place,
        service: &InService,
        to: &NumberedDeployment,
        backs: Vec<Back>,
    ) -> Result<Plan> {
        let label = place.stack.label();
        let edited = with_images(&ground.template, &ground.task_definition, &backs).map_err(|missing| {
            let message = format!(
                "{} of {label} has no container named {}",
                ground.task_definition,
                missing.join(", ")
            );
            let hint = format!("{} --fast", super::again(place, service, to));
            Failure::refused(Problem::error("rollback/no-container", message).hint(hint))
        })?;
        let template = templates::parse(&edited.template.to_string(), label)?.template;
        Ok(Plan { ground, template, parameters: edited.parameters, to: to.number, backs })
    }

    /// The logical id of the service's task definition.
    pub(super) fn task_definition(&self) -> &str {
        &self.ground.task_definition
    }
}

/// Deploys it, with the questions and the view of `deploy`.
pub(super) fn deploy(
    plan: &Plan,
    args: &Rollback,
    place: &Place,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<DeployOutcome> {
    let approval = Approval::new(&args.approval, session.global.yes);
    approval.require_an_answer("rolling back")?;
    let name = &plan.ground.stack.description.name;
    let request = DeployRequest {
        parameters: plan.parameters.clone(),
        tags: plan.ground.stack.tags.clone(),
        capabilities: capabilities(&plan.template),
        timeout: args.timeout,
        on_timeout: OnTimeout::Detach,
        nested_changes: !args.approval.no_nested_changes,
        ..DeployRequest::new(name, plan.template.to_json_minified())
    };
    let synthesized = place.stack.synthesized.as_ref();
    let about = About { connection: &place.connection, name, template: &plan.template, synthesized };
    let monitor = Monitor::new(name, &mut session.printer);
    let work = cloud::deploy_stack(
        &place.connection,
        &request,
        async |question| {
            if let cloud::Question::Changes(set) = &question {
                monitor.plan(set);
            }
            approval.decide(question, about, &monitor, aws.cancel()).await
        },
        |progress| monitor.see(progress),
        aws.cancel(),
    );
    let outcome = aws.run(monitor.during(work));
    monitor.settle();
    outcome.map_err(|error| approval.explain(about, aws::located(&error, synthesized)))
}

/// Says what came of it, and what keeps it so.
pub(super) fn tell(
    plan: &Plan,
    outcome: &DeployOutcome,
    pin: Option<&BuiltImage>,
    service: &InService,
    session: &mut Session<'_>,
) -> Result {
    let name = &plan.ground.stack.description.name;
    let what = if outcome.changed { "is rolled back to the images of" } else { "has already the images of" };
    session.printer.status(&format!("{} {what} v{}", service.name, plan.to));
    let pinned = pin.and_then(|image| {
        let back = plan.backs.iter().find(|back| back.container == image.container)?;
        Some((image.setting.clone(), back.digest.clone()))
    });
    let hint = match &pinned {
        Some((setting, digest)) => format!("set `{setting}: {digest}` in docuthinker.yaml to stay there"),
        None => "name the image by its digest in the template to stay there".to_owned(),
    };
    let message = format!("the next deployment of {name} goes forward again");
    session.printer.problem(&Problem::warning("rollback/not-pinned", message).hint(hint));
    if session.printer.json() {
        let images: Vec<Value> = plan
            .backs
            .iter()
            .map(|back| json!({ "container": back.container, "image": back.uri(), "digest": back.digest }))
            .collect();
        session.printer.result_json(&json!({
            "service": service.name,
            "stack": name,
            "to": plan.to,
            "changed": outcome.changed,
            "images": images,
            "pin": pinned.map(|(setting, digest)| json!({ "setting": setting, "value": digest })),
        }))?;
    }
    Ok(if outcome.leftovers.is_empty() { Exit::Done } else { Exit::Leftovers })
}
