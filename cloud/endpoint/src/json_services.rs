//! The services with a JSON protocol: the test's answers, and behind them what the stacks imply.
//!
//! Source: [AWS JSON 1.1 protocol](https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).

use std::fmt;

use serde_json::{Value, json};

use crate::request::Request;
use crate::state::{Resource, Stack};
use crate::world::{Caller, World};

type Closure = Box<dyn FnMut(&Value) -> Option<JsonAnswer> + Send>;

/// An answer that the test has for a call.
pub(crate) struct JsonScript {
    target: String,
    answer: Closure,
}

impl JsonScript {
    pub(crate) fn new(
        target: &str,
        answer: impl FnMut(&Value) -> Option<JsonAnswer> + Send + 'static,
    ) -> JsonScript {
        JsonScript { target: target.to_owned(), answer: Box::new(answer) }
    }
}

impl fmt::Debug for JsonScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonScript").field("target", &self.target).finish_non_exhaustive()
    }
}

/// The answer of a JSON service.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonAnswer {
    /// The result.
    Ok(Value),
    /// An error: HTTP status, code such as `ResourceNotFoundException`, message.
    Error(u16, String, String),
}

impl JsonAnswer {
    /// The error of a caller's mistake: 400 with this code and message.
    pub fn error(code: &str, message: &str) -> JsonAnswer {
        JsonAnswer::Error(400, code.to_owned(), message.to_owned())
    }
}

impl From<Value> for JsonAnswer {
    fn from(value: Value) -> JsonAnswer {
        JsonAnswer::Ok(value)
    }
}

/// Answers a request: the test's first answer that fits, or the default.
pub(crate) fn answer(world: &mut World, caller: &Caller, request: &Request) -> JsonAnswer {
    let full = format!("{}.{}", request.service, request.action);
    let fits = |script: &JsonScript| script.target == request.action || script.target == full;
    let scripts = world.scenario.json.iter_mut().rev().filter(|script| fits(script));
    for script in scripts {
        if let Some(answer) = (script.answer)(&request.body) {
            return answer;
        }
    }
    default(world, caller, request)
}

fn default(world: &World, caller: &Caller, request: &Request) -> JsonAnswer {
    let body = &request.body;
    let not_found = |code: &str| JsonAnswer::error(code, "there is nothing of this name here");
    match request.action.as_str() {
        "DescribeServices" => services(world, caller, body),
        "ListTasks" => json!({ "taskArns": [] }).into(),
        "DescribeTasks" => json!({ "tasks": [], "failures": [] }).into(),
        "DescribeTaskDefinition" => task_definition(world, caller, body),
        "GetLogEvents" | "FilterLogEvents" => json!({ "events": [] }).into(),
        "ListSecrets" => json!({ "SecretList": [] }).into(),
        "ListCertificates" => json!({ "CertificateSummaryList": [] }).into(),
        "DescribeRepositories" if body.get("repositoryNames").is_none() => {
            json!({ "repositories": [] }).into()
        }
        "DescribeImages" | "BatchGetImage" | "ListImages" | "DescribeRepositories" => {
            not_found("RepositoryNotFoundException")
        }
        "ListResources" => listed(world, caller, body),
        "GetResource" => got(world, caller, body),
        _ => not_found("ResourceNotFoundException"),
    }
}

/// The resources of all live stacks of the caller, with their stacks.
fn resources<'a>(world: &'a World, caller: &'a Caller) -> impl Iterator<Item = (&'a Stack, &'a Resource)> {
    let here = |stack: &&Stack| stack.region == caller.region && stack.account == caller.account;
    let live = world.stacks.iter().filter(here).filter(|stack| !stack.is_deleted());
    live.flat_map(|stack| stack.resources.values().map(move |resource| (stack, resource)))
        .filter(|(_, resource)| resource.exists())
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

/// Cloud Control: the resources of this type that stacks have.
fn listed(world: &World, caller: &Caller, body: &Value) -> JsonAnswer {
    let kind = body.get("TypeName").and_then(Value::as_str).unwrap_or_default();
    let found: Vec<_> = resources(world, caller)
        .filter(|(_, resource)| resource.kind == kind)
        .map(|(stack, resource)| cloud_control(stack, resource))
        .collect();
    json!({ "TypeName": kind, "ResourceDescriptions": found }).into()
}

fn got(world: &World, caller: &Caller, body: &Value) -> JsonAnswer {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let found = resources(world, caller).find(|(_, resource)| {
        resource.kind == text("TypeName") && resource.physical.as_deref() == Some(text("Identifier"))
    });
    match found {
        Some((stack, resource)) => {
            json!({ "TypeName": resource.kind, "ResourceDescription": cloud_control(stack, resource) }).into()
        }
        None => JsonAnswer::error("ResourceNotFoundException", "there is no such resource here"),
    }
}

fn cloud_control(stack: &Stack, resource: &Resource) -> Value {
    let properties = resource.definition.get("Properties").and_then(Value::as_object);
    let properties: serde_json::Map<_, _> = properties
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let simple = value.is_number() || value.is_boolean() || value.is_array();
            (name.clone(), if simple { value.clone() } else { Value::String(stack.value(value)) })
        })
        .collect();
    json!({ "Identifier": resource.physical, "Properties": Value::Object(properties).to_string() })
}
