//! Drift detection: whether resources are as the template has them.

use super::page;
use crate::clock::{Micros, iso};
use crate::request::{Answer, Refusal, Request, required};
use crate::scenario::Drift;
use crate::state::{Resource, Stack};
use crate::world::{Caller, World};
use crate::xml::{Xml, xml};

/// A look at all resources of a stack.
#[derive(Debug, Clone)]
pub(crate) struct Detection {
    pub(crate) id: String,
    pub(crate) stack_id: String,
    pub(crate) began: Micros,
    pub(crate) ends: Micros,
}

/// Stacks whose resources can be looked at.
const STEADY: [&str; 6] = [
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_FAILED",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
];

/// Source: [DetectStackDrift](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DetectStackDrift.html).
pub(super) fn detect(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let stack = world.found(caller, required(request, "StackName")?)?;
    let (stack_id, name, status) = (stack.id.clone(), stack.name.clone(), stack.status.clone());
    if !STEADY.contains(&status.as_str()) {
        let text = format!("Drift detection is not supported for stack [{name}] in status [{status}]");
        return Err(Refusal::validation(text));
    }
    let now = world.clock.now();
    let others = world.scenario.detections.iter().rfind(|(of, _)| *of == name).map(|(_, time)| *time);
    let others = others.map(|time| world.clock.began() + world.clock.scaled(time));
    let own =
        world.detections.iter().filter(|known| known.stack_id == stack_id).map(|known| known.ends).max();
    if others.max(own).is_some_and(|ends| ends > now) {
        let text = format!("Drift detection is already in progress for stack [{stack_id}]");
        return Err(Refusal::validation(text));
    }
    let id = world.uuid();
    let ends = now + world.clock.scaled(world.scenario.detection_delay);
    world.detections.push(Detection { id: id.clone(), stack_id, began: now, ends });
    Ok(xml(|x| x.text("StackDriftDetectionId", &id)))
}

/// Source: [DescribeStackDriftDetectionStatus][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackDriftDetectionStatus.html
pub(super) fn status(world: &mut World, _: &Caller, request: &Request) -> Answer {
    let id = required(request, "StackDriftDetectionId")?;
    let Some(known) = world.detections.iter().find(|known| known.id == id).cloned() else {
        return Err(Refusal::validation(format!("Drift detection [{id}] does not exist")));
    };
    let ended = world.clock.now() >= known.ends;
    let reason = world.scenario.failed_detection.as_deref().filter(|_| ended);
    let drifted = world.stack(&known.stack_id).map_or(0, |stack| {
        let drifted =
            |resource: &&Resource| matches!(told(world, stack, resource), Some("MODIFIED" | "DELETED"));
        stack.resources.values().filter(drifted).count()
    });
    Ok(xml(|x| {
        x.text("StackId", &known.stack_id);
        x.text("StackDriftDetectionId", &known.id);
        let status = match (ended, reason) {
            (false, _) => "DETECTION_IN_PROGRESS",
            (true, Some(_)) => "DETECTION_FAILED",
            (true, None) => "DETECTION_COMPLETE",
        };
        x.text("DetectionStatus", status);
        x.maybe("DetectionStatusReason", reason);
        if ended {
            x.text("StackDriftStatus", if drifted > 0 { "DRIFTED" } else { "IN_SYNC" });
            x.text("DriftedStackResourceCount", &drifted.to_string());
        }
        x.text("Timestamp", &iso(known.began));
    }))
}

/// What the stack's newest look that has ended found.
pub(super) fn of_stack(world: &World, stack: &Stack) -> &'static str {
    let now = world.clock.now();
    let looked = world.detections.iter().any(|known| known.stack_id == stack.id && known.ends <= now);
    let drifted = |resource: &Resource| matches!(told(world, stack, resource), Some("MODIFIED" | "DELETED"));
    match looked {
        false => "NOT_CHECKED",
        true if stack.resources.values().any(drifted) => "DRIFTED",
        true => "IN_SYNC",
    }
}

/// Source: [DescribeStackResourceDrifts][aws]: what was not looked at, or cannot be, is not in the list.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResourceDrifts.html
pub(super) fn resources(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let stack = world.found(caller, required(request, "StackName")?)?.clone();
    let now = world.clock.now();
    let looked = world.detections.iter().filter(|known| known.stack_id == stack.id && known.ends <= now);
    let Some(at) = looked.map(|known| known.ends).max() else {
        return Ok(xml(|x| x.list("StackResourceDrifts", [] as [(); 0], |_, ()| {})));
    };
    let wanted = request.list("StackResourceDriftStatusFilters");
    let all: Vec<(Resource, &str, Vec<Drift>)> = stack
        .resources
        .values()
        .filter_map(|resource| {
            let status = told(world, &stack, resource)?;
            Some((resource.clone(), status, drifts(world, &stack, resource).cloned().collect()))
        })
        .filter(|(_, status, _)| wanted.is_empty() || wanted.iter().any(|wanted| wanted == status))
        .collect();
    let (resources, next) = page(world, request, all)?;
    Ok(xml(|x| {
        x.list("StackResourceDrifts", &resources, |x, (resource, status, drifts)| {
            x.text("StackId", &stack.id);
            x.text("LogicalResourceId", &resource.logical);
            x.maybe("PhysicalResourceId", resource.physical.as_deref());
            x.text("ResourceType", &resource.kind);
            x.text("StackResourceDriftStatus", status);
            x.text("Timestamp", &iso(at));
            found(x, drifts);
        });
        x.maybe("NextToken", next.as_deref());
    }))
}

fn found(x: &mut Xml, drifts: &[Drift]) {
    let differs = |drift: &&Drift| matches!(drift, Drift::Differs { .. });
    x.list("PropertyDifferences", drifts.iter().filter(differs), |x, drift| {
        let Drift::Differs { path, expected, actual } = drift else { return };
        x.text("PropertyPath", path);
        x.text("ExpectedValue", expected.as_deref().unwrap_or("null"));
        x.text("ActualValue", actual.as_deref().unwrap_or("null"));
        let kind = match (expected, actual) {
            (None, _) => "ADD",
            (_, None) => "REMOVE",
            _ => "NOT_EQUAL",
        };
        x.text("DifferenceType", kind);
    });
    for drift in drifts {
        match drift {
            Drift::Properties(expected, actual) => {
                x.text("ExpectedProperties", expected);
                x.text("ActualProperties", actual);
            }
            Drift::Unknown(reason) => x.text("DriftStatusReason", reason),
            Drift::Differs { .. } | Drift::Deleted | Drift::Unsupported => {}
        }
    }
}

/// What the test says of a resource.
fn drifts<'w>(world: &'w World, stack: &'w Stack, resource: &'w Resource) -> impl Iterator<Item = &'w Drift> {
    let named = format!("{}/{}", stack.name, resource.logical);
    let of_it = move |(id, _): &&(String, Drift)| *id == resource.logical || *id == named;
    world.scenario.drifts.iter().filter(of_it).map(|(_, drift)| drift)
}

/// The resource's status; none if it cannot be looked at.
fn told(world: &World, stack: &Stack, resource: &Resource) -> Option<&'static str> {
    let all: Vec<&Drift> = drifts(world, stack, resource).collect();
    let any = |is: fn(&Drift) -> bool| all.iter().any(|drift| is(drift));
    if any(|drift| matches!(drift, Drift::Unsupported)) || resource.is_stack() || !resource.exists() {
        None
    } else if any(|drift| matches!(drift, Drift::Deleted)) {
        Some("DELETED")
    } else if any(|drift| matches!(drift, Drift::Unknown(_))) {
        Some("UNKNOWN")
    } else if any(|drift| matches!(drift, Drift::Differs { .. })) {
        Some("MODIFIED")
    } else {
        Some("IN_SYNC")
    }
}
