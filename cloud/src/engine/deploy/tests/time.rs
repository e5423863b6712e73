//! What happens when the time is up, or when somebody wants to stop.

use super::*;
use crate::engine::request::{OnInterrupt, OnTimeout};

// L10
#[test]
fn time_up_cancels_an_update() {
    let mut fake = Fake::new(Some("CREATE_COMPLETE"));
    for _ in 0..20 {
        fake = fake.then("UPDATE_IN_PROGRESS", &[]);
    }
    let fake = fake.then("UPDATE_ROLLBACK_IN_PROGRESS", &[]).then("UPDATE_ROLLBACK_COMPLETE", &[]);
    let run = fake.run(plan(|request| request.timeout = Some(Duration::from_secs(30))));
    assert_eq!(failed(&run).exit_code(), 8);
    assert_eq!(run.count(|action| matches!(action, Action::CancelUpdate { .. })), 1);
    assert_eq!(failed(&run).report().status.as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
}

// L10
#[test]
fn time_up_leaves_a_creation_to_run() {
    let fake = Fake::new(None).then("CREATE_IN_PROGRESS", &[("S", "CREATE_IN_PROGRESS", "")]);
    let run = fake.run(plan(|request| request.timeout = Some(Duration::from_secs(30))));
    assert_eq!(failed(&run).exit_code(), 8);
    assert_eq!(run.count(|action| matches!(action, Action::CancelUpdate { .. })), 0);
    assert!(failed(&run).report().state.as_ref().unwrap().contains("CREATE_IN_PROGRESS"));
}

fn cancellations(run: &Run<Deployed>) -> usize {
    run.count(|action| matches!(action, Action::CancelUpdate { .. }))
}

// C8
#[test]
fn an_operation_that_ended_while_this_machine_slept_is_not_late() {
    let mut fake = Fake::new(Some("CREATE_COMPLETE"))
        .then("UPDATE_IN_PROGRESS", &[("S", "UPDATE_IN_PROGRESS", "")])
        .then("UPDATE_COMPLETE", &[("S", "UPDATE_COMPLETE", "")]);
    fake.jump = Duration::from_hours(8);
    let run = fake.run(plan(|request| request.timeout = Some(Duration::from_hours(1))));
    assert!(run.elapsed > Duration::from_hours(8));
    assert_eq!((outcome(&run).status.as_str(), cancellations(&run)), ("UPDATE_COMPLETE", 0));
}

// L10
#[test]
fn time_up_only_detaches_if_that_is_wanted() {
    let fake =
        Fake::new(Some("CREATE_COMPLETE")).then("UPDATE_IN_PROGRESS", &[("S", "UPDATE_IN_PROGRESS", "")]);
    let run = fake.run(plan(|request| {
        request.timeout = Some(Duration::from_secs(30));
        request.on_timeout = OnTimeout::Detach;
    }));
    assert_eq!((failed(&run).exit_code(), cancellations(&run)), (8, 0));
    assert!(failed(&run).report().next.as_ref().unwrap().starts_with("docuthinker watch"));
}

// L10
#[test]
fn time_up_deletes_a_creation_only_if_that_is_wanted() {
    let fake = Fake::new(None)
        .then("CREATE_IN_PROGRESS", &[("S", "CREATE_IN_PROGRESS", "")])
        .hold(10)
        .then("DELETE_IN_PROGRESS", &[("S", "DELETE_IN_PROGRESS", "")])
        .then_gone();
    let run = fake.run(plan(|request| {
        request.timeout = Some(Duration::from_secs(20));
        request.on_timeout = OnTimeout::Delete;
    }));
    assert_eq!((failed(&run).exit_code(), stack_deletions(&run)), (8, 1));
    assert!(failed(&run).to_string().contains("deleted again"), "{:?}", failed(&run));
}

// L10
#[test]
fn a_cancellation_that_did_not_arrive_is_ordered_again() {
    let mut fake = Fake::new(Some("CREATE_COMPLETE"))
        .then("UPDATE_IN_PROGRESS", &[("S", "UPDATE_IN_PROGRESS", "")])
        .hold(20)
        .then("UPDATE_ROLLBACK_COMPLETE", &[("S", "UPDATE_ROLLBACK_COMPLETE", "")]);
    let mut lost = false;
    fake.fault = Box::new(move |_, action| {
        let first = matches!(action, Action::CancelUpdate { .. }) && !std::mem::replace(&mut lost, true);
        first.then_some(Class::Unreachable)
    });
    let run = fake.run(plan(|request| request.timeout = Some(Duration::from_secs(10))));
    assert_eq!((failed(&run).exit_code(), cancellations(&run)), (8, 2));
}

// C3
#[test]
fn an_interrupt_cancels_the_update_if_that_is_wanted_and_waits_for_its_end() {
    let mut fake = Fake::new(Some("CREATE_COMPLETE"))
        .then("UPDATE_IN_PROGRESS", &[("S", "UPDATE_IN_PROGRESS", "")])
        .hold(3)
        .then("UPDATE_ROLLBACK_IN_PROGRESS", &[("S", "UPDATE_ROLLBACK_IN_PROGRESS", "")])
        .then("UPDATE_ROLLBACK_COMPLETE", &[("S", "UPDATE_ROLLBACK_COMPLETE", "")]);
    fake.cancel_when = Box::new(|action| matches!(action, Action::Sleep(_)));
    let run = fake.run(plan(|request| request.on_interrupt = OnInterrupt::Cancel));
    assert_eq!((failed(&run).exit_code(), cancellations(&run)), (130, 1));
    assert_eq!(failed(&run).to_string(), "interrupted; the update was cancelled");
    assert_eq!(failed(&run).report().status.as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
}

// L24
#[test]
fn a_certificate_that_waits_tells_its_record_until_the_time_is_up() {
    const RECORD: &str =
        "Content of DNS Record is: {Name: _a.example.com.,Type: CNAME,Value: _b.acm-validations.aws.}";
    let mut fake = Fake::new(None).then(
        "CREATE_IN_PROGRESS",
        &[("S", "CREATE_IN_PROGRESS", ""), ("Certificate", "CREATE_IN_PROGRESS", RECORD)],
    );
    fake.change_events(|event| {
        if event.logical_id == "Certificate" {
            event.resource_type = "AWS::CertificateManager::Certificate".into();
        }
    });
    let run = fake.run(plan(|request| request.timeout = Some(Duration::from_hours(1))));
    assert_eq!(failed(&run).exit_code(), 8);
    let notes: Vec<&str> = run
        .said
        .iter()
        .filter_map(|news| match news {
            Progress::Note { text } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        notes,
        ["Certificate waits for this DNS record: _a.example.com. CNAME _b.acm-validations.aws."]
    );
}
