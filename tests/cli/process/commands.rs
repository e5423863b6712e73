//! `cancel`, `rollback`, `events` and `diagnose`, as somebody sees them.

use endpoint::{Endpoint, Scenario};
use insta::assert_snapshot;

use super::{Aws, DEPLOY, PATIENCE, deployed, template};
use crate::project::Outcome;

/// Without what differs from run to run: times and ids; and without the warning that this is not AWS.
pub(super) fn lasting(aws: &Aws, outcome: &Outcome) -> String {
    let text = without_ids_and_times(&aws.endpoint, outcome.to_string());
    let of_the_warning = ["warning: this is not AWS", "hint: if that is not meant, unset AWS_ENDPOINT_URL"];
    let lines = text.lines().filter(|line| !of_the_warning.iter().any(|begin| line.starts_with(begin)));
    lines.filter(|line| !line.is_empty()).flat_map(|line| [line, "\n"]).collect()
}

/// Without what differs from run to run.
pub(super) fn without_ids_and_times(endpoint: &Endpoint, mut text: String) -> String {
    for stack in endpoint.stacks() {
        for (number, operation) in stack.operations.iter().enumerate() {
            text = text.replace(operation, &format!("[OPERATION {}]", number + 1));
            text = text.replace(&operation[..8], &format!("[OP {}]", number + 1));
        }
    }
    let text = masked(&masked(&text, "0000-00-00", "[DATE]"), "00:00:00.000", "[TIME]");
    masked(&text, "00:00:00", "[TIME]")
}

/// The text with `mask` for whatever looks like `form`, in which 0 stands for any digit.
pub(super) fn masked(text: &str, form: &str, mask: &str) -> String {
    let fits = |rest: &str| {
        rest.len() >= form.len()
            && rest.bytes().zip(form.bytes()).all(
                |(is, like)| {
                    if like == b'0' { is.is_ascii_digit() } else { is == like }
                },
            )
    };
    let mut masked = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if fits(rest) {
            masked += mask;
            rest = &rest[form.len()..];
        } else {
            masked.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    masked
}

#[test]
fn a_running_update_is_cancelled() {
    let aws = Aws::new(deployed().hang("Queue"));
    aws.endpoint.update_by_somebody_else("S", &template("theirs"));
    let topic_is_done = |endpoint: &Endpoint| {
        let resources = endpoint.stack("S").unwrap().resources;
        resources.iter().any(|one| one.logical_id == "Topic" && one.status == "UPDATE_COMPLETE")
    };
    assert!(aws.endpoint.wait_until(PATIENCE, topic_is_done));
    assert_snapshot!(lasting(&aws, &aws.run("cancel S")), @"
    exit: 0
    --- stderr ---
    S: looking at the stack as it is
    S: cancelling the update
    [TIME]  UPDATE_IN_PROGRESS  S (AWS::CloudFormation::Stack)  User Initiated
    [TIME]  UPDATE_COMPLETE  Topic (AWS::SNS::Topic)
    [TIME]  UPDATE_FAILED  Queue (AWS::SQS::Queue)  Resource update cancelled
    [TIME]  UPDATE_ROLLBACK_IN_PROGRESS  S (AWS::CloudFormation::Stack)  User Initiated
    [TIME]  UPDATE_COMPLETE  Queue (AWS::SQS::Queue)
    [TIME]  UPDATE_COMPLETE  Topic (AWS::SNS::Topic)
    [TIME]  UPDATE_ROLLBACK_COMPLETE  S (AWS::CloudFormation::Stack)
    the update is cancelled, S is as it was before (UPDATE_ROLLBACK_COMPLETE)
    ");
    assert_eq!(aws.status(), "UPDATE_ROLLBACK_COMPLETE");
    assert_snapshot!(lasting(&aws, &aws.run("cancel S")), @"
    exit: 4
    --- stderr ---
    S: looking at the stack as it is
    error: nothing runs on S: it is UPDATE_ROLLBACK_COMPLETE
    hint: docuthinker events S
    ");
}

#[test]
fn a_creation_cannot_be_cancelled() {
    let aws = Aws::new(Scenario::new().hang("Queue"));
    assert_eq!(aws.run(&format!("{DEPLOY} --timeout 1s")).code, Some(8));
    assert_snapshot!(lasting(&aws, &aws.run("cancel S")), @"
    exit: 4
    --- stderr ---
    S: looking at the stack as it is
    error: the creation of S cannot be cancelled, only deleted
    hint: docuthinker destroy --stack-name S
    ");
}

#[test]
fn a_failed_update_that_was_left_as_it_was_is_rolled_back() {
    let aws = Aws::new(Scenario::new().stack("S", &template("old"), "UPDATE_FAILED"));
    assert_snapshot!(lasting(&aws, &aws.run("rollback S")), @"
    exit: 0
    --- stderr ---
    S: looking at the stack as it is
    S: rolling back
    [TIME]  UPDATE_ROLLBACK_IN_PROGRESS  S (AWS::CloudFormation::Stack)  User Initiated
    [TIME]  UPDATE_COMPLETE  Topic (AWS::SNS::Topic)
    [TIME]  UPDATE_ROLLBACK_COMPLETE  S (AWS::CloudFormation::Stack)
    S is rolled back (UPDATE_ROLLBACK_COMPLETE)
    ");
    assert_eq!(aws.endpoint.count("RollbackStack"), 1);
    assert_snapshot!(lasting(&aws, &aws.run("rollback S")), @"
    exit: 4
    --- stderr ---
    S: looking at the stack as it is
    error: there is nothing to roll back: S is UPDATE_ROLLBACK_COMPLETE
    hint: docuthinker events S
    ");
}

#[test]
fn a_rollback_that_is_stuck_goes_on_without_what_it_is_stuck_at() {
    let aws = Aws::new(deployed().fail("Queue", "the name is taken").fail_rollback("Topic", "it is locked"));
    let deploy = aws.run(DEPLOY);
    assert_eq!((deploy.code, aws.status().as_str()), (Some(1), "UPDATE_ROLLBACK_FAILED"), "{deploy}");
    assert_snapshot!(lasting(&aws, &aws.run("rollback S")), @"
    exit: 1
    --- stderr ---
    S: looking at the stack as it is
    S: rolling back
    [TIME]  UPDATE_ROLLBACK_IN_PROGRESS  S (AWS::CloudFormation::Stack)  User Initiated
    [TIME]  UPDATE_FAILED  Topic (AWS::SNS::Topic)  it is locked
    [TIME]  UPDATE_ROLLBACK_FAILED  S (AWS::CloudFormation::Stack)  The following resource(s) failed to update: [Topic].
    error: S could not be rolled back: Topic (AWS::SNS::Topic): it is locked
      at Topic (AWS::SNS::Topic)
      now: S is UPDATE_ROLLBACK_FAILED
    hint: correct the cause, then `docuthinker rollback S`; or leave what is stuck alone: `docuthinker rollback S --skip Topic`
    ");
    assert_snapshot!(lasting(&aws, &aws.run("rollback S --skip Topic")), @"
    exit: 0
    --- stderr ---
    S: looking at the stack as it is
    S: rolling back
    [TIME]  UPDATE_ROLLBACK_IN_PROGRESS  S (AWS::CloudFormation::Stack)  User Initiated
    [TIME]  UPDATE_COMPLETE  Topic (AWS::SNS::Topic)  Rollback skipped
    [TIME]  UPDATE_ROLLBACK_COMPLETE  S (AWS::CloudFormation::Stack)
    S is rolled back (UPDATE_ROLLBACK_COMPLETE)
    ");
    assert_eq!(aws.status(), "UPDATE_ROLLBACK_COMPLETE");
    let orders = aws.endpoint.requests_of("ContinueUpdateRollback");
    let skipped: Vec<_> = orders.iter().map(|order| order.list("ResourcesToSkip")).collect();
    assert_eq!(skipped, [vec![], vec!["Topic".to_owned()]]);
    assert_snapshot!(lasting(&aws, &aws.run("rollback S --skip Topic")), @"
    exit: 4
    --- stderr ---
    S: looking at the stack as it is
    error: there is nothing to roll back: S is UPDATE_ROLLBACK_COMPLETE
    hint: docuthinker events S
    ");
}

#[test]
fn the_events_of_a_failed_update_are_told_and_those_before_can_be_asked_for() {
    let aws = Aws::new(deployed().fail("Queue", "the name is taken"));
    assert_eq!(aws.run(DEPLOY).code, Some(1));
    assert_snapshot!(lasting(&aws, &aws.run("events S")), @"
    exit: 0
    --- stdout ---
    operation  kind    began (UTC)          took    outcome      cause
    [OP 3]   UPDATE  [DATE] [TIME]  0s      rolled back  Queue: the name is taken
    [OP 2]   UPDATE  [DATE] [TIME]  1h 00m  succeeded
    [OP 1]   CREATE  [DATE] [TIME]  2h 00m  succeeded
    UPDATE [OPERATION 3] of S: rolled back
    began [DATE] [TIME] UTC, took 0s
    with [OPERATION 4], its rollback
      [TIME]  UPDATE_IN_PROGRESS                            S  User Initiated
      [TIME]  UPDATE_IN_PROGRESS                            Topic (AWS::SNS::Topic)
      [TIME]  UPDATE_COMPLETE                               Topic (AWS::SNS::Topic)
      [TIME]  UPDATE_IN_PROGRESS                            Queue (AWS::SQS::Queue)
      [TIME]  UPDATE_FAILED                                 Queue (AWS::SQS::Queue)  the name is taken
      [TIME]  UPDATE_ROLLBACK_IN_PROGRESS                   S  The following resource(s) failed to update: [Queue].
      [TIME]  UPDATE_IN_PROGRESS                            Queue (AWS::SQS::Queue)
      [TIME]  UPDATE_IN_PROGRESS                            Topic (AWS::SNS::Topic)
      [TIME]  UPDATE_COMPLETE                               Queue (AWS::SQS::Queue)
      [TIME]  UPDATE_COMPLETE                               Topic (AWS::SNS::Topic)
      [TIME]  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS  S
      [TIME]  UPDATE_ROLLBACK_COMPLETE                      S
    1 failure; first Queue (AWS::SQS::Queue): UPDATE_FAILED: the name is taken
    --- stderr ---
    ");
    let first = aws.endpoint.stack("S").unwrap().operations[0].clone();
    let of_first = lasting(&aws, &aws.run(&format!("events S --operation {}", &first[..8])));
    // It took two hours, and may have ended on the next day.
    assert_snapshot!(of_first.replace("  [DATE] [TIME]  CREATE_COMPLETE", "  [TIME]  CREATE_COMPLETE"), @"
    exit: 0
    --- stdout ---
    CREATE [OPERATION 1] of S: succeeded
    began [DATE] [TIME] UTC, took 2h 00m
      [TIME]  CREATE_IN_PROGRESS  S  User Initiated
      [TIME]  CREATE_IN_PROGRESS  Topic (AWS::SNS::Topic)
      [TIME]  CREATE_COMPLETE     Topic (AWS::SNS::Topic)
      [TIME]  CREATE_IN_PROGRESS  Queue (AWS::SQS::Queue)
      [TIME]  CREATE_COMPLETE     Queue (AWS::SQS::Queue)
      [TIME]  CREATE_COMPLETE     S
    --- stderr ---
    ");
    assert_snapshot!(lasting(&aws, &aws.run("events S --operation 99999999")), @"
    exit: 2
    --- stderr ---
    error: no operation of S has an ID that begins with `99999999`
    hint: the newest are [OPERATION 3] (UPDATE), [OPERATION 2] (UPDATE), [OPERATION 1] (CREATE)
    ");
    assert_snapshot!(lasting(&aws, &aws.run("events Nothing")), @"
    exit: 3
    --- stderr ---
    error: Nothing is not deployed
    hint: a deleted stack is found by its ARN, which this shows: aws cloudformation list-stacks --stack-status-filter DELETE_COMPLETE
    ");
}

#[test]
fn a_failure_is_diagnosed() {
    let aws = Aws::new(deployed().fail("Queue", "the name is taken"));
    assert_snapshot!(lasting(&aws, &aws.run("diagnose S")), @"
    exit: 0
    --- stdout ---
    S is UPDATE_COMPLETE
    nothing failed
    last: UPDATE [OPERATION 2], began [DATE] [TIME] UTC, took 1h 00m, succeeded
    --- stderr ---
    ");
    assert_eq!(aws.run(DEPLOY).code, Some(1));
    assert_snapshot!(lasting(&aws, &aws.run("diagnose S")), @"
    exit: 0
    --- stdout ---
    S is UPDATE_ROLLBACK_COMPLETE: as it was before the update
    its last operation failed
    last: UPDATE [OPERATION 3], began [DATE] [TIME] UTC, took 0s, rolled back
    first failure:
      [DATE] [TIME]  UPDATE_FAILED  Queue (AWS::SQS::Queue)
      the name is taken
    next: correct the cause, then run `docuthinker deploy S`
    --- stderr ---
    ");
}
