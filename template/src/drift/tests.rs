use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

/// A stack whose resources have their logical IDs as physical ones, but where `physical` says otherwise.
fn judge(resources: Value, drifted: &Drifted, physical: &[(&str, &str)]) -> Vec<Judged> {
    let parameters = json!({ "Password": { "Type": "String", "NoEcho": true } });
    let text = json!({ "Parameters": parameters, "Resources": resources }).to_string();
    let template = Template::parse(&text, "t.json").unwrap().template;
    let mut ids: BTreeMap<String, String> =
        template.resources.keys().map(|id| (id.clone(), id.clone())).collect();
    ids.extend(physical.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())));
    Ground::new(&template, &ids).judge(drifted)
}

#[track_caller]
fn check(resources: Value, drifted: &Drifted, wanted: &[Option<Reason>]) {
    let judged = judge(resources, drifted, &[]);
    let found: Vec<Option<Reason>> = judged.iter().map(|judged| judged.left_out).collect();
    assert_eq!(found, wanted, "{judged:?}");
}

fn one(id: &str, type_name: &str, path: &str, expected: &str, actual: &str) -> Drifted {
    Drifted::new(id, type_name, vec![Difference::new(path, Some(expected), Some(actual))])
}

fn service(count: Value) -> Value {
    json!({ "Type": "AWS::ECS::Service", "Properties": { "DesiredCount": count } })
}

fn target(resource_id: Value, dimension: &str) -> Value {
    json!({ "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
        "ServiceNamespace": "any", "ScalableDimension": dimension, "ResourceId": resource_id,
        "MinCapacity": 1, "MaxCapacity": 10 } })
}

fn count(actual: &str) -> Drifted {
    one("Service", "AWS::ECS::Service", "/DesiredCount", "2", actual)
}

const COUNT: &str = "ecs:service:DesiredCount";

// L22
#[test]
fn a_count_that_autoscaling_moves_is_no_drift_however_the_target_names_the_service() {
    for id in [
        json!({ "Fn::Sub": "service/${Cluster}/${Service.Name}" }),
        json!({ "Fn::Join": ["/", ["service", "main", { "Fn::GetAtt": ["Service", "Name"] }]] }),
    ] {
        let resources = json!({
            "Cluster": { "Type": "AWS::ECS::Cluster" }, "Service": service(json!(2)), "Target": target(id, COUNT) });
        check(resources, &count("5"), &[Some(Reason::Autoscaled)]);
    }
    let resources =
        json!({ "Service": service(json!(2)), "Target": target(json!("service/main/web"), COUNT) });
    let arn = "arn:aws:ecs:us-east-1:123456789012:service/main/web";
    assert_eq!(
        judge(resources.clone(), &count("5"), &[("Service", arn)])[0].left_out,
        Some(Reason::Autoscaled)
    );
    let other = "arn:aws:ecs:us-east-1:123456789012:service/main/other-web";
    assert_eq!(judge(resources, &count("5"), &[("Service", other)])[0].left_out, None);
}

#[test]
fn a_count_that_nothing_scales_or_that_is_out_of_bounds_is_drift() {
    let own = json!({ "Fn::Sub": "service/main/${Service.Name}" });
    check(json!({ "Service": service(json!(2)) }), &count("5"), &[None]);
    let scaled = json!({ "Service": service(json!(2)), "Target": target(own.clone(), COUNT) });
    check(scaled.clone(), &count("0"), &[None]);
    check(scaled, &count("11"), &[None]);
    let other = json!({
        "Service": service(json!(2)), "Other": service(json!(2)),
        "Target": target(json!({ "Fn::Sub": "service/main/${Other.Name}" }), COUNT) });
    check(other, &count("5"), &[None]);
    let mut scheduled = target(own, COUNT);
    scheduled["Properties"]["ScheduledActions"] = json!([{ "ScheduledActionName": "night" }]);
    let resources = json!({ "Service": service(json!(2)), "Target": scheduled });
    check(resources.clone(), &count("0"), &[Some(Reason::Autoscaled)]);
    let bound = one("Target", "AWS::ApplicationAutoScaling::ScalableTarget", "/MinCapacity", "1", "0");
    check(resources, &bound, &[Some(Reason::Scheduled)]);
}

#[test]
fn a_property_that_the_template_does_not_give_is_no_drift() {
    let resources = json!({ "Service": { "Type": "AWS::ECS::Service", "Properties": {} } });
    check(resources, &count("5"), &[Some(Reason::NotInTemplate)]);
}

#[test]
fn capacities_of_tables_and_groups_are_no_drift_where_they_are_scaled() {
    let throughput = json!({ "ReadCapacityUnits": 5, "WriteCapacityUnits": 5 });
    let table =
        json!({ "Type": "AWS::DynamoDB::Table", "Properties": { "ProvisionedThroughput": throughput } });
    let id = json!({ "Fn::Sub": "table/${Table}" });
    let resources = json!({ "Table": table, "Target": target(id, "dynamodb:table:ReadCapacityUnits") });
    let read = Difference::new("/ProvisionedThroughput/ReadCapacityUnits", Some("5"), Some("9"));
    let write = Difference::new("/ProvisionedThroughput/WriteCapacityUnits", Some("5"), Some("9"));
    let drifted = Drifted::new("Table", "AWS::DynamoDB::Table", vec![read, write]);
    check(resources, &drifted, &[Some(Reason::Autoscaled), None]);

    let kind = "AWS::AutoScaling::AutoScalingGroup";
    let group =
        json!({ "Type": kind, "Properties": { "MinSize": "1", "MaxSize": "4", "DesiredCapacity": "2" } });
    let policy = json!({ "Type": "AWS::AutoScaling::ScalingPolicy", "Properties": { "AutoScalingGroupName": { "Ref": "Group" } } });
    let drifted = one("Group", kind, "/DesiredCapacity", "2", "4");
    check(json!({ "Group": group, "Policy": policy }), &drifted, &[Some(Reason::Autoscaled)]);
    check(json!({ "Group": group }), &drifted, &[None]);
}

/// A service that ECS deploys blue/green behind a rule and a test listener.
fn blue_green(controller: &str) -> Value {
    let group = json!({ "Type": "AWS::ElasticLoadBalancingV2::TargetGroup" });
    let action = json!([{ "Type": "forward", "TargetGroupArn": { "Ref": "Blue" } }]);
    let advanced = json!({
        "AlternateTargetGroupArn": { "Ref": "Green" }, "ProductionListenerRule": { "Ref": "Rule" },
        "TestListenerRule": { "Fn::GetAtt": ["TestRule", "RuleArn"] } });
    let mut balancer = json!({ "TargetGroupArn": { "Ref": "Blue" } });
    if controller == "ECS" {
        balancer["AdvancedConfiguration"] = advanced;
    }
    json!({
        "Blue": group, "Green": group, "Third": group,
        "Rule": { "Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": { "Actions": action, "Priority": 1 } },
        "TestRule": { "Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": { "Actions": [
            { "Type": "forward", "TargetGroupArn": { "Ref": "Third" } }] } },
        "Apart": { "Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": { "Actions": [
            { "Type": "forward", "TargetGroupArn": { "Ref": "Third" } }] } },
        "Service": { "Type": "AWS::ECS::Service", "Properties": {
            "DeploymentController": { "Type": controller }, "TaskDefinition": "t:1", "LoadBalancers": [balancer] } },
    })
}

fn weights(groups: [(&str, u32); 2]) -> Value {
    let groups = groups.map(|(group, weight)| json!({ "TargetGroupArn": group, "Weight": weight }));
    json!({ "TargetGroups": groups, "TargetGroupStickinessConfig": { "Enabled": false } })
}

const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";

// L22
#[test]
fn what_ecs_writes_into_a_listener_rule_while_it_shifts_requests_is_no_drift() {
    let forward = |groups| weights(groups).to_string();
    let rewritten = |id: &str, groups| {
        let gone = Difference::new("/Actions/0/TargetGroupArn", Some("Blue"), Some("null"));
        let come = Difference::new("/Actions/0/ForwardConfig", None, Some(&forward(groups)));
        Drifted::new(id, RULE, vec![gone, come])
    };
    let shifted = [Some(Reason::ShiftedByEcs); 2];
    check(blue_green("ECS"), &rewritten("Rule", [("Blue", 0), ("Green", 100)]), &shifted);
    check(blue_green("ECS"), &rewritten("TestRule", [("Blue", 0), ("Green", 100)]), &shifted);
    let moved = judge(blue_green("ECS"), &rewritten("Rule", [("Blue", 0), ("Third", 100)]), &[]);
    assert_eq!(moved[1].left_out, None, "a target group that is none of the service's");
    check(blue_green("ECS"), &rewritten("Apart", [("Blue", 0), ("Green", 100)]), &[None, None]);
    let weight = one("Rule", RULE, "/Actions/0/ForwardConfig/TargetGroups/1/Weight", "0", "100");
    check(blue_green("ECS"), &weight, &[Some(Reason::ShiftedByEcs)]);
}

#[test]
fn with_all_properties_only_the_shares_of_the_services_target_groups_may_differ() {
    let expected =
        json!({ "Priority": 1, "Actions": [{ "Type": "forward", "TargetGroupArn": "Blue", "Order": 1 }] });
    let actual = |kind: &str, group: &str| json!({ "Priority": 1, "Actions": [{ "Order": "1", "Type": kind, "ForwardConfig": weights([("Blue", 10), (group, 90)]) }] });
    let drifted = |actual: Value| {
        one("Rule", RULE, "/Actions/0", "{}", "[]")
            .with_properties(Some(&expected.to_string()), Some(&actual.to_string()))
    };
    check(blue_green("ECS"), &drifted(actual("forward", "Green")), &[Some(Reason::ShiftedByEcs)]);
    check(blue_green("ECS"), &drifted(actual("forward", "Third")), &[None]);
    check(blue_green("ECS"), &drifted(actual("redirect", "Green")), &[None]);
}

#[test]
fn what_codedeploy_deploys_is_no_drift() {
    let task = Difference::new("/TaskDefinition", Some("t:1"), Some("t:2"));
    let other = Difference::new("/PropagateTags", Some("SERVICE"), Some("NONE"));
    let mut resources = blue_green("CODE_DEPLOY");
    resources["Service"]["Properties"]["PropagateTags"] = json!("SERVICE");
    let drifted = Drifted::new("Service", "AWS::ECS::Service", vec![task.clone(), other]);
    check(resources, &drifted, &[Some(Reason::DeployedOutside), None]);
    let swapped = one("Rule", RULE, "/Actions/0/TargetGroupArn", "Blue", "Green");
    check(blue_green("CODE_DEPLOY"), &swapped, &[Some(Reason::DeployedOutside)]);
    let drifted = Drifted::new("Service", "AWS::ECS::Service", vec![task]);
    check(blue_green("ECS"), &drifted, &[None]);
}

#[test]
fn another_order_of_a_set_a_policy_and_json_in_a_text_are_the_same() {
    let statement = |actions: [&str; 2]| json!({ "Effect": "Allow", "Action": actions, "Resource": "*" });
    let role = |actions, tags: [&str; 2]| {
        let tags = tags.map(|tag| json!({ "Key": tag, "Value": "x" }));
        json!({ "Tags": tags, "AssumeRolePolicyDocument": { "Statement": [statement(actions)] } })
    };
    let expected = role(["s3:GetObject", "s3:PutObject"], ["a", "b"]);
    let actual = role(["s3:putobject", "s3:GetObject"], ["b", "c"]);
    let differences = vec![
        Difference::new(
            "/AssumeRolePolicyDocument/Statement/0/Action/0",
            Some("s3:GetObject"),
            Some("s3:putobject"),
        ),
        Difference::new("/Tags/1/Key", Some("b"), Some("c")),
    ];
    let drifted = Drifted::new("Role", "AWS::IAM::Role", differences)
        .with_properties(Some(&expected.to_string()), Some(&actual.to_string()));
    let resources = json!({ "Role": { "Type": "AWS::IAM::Role", "Properties": expected } });
    check(resources, &drifted, &[Some(Reason::Same), None]);

    let text = "/DashboardBody";
    let drifted =
        one("Board", "AWS::CloudWatch::Dashboard", text, "{\"a\":1,\"b\":2}", "{ \"b\": 2, \"a\": 1 }");
    let board = json!({ "Type": "AWS::CloudWatch::Dashboard", "Properties": { "DashboardBody": "x" } });
    check(json!({ "Board": board }), &drifted, &[Some(Reason::Same)]);
}

#[test]
fn nothing_in_either_form_and_an_untold_default_are_no_drift() {
    let properties =
        json!({ "LoadBalancers": [], "DeploymentController": { "Type": "ECS" }, "Cluster": "x" });
    let resources = json!({ "Service": { "Type": "AWS::ECS::Service", "Properties": properties } });
    let differences = vec![
        Difference::new("/LoadBalancers", Some("[]"), Some("null")),
        Difference::new("/DeploymentController", Some("{\"Type\":\"ECS\"}"), None),
        Difference::new("/Cluster", Some("x"), None),
    ];
    let drifted = Drifted::new("Service", "AWS::ECS::Service", differences);
    check(resources, &drifted, &[Some(Reason::Same), Some(Reason::Default), None]);
}

#[test]
fn a_minor_version_of_a_database_is_no_drift_unless_it_is_refused() {
    let kind = "AWS::RDS::DBInstance";
    let database = |automatic: bool| json!({ "Db": { "Type": kind, "Properties": { "EngineVersion": "15.3", "AutoMinorVersionUpgrade": automatic } } });
    let version = |expected, actual| one("Db", kind, "/EngineVersion", expected, actual);
    check(database(true), &version("15.3", "15.12"), &[Some(Reason::MinorVersion)]);
    check(database(false), &version("15", "15.12"), &[Some(Reason::MinorVersion)]);
    for (expected, actual) in [("15.3", "16.1"), ("15.3", "15.2"), ("15", "150.1")] {
        check(database(true), &version(expected, actual), &[None]);
    }
    check(database(false), &version("15.3", "15.4"), &[None]);
}

// L22, S1
#[test]
fn no_secret_is_in_a_judged_difference() {
    let canary = "canary-secret-value";
    let environment =
        |value: &str| json!([{ "Name": "DEBUG", "Value": "1" }, { "Name": "DB_PASSWORD", "Value": value }]);
    let properties = json!({
        "ContainerDefinitions": [{ "Name": "web", "Environment": environment("x"), "Command": ["run", { "Ref": "Password" }] }],
        "Family": { "Fn::Sub": "f-${Password}" },
    });
    let resources = json!({ "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": properties } });
    let actual = json!({ "ContainerDefinitions": [{ "Name": "web", "Environment": environment(canary) }] });
    let whole = json!([{ "Name": "web", "Environment": environment(canary), "Command": ["run", canary] }])
        .to_string();
    let differences = vec![
        Difference::new("/ContainerDefinitions/0/Environment/1/Value", Some("x"), Some(canary)),
        Difference::new("/ContainerDefinitions", Some("[]"), Some(&whole)),
        Difference::new("/Family", Some("f-x"), Some(canary)),
        Difference::new(
            "/Volumes/0/Config",
            Some("{}"),
            Some(&json!({ "ApiKey": canary, "Size": 3 }).to_string()),
        ),
    ];
    let drifted = Drifted::new("Task", "AWS::ECS::TaskDefinition", differences)
        .with_properties(Some(&actual.to_string()), Some(&actual.to_string()));
    let judged = judge(resources, &drifted, &[]);
    for one in &judged {
        assert!(!format!("{:?} {:?}", one.expected, one.actual).contains(canary), "{one:?}");
        assert!(one.secrets.contains(&canary.to_owned()), "{one:?}");
    }
    let shown = serde_json::to_string(&judged[1].actual).unwrap();
    assert!(shown.contains("DEBUG") && shown.contains("\"run\""), "what is no secret is shown: {shown}");
}

#[test]
fn items_are_called_by_their_names() {
    let tags = json!({ "Tags": [{ "Key": "Owner", "Value": "a" }, { "Value": "b" }] }).to_string();
    let differences = vec![
        Difference::new("/Tags/0/Value", Some("a"), Some("c")),
        Difference::new("/Tags/1/Value", Some("b"), Some("c")),
        Difference::new("/", None, None),
    ];
    let drifted = Drifted::new("Topic", "AWS::SNS::Topic", differences).with_properties(Some(&tags), None);
    let places: Vec<String> =
        judge(json!({}), &drifted, &[]).into_iter().map(|judged| judged.place).collect();
    assert_eq!(places, ["Tags[Owner].Value", "Tags[1].Value", "all properties"]);
}

#[test]
fn whatever_aws_says_is_judged() {
    for text in ["{", "[[[", "{\"a\":}", "", "/", "//0//x", "99999999999999999999999"] {
        let drifted = Drifted::new("X", "AWS::No::Type", vec![Difference::new(text, Some(text), Some(text))])
            .with_properties(Some(text), Some(text));
        assert_eq!(judge(json!({}), &drifted, &[]).len(), 1);
    }
}
