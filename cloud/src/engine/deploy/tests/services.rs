//! ECS while CloudFormation waits for it, and after its success.

use super::*;
use crate::engine::progress::ResourceEvent;
use crate::services::samples::{API, deployment, revision, service, task};

/// An update of the service `Api` that CloudFormation waits for.
fn deploying() -> Fake {
    let mut fake = Fake::new(Some("CREATE_COMPLETE"))
        .then("UPDATE_IN_PROGRESS", &[("S", "UPDATE_IN_PROGRESS", ""), ("Api", "UPDATE_IN_PROGRESS", "")])
        .hold(30);
    fake.change_events(as_service);
    fake.services =
        vec![service(vec![deployment("new", "PRIMARY", 2, 10), deployment("old", "ACTIVE", 1, -10)])];
    fake.resources = vec![resource("Service", "Api", API), resource("TaskDefinition", "Task", &revision(2))];
    fake
}

fn as_service(event: &mut ResourceEvent) {
    if event.logical_id == "Api" {
        event.resource_type = "AWS::ECS::Service".into();
        event.physical_id = Some(API.into());
    }
}

fn resource(kind: &str, id: &str, physical_id: &str) -> StackResource {
    StackResource {
        logical_id: id.into(),
        resource_type: format!("AWS::ECS::{kind}"),
        physical_id: Some(physical_id.into()),
    }
}

fn ending(fake: Fake, status: &str) -> Fake {
    let mut fake = fake.then(status, &[("Api", "UPDATE_COMPLETE", ""), ("S", status, "")]);
    fake.change_events(as_service);
    fake
}

fn stops(run: &Run<Deployed>) -> usize {
    run.said.iter().filter(|news| matches!(news, Progress::TaskStopped(_))).count()
}

// L9
#[test]
fn a_stopped_task_is_told_while_cloudformation_still_waits() {
    let mut fake = deploying();
    fake.stopped = vec![task(1, "Essential container in task exited")];
    let run = ending(fake, "UPDATE_COMPLETE").run(plan(|_| {}));
    assert_eq!(stops(&run), 1);
    let told = |wanted: fn(&Progress) -> bool| run.said.iter().position(wanted).unwrap();
    let stopped = told(|news| matches!(news, Progress::TaskStopped(_)));
    let done = told(|news| matches!(news, Progress::Resource(event) if event.status == "UPDATE_COMPLETE"));
    assert!(stopped < done, "{:?}", run.said);
}

// L9
#[test]
fn the_same_failure_for_the_third_time_offers_to_roll_back() {
    let mut fake = deploying();
    fake.stopped = (1..=3).map(|n| task(n, "Essential container in task exited")).collect();
    fake.roll_back = Decision::Approve;
    let fake = ending(fake, "UPDATE_ROLLBACK_COMPLETE");
    let run = fake.run(plan(|_| {}));
    assert_eq!(run.count(|action| matches!(action, Action::CancelUpdate { .. })), 1);
    assert_eq!(failed(&run).exit_code(), 1);
    assert!(failed(&run).to_string().contains("the tasks of Api keep stopping"), "{:?}", failed(&run));
    assert_eq!(failed(&run).report().tasks.len(), 3);
}

// L9
#[test]
fn an_offer_that_is_declined_is_not_made_again() {
    let mut fake = deploying();
    fake.stopped = (1..=5).map(|n| task(n, "Essential container in task exited")).collect();
    let run = ending(fake, "UPDATE_ROLLBACK_COMPLETE").run(plan(|_| {}));
    let offers = run.count(|action| matches!(action, Action::Ask(Question::RollBack { .. })));
    assert_eq!((offers, run.count(|action| matches!(action, Action::CancelUpdate { .. }))), (1, 0));
    assert_eq!(failed(&run).exit_code(), 1);
}

// L7
#[test]
fn the_tasks_of_a_failed_deployment_are_looked_at_as_soon_as_the_rollback_begins() {
    let mut fake = Fake::new(Some("CREATE_COMPLETE"))
        .then("UPDATE_IN_PROGRESS", &[("S", "UPDATE_IN_PROGRESS", ""), ("Api", "UPDATE_IN_PROGRESS", "")])
        .then(
            "UPDATE_ROLLBACK_IN_PROGRESS",
            &[("Api", "UPDATE_FAILED", "did not stabilize"), ("S", "UPDATE_ROLLBACK_IN_PROGRESS", "")],
        )
        .hold(1)
        .then("UPDATE_ROLLBACK_COMPLETE", &[("S", "UPDATE_ROLLBACK_COMPLETE", "")]);
    fake.change_events(as_service);
    fake.services = deploying().services;
    fake.stopped_after_rollback = vec![task(1, "CannotPullContainerError: no such image")];
    let run = fake.run(plan(|_| {}));
    assert_eq!(failed(&run).report().tasks.len(), 1, "{:?}", run.said);
}

// L11
#[test]
fn a_success_after_which_the_service_runs_the_old_revision_is_none() {
    let mut fake = deploying();
    fake.services = vec![service(vec![deployment("old", "PRIMARY", 1, 20)])];
    let run = ending(fake, "UPDATE_COMPLETE").run(plan(|_| {}));
    assert_eq!(failed(&run).exit_code(), 1);
    assert!(failed(&run).to_string().contains("Api does not run what it declares"), "{:?}", failed(&run));
}

// L11
#[test]
fn a_success_after_which_the_service_runs_the_new_revision_stands() {
    assert!(outcome(&ending(deploying(), "UPDATE_COMPLETE").run(plan(|_| {}))).changed);
}

// A6
#[test]
fn without_permission_for_ecs_the_success_stands_with_one_note_for_each_thing_not_seen() {
    let mut fake = ending(deploying(), "UPDATE_COMPLETE");
    fake.fault = Box::new(|_, action| matches!(action, Action::LookAtServices(_)).then_some(Class::Denied));
    let run = fake.run(plan(|_| {}));
    assert!(outcome(&run).changed);
    let notes = run.said.iter().filter(|news| matches!(news, Progress::Note { .. })).count();
    assert_eq!(notes, 2, "{:?}", run.said);
}

// A10
#[test]
fn a_silent_ecs_is_given_up_and_the_success_stands() {
    let mut fake = deploying().hold(100);
    fake.fault =
        Box::new(|_, action| matches!(action, Action::LookAtServices(_)).then_some(Class::Unreachable));
    let run = ending(fake, "UPDATE_COMPLETE").run(plan(|_| {}));
    assert!(outcome(&run).changed);
    let looks = run.count(|action| matches!(action, Action::LookAtServices(_)));
    assert_eq!(looks, 3 + 5, "three while waiting, five to verify");
    let notes = run.said.iter().filter(|news| matches!(news, Progress::Note { .. })).count();
    assert_eq!(notes, 2, "{:?}", run.said);
}

// A10
#[test]
fn logs_that_come_slowly_do_not_keep_the_stack_s_events_waiting() {
    let mut fake = deploying();
    fake.stopped = (1..=6).map(|n| task(n, &format!("CannotPullContainerError: image {n}"))).collect();
    fake.slow =
        Box::new(|action| Duration::from_secs(if matches!(action, Action::TaskLogs(_)) { 9 } else { 0 }));
    let run = ending(fake, "UPDATE_COMPLETE").run(plan(|_| {}));
    let of_logs = |action: &Action| matches!(action, Action::TaskLogs(_));
    let in_a_row = run.actions.windows(2).filter(|pair| pair.iter().all(of_logs)).count();
    assert_eq!((in_a_row, run.count(of_logs)), (0, stops(&run)), "{:?}", run.actions);
    assert!(stops(&run) > 1);
}

#[test]
fn a_stack_without_services_costs_no_question_to_ecs() {
    let run = run(success());
    assert_eq!(run.count(|action| matches!(action, Action::LookAtServices(_) | Action::ListResources(_))), 0);
}
