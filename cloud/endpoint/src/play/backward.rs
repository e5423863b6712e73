//! The way back: rollbacks, and the clean-up after an update or after its rollback.

use std::collections::BTreeSet;

use super::forward::failure_text;
use super::removal::{Doomed, delete_tree, remove};
use super::{Course, failed_to};
use crate::clock::Micros;
use crate::effects::{Becomes, Effect, TICK};
use crate::scenario::{Outcome, Phase};
use crate::state::{Resource, Stack};
use crate::world::World;

/// What an updated stack says when its clean-up could not delete everything.
const LEFT: &str = "Update successful. One or more resources could not be deleted.";

/// Plays the deletion of a root stack.
pub(crate) fn delete(world: &mut World, id: &str, token: Option<String>, retained: &[String], at: Micros) {
    let Some(stack) = world.stack(id).cloned() else { return };
    world.call_off(id);
    let removal = delete_tree(world, &stack, at, token, retained);
    for (at, effect) in removal.course.into_steps() {
        world.schedule(id, at, effect);
    }
}

/// Plays a rollback of a root stack, as an operation of its own.
pub(crate) fn roll_back(
    world: &mut World,
    id: &str,
    kind: &'static str,
    token: Option<String>,
    skipped: &[String],
    reason: Option<&str>,
    at: Micros,
) {
    let Some(stack) = world.stack(id).cloned() else { return };
    world.call_off(id);
    let mut text = reason.map_or_else(|| failure_text(&stack), str::to_owned);
    let mut course = Course::default();
    course.at(at, Effect::Begin { stack: id.to_owned(), kind, token: token.clone(), target: None });
    if stack.is_being_created() {
        if reason.is_none() {
            text += "Rollback requested by user.";
        }
        course.status(at, id, "ROLLBACK_IN_PROGRESS", Some(text));
        undo_creation(world, &stack, token.as_ref(), at + TICK, &mut course);
    } else {
        course.status(at, id, "UPDATE_ROLLBACK_IN_PROGRESS", Some(text));
        undo_update(world, &stack, token.as_ref(), skipped, at + TICK, &mut course);
    }
    for (at, effect) in course.into_steps() {
        world.schedule(id, at, effect);
    }
}

/// Everything that was made is deleted.
fn undo_creation(world: &mut World, stack: &Stack, token: Option<&String>, at: Micros, course: &mut Course) {
    let existing = stack.resources.values().filter(|resource| resource.exists()).cloned();
    let doomed = existing.map(|resource| Doomed { resource, replaced: false }).collect();
    let removal = remove(world, stack, doomed, at, (Phase::Delete, "creation"), &[], token);
    course.extend(removal.course);
    let Some(end) = removal.end else { return };
    if removal.failed.is_empty() {
        course.status(end + TICK, &stack.id, "ROLLBACK_COMPLETE", None);
    } else {
        course.status(end + TICK, &stack.id, "ROLLBACK_FAILED", Some(failed_to("delete", &removal.failed)));
    }
    course.end(end + TICK, &stack.id, !removal.failed.is_empty());
}

/// How undoing one thing goes: done at a time, failed at a time, or never ended.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Undone {
    At(Micros),
    Failed(Micros),
    Never,
}

/// Everything that was changed becomes what it was; then what was made is deleted.
fn undo_update(
    world: &mut World,
    stack: &Stack,
    token: Option<&String>,
    skipped: &[String],
    at: Micros,
    course: &mut Course,
) -> Undone {
    let id = &stack.id;
    let changed = stack
        .resources
        .values()
        .filter(|resource| resource.before.as_ref().is_some_and(|before| before.existed && !before.restored));
    let undone: Vec<_> =
        changed.map(|resource| undo_one(world, stack, resource, token, skipped, at, course)).collect();
    let failed =
        undone.iter().filter_map(|one| if let Undone::Failed(at) = one { Some(*at) } else { None }).min();
    if let Some(failed) = failed {
        course.cut(failed);
        course.at(failed + TICK, Effect::CancelRunning { stack: id.clone() });
        course.status(failed + 2 * TICK, id, "UPDATE_ROLLBACK_FAILED", None);
        course.end(failed + 2 * TICK, id, true);
        return Undone::Failed(failed + 2 * TICK);
    }
    let mut restored = at;
    for one in undone {
        let Undone::At(end) = one else { return Undone::Never };
        restored = restored.max(end);
    }
    course.at(restored + TICK, Effect::Restore { stack: id.clone() });
    course.status(restored + TICK, id, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None);
    let how = (Phase::CleanUp, "rollback");
    let removal = remove(world, stack, made(stack), restored + 2 * TICK, how, &[], token);
    course.extend(removal.course);
    let Some(end) = removal.end else { return Undone::Never };
    course.status(end + TICK, id, "UPDATE_ROLLBACK_COMPLETE", None);
    course.end(end + TICK, id, false);
    Undone::At(end + TICK)
}

/// What the operation made: new resources, and successors of others.
fn made(stack: &Stack) -> Vec<Doomed> {
    let touched = stack.resources.values().filter_map(|resource| Some((resource, resource.before.as_ref()?)));
    touched
        .filter_map(|(resource, before)| {
            let replaced = before.existed && before.physical != resource.physical;
            let doomed = replaced || (!before.existed && resource.exists());
            doomed.then(|| Doomed { resource: resource.clone(), replaced })
        })
        .collect()
}

/// One resource becomes what it was.
fn undo_one(
    world: &mut World,
    stack: &Stack,
    resource: &Resource,
    token: Option<&String>,
    skipped: &[String],
    at: Micros,
    course: &mut Course,
) -> Undone {
    let (id, logical) = (&stack.id, &resource.logical);
    if skipped.contains(logical) {
        course.resource(at, id, logical, Becomes::Same, "UPDATE_COMPLETE", Some("Rollback skipped"));
        return Undone::At(at);
    }
    course.resource(at, id, logical, Becomes::Touched, "UPDATE_IN_PROGRESS", None);
    let script = world.script(stack, logical, Phase::Rollback);
    let nested =
        resource.physical.as_ref().filter(|_| resource.is_stack()).and_then(|id| world.stack(id)).cloned();
    if let Some(child) = nested.filter(|_| script.is_none()) {
        return undo_nested(world, stack, resource, &child, token, skipped, at, course);
    }
    let usual = world.clock.scaled(world.usual(&resource.kind));
    let time = match script {
        Some(Outcome::Fails(reason) | Outcome::Hooked(_, reason)) => {
            course.resource(at + usual, id, logical, Becomes::Same, "UPDATE_FAILED", Some(&reason));
            return Undone::Failed(at + usual);
        }
        Some(Outcome::Hangs) => return Undone::Never,
        Some(Outcome::Takes(time)) => world.clock.scaled(time),
        None => usual,
    };
    course.resource(at + time, id, logical, Becomes::Restored, "UPDATE_COMPLETE", None);
    Undone::At(at + time)
}

#[expect(clippy::too_many_arguments, reason = "`undo_one` with the nested stack")]
fn undo_nested(
    world: &mut World,
    stack: &Stack,
    resource: &Resource,
    child: &Stack,
    token: Option<&String>,
    skipped: &[String],
    at: Micros,
    course: &mut Course,
) -> Undone {
    let (id, logical) = (&stack.id, &resource.logical);
    let kind = "ROLLBACK";
    course.at(at, Effect::Begin { stack: child.id.clone(), kind, token: token.cloned(), target: None });
    course.status(at, &child.id, "UPDATE_ROLLBACK_IN_PROGRESS", None);
    let of_child = |id: &String| {
        let (stack, rest) = id.split_once('.')?;
        (stack == child.name || stack == logical).then(|| rest.to_owned())
    };
    let inner: Vec<_> = skipped.iter().filter_map(of_child).collect();
    match undo_update(world, child, token, &inner, at + TICK, course) {
        Undone::Failed(done) => {
            let reason = format!("Embedded stack {} was not successfully updated: ", child.id);
            course.resource(done + TICK, id, logical, Becomes::Same, "UPDATE_FAILED", Some(&reason));
            Undone::Failed(done + TICK)
        }
        Undone::At(done) => {
            course.resource(done + TICK, id, logical, Becomes::Restored, "UPDATE_COMPLETE", None);
            Undone::At(done + TICK)
        }
        Undone::Never => Undone::Never,
    }
}

/// Plays the clean-up after an update: what was removed or replaced is deleted. What cannot be is left, and the update has
/// succeeded all the same.
pub(crate) fn clean_up(world: &mut World, id: &str, at: Micros) {
    let mut course = Course::default();
    clean_up_tree(world, id, at, &mut course);
    let root = id.to_owned();
    for (at, effect) in course.into_steps() {
        world.schedule(&root, at, effect);
    }
}

fn clean_up_tree(world: &mut World, id: &str, at: Micros, course: &mut Course) -> Option<Micros> {
    let stack = world.stack(id).cloned()?;
    let token = stack.operation().and_then(|operation| operation.token.clone());
    let wanted: BTreeSet<_> = stack.template.resources().map(|(logical, _)| logical.to_owned()).collect();
    let existing = || stack.resources.values().filter(|resource| resource.exists());
    let removed = existing().filter(|resource| !wanted.contains(&resource.logical));
    let doomed = removed
        .cloned()
        .map(|resource| Doomed { resource, replaced: false })
        .chain(stack.obsolete.iter().cloned().map(|resource| Doomed { resource, replaced: true }))
        .collect();
    let removal = remove(world, &stack, doomed, at, (Phase::CleanUp, "update"), &[], token.as_ref());
    course.extend(removal.course);
    let mut end = removal.end?;
    let reason = (!removal.failed.is_empty()).then(|| LEFT.to_owned());
    let nested = existing().filter(|resource| resource.is_stack() && wanted.contains(&resource.logical));
    for child in nested.filter_map(|resource| resource.physical.clone()).collect::<Vec<_>>() {
        let waits =
            world.stack(&child).is_some_and(|child| child.status == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
        if waits {
            end = end.max(clean_up_tree(world, &child, at, course)?);
        }
    }
    course.status(end + TICK, id, "UPDATE_COMPLETE", reason);
    course.end(end + TICK, id, false);
    Some(end + TICK)
}
