//! A signal at every stage of a deployment: nothing is left behind before the execution, and it lets go afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use endpoint::{Fault, Scenario, Wrong};
use rustix::process::Signal;

use super::{AT_ONCE, Aws, DEPLOY, LONG, assert_no_bug, deployed};
use crate::project::Outcome;

/// What every interrupted run says.
#[track_caller]
fn assert_interrupted(outcome: &Outcome) {
    assert_no_bug(outcome);
    assert_eq!(outcome.code, Some(130), "{outcome}");
    assert!(outcome.stderr.contains("error: interrupted"), "{outcome}");
    assert_eq!(outcome.stdout, "", "{outcome}");
}

fn only_reads(action: &str) -> bool {
    ["Get", "Describe", "List", "Batch"].iter().any(|verb| action.starts_with(verb))
}

/// Interrupts a deployment while it waits for the answer to each of its requests before the execution.
fn at_each_request(scenario: fn() -> Scenario) {
    // A change set that is ready at once is not asked for now more, now less often.
    let scenario = || scenario().change_set_delay(Duration::ZERO);
    let whole = Aws::new(scenario());
    whole.run(DEPLOY).success();
    let requests = whole.endpoint.requests();
    let before = requests.iter().take_while(|request| request.action != "ExecuteChangeSet");
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for request in before {
        let number = seen.entry(request.action.clone()).or_default();
        at_request(scenario(), &request.action, *number);
        *number += 1;
    }
    assert!(seen.len() > 5 && seen.contains_key("CreateChangeSet"), "{seen:?}");
}

/// Interrupts a deployment while it waits for the answer to this request of an action, after `skip` others.
fn at_request(scenario: Scenario, action: &str, skip: usize) {
    // What changes something is waited for, since it must be known what came of it.
    let wrong = if only_reads(action) { Wrong::Hangs } else { Wrong::Late(Duration::from_millis(500)) };
    let aws = Aws::new(scenario.fault(Fault::new(wrong).on(action).skip(skip).once()));
    let before = aws.endpoint.stack("S").map(|stack| stack.status);
    let deploy = aws.start(DEPLOY);
    aws.wait_for(action, skip + 1);
    deploy.signal(Signal::INT);
    let ended = deploy.end_within(AT_ONCE);
    assert_interrupted(&ended);
    assert!(ended.stderr.contains("nothing was changed"), "at {action} {skip}: {ended}");
    assert_eq!(aws.endpoint.count("ExecuteChangeSet"), 0, "at {action} {skip}: {ended}");
    aws.assert_nothing_is_left();
    let after = aws.endpoint.stack("S").map(|stack| stack.status);
    assert_eq!(after.filter(|status| status != "DELETE_COMPLETE"), before, "at {action} {skip}: {ended}");
}

// C3
#[test]
fn an_interrupted_creation_leaves_nothing_behind_whatever_it_waits_for() {
    at_each_request(Scenario::new);
}

// C3
#[test]
fn an_interrupted_update_leaves_nothing_behind_whatever_it_waits_for() {
    at_each_request(deployed);
}

// C3
#[test]
fn an_interrupt_while_the_change_set_is_being_made_removes_it() {
    let aws = Aws::new(Scenario::new().change_set_delay(Duration::from_secs(2)));
    let deploy = aws.start(DEPLOY);
    // Such a change set cannot be deleted yet.
    aws.wait_for("DescribeChangeSet", 2);
    deploy.signal(Signal::INT);
    assert_interrupted(&deploy.end());
    aws.assert_nothing_is_left();
    assert_eq!(aws.status(), "DELETE_COMPLETE", "the stack was ours");
}

// C3
#[test]
fn an_interrupt_while_the_answer_to_the_change_set_is_lost_removes_what_was_made() {
    let lost = Fault::new(Wrong::AnswerLost).on("CreateChangeSet").once();
    let aws = Aws::new(deployed().fault(lost));
    let deploy = aws.start(DEPLOY);
    aws.wait_for("CreateChangeSet", 1);
    deploy.signal(Signal::INT);
    assert_interrupted(&deploy.end());
    aws.assert_nothing_is_left();
}

// C3
#[test]
fn an_interrupt_at_the_execution_lets_go_of_what_then_runs() {
    let late = Fault::new(Wrong::Late(Duration::from_millis(500))).on("ExecuteChangeSet");
    let aws = Aws::new(deployed().takes("Queue", Duration::from_secs(1)).fault(late));
    let deploy = aws.start(DEPLOY);
    aws.wait_for("ExecuteChangeSet", 1);
    deploy.signal(Signal::INT);
    let ended = deploy.end();
    assert_interrupted(&ended);
    assert!(ended.stderr.contains("now: the operation goes on in AWS"), "{ended}");
    aws.wait_for_status("UPDATE_COMPLETE");
    assert_eq!(aws.endpoint.count("ExecuteChangeSet"), 1);
}

// C3
#[test]
fn an_interrupt_while_waiting_says_how_to_go_on_and_how_to_take_it_back() {
    let aws = Aws::new(deployed().hang("Queue"));
    let deploy = aws.start(DEPLOY);
    deploy.wait_for("UPDATE_COMPLETE  Topic");
    deploy.signal(Signal::INT);
    let ended = deploy.end();
    assert_interrupted(&ended);
    let id = aws.endpoint.stack("S").unwrap().id;
    let said = ended.stderr.split_once("error: interrupted\n").unwrap().1.replace(&id, "[ARN]");
    insta::assert_snapshot!(said, @"
      now: the operation goes on in AWS; it was last seen as UPDATE_IN_PROGRESS; to take the update back: docuthinker cancel S

    hint: docuthinker watch [ARN]
    ");
    assert_eq!(aws.status(), "UPDATE_IN_PROGRESS");
    assert_eq!((aws.endpoint.count("CancelUpdateStack"), aws.endpoint.count("ExecuteChangeSet")), (0, 1));
}

// C3
#[test]
fn an_interrupted_creation_goes_on_and_cannot_be_cancelled() {
    for arguments in [DEPLOY.to_owned(), format!("{DEPLOY} --on-interrupt cancel")] {
        let aws = Aws::new(Scenario::new().hang("Queue"));
        let deploy = aws.start(&arguments);
        deploy.wait_for("CREATE_COMPLETE  Topic");
        deploy.signal(Signal::INT);
        let ended = deploy.end();
        assert_interrupted(&ended);
        assert!(ended.stderr.contains("hint: docuthinker watch arn:"), "{ended}");
        assert!(!ended.stderr.contains("docuthinker cancel"), "{ended}");
        assert_eq!(aws.status(), "CREATE_IN_PROGRESS");
    }
}

// C3
#[test]
fn an_interrupt_can_cancel_the_update_and_then_waits_for_its_end() {
    let aws = Aws::new(deployed().hang("Queue"));
    let deploy = aws.start(&format!("{DEPLOY} --on-interrupt cancel"));
    deploy.wait_for("UPDATE_COMPLETE  Topic");
    deploy.signal(Signal::INT);
    let ended = deploy.end();
    assert_interrupted(&ended);
    assert!(ended.stderr.contains("now: S is UPDATE_ROLLBACK_COMPLETE"), "{ended}");
    assert_eq!(aws.status(), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(aws.endpoint.count("CancelUpdateStack"), 1);
}

// C3
#[test]
fn a_second_interrupt_leaves_at_once_what_the_first_one_cancelled() {
    let aws = Aws::new(deployed().hang("Queue").rollback_takes("Topic", LONG));
    let deploy = aws.start(&format!("{DEPLOY} --on-interrupt cancel"));
    deploy.wait_for("UPDATE_COMPLETE  Topic");
    deploy.signal(Signal::INT);
    aws.wait_for_status("UPDATE_ROLLBACK_IN_PROGRESS");
    deploy.signal(Signal::INT);
    let ended = deploy.end();
    assert_no_bug(&ended);
    assert_eq!(ended.code, Some(130), "{ended}");
    assert_eq!(aws.endpoint.count("CancelUpdateStack"), 1);
}

// C3
#[test]
fn a_second_interrupt_leaves_at_once_while_the_clean_up_hangs() {
    let hangs = Fault::new(Wrong::Hangs).on("DeleteChangeSet");
    let aws = Aws::new(deployed().change_set_delay(LONG).fault(hangs));
    let deploy = aws.start(DEPLOY);
    aws.wait_for("DescribeChangeSet", 1);
    deploy.signal(Signal::INT);
    aws.wait_for("DeleteChangeSet", 1);
    deploy.signal(Signal::INT);
    let ended = deploy.end_within(AT_ONCE);
    assert_no_bug(&ended);
    assert_eq!(ended.code, Some(130), "{ended}");
    // On a slow machine it says before that it waits.
    let (_, said) = ended.stderr.split_once("error: ").unwrap();
    insta::assert_snapshot!(said, @"
    interrupted twice; left at once
      now: what was ordered goes on in AWS, and what was to be removed may have been left behind

    hint: `docuthinker watch STACK` tells what runs; the same command, run again, goes on from there
    ");
}

// C3
#[test]
fn a_second_interrupt_is_told_to_programs_as_an_object() {
    let hangs = Fault::new(Wrong::Hangs).on("CreateChangeSet");
    let aws = Aws::new(deployed().fault(hangs));
    let mut deploy = aws.start(&format!("{DEPLOY} --output json"));
    aws.wait_for("CreateChangeSet", 1);
    // Two that come at the same moment count as one.
    while !deploy.has_ended() {
        deploy.signal(Signal::INT);
        std::thread::sleep(Duration::from_millis(100));
    }
    let ended = deploy.end_within(AT_ONCE);
    assert_eq!(ended.code, Some(130), "{ended}");
    let last: serde_json::Value = serde_json::from_str(ended.stderr.lines().last().unwrap()).unwrap();
    assert_eq!((&last["code"], &last["exit"]), (&"aws/interrupted".into(), &130.into()), "{ended}");
    assert!(last["state"].is_string() && last["next"].is_string(), "{ended}");
}

// C4
#[test]
fn other_signals_that_end_a_process_are_like_ctrl_c() {
    for signal in [Signal::TERM, Signal::HUP] {
        let hangs = Fault::new(Wrong::Hangs).on("DescribeChangeSet").once();
        let aws = Aws::new(Scenario::new().fault(hangs));
        let deploy = aws.start(DEPLOY);
        aws.wait_for("DescribeChangeSet", 1);
        deploy.signal(signal);
        assert_interrupted(&deploy.end_within(AT_ONCE));
        aws.assert_nothing_is_left();

        let aws = Aws::new(deployed().hang("Queue"));
        let deploy = aws.start(DEPLOY);
        deploy.wait_for("UPDATE_COMPLETE  Topic");
        deploy.signal(signal);
        let ended = deploy.end();
        assert_interrupted(&ended);
        assert!(ended.stderr.contains("hint: docuthinker watch arn:"), "{ended}");
        assert_eq!(aws.status(), "UPDATE_IN_PROGRESS");
    }
}
