//! `drift`, against the scripted AWS.

use std::time::Duration;

use endpoint::{Fault, Scenario, Wrong};
use serde_json::{Value, json};

use super::{Aws, LONG, PATIENCE, deployed};
use crate::project::Outcome;

/// A piece of what nobody may read.
const CANARY: &str = "canary-5f1c9d2e";

/// A service with autoscaling and a blue/green deployment, and what its task is given.
fn web() -> String {
    let group = json!({ "Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {} });
    let advanced = json!({
        "AlternateTargetGroupArn": { "Ref": "Green" }, "ProductionListenerRule": { "Ref": "Rule" } });
    let balancer = json!({ "TargetGroupArn": { "Ref": "Blue" }, "AdvancedConfiguration": advanced });
    let service = json!({ "DesiredCount": 2, "PropagateTags": "SERVICE", "LoadBalancers": [balancer] });
    let target = json!({
        "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 1, "MaxCapacity": 9,
        "ResourceId": { "Fn::Sub": "service/main/${Service.Name}" } });
    let rule =
        json!({ "Priority": 1, "Actions": [{ "Type": "forward", "TargetGroupArn": { "Ref": "Blue" } }] });
    let container =
        json!({ "Name": "web", "Environment": [{ "Name": "DB_PASSWORD", "Value": { "Ref": "Password" } }] });
    json!({
        "Parameters": { "Password": { "Type": "String", "NoEcho": true, "Default": "x" } },
        "Resources": {
            "Blue": group, "Green": group,
            "Rule": { "Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": rule },
            "Role": { "Type": "AWS::IAM::Role", "Properties": {} },
            "Service": { "Type": "AWS::ECS::Service", "Properties": service },
            "Target": { "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": target },
            "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": { "ContainerDefinitions": [container] } },
        },
    })
    .to_string()
}

fn web_stack() -> Scenario {
    let weights = json!({ "TargetGroups": [
        { "TargetGroupArn": "blue", "Weight": 0 }, { "TargetGroupArn": "green", "Weight": 100 }] });
    let target = Scenario::new().stack("S", &web(), "UPDATE_COMPLETE").with_parameter("Password", CANARY);
    target
        .physical_id("Blue", "blue")
        .physical_id("Green", "green")
        .undetectable("Target")
        .drifted("Service", "/DesiredCount", Some("2"), Some("5"))
        .drifted("Rule", "/Actions/0/TargetGroupArn", Some("blue"), None)
        .drifted("Rule", "/Actions/0/ForwardConfig", None, Some(&weights.to_string()))
}

fn by_hand() -> Scenario {
    let environment =
        |value: &str| json!([{ "Name": "web", "Environment": [{ "Name": "DB_PASSWORD", "Value": value }] }]);
    let changed = environment(&format!("{CANARY}-changed"));
    web_stack()
        .drifted("Service", "/PropagateTags", Some("SERVICE"), Some("NONE"))
        .drifted(
            "Task",
            "/ContainerDefinitions",
            Some(&environment(CANARY).to_string()),
            Some(&changed.to_string()),
        )
        .drifted_away("Role")
}

#[track_caller]
fn assert_no_secret(run: &Outcome) {
    assert!(!run.stdout.contains(CANARY) && !run.stderr.contains(CANARY), "{run}");
}

// L22, S1
#[test]
fn what_was_changed_by_hand_is_shown_and_what_aws_moves_is_left_out() {
    let aws = Aws::new(by_hand());
    let run = aws.run("drift S --exit-code");
    assert_no_secret(&run);
    assert_eq!(run.code, Some(7), "{run}");
    insta::assert_snapshot!("drift-by-hand", run.stdout);
    assert_eq!(aws.run("drift S").code, Some(0), "only if it is asked for");
    let all = aws.run("drift S --all");
    assert!(all.stdout.contains("DesiredCount: 2 → 5  (left out: autoscaling moves it)"), "{all}");
    assert!(all.stdout.contains("Target (AWS::ApplicationAutoScaling::ScalableTarget)"), "{all}");
    assert_no_secret(&all);
    assert_eq!(aws.endpoint.count("CreateChangeSet"), 0);
}

// L22
#[test]
fn what_aws_moves_alone_is_no_drift() {
    let aws = Aws::new(web_stack());
    let run = aws.run("drift S --exit-code");
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stdout.starts_with("S: no drift in 6 resources\n"), "{run}");
    assert!(run.stdout.contains("3 differences left out: 2 because ECS shifts requests"), "{run}");
    assert!(!run.stdout.contains("next:"), "{run}");
}

// L22, S1
#[test]
fn the_json_has_each_difference_with_its_reason() {
    let aws = Aws::new(by_hand());
    let run = aws.run("drift S --output json --exit-code");
    assert_eq!(run.code, Some(7), "{run}");
    assert_no_secret(&run);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&json["version"], &json["drifted"]), (&json!(1), &json!(true)));
    let stack = &json["stacks"][0];
    assert_eq!((&stack["name"], &stack["complete"]), (&json!("S"), &json!(true)));
    let resources = stack["parts"][0]["resources"].as_array().unwrap();
    let service = resources.iter().find(|one| one["logicalId"] == "Service").unwrap();
    assert_eq!(
        service["differences"],
        json!([{ "property": "PropagateTags", "expected": "SERVICE", "actual": "NONE" }])
    );
    assert_eq!(service["leftOut"][0]["reason"], "autoscaled");
    let role = resources.iter().find(|one| one["logicalId"] == "Role").unwrap();
    assert_eq!(role["deleted"], true);
}

// L22
#[test]
fn what_could_not_be_compared_is_no_success() {
    let denied = "User is not authorized to perform: sns:GetTopicAttributes (AccessDenied)";
    let aws =
        Aws::new(deployed().undetected("Topic", denied).fail_detection("Failed to detect drift on [Topic]"));
    let run = aws.run("drift S");
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stdout.contains("nothing was found to differ"), "{run}");
    assert!(
        run.stdout.contains("sns:GetTopicAttributes") && run.stdout.contains("not all was compared"),
        "{run}"
    );
    let aws = Aws::new(deployed().undetected("Topic", denied).drifted_away("Queue"));
    assert_eq!(aws.run("drift S --exit-code").code, Some(7), "drift that was found is certain");
}

// L22
#[test]
fn stacks_are_compared_side_by_side_and_the_trouble_of_one_hides_no_other() {
    let both = || {
        let template = super::template("old");
        let stacks = Scenario::new().stack("One", &template, "UPDATE_COMPLETE");
        stacks.stack("Two", &template, "UPDATE_COMPLETE").drifted_away("Two/Topic")
    };
    let aws = Aws::new(both().detection_delay(LONG));
    let running = aws.start("drift One Two --timeout 2s");
    aws.wait_for("DetectStackDrift", 2);
    let run = running.end();
    assert_eq!(run.code, Some(8), "{run}");

    let aws = Aws::new(both());
    let run = aws.run("drift One Two Three --exit-code");
    assert_eq!(run.code, Some(4), "{run}");
    assert!(run.stdout.contains("One: no drift") && run.stdout.contains("- deleted Topic"), "{run}");
    assert!(run.stderr.contains("Three is not deployed"), "{run}");
}

// C3, L22
#[cfg(unix)]
#[test]
fn an_interrupt_gives_up_the_detection_at_once() {
    let aws = Aws::new(deployed().detection_delay(LONG));
    let running = aws.start("drift S");
    aws.wait_for("DescribeStackDriftDetectionStatus", 1);
    running.signal(rustix::process::Signal::INT);
    let run = running.end();
    assert_eq!(run.code, Some(130), "{run}");
    assert!(run.stderr.contains("nothing was changed"), "{run}");
}

// L22
#[test]
fn another_detection_is_waited_for_and_said() {
    let aws = Aws::new(deployed().detecting("S", LONG));
    let running = aws.start("drift S");
    aws.wait_for("DetectStackDrift", 1);
    aws.endpoint.change(|scenario| scenario.detecting("S", Duration::ZERO));
    let run = running.end();
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stderr.contains("S: somebody else's drift detection runs"), "{run}");
}

// L22
#[test]
fn the_resources_of_the_project_are_shown_with_construct_and_source_line() {
    let template = json!({ "Resources": { "BackendRepository": { "Type": "AWS::ECR::Repository", "Properties": {
        "ImageTagMutability": "IMMUTABLE" } } } });
    let scenario =
        Scenario::new().stack("DocuThinkerFoundation-dev", &template.to_string(), "UPDATE_COMPLETE");
    let scenario =
        scenario.drifted("BackendRepository", "/ImageTagMutability", Some("IMMUTABLE"), Some("MUTABLE"));
    let aws = Aws::new(scenario);
    let run = aws.run("drift -e dev");
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stdout.contains("~ changed DocuThinkerFoundation-dev/"), "{run}");
    assert!(run.stdout.contains(": BackendRepository (AWS::ECR::Repository) at "), "{run}");
    assert!(run.stdout.contains("is not deployed\n"), "the others are told: {run}");
    let named = aws.run("drift DocuThinkerStack -e dev");
    assert_eq!(named.code, Some(4), "{named}");
    assert!(named.stderr.contains("docuthinker -e dev deploy DocuThinkerStack"), "{named}");
}

#[test]
fn throttling_only_takes_time() {
    let throttled = |action| Fault::new(Wrong::Throttled).on(action).times(3);
    let scenario = deployed().fault(throttled("DetectStackDrift"));
    let aws = Aws::new(scenario.fault(throttled("DescribeStackDriftDetectionStatus")));
    let run = aws.start("drift S");
    assert!(aws.endpoint.wait_for("DescribeStackResourceDrifts", 1, PATIENCE));
    assert_eq!(run.end().code, Some(0));
}

// L22, S1
#[test]
fn diff_shows_drift_beside_what_a_deployment_would_change() {
    let aws = Aws::new(by_hand());
    aws.project.write("t.json", web());
    let arguments = "diff --template t.json --stack-name S --no-validate";
    let without = aws.run(&format!("{arguments} --exit-code"));
    assert_eq!(without.code, Some(0), "{without}");
    let run = aws.run(&format!("{arguments} --drift --exit-code"));
    assert_no_secret(&run);
    assert_eq!(run.code, Some(7), "{run}");
    insta::assert_snapshot!("diff-with-drift", run.stdout);
    let json = aws.run(&format!("{arguments} --drift --format json"));
    assert_no_secret(&json);
    let written: Value = serde_json::from_str(&json.stdout).unwrap();
    crate::diff_against::assert_keeps_the_contract(&written);
    assert_eq!(written["stacks"][0]["drift"]["drifted"], true);
}
