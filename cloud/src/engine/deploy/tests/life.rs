//! The states that a stack can be found in, and what somebody else does to it meanwhile.

use super::*;
use crate::diagnose::{Check, Detail};
use crate::engine::machine::NewSet;

// C2
#[test]
fn a_stack_changed_by_somebody_else_after_the_approval_is_left_alone() {
    let mut fake = success();
    fake.meddle =
        Some(StackDescription { updated: Some(Timestamp(CREATED - 1)), ..stack("CREATE_COMPLETE") });
    let run = run(fake);
    assert_eq!(failed(&run).exit_code(), 4);
    assert_eq!((executions(&run), set_deletions(&run)), (0, 1));
}

// C1
#[test]
fn an_obsolete_change_set_is_not_executed() {
    let mut fake = success();
    fake.set.execution = "OBSOLETE".into();
    let run = run(fake);
    assert_eq!(failed(&run).exit_code(), 4);
    assert_eq!((executions(&run), set_deletions(&run)), (0, 1));
}

// L2
#[test]
fn a_rollback_that_failed_is_in_the_way_and_says_how_to_go_on() {
    let run = run(Fake::new(Some("UPDATE_ROLLBACK_FAILED")));
    assert_eq!((failed(&run).exit_code(), run.actions.len()), (4, 1), "nothing was made");
    let next = failed(&run).report().next.clone().unwrap();
    assert!(next.starts_with("docuthinker rollback S"), "{next}");
}

// L5
#[test]
fn a_stack_in_progress_is_in_the_way() {
    for status in
        ["UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "STRANGE"]
    {
        let run = run(Fake::new(Some(status)));
        assert_eq!(failed(&run).exit_code(), 4, "{status}");
        assert_eq!(run.actions.len(), 1, "nothing was made: {status}");
    }
}

// L3
#[test]
fn a_stack_that_was_never_made_is_made_anew_after_asking() {
    for status in ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"] {
        let agreed = run(Fake::new(Some(status)));
        assert!(matches!(agreed.result, Ok(Deployed::Recreate { .. })), "{status}");
        let mut fake = Fake::new(Some(status));
        fake.decision = Decision::Decline("no".into());
        let declined = run(fake);
        assert_eq!(failed(&declined).exit_code(), 3, "{status}");
    }
}

// L4
#[test]
fn an_announced_stack_is_new_and_is_removed_only_if_we_announced_it() {
    let mut fake = Fake::new(None);
    fake.decision = Decision::Decline("no".into());
    let ours = run(fake);
    assert_eq!((set_deletions(&ours), stack_deletions(&ours)), (1, 1));

    let mut fake = Fake::new(Some("REVIEW_IN_PROGRESS"));
    fake.decision = Decision::Decline("no".into());
    let theirs = run(fake);
    assert!(theirs.count(|a| matches!(a, Action::CreateChangeSet(NewSet { creates_stack: true, .. }))) == 1);
    assert_eq!((set_deletions(&theirs), stack_deletions(&theirs)), (1, 0));

    let mut fake = Fake::new(None);
    fake.decision = Decision::Decline("no".into());
    fake.other_sets = vec!["somebody else's".into()];
    let shared = run(fake);
    assert_eq!(
        (set_deletions(&shared), stack_deletions(&shared)),
        (1, 0),
        "their change set needs the stack"
    );
}

// A18, A19
#[test]
fn a_new_stack_may_be_invisible_and_stale_for_a_while() {
    let fake = Fake::new(None)
        .then("REVIEW_IN_PROGRESS", &[])
        .then_gone()
        .then("CREATE_IN_PROGRESS", &[("S", "CREATE_IN_PROGRESS", "User Initiated")])
        .then("CREATE_COMPLETE", &[("S", "CREATE_COMPLETE", "")]);
    assert_eq!(outcome(&run(fake)).status, "CREATE_COMPLETE");
}

// A18
#[test]
fn a_stack_that_does_not_exist_is_believed_after_a_minute() {
    let mut fake = Fake::new(None).then("CREATE_IN_PROGRESS", &[("S", "CREATE_IN_PROGRESS", "")]).then_gone();
    let gone = fake.frames.pop_back().unwrap();
    fake.frames.extend(std::iter::repeat_n(gone, 100));
    let run = run(fake);
    let error = failed(&run);
    assert_eq!(error.to_string(), "S was deleted while it was being deployed");
    assert_eq!((error.kind(), error.report().next.is_some()), (Kind::Failed, true));
    assert!((60..180).contains(&run.elapsed.as_secs()), "{:?}", run.elapsed);
}

// A19
#[test]
fn an_old_success_is_not_taken_for_ours() {
    let mut fake = success();
    // Two looks still show the stack as it was before.
    let stale = |fake: &mut Fake| fake.frames[0].events.clear();
    fake.frames.push_front(fake.frames[0].clone());
    stale(&mut fake);
    let stale_status = Some("CREATE_COMPLETE".to_owned());
    fake.frames[0].status = stale_status;
    let run = run(fake);
    assert_eq!(outcome(&run).status, "UPDATE_COMPLETE");
}

// L5
#[test]
fn another_operation_is_waited_for_if_that_is_wanted() {
    let mut fake = Fake::new(Some("UPDATE_IN_PROGRESS"))
        .then("UPDATE_IN_PROGRESS", &[])
        .then("UPDATE_IN_PROGRESS", &[])
        .then("UPDATE_COMPLETE", &[]);
    fake.begin_running();
    fake.decision = Decision::Decline("that is enough".into());
    let run = fake.run(plan(|request| request.wait = true));
    assert_eq!(failed(&run).to_string(), "that is enough");
    let notes = run.said.iter().filter(|news| matches!(news, Progress::Note { .. })).count();
    assert_eq!(notes, 1, "{:?}", run.said);
}

// C2
#[test]
fn another_template_or_other_changes_than_the_approved_ones_are_not_executed() {
    let mut other = success();
    other.template = crate::template_body::fingerprint(r#"{"Resources":{"Evil":{}}}"#);
    let run = run(other);
    assert_eq!((failed(&run).exit_code(), executions(&run), set_deletions(&run)), (4, 0, 1));
    assert!(failed(&run).to_string().contains("not the one that was sent"), "{:?}", failed(&run));

    let mut other = success();
    other.changes_after_approval = Some(Vec::new());
    let run = super::run(other);
    assert_eq!((failed(&run).exit_code(), executions(&run), set_deletions(&run)), (4, 0, 1));
    assert!(failed(&run).to_string().contains("not those that were shown"), "{:?}", failed(&run));
}

// A6
#[test]
fn a_template_that_may_not_be_read_again_stops_nothing() {
    let mut fake = success();
    fake.fault = Box::new(|_, action| matches!(action, Action::TemplateOf(_)).then_some(Class::Denied));
    assert!(outcome(&run(fake)).changed);
}

// A20
#[test]
fn a_full_quota_of_change_sets_is_relieved_of_our_own_old_ones_once() {
    let set = |name: &str| format!("arn:aws:cloudformation:us-east-1:1:changeSet/{name}/1");
    let full = |n: usize| {
        move |_: usize, action: &Action| {
            thread_local!(static LEFT: std::cell::Cell<usize> = const { std::cell::Cell::new(usize::MAX) });
            if !matches!(action, Action::CreateChangeSet(_)) {
                return None;
            }
            LEFT.with(|left| {
                left.set(if left.get() == usize::MAX { n } else { left.get() });
                (left.get() > 0).then(|| {
                    left.set(left.get() - 1);
                    Class::Quota
                })
            })
        }
    };
    let mut fake = success();
    fake.other_sets = vec![set("docuthinker-20250101T000000Z-00000000"), set("theirs")];
    fake.fault = Box::new(full(1));
    let run = fake.run(named("docuthinker-20260101T000000Z-00000000"));
    assert!(outcome(&run).changed);
    let old = |action: &Action| matches!(action, Action::DeleteChangeSet { change_set, .. } if change_set.contains("2025"));
    let theirs = |action: &Action| matches!(action, Action::DeleteChangeSet { change_set, .. } if change_set.contains("theirs"));
    assert_eq!((run.count(old), run.count(theirs)), (1, 0));

    let mut fake = success();
    fake.other_sets = vec![set("theirs"); 1000];
    fake.fault = Box::new(|_, action| matches!(action, Action::CreateChangeSet(_)).then_some(Class::Quota));
    let run = fake.run(named("docuthinker-20260101T000000Z-00000000"));
    assert_eq!(failed(&run).exit_code(), 4);
    assert!(failed(&run).to_string().contains("1000 change sets"), "{:?}", failed(&run));
}

fn named(change_set: &str) -> Deploy {
    let names = Names { change_set: change_set.into(), token: TOKEN.into() };
    Deploy::new(Plan::new(&DeployRequest::new("S", TEMPLATE), names, Pace::AWS).unwrap())
}

// A22, A23
#[test]
fn a_change_set_that_failed_is_explained_by_what_its_checks_found() {
    let mut fake = success();
    fake.set.status = "FAILED".into();
    fake.set.reason =
        "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]".into();
    fake.details = vec![Detail::new(Check::Validation, "the name is taken")];
    let run = run(fake);
    assert_eq!((failed(&run).exit_code(), set_deletions(&run)), (1, 1));
    assert_eq!(failed(&run).report().details[0].reason, "the name is taken");
}

// A21
#[test]
fn what_validation_warns_of_is_told_before_the_question() {
    let mut fake = success();
    let quota = "the quota of resources is nearly used up";
    fake.details = vec![Detail { warning: true, ..Detail::new(Check::Validation, quota) }];
    let run = run(fake);
    let warned = Progress::Note { text: format!("CloudFormation warns: {quota}") };
    assert!(run.said.contains(&warned), "{:?}", run.said);
    assert!(outcome(&run).changed);
}

#[test]
fn how_long_earlier_updates_took_is_told_once_for_an_update_and_never_asked_for_a_creation() {
    let mut fake = success();
    fake.estimate = Some((Duration::from_mins(5), 3));
    let updated = run(fake);
    let told = updated.said.iter().filter(|news| matches!(news, Progress::Expected { .. })).count();
    assert_eq!(told, 1);
    let created = run(Fake::new(None).then("CREATE_COMPLETE", &[("S", "CREATE_COMPLETE", "")]));
    assert_eq!(created.count(|action| matches!(action, Action::Estimate(_))), 0);
}
