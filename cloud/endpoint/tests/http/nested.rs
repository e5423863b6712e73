//! Change sets of nested stacks, as any client sees them.

use endpoint::{Endpoint, Scenario};
use serde_json::json;

use crate::{Response, ask, seconds, still, template, topic};

fn root(mark: &str) -> String {
    let nested = json!({ "Type": "AWS::CloudFormation::Stack", "Properties": { "TemplateURL": mark } });
    template(json!({ "Data": nested, "Topic": topic(mark) }))
}

fn create(endpoint: &Endpoint, kind: &str, template: &str) -> String {
    let parameters = [
        ("StackName", "S"),
        ("ChangeSetName", "C"),
        ("ChangeSetType", kind),
        ("TemplateBody", template),
        ("IncludeNestedStacks", "true"),
    ];
    ask(endpoint, "CreateChangeSet", &parameters).text("Id").to_owned()
}

fn show(endpoint: &Endpoint, set: &str) -> Response {
    ask(endpoint, "DescribeChangeSet", &[("ChangeSetName", set)])
}

fn scenario() -> Scenario {
    still().pages(9..=9).nested("Data", &template(json!({ "Inside": topic("one") })))
}

#[test]
fn a_change_set_names_those_of_nested_stacks_and_goes_with_them() {
    let endpoint = Endpoint::start_blocking(scenario());
    let id = create(&endpoint, "CREATE", &root("one"));
    seconds(&endpoint, 1);
    assert_eq!(show(&endpoint, &id).text("Status"), "CREATE_IN_PROGRESS");
    let early = ask(&endpoint, "DeleteChangeSet", &[("ChangeSetName", &id)]);
    assert_eq!(early.text("Code"), "InvalidChangeSetStatus");
    seconds(&endpoint, 1);
    let shown = show(&endpoint, &id);
    assert_eq!((shown.text("Status"), shown.text("IncludeNestedStacks")), ("CREATE_COMPLETE", "true"));
    // The first is that of the change set itself.
    let nested = shown.texts("ChangeSetId")[1].to_owned();
    let inside = show(&endpoint, &nested);
    assert_eq!(inside.texts("LogicalResourceId"), ["Inside"]);
    assert_eq!(
        (inside.text("ParentChangeSetId"), inside.text("StatusReason")),
        (id.as_str(), "Only executable from the root change set.")
    );
    for order in ["ExecuteChangeSet", "DeleteChangeSet"] {
        assert_eq!(ask(&endpoint, order, &[("ChangeSetName", &nested)]).status, 400, "{order}");
    }
    let announced: Vec<_> = endpoint.stacks().into_iter().map(|stack| stack.status).collect();
    assert_eq!(announced, ["REVIEW_IN_PROGRESS", "REVIEW_IN_PROGRESS"]);

    assert_eq!(ask(&endpoint, "DeleteChangeSet", &[("ChangeSetName", &id)]).status, 200);
    assert_eq!(show(&endpoint, &id).text("Status"), "DELETE_PENDING");
    seconds(&endpoint, 1);
    assert_eq!(show(&endpoint, &nested).text("Status"), "DELETE_IN_PROGRESS");
    seconds(&endpoint, 1);
    assert_eq!(show(&endpoint, &id).text("Code"), "ChangeSetNotFound");
    let left: Vec<_> = endpoint.stacks().into_iter().map(|stack| stack.status).collect();
    assert_eq!(left, ["REVIEW_IN_PROGRESS", "DELETE_COMPLETE"], "the root stack stays, as in AWS");
}

#[test]
fn a_nested_stack_without_changes_has_a_failed_change_set_that_outlives_the_execution() {
    let endpoint = Endpoint::start_blocking(scenario().stack("S", &root("one"), "UPDATE_COMPLETE"));
    let changed = root("one").replace("\"DisplayName\":\"one\"", "\"DisplayName\":\"two\"");
    let id = create(&endpoint, "UPDATE", &changed);
    seconds(&endpoint, 2);
    assert_eq!(show(&endpoint, &id).texts("LogicalResourceId"), ["Topic"]);
    let nested = || endpoint.stacks().into_iter().find(|stack| stack.parent.is_some()).unwrap();
    assert_eq!(nested().change_sets[0].status, "FAILED");
    let execution = ask(&endpoint, "ExecuteChangeSet", &[("ChangeSetName", &id)]);
    assert_eq!(execution.status, 200, "{}", execution.body);
    seconds(&endpoint, 60);
    assert_eq!(endpoint.stack("S").unwrap().status, "UPDATE_COMPLETE");
    assert_eq!(nested().change_sets.len(), 1);
}

#[test]
fn a_failed_nested_change_set_fails_that_of_the_root_which_only_names_it() {
    let scenario = scenario().fail_nested_change_set("Data", "S3 error: Access Denied");
    let endpoint = Endpoint::start_blocking(scenario);
    let id = create(&endpoint, "CREATE", &root("one"));
    seconds(&endpoint, 2);
    let shown = show(&endpoint, &id);
    let nested = shown.texts("ChangeSetId")[1].to_owned();
    assert_eq!(
        shown.text("StatusReason"),
        format!("Nested change set {nested} was not successfully created: Currently in FAILED.")
    );
    assert_eq!(show(&endpoint, &nested).text("StatusReason"), "S3 error: Access Denied");
}
