//! ECS: the tasks that a test gives to services, and commands in their containers.

use serde_json::{Value, json};

use super::{JsonAnswer, not_found, resources};
use crate::request::Request;
use crate::state::{Resource, Stack};
use crate::world::{Caller, World};

/// The answer of ECS: here what is about tasks, everything else as the stacks imply.
pub(super) fn answer(world: &World, caller: &Caller, request: &Request) -> Option<JsonAnswer> {
    let body = &request.body;
    match request.action.as_str() {
        "ListTasks" => Some(listed(world, caller, body)),
        "DescribeTasks" => Some(described(world, caller, body)),
        "ExecuteCommand" => Some(executed(world, caller, body)),
        _ => None,
    }
}

/// Adds to what ECS tells of services and task definitions what tasks and templates say of them.
pub(super) fn completed(world: &World, caller: &Caller, answer: JsonAnswer) -> JsonAnswer {
    let JsonAnswer::Ok(mut value) = answer else { return answer };
    if let Some(definition) = value.get_mut("taskDefinition").filter(|definition| definition.is_object()) {
        let arn = definition["taskDefinitionArn"].as_str().unwrap_or_default().to_owned();
        let found = resources(world, caller).find(|(_, one)| one.physical.as_ref() == Some(&arn));
        let role = found.and_then(|(stack, resource)| {
            Some(stack.value(resource.definition.get("Properties")?.get("TaskRoleArn")?))
        });
        definition["taskRoleArn"] = json!(role);
    }
    let services = value.get_mut("services").and_then(Value::as_array_mut);
    for service in services.into_iter().flatten() {
        let arn = service["serviceArn"].as_str().unwrap_or_default().to_owned();
        let Some((stack, resource)) = service_called(world, caller, &arn) else { continue };
        complete(world, stack, resource, service);
    }
    JsonAnswer::Ok(value)
}

fn complete(world: &World, stack: &Stack, resource: &Resource, service: &mut Value) {
    let property = |name: &str| resource.definition.get("Properties").and_then(|all| all.get(name));
    let balancers = property("LoadBalancers").and_then(Value::as_array).into_iter().flatten();
    let balancers: Vec<Value> = balancers
        .map(|one| {
            let text = |name: &str| one.get(name).map(|value| stack.value(value)).unwrap_or_default();
            let port: u64 = text("ContainerPort").parse().unwrap_or_default();
            json!({ "targetGroupArn": text("TargetGroupArn"), "containerName": text("ContainerName"), "containerPort": port })
        })
        .collect();
    let exec = property("EnableExecuteCommand").is_some_and(|value| stack.value(value) == "true");
    let tasks: Vec<Value> = tasks_of(world, stack, resource).collect();
    let count = |statuses: &[&str]| {
        tasks
            .iter()
            .filter(|task| statuses.contains(&task["lastStatus"].as_str().unwrap_or_default()))
            .count()
    };
    let Some(fields) = service.as_object_mut() else { return };
    fields.entry("loadBalancers").or_insert(json!(balancers));
    fields.entry("enableExecuteCommand").or_insert(json!(exec));
    if !tasks.is_empty() {
        fields.insert("runningCount".to_owned(), json!(count(&["RUNNING"])));
        let pending = count(&["PROVISIONING", "PENDING", "ACTIVATING"]);
        fields.insert("pendingCount".to_owned(), json!(pending));
    }
}

/// The service with this ARN or name.
fn service_called<'a>(world: &'a World, caller: &'a Caller, name: &str) -> Option<(&'a Stack, &'a Resource)> {
    resources(world, caller).find(|(_, resource)| {
        let arn = resource.physical.as_deref().unwrap_or_default();
        resource.kind == "AWS::ECS::Service" && (arn == name || arn.rsplit('/').next() == Some(name))
    })
}

/// The tasks that the test gave to a service, with what it left out.
fn tasks_of<'a>(
    world: &'a World,
    stack: &'a Stack,
    service: &'a Resource,
) -> impl Iterator<Item = Value> + 'a {
    let names = stack.names(&service.logical);
    let of_it = world.scenario.running.tasks.iter().filter(move |(id, _)| names.contains(id));
    of_it.map(|(_, task)| whole(stack, service, task))
}

fn whole(stack: &Stack, service: &Resource, task: &Value) -> Value {
    let arn = service.physical.as_deref().unwrap_or_default();
    let cluster = arn.split('/').nth(1).unwrap_or_default();
    let id = task["id"].as_str().unwrap_or("0123456789abcdef0123456789abcdef");
    let at = |rest: &str| format!("arn:aws:ecs:{}:{}:{rest}", stack.region, stack.account);
    let definition = service.definition.get("Properties").and_then(|all| all.get("TaskDefinition"));
    let mut whole = json!({
        "taskArn": at(&format!("task/{cluster}/{id}")),
        "clusterArn": at(&format!("cluster/{cluster}")),
        "group": format!("service:{}", arn.rsplit('/').next().unwrap_or_default()),
        "taskDefinitionArn": definition.map(|value| stack.value(value)),
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "healthStatus": "HEALTHY",
        "startedBy": "ecs-svc/1000000000000000001",
        "containers": [],
        "attachments": [],
    });
    if let (Some(whole), Some(given)) = (whole.as_object_mut(), task.as_object()) {
        whole.extend(given.clone());
    }
    whole
}

fn all(world: &World, caller: &Caller) -> Vec<Value> {
    let services = resources(world, caller).filter(|(_, resource)| resource.kind == "AWS::ECS::Service");
    services.flat_map(|(stack, service)| tasks_of(world, stack, service)).collect()
}

fn listed(world: &World, caller: &Caller, body: &Value) -> JsonAnswer {
    let wanted = body["desiredStatus"].as_str().unwrap_or("RUNNING");
    let service = body["serviceName"].as_str().unwrap_or_default();
    let service = service_called(world, caller, service);
    let tasks: Vec<Value> = match service {
        Some((stack, service)) => tasks_of(world, stack, service).collect(),
        None => Vec::new(),
    };
    let arns: Vec<&Value> =
        tasks.iter().filter(|task| task["desiredStatus"] == wanted).map(|task| &task["taskArn"]).collect();
    json!({ "taskArns": arns }).into()
}

fn described(world: &World, caller: &Caller, body: &Value) -> JsonAnswer {
    let wanted = body["tasks"].as_array().cloned().unwrap_or_default();
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    let mut all = all(world, caller);
    let includes_tags = body["include"].as_array().is_some_and(|all| all.iter().any(|one| one == "TAGS"));
    if !includes_tags {
        for task in all.iter_mut().filter_map(Value::as_object_mut) {
            task.remove("tags");
        }
    }
    for name in wanted.iter().filter_map(Value::as_str) {
        let is_meant = |task: &&Value| {
            let arn = task["taskArn"].as_str().unwrap_or_default();
            arn == name || arn.rsplit('/').next() == Some(name)
        };
        match all.iter().find(is_meant) {
            Some(task) => found.push(task.clone()),
            None => failures.push(json!({ "arn": name, "reason": "MISSING" })),
        }
    }
    json!({ "tasks": found, "failures": failures }).into()
}

/// A session in a task that runs.
fn executed(world: &World, caller: &Caller, body: &Value) -> JsonAnswer {
    let name = body["task"].as_str().unwrap_or_default();
    let all = all(world, caller);
    let task = all.iter().find(|task| task["taskArn"] == name && task["lastStatus"] == "RUNNING");
    let Some(task) = task else { return not_found() };
    json!({
        "clusterArn": task["clusterArn"],
        "taskArn": name,
        "containerName": body["container"],
        "interactive": true,
        "session": {
            "sessionId": "ecs-execute-command-0a1b2c3d4e5f",
            "streamUrl": format!("wss://ssmmessages.{}.amazonaws.com/v1/data-channel/x", caller.region),
            "tokenValue": "AAEAAcanaryTOKENvalue0123456789",
        },
    })
    .into()
}
