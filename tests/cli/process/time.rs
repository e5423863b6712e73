//! `--timeout`, and a process that is stopped for a while.

use std::time::Duration;

use endpoint::Scenario;
use rustix::process::Signal;

use super::{Aws, DEPLOY, assert_no_bug, deployed};

/// A run whose time is up: what the stack is then, and how many of these orders were given.
#[track_caller]
fn late(scenario: Scenario, more: &str, status: &str, orders: (&str, usize)) -> String {
    let aws = Aws::new(scenario.hang("Queue"));
    let ended = aws.run(&format!("{DEPLOY} --timeout 2s{more}"));
    assert_no_bug(&ended);
    assert_eq!(ended.code, Some(8), "{ended}");
    assert_eq!(aws.status(), status, "{ended}");
    assert_eq!(aws.endpoint.count(orders.0), orders.1, "{ended}");
    let (_, said) = ended.stderr.split_once("error: ").unwrap();
    said.replace(&aws.endpoint.stack("S").unwrap().id, "[ARN]")
}

// L10
#[test]
fn an_update_whose_time_is_up_is_cancelled() {
    let said = late(deployed(), "", "UPDATE_ROLLBACK_COMPLETE", ("CancelUpdateStack", 1));
    insta::assert_snapshot!(said, @"
    S was not ready in time; the update was cancelled
      at Queue (AWS::SQS::Queue)
      now: S is UPDATE_ROLLBACK_COMPLETE: as it was before the deployment

    hint: correct the cause, then `docuthinker deploy S`
    ");
}

// L10
#[test]
fn a_creation_whose_time_is_up_goes_on() {
    let said = late(Scenario::new(), "", "CREATE_IN_PROGRESS", ("DeleteStack", 0));
    insta::assert_snapshot!(said, @"
    S is not ready in time
      now: the operation goes on in AWS; it was last seen as CREATE_IN_PROGRESS

    hint: docuthinker watch [ARN]
    ");
}

// L10
#[test]
fn what_happens_to_a_stack_whose_time_is_up_can_be_chosen() {
    late(deployed(), " --on-timeout detach", "UPDATE_IN_PROGRESS", ("CancelUpdateStack", 0));
    late(deployed(), " --on-timeout delete", "UPDATE_ROLLBACK_COMPLETE", ("CancelUpdateStack", 1));
    late(Scenario::new(), " --on-timeout delete", "DELETE_COMPLETE", ("DeleteStack", 1));
    late(Scenario::new(), " --on-timeout detach", "CREATE_IN_PROGRESS", ("DeleteStack", 0));
}

// L10
#[test]
fn watching_that_takes_too_long_ends_and_the_operation_goes_on() {
    let aws = Aws::new(deployed().hang("Queue"));
    aws.endpoint.update_by_somebody_else("S", &super::template("theirs"));
    let ended = aws.run("watch S --timeout 1s");
    assert_eq!(ended.code, Some(8), "{ended}");
    assert!(ended.stderr.contains("hint: docuthinker watch arn:"), "{ended}");
    assert_eq!(aws.status(), "UPDATE_IN_PROGRESS");
}

// C8
#[test]
fn a_process_that_was_stopped_past_its_time_looks_before_it_calls_anything_late() {
    let aws = Aws::new(deployed().takes("Queue", Duration::from_secs(2)));
    let deploy = aws.start(&format!("{DEPLOY} --timeout 5s"));
    deploy.wait_for("UPDATE_COMPLETE  Topic");
    deploy.signal(Signal::STOP);
    // This is what it is about: more time than it has.
    std::thread::sleep(Duration::from_secs(6));
    aws.wait_for_status("UPDATE_COMPLETE");
    deploy.signal(Signal::CONT);
    let ended = deploy.end();
    assert_no_bug(&ended);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(aws.endpoint.count("CancelUpdateStack"), 0, "{ended}");
}
