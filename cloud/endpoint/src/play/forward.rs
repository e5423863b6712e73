//! The execution of a change set: resources are made and changed, in the order of their dependencies.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Course, failed_to};
use crate::changes::{Change, kind};
use crate::clock::Micros;
use crate::effects::{Becomes, Effect, TICK};
use crate::nesting;
use crate::scenario::{Outcome, Phase};
use crate::state::{Hook, Stack};
use crate::template::{Template, references};
use crate::world::World;

/// How it goes in one stack.
#[derive(Debug)]
struct Planned {
    course: Course,
    /// When it has succeeded; `None` if it never ends, or fails.
    end: Option<Micros>,
    failure: Option<Micros>,
}

/// How it goes for one resource.
#[derive(Debug)]
struct Fate {
    start: Micros,
    end: Option<Micros>,
    failure: Option<(Micros, Failure)>,
    nested: Option<(Stack, Planned)>,
}

#[derive(Debug, Clone)]
enum Failure {
    Reason(String),
    Hook(Hook),
    /// What a nested stack says of itself is known when it happens.
    Nested,
}

/// Plays the execution of a change set on a root stack.
pub(crate) fn execute(
    world: &mut World,
    stack_id: &str,
    target: &Template,
    token: Option<String>,
    start: Micros,
) {
    let Some(stack) = world.stack(stack_id).cloned() else { return };
    let creates = stack.is_being_created();
    let (kind, status) =
        if creates { ("CREATE_STACK", "CREATE_IN_PROGRESS") } else { ("UPDATE_STACK", "UPDATE_IN_PROGRESS") };
    let mut course = Course::default();
    let begin = Effect::Begin {
        stack: stack.id.clone(),
        kind,
        token: token.clone(),
        target: Some(Box::new(target.clone())),
    };
    course.at(start, begin);
    course.status(start, &stack.id, status, Some("User Initiated".to_owned()));
    let planned = plan(world, &stack, target, token.as_ref(), start + TICK);
    course.extend(planned.course);
    finish(&mut course, &stack, creates, planned.end, planned.failure);
    let offset = world.scenario.foreign.iter().find(|(name, _)| *name == stack.name).map(|(_, after)| *after);
    if let Some(after) = offset {
        let at = start + world.clock.scaled(after);
        course.at(at, foreign(world, &stack));
    }
    for (at, effect) in course.into_steps() {
        world.schedule(stack_id, at, effect);
    }
}

/// The end of the execution in the root stack.
fn finish(course: &mut Course, stack: &Stack, creates: bool, end: Option<Micros>, failure: Option<Micros>) {
    let id = &stack.id;
    if let Some(at) = failure {
        course.at(at + TICK, Effect::CancelRunning { stack: id.clone() });
        if stack.keeps_failures {
            let status = if creates { "CREATE_FAILED" } else { "UPDATE_FAILED" };
            course.status(at + 2 * TICK, id, status, None);
            course.end(at + 2 * TICK, id, true);
        } else {
            course.at(at + 2 * TICK, Effect::RollBack { stack: id.clone() });
        }
        return;
    }
    let Some(end) = end else { return };
    if creates {
        course.status(end + TICK, id, "CREATE_COMPLETE", None);
        course.end(end + TICK, id, false);
    } else {
        course.status(end + TICK, id, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None);
        course.at(end + 2 * TICK, Effect::CleanUp { stack: id.clone() });
    }
}

/// Plans one stack, root or nested, without its own first and last status.
fn plan(
    world: &mut World,
    stack: &Stack,
    target: &Template,
    token: Option<&String>,
    start: Micros,
) -> Planned {
    let changes: Vec<_> = nesting::executed(world, stack, target)
        .into_iter()
        .filter(|change| change.action != "Remove")
        .collect();
    let fates = fates(world, stack, target, token, &changes, start);
    let failure = fates.values().filter_map(|fate| fate.failure.as_ref().map(|(at, _)| *at)).min();
    let mut course = Course::default();
    let mut fates = fates;
    for change in &changes {
        let Some(fate) = fates.remove(&change.logical) else { continue };
        if failure.is_none_or(|at| fate.start <= at) {
            let mut own = course_of(world, stack, target, change, fate);
            if let Some(at) = failure {
                own.cut(at);
            }
            course.extend(own);
        }
    }
    let ends = || changes.iter().map(|change| ends_at(&course, &stack.id, &change.logical));
    let end = if failure.is_some() || ends().any(|end| end.is_none()) {
        None
    } else {
        Some(ends().flatten().max().unwrap_or(start))
    };
    Planned { course, end, failure }
}

fn ends_at(course: &Course, id: &str, wanted: &str) -> Option<Micros> {
    course.0.iter().find_map(|(at, effect)| match effect {
        Effect::Resource { stack, logical, status: "CREATE_COMPLETE" | "UPDATE_COMPLETE", .. } => {
            (stack == id && logical == wanted).then_some(*at)
        }
        _ => None,
    })
}

/// When each changed resource begins and ends: after those it depends on.
fn fates(
    world: &mut World,
    stack: &Stack,
    target: &Template,
    token: Option<&String>,
    changes: &[Change],
    start: Micros,
) -> BTreeMap<String, Fate> {
    let touched: BTreeSet<_> = changes.iter().map(|change| change.logical.as_str()).collect();
    let mut fates: BTreeMap<String, Fate> = BTreeMap::new();
    let mut waiting: Vec<&Change> = changes.iter().collect();
    while !waiting.is_empty() {
        let needs = |change: &Change| -> Vec<String> {
            let definition = target.resource(&change.logical).unwrap_or(&Value::Null);
            let all = references(definition).into_iter();
            all.filter(|id| touched.contains(id.as_str()) && *id != change.logical).collect()
        };
        let ready = |change: &&Change| needs(change).iter().all(|id| fates.contains_key(id));
        let at = waiting.iter().position(ready);
        // A circle, which AWS would have refused, is cut anywhere.
        let change = waiting.remove(at.unwrap_or(0));
        let ends: Vec<_> = needs(change).iter().filter_map(|id| fates.get(id)).map(|fate| fate.end).collect();
        let begins = ends.iter().try_fold(start, |latest, end| end.map(|end| latest.max(end + TICK)));
        let fate = match begins {
            Some(begins) => fate(world, stack, target, token, change, begins),
            None => Fate { start: Micros::MAX, end: None, failure: None, nested: None },
        };
        fates.insert(change.logical.clone(), fate);
    }
    fates.retain(|_, fate| fate.start != Micros::MAX);
    fates
}

fn fate(
    world: &mut World,
    stack: &Stack,
    target: &Template,
    token: Option<&String>,
    change: &Change,
    start: Micros,
) -> Fate {
    let usual = world.clock.scaled(world.usual(&change.kind));
    let mut fate = Fate { start, end: Some(start + usual), failure: None, nested: None };
    let script = world.script(stack, &change.logical, Phase::Forward);
    if change.kind == "AWS::CloudFormation::Stack" && script.is_none() {
        let (child, planned) = nested(world, stack, target, token, change, start);
        fate.end = planned.end.map(|end| end + 2 * TICK);
        fate.failure = planned.failure.map(|at| (at + 3 * TICK, Failure::Nested));
        fate.nested = Some((child, planned));
        return fate;
    }
    match script {
        Some(Outcome::Fails(reason)) => fate.failure = Some((start + usual, Failure::Reason(reason))),
        Some(Outcome::Hooked(name, reason)) => {
            let hook = Hook { invocation: world.uuid(), name, reason };
            fate.failure = Some((start + TICK, Failure::Hook(hook)));
        }
        Some(Outcome::Hangs) => fate.end = None,
        Some(Outcome::Takes(time)) => fate.end = Some(start + world.clock.scaled(time)),
        None => {}
    }
    if fate.failure.is_some() {
        fate.end = None;
    }
    fate
}

/// A nested stack, as it is or as it will be made, and its own course.
fn nested(
    world: &mut World,
    stack: &Stack,
    target: &Template,
    token: Option<&String>,
    change: &Change,
    start: Micros,
) -> (Stack, Planned) {
    let existing = nesting::child(world, stack, &change.logical);
    let is_there = existing.is_some();
    let child = existing.unwrap_or_else(|| nesting::new_child(world, stack, &change.logical, start));
    let definition = target.resource(&change.logical).cloned().unwrap_or_default();
    let template = nesting::template(world, stack, &change.logical, &definition);
    let creates = child.is_being_created();
    let mut planned = plan(world, &child, &template, token, start + 2 * TICK);
    let (kind, status) =
        if creates { ("CREATE_STACK", "CREATE_IN_PROGRESS") } else { ("UPDATE_STACK", "UPDATE_IN_PROGRESS") };
    let mut course = Course::default();
    if !is_there {
        course.at(start + TICK, Effect::NewStack(Box::new(child.clone())));
    }
    let token = token.cloned();
    course.at(
        start + TICK,
        Effect::Begin { stack: child.id.clone(), kind, token, target: Some(Box::new(template)) },
    );
    course.status(start + TICK, &child.id, status, None);
    course.extend(std::mem::take(&mut planned.course));
    if let Some(at) = planned.failure {
        course.at(at + TICK, Effect::CancelRunning { stack: child.id.clone() });
        let status = if creates { "CREATE_FAILED" } else { "UPDATE_FAILED" };
        course.status(at + 2 * TICK, &child.id, status, None);
    } else if let Some(end) = planned.end {
        let status = if creates { "CREATE_COMPLETE" } else { "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" };
        course.status(end + TICK, &child.id, status, None);
        if creates {
            course.end(end + TICK, &child.id, false);
        }
    }
    planned.course = course;
    (child, planned)
}

/// The events of one resource.
fn course_of(world: &mut World, stack: &Stack, target: &Template, change: &Change, fate: Fate) -> Course {
    const REPLACEMENT: &str =
        "Requested update requires the creation of a new physical resource; hence creating one.";
    let (id, logical) = (&stack.id, &change.logical);
    let definition = target.resource(logical).cloned().unwrap_or_default();
    let mut course = Course::default();
    let creates = change.action == "Add";
    let either = |created, updated| if creates { created } else { updated };
    let progress = either("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS");
    let first = if creates {
        Becomes::New { kind: kind(&definition), definition: definition.clone() }
    } else {
        Becomes::Touched
    };
    course.resource(fate.start, id, logical, first, progress, change.replaces().then_some(REPLACEMENT));
    let until = fate.end.or(fate.failure.as_ref().map(|(at, _)| *at)).unwrap_or(fate.start + 10 * TICK);
    let hooked = matches!(fate.failure, Some((_, Failure::Hook(_))));
    let is_stack = fate.nested.is_some();
    if (creates || change.replaces()) && !hooked {
        let physical = match &fate.nested {
            Some((child, _)) => child.id.clone(),
            None => world.physical_id(stack, logical, &definition),
        };
        let at = if is_stack { fate.start + TICK } else { fate.start + (until - fate.start) / 5 };
        let initiated = Some("Resource creation Initiated");
        course.resource(at, id, logical, Becomes::Physical(physical), progress, initiated);
    }
    let failed = either("CREATE_FAILED", "UPDATE_FAILED");
    match fate.failure {
        Some((at, Failure::Reason(reason))) => {
            course.resource(at, id, logical, Becomes::Same, failed, Some(&reason));
        }
        Some((at, Failure::Hook(hook))) => {
            let (stack, logical) = (id.clone(), logical.clone());
            course.at(at, Effect::Hooked { stack, logical, status: failed, hook });
        }
        Some((at, Failure::Nested)) => {
            let child = fate.nested.as_ref().map(|(child, _)| child.id.clone()).unwrap_or_default();
            let done = either("created", "updated");
            let reason = format!("Embedded stack {child} was not successfully {done}: ");
            course.resource(at, id, logical, Becomes::Same, failed, Some(&reason));
        }
        None => {
            if let Some(end) = fate.end {
                let done = either("CREATE_COMPLETE", "UPDATE_COMPLETE");
                course.resource(end, id, logical, Becomes::Defined(definition), done, None);
            }
        }
    }
    if let Some((_, planned)) = fate.nested {
        course.extend(planned.course);
    }
    course
}

/// An event as if somebody else had done something.
fn foreign(world: &mut World, stack: &Stack) -> Effect {
    let event = crate::state::Event {
        serial: 0,
        id: String::new(),
        kind: "STACK_EVENT",
        at: 0,
        logical: "SomebodyElses".to_owned(),
        physical: "somebody-elses".to_owned(),
        resource_type: "AWS::SNS::Topic".to_owned(),
        status: "UPDATE_FAILED".to_owned(),
        reason: Some("this is of another operation".to_owned()),
        operation: world.uuid(),
        operation_kind: "UPDATE_STACK",
        token: Some("somebody-elses-token".to_owned()),
        hook: None,
        validation: None,
    };
    Effect::Foreign { stack: stack.id.clone(), event: Box::new(event) }
}

/// What a stack says when something in it failed.
pub(crate) fn failure_text(stack: &Stack) -> String {
    let with = |status: &str| -> Vec<String> {
        let failed = stack.resources.values().filter(|resource| resource.status == status);
        failed.map(|resource| resource.logical.clone()).collect()
    };
    let (created, updated) = (with("CREATE_FAILED"), with("UPDATE_FAILED"));
    let mut text = String::new();
    if !created.is_empty() {
        text += &failed_to("create", &created);
    }
    if !updated.is_empty() {
        text += &failed_to("update", &updated);
    }
    text
}
