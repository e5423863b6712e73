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
    assert_snapshot!(refused, @r#"
    exit: 3
    --- stderr ---
    error: p exports what other stacks import: `shared` by consumer

    hint: destroy consumer first

    error: Images (AWS::ECR::Repository, api) is not empty
      at p

    hint: delete it with its images: `aws ecr delete-repository --force --repository-name api`

    error: Logs (AWS::S3::Bucket, logs-1) is not empty
      at p

    hint: empty it: `aws s3 rm s3://logs-1 --recursive`; if it keeps versions, use "Empty" in the S3 console

    hint: remove what is in the way, then run the same command again; nothing was deleted
    "#);
}

// L14, L18
#[test]
fn what_could_not_be_deleted_is_named_and_can_be_left_in_the_account() {
    let logs = json!({ "Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain", "Properties": { "LogGroupName": "/t" } });
    let emulator = with_stack(&json!({ "Resources": { "Topic": topic(), "Logs": logs } }));
    let project = &emulator.project;
    assert_snapshot!(destroy(project, &["p", "--retain", "Topic"]), @r"
    exit: 3
    --- stderr ---
    error: resources can be retained only after a deletion has failed, and p is CREATE_COMPLETE

    hint: leave `--retain` out; nothing was deleted
    ");
    emulator.inject("delete:Topic", "Internal Failure");
    assert_snapshot!(destroy(project, &["p"]), @r"
    exit: 1
    --- stderr ---
    p will be deleted, 1 resource:
      - deleted 1 AWS::SNS::Topic
      = retained AWS::Logs::LogGroup Logs (/t): $0.03 for each GB and month
      what is retained is billed by what it stores (list prices of us-east-1 in July 2024)
    p: looking at the stack as it is
    p: deleting
    [TIME]  DELETE_FAILED  Topic (AWS::SNS::Topic)  Internal Failure
    [TIME]  DELETE_SKIPPED  Logs (AWS::Logs::LogGroup)
    [TIME]  DELETE_FAILED  p (AWS::CloudFormation::Stack)  The following resource(s) failed to delete: [Topic].
    error: p could not be deleted: Topic (AWS::SNS::Topic): Internal Failure
      at Topic (AWS::SNS::Topic)
      now: p is DELETE_FAILED; still there: Topic

    hint: remove what is in the way and run `docuthinker --local destroy --stack-name p`, or leave it in the account: `docuthinker --local destroy --stack-name p --retain Topic`
    ");
    assert_snapshot!(destroy(project, &["p", "--retain", "Topik"]), @r"
    exit: 3
    --- stderr ---
    error: no resource that could not be deleted is named `Topik`

    hint: did you mean `Topic`?
    ");
    assert_snapshot!(destroy(project, &["p", "--retain", "Topic"]), @r"
    exit: 0
    --- stdout ---
    p left these in the account:
      = retained AWS::SNS::Topic Topic (arn:aws:sns:us-east-1:123456789012:t)
    --- stderr ---
    p will be deleted, no resources:
      = retained AWS::SNS::Topic Topic (arn:aws:sns:us-east-1:123456789012:t)
    p: looking at the stack as it is
    p: deleting
    [TIME]  DELETE_SKIPPED  Topic (AWS::SNS::Topic)
    [TIME]  DELETE_COMPLETE  p (AWS::CloudFormation::Stack)
    p is deleted
    ");
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
