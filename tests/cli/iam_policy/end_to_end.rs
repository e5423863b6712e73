//! Every call of a deployment and of its end, held against the policy of who deploys.

use std::collections::BTreeSet;

use serde_json::Value;
use template::permissions::{OWN_CALLS, Scope};

use super::recorder::{Call, Recorder};
use crate::emulator::Emulator;

fn list(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one],
        other => other.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
    }
}

/// Whether a statement allows a call on a resource, if it is on one. Only the conditions that the policy uses for such
/// calls are known.
fn allows(statement: &Value, call: &Call, resource: Option<&str>) -> bool {
    let region = &statement["Condition"]["StringEquals"]["aws:RequestedRegion"];
    let covers =
        |pattern: &&str| resource.is_none_or(|resource| template::facts::iam_covers(pattern, resource));
    list(&statement["Action"]).iter().any(|action| *action == call.action)
        && list(&statement["Resource"]).iter().any(covers)
        && (region.is_null() || list(region).contains(&call.region.as_str()))
}

/// Whether there is a statement for each resource of a call.
fn is_allowed(statements: &[&Value], call: &Call) -> bool {
    let resources: Vec<Option<&str>> = match call.resources.as_slice() {
        [] => vec![None],
        some => some.iter().map(|resource| Some(resource.as_str())).collect(),
    };
    resources.iter().all(|resource| statements.iter().any(|statement| allows(statement, call, *resource)))
}

/// Whether a deployment needs the call. Everybody may ask who they are, and a look is not needed.
fn matters(call: &Call) -> bool {
    let needed = |scope| !matches!(scope, Scope::Nothing | Scope::Withheld);
    OWN_CALLS.iter().all(|(action, scope)| *action != call.action || needed(*scope))
}

/// The first call that no statement allows.
fn refused<'a>(statements: &[&Value], calls: &'a [Call]) -> Option<&'a Call> {
    calls.iter().filter(|call| matters(call)).find(|call| !is_allowed(statements, call))
}

// S6
#[test]
fn every_call_of_deploying_and_destroying_is_allowed_and_none_in_vain() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    let recorder = Recorder::start(emulator.address.clone());
    let endpoint = format!("http://{}", recorder.address);
    let aws = ["--endpoint-url", &endpoint, "--yes"];
    for command in [
        &["deploy", "--all"][..],
        &["diff"],
        &[
            "deploy",
            "--all",
            "--set",
            "logs.retention_days=60",
            "--set",
            "deletion_protection=false",
            // Of every change the emulator says that it may replace; only with `--local` we know better.
            "--allow-replace",
            "AccessLogs",
            "--allow-replace",
            "AiMlLogs",
            "--allow-replace",
            "BackendLogs",
            "--allow-replace",
            "FlowLogLogGroup",
            "--allow-replace",
            "WafLogs",
        ],
        &["outputs"],
        &["destroy", "--all"],
    ] {
        let run = project.run(command.iter().chain(&aws));
        assert_eq!(run.code, Some(0), "{command:?} {run}");
    }
    let calls = recorder.calls();
    let policy = project.run(["iam-policy", "--output", "json"]).json();
    let documents = policy["policies"].as_array().unwrap();
    let statements: Vec<&Value> =
        documents.iter().flat_map(|document| document["Statement"].as_array().unwrap()).collect();
    assert_eq!(refused(&statements, &calls), None);

    let table: BTreeSet<&str> = OWN_CALLS.iter().map(|(action, _)| *action).collect();
    let made: BTreeSet<&str> = calls.iter().map(|call| call.action.as_str()).collect();
    let unmapped: Vec<&&str> = made.iter().filter(|action| !table.contains(**action)).collect();
    assert!(unmapped.is_empty(), "{unmapped:?}");
    for action in [
        "cloudformation:CreateChangeSet",
        "cloudformation:ExecuteChangeSet",
        "cloudformation:DescribeStackEvents",
        "cloudformation:DeleteStack",
        "cloudformation:GetTemplate",
        "ecr:BatchGetImage",
        "secretsmanager:DescribeSecret",
    ] {
        assert!(made.contains(action), "{action}: {made:?}");
    }
    // The test can fail: without any of the statements that it needs, a call is refused.
    for needed in statements.iter().filter(|statement| is_needed(statement, &calls)) {
        let others: Vec<&Value> = statements.iter().filter(|other| *other != needed).copied().collect();
        assert!(refused(&others, &calls).is_some(), "{needed}");
    }
    for call in calls.iter().filter(|call| matters(call)).flat_map(elsewhere) {
        assert!(refused(&statements, std::slice::from_ref(&call)).is_some(), "{call:?}");
    }
}

/// Whether the statement allows a call on something, and not only beside another.
fn is_needed(statement: &Value, calls: &[Call]) -> bool {
    calls.iter().any(|call| is_allowed(&[statement], call))
}

/// The call on things that are not the stacks': in another region, and of another name where names are known before.
fn elsewhere(call: &Call) -> Vec<Call> {
    let on = |resource: String| Call { resources: vec![resource], ..call.clone() };
    let mut others = Vec::new();
    for resource in &call.resources {
        let parts: Vec<&str> = resource.splitn(6, ':').collect();
        let [arn, partition, service, region, account, rest] = parts[..] else { continue };
        let of = |region: &str, rest: &str| [arn, partition, service, region, account, rest].join(":");
        if !region.is_empty() {
            others.push(on(of("eu-north-1", rest)));
        }
        match service {
            "cloudformation" => others.push(on(of(region, "stack/Other/0"))),
            "ecr" => others.push(on(of(region, "repository/other"))),
            "secretsmanager" => others.push(on(of(region, "secret:other-AbCdEf"))),
            _ => {}
        }
    }
    others
}
