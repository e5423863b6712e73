//! `destroy`: what is refused before it begins, what it shows, and what it says when AWS cannot delete a resource.

use insta::assert_snapshot;
use serde_json::json;

use crate::emulator::Emulator;
use crate::project::{Outcome, Project};

/// An emulator with the stack `p` of this template.
fn with_stack(template: &serde_json::Value) -> Emulator {
    let emulator = Emulator::start();
    deploy(&emulator.project, "p", template);
    emulator
}

fn deploy(project: &Project, name: &str, template: &serde_json::Value) {
    project.write("template.json", template.to_string());
    let deploy = ["deploy", "--template", "template.json", "--stack-name", name, "--no-validate"];
    project.run(deploy.iter().chain(&["--local", "--yes"])).success();
}

fn destroy(project: &Project, arguments: &[&str]) -> Outcome {
    let destroy = ["destroy", "--local", "--yes", "--stack-name"];
    let mut outcome = project.run(destroy.iter().chain(arguments));
    // Where the emulator listens, and the ids and times that it makes up.
    let lines = outcome.stderr.lines().filter(|line| !line.starts_with("using the emulator"));
    let lines = lines.map(|line| match line.as_bytes() {
        [_, _, b':', _, _, b':', ..] => format!("[TIME]{}", &line[8..]),
        _ => line.to_owned(),
    });
    outcome.stderr = lines.map(|line| line + "\n").collect();
    outcome
}

fn topic() -> serde_json::Value {
    json!({ "Type": "AWS::SNS::Topic", "Properties": { "TopicName": "t" } })
}

/// A stack with everything that can be in the way, and another that imports from it.
fn full() -> Emulator {
    let emulator = with_stack(&json!({
        "Resources": {
            "Logs": { "Type": "AWS::S3::Bucket", "Properties": { "BucketName": "logs-1" } },
            "Images": { "Type": "AWS::ECR::Repository", "Properties": { "RepositoryName": "api" } },
            "Kept": { "Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": { "BucketName": "kept-1" } },
            "Emptied": { "Type": "AWS::ECR::Repository",
                "Properties": { "RepositoryName": "emptied", "EmptyOnDelete": true } },
            "Topic": topic(),
        },
        "Outputs": { "Name": { "Value": { "Ref": "Logs" }, "Export": { "Name": "shared" } } },
    }));
    for bucket in ["logs-1", "kept-1"] {
        emulator.put_object(bucket, "key");
    }
    for repository in ["api", "emptied"] {
        let image = json!({ "repositoryName": repository, "imageTag": "1", "imageManifest": r#"{"schemaVersion":2}"# });
        emulator.json("ecr", "AmazonEC2ContainerRegistry_V20150921.PutImage", &image);
    }
    emulator
}

// L16
#[test]
fn everything_in_the_way_is_listed_before_anything_is_started() {
    let emulator = full();
    let import = json!({ "Value": { "Fn::ImportValue": "shared" }, "Type": "String" });
    let importer =
        json!({ "Resources": { "Copy": { "Type": "AWS::SSM::Parameter", "Properties": import } } });
    deploy(&emulator.project, "consumer", &importer);
    let refused = destroy(&emulator.project, &["p"]);
    assert_snapshot!(refused, @"");
}

// L14, L18
#[test]
fn what_could_not_be_deleted_is_named_and_can_be_left_in_the_account() {
    let emulator = with_stack(&json!({ "Resources": { "Topic": topic(), "Key": {
        "Type": "AWS::SecretsManager::Secret", "DeletionPolicy": "Retain", "Properties": { "Name": "key" } } } }));
    let project = &emulator.project;
    assert_snapshot!(destroy(project, &["p", "--retain", "Topic"]), @"");
    emulator.inject("delete:Topic", "Internal Failure");
    assert_snapshot!(destroy(project, &["p"]), @"");
    assert_snapshot!(destroy(project, &["p", "--retain", "Topik"]), @"");
    assert_snapshot!(destroy(project, &["p", "--retain", "Topic"]), @"");
}

// A14
#[test]
fn a_stack_that_is_gone_needs_nothing_also_by_its_arn() {
    let emulator = with_stack(&json!({ "Resources": { "Topic": topic() } }));
    let project = &emulator.project;
    let gone = project.run(["destroy", "--stack-name", "p", "--local", "--yes", "--output", "json"]).json();
    let arn = gone["stacks"][0]["stackId"].as_str().unwrap();
    for name in [arn, "p", "never-there"] {
        let again = destroy(project, &[name]);
        assert_eq!(again.code, Some(0), "{again}");
        assert!(again.stderr.contains("does not exist, so there is nothing to do"), "{again}");
    }
}
