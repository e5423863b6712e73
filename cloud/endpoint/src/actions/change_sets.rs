//! Change sets: made, shown, executed, deleted.

use std::collections::BTreeMap;

use crate::changes::{Change, kind};
use crate::clock::{Micros, iso};
use crate::effects::Effect;
use crate::nesting;
use crate::play::forward;
use crate::request::{Answer, Refusal, Request, required};
use crate::state::{ChangeSet, Operation, Stack};
use crate::template::Template;
use crate::world::{Caller, World};
use crate::xml::{Xml, xml};

use super::operations::begins;
use super::page;

/// The stack and the change set of that name or ARN.
pub(super) fn found<'a>(
    world: &'a World,
    caller: &Caller,
    stack: Option<&str>,
    set: &str,
) -> Result<(&'a Stack, &'a ChangeSet), Refusal> {
    let missing = || Refusal::new(404, "ChangeSetNotFound", format!("ChangeSet [{set}] does not exist"));
    let stack = match stack {
        Some(stack) => Some(world.found(caller, stack)?),
        None => world.stacks.iter().find(|stack| stack.sets.iter().any(|one| one.id == set)),
    };
    if stack.is_none() && !set.starts_with("arn:") {
        let text = "StackName must be specified if ChangeSetName is not specified as an ARN.";
        return Err(Refusal::validation(text));
    }
    let stack = stack.ok_or_else(missing)?;
    stack.set(set).map(|set| (stack, set)).ok_or_else(missing)
}

/// The same name and token again is the same change set; the same name with another token exists already.
///
/// Source: [CreateChangeSet](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html).
pub(super) fn create(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let stack_name = required(request, "StackName")?.to_owned();
    let name = required(request, "ChangeSetName")?.to_owned();
    let token = request.parameter("ClientToken").map(str::to_owned);
    let creates = request.parameter("ChangeSetType") == Some("CREATE");
    let existing = world.find(caller, &stack_name).filter(|stack| !stack.is_deleted()).cloned();
    if let Some(set) = existing.as_ref().and_then(|stack| stack.set(&name)) {
        if set.token.is_some() && set.token == token {
            return Ok(ids(&set.id, existing.as_ref().map_or("", |stack| &stack.id)));
        }
        let text =
            format!("ChangeSet {name} cannot be created due to a mismatch with existing attribute Token");
        return Err(Refusal::new(400, "AlreadyExistsException", text));
    }
    check_stack(existing.as_ref(), &stack_name, &name, creates)?;
    let template = template(world, request, existing.as_ref())?;
    let capabilities = request.list("Capabilities");
    check_capabilities(&template, &capabilities)?;
    let now = world.clock.now();
    let operation = world.uuid();
    let stack_id = match &existing {
        Some(stack) => stack.id.clone(),
        None => announce(world, caller, &stack_name, &operation, now),
    };
    let id = format!(
        "arn:aws:cloudformation:{}:{}:changeSet/{name}/{}",
        caller.region,
        caller.account,
        world.uuid()
    );
    let set = ChangeSet {
        id: id.clone(),
        name,
        token: token.clone(),
        creates,
        status: "CREATE_PENDING".to_owned(),
        reason: None,
        execution: "UNAVAILABLE".to_owned(),
        created: now,
        template,
        tags: request
            .pairs("Tags", "Key", "Value")
            .into_iter()
            .map(|(_, key, value)| (key, value.unwrap_or_default()))
            .collect(),
        capabilities,
        role: request.parameter("RoleARN").map(str::to_owned),
        changes: Vec::new(),
        operation: operation.clone(),
        executed_with: None,
        nests: request.is_true("IncludeNestedStacks") && world.scenario.nested_sets,
        parent: None,
    };
    if let Some(stack) = world.stack_mut(&stack_id) {
        stack.sets.push(set);
        let kind = "CREATE_CHANGESET";
        stack.operations.push(Operation { id: operation, kind, token, ended: Some(now), failed: false });
    }
    let delay = world.clock.scaled(world.scenario.change_set_delay);
    for (at, done) in [(now + delay / 2, false), (now + delay, true)] {
        let effect = Effect::ChangeSet { stack: stack_id.clone(), set: id.clone(), done };
        world.schedule(&stack_id, at, effect);
    }
    Ok(ids(&id, &stack_id))
}

/// A change set for a new stack makes the stack, with nothing in it.
fn announce(world: &mut World, caller: &Caller, name: &str, operation: &str, now: Micros) -> String {
    let id = world.new_stack_id(name, &caller.region, &caller.account);
    world.stacks.push(Stack::new(&id, name, &caller.region, &caller.account, now));
    world.tell_stack(&id, "REVIEW_IN_PROGRESS", Some("User Initiated".to_owned()), now);
    if let Some(event) = world.stack_mut(&id).and_then(|stack| stack.events.last_mut()) {
        operation.clone_into(&mut event.operation);
        event.operation_kind = "CREATE_CHANGESET";
    }
    id
}

fn ids(set: &str, stack: &str) -> String {
    xml(|x| {
        x.text("Id", set);
        x.text("StackId", stack);
    })
}

/// Whether a change set of this kind can be made for the stack as it is.
fn check_stack(existing: Option<&Stack>, name: &str, set: &str, creates: bool) -> Result<(), Refusal> {
    const UPDATABLE: [&str; 7] = [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
        "UPDATE_FAILED",
        "CREATE_FAILED",
    ];
    match existing {
        None if creates => Ok(()),
        None => Err(Refusal::validation(format!("Stack [{name}] does not exist"))),
        Some(stack) if creates && stack.status == "REVIEW_IN_PROGRESS" => Ok(()),
        Some(_) if creates => {
            let text = format!(
                "Stack [{name}] already exists and cannot be created again with the changeSet [{set}]."
            );
            Err(Refusal::validation(text))
        }
        Some(stack) if UPDATABLE.contains(&stack.status.as_str()) => Ok(()),
        Some(stack) => {
            let text = format!("Stack:{} is in {} state and can not be updated.", stack.id, stack.status);
            Err(Refusal::validation(text))
        }
    }
}

fn template(world: &World, request: &Request, existing: Option<&Stack>) -> Result<Template, Refusal> {
    let text = match (request.parameter("TemplateBody"), request.parameter("TemplateURL")) {
        (Some(text), _) if text.len() > 51_200 => {
            let text = "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: \
                        Member must have length less than or equal to 51200";
            return Err(Refusal::validation(text));
        }
        (Some(text), _) => text.to_owned(),
        (None, Some(url)) => world
            .objects
            .of_url(url)
            .ok_or_else(|| Refusal::validation("S3 error: The specified key does not exist."))?,
        (None, None) if request.is_true("UsePreviousTemplate") => {
            existing.map(|stack| stack.template.text.clone()).unwrap_or_default()
        }
        (None, None) => {
            return Err(Refusal::validation("Either Template URL or Template Body must be specified."));
        }
    };
    let mut parameters = BTreeMap::new();
    for (number, key, value) in request.pairs("Parameters", "ParameterKey", "ParameterValue") {
        let previous = request.is_true(&format!("Parameters.member.{number}.UsePreviousValue"));
        let before = existing.and_then(|stack| stack.template.parameters.get(&key).cloned());
        if let Some(value) = if previous { before } else { value } {
            parameters.insert(key, value);
        }
    }
    Template::read(&text, &parameters)
}

fn check_capabilities(template: &Template, given: &[String]) -> Result<(), Refusal> {
    let makes_iam = template.resources().any(|(_, definition)| kind(definition).starts_with("AWS::IAM::"));
    if makes_iam && !given.iter().any(|capability| capability.ends_with("_IAM")) {
        let text = "Requires capabilities : [CAPABILITY_NAMED_IAM]";
        return Err(Refusal::new(400, "InsufficientCapabilitiesException", text));
    }
    Ok(())
}

pub(super) fn describe(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let name = required(request, "ChangeSetName")?;
    let (stack, set) = found(world, caller, request.parameter("StackName"), name)?;
    let (stack, set) = (stack.clone(), set.clone());
    let (changes, next) = page(world, request, set.changes.clone())?;
    Ok(xml(|x| {
        summary(x, &stack, &set);
        x.list("Capabilities", &set.capabilities, |x, capability| x.raw(capability));
        x.list("Parameters", &set.template.parameters, |x, (name, value)| {
            x.text("ParameterKey", name);
            x.text("ParameterValue", if set.template.is_no_echo(name) { "****" } else { value });
        });
        x.list("Changes", &changes, change);
        x.maybe("NextToken", next.as_deref());
    }))
}

fn summary(x: &mut Xml, stack: &Stack, set: &ChangeSet) {
    x.text("ChangeSetName", &set.name);
    x.text("ChangeSetId", &set.id);
    x.text("StackId", &stack.id);
    x.text("StackName", &stack.name);
    x.text("CreationTime", &iso(set.created));
    x.text("Status", &set.status);
    x.maybe("StatusReason", set.reason.as_deref());
    x.text("ExecutionStatus", &set.execution);
    x.text("IncludeNestedStacks", if set.nests { "true" } else { "false" });
    x.maybe("ParentChangeSetId", set.parent.as_deref());
}

fn change(x: &mut Xml, change: &Change) {
    x.text("Type", "Resource");
    x.within("ResourceChange", |x| {
        x.maybe("PolicyAction", change.policy);
        x.text("Action", change.action);
        x.text("LogicalResourceId", &change.logical);
        x.maybe("PhysicalResourceId", change.physical.as_deref());
        x.text("ResourceType", &change.kind);
        x.maybe("ChangeSetId", change.set.as_deref());
        x.maybe("Replacement", change.replaces.map(|replaces| if replaces { "True" } else { "False" }));
        x.list("Scope", change.details.first(), |x, detail| x.raw(&detail.attribute));
        x.list("Details", &change.details, |x, detail| {
            x.within("Target", |x| {
                x.text("Attribute", &detail.attribute);
                x.maybe("Name", detail.name.as_deref());
                x.text("RequiresRecreation", detail.recreation);
            });
            x.text("Evaluation", "Static");
            x.text("ChangeSource", detail.source);
            x.maybe("CausingEntity", detail.entity.as_deref());
        });
    });
}

pub(super) fn list(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let stack = world.found(caller, required(request, "StackName")?)?.clone();
    let (sets, next) = page(world, request, stack.sets.clone())?;
    Ok(xml(|x| {
        x.list("Summaries", &sets, |x, set| summary(x, &stack, set));
        x.maybe("NextToken", next.as_deref());
    }))
}

/// A change set that is still being made cannot be deleted; one that does not exist is no error. One of a nested stack
/// goes with that of the root stack, and that goes in time.
///
/// Source: [DeleteChangeSet](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteChangeSet.html).
pub(super) fn delete(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let name = required(request, "ChangeSetName")?;
    let Ok((stack, set)) = found(world, caller, request.parameter("StackName"), name) else {
        return Ok(String::new());
    };
    if ["CREATE_PENDING", "CREATE_IN_PROGRESS"].contains(&set.status.as_str()) {
        let text = "An operation on this ChangeSet is currently in progress.";
        return Err(Refusal::new(400, "InvalidChangeSetStatus", text));
    }
    if set.parent.is_some() {
        return Err(Refusal::validation("A nested change set can only be deleted from the root change set."));
    }
    let (stack, id, nests) = (stack.id.clone(), set.id.clone(), set.nests);
    if nests {
        nesting::delete(world, &stack, &id);
    } else if let Some(stack) = world.stack_mut(&stack) {
        stack.sets.retain(|set| set.id != id);
    }
    Ok(String::new())
}

/// The same order again is taken once. All other change sets of the stack become obsolete.
///
/// Source: [ExecuteChangeSet](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html).
pub(super) fn execute(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let name = required(request, "ChangeSetName")?;
    let token = request.parameter("ClientRequestToken").map(str::to_owned);
    let (stack, set) = found(world, caller, request.parameter("StackName"), name)?;
    if token.is_some() && set.executed_with == token {
        return Ok(String::new());
    }
    if set.parent.is_some() {
        return Err(Refusal::validation(
            "A nested change set can only be executed from the root change set.",
        ));
    }
    let refusal = |what: &str, status: &str| {
        let text = format!("ChangeSet [{}] cannot be executed in its current {what} of [{status}]", set.id);
        Refusal::new(400, "InvalidChangeSetStatus", text)
    };
    if set.status != "CREATE_COMPLETE" {
        return Err(refusal("status", &set.status));
    }
    if set.execution != "AVAILABLE" {
        return Err(refusal("execution status", &set.execution));
    }
    if stack.is_busy() {
        let text = format!("Stack:{} is in {} state and can not be updated.", stack.id, stack.status);
        return Err(Refusal::new(400, "InvalidChangeSetStatus", text));
    }
    let (id, set) = (stack.id.clone(), set.clone());
    let at = begins(world);
    if let Some(stack) = world.stack_mut(&id) {
        for other in &mut stack.sets {
            let this = other.id == set.id;
            if this || other.execution == "AVAILABLE" || other.execution == "UNAVAILABLE" {
                if this { "EXECUTE_IN_PROGRESS" } else { "OBSOLETE" }.clone_into(&mut other.execution);
            }
            if this {
                other.executed_with.clone_from(&token);
            }
        }
        stack.tags = set.tags;
        stack.capabilities = set.capabilities;
        stack.role = set.role.or(stack.role.take());
        stack.keeps_failures = request.is_true("DisableRollback");
    }
    nesting::execute(world, &set.id);
    forward::execute(world, &id, &set.template, token, at);
    Ok(String::new())
}
