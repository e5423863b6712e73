use proptest::prelude::*;

use super::*;
use crate::engine::fake::{CREATED, STACK, TOKEN, event};

fn log() -> EventLog {
    EventLog::new(STACK, TOKEN, Some(Timestamp(CREATED)))
}

fn ids(events: &[ResourceEvent]) -> Vec<&str> {
    events.iter().map(|event| event.id.as_str()).collect()
}

#[test]
fn events_of_the_same_millisecond_stay_in_the_order_of_aws() {
    let mut events: Vec<_> = (0..5).map(|n| event(n, "A", "CREATE_IN_PROGRESS", "")).collect();
    for event in &mut events {
        event.time = Timestamp(CREATED + 5);
    }
    let newest_first = events.iter().rev().cloned().collect();
    assert_eq!(ids(&log().take(newest_first)), ["event-0", "event-1", "event-2", "event-3", "event-4"]);
}

#[test]
fn what_happened_before_the_change_set_is_not_ours() {
    let mut old = event(0, "A", "CREATE_FAILED", "long ago");
    old.time = Timestamp(CREATED - 1);
    let mut log = log();
    assert_eq!(log.take(vec![event(1, "B", "UPDATE_FAILED", "now"), old]).len(), 1);
    assert_eq!(log.cause().unwrap().logical_id, "B");
}

#[test]
fn another_operation_between_the_change_set_and_its_execution_is_not_ours() {
    let mut theirs = event(0, "A", "UPDATE_FAILED", "theirs");
    theirs.token = Some("theirs".into());
    let mut rollback = event(2, "B", "UPDATE_IN_PROGRESS", "");
    rollback.token = Some("of the console's cancel button".into());
    let mut log = log();
    let told = log.take(vec![rollback, event(1, "S", "UPDATE_IN_PROGRESS", ""), theirs]);
    assert_eq!(ids(&told), ["event-1", "event-2"], "after ours began, all are ours");
}

// A16
#[test]
fn operations_are_told_apart_by_their_id_and_a_rollback_belongs_to_what_it_undoes() {
    let of = |operation: &str, mut event: ResourceEvent| {
        event.operation_id = Some(operation.into());
        event.token = (operation == "op-1").then(|| TOKEN.into());
        event
    };
    let mut log = log();
    let told = log.take(vec![
        of("op-3", event(6, "C", "UPDATE_IN_PROGRESS", "of the next operation")),
        of("op-3", event(5, "S", "UPDATE_IN_PROGRESS", "of the next operation")),
        of("op-2", event(4, "S", "UPDATE_ROLLBACK_COMPLETE", "")),
        of("op-2", event(3, "A", "UPDATE_COMPLETE", "")),
        of("op-2", event(2, "S", "UPDATE_ROLLBACK_IN_PROGRESS", "")),
        of("op-1", event(1, "A", "UPDATE_FAILED", "no")),
        of("op-1", event(0, "S", "UPDATE_IN_PROGRESS", "")),
    ]);
    assert_eq!(ids(&told), ["event-0", "event-1", "event-2", "event-3", "event-4"]);
    assert_eq!(log.ended(), Some("UPDATE_ROLLBACK_COMPLETE"));
    assert_eq!(log.operation_id().as_deref(), Some("op-1"));
}

// A16
#[test]
fn a_nested_stack_with_the_same_logical_ids_has_a_story_of_its_own() {
    const NESTED: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/S-Net/2";
    let mut child = event(1, "Net", "CREATE_IN_PROGRESS", "Resource creation Initiated");
    child.resource_type = "AWS::CloudFormation::Stack".into();
    child.physical_id = Some(NESTED.into());
    let mut log = log();
    log.take(vec![child.clone(), event(0, "A", "CREATE_IN_PROGRESS", "")]);
    assert_eq!(log.nested_open(), [NESTED]);
    let mut inside = event(2, "A", "CREATE_FAILED", "the true cause");
    inside.stack_id = NESTED.into();
    inside.token = Some("of its parent".into());
    inside.operation_id = Some("of the nested stack".into());
    assert_eq!(log.take(vec![inside.clone()]), [inside.clone()]);
    assert_eq!(log.in_progress(), ["A", "Net"], "the outer A is still in progress");
    let mut outer = ResourceEvent { status: "CREATE_FAILED".into(), ..child };
    outer.id = "event-3".into();
    outer.reason = Some("Embedded stack was not successfully created".into());
    log.take(vec![outer]);
    assert_eq!(log.cause(), Some(&inside));
    let mut ended = event(4, "S-Net", "ROLLBACK_COMPLETE", "");
    (ended.stack_id, ended.physical_id) = (NESTED.into(), Some(NESTED.into()));
    log.take(vec![ended]);
    assert!(log.nested_open().is_empty());
    assert_eq!(log.ended(), None, "the end of a nested stack is not the end");
}

#[test]
fn the_operation_that_runs_began_after_the_last_ending() {
    let newest_first = |statuses: &[&str]| -> Vec<ResourceEvent> {
        statuses.iter().enumerate().map(|(n, status)| event(100 - n, "S", status, "")).collect()
    };
    let begin = |statuses: &[&str]| {
        begin_of_last_operation(&newest_first(statuses), STACK).map(|event| event.status.clone())
    };
    assert_eq!(begin(&["UPDATE_IN_PROGRESS", "CREATE_COMPLETE"]).as_deref(), Some("UPDATE_IN_PROGRESS"));
    assert_eq!(
        begin(&[
            "UPDATE_ROLLBACK_COMPLETE",
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "UPDATE_IN_PROGRESS",
            "X_COMPLETE"
        ])
        .as_deref(),
        Some("UPDATE_IN_PROGRESS")
    );
    assert_eq!(
        begin(&["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_FAILED", "UPDATE_IN_PROGRESS"]).as_deref(),
        Some("UPDATE_ROLLBACK_IN_PROGRESS"),
        "somebody rolled back an update that had failed and stayed"
    );
    assert_eq!(
        begin(&["CREATE_COMPLETE", "CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS"]).as_deref(),
        Some("CREATE_IN_PROGRESS")
    );
    assert_eq!(begin(&["REVIEW_IN_PROGRESS"]), None);
}

#[test]
fn the_stack_itself_is_never_the_cause() {
    let mut log = log();
    log.take(vec![event(1, "S", "UPDATE_FAILED", "see below"), event(0, "A", "UPDATE_IN_PROGRESS", "")]);
    assert_eq!(log.cause(), None);
}

#[test]
fn if_all_failures_are_cancellations_the_first_is_the_cause() {
    let mut log = log();
    log.take(vec![
        event(1, "B", "UPDATE_FAILED", "Resource update cancelled"),
        event(0, "A", "CREATE_FAILED", "Resource creation cancelled"),
    ]);
    assert_eq!(log.cause().unwrap().logical_id, "A");
}

#[test]
fn a_deletion_that_succeeds_later_leaves_nothing_behind() {
    let mut log = log();
    log.take(vec![event(1, "A", "DELETE_COMPLETE", ""), event(0, "A", "DELETE_FAILED", "in use")]);
    assert!(log.not_deleted().is_empty());
}

#[test]
fn a_resource_that_gets_its_physical_id_later_does_not_stay_in_progress() {
    let mut begin = event(0, "A", "CREATE_IN_PROGRESS", "");
    begin.physical_id = None;
    let mut log = log();
    log.take(vec![begin]);
    assert_eq!(log.in_progress(), ["A"]);
    log.take(vec![event(1, "A", "CREATE_COMPLETE", "")]);
    assert!(log.in_progress().is_empty());
}

/// A history: resource, status and reason of each event, oldest first.
fn history() -> impl Strategy<Value = Vec<ResourceEvent>> {
    let kind = (
        "[A-D]|S",
        "(CREATE|UPDATE|DELETE)_(IN_PROGRESS|COMPLETE|FAILED)",
        "|in use|Resource creation cancelled",
    );
    prop::collection::vec(kind, 1..40).prop_map(|kinds| {
        kinds.iter().enumerate().map(|(n, (id, status, reason))| event(n, id, status, reason)).collect()
    })
}

proptest! {
    /// Whatever part of the history each poll shows, each event is told once; in order, if AWS shows a growing history.
    #[test]
    fn each_event_is_told_once_and_in_order(history in history(), cuts in prop::collection::vec(0usize..40, 0..8)) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(history.len())).collect();
        cuts.sort_unstable();
        cuts.push(history.len());
        let mut log = log();
        let mut told = Vec::new();
        for cut in cuts {
            told.extend(log.take(history[..cut].iter().rev().cloned().collect()));
        }
        prop_assert_eq!(told, history);
    }

    /// Repeated and shuffled pages: each once, each batch in order, and the cause as if all had come in order.
    #[test]
    fn shuffled_and_repeated_pages_change_neither_the_count_nor_the_cause(
        history in history(),
        pages in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..12), 0..8),
    ) {
        let mut log = log();
        let mut told = Vec::new();
        for page in &pages {
            let page = page.iter().map(|index| index.get(&history).clone()).collect();
            let fresh = log.take(page);
            prop_assert!(fresh.is_sorted_by_key(|event| event.time));
            told.extend(fresh);
        }
        told.extend(log.take(history.iter().rev().cloned().collect()));
        told.sort_by_key(|event| event.time);
        prop_assert_eq!(&told, &history);

        // The oracle, straight from the rule.
        let failed = |event: &&ResourceEvent| event.status.ends_with("_FAILED") && event.logical_id != "S";
        let own = |event: &&ResourceEvent| !event.reason.as_deref().unwrap_or_default().contains("cancelled");
        let expected = history.iter().filter(failed).find(own).or_else(|| history.iter().find(failed));
        prop_assert_eq!(log.cause(), expected);
    }
}
