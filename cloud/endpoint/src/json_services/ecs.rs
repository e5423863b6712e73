//! ECS: what the stacks declare, as if all of it ran, and what was deployed past them.

use serde_json::{Value, json};

use super::{JsonAnswer, not_found, resources};
use crate::clock::Micros;
use crate::request::Request;
use crate::rollouts::{Fate, Revision, Run, Service};
use crate::state::{Resource, Stack};
use crate::world::{Caller, World};

pub(super) fn answer(world: &mut World, caller: &Caller, request: &Request) -> JsonAnswer {
    let body = &request.body;
    match request.action.as_str() {
        "DescribeServices" => services(world, caller, body),
        "ListTasks" => json!({ "taskArns": [] }).into(),
        "DescribeTasks" => json!({ "tasks": [], "failures": [] }).into(),
        "DescribeTaskDefinition" => task_definition(world, caller, body),
        "ListTaskDefinitions" => task_definitions(world, caller, body),
        "ListServiceDeployments" => service_deployments(world, caller, body),
        "DescribeServiceRevisions" => service_revisions(world, body),
        "UpdateService" => update(world, caller, body),
        "StopServiceDeployment" => stop(world, body),
        _ => not_found(),
    }
}

/// The service of a stack with this ARN or name.
fn find<'a>(world: &'a World, caller: &'a Caller, name: &str) -> Option<(&'a Stack, &'a Resource)> {
    resources(world, caller).find(|(_, resource)| {
        let arn = resource.physical.as_deref().unwrap_or_default();
        resource.kind == "AWS::ECS::Service" && (arn == name || arn.rsplit('/').next() == Some(name))
    })
}

fn services(world: &World, caller: &Caller, body: &Value) -> JsonAnswer {
    let wanted = body.get("services").and_then(Value::as_array).cloned().unwrap_or_default();
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in wanted.iter().filter_map(Value::as_str) {
        match find(world, caller, name) {
            Some((stack, resource)) => found.push(service_of(world, stack, resource)),
            None => failures.push(json!({ "arn": name, "reason": "MISSING" })),
        }
    }
    json!({ "services": found, "failures": failures }).into()
}

/// How many tasks the template wants.
fn declared(stack: &Stack, resource: &Resource) -> u64 {
    let property = resource.definition.get("Properties").and_then(|all| all.get("DesiredCount"));
    property.and_then(|count| stack.value(count).parse().ok()).unwrap_or(1)
}

fn service_of(world: &World, stack: &Stack, resource: &Resource) -> Value {
    let arn = resource.physical.clone().unwrap_or_default();
    let name = arn.rsplit('/').next().unwrap_or_default().to_owned();
    let cluster = arn.split('/').nth(1).unwrap_or_default().to_owned();
    let cluster = format!("arn:aws:ecs:{}:{}:cluster/{cluster}", stack.region, stack.account);
    let busy = resource.status.ends_with("_IN_PROGRESS");
    let service = world.rollouts.services.get(&arn).cloned().unwrap_or_default();
    let now = world.clock.now();
    let (desired, running) = service.counts(declared(stack, resource), now);
    let deployments = deployments(&service, busy, (desired, running), now);
    let task_definition = service.runs.get(service.primary).map(|run| run.task_definition.clone());
    json!({
        "serviceArn": arn,
        "serviceName": name,
        "clusterArn": cluster,
        "status": "ACTIVE",
        "desiredCount": desired,
        "runningCount": running,
        "pendingCount": desired.saturating_sub(running),
        "taskDefinition": task_definition,
        "deployments": deployments,
        "events": [],
    })
}

/// The deployment that is aimed at, and until that is complete the one that it replaces or that failed.
fn deployments(service: &Service, busy: bool, (desired, running): (u64, u64), now: Micros) -> Vec<Value> {
    let Some(primary) = service.runs.get(service.primary) else { return Vec::new() };
    let complete = service.is_complete(primary, busy, now);
    let is_failed = |run: &&Run| matches!(run.fate, Fate::Failed(..)) && run.number > primary.number;
    let failed = service.runs.iter().rev().find(is_failed);
    let before = service.primary.checked_sub(1).map(|before| &service.runs[before]);
    let own = if complete || before.is_none() || failed.is_some() { running } else { 0 };
    let rollout = if complete { "COMPLETED" } else { "IN_PROGRESS" };
    let shown = |run: &Run, status: &str, running: u64, pending: u64, rollout: &str, reason: &str| {
        json!({
            "id": format!("ecs-svc/{}", run.number),
            "status": status,
            "taskDefinition": run.task_definition,
            "desiredCount": if status == "PRIMARY" { desired } else { 0 },
            "runningCount": running,
            "pendingCount": pending,
            "failedTasks": u64::from(rollout == "FAILED"),
            "rolloutState": rollout,
            "rolloutStateReason": reason,
            "createdAt": seconds(run.at),
        })
    };
    let mut all = vec![shown(primary, "PRIMARY", own, desired.saturating_sub(own), rollout, "")];
    if !complete {
        match (failed, before) {
            (Some(Run { fate: Fate::Failed(_, reason), .. }), _) => {
                all.extend(failed.map(|run| shown(run, "ACTIVE", 0, 0, "FAILED", reason)));
            }
            (_, Some(before)) => all.push(shown(before, "ACTIVE", running, 0, "COMPLETED", "")),
            _ => {}
        }
    }
    all
}

/// AWS's JSON has times in seconds.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of this century fit")]
fn seconds(at: Micros) -> f64 {
    (at / 1000) as f64 / 1000.0
}

fn task_definition(world: &World, caller: &Caller, body: &Value) -> JsonAnswer {
    let wanted = body.get("taskDefinition").and_then(Value::as_str).unwrap_or_default();
    let found = world.rollouts.revision(wanted).filter(|revision| is_of(caller, &revision.arn));
    let Some(revision) = found else {
        return JsonAnswer::error("ClientException", "Unable to describe task definition.");
    };
    let property = |name: &str| revision.properties.get(name);
    let containers = property("ContainerDefinitions").map_or_else(|| json!([]), lower_camel);
    json!({
        "taskDefinition": {
            "taskDefinitionArn": revision.arn,
            "status": if world.is_active(revision) { "ACTIVE" } else { "INACTIVE" },
            "taskRoleArn": property("TaskRoleArn"),
            "registeredAt": seconds(revision.at),
            "containerDefinitions": containers,
        }
    })
    .into()
}

fn is_of(caller: &Caller, arn: &str) -> bool {
    arn.starts_with(&format!("arn:aws:ecs:{}:{}:", caller.region, caller.account))
}

fn task_definitions(world: &mut World, caller: &Caller, body: &Value) -> JsonAnswer {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let wanted = |revision: &&Revision| {
        let name = revision.arn.rsplit('/').next().unwrap_or_default();
        let family = name.rsplit_once(':').map(|(family, _)| family);
        let status = if world.is_active(revision) { "ACTIVE" } else { "INACTIVE" };
        is_of(caller, &revision.arn) && family == Some(&text("familyPrefix")) && status == text("status")
    };
    let mut arns: Vec<String> =
        world.rollouts.revisions.iter().filter(wanted).map(|one| one.arn.clone()).collect();
    if text("sort") == "DESC" {
        arns.reverse();
    }
    let begin: usize = text("nextToken").parse().unwrap_or_default();
    let size = world.page();
    let end = (begin + size).min(arns.len());
    let next = (end < arns.len()).then(|| end.to_string());
    json!({ "taskDefinitionArns": arns[begin.min(end)..end], "nextToken": next }).into()
}

fn service_deployments(world: &World, caller: &Caller, body: &Value) -> JsonAnswer {
    let name = body.get("service").and_then(Value::as_str).unwrap_or_default();
    let Some((_, resource)) = find(world, caller, name) else {
        return JsonAnswer::error("ServiceNotFoundException", "Service not found.");
    };
    let arn = resource.physical.clone().unwrap_or_default();
    let busy = resource.status.ends_with("_IN_PROGRESS");
    let Some(service) = world.rollouts.services.get(&arn) else { return not_found() };
    let now = world.clock.now();
    let brief = |run: &Run| {
        let (status, reason, ended) = match &run.fate {
            Fate::Failed(at, reason) => ("ROLLBACK_SUCCESSFUL", Some(reason), Some(*at)),
            Fate::Stopped(at) => ("STOPPED", None, Some(*at)),
            Fate::Complete(at) if *at <= now => ("SUCCESSFUL", None, Some(*at)),
            Fate::Stacks if !busy => ("SUCCESSFUL", None, Some(run.at)),
            _ => ("IN_PROGRESS", None, None),
        };
        json!({
            "serviceDeploymentArn": arn.replace(":service/", ":service-deployment/") + &format!("/{}", run.number),
            "serviceArn": arn,
            "targetServiceRevisionArn": arn.replace(":service/", ":service-revision/") + &format!("/{}", run.number),
            "status": status,
            "statusReason": reason,
            "createdAt": seconds(run.at),
            "startedAt": seconds(run.at),
            "finishedAt": ended.map(seconds),
        })
    };
    let all: Vec<Value> = service.runs.iter().rev().map(brief).collect();
    json!({ "serviceDeployments": all }).into()
}

fn service_revisions(world: &World, body: &Value) -> JsonAnswer {
    let wanted = body.get("serviceRevisionArns").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut found = Vec::new();
    for arn in wanted.iter().filter_map(Value::as_str) {
        let runs = || world.rollouts.services.values().flat_map(|service| &service.runs);
        let number = arn.rsplit('/').next().and_then(|number| number.parse::<u64>().ok());
        let Some(run) = runs().find(|run| Some(run.number) == number) else { continue };
        let revision = world.rollouts.revision(&run.task_definition);
        let containers = revision.and_then(|one| one.properties.get("ContainerDefinitions")?.as_array());
        let image = |container: &Value| {
            let image = container.get("Image").and_then(Value::as_str).unwrap_or_default();
            json!({ "containerName": container.get("Name"), "image": image, "imageDigest": digest(image) })
        };
        let images: Vec<Value> = containers.into_iter().flatten().map(image).collect();
        found.push(json!({
            "serviceRevisionArn": arn,
            "taskDefinition": run.task_definition,
            "containerImages": images,
            "createdAt": seconds(run.at),
        }));
    }
    json!({ "serviceRevisions": found, "failures": [] }).into()
}

/// The digest that is named, or one that the name always has.
fn digest(image: &str) -> String {
    if let Some((_, digest)) = image.split_once('@') {
        return digest.to_owned();
    }
    // FNV-1a: any number will do that differs with the name.
    let hash = image.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("sha256:{}", format!("{hash:016x}").repeat(4))
}

fn update(world: &mut World, caller: &Caller, body: &Value) -> JsonAnswer {
    let name = body.get("service").and_then(Value::as_str).unwrap_or_default();
    let Some((stack, resource)) = find(world, caller, name) else {
        return JsonAnswer::error("ServiceNotFoundException", "Service not found.");
    };
    let arn = resource.physical.clone().unwrap_or_default();
    let (logical, count) = (resource.logical.clone(), declared(stack, resource));
    let service = world.rollouts.services.get(&arn).cloned().unwrap_or_default();
    let now = service.runs.get(service.primary).map(|run| run.task_definition.clone()).unwrap_or_default();
    let wanted = match body.get("taskDefinition").and_then(Value::as_str) {
        None => now.clone(),
        Some(wanted) => match world.rollouts.revision(wanted) {
            Some(revision) if world.is_active(revision) => revision.arn.clone(),
            Some(_) => return JsonAnswer::error("ClientException", "TaskDefinition is inactive"),
            None => return JsonAnswer::error("ClientException", "Unable to describe task definition."),
        },
    };
    if let Some(wanted) = body.get("desiredCount").and_then(Value::as_u64) {
        world.scale_service(&arn, count, wanted);
    }
    if body.get("forceNewDeployment").and_then(Value::as_bool) == Some(true) || wanted != now {
        world.deploy_service(&arn, &logical, wanted);
    }
    let found = find(world, caller, &arn).map(|(stack, resource)| service_of(world, stack, resource));
    json!({ "service": found }).into()
}

fn stop(world: &mut World, body: &Value) -> JsonAnswer {
    let arn = body.get("serviceDeploymentArn").and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = arn.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or_default();
    if world.stop_deployment(number) {
        return json!({ "serviceDeploymentArn": arn }).into();
    }
    JsonAnswer::error("ConflictException", "The service deployment is not in progress.")
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
