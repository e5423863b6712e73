//! Elastic Load Balancing, as far as it is asked: the health of targets.

use crate::request::{Answer, Refusal, Request, required};
use crate::world::{Caller, World};
use crate::xml::xml;

pub(crate) const NAMESPACE: &str = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";

/// The inside of the answer.
pub(crate) fn answer(world: &World, caller: &Caller, request: &Request) -> Answer {
    match request.action.as_str() {
        "DescribeTargetHealth" => target_health(world, caller, request),
        other => Err(Refusal::new(400, "InvalidAction", format!("Could not find operation {other}"))),
    }
}

/// The targets that the test gave to a target group of a stack.
fn target_health(world: &World, caller: &Caller, request: &Request) -> Answer {
    let arn = required(request, "TargetGroupArn")?;
    let here = world.stacks.iter().filter(|stack| stack.region == caller.region && !stack.is_deleted());
    let mut resources = here.flat_map(|stack| stack.resources.values());
    let group = resources.find(|one| one.physical.as_deref() == Some(arn)).ok_or_else(|| {
        Refusal::new(400, "TargetGroupNotFound", format!("Target groups '{arn}' not found"))
    })?;
    let targets = world.scenario.running.targets.iter().filter(|(id, _)| *id == group.logical);
    Ok(xml(|x| {
        x.list("TargetHealthDescriptions", targets, |x, (_, target)| {
            x.within("Target", |x| {
                x.text("Id", &target.id);
                x.text("Port", "8080");
            });
            x.within("TargetHealth", |x| {
                x.text("State", &target.state);
                if let Some((code, words)) = &target.reason {
                    x.text("Reason", code);
                    x.text("Description", words);
                }
            });
        });
    }))
}
