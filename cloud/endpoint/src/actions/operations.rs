//! Orders that change a stack, other than by a change set.

use crate::clock::Micros;
use crate::effects::Effect;
use crate::play::backward;
use crate::request::{Answer, Refusal, Request, required};
use crate::state::Stack;
use crate::world::{Caller, World};
use crate::xml::xml;

use super::stacks::importers;

/// When an order that comes now begins to show.
pub(super) fn begins(world: &World) -> Micros {
    world.clock.now() + world.clock.scaled(world.scenario.start_delay)
}

/// Whether this order was carried out before. A token is of one order.
fn seen(world: &mut World, id: &str, action: &str, token: Option<&str>) -> bool {
    let Some((stack, token)) = world.stack_mut(id).zip(token) else { return false };
    let order = (action.to_owned(), token.to_owned());
    let seen = stack.tokens.contains(&order);
    stack.tokens.push(order);
    seen
}

/// A stack that is not there is deleted already. Resources can be retained only if a deletion has failed.
///
/// Source: [DeleteStack](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html).
pub(super) fn delete(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let name = required(request, "StackName")?;
    let Some(stack) = world.find(caller, name).filter(|stack| !stack.is_deleted()).cloned() else {
        return Ok(String::new());
    };
    let id = &stack.id;
    if stack.protected {
        let text = format!("Stack [{}] cannot be deleted while TerminationProtection is enabled", stack.name);
        return Err(Refusal::validation(text));
    }
    let token = request.parameter("ClientRequestToken");
    if stack.status == "DELETE_IN_PROGRESS" || seen(world, id, "DeleteStack", token) {
        return Ok(String::new());
    }
    if stack.is_busy() && stack.status != "CREATE_IN_PROGRESS" {
        let text = format!("Stack [{}] cannot be deleted while in status {}", stack.name, stack.status);
        return Err(Refusal::validation(text));
    }
    let retained = request.list("RetainResources");
    if !retained.is_empty() && stack.status != "DELETE_FAILED" {
        let text = format!(
            "Invalid operation on stack [{id}]. RetainResources can only be specified for a stack in DELETE_FAILED state"
        );
        return Err(Refusal::validation(text));
    }
    let at = begins(world);
    if stack.status == "REVIEW_IN_PROGRESS" {
        world.begin(id, "DELETE_STACK", token.map(str::to_owned), at);
        world.tell_stack(id, "DELETE_IN_PROGRESS", Some("User Initiated".to_owned()), at);
        world.tell_stack(id, "DELETE_COMPLETE", None, at);
        return Ok(String::new());
    }
    let used = stack.exports().into_iter().find_map(|(export, _)| {
        let users: Vec<_> =
            importers(world, caller, &export).into_iter().filter(|user| *user != stack.name).collect();
        (!users.is_empty())
            .then(|| format!("Export {export} cannot be deleted as it is in use by {}", users.join(", ")))
    });
    if let Some(reason) = used {
        world.begin(id, "DELETE_STACK", token.map(str::to_owned), at);
        world.tell_stack(id, "DELETE_IN_PROGRESS", Some("User Initiated".to_owned()), at);
        world.tell_stack(id, "DELETE_FAILED", Some(reason), at);
        return Ok(String::new());
    }
    backward::delete(world, id, token.map(str::to_owned), &retained, at);
    Ok(String::new())
}

/// Only an update that is running can be cancelled.
///
/// Source: [CancelUpdateStack][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CancelUpdateStack.html
pub(super) fn cancel(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let stack = world.found(caller, required(request, "StackName")?)?.clone();
    let token = request.parameter("ClientRequestToken");
    if token.is_some_and(|token| stack.tokens.contains(&("CancelUpdateStack".to_owned(), token.to_owned()))) {
        return Ok(String::new());
    }
    if stack.status != "UPDATE_IN_PROGRESS" {
        let text = format!("CancelUpdateStack cannot be called from current stack status: {}", stack.status);
        return Err(Refusal::validation(text));
    }
    seen(world, &stack.id, "CancelUpdateStack", token);
    world.call_off(&stack.id);
    let at = begins(world);
    world.schedule(&stack.id, at, Effect::CancelRunning { stack: stack.id.clone() });
    world.catch_up();
    let reason = Some("User Initiated");
    backward::roll_back(world, &stack.id, "ROLLBACK", token.map(str::to_owned), &[], reason, at);
    Ok(String::new())
}

/// Only after a failure that was not rolled back.
///
/// Source: [RollbackStack](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackStack.html).
pub(super) fn roll_back(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let stack = world.found(caller, required(request, "StackName")?)?.clone();
    if !seen(world, &stack.id, "RollbackStack", request.parameter("ClientRequestToken")) {
        if !["CREATE_FAILED", "UPDATE_FAILED"].contains(&stack.status.as_str()) {
            forget(world, &stack.id);
            let text = format!("Stack:{} is in {} state and can not be rolled back.", stack.id, stack.status);
            return Err(Refusal::validation(text));
        }
        start(world, &stack, request, "ROLLBACK", &[]);
    }
    let operation = world.stack(&stack.id).and_then(Stack::operation).map(|operation| operation.id.clone());
    Ok(xml(|x| {
        x.text("StackId", &stack.id);
        x.maybe("OperationId", operation.as_deref());
    }))
}

/// Only after a failed rollback; only resources that failed to update can be skipped.
///
/// Source: [ContinueUpdateRollback][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html
pub(super) fn continue_rollback(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let stack = world.found(caller, required(request, "StackName")?)?.clone();
    if seen(world, &stack.id, "ContinueUpdateRollback", request.parameter("ClientRequestToken")) {
        return Ok(String::new());
    }
    let skipped = request.list("ResourcesToSkip");
    let failed = |id: &String| {
        id.contains('.') || stack.resources.get(id).is_some_and(|resource| resource.status == "UPDATE_FAILED")
    };
    let refusal = if stack.status == "UPDATE_ROLLBACK_FAILED" {
        let other: Vec<_> = skipped.iter().filter(|id| !failed(id)).cloned().collect();
        let other = (!other.is_empty()).then(|| other.join(", "));
        other.map(|ids| {
            format!("ResourcesToSkip [{ids}] are not in UPDATE_FAILED state and cannot be skipped")
        })
    } else {
        Some(format!("Stack:{} is in {} state and can not continue update rollback.", stack.id, stack.status))
    };
    if let Some(text) = refusal {
        forget(world, &stack.id);
        return Err(Refusal::validation(text));
    }
    start(world, &stack, request, "CONTINUE_ROLLBACK", &skipped);
    Ok(String::new())
}

/// A refused order was not carried out.
fn forget(world: &mut World, id: &str) {
    if let Some(stack) = world.stack_mut(id) {
        stack.tokens.pop();
    }
}

fn start(world: &mut World, stack: &Stack, request: &Request, kind: &'static str, skipped: &[String]) {
    let token = request.parameter("ClientRequestToken").map(str::to_owned);
    let at = begins(world);
    backward::roll_back(world, &stack.id, kind, token, skipped, Some("User Initiated"), at);
    world.catch_up();
}

pub(super) fn protect(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let id = world.found(caller, required(request, "StackName")?)?.id.clone();
    let protected = request.is_true("EnableTerminationProtection");
    if let Some(stack) = world.stack_mut(&id) {
        stack.protected = protected;
    }
    Ok(xml(|x| x.text("StackId", &id)))
}
