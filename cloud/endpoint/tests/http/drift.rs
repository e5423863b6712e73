//! Drift detection: one at a time, in time, in pages.

use std::time::Duration;

use endpoint::{Endpoint, Scenario};

use crate::{Response, ask, seconds, still, template, topic, two};

fn deployed() -> Scenario {
    still().stack("S", &two("x"), "UPDATE_COMPLETE").detection_delay(Duration::from_secs(9))
}

fn detect(endpoint: &Endpoint) -> Response {
    ask(endpoint, "DetectStackDrift", &[("StackName", "S")])
}

fn detection(endpoint: &Endpoint, id: &str) -> Response {
    ask(endpoint, "DescribeStackDriftDetectionStatus", &[("StackDriftDetectionId", id)])
}

fn resources(endpoint: &Endpoint) -> Response {
    ask(endpoint, "DescribeStackResourceDrifts", &[("StackName", "S")])
}

#[test]
fn a_detection_takes_its_time_and_then_tells_what_differs() {
    let endpoint = Endpoint::start_blocking(deployed().drifted("A", "/DisplayName", Some("x"), None));
    assert_eq!(resources(&endpoint).texts("LogicalResourceId"), [""; 0]);
    let id = detect(&endpoint).text("StackDriftDetectionId").to_owned();
    let running = detection(&endpoint, &id);
    assert_eq!(running.text("DetectionStatus"), "DETECTION_IN_PROGRESS");
    assert_eq!(running.text("StackDriftStatus"), "");
    assert_eq!(resources(&endpoint).texts("LogicalResourceId"), [""; 0]);
    seconds(&endpoint, 9);
    let done = detection(&endpoint, &id);
    assert_eq!(
        (done.text("DetectionStatus"), done.text("StackDriftStatus")),
        ("DETECTION_COMPLETE", "DRIFTED")
    );
    assert_eq!(done.text("DriftedStackResourceCount"), "1");
    let found = resources(&endpoint);
    assert_eq!(found.texts("StackResourceDriftStatus"), ["MODIFIED", "IN_SYNC"]);
    assert_eq!(
        [found.text("PropertyPath"), found.text("ExpectedValue"), found.text("ActualValue")],
        ["/DisplayName", "x", "null"]
    );
    assert_eq!(found.text("DifferenceType"), "REMOVE");
    let stack = ask(&endpoint, "DescribeStacks", &[("StackName", "S")]);
    assert_eq!(stack.text("StackDriftStatus"), "DRIFTED");
    assert_eq!(detection(&endpoint, "unknown").text("Code"), "ValidationError");
}

#[test]
fn one_detection_runs_at_a_time_and_only_on_a_steady_stack() {
    let endpoint = Endpoint::start_blocking(deployed().detecting("S", Duration::from_secs(5)));
    let refused = detect(&endpoint);
    assert_eq!((refused.status, refused.text("Code")), (400, "ValidationError"));
    assert!(refused.text("Message").starts_with("Drift detection is already in progress for stack ["));
    seconds(&endpoint, 5);
    assert_eq!(detect(&endpoint).status, 200);
    assert!(detect(&endpoint).text("Message").contains("already in progress"));
    seconds(&endpoint, 9);
    assert_eq!(detect(&endpoint).status, 200);
    let failed = Endpoint::start_blocking(still().stack("S", &two("x"), "ROLLBACK_COMPLETE"));
    assert!(detect(&failed).text("Message").contains("ROLLBACK_COMPLETE"));
}

#[test]
fn what_cannot_be_looked_at_is_left_out_or_unknown_and_a_failure_has_its_reason() {
    let resources_of =
        template(serde_json::json!({ "A": topic("a"), "B": topic("b"), "C": topic("c"), "D": topic("d") }));
    let scenario = still()
        .stack("S", &resources_of, "CREATE_COMPLETE")
        .pages(1..=1)
        .undetectable("A")
        .undetected("B", "AccessDenied")
        .drifted_away("C")
        .fail_detection("Failed to detect drift on resource [B]");
    let endpoint = Endpoint::start_blocking(scenario);
    let id = detect(&endpoint).text("StackDriftDetectionId").to_owned();
    seconds(&endpoint, 1);
    let failed = detection(&endpoint, &id);
    assert_eq!(failed.text("DetectionStatus"), "DETECTION_FAILED");
    assert_eq!(failed.text("DetectionStatusReason"), "Failed to detect drift on resource [B]");
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let page =
            ask(&endpoint, "DescribeStackResourceDrifts", &[("StackName", "S"), ("NextToken", &token)]);
        seen.push(format!("{} {}", page.text("LogicalResourceId"), page.text("StackResourceDriftStatus")));
        token = page.text("NextToken").to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["B UNKNOWN", "C DELETED", "D IN_SYNC"]);
    let filter = [("StackName", "S"), ("StackResourceDriftStatusFilters.member.1", "DELETED")];
    let deleted = ask(&endpoint, "DescribeStackResourceDrifts", &filter);
    assert_eq!(deleted.texts("LogicalResourceId"), ["C"]);
}
