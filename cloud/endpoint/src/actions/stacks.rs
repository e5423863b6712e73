//! Questions about stacks.

use std::collections::BTreeMap;

use crate::changes::kind;
use crate::clock::iso;
use crate::request::{Answer, Refusal, Request, required};
use crate::state::{Resource, Stack};
use crate::template::{Template, text_of};
use crate::world::{Caller, World};
use crate::xml::{Xml, xml};

use super::{drift, page};

/// By ARN also deleted stacks, by name only live ones; without a name all live ones.
///
/// Source: [DescribeStacks](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html).
pub(super) fn describe(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    if let Some(name) = request.parameter("StackName") {
        let stack = world
            .find(caller, name)
            .ok_or_else(|| Refusal::validation(format!("Stack with id {name} does not exist")))?;
        let drift = drift::of_stack(world, stack);
        return Ok(xml(|x| x.list("Stacks", [stack], |x, stack| stack_fields(x, stack, drift))));
    }
    let all: Vec<_> = here(world, caller).filter(|stack| !stack.is_deleted()).cloned().collect();
    let (stacks, next) = page(world, request, all)?;
    Ok(xml(|x| {
        x.list("Stacks", &stacks, |x, stack| stack_fields(x, stack, drift::of_stack(world, stack)));
        x.maybe("NextToken", next.as_deref());
    }))
}

fn here<'a>(world: &'a World, caller: &'a Caller) -> impl Iterator<Item = &'a Stack> {
    world.stacks.iter().filter(|stack| stack.region == caller.region && stack.account == caller.account)
}

fn stack_fields(x: &mut Xml, stack: &Stack, drift: &str) {
    x.text("StackId", &stack.id);
    x.text("StackName", &stack.name);
    x.maybe("Description", stack.template.description());
    x.text("StackStatus", &stack.status);
    x.maybe("StackStatusReason", stack.reason.as_deref());
    times(x, stack);
    x.text("DisableRollback", "false");
    x.text("EnableTerminationProtection", if stack.protected { "true" } else { "false" });
    x.maybe("RoleARN", stack.role.as_deref());
    x.maybe("ParentId", stack.parent.as_deref());
    if stack.parent.is_some() {
        x.text("RootId", &stack.root);
    }
    x.list("Capabilities", &stack.capabilities, |x, capability| x.raw(capability));
    x.list("Parameters", &stack.template.parameters, |x, (name, value)| {
        x.text("ParameterKey", name);
        x.text("ParameterValue", if stack.template.is_no_echo(name) { "****" } else { value });
    });
    x.list("Tags", &stack.tags, |x, (key, value)| {
        x.text("Key", key);
        x.text("Value", value);
    });
    x.within("DriftInformation", |x| x.text("StackDriftStatus", drift));
    outputs(x, stack);
    last_operations(x, stack);
}

fn times(x: &mut Xml, stack: &Stack) {
    x.text("CreationTime", &iso(stack.created));
    x.maybe("LastUpdatedTime", stack.updated.map(iso).as_deref());
    x.maybe("DeletionTime", stack.deleted.map(iso).as_deref());
}

/// Outputs are there once the stack is complete.
fn outputs(x: &mut Xml, stack: &Stack) {
    if stack.is_being_created() || stack.is_deleted() {
        return;
    }
    x.list("Outputs", stack.template.section("Outputs").into_iter().flatten(), |x, (key, output)| {
        x.text("OutputKey", key);
        x.text("OutputValue", &output.get("Value").map(|value| stack.value(value)).unwrap_or_default());
        x.maybe("Description", output.get("Description").map(text_of).as_deref());
        let export = output.get("Export").and_then(|export| export.get("Name"));
        x.maybe("ExportName", export.map(|name| stack.value(name)).as_deref());
    });
}

/// The newest first.
fn last_operations(x: &mut Xml, stack: &Stack) {
    x.list("LastOperations", stack.operations.iter().rev().take(5), |x, operation| {
        x.text("OperationType", operation.kind);
        x.text("OperationId", &operation.id);
    });
}

/// Source: [ListStacks](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html).
pub(super) fn list(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let wanted = request.list("StackStatusFilter");
    let fits = |stack: &&Stack| wanted.is_empty() || wanted.contains(&stack.status);
    let all: Vec<_> = here(world, caller).filter(fits).cloned().collect();
    let (stacks, next) = page(world, request, all)?;
    Ok(xml(|x| {
        x.list("StackSummaries", &stacks, |x, stack| {
            x.text("StackId", &stack.id);
            x.text("StackName", &stack.name);
            x.maybe("TemplateDescription", stack.template.description());
            x.text("StackStatus", &stack.status);
            x.maybe("StackStatusReason", stack.reason.as_deref());
            times(x, stack);
            x.maybe("ParentId", stack.parent.as_deref());
            if stack.parent.is_some() {
                x.text("RootId", &stack.root);
            }
            last_operations(x, stack);
        });
        x.maybe("NextToken", next.as_deref());
    }))
}

pub(super) fn list_resources(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let stack = world.found(caller, required(request, "StackName")?)?;
    let all: Vec<_> = stack.resources.values().cloned().collect();
    let (resources, next) = page(world, request, all)?;
    Ok(xml(|x| {
        x.list("StackResourceSummaries", &resources, |x, resource| {
            resource_fields(x, resource);
            x.text("LastUpdatedTimestamp", &iso(resource.at));
        });
        x.maybe("NextToken", next.as_deref());
    }))
}

/// All at once, at most 100.
///
/// Source: [DescribeStackResources][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html
pub(super) fn describe_resources(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let stack = match (request.parameter("StackName"), request.parameter("PhysicalResourceId")) {
        (Some(name), _) => world.found(caller, name)?,
        (None, Some(physical)) => here(world, caller)
            .find(|stack| {
                stack.resources.values().any(|resource| resource.physical.as_deref() == Some(physical))
            })
            .ok_or_else(|| Refusal::validation(format!("Stack for {physical} does not exist")))?,
        (None, None) => {
            return Err(Refusal::validation("Either StackName or PhysicalResourceId must be specified."));
        }
    };
    let wanted = request.parameter("LogicalResourceId");
    let fits = |resource: &&Resource| wanted.is_none_or(|wanted| resource.logical == wanted);
    Ok(xml(|x| {
        x.list("StackResources", stack.resources.values().filter(fits).take(100), |x, resource| {
            x.text("StackId", &stack.id);
            x.text("StackName", &stack.name);
            resource_fields(x, resource);
            x.text("Timestamp", &iso(resource.at));
        });
    }))
}

fn resource_fields(x: &mut Xml, resource: &Resource) {
    x.text("LogicalResourceId", &resource.logical);
    x.maybe("PhysicalResourceId", resource.physical.as_deref());
    x.text("ResourceType", &resource.kind);
    x.text("ResourceStatus", &resource.status);
    x.maybe("ResourceStatusReason", resource.reason.as_deref());
}

pub(super) fn template(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let text = if let Some(set) = request.parameter("ChangeSetName") {
        super::change_sets::found(world, caller, request.parameter("StackName"), set)?.1.template.text.clone()
    } else {
        let stack = world.found(caller, required(request, "StackName")?)?;
        if stack.template.text.is_empty() {
            return Err(Refusal::validation(format!("Stack [{}] has no template", stack.name)));
        }
        stack.template.text.clone()
    };
    Ok(xml(|x| {
        x.text("TemplateBody", &text);
        x.list("StagesAvailable", ["Original", "Processed"], Xml::raw);
    }))
}

/// Without a policy there is no body.
///
/// Source: [GetStackPolicy](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetStackPolicy.html).
pub(super) fn policy(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let name = world.found(caller, required(request, "StackName")?)?.name.clone();
    let policy = world.scenario.policies.get(&name);
    Ok(xml(|x| x.maybe("StackPolicyBody", policy.map(String::as_str))))
}

pub(super) fn summary(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let template = match (request.parameter("TemplateBody"), request.parameter("StackName")) {
        (Some(text), _) => Template::read(text, &BTreeMap::new())?,
        (None, _) => world.found(caller, required(request, "StackName")?)?.template.clone(),
    };
    let kinds: std::collections::BTreeSet<_> = template.resources().map(|(_, value)| kind(value)).collect();
    Ok(xml(|x| {
        x.maybe("Description", template.description());
        x.list("Parameters", template.section("Parameters").into_iter().flatten(), |x, (name, parameter)| {
            x.text("ParameterKey", name);
            x.maybe("DefaultValue", parameter.get("Default").map(text_of).as_deref());
            x.maybe("ParameterType", parameter.get("Type").map(text_of).as_deref());
        });
        x.list("ResourceTypes", &kinds, |x, kind| x.raw(kind));
        x.maybe("Version", template.section("Resources").map(|_| "2010-09-09"));
    }))
}

pub(super) fn exports(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let live = here(world, caller).filter(|stack| !stack.is_deleted() && !stack.is_being_created());
    let all: Vec<_> = live
        .flat_map(|stack| stack.exports().into_iter().map(|(name, value)| (stack.id.clone(), name, value)))
        .collect();
    let (exports, next) = page(world, request, all)?;
    Ok(xml(|x| {
        x.list("Exports", &exports, |x, (id, name, value)| {
            x.text("ExportingStackId", id);
            x.text("Name", name);
            x.text("Value", value);
        });
        x.maybe("NextToken", next.as_deref());
    }))
}

/// An export that nobody imports is an error.
///
/// Source: [ListImports](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListImports.html).
pub(super) fn imports(world: &mut World, caller: &Caller, request: &Request) -> Answer {
    let export = required(request, "ExportName")?;
    let users = importers(world, caller, export);
    if users.is_empty() {
        return Err(Refusal::validation(format!("Export '{export}' is not imported by any stack.")));
    }
    let (users, next) = page(world, request, users)?;
    Ok(xml(|x| {
        x.list("Imports", &users, |x, name| x.raw(name));
        x.maybe("NextToken", next.as_deref());
    }))
}

/// The names of the stacks that import `export`.
pub(super) fn importers(world: &World, caller: &Caller, export: &str) -> Vec<String> {
    let users =
        here(world, caller).filter(|stack| !stack.is_deleted() && stack.template.imports().contains(export));
    users.map(|stack| stack.name.clone()).collect()
}
