//! The deletion of resources: after those that refer to them, with the stacks nested in them.

use super::{Course, failed_to};
use crate::clock::Micros;
use crate::effects::{Becomes, Effect, TICK};
use crate::scenario::{Outcome, Phase};
use crate::state::{Resource, Stack};
use crate::template::references;
use crate::world::World;

/// How a deletion goes.
#[derive(Debug, Default)]
pub(crate) struct Removal {
    pub(crate) course: Course,
    /// When all is done; `None` if it never ends.
    pub(crate) end: Option<Micros>,
    /// The logical ids of what could not be deleted.
    pub(crate) failed: Vec<String>,
}

/// What is deleted: a resource of the stack, or one that it has replaced.
#[derive(Debug, Clone)]
pub(crate) struct Doomed {
    pub(crate) resource: Resource,
    pub(crate) replaced: bool,
}

/// Deletes these resources of a stack. `retained` are left in the account, like those whose `policy` says so.
pub(crate) fn remove(
    world: &mut World,
    stack: &Stack,
    mut doomed: Vec<Doomed>,
    start: Micros,
    (phase, policy): (Phase, &str),
    retained: &[String],
    token: Option<&String>,
) -> Removal {
    let mut removal = Removal { end: Some(start), ..Removal::default() };
    // Logical id and end; `None` for what stays, which keeps what it refers to as well.
    let mut done: Vec<(Resource, Option<Micros>)> = Vec::new();
    while !doomed.is_empty() {
        let free =
            doomed.iter().position(|one| !doomed.iter().any(|other| refers(&other.resource, &one.resource)));
        let one = doomed.remove(free.unwrap_or(0));
        let users = done.iter().filter(|(other, _)| refers(other, &one.resource));
        let begins = users.map(|(_, end)| *end).try_fold(start, |at, end| end.map(|end| at.max(end + TICK)));
        let end = begins.and_then(|at| {
            let keep = retained.contains(&one.resource.logical) || keeps(&one, policy);
            remove_one(world, stack, &one, at, phase, keep, token, &mut removal)
        });
        let failed = removal.failed.contains(&one.resource.logical);
        if let Some(end) = end {
            removal.end = removal.end.map(|latest| latest.max(end));
        } else if begins.is_some() && !failed {
            removal.end = None;
        }
        done.push((one.resource, end.filter(|_| !failed)));
    }
    removal
}

fn refers(user: &Resource, other: &Resource) -> bool {
    user.logical != other.logical && references(&user.definition).contains(&other.logical)
}

fn keeps(one: &Doomed, policy: &str) -> bool {
    let name = if one.replaced { "UpdateReplacePolicy" } else { "DeletionPolicy" };
    match one.resource.policy(name) {
        "Retain" => true,
        "RetainExceptOnCreate" => !matches!(policy, "creation" | "rollback"),
        _ => false,
    }
}

#[expect(clippy::too_many_arguments, reason = "one step of `remove`, with all it knows")]
fn remove_one(
    world: &mut World,
    stack: &Stack,
    one: &Doomed,
    at: Micros,
    phase: Phase,
    keep: bool,
    token: Option<&String>,
    removal: &mut Removal,
) -> Option<Micros> {
    let Doomed { resource, replaced } = one;
    let (id, logical) = (&stack.id, &resource.logical);
    let becomes = |gone: bool| match (&resource.physical, replaced) {
        (Some(physical), true) => {
            Becomes::Old { physical: physical.clone(), kind: resource.kind.clone(), gone }
        }
        _ if gone => Becomes::Gone,
        _ => Becomes::Same,
    };
    let course = &mut removal.course;
    if keep {
        course.resource(at, id, logical, becomes(true), "DELETE_SKIPPED", None);
        return Some(at);
    }
    let usual = world.clock.scaled(world.usual(&resource.kind));
    let script = world.script(stack, logical, phase);
    course.resource(at, id, logical, becomes(false), "DELETE_IN_PROGRESS", None);
    let nested =
        resource.physical.as_ref().filter(|_| resource.is_stack()).and_then(|id| world.stack(id)).cloned();
    if let Some(child) = nested.filter(|_| script.is_none()) {
        let inner = delete_tree(world, &child, at + TICK, token.cloned(), &[]);
        let failed = !inner.failed.is_empty();
        removal.course.extend(inner.course);
        let end = inner.end? + 2 * TICK;
        if failed {
            let reason = format!(
                "Embedded stack {} was not successfully deleted: {}",
                child.id,
                failed_to("delete", &inner.failed)
            );
            removal.course.resource(end, id, logical, Becomes::Same, "DELETE_FAILED", Some(&reason));
            removal.failed.push(logical.clone());
        } else {
            removal.course.resource(end, id, logical, becomes(true), "DELETE_COMPLETE", None);
        }
        return Some(end);
    }
    let course = &mut removal.course;
    match script {
        Some(Outcome::Fails(reason) | Outcome::Hooked(_, reason)) => {
            let mut end = at + usual;
            course.resource(end, id, logical, becomes(false), "DELETE_FAILED", Some(&reason));
            // The clean-up of an update tries three times, and then takes the resource out of the stack.
            let more = if phase == Phase::CleanUp { 2 } else { 0 };
            for attempt in 1..=more {
                course.resource(end + TICK, id, logical, becomes(false), "DELETE_IN_PROGRESS", None);
                end += TICK + usual;
                course.resource(end, id, logical, becomes(attempt == more), "DELETE_FAILED", Some(&reason));
            }
            removal.failed.push(logical.clone());
            Some(end)
        }
        Some(Outcome::Hangs) => None,
        script => {
            let time = match script {
                Some(Outcome::Takes(time)) => world.clock.scaled(time),
                _ => usual,
            };
            removal.course.resource(at + time, id, logical, becomes(true), "DELETE_COMPLETE", None);
            Some(at + time)
        }
    }
}

/// Deletes a stack with all that is in it; the caller has checked that this is allowed.
pub(crate) fn delete_tree(
    world: &mut World,
    stack: &Stack,
    start: Micros,
    token: Option<String>,
    retained: &[String],
) -> Removal {
    let id = &stack.id;
    let mut course = Course::default();
    course.at(
        start,
        Effect::Begin { stack: id.clone(), kind: "DELETE_STACK", token: token.clone(), target: None },
    );
    let reason = stack.parent.is_none().then(|| "User Initiated".to_owned());
    course.status(start, id, "DELETE_IN_PROGRESS", reason);
    let existing = stack.resources.values().filter(|resource| resource.exists());
    let replaced = stack.obsolete.iter().cloned().map(|resource| Doomed { resource, replaced: true });
    let doomed =
        existing.cloned().map(|resource| Doomed { resource, replaced: false }).chain(replaced).collect();
    let how = (Phase::Delete, "deletion");
    let mut removal = remove(world, stack, doomed, start + TICK, how, retained, token.as_ref());
    course.extend(std::mem::take(&mut removal.course));
    if let Some(end) = removal.end {
        if removal.failed.is_empty() {
            course.status(end + TICK, id, "DELETE_COMPLETE", None);
        } else {
            course.status(end + TICK, id, "DELETE_FAILED", Some(failed_to("delete", &removal.failed)));
        }
        course.end(end + TICK, id, !removal.failed.is_empty());
        removal.end = Some(end + TICK);
    }
    removal.course = course;
    removal
}
