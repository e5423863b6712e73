//! `drift` against the emulator, which compares resources by itself.

use serde_json::{Value, json};

use crate::emulator::Emulator;

// L22
#[test]
fn what_was_changed_past_cloudformation_is_found_and_nothing_before() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    let queue =
        json!({ "Type": "AWS::SQS::Queue", "Properties": { "QueueName": "jobs", "DelaySeconds": 5 } });
    let output = json!({ "Url": { "Value": { "Ref": "Queue" } } });
    project.write("t.json", json!({ "Resources": { "Queue": queue }, "Outputs": output }).to_string());
    project.run("deploy --template t.json --stack-name S --local --yes --no-validate".split(' ')).success();
    let before = project.run("drift S --local --exit-code".split(' '));
    assert_eq!(before.code, Some(0), "{before}");
    assert!(before.stdout.starts_with("S: no drift in 1 resource\n"), "{before}");

    let outputs = project.run("outputs --stack-name S --local --output json".split(' ')).json();
    let url = &outputs["stacks"][0]["outputs"][0]["value"];
    let change = json!({ "QueueUrl": url, "Attributes": { "DelaySeconds": "9" } });
    emulator.post_json("sqs", "AmazonSQS.SetQueueAttributes", &change);
    let after = project.run("drift S --local --exit-code".split(' '));
    assert_eq!(after.code, Some(7), "{after}");
    assert!(after.stdout.contains("~ changed Queue (AWS::SQS::Queue)"), "{after}");
    assert!(after.stdout.contains("DelaySeconds: 5 → 9"), "{after}");
}

// L22
#[test]
fn a_count_that_autoscaling_moves_is_left_out_and_a_secret_is_found() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    let container = json!({ "Name": "web", "Image": "web", "Essential": true });
    let task = json!({ "Family": "web", "ContainerDefinitions": [container] });
    let service = json!({
        "ServiceName": "web", "Cluster": { "Ref": "Cluster" }, "TaskDefinition": { "Ref": "Task" }, "DesiredCount": 0 });
    let target = json!({
        "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 0, "MaxCapacity": 9,
        "ResourceId": { "Fn::Sub": "service/main/${Service.Name}" } });
    let made = |kind: &str, properties: Value| json!({ "Type": kind, "Properties": properties });
    let template = |scaled: bool| {
        let mut resources = json!({
            "Cluster": made("AWS::ECS::Cluster", json!({ "ClusterName": "main" })),
            "Task": made("AWS::ECS::TaskDefinition", task.clone()),
            "Service": made("AWS::ECS::Service", service.clone()),
            "Keys": made("AWS::SecretsManager::Secret", json!({ "Name": "keys", "Description": "of others" })),
        });
        if scaled {
            resources["Target"] = made("AWS::ApplicationAutoScaling::ScalableTarget", target.clone());
        }
        project.write("t.json", json!({ "Resources": resources }).to_string());
    };
    let deploy = || {
        let deploy = "deploy --template t.json --stack-name S --local --yes --no-validate --no-preflight";
        project.run(deploy.split(' ')).success();
    };
    template(true);
    deploy();
    let before = project.run("drift S --local --exit-code".split(' '));
    assert_eq!(before.code, Some(0), "{before}");
    assert!(!before.stdout.contains("deleted"), "{before}");

    let count = json!({ "cluster": "main", "service": "web", "desiredCount": 1 });
    emulator.json("ecs", "AmazonEC2ContainerServiceV20141113.UpdateService", &count);
    let scaled = project.run("drift S --local --exit-code".split(' '));
    assert_eq!(scaled.code, Some(0), "{scaled}");
    assert!(scaled.stdout.contains("1 difference left out: autoscaling moves it"), "{scaled}");
    let beside =
        project.run("diff --template t.json --stack-name S --local --drift --no-validate".split(' '));
    assert!(beside.stdout.contains("1 difference of S left out"), "{beside}");
    assert!(beside.stdout.contains("cannot be compared"), "what nobody compares is told: {beside}");

    template(false);
    deploy();
    let by_hand = project.run("drift S --local --exit-code".split(' '));
    assert_eq!(by_hand.code, Some(7), "{by_hand}");
    assert!(by_hand.stdout.contains("DesiredCount: 0 → 1"), "{by_hand}");
}
