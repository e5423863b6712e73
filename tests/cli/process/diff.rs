//! `diff` against what is deployed, and against a change set that AWS makes for it.

use std::time::Duration;

use endpoint::{Endpoint, Fault, Scenario, Wrong};
use serde_json::{Value, json};

use super::{Aws, PATIENCE, deployed, template};
use crate::diff_against::assert_keeps_the_contract;
use crate::project::{Outcome, Project};

const DIFF: &str = "diff --template t.json --stack-name S --no-validate";

/// The JSON of a run, which keeps the contract.
#[track_caller]
fn written(outcome: &Outcome) -> Value {
    let written = serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"));
    assert_keeps_the_contract(&written);
    written
}

#[track_caller]
fn diff(aws: &Aws, arguments: &str) -> Value {
    let outcome = aws.run(format!("{DIFF} --format json {arguments}").trim_end());
    assert_eq!(outcome.code, Some(0), "{outcome}");
    written(&outcome)
}

/// Two parameters, of which one is secret, and what is made of them.
fn with_parameters(default: &str) -> String {
    let parameters = json!({
        "Name": { "Type": "String", "Default": default },
        "Password": { "Type": "String", "NoEcho": true, "Default": default },
    });
    let topic = json!({ "Type": "AWS::SNS::Topic", "Properties": { "DisplayName": { "Ref": "Name" } } });
    let secret = json!({ "Type": "AWS::SecretsManager::Secret", "Properties": { "SecretString": { "Ref": "Password" } } });
    json!({ "Parameters": parameters, "Resources": { "Topic": topic, "Secret": secret } }).to_string()
}

fn parameterised() -> Aws {
    let scenario = Scenario::new().stack("S", &with_parameters("old"), "UPDATE_COMPLETE");
    let scenario = scenario.with_parameter("Name", "mine").with_parameter("Password", "s3cret-deployed");
    let aws = Aws::new(scenario);
    aws.project.write("t.json", with_parameters("new"));
    aws
}

#[test]
fn a_deployed_parameter_keeps_its_value_unless_another_is_given() {
    let aws = parameterised();
    let kept = diff(&aws, "");
    let changes = &kept["stacks"][0]["changes"];
    assert_eq!((&changes["values"], &changes["resources"]), (&json!([]), &json!([])), "only defaults differ");
    assert_eq!(changes["sections"].as_array().unwrap().len(), 2);

    let given = diff(&aws, "--parameter Name=yours");
    let value = json!({ "name": "Name", "old": "mine", "new": "yours", "masked": false, "certain": true });
    let changes = &given["stacks"][0]["changes"];
    assert_eq!(changes["values"], json!([value]));
    assert_eq!(
        (&changes["resources"][0]["id"], &changes["resources"][0]["consequence"]),
        (&json!("Topic"), &json!("updateInPlace"))
    );
    let same = diff(&aws, "--parameter Name=mine");
    assert_eq!(same["stacks"][0]["changes"]["values"], json!([]));
}

#[test]
fn a_secret_parameter_is_neither_known_nor_shown() {
    let aws = parameterised();
    let outcome = aws.run(&format!("{DIFF} --format json --parameter Password=s3cret-new"));
    let changes = &written(&outcome)["stacks"][0]["changes"];
    let value = json!({ "name": "Password", "masked": true, "certain": false });
    assert_eq!(changes["values"], json!([value]));
    assert_eq!(changes["resources"][0]["id"], "Secret");
    assert!(!outcome.stdout.contains("s3cret") && !outcome.stderr.contains("s3cret"), "{outcome}");
}

#[test]
fn without_a_change_set_nothing_is_done_but_looking() {
    let aws = Aws::new(deployed());
    let written = diff(&aws, "");
    let stack = &written["stacks"][0];
    assert_eq!((&stack["deployed"], &written["different"]), (&json!(true), &json!(true)));
    assert!(stack.get("changeSet").is_none());
    assert!(stack["expected"]["operations"].as_u64().unwrap() > 0, "{stack}");
    for request in aws.endpoint.requests() {
        assert!(
            request.action.starts_with("Get") || request.action.starts_with("Describe"),
            "{}",
            request.action
        );
    }
}

#[test]
fn a_history_that_may_not_be_read_is_left_out() {
    let denied = Fault::new(Wrong::Denied).on("DescribeStackEvents");
    let aws = Aws::new(deployed().fault(denied));
    assert!(diff(&aws, "")["stacks"][0].get("expected").is_none());
    let same = Aws::new(Scenario::new().stack("S", &template("new"), "UPDATE_COMPLETE"));
    assert_eq!(diff(&same, "")["different"], false);
    assert_eq!(same.endpoint.count("DescribeStackEvents"), 0, "what does not change takes no time");
}

#[test]
fn a_stack_that_is_being_changed_is_said_to_be() {
    let aws = Aws::new(Scenario::new().stack("S", &template("new"), "UPDATE_COMPLETE").hang("Queue"));
    aws.endpoint.update_by_somebody_else("S", &template("theirs"));
    aws.wait_for_status("UPDATE_IN_PROGRESS");
    let note = diff(&aws, "")["stacks"][0]["notes"][0].clone();
    assert!(note.as_str().unwrap().starts_with("is being changed (UPDATE_IN_PROGRESS)"), "{note}");
    let refused = aws.run(&format!("{DIFF} --change-set"));
    assert_eq!(refused.code, Some(4), "{refused}");
    assert!(refused.stderr.contains("another operation runs on S"), "{refused}");
}

#[test]
fn a_stack_that_is_not_there_is_new() {
    let aws = Aws::new(Scenario::new());
    let new = diff(&aws, "");
    assert_eq!((&new["stacks"][0]["deployed"], &new["different"]), (&json!(false), &json!(true)));
    let failed = Aws::new(Scenario::new().stack("S", &template("old"), "ROLLBACK_COMPLETE"));
    assert_eq!(diff(&failed, "")["stacks"][0]["status"], "ROLLBACK_COMPLETE");
}

/// The project's two stacks, which an AWS has that is asked for them.
fn of_the_project(wrong: Option<Fault>) -> (Endpoint, Project) {
    let project = Project::new();
    let mut scenario = Scenario::new();
    for name in ["DocuThinkerFoundation", "DocuThinkerStack"] {
        let template = project.run(["synth", name, "--format", "json"]).success();
        scenario = scenario.stack(name, &template, "UPDATE_COMPLETE");
    }
    if let Some(wrong) = wrong {
        scenario = scenario.fault(wrong);
    }
    let endpoint = Endpoint::start_blocking(scenario);
    let project = project.variable("AWS_ENDPOINT_URL", &endpoint.url()).variable("AWS_REGION", "us-east-1");
    (endpoint, project)
}

#[test]
fn all_stacks_are_looked_at_side_by_side() {
    // The first look is never answered, so only who looks at all at once asks again.
    let hangs = Fault::new(Wrong::Hangs).on("DescribeStacks").once();
    let (endpoint, project) = of_the_project(Some(hangs));
    let diff = super::running::Running::start(&project, project.command(["diff"]));
    assert!(endpoint.wait_for("GetTemplate", 1, PATIENCE), "the other stack is looked at meanwhile");
    drop(diff);
}

#[test]
fn the_deployed_stacks_are_those_of_the_code() {
    let (_endpoint, project) = of_the_project(None);
    let outcome = project.run(["diff", "--format", "json"]);
    let all = written(&outcome);
    let changes: Vec<&Value> =
        all["stacks"].as_array().unwrap().iter().map(|stack| &stack["changes"]["resources"]).collect();
    assert_eq!(changes, [&json!([]), &json!([])], "{outcome}");
}

// failure 8
#[test]
fn a_change_set_that_says_the_same_leaves_nothing_behind() {
    let aws = Aws::new(deployed());
    let outcome = aws.run(&format!("{DIFF} --change-set --format json"));
    let said = written(&outcome)["stacks"][0]["changeSet"].clone();
    assert_eq!((&said["disagreements"], &said["settled"]), (&json!([]), &json!([])), "{said}");
    assert_eq!(said["changes"].as_array().unwrap().len(), 2, "{said}");
    assert!(outcome.stderr.contains("S: made and deleted the change set docuthinker-"), "{outcome}");
    aws.assert_nothing_is_left();
    assert_eq!((aws.endpoint.count("CreateChangeSet"), aws.endpoint.count("ExecuteChangeSet")), (1, 0));
    assert_eq!(aws.status(), "UPDATE_COMPLETE");
    let text = aws.run(&format!("{DIFF} --change-set")).success();
    assert!(text.contains("AWS says the same: 2 changes"), "{text}");
}

#[test]
fn where_aws_disagrees_it_is_said() {
    let aws = Aws::new(deployed().replaces("Topic"));
    let text = aws.run(&format!("{DIFF} --change-set"));
    assert!(text.stdout.contains("AWS says Topic is replaced, predicted was: changed in place"), "{text}");
    let said = diff(&aws, "--change-set")["stacks"][0]["changeSet"].clone();
    let judged = json!({ "id": "Topic", "predicted": "changes", "aws": "replaces" });
    assert_eq!(said["disagreements"], json!([judged]));
    let topic = said["changes"].as_array().unwrap().iter().find(|change| change["id"] == "Topic").unwrap();
    assert_eq!((&topic["action"], &topic["replacement"]), (&json!("Modify"), &json!("True")));
    aws.assert_nothing_is_left();
}

// L1, failure 12
#[test]
fn a_change_set_without_changes_is_deleted_too() {
    let aws = Aws::new(Scenario::new().stack("S", &template("new"), "UPDATE_COMPLETE"));
    let outcome = aws.run(&format!("{DIFF} --change-set --exit-code --format json"));
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert_eq!(written(&outcome)["stacks"][0]["changeSet"]["changes"], json!([]));
    assert!(outcome.stderr.contains("S: made and deleted a change set; AWS finds no changes"), "{outcome}");
    aws.assert_nothing_is_left();
}

// L4, failure 8
#[test]
fn the_change_set_of_a_new_stack_leaves_no_stack_behind() {
    let aws = Aws::new(Scenario::new());
    let outcome = aws.run(&format!("{DIFF} --change-set --format json"));
    let written = written(&outcome);
    assert_eq!(written["stacks"][0]["deployed"], false);
    assert_eq!(written["stacks"][0]["changeSet"]["disagreements"], json!([]), "{outcome}");
    aws.assert_nothing_is_left();
    assert_eq!(aws.status(), "DELETE_COMPLETE", "the stack was ours");
}

// L4
#[test]
fn a_stack_that_somebody_else_announced_stays() {
    let aws = Aws::new(Scenario::new().stack("S", &template("old"), "REVIEW_IN_PROGRESS"));
    let outcome = aws.run(&format!("{DIFF} --change-set --format json"));
    assert_eq!(written(&outcome)["stacks"][0]["changeSet"]["disagreements"], json!([]), "{outcome}");
    assert_eq!((aws.status().as_str(), aws.endpoint.count("DeleteStack")), ("REVIEW_IN_PROGRESS", 0));
}

#[test]
fn a_stack_that_can_only_be_deleted_gets_no_change_set() {
    let aws = Aws::new(Scenario::new().stack("S", &template("old"), "ROLLBACK_COMPLETE"));
    let stack = diff(&aws, "--change-set")["stacks"][0].clone();
    assert_eq!(stack["notes"], json!(["AWS makes no change set while it is ROLLBACK_COMPLETE"]));
    assert_eq!(aws.endpoint.count("CreateChangeSet"), 0);
}

#[test]
fn a_change_set_that_aws_refuses_is_told_after_what_was_predicted() {
    let aws = Aws::new(deployed().fail_validation("Topic", "the name is taken"));
    let outcome = aws.run(&format!("{DIFF} --change-set"));
    assert_eq!(outcome.code, aws.run(super::DEPLOY).code, "as a deployment would end: {outcome}");
    assert!(outcome.stdout.starts_with("S: 2 changed"), "{outcome}");
    assert!(outcome.stderr.contains("the name is taken"), "{outcome}");
    aws.assert_nothing_is_left();
}

// A2
#[test]
fn a_throttled_change_set_is_asked_for_again() {
    let aws = Aws::new(deployed().fault(Fault::new(Wrong::Throttled).on("CreateChangeSet").times(2)));
    assert_eq!(diff(&aws, "--change-set")["stacks"][0]["changeSet"]["disagreements"], json!([]));
    aws.assert_nothing_is_left();
}

#[test]
fn what_cannot_be_deleted_is_named_and_ends_with_9() {
    let aws = Aws::new(deployed().fault(Fault::new(Wrong::Denied).on("DeleteChangeSet")));
    let outcome = aws.run(&format!("{DIFF} --change-set"));
    assert_eq!(outcome.code, Some(9), "{outcome}");
    assert!(outcome.stderr.contains("warning: left over: the change set arn:"), "{outcome}");
}

// C3, failure 4
#[cfg(unix)]
#[test]
fn an_interrupt_while_the_change_set_is_made_removes_it() {
    for scenario in [Scenario::new(), deployed()] {
        let aws = Aws::new(scenario.change_set_delay(Duration::from_secs(2)));
        let diff = aws.start(&format!("{DIFF} --change-set"));
        aws.wait_for("DescribeChangeSet", 2);
        diff.signal(rustix::process::Signal::INT);
        let ended = diff.end();
        super::assert_no_bug(&ended);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(130), ""), "{ended}");
        assert!(ended.stderr.contains("error: interrupted"), "{ended}");
        aws.assert_nothing_is_left();
        assert_eq!(aws.endpoint.count("ExecuteChangeSet"), 0);
    }
}

// C3
#[cfg(unix)]
#[test]
fn an_interrupt_while_looking_ends_at_once() {
    for action in ["DescribeStacks", "GetTemplate", "DescribeStackEvents"] {
        let aws = Aws::new(deployed().fault(Fault::new(Wrong::Hangs).on(action)));
        let diff = aws.start(DIFF);
        aws.wait_for(action, 1);
        diff.signal(rustix::process::Signal::INT);
        let ended = diff.end_within(super::AT_ONCE);
        super::assert_no_bug(&ended);
        assert_eq!(ended.code, Some(130), "{action}: {ended}");
    }
}
