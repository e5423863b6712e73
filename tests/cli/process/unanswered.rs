//! Ctrl-C while AWS does not answer an order: it may have taken effect, so it is waited for, but not for long.

use endpoint::{Fault, Scenario, Wrong};
use rustix::process::Signal;

use super::{AT_ONCE, Aws, DEPLOY, LONG, assert_no_bug, deployed};
use crate::project::Outcome;

/// The order takes effect, and is never answered.
fn taken(action: &str) -> Fault {
    Fault::new(Wrong::Late(LONG)).on(action).once()
}

/// The order is never read.
fn unread(action: &str) -> Fault {
    Fault::new(Wrong::Hangs).on(action).once()
}

/// Interrupts the command while it waits for the answer to this order.
#[track_caller]
fn interrupted(aws: &Aws, arguments: &str, order: &str) -> Outcome {
    let command = aws.start(arguments);
    aws.wait_for(order, 1);
    command.signal(Signal::INT);
    let ended = command.end_within(AT_ONCE);
    assert_no_bug(&ended);
    assert_eq!(ended.code, Some(130), "{ended}");
    let waits = format!("s for AWS's answer to cloudformation:{order}, which may have taken effect");
    assert!(ended.stderr.contains(&waits), "{ended}");
    assert!(ended.stderr.contains("interrupt again to leave at once"), "{ended}");
    ended
}

// C3
#[test]
fn an_interrupt_while_nobody_answers_the_order_for_a_change_set_removes_it() {
    for fault in [taken, unread] {
        for scenario in [Scenario::new(), deployed()] {
            let aws = Aws::new(scenario.fault(fault("CreateChangeSet")));
            let ended = interrupted(&aws, DEPLOY, "CreateChangeSet");
            assert!(ended.stderr.contains("now: nothing was deployed; AWS did not answer"), "{ended}");
            aws.assert_nothing_is_left();
            assert_eq!(aws.endpoint.count("ExecuteChangeSet"), 0);
        }
    }
}

// C3
#[test]
fn an_interrupt_while_nobody_answers_the_order_to_execute_asks_whether_it_arrived() {
    let aws = Aws::new(deployed().fault(taken("ExecuteChangeSet")));
    let ended = interrupted(&aws, DEPLOY, "ExecuteChangeSet");
    assert!(ended.stderr.contains("now: the operation goes on in AWS"), "{ended}");
    assert!(ended.stderr.contains("hint: docuthinker watch arn:"), "{ended}");
    aws.wait_for_status("UPDATE_COMPLETE");

    let aws = Aws::new(deployed().fault(unread("ExecuteChangeSet")));
    let ended = interrupted(&aws, DEPLOY, "ExecuteChangeSet");
    assert!(ended.stderr.contains("now: nothing was changed in AWS"), "{ended}");
    aws.assert_nothing_is_left();
}

// C3
#[test]
fn an_interrupt_while_nobody_answers_the_order_to_delete_says_what_is_not_known() {
    for fault in [taken, unread] {
        let aws = Aws::new(deployed().fault(fault("DeleteStack")));
        let ended = interrupted(&aws, "destroy --stack-name S --yes", "DeleteStack");
        assert!(ended.stderr.contains("now: the order was sent; whether it arrived is not known"), "{ended}");
        assert!(ended.stderr.contains("hint: docuthinker watch arn:"), "{ended}");
    }
}
