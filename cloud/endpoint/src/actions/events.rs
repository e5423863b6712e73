//! The history of stacks and operations.

use crate::clock::iso;
use crate::request::{Answer, Refusal, Request, required};
use crate::state::{Event, Stack};
use crate::world::{Caller, World};
use crate::xml::{Xml, xml};

/// Newest first. A token names the newest event of its page, so that pages do not shift when new events come.
///
/// Source: [DescribeStackEvents][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
pub(super) fn of_stack(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let stack = world.found(caller, required(request, "StackName")?)?;
    let (id, name) = (stack.id.clone(), stack.name.clone());
    let all = newest_first(stack.events.iter().filter(|event| event.kind == "STACK_EVENT"));
    let (events, next) = page(world, request, all)?;
    Ok(xml(|x| {
        x.list("StackEvents", &events, |x, event| {
            x.text("StackId", &id);
            x.text("StackName", &name);
            common(x, event);
            if let Some(hook) = &event.hook {
                x.text("HookInvocationId", &hook.invocation);
            }
        });
        x.maybe("NextToken", next.as_deref());
    }))
}

/// By stack, operation or change set, oldest last; on request only failures.
///
/// Source: [DescribeEvents][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html
pub(super) fn of_operation(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let stack = request.parameter("StackName");
    let (stacks, operation): (Vec<Stack>, Option<String>) =
        match (request.parameter("ChangeSetName"), request.parameter("OperationId"), stack) {
            (Some(set), _, _) => {
                let (stack, set) = super::change_sets::found(world, caller, stack, set)?;
                (vec![stack.clone()], Some(set.operation.clone()))
            }
            (None, operation, Some(name)) => {
                (vec![world.found(caller, name)?.clone()], operation.map(str::to_owned))
            }
            (None, Some(operation), None) => (world.stacks.clone(), Some(operation.to_owned())),
            (None, None, None) => {
                let text = "One of ChangeSetName, OperationId or StackName must be specified as input.";
                return Err(Refusal::validation(text));
            }
        };
    let failed = request.parameter("Filters.FailedEvents") == Some("true");
    let events = stacks.iter().flat_map(|stack| stack.events.iter().map(move |event| (stack, event)));
    let wanted = events.filter(|(_, event)| {
        operation.as_ref().is_none_or(|operation| event.operation == *operation)
            && (!failed || event.kind != "STACK_EVENT" || event.status.ends_with("_FAILED"))
    });
    let owners: Vec<_> = wanted.clone().map(|(stack, event)| (event.serial, stack)).collect();
    let all = newest_first(wanted.map(|(_, event)| event));
    let (events, next) = page(world, request, all)?;
    let owner =
        |event: &Event| owners.iter().find(|(serial, _)| *serial == event.serial).map(|(_, stack)| *stack);
    Ok(xml(|x| {
        x.list("OperationEvents", &events, |x, event| {
            x.maybe("StackId", owner(event).map(|stack| stack.id.as_str()));
            x.text("EventType", event.kind);
            x.text("OperationType", event.operation_kind);
            x.maybe("OperationStatus", owner(event).map(|stack| operation_status(stack, event)));
            common(x, event);
            if let Some(validation) = &event.validation {
                x.text("ValidationName", &validation.name);
                x.text("ValidationStatus", "FAILED");
                x.text("ValidationFailureMode", "FAIL");
                x.text("ValidationStatusReason", &validation.reason);
                x.text("ValidationPath", &validation.path);
            }
        });
        x.maybe("NextToken", next.as_deref());
    }))
}

fn operation_status(stack: &Stack, event: &Event) -> &'static str {
    match stack.operations.iter().find(|operation| operation.id == event.operation) {
        Some(operation) if operation.ended.is_none() => "IN_PROGRESS",
        Some(operation) if operation.failed => "FAILED",
        _ => "SUCCEEDED",
    }
}

fn common(x: &mut Xml, event: &Event) {
    x.text("EventId", &event.id);
    x.text("OperationId", &event.operation);
    x.text("LogicalResourceId", &event.logical);
    x.text("PhysicalResourceId", &event.physical);
    x.text("ResourceType", &event.resource_type);
    x.text("Timestamp", &iso(event.at));
    if !event.status.is_empty() {
        x.text("ResourceStatus", &event.status);
    }
    x.maybe("ResourceStatusReason", event.reason.as_deref());
    x.maybe("ClientRequestToken", event.token.as_deref());
    if let Some(hook) = &event.hook {
        x.text("HookType", &hook.name);
        x.text("HookStatus", "HOOK_COMPLETE_FAILED");
        x.text("HookStatusReason", &hook.reason);
        x.text("HookInvocationPoint", "PRE_PROVISION");
        x.text("HookFailureMode", "FAIL");
    }
}

fn newest_first<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<Event> {
    let mut events: Vec<_> = events.cloned().collect();
    events.sort_by_key(|event| std::cmp::Reverse((event.at, event.serial)));
    events
}

fn page(
    world: &mut World,
    request: &Request,
    all: Vec<Event>,
) -> Result<(Vec<Event>, Option<String>), Refusal> {
    let token = request.parameter("NextToken").map(|token| token.trim_start_matches("event-").parse::<u64>());
    let begin = match token {
        None => 0,
        Some(Err(_)) => return Err(Refusal::validation("The specified pagination token is invalid")),
        Some(Ok(serial)) => all.iter().position(|event| event.serial == serial).unwrap_or(all.len()),
    };
    let size = world.page();
    let next = all.get(begin + size).map(|event| format!("event-{}", event.serial));
    Ok((all.into_iter().skip(begin).take(size).collect(), next))
}
