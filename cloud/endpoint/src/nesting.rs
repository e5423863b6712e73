//! Nested stacks, and their change sets: made, told, executed and removed with that of the root stack.
//!
//! Source: [change sets for nested stacks][aws] in the CloudFormation user guide. The words of reasons are those that
//! others met: [failed][failed], [without changes][unchanged].
//!
//! [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/change-sets-for-nested-stacks.html
//! [failed]: https://github.com/awslabs/amazon-s3-find-and-forget/issues/224
//! [unchanged]: https://github.com/aws/copilot-cli/issues/4426

use std::collections::BTreeMap;

use serde_json::Value;

use crate::changes::{self, Change, kind};
use crate::clock::Micros;
use crate::effects::Effect;
use crate::state::{ChangeSet, Operation, Resource, Stack};
use crate::template::Template;
use crate::world::World;

const STACK: &str = "AWS::CloudFormation::Stack";

/// The nested stack of this logical id, live or announced by a change set.
pub(crate) fn child(world: &World, stack: &Stack, logical: &str) -> Option<Stack> {
    let resource = stack.resources.get(logical).filter(|resource| resource.exists());
    let existing = resource.and_then(|resource| world.stack(resource.physical.as_deref()?));
    let path = path(stack, logical);
    let is_announced = |child: &&Stack| {
        child.parent.as_deref() == Some(&stack.id)
            && child.path == path
            && child.status == "REVIEW_IN_PROGRESS"
    };
    existing.or_else(|| world.stacks.iter().find(is_announced)).cloned()
}

/// A nested stack that is not there yet.
pub(crate) fn new_child(world: &mut World, stack: &Stack, logical: &str, at: Micros) -> Stack {
    let name = format!("{}-{logical}-{:011X}", stack.name, world.dice.u64(..) >> 20);
    let id = world.new_stack_id(&name, &stack.region, &stack.account);
    let mut child = Stack::new(&id, &name, &stack.region, &stack.account, at);
    child.parent = Some(stack.id.clone());
    child.root.clone_from(&stack.root);
    child.path = path(stack, logical);
    child
}

fn path(stack: &Stack, logical: &str) -> String {
    if stack.path.is_empty() { logical.to_owned() } else { format!("{}/{logical}", stack.path) }
}

/// The template of a nested stack, with the values that its parameters have from the stack that it is in.
pub(crate) fn template(world: &World, stack: &Stack, logical: &str, definition: &Value) -> Template {
    let resource = Resource::new(logical, STACK, definition.clone(), 0);
    let given = definition.get("Properties").and_then(|all| all.get("Parameters")).and_then(Value::as_object);
    let parameters =
        given.into_iter().flatten().map(|(name, value)| (name.clone(), stack.value(value))).collect();
    let text = world.nested_template(stack, &resource);
    let read = Template::read(&text, &parameters).or_else(|_| Template::read(&text, &BTreeMap::new()));
    read.unwrap_or_else(|_| Template::empty())
}

/// The change sets of the nested stacks are made. A stack that is not there yet is announced.
pub(crate) fn begin(world: &mut World, stack: &str, set: &ChangeSet) -> Option<String> {
    let stack = world.stack(stack).cloned().filter(|_| set.nests)?;
    let nested: Vec<_> =
        set.template.resources().filter(|(_, definition)| kind(definition) == STACK).collect();
    for (logical, definition) in nested {
        let now = world.clock.now();
        let child = child(world, &stack, logical).unwrap_or_else(|| {
            let child = new_child(world, &stack, logical, now);
            world.stacks.push(child.clone());
            world.tell_stack(&child.id, "REVIEW_IN_PROGRESS", None, now);
            child
        });
        let own = new_set(world, &stack, &child, set, template(world, &stack, logical, definition));
        let operation = Operation {
            id: own.operation.clone(),
            kind: "CREATE_CHANGESET",
            token: own.token.clone(),
            ended: Some(now),
            failed: false,
        };
        if let Some(child) = world.stack_mut(&child.id) {
            child.operations.push(operation);
            child.sets.push(own.clone());
        }
        world.advance_set(&child.id, &own.id, false);
    }
    None
}

fn new_set(
    world: &mut World,
    stack: &Stack,
    child: &Stack,
    parent: &ChangeSet,
    template: Template,
) -> ChangeSet {
    let name = format!("{}{}", parent.name, child.name.strip_prefix(&stack.name).unwrap_or("-nested"));
    let id = format!(
        "arn:aws:cloudformation:{}:{}:changeSet/{name}/{}",
        stack.region,
        stack.account,
        world.uuid()
    );
    ChangeSet {
        id,
        name,
        token: parent.token.clone(),
        creates: child.is_being_created(),
        created: world.clock.now(),
        template,
        tags: child.tags.clone(),
        changes: Vec::new(),
        operation: world.uuid(),
        reason: None,
        executed_with: None,
        parent: Some(parent.id.clone()),
        ..parent.clone()
    }
}

/// The nested change sets are ready; or why they are not.
pub(crate) fn finish(world: &mut World, set: &ChangeSet) -> Option<String> {
    for (stack, nested) in inside(world, &set.id) {
        world.advance_set(&stack, &nested.id, true);
    }
    if let Some(reason) = scripted(world, set) {
        return Some(reason);
    }
    let failed = inside(world, &set.id)
        .into_iter()
        .find(|(_, nested)| nested.status == "FAILED" && !is_unchanged(nested))?;
    Some(format!("Nested change set {} was not successfully created: Currently in FAILED.", failed.1.id))
}

/// What the test wants to go wrong with the change set of a nested stack.
fn scripted(world: &World, set: &ChangeSet) -> Option<String> {
    set.parent.as_ref()?;
    let stack = world.stacks.iter().find(|stack| stack.sets.iter().any(|one| one.id == set.id))?;
    let named = |id: &str| stack.path == id || stack.path.rsplit('/').next() == Some(id);
    world.scenario.failing_sets.iter().find(|(id, _)| named(id)).map(|(_, reason)| reason.clone())
}

/// The change sets of the stacks that are nested in that of `set`, with the ARN of each stack.
fn inside(world: &World, set: &str) -> Vec<(String, ChangeSet)> {
    let all =
        world.stacks.iter().flat_map(|stack| stack.sets.iter().map(|set| (stack.id.clone(), set.clone())));
    all.filter(|(_, nested)| nested.parent.as_deref() == Some(set)).collect()
}

fn is_unchanged(set: &ChangeSet) -> bool {
    set.reason.as_deref().is_some_and(|reason| reason.contains("didn't contain changes"))
}

/// The changes of a stack, each nested stack with its change set; one of which only the inside changes is among them.
pub(crate) fn changes(world: &World, stack: &Stack, set: &ChangeSet) -> Vec<Change> {
    let mut changes = changes::changes(stack, &set.template, &world.scenario.replaced);
    for (id, nested) in inside(world, &set.id) {
        let Some(child) = world.stack(&id) else { continue };
        let logical = child.path.rsplit('/').next().unwrap_or_default();
        let listed = changes.iter_mut().find(|change| change.logical == logical);
        if let Some(change) = listed {
            change.set = Some(nested.id);
        } else if !is_unchanged(&nested)
            && let Some(definition) = set.template.resource(logical)
        {
            let mut change = changes::inside_only(logical, definition, Some(id));
            change.set = Some(nested.id);
            changes.push(change);
        }
    }
    changes
}

/// What an execution changes in a stack: what its change set says, if it has one.
pub(crate) fn executed(world: &World, stack: &Stack, target: &Template) -> Vec<Change> {
    let executed = stack.sets.iter().find(|set| set.execution == "EXECUTE_IN_PROGRESS" && set.nests);
    match executed {
        Some(set) => changes(world, stack, set),
        None => changes::changes(stack, target, &world.scenario.replaced),
    }
}

/// With the change set of a stack, those of the stacks in it are executed. Those without changes stay as they are.
pub(crate) fn execute(world: &mut World, set: &str) {
    for (stack, nested) in inside(world, set) {
        execute(world, &nested.id);
        let place = world.stack_mut(&stack).and_then(|stack| stack.set_mut(&nested.id));
        if let Some(place) = place.filter(|place| place.status == "CREATE_COMPLETE") {
            "EXECUTE_IN_PROGRESS".clone_into(&mut place.execution);
        }
    }
}

/// The order to delete a change set with those of nested stacks: it goes in time.
///
/// Source: [Delete a change set][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-delete.html
pub(crate) fn delete(world: &mut World, stack: &str, set: &str) {
    mark(world, stack, set, "DELETE_PENDING");
    let (now, delay) = (world.clock.now(), world.clock.scaled(world.scenario.change_set_delay));
    for (at, gone) in [(now + delay / 2, false), (now + delay, true)] {
        let effect = Effect::SetGoes { stack: stack.to_owned(), set: set.to_owned(), gone };
        world.schedule(stack, at, effect);
    }
}

fn mark(world: &mut World, stack: &str, set: &str, status: &str) {
    if let Some(set) = world.stack_mut(stack).and_then(|stack| stack.set_mut(set)) {
        status.clone_into(&mut set.status);
        "UNAVAILABLE".clone_into(&mut set.execution);
    }
}

/// A change set goes, and those of nested stacks with it; at the end, nested stacks that they announced.
pub(crate) fn go(world: &mut World, stack: &str, set: &str, gone: bool, at: Micros) {
    for (nested_stack, nested) in inside(world, set) {
        go(world, &nested_stack, &nested.id, gone, at);
    }
    if !gone {
        mark(world, stack, set, "DELETE_IN_PROGRESS");
        return;
    }
    let Some(found) = world.stack_mut(stack) else { return };
    found.sets.retain(|other| other.id != set);
    let announced = found.status == "REVIEW_IN_PROGRESS" && found.parent.is_some();
    if announced && found.sets.is_empty() {
        world.tell_stack(stack, "DELETE_COMPLETE", None, at);
    }
}
