//! What would change inside of nested stacks, against the scripted AWS.

use std::cell::RefCell;

use cloud::{Cancel, Change, ChangeSet, CloudError, Decision, DeployOutcome, DeployRequest, Question};
use endpoint::{Endpoint, Fault, Scenario, Wrong};
use serde_json::json;

use crate::scripted_aws::connect;

/// A stack with a nested stack `Data`, of which `version` is the template's address, and a topic.
fn root(version: &str) -> String {
    let url = format!("https://templates.s3.us-east-1.amazonaws.com/{version}.json");
    json!({ "Resources": {
        "Data": { "Type": "AWS::CloudFormation::Stack", "Properties": { "TemplateURL": url } },
        "Topic": { "Type": "AWS::SNS::Topic", "Properties": { "DisplayName": version } },
    } })
    .to_string()
}

/// What is in `Data`: a database of this name, and a stack of its own with as many topics.
fn data(database: &str, more: bool) -> String {
    let mut resources = json!({
        "Database": { "Type": "AWS::RDS::DBInstance", "Properties": { "Name": database } },
        "Inner": { "Type": "AWS::CloudFormation::Stack", "Properties": {} },
    });
    if more {
        resources["More"] = json!({ "Type": "AWS::SNS::Topic" });
    }
    json!({ "Resources": resources }).to_string()
}

fn inner(topics: usize) -> String {
    let topics = (0..topics).map(|n| (format!("Inner{n}"), json!({ "Type": "AWS::SNS::Topic" })));
    json!({ "Resources": topics.collect::<serde_json::Map<_, _>>() }).to_string()
}

/// The stack `S` as it is deployed.
fn deployed() -> Scenario {
    Scenario::new().nested("Data", &data("old", false)).nested("Inner", &inner(1)).stack(
        "S",
        &root("v1"),
        "UPDATE_COMPLETE",
    )
}

struct Run {
    result: Result<DeployOutcome, CloudError>,
    shown: Option<ChangeSet>,
}

impl Run {
    fn paths(&self) -> Vec<String> {
        let mut paths: Vec<_> = self.shown.iter().flat_map(|set| &set.changes).map(Change::path).collect();
        paths.sort_unstable();
        paths
    }
}

async fn deploy(endpoint: &Endpoint, template: &str, decision: Decision) -> Run {
    let request = DeployRequest::new("S", template);
    deploy_as(endpoint, &request, decision).await
}

async fn deploy_as(endpoint: &Endpoint, request: &DeployRequest, decision: Decision) -> Run {
    let connection = connect(endpoint).await;
    let shown = RefCell::new(None);
    let approve = async |question| {
        if let Question::Changes(set) = question {
            shown.replace(Some(set));
        }
        decision.clone()
    };
    let result = cloud::deploy_stack(&connection, request, approve, drop, &Cancel::never()).await;
    Run { result, shown: shown.into_inner() }
}

fn no() -> Decision {
    Decision::Decline("no".into())
}

/// The stacks that are there, and how many change sets there are.
fn left(endpoint: &Endpoint) -> (Vec<String>, usize) {
    let stacks = endpoint.stacks().into_iter().filter(|stack| stack.status != "DELETE_COMPLETE");
    let (names, sets): (Vec<_>, Vec<_>) =
        stacks.map(|stack| (format!("{} {}", stack.name, stack.status), stack.change_sets.len())).unzip();
    (names, sets.into_iter().sum())
}

#[tokio::test]
async fn what_changes_in_nested_stacks_is_shown_before_it_is_executed() {
    let endpoint = Endpoint::start(deployed()).await;
    endpoint.change(|scenario| scenario.nested("Data", &data("new", true)).nested("Inner", &inner(9)));
    let run = deploy(&endpoint, &root("v2"), Decision::Approve).await;
    assert_eq!(run.result.as_ref().unwrap().status, "UPDATE_COMPLETE");
    let inside = (1..9).map(|n| format!("Data/Inner/Inner{n}"));
    let mut expected: Vec<String> =
        ["Data", "Data/Database", "Data/Inner", "Data/More", "Topic"].map(str::to_owned).into();
    expected.extend(inside);
    expected.sort_unstable();
    assert_eq!(run.paths(), expected, "of all pages and to any depth");
    let set = run.shown.unwrap();
    let database = set.changes.iter().find(|change| change.path() == "Data/Database").unwrap();
    assert_eq!(database.replacement.as_deref(), Some("True"));
    assert_eq!(set.nested.iter().filter(|stack| stack.unseen.is_some()).count(), 0);
    let data = set.nested.iter().find(|stack| stack.path == "Data").unwrap();
    let (new, old) = (data.change_set_id.as_deref().unwrap(), data.stack_id.as_deref().unwrap());
    assert_eq!(endpoint.stack(old).unwrap().status, "UPDATE_COMPLETE");
    assert_eq!(endpoint.stack(old).unwrap().change_sets[0].id, new);
    assert_eq!(endpoint.stack(old).unwrap().change_sets[0].execution_status, "EXECUTE_COMPLETE");
    assert_eq!(endpoint.count("ExecuteChangeSet"), 1);
}

#[tokio::test]
async fn a_refused_creation_leaves_neither_nested_change_sets_nor_announced_stacks() {
    let scenario = Scenario::new().nested("Data", &data("new", true)).nested("Inner", &inner(2));
    let endpoint = Endpoint::start(scenario).await;
    let run = deploy(&endpoint, &root("v1"), no()).await;
    assert_eq!(run.result.as_ref().unwrap_err().exit_code(), 3);
    assert!(run.paths().contains(&"Data/Inner/Inner1".to_owned()), "{:?}", run.paths());
    assert_eq!(run.result.unwrap_err().report().state.as_deref(), Some("nothing was changed in AWS"));
    assert_eq!(left(&endpoint), (Vec::new(), 0));
    assert_eq!(endpoint.stacks().len(), 3, "there was one for each");
}

#[tokio::test]
async fn a_creation_makes_the_stacks_that_its_change_sets_announced() {
    let scenario = Scenario::new().nested("Data", &data("new", false)).nested("Inner", &inner(1));
    let endpoint = Endpoint::start(scenario).await;
    let run = deploy(&endpoint, &root("v1"), Decision::Approve).await;
    assert_eq!(run.result.unwrap().status, "CREATE_COMPLETE");
    let statuses: Vec<_> = endpoint.stacks().into_iter().map(|stack| stack.status).collect();
    assert_eq!(statuses, ["CREATE_COMPLETE", "CREATE_COMPLETE", "CREATE_COMPLETE"]);
}

#[tokio::test]
async fn a_refused_update_leaves_the_nested_stacks_as_they_were() {
    let endpoint = Endpoint::start(deployed()).await;
    let before = left(&endpoint);
    let with_another = json!({ "Resources": {
        "Data": { "Type": "AWS::CloudFormation::Stack", "Properties": { "TemplateURL": "https://t.s3.amazonaws.com/2" } },
        "Other": { "Type": "AWS::CloudFormation::Stack", "Properties": { "TemplateURL": "https://t.s3.amazonaws.com/3" } },
    } });
    let run = deploy(&endpoint, &with_another.to_string(), no()).await;
    assert_eq!(run.result.unwrap_err().exit_code(), 3);
    assert_eq!(left(&endpoint), before, "no change set, and no announced stack");
}

#[tokio::test]
async fn a_nested_change_set_that_cannot_be_made_says_why_and_leaves_nothing() {
    let reason = "S3 error: Access Denied";
    let scenario =
        Scenario::new().nested("Data", &data("new", false)).fail_nested_change_set("Inner", reason);
    let endpoint = Endpoint::start(scenario).await;
    let run = deploy(&endpoint, &root("v1"), Decision::Approve).await;
    let error = run.result.unwrap_err();
    let report = error.report();
    assert_eq!(
        report.what,
        "CloudFormation cannot prepare the changes of S: Data/Inner: S3 error: Access Denied"
    );
    assert!(report.next.as_deref().unwrap().contains("`--no-nested-changes`"), "{report:?}");
    assert_eq!((error.exit_code(), left(&endpoint)), (1, (Vec::new(), 0)));
    assert_eq!(endpoint.count("ExecuteChangeSet"), 0);
}

#[tokio::test]
async fn where_no_nested_change_sets_are_made_the_inside_is_told_as_unseen() {
    for asked in [true, false] {
        let mut scenario = deployed();
        if asked {
            scenario = scenario.without_nested_change_sets();
        }
        let endpoint = Endpoint::start(scenario).await;
        let mut request = DeployRequest::new("S", root("v2"));
        request.nested_changes = asked;
        let run = deploy_as(&endpoint, &request, Decision::Approve).await;
        assert_eq!(run.result.as_ref().unwrap().status, "UPDATE_COMPLETE");
        assert_eq!(run.paths(), ["Data", "Topic"]);
        let unseen = run.shown.unwrap().nested[0].unseen.clone();
        assert_eq!(unseen.as_deref(), Some("CloudFormation made no change set for it"));
        let order = &endpoint.requests_of("CreateChangeSet")[0];
        assert_eq!(order.parameter("IncludeNestedStacks"), asked.then_some("true"));
    }
}

// A6
#[tokio::test]
async fn whoever_may_not_look_at_nested_change_sets_can_still_deploy() {
    let denied = Fault::new(Wrong::Denied)
        .on("DescribeChangeSet")
        .when(|request| request.parameter("ChangeSetName").is_some_and(|name| name.contains("-Data-")));
    let endpoint = Endpoint::start(deployed().fault(denied)).await;
    endpoint.change(|scenario| scenario.nested("Data", &data("new", true)));
    let run = deploy(&endpoint, &root("v2"), Decision::Approve).await;
    assert_eq!(run.result.as_ref().unwrap().status, "UPDATE_COMPLETE");
    let unseen = run.shown.unwrap().nested[0].unseen.clone().unwrap();
    assert!(unseen.contains("no permission for cloudformation:DescribeChangeSet"), "{unseen}");
}

// L1
#[tokio::test]
async fn the_same_templates_again_change_nothing_and_leave_no_nested_change_set() {
    let endpoint = Endpoint::start(deployed()).await;
    let before = left(&endpoint);
    let run = deploy(&endpoint, &root("v1"), Decision::Approve).await;
    assert!(!run.result.unwrap().changed);
    assert_eq!(left(&endpoint), before);
}

#[tokio::test]
async fn a_change_that_is_only_inside_of_a_nested_stack_is_one() {
    let endpoint = Endpoint::start(deployed()).await;
    endpoint.change(|scenario| scenario.nested("Inner", &inner(2)));
    let run = deploy(&endpoint, &root("v1"), Decision::Approve).await;
    assert_eq!(run.paths(), ["Data", "Data/Inner", "Data/Inner/Inner1"]);
    assert_eq!(run.result.unwrap().status, "UPDATE_COMPLETE");
    let made = endpoint.stacks().into_iter().find(|stack| stack.name.contains("-Inner-")).unwrap();
    assert_eq!(made.resources.len(), 2, "{made:?}");
}
