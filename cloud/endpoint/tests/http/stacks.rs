//! Whole operations: how stacks come to be, change, fail and go.

use std::time::Duration;

use endpoint::Endpoint;
use serde_json::json;

use crate::{ask, execute, seconds, status, still, story, template, topic, two};

#[test]
fn a_change_set_is_made_shown_and_executed_in_time() {
    let endpoint = Endpoint::start_blocking(still());
    let parameters = [
        ("StackName", "S"),
        ("ChangeSetName", "C"),
        ("ClientToken", "one"),
        ("ChangeSetType", "CREATE"),
        ("TemplateBody", &two("x")),
    ];
    let made = ask(&endpoint, "CreateChangeSet", &parameters);
    let id = made.text("Id").to_owned();
    assert_eq!(status(&endpoint), "REVIEW_IN_PROGRESS");
    let again = ask(&endpoint, "CreateChangeSet", &parameters);
    assert_eq!(again.text("Id"), id, "the same token, the same change set");
    let mut other = parameters;
    other[2].1 = "two";
    let refused = ask(&endpoint, "CreateChangeSet", &other);
    assert_eq!((refused.status, refused.text("Code")), (400, "AlreadyExistsException"));

    let show = || ask(&endpoint, "DescribeChangeSet", &[("ChangeSetName", &id)]);
    assert_eq!((show().text("Status"), show().text("ExecutionStatus")), ("CREATE_PENDING", "UNAVAILABLE"));
    let early = ask(&endpoint, "ExecuteChangeSet", &[("ChangeSetName", &id)]);
    assert_eq!(early.text("Code"), "InvalidChangeSetStatus");
    seconds(&endpoint, 1);
    assert_eq!(show().text("Status"), "CREATE_IN_PROGRESS");
    seconds(&endpoint, 1);
    assert_eq!((show().text("Status"), show().text("ExecutionStatus")), ("CREATE_COMPLETE", "AVAILABLE"));
    assert_eq!(show().texts("LogicalResourceId"), ["A", "B"]);

    let execute =
        || ask(&endpoint, "ExecuteChangeSet", &[("ChangeSetName", &id), ("ClientRequestToken", "t")]);
    assert_eq!((execute().status, execute().status), (200, 200), "the same order twice is one");
    assert_eq!(status(&endpoint), "CREATE_IN_PROGRESS");
    seconds(&endpoint, 11);
    assert_eq!(
        story(&endpoint, "S", 0),
        [
            "S CREATE_IN_PROGRESS",
            "A CREATE_IN_PROGRESS",
            "A CREATE_IN_PROGRESS",
            "A CREATE_COMPLETE",
            "B CREATE_IN_PROGRESS"
        ]
    );
    seconds(&endpoint, 10);
    assert_eq!(status(&endpoint), "CREATE_COMPLETE");
    assert_eq!(show().text("ExecutionStatus"), "EXECUTE_COMPLETE");
}

#[test]
fn the_same_template_has_no_changes_and_other_change_sets_become_obsolete() {
    let endpoint = Endpoint::start_blocking(still().stack("S", &two("x"), "CREATE_COMPLETE"));
    let make = |name, template: &str| {
        let parameters = [
            ("StackName", "S"),
            ("ChangeSetName", name),
            ("ChangeSetType", "UPDATE"),
            ("TemplateBody", template),
        ];
        ask(&endpoint, "CreateChangeSet", &parameters).text("Id").to_owned()
    };
    let (same, one, other) = (make("Same", &two("x")), make("One", &two("y")), make("Other", &two("z")));
    seconds(&endpoint, 2);
    let show = |id: &str| ask(&endpoint, "DescribeChangeSet", &[("ChangeSetName", id)]);
    assert_eq!((show(&same).text("Status"), show(&same).text("ExecutionStatus")), ("FAILED", "UNAVAILABLE"));
    assert!(show(&same).text("StatusReason").contains("didn't contain changes"));
    ask(&endpoint, "ExecuteChangeSet", &[("ChangeSetName", &one)]);
    assert_eq!(show(&other).text("ExecutionStatus"), "OBSOLETE");
    let late = ask(&endpoint, "ExecuteChangeSet", &[("ChangeSetName", &other)]);
    assert!(late.text("Message").ends_with("in its current execution status of [OBSOLETE]"), "{}", late.body);
}

#[test]
fn a_failed_update_cancels_its_siblings_and_is_rolled_back_as_an_operation_of_its_own() {
    let template = |name: &str| template(json!({ "A": topic(name), "B": topic(name), "C": topic(name) }));
    let scenario = still()
        .stack("S", &template("x"), "CREATE_COMPLETE")
        .takes("A", Duration::from_secs(5))
        .fail("B", "it is not valid")
        .takes("C", Duration::from_secs(30));
    let endpoint = Endpoint::start_blocking(scenario);
    execute(&endpoint, "UPDATE", &template("y"));
    seconds(&endpoint, 60);
    let stack = endpoint.stack("S").unwrap();
    assert_eq!((stack.status.as_str(), &stack.template), ("UPDATE_ROLLBACK_COMPLETE", &template("x")));
    assert_eq!(
        story(&endpoint, "S", 1),
        [
            "S UPDATE_IN_PROGRESS",
            "A UPDATE_IN_PROGRESS",
            "B UPDATE_IN_PROGRESS",
            "C UPDATE_IN_PROGRESS",
            "A UPDATE_COMPLETE",
            "B UPDATE_FAILED",
            "C UPDATE_FAILED",
            "S UPDATE_ROLLBACK_IN_PROGRESS",
            "A UPDATE_IN_PROGRESS",
            "B UPDATE_IN_PROGRESS",
            "C UPDATE_IN_PROGRESS",
            "A UPDATE_COMPLETE",
            "B UPDATE_COMPLETE",
            "C UPDATE_COMPLETE",
            "S UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            "S UPDATE_ROLLBACK_COMPLETE",
        ]
    );
    let reason = |id: &str| {
        let failed =
            stack.events.iter().find(|event| event.logical_id == id && event.status == "UPDATE_FAILED");
        failed.and_then(|event| event.reason.clone()).unwrap_or_default()
    };
    assert_eq!(
        (reason("B").as_str(), reason("C").as_str()),
        ("it is not valid", "Resource update cancelled")
    );
    let last = stack.events.last().unwrap();
    assert_eq!((last.token.as_deref(), &last.operation_id), (Some("t"), &stack.operations[2]));
}

#[test]
fn a_failed_creation_is_rolled_back_to_a_stack_that_can_only_be_deleted() {
    let endpoint = Endpoint::start_blocking(still().fail("B", "no"));
    execute(&endpoint, "CREATE", &two("x"));
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "ROLLBACK_COMPLETE");
    let parameters = [
        ("StackName", "S"),
        ("ChangeSetName", "D"),
        ("ChangeSetType", "UPDATE"),
        ("TemplateBody", &two("y")),
    ];
    let refused = ask(&endpoint, "CreateChangeSet", &parameters);
    assert!(refused.text("Message").ends_with("is in ROLLBACK_COMPLETE state and can not be updated."));
    let id = endpoint.stack("S").unwrap().id;
    ask(&endpoint, "DeleteStack", &[("StackName", "S")]);
    seconds(&endpoint, 60);
    let by_name = ask(&endpoint, "DescribeStacks", &[("StackName", "S")]);
    assert_eq!((by_name.status, by_name.text("Message")), (400, "Stack with id S does not exist"));
    assert_eq!(
        ask(&endpoint, "DescribeStacks", &[("StackName", &id)]).text("StackStatus"),
        "DELETE_COMPLETE"
    );
}

#[test]
fn a_rollback_that_fails_is_continued_without_what_is_skipped() {
    let scenario = still()
        .stack("S", &two("x"), "CREATE_COMPLETE")
        .fail("B", "no")
        .fail_rollback("A", "the old one is gone");
    let endpoint = Endpoint::start_blocking(scenario);
    execute(&endpoint, "UPDATE", &two("y"));
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "UPDATE_ROLLBACK_FAILED");
    let again = ask(&endpoint, "ContinueUpdateRollback", &[("StackName", "S")]);
    assert_eq!(again.status, 200);
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "UPDATE_ROLLBACK_FAILED");
    let skip = [("StackName", "S"), ("ResourcesToSkip.member.1", "A")];
    assert_eq!(ask(&endpoint, "ContinueUpdateRollback", &skip).status, 200);
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "UPDATE_ROLLBACK_COMPLETE");
    let not_now = ask(&endpoint, "ContinueUpdateRollback", &skip);
    assert_eq!(not_now.text("Code"), "ValidationError");
}

#[test]
fn only_a_running_update_can_be_cancelled() {
    let endpoint = Endpoint::start_blocking(still().stack("S", &two("x"), "CREATE_COMPLETE").hang("A"));
    let cancel =
        || ask(&endpoint, "CancelUpdateStack", &[("StackName", "S"), ("ClientRequestToken", "stop")]);
    assert_eq!(cancel().status, 400);
    execute(&endpoint, "UPDATE", &two("y"));
    seconds(&endpoint, 3600);
    assert_eq!(status(&endpoint), "UPDATE_IN_PROGRESS");
    assert_eq!((cancel().status, cancel().status), (200, 200));
    seconds(&endpoint, 60);
    let stack = endpoint.stack("S").unwrap();
    assert_eq!((stack.status.as_str(), stack.operations.len()), ("UPDATE_ROLLBACK_COMPLETE", 3));
    assert_eq!(stack.events.last().unwrap().token.as_deref(), Some("stop"));
}

#[test]
fn what_an_update_removes_is_deleted_at_its_end_and_may_stay() {
    let scenario = still().stack("S", &two("x"), "CREATE_COMPLETE").fail_cleanup("B", "it is in use");
    let endpoint = Endpoint::start_blocking(scenario);
    execute(&endpoint, "UPDATE", &template(json!({ "A": topic("x") })));
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "UPDATE_COMPLETE");
    let events = story(&endpoint, "S", 0);
    assert_eq!(
        events,
        [
            "S UPDATE_IN_PROGRESS",
            "S UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            "B DELETE_IN_PROGRESS",
            "B DELETE_FAILED",
            "B DELETE_IN_PROGRESS",
            "B DELETE_FAILED",
            "B DELETE_IN_PROGRESS",
            "B DELETE_FAILED",
            "S UPDATE_COMPLETE",
        ]
    );
    let ids: Vec<_> = endpoint.stack("S").unwrap().resources.into_iter().map(|one| one.logical_id).collect();
    assert_eq!(ids, ["A"], "after three attempts it is no longer the stack's");
}

#[test]
fn what_cannot_be_deleted_fails_the_deletion_and_can_then_be_retained() {
    let endpoint = Endpoint::start_blocking(
        still().stack("S", &two("x"), "CREATE_COMPLETE").fail_delete("A", "not empty"),
    );
    let delete = |retain: &[(&str, &str)]| {
        let parameters: Vec<_> = [("StackName", "S")].iter().chain(retain).copied().collect();
        ask(&endpoint, "DeleteStack", &parameters)
    };
    let retain = [("RetainResources.member.1", "A")];
    assert_eq!(delete(&retain).status, 400, "nothing has failed yet");
    assert_eq!(delete(&[]).status, 200);
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "DELETE_FAILED");
    assert_eq!(delete(&retain).status, 200);
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "DELETE_COMPLETE");
    assert!(story(&endpoint, "S", 0).contains(&"A DELETE_SKIPPED".to_owned()));
    assert_eq!(delete(&[]).status, 200, "what is gone is deleted already");
}

#[test]
fn nested_stacks_have_their_own_events_and_a_failure_in_them_rises() {
    let parent = |name: &str| {
        template(json!({
            "A": topic(name),
            "Nested": { "Type": "AWS::CloudFormation::Stack", "Properties": { "TemplateURL": "https://b.s3.amazonaws.com/t", "Tag": name } },
        }))
    };
    let scenario = still().nested("Nested", &two("inner")).fail("Nested/B", "the inner one is wrong");
    let endpoint = Endpoint::start_blocking(scenario);
    execute(&endpoint, "CREATE", &parent("x"));
    seconds(&endpoint, 25);
    let child = endpoint.stacks().into_iter().find(|stack| stack.parent.is_some()).unwrap();
    assert_eq!(child.parent, endpoint.stack("S").map(|stack| stack.id));
    let failed =
        endpoint.stack("S").unwrap().events.into_iter().find(|event| event.status == "CREATE_FAILED");
    let reason = failed.and_then(|event| event.reason).unwrap_or_default();
    assert!(
        reason.ends_with("was not successfully created: The following resource(s) failed to create: [B]. "),
        "{reason}"
    );
    let inner = child.events.iter().map(|event| format!("{} {}", event.logical_id, event.status));
    assert!(inner.into_iter().any(|event| event == "B CREATE_FAILED"));
    seconds(&endpoint, 60);
    assert_eq!(
        (status(&endpoint).as_str(), endpoint.stack(&child.id).unwrap().status.as_str()),
        ("ROLLBACK_COMPLETE", "DELETE_COMPLETE")
    );
}

#[test]
fn a_nested_update_is_rolled_back_with_its_parent_and_cleaned_up_with_it() {
    let parent = |name: &str| {
        template(json!({
            "Nested": { "Type": "AWS::CloudFormation::Stack", "Properties": { "TemplateURL": "https://b.s3.amazonaws.com/t", "Tag": name } },
            "Z": { "Type": "AWS::SNS::Topic", "DependsOn": "Nested", "Properties": { "DisplayName": name } },
        }))
    };
    let scenario =
        still().nested("Nested", &two("one")).stack("S", &parent("x"), "CREATE_COMPLETE").fail("Z", "no");
    let endpoint = Endpoint::start_blocking(scenario);
    let child = || endpoint.stacks().into_iter().find(|stack| stack.parent.is_some()).unwrap();
    endpoint.change(|scenario| scenario.nested("Nested", &two("two")));
    execute(&endpoint, "UPDATE", &parent("y"));
    seconds(&endpoint, 25);
    assert_eq!(
        (child().status.as_str(), child().template),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", two("two"))
    );
    seconds(&endpoint, 120);
    assert_eq!(
        (status(&endpoint).as_str(), child().status.as_str()),
        ("UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
    );
    assert_eq!(child().template, two("one"));

    endpoint.heal("Z");
    ask(&endpoint, "DeleteChangeSet", &[("StackName", "S"), ("ChangeSetName", "C")]);
    execute(&endpoint, "UPDATE", &parent("z"));
    seconds(&endpoint, 120);
    assert_eq!((status(&endpoint).as_str(), child().status.as_str()), ("UPDATE_COMPLETE", "UPDATE_COMPLETE"));
    assert_eq!(child().template, two("two"));
}

#[test]
fn every_status_can_be_there_from_the_start() {
    let statuses = [
        "REVIEW_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "CREATE_FAILED",
        "CREATE_COMPLETE",
        "ROLLBACK_COMPLETE",
        "ROLLBACK_FAILED",
        "UPDATE_IN_PROGRESS",
        "UPDATE_FAILED",
        "UPDATE_COMPLETE",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_FAILED",
        "UPDATE_ROLLBACK_COMPLETE",
        "DELETE_IN_PROGRESS",
        "DELETE_FAILED",
        "HYPER_DEPLOY_IN_PROGRESS",
    ];
    for of_start in statuses {
        let endpoint = Endpoint::start_blocking(still().stack("S", &two("x"), of_start));
        seconds(&endpoint, 3600);
        assert_eq!(status(&endpoint), of_start);
        let last =
            endpoint.stack("S").unwrap().events.into_iter().rfind(|event| event.logical_id == "S").unwrap();
        assert_eq!(last.status, of_start);
    }
    let endpoint = Endpoint::start_blocking(still().stack("S", &two("x"), "UPDATE_ROLLBACK_FAILED"));
    assert_eq!(ask(&endpoint, "ContinueUpdateRollback", &[("StackName", "S")]).status, 200);
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "UPDATE_ROLLBACK_COMPLETE");
    let endpoint = Endpoint::start_blocking(still().stack("S", &two("x"), "UPDATE_FAILED"));
    assert_eq!(ask(&endpoint, "RollbackStack", &[("StackName", "S")]).status, 200);
    seconds(&endpoint, 60);
    assert_eq!(status(&endpoint), "UPDATE_ROLLBACK_COMPLETE");
}
