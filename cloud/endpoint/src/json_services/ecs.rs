//! ECS: what the stacks declare, as if all of it ran.

use serde_json::{Value, json};

use super::{JsonAnswer, not_found, resources};
use crate::request::Request;
use crate::state::{Resource, Stack};
use crate::world::{Caller, World};

pub(super) fn answer(world: &World, caller: &Caller, request: &Request) -> JsonAnswer {
    let body = &request.body;
    match request.action.as_str() {
        "DescribeServices" => services(world, caller, body),
        "ListTasks" => json!({ "taskArns": [] }).into(),
        "DescribeTasks" => json!({ "tasks": [], "failures": [] }).into(),
        "DescribeTaskDefinition" => task_definition(world, caller, body),
        _ => not_found(),
    }
}

/// Services of the stacks, each with one deployment: of the task definition that its definition names.
fn services(world: &World, caller: &Caller, body: &Value) -> JsonAnswer {
    let wanted = body.get("services").and_then(Value::as_array).cloned().unwrap_or_default();
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in wanted.iter().filter_map(Value::as_str) {
        let service = resources(world, caller).find(|(_, resource)| {
            let arn = resource.physical.as_deref().unwrap_or_default();
            resource.kind == "AWS::ECS::Service" && (arn == name || arn.rsplit('/').next() == Some(name))
        });
        match service {
            Some((stack, resource)) => found.push(service_of(stack, resource)),
            None => failures.push(json!({ "arn": name, "reason": "MISSING" })),
        }
    }
    json!({ "services": found, "failures": failures }).into()
}

fn service_of(stack: &Stack, resource: &Resource) -> Value {
    let property = |name: &str| resource.definition.get("Properties").and_then(|all| all.get(name));
    let task_definition = property("TaskDefinition").map(|value| stack.value(value));
    let desired =
        property("DesiredCount").and_then(|count| stack.value(count).parse::<u64>().ok()).unwrap_or(1);
    let busy = resource.status.ends_with("_IN_PROGRESS");
    let rollout = if busy { "IN_PROGRESS" } else { "COMPLETED" };
    let arn = resource.physical.clone().unwrap_or_default();
    let name = arn.rsplit('/').next().unwrap_or_default().to_owned();
    let cluster = arn.split('/').nth(1).unwrap_or_default().to_owned();
    let cluster = format!("arn:aws:ecs:{}:{}:cluster/{cluster}", stack.region, stack.account);
    json!({
        "serviceArn": arn,
        "serviceName": name,
        "clusterArn": cluster,
        "status": "ACTIVE",
        "desiredCount": desired,
        "runningCount": desired,
        "pendingCount": 0,
        "taskDefinition": task_definition,
        "deployments": [{
            "id": "ecs-svc/1000000000000000001",
            "status": "PRIMARY",
            "taskDefinition": task_definition,
            "desiredCount": desired,
            "runningCount": desired,
            "pendingCount": 0,
            "failedTasks": 0,
            "rolloutState": rollout,
        }],
        "events": [],
    })
}

fn task_definition(world: &World, caller: &Caller, body: &Value) -> JsonAnswer {
    let wanted = body.get("taskDefinition").and_then(Value::as_str).unwrap_or_default();
    let found = resources(world, caller).find(|(_, resource)| {
        let arn = resource.physical.as_deref().unwrap_or_default();
        resource.kind == "AWS::ECS::TaskDefinition"
            && (arn == wanted || arn.rsplit('/').next() == Some(wanted))
    });
    let Some((_, resource)) = found else {
        return JsonAnswer::error("ClientException", "Unable to describe task definition.");
    };
    let containers = resource.definition.get("Properties").and_then(|all| all.get("ContainerDefinitions"));
    let containers = containers.map_or_else(|| json!([]), lower_camel);
    json!({
        "taskDefinition": {
            "taskDefinitionArn": resource.physical,
            "status": "ACTIVE",
            "containerDefinitions": containers,
        }
    })
    .into()
}

/// CloudFormation's `ContainerDefinitions` are ECS's with other capitals; the keys of free maps stay as they are.
fn lower_camel(value: &Value) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| {
                let free = name == "Options" || name == "DockerLabels";
                let name = format!("{}{}", name[..1].to_lowercase(), &name[1..]);
                (name, if free { value.clone() } else { lower_camel(value) })
            })
            .collect(),
        Value::Array(items) => items.iter().map(lower_camel).collect(),
        other => other.clone(),
    }
}
