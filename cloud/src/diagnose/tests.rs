use super::*;
use crate::cause::tests::{INNER, ROOT, event};
use crate::history::group;

fn of(status: &str, mut oldest_first: Vec<ResourceEvent>) -> History {
    oldest_first.reverse();
    History {
        name: "S".into(),
        stack_id: ROOT.into(),
        status: Some(status.into()),
        operations: group(oldest_first, ROOT),
        cut: false,
        notes: vec![],
        hooks: vec![],
    }
}

fn failed_update(at: i64) -> Vec<ResourceEvent> {
    vec![
        event(at, ROOT, "S", "UPDATE_IN_PROGRESS", "User Initiated"),
        event(at + 1, ROOT, "A", "CREATE_FAILED", "a already exists"),
        event(at + 2, ROOT, "B", "CREATE_FAILED", "Resource creation cancelled"),
        event(at + 3, ROOT, "S", "UPDATE_ROLLBACK_IN_PROGRESS", ""),
        event(at + 4, ROOT, "S", "UPDATE_ROLLBACK_COMPLETE", ""),
    ]
}

fn good_update(at: i64) -> Vec<ResourceEvent> {
    vec![event(at, ROOT, "S", "UPDATE_IN_PROGRESS", ""), event(at + 1, ROOT, "S", "UPDATE_COMPLETE", "")]
}

// L7
#[test]
fn the_last_failure_is_explained_with_the_state_and_what_to_do() {
    let found = judge(of("UPDATE_ROLLBACK_COMPLETE", failed_update(0)), vec![], vec![]);
    assert_eq!(found.verdict, Verdict::Failed);
    assert_eq!(found.operation.unwrap().cause.unwrap().logical_id, "A");
    assert_eq!(found.explanation.unwrap().id, "name-taken");
    assert_eq!(found.state, "S is UPDATE_ROLLBACK_COMPLETE: as it was before the update");
    assert_eq!(found.next.unwrap(), "correct the cause, then run `docuthinker deploy S`");
}

#[test]
fn a_failure_before_a_success_is_told_as_past() {
    let events = [failed_update(0), good_update(10)].concat();
    let found = judge(of("UPDATE_COMPLETE", events), vec![], vec![]);
    assert_eq!((found.verdict, found.next), (Verdict::FailedBefore, None));
    assert_eq!(found.latest.unwrap().outcome, Outcome::Succeeded);
}

#[test]
fn nothing_that_failed_is_nothing_to_explain() {
    let found = judge(of("UPDATE_COMPLETE", good_update(0)), vec![], vec![]);
    assert_eq!((found.verdict, &found.operation, &found.next), (Verdict::Sound, &None, &None));
    assert!(found.latest.is_some());
    assert_eq!(judge(of("CREATE_COMPLETE", vec![]), vec![], vec![]).verdict, Verdict::Sound);
}

#[test]
fn a_running_operation_says_what_it_waits_for_and_since_when() {
    let mut service = event(2, ROOT, "Service", "UPDATE_IN_PROGRESS", "");
    service.resource_type = "AWS::ECS::Service".into();
    let mut again = service.clone();
    (again.id, again.time) = ("again".into(), Timestamp(9000));
    let events = vec![
        event(0, ROOT, "S", "UPDATE_IN_PROGRESS", ""),
        event(1, ROOT, "Inner", "UPDATE_IN_PROGRESS", ""),
        service,
        event(3, ROOT, "A", "UPDATE_IN_PROGRESS", ""),
        event(4, ROOT, "A", "UPDATE_COMPLETE", ""),
        event(5, INNER, "B", "UPDATE_IN_PROGRESS", ""),
        again,
    ];
    let found = judge(of("UPDATE_IN_PROGRESS", events), vec![], vec![]);
    assert_eq!((found.verdict, found.next.as_deref()), (Verdict::Running, Some("docuthinker watch S")));
    let waiting: Vec<_> = found
        .waiting
        .iter()
        .map(|w| (w.event.logical_id.as_str(), w.event.time.0, w.for_what.is_some()))
        .collect();
    assert_eq!(waiting, [("Service", 2000, true), ("B", 5000, false)]);
}

#[test]
fn each_state_that_blocks_has_its_command() {
    for (row, status, next) in [
        ("UPDATE_FAILED", "UPDATE_FAILED", "docuthinker rollback S"),
        ("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED", "docuthinker rollback S"),
        ("DELETE_FAILED", "DELETE_FAILED", "docuthinker destroy --stack-name S"),
    ] {
        let begin = if row.starts_with("DELETE") { "DELETE_IN_PROGRESS" } else { "UPDATE_IN_PROGRESS" };
        let events = vec![
            event(0, ROOT, "S", begin, ""),
            event(1, ROOT, "A", "DELETE_FAILED", "in use"),
            event(2, ROOT, "S", row, ""),
        ];
        assert_eq!(judge(of(status, events), vec![], vec![]).next.as_deref(), Some(next), "{status}");
    }
}

#[test]
fn findings_of_other_operations_are_left_out() {
    let history = of("UPDATE_ROLLBACK_COMPLETE", failed_update(100));
    let at = |time: i64, check| Detail { time: Some(Timestamp(time)), ..Detail::new(check, "x") };
    let operation = explained(&history);
    assert!(concerns(&at(101_000, Check::Validation), operation));
    assert!(!concerns(&at(99_000, Check::Validation), operation), "before it");
    assert!(!concerns(&at(101_000, Check::Provisioning), operation), "the events tell it already");
    assert!(concerns(&at(1, Check::Validation), None), "a change set failed, and nothing was ever deployed");
}
