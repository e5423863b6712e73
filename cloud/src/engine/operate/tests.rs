use super::*;
use crate::engine::fake::{Fake, Run, STACK, event};
use crate::engine::progress::Timestamp;
use crate::engine::request::StackResource;
use crate::services::samples::{API, deployment, revision, service};

fn operate(fake: Fake, goal: Goal) -> Run<OperateOutcome> {
    fake.run(Operate::new(OperateRequest::new("S", goal), "our-order".into(), Pace::AWS))
}

/// A stack whose update runs already, with what happened before and since.
fn updating() -> Fake {
    let mut fake = Fake::new(Some("UPDATE_IN_PROGRESS"));
    fake.history = vec![
        event(0, "S", "CREATE_IN_PROGRESS", ""),
        event(1, "A", "CREATE_COMPLETE", ""),
        event(2, "S", "CREATE_COMPLETE", ""),
        event(3, "S", "UPDATE_IN_PROGRESS", "User Initiated"),
        event(4, "A", "UPDATE_IN_PROGRESS", ""),
    ];
    for (n, event) in fake.history.iter_mut().enumerate() {
        event.token = Some(if n < 3 { "the creation" } else { "killed" }.into());
    }
    fake.begin_running();
    fake
}

// C5
#[test]
fn watching_tells_the_running_operation_from_its_beginning_and_ends_as_it_does() {
    let fake = updating()
        .then("UPDATE_IN_PROGRESS", &[])
        .then("UPDATE_COMPLETE", &[("A", "UPDATE_COMPLETE", ""), ("S", "UPDATE_COMPLETE", "")]);
    let run = operate(fake, Goal::Watch);
    let told = ["S UPDATE_IN_PROGRESS", "A UPDATE_IN_PROGRESS", "A UPDATE_COMPLETE", "S UPDATE_COMPLETE"];
    assert_eq!(run.told(), told);
    assert_eq!(run.result.unwrap().status, "UPDATE_COMPLETE");
}

// C5, L8
#[test]
fn watching_a_deployment_that_is_rolled_back_fails_with_its_cause() {
    let fake = updating().then(
        "UPDATE_ROLLBACK_IN_PROGRESS",
        &[("A", "UPDATE_FAILED", "no such image"), ("S", "UPDATE_ROLLBACK_IN_PROGRESS", "")],
    );
    let fake = fake.then("UPDATE_ROLLBACK_COMPLETE", &[("S", "UPDATE_ROLLBACK_COMPLETE", "")]);
    let error = operate(fake, Goal::Watch).result.unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert_eq!(error.report().cause.as_ref().unwrap().reason.as_deref(), Some("no such image"));
}

// C5
#[test]
fn watching_what_has_ended_tells_its_story_and_ends_the_same_way() {
    let mut fake = updating();
    fake.history.push(event(5, "S", "UPDATE_COMPLETE", ""));
    fake.history[5].token = Some("killed".into());
    fake.stack.as_mut().unwrap().status = "UPDATE_COMPLETE".into();
    fake.frames.clear();
    let run = operate(fake, Goal::Watch);
    assert_eq!(run.told(), ["S UPDATE_IN_PROGRESS", "A UPDATE_IN_PROGRESS", "S UPDATE_COMPLETE"]);
    assert!(run.result.is_ok());
    assert!(run.elapsed < Duration::from_secs(5), "{:?}", run.elapsed);
}

#[test]
fn watching_a_stack_that_is_not_there_says_so() {
    let error = operate(Fake::new(None), Goal::Watch).result.unwrap_err();
    assert_eq!((error.exit_code(), error.to_string()), (3, "there is no stack S".to_owned()));
}

// L10
#[test]
fn cancelling_an_update_is_done_when_it_is_rolled_back() {
    let fake = updating()
        .then("UPDATE_IN_PROGRESS", &[])
        .then("UPDATE_ROLLBACK_IN_PROGRESS", &[("S", "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")])
        .then("UPDATE_ROLLBACK_COMPLETE", &[("S", "UPDATE_ROLLBACK_COMPLETE", "")]);
    let run = operate(fake, Goal::Cancel);
    assert_eq!(run.count(|action| matches!(action, Action::CancelUpdate { .. })), 1);
    assert_eq!(run.result.unwrap().status, "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn cancelling_too_late_says_that_the_update_succeeded() {
    let fake =
        updating().then("UPDATE_IN_PROGRESS", &[]).then("UPDATE_COMPLETE", &[("S", "UPDATE_COMPLETE", "")]);
    let error = operate(fake, Goal::Cancel).result.unwrap_err();
    assert_eq!(error.exit_code(), 4);
    assert!(error.to_string().starts_with("too late to cancel"), "{error}");
}

#[test]
fn what_cannot_be_cancelled_or_rolled_back_is_refused_before_any_order() {
    for (status, goal, next) in [
        ("CREATE_IN_PROGRESS", Goal::Cancel, "docuthinker destroy --stack-name S"),
        ("DELETE_IN_PROGRESS", Goal::Cancel, "docuthinker watch S"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Goal::Cancel, "docuthinker watch S"),
        ("UPDATE_COMPLETE", Goal::Cancel, "docuthinker events S"),
        ("UPDATE_COMPLETE", Goal::RollBack { skip: vec![] }, "docuthinker events S"),
        ("UPDATE_IN_PROGRESS", Goal::RollBack { skip: vec![] }, "docuthinker cancel S"),
        ("UPDATE_FAILED", Goal::RollBack { skip: vec!["A".into()] }, "docuthinker rollback S"),
        ("REVIEW_IN_PROGRESS", Goal::Watch, "docuthinker deploy S"),
    ] {
        let run = operate(Fake::new(Some(status)), goal.clone());
        let error = run.result.unwrap_err();
        assert_eq!((error.exit_code(), error.report().next.as_deref()), (4, Some(next)), "{status} {goal:?}");
        assert!(run.actions.iter().all(|action| matches!(action, Action::DescribeStack(_))));
    }
}

#[test]
fn a_failed_update_that_stayed_is_rolled_back() {
    let mut fake = Fake::new(Some("UPDATE_FAILED"));
    fake.history = vec![event(0, "S", "UPDATE_IN_PROGRESS", ""), event(1, "S", "UPDATE_FAILED", "")];
    let mut fake = fake
        .then("UPDATE_ROLLBACK_IN_PROGRESS", &[("S", "UPDATE_ROLLBACK_IN_PROGRESS", "")])
        .then("UPDATE_ROLLBACK_COMPLETE", &[("S", "UPDATE_ROLLBACK_COMPLETE", "")]);
    fake.retell("our-order", 10);
    let run = operate(fake, Goal::RollBack { skip: vec![] });
    assert_eq!(run.count(|action| matches!(action, Action::RollBack { .. })), 1);
    assert_eq!(run.told(), ["S UPDATE_ROLLBACK_IN_PROGRESS", "S UPDATE_ROLLBACK_COMPLETE"]);
    assert_eq!(run.result.unwrap().status, "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn a_rollback_that_fails_again_names_what_could_be_skipped() {
    let mut fake = Fake::new(Some("UPDATE_ROLLBACK_FAILED"))
        .then("UPDATE_ROLLBACK_IN_PROGRESS", &[("S", "UPDATE_ROLLBACK_IN_PROGRESS", "")])
        .then(
            "UPDATE_ROLLBACK_FAILED",
            &[("A", "UPDATE_FAILED", "still broken"), ("S", "UPDATE_ROLLBACK_FAILED", "")],
        );
    fake.retell("our-order", 10);
    let run = operate(fake, Goal::RollBack { skip: vec!["B".into()] });
    let skips = |action: &Action| matches!(action, Action::ContinueRollback { skip, .. } if *skip == ["B"]);
    assert_eq!(run.count(skips), 1);
    let error = run.result.unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert!(error.report().next.as_ref().unwrap().contains("docuthinker rollback S --skip A"), "{error:?}");
}

#[test]
fn an_interrupted_watch_leaves_the_operation_alone() {
    let mut fake = updating().then("UPDATE_IN_PROGRESS", &[]);
    fake.cancel_when = Box::new(|action| matches!(action, Action::Sleep(_)));
    let run = operate(fake, Goal::Watch);
    assert_eq!(run.count(|action| matches!(action, Action::CancelUpdate { .. })), 0);
    let error = run.result.unwrap_err();
    assert_eq!(error.exit_code(), 130);
    assert_eq!(error.report().next.as_deref(), Some(format!("docuthinker watch {STACK}").as_str()));
}

#[test]
fn a_deletion_is_watched_to_its_end() {
    let mut fake = Fake::new(Some("DELETE_IN_PROGRESS"));
    fake.history = vec![event(0, "S", "CREATE_COMPLETE", ""), event(1, "S", "DELETE_IN_PROGRESS", "")];
    fake.stack.as_mut().unwrap().updated = Some(Timestamp(5));
    fake.begin_running();
    let run = operate(fake.then("DELETE_IN_PROGRESS", &[]).then_gone(), Goal::Watch);
    assert_eq!(run.result.unwrap().status, "DELETE_COMPLETE");
}

/// An update of a service, which ends well for CloudFormation; the stack declares revision 2.
fn updating_a_service(runs: u32) -> Fake {
    let mut fake = updating()
        .then("UPDATE_IN_PROGRESS", &[("Api", "UPDATE_IN_PROGRESS", "")])
        .then("UPDATE_COMPLETE", &[("Api", "UPDATE_COMPLETE", ""), ("S", "UPDATE_COMPLETE", "")]);
    fake.change_events(|event| {
        event.token = Some("killed".into());
        if event.logical_id == "Api" {
            event.resource_type = "AWS::ECS::Service".into();
            event.physical_id = Some(API.into());
        }
    });
    fake.services = vec![service(vec![deployment("one", "PRIMARY", runs, 20)])];
    let declared = [("Service", "Api", API.to_owned()), ("TaskDefinition", "Task", revision(2))];
    let resource = |(kind, id, physical_id): (&str, &str, String)| StackResource {
        logical_id: id.into(),
        resource_type: format!("AWS::ECS::{kind}"),
        physical_id: Some(physical_id),
    };
    fake.resources = declared.into_iter().map(resource).collect();
    fake
}

// L11, C5
#[test]
fn watching_a_success_after_which_the_service_runs_the_old_revision_fails() {
    let run = operate(updating_a_service(1), Goal::Watch);
    let error = run.result.unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert!(error.to_string().contains("Api does not run what it declares"), "{error:?}");
    assert_eq!(error.report().status.as_deref(), Some("UPDATE_COMPLETE"));
    assert_eq!(operate(updating_a_service(2), Goal::Watch).result.unwrap().status, "UPDATE_COMPLETE");
}

// C3
#[test]
fn a_question_that_is_open_when_the_caller_stops_is_not_waited_for() {
    let mut fake = updating().then("UPDATE_IN_PROGRESS", &[]).hold(50);
    fake.cuts = true;
    fake.cancel_when = Box::new(|action| matches!(action, Action::Events(_)));
    let run = operate(fake, Goal::Watch);
    let error = run.result.unwrap_err();
    assert_eq!((error.kind(), run.actions.len()), (Kind::Interrupted, 2), "{:?}", run.actions);
}
