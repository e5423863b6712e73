//! The stacks that are there from the start, and what led to them.

use crate::changes::kind;
use crate::clock::Micros;
use crate::nesting;
use crate::scenario::InitialStack;
use crate::state::{Operation, Resource, Stack};
use crate::template::Template;
use crate::world::World;

const HOUR: Micros = 3_600_000_000;

/// Makes the stack, with a history that began a day ago and led to its status.
pub(crate) fn settle(world: &mut World, initial: &InitialStack) {
    let region = initial.region.clone().unwrap_or_else(|| world.scenario.region.clone());
    let account = world.scenario.account.clone();
    let now = world.clock.now();
    let created = now - 24 * HOUR;
    let id = world.new_stack_id(&initial.name, &region, &account);
    let mut stack = Stack::new(&id, &initial.name, &region, &account, created);
    stack.protected = initial.protected;
    stack.tags.clone_from(&initial.tags);
    let template = Template::read(&initial.template, &initial.parameters)
        .or_else(|_| Template::read(&initial.template, &std::collections::BTreeMap::new()));
    let template = template.unwrap_or_else(|refusal| {
        panic!("the template of the stack {} is none: {}", initial.name, refusal.message)
    });
    settle_in(world, stack, template, &initial.status, now);
}

fn settle_in(world: &mut World, mut stack: Stack, template: Template, status: &str, now: Micros) {
    let id = stack.id.clone();
    let created = stack.created;
    world.stacks.push(stack.clone());
    if status == "REVIEW_IN_PROGRESS" {
        world.tell_stack(&id, status, Some("User Initiated".to_owned()), created);
        return;
    }
    begin(world, &id, "CREATE_STACK", created, status.starts_with("CREATE_IN"));
    world.tell_stack(&id, "CREATE_IN_PROGRESS", Some("User Initiated".to_owned()), created);
    let never =
        ["CREATE_FAILED", "CREATE_IN_PROGRESS", "ROLLBACK_"].iter().any(|start| status.starts_with(start));
    let definitions: Vec<_> =
        template.resources().map(|(id, value)| (id.to_owned(), value.clone())).collect();
    stack.template = template.clone();
    for (index, (logical, definition)) in definitions.into_iter().enumerate() {
        let mut resource = Resource::new(&logical, &kind(&definition), definition.clone(), created);
        let physical = if resource.is_stack() {
            nested(world, &stack, &resource)
        } else {
            world.physical_id(&stack, &logical, &definition)
        };
        let at = created + HOUR / 60 * (index as Micros + 1);
        let kind = resource.kind.clone();
        world.tell(&id, &logical, "", &kind, "CREATE_IN_PROGRESS", None, at - 2000);
        let final_status = resource_status(status, index);
        let reason = final_status.ends_with("_FAILED").then(|| "it failed before the test began".to_owned());
        let done = if status.starts_with("CREATE") { final_status } else { "CREATE_COMPLETE" };
        world.tell(&id, &logical, &physical, &kind, done, reason.clone(), at);
        resource.physical = Some(physical);
        resource.at = at;
        resource.reason = reason;
        final_status.clone_into(&mut resource.status);
        if ["UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED"].contains(&status) {
            resource.touch();
            // Of the earlier update, only the failed one is not restored.
            if let Some(before) = &mut resource.before {
                before.restored = final_status != "UPDATE_FAILED";
            }
        }
        stack.resources.insert(logical, resource);
    }
    if let Some(place) = world.stack_mut(&id) {
        place.resources = stack.resources.clone();
        place.template = template.clone();
        if !never {
            place.stable = template;
        }
    }
    conclude(world, &id, status, now);
}

/// The status of the resource number `index` in a stack with this status: the first one is to blame for a failure.
fn resource_status(status: &str, index: usize) -> &'static str {
    match status {
        "ROLLBACK_FAILED" | "DELETE_FAILED" if index == 0 => "DELETE_FAILED",
        "ROLLBACK_COMPLETE" | "DELETE_COMPLETE" | "ROLLBACK_FAILED" | "DELETE_FAILED" => "DELETE_COMPLETE",
        "CREATE_FAILED" if index == 0 => "CREATE_FAILED",
        "UPDATE_FAILED" | "UPDATE_ROLLBACK_FAILED" if index == 0 => "UPDATE_FAILED",
        "UPDATE_COMPLETE" | "UPDATE_FAILED" => "UPDATE_COMPLETE",
        _ => "CREATE_COMPLETE",
    }
}

/// The last operation of the history.
fn conclude(world: &mut World, id: &str, status: &str, now: Micros) {
    let (began, ended) = (now - 2 * HOUR, now - HOUR);
    let running = status.ends_with("_IN_PROGRESS");
    if !status.starts_with("CREATE") {
        world.tell_stack(id, "CREATE_COMPLETE", None, began - 20 * HOUR);
        let kind = if status.starts_with("DELETE") { "DELETE_STACK" } else { "UPDATE_STACK" };
        begin(world, id, kind, began, running && status.starts_with("UPDATE_IN"));
        let status_of_it = if kind == "DELETE_STACK" { "DELETE_IN_PROGRESS" } else { "UPDATE_IN_PROGRESS" };
        world.tell_stack(id, status_of_it, Some("User Initiated".to_owned()), began);
    }
    if status.contains("ROLLBACK") {
        begin(world, id, "ROLLBACK", began + HOUR / 2, running);
        let status_of_it =
            if status.starts_with("UPDATE") { "UPDATE_ROLLBACK_IN_PROGRESS" } else { "ROLLBACK_IN_PROGRESS" };
        world.tell_stack(
            id,
            status_of_it,
            Some("it failed before the test began".to_owned()),
            began + HOUR / 2,
        );
    }
    let Some(stack) = world.stack(id).cloned() else { return };
    for resource in stack.resources.values().filter(|resource| resource.status.ends_with("_FAILED")) {
        let physical = resource.physical.clone().unwrap_or_default();
        let reason = resource.reason.clone();
        world.tell(id, &resource.logical, &physical, &resource.kind, &resource.status, reason, ended - 1000);
    }
    if stack.status != status {
        world.tell_stack(id, status, None, ended);
    }
}

fn begin(world: &mut World, id: &str, kind: &'static str, at: Micros, running: bool) {
    let operation = Operation {
        id: world.uuid(),
        kind,
        token: Some(format!("earlier-{}", world.next_serial())),
        ended: (!running).then_some(at + HOUR / 2),
        failed: false,
    };
    if let Some(stack) = world.stack_mut(id) {
        stack.operations.push(operation);
    }
}

/// Makes the nested stack of a resource.
fn nested(world: &mut World, stack: &Stack, resource: &Resource) -> String {
    let child = nesting::new_child(world, stack, &resource.logical, stack.created);
    let id = child.id.clone();
    let template = nesting::template(world, stack, &resource.logical, &resource.definition);
    settle_in(world, child, template, "CREATE_COMPLETE", stack.created + HOUR);
    id
}
