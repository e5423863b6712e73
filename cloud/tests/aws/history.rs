//! What was done to a stack, and why it failed, as it is read through the API.

use std::fmt::Write;

use cloud::{Check, Outcome, Reach, Verdict, diagnose, explain_change_set, history};

use crate::scripted::{Endpoint, Reply, Request, SET, STACK, result, stack};

const INNER: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/S-Inner-X/2";

/// An event: stack, second, logical id, physical id, status, reason, operation id.
type Row<'a> = (&'a str, u32, &'a str, &'a str, &'a str, &'a str, &'a str);

/// A page of events, given oldest first.
fn page(rows: &[Row<'_>], next: Option<&str>) -> Reply {
    let mut members = String::new();
    for (stack, second, id, physical, status, reason, operation) in rows.iter().rev() {
        let kind =
            if physical.contains(":stack/") { "AWS::CloudFormation::Stack" } else { "AWS::SQS::Queue" };
        write!(
            members,
            "<member><EventId>{second}-{id}-{status}</EventId><StackId>{stack}</StackId><StackName>S</StackName>\
             <OperationId>{operation}</OperationId><LogicalResourceId>{id}</LogicalResourceId>\
             <PhysicalResourceId>{physical}</PhysicalResourceId><ResourceType>{kind}</ResourceType>\
             <ResourceStatus>{status}</ResourceStatus><ResourceStatusReason>{reason}</ResourceStatusReason>\
             <Timestamp>2026-01-01T00:00:{second:02}Z</Timestamp></member>"
        )
        .unwrap();
    }
    let next = next.map(|token| format!("<NextToken>{token}</NextToken>")).unwrap_or_default();
    result("DescribeStackEvents", &format!("<StackEvents>{members}</StackEvents>{next}"))
}

/// An update of two pages that fails in a nested stack and is rolled back.
fn failing(request: &Request) -> Option<Reply> {
    if request["Action"] != "DescribeStackEvents" {
        return None;
    }
    let old: [Row<'_>; 4] = [
        (STACK, 0, "S", STACK, "UPDATE_IN_PROGRESS", "User Initiated", "u"),
        (STACK, 1, "Inner", INNER, "UPDATE_IN_PROGRESS", "", "u"),
        (STACK, 5, "Inner", INNER, "UPDATE_FAILED", "Embedded stack was not successfully updated", "u"),
        (STACK, 5, "B", "b", "UPDATE_FAILED", "Resource update cancelled", "u"),
    ];
    // The pages overlap, as they do when something happens between two questions.
    let new: [Row<'_>; 3] = [
        (STACK, 5, "B", "b", "UPDATE_FAILED", "Resource update cancelled", "u"),
        (STACK, 6, "S", STACK, "UPDATE_ROLLBACK_IN_PROGRESS", "", "r"),
        (STACK, 9, "S", STACK, "UPDATE_ROLLBACK_COMPLETE", "", "r"),
    ];
    let inner: [Row<'_>; 2] = [
        (INNER, 2, "S-Inner-X", INNER, "UPDATE_IN_PROGRESS", "", "i"),
        (INNER, 3, "Queue", "q", "CREATE_FAILED", "q already exists", "i"),
    ];
    Some(match (request["StackName"].as_str(), request.get("NextToken")) {
        (INNER, _) => page(&inner, None),
        (STACK, None) => page(&new, Some("older")),
        (STACK, Some(_)) => page(&old, None),
        _ => return None,
    })
}

// A16, L8
#[tokio::test]
async fn all_pages_and_nested_stacks_are_read_and_put_together() {
    let endpoint = Endpoint::start(|request, _| failing(request)).await;
    let connection = endpoint.connect().await.unwrap();
    let found = history(&connection, "S", Reach::RECENT).await.unwrap();
    assert_eq!(found.operations.len(), 1);
    let update = &found.operations[0];
    assert_eq!(
        (update.ids.join(" "), update.events.len(), update.outcome),
        ("u r".into(), 8, Outcome::RolledBack)
    );
    let cause = update.cause.as_ref().unwrap();
    assert_eq!((cause.stack_id.as_str(), cause.logical_id.as_str()), (INNER, "Queue"));
    assert!(found.notes.is_empty() && !found.cut);

    let outline = history(&connection, "S", Reach { pages: 1, nested: 0 }).await.unwrap();
    assert!(outline.cut && outline.operations[0].partial);
}

#[tokio::test]
async fn a_deleted_stack_is_found_by_its_arn_only() {
    let endpoint = Endpoint::start(|request, _| match request["Action"].as_str() {
        "DescribeStacks" => Some(Reply::Error(400, "ValidationError", "Stack with id S does not exist")),
        _ => failing(request),
    })
    .await;
    let connection = endpoint.connect().await.unwrap();
    let error = history(&connection, "S", Reach::RECENT).await.unwrap_err();
    assert_eq!((error.exit_code(), error.to_string()), (3, "S is not deployed".to_owned()));
    let found = history(&connection, STACK, Reach::RECENT).await.unwrap();
    assert_eq!((found.name.as_str(), found.operations.len()), ("S", 1));
}

// A6
#[tokio::test]
async fn a_part_that_may_not_be_read_is_a_note() {
    let endpoint = Endpoint::start(|request, _| match request["Action"].as_str() {
        "DescribeStacks" => Some(stack("UPDATE_ROLLBACK_COMPLETE", "2026-01-01T00:00:00Z")),
        "DescribeEvents" => Some(Reply::Error(403, "AccessDenied", "User is not authorized")),
        "DescribeStackEvents" if request["StackName"] == INNER => {
            Some(Reply::Error(403, "AccessDenied", "User is not authorized"))
        }
        _ => failing(request),
    })
    .await;
    let connection = endpoint.connect().await.unwrap();
    let found = diagnose(&connection, "S").await.unwrap();
    assert_eq!(found.verdict, Verdict::Failed);
    assert!(found.notes[0].contains("S-Inner-X could not be read"), "{:?}", found.notes);
    assert_eq!(found.details[0].check, Check::Note);
    assert_eq!(found.operation.unwrap().cause.unwrap().logical_id, "Inner", "nothing inside was read");
}

// L7
#[tokio::test]
async fn a_diagnosis_names_cause_explanation_state_and_next() {
    let endpoint = Endpoint::start(|request, _| match request["Action"].as_str() {
        "DescribeStacks" => Some(stack("UPDATE_ROLLBACK_COMPLETE", "2026-01-01T00:00:00Z")),
        _ => failing(request),
    })
    .await;
    let connection = endpoint.connect().await.unwrap();
    let found = diagnose(&connection, "S").await.unwrap();
    assert_eq!(found.explanation.unwrap().id, "name-taken");
    assert_eq!(found.state, "S is UPDATE_ROLLBACK_COMPLETE: as it was before the update");
    assert_eq!(found.next.as_deref(), Some("correct the cause, then run `docuthinker deploy S`"));
}

fn validations() -> Reply {
    result(
        "DescribeEvents",
        "<OperationEvents><member><EventId>1</EventId><EventType>VALIDATION_ERROR</EventType>\
         <ValidationStatus>FAILED</ValidationStatus><ValidationName>NAME_CONFLICT_VALIDATION</ValidationName>\
         <ValidationStatusReason>Resource of type 'AWS::SQS::Queue' with identifier 'q' already exists.\
         </ValidationStatusReason><ValidationPath>/Resources/Queue/Properties/QueueName</ValidationPath>\
         <LogicalResourceId>Queue</LogicalResourceId><ResourceType>AWS::SQS::Queue</ResourceType></member>\
         </OperationEvents>",
    )
}

const EARLY: &str = "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To \
                     troubleshoot Early Validation errors, use the DescribeEvents API";

// A22
#[tokio::test]
async fn an_early_validation_is_told_with_resource_place_and_advice() {
    let endpoint =
        Endpoint::start(|request, _| (request["Action"] == "DescribeEvents").then(validations)).await;
    let connection = endpoint.connect().await.unwrap();
    let found = explain_change_set(&connection, STACK, SET, EARLY).await;
    assert_eq!(
        found[0].text(),
        "Queue (AWS::SQS::Queue): Resource of type 'AWS::SQS::Queue' with identifier 'q' already exists. \
         (at /Resources/Queue/Properties/QueueName) [NAME_CONFLICT_VALIDATION]"
    );
    assert!(found[0].advice.as_ref().unwrap().contains("--import-existing-resources"));
    let asked = endpoint.requests_of("DescribeEvents");
    assert_eq!(asked[0]["ChangeSetName"], SET, "by its ARN");
    assert_eq!(asked[0]["Filters.FailedEvents"], "true");
    assert!(endpoint.requests_of("ListHookResults").is_empty(), "the validation says it all");
}

// A23
#[tokio::test]
async fn a_hook_that_forbids_a_change_set_is_told_with_its_rules() {
    let endpoint = Endpoint::start(|request, _| match request["Action"].as_str() {
        "ListHookResults" => Some(result(
            "ListHookResults",
            "<HookResults><member><HookResultId>h</HookResultId><TypeName>Guard::Rules</TypeName>\
             <Status>HOOK_COMPLETE_FAILED</Status><FailureMode>FAIL</FailureMode></member></HookResults>",
        )),
        "GetHookResult" => Some(result(
            "GetHookResult",
            "<Annotations><member><AnnotationName>ENCRYPTED</AnnotationName><Status>FAILED</Status>\
             <StatusMessage>The queue is not encrypted</StatusMessage>\
             <RemediationMessage>Set SqsManagedSseEnabled</RemediationMessage></member></Annotations>",
        )),
        _ => None,
    })
    .await;
    let connection = endpoint.connect().await.unwrap();
    let found =
        explain_change_set(&connection, STACK, SET, "The following hook(s) failed: [Guard::Rules]").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].text(), "The queue is not encrypted [Guard::Rules ENCRYPTED]");
    assert_eq!(found[0].advice.as_deref(), Some("Set SqsManagedSseEnabled"));
}

// A6, A22, A23
#[tokio::test]
async fn what_may_not_be_asked_about_a_change_set_is_said_and_is_no_failure() {
    let endpoint = Endpoint::start(|request, _| match request["Action"].as_str() {
        "DescribeEvents" | "ListHookResults" => Some(Reply::Error(403, "AccessDenied", "not authorized")),
        _ => None,
    })
    .await;
    let connection = endpoint.connect().await.unwrap();
    let found = explain_change_set(&connection, STACK, SET, EARLY).await;
    assert!(found.iter().all(|detail| detail.check == Check::Note));
    assert!(found[0].text().contains("cloudformation:DescribeEvents"), "{}", found[0].text());
}
