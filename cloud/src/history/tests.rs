use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::cause::tests::{INNER, ROOT, event};

/// Events as AWS tells them: newest first.
fn told(mut oldest_first: Vec<ResourceEvent>) -> Vec<ResourceEvent> {
    oldest_first.reverse();
    oldest_first
}

fn with_id(mut event: ResourceEvent, id: &str) -> ResourceEvent {
    event.operation_id = Some(id.to_owned());
    event
}

fn with_token(mut event: ResourceEvent, token: &str) -> ResourceEvent {
    event.token = Some(token.to_owned());
    event
}

/// Operations in one line each: kind, outcome, ids, number of events.
#[track_caller]
fn check(oldest_first: Vec<ResourceEvent>, expected: &[&str]) -> Vec<PastOperation> {
    let operations = group(told(oldest_first), ROOT);
    let shown: Vec<String> = operations
        .iter()
        .map(|operation| {
            let partial = if operation.partial { " partial" } else { "" };
            let PastOperation { kind, outcome, ids, events, .. } = operation;
            format!("{kind} {}{partial} [{}] {}", outcome.text(), ids.join(" "), events.len())
        })
        .collect();
    assert_eq!(shown, expected);
    operations
}

fn update(at: i64, end: &str) -> Vec<ResourceEvent> {
    vec![
        event(at, ROOT, "S", "UPDATE_IN_PROGRESS", "User Initiated"),
        event(at + 1, ROOT, "A", "UPDATE_IN_PROGRESS", ""),
        event(at + 2, ROOT, "A", "UPDATE_COMPLETE", ""),
        event(at + 3, ROOT, "S", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        event(at + 4, ROOT, "S", end, ""),
    ]
}

#[test]
fn without_ids_and_tokens_the_rows_of_the_stack_tell_the_operations_apart() {
    let events = [update(0, "UPDATE_COMPLETE"), update(10, "UPDATE_COMPLETE")].concat();
    check(events, &["UPDATE succeeded [] 5", "UPDATE succeeded [] 5"]);
}

// L7
#[test]
fn an_automatic_rollback_belongs_to_the_attempt_that_it_undoes_and_both_ids_are_kept() {
    let failing = [
        event(0, ROOT, "S", "UPDATE_IN_PROGRESS", ""),
        event(1, ROOT, "A", "UPDATE_FAILED", "no such image"),
    ];
    let rollback = [
        event(2, ROOT, "S", "UPDATE_ROLLBACK_IN_PROGRESS", ""),
        event(3, ROOT, "A", "UPDATE_COMPLETE", ""),
        event(4, ROOT, "S", "UPDATE_ROLLBACK_COMPLETE", ""),
    ];
    let events =
        failing.map(|event| with_id(event, "u")).into_iter().chain(rollback.map(|event| with_id(event, "r")));
    let found = check(events.collect(), &["UPDATE rolled back [u r] 5"]);
    assert_eq!(found[0].cause.as_ref().unwrap().logical_id, "A");
    assert!(found[0].is_called("r") && found[0].is_called("u"));
}

#[test]
fn a_rollback_that_somebody_asked_for_is_an_operation_of_its_own() {
    let events = vec![
        with_token(event(0, ROOT, "S", "UPDATE_IN_PROGRESS", ""), "t"),
        with_token(event(1, ROOT, "A", "UPDATE_FAILED", "no"), "t"),
        with_token(event(2, ROOT, "S", "UPDATE_FAILED", ""), "t"),
        with_token(event(9, ROOT, "S", "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"), "v"),
        with_token(event(10, ROOT, "S", "UPDATE_ROLLBACK_COMPLETE", ""), "v"),
    ];
    check(events, &["ROLLBACK succeeded [] 2", "UPDATE failed [] 3"]);
}

#[test]
fn a_stack_that_was_announced_created_and_deleted_has_three_operations() {
    let events = vec![
        event(0, ROOT, "S", "REVIEW_IN_PROGRESS", ""),
        event(1, ROOT, "S", "CREATE_IN_PROGRESS", ""),
        event(2, ROOT, "S", "CREATE_COMPLETE", ""),
        event(3, ROOT, "S", "DELETE_IN_PROGRESS", ""),
        event(4, ROOT, "S", "DELETE_COMPLETE", ""),
    ];
    check(events, &["DELETE succeeded [] 2", "CREATE succeeded [] 2", "REVIEW announced [] 1"]);
}

#[test]
fn the_oldest_operation_may_have_been_read_half() {
    let events = vec![
        event(0, ROOT, "A", "UPDATE_COMPLETE", ""),
        event(1, ROOT, "S", "UPDATE_COMPLETE", ""),
        event(2, ROOT, "S", "UPDATE_IN_PROGRESS", ""),
    ];
    check(events, &["UPDATE running [] 1", "UPDATE succeeded partial [] 2"]);
    let events =
        vec![event(0, ROOT, "A", "UPDATE_COMPLETE", ""), event(2, ROOT, "S", "DELETE_IN_PROGRESS", "")];
    check(events, &["DELETE running [] 1", "UNKNOWN unknown partial [] 1"]);
    let events =
        vec![event(0, ROOT, "S", "ROLLBACK_IN_PROGRESS", ""), event(1, ROOT, "S", "ROLLBACK_COMPLETE", "")];
    check(events, &["CREATE rolled back partial [] 2"]);
}

// A16
#[test]
fn events_of_nested_stacks_belong_to_what_ran_when_they_happened() {
    let events = vec![
        with_id(event(0, ROOT, "S", "UPDATE_IN_PROGRESS", ""), "u"),
        with_id(event(1, ROOT, "Inner", "UPDATE_IN_PROGRESS", ""), "u"),
        with_id(event(2, INNER, "S", "UPDATE_IN_PROGRESS", ""), "inner"),
        with_id(event(3, INNER, "A", "UPDATE_FAILED", "no"), "inner"),
        with_id(event(4, ROOT, "Inner", "UPDATE_FAILED", "Embedded stack …"), "u"),
        with_id(event(5, ROOT, "S", "UPDATE_ROLLBACK_IN_PROGRESS", ""), "r"),
    ];
    let found = check(events, &["UPDATE running [u r] 6"]);
    assert_eq!(found[0].cause.as_ref().unwrap().stack_id, INNER);
}

// A15
#[test]
fn an_unknown_status_of_the_stack_ends_nothing() {
    let events = vec![
        event(0, ROOT, "S", "HYPER_DEPLOY_IN_PROGRESS", ""),
        event(1, ROOT, "S", "HYPER_DEPLOY_DONE", ""),
    ];
    let found = check(events, &["HYPER unknown [] 2"]);
    assert_eq!(found[0].ended, None);
}

#[test]
fn the_typical_duration_is_the_median_of_what_succeeded() {
    let mut events = Vec::new();
    for (n, seconds) in [10, 90, 20].into_iter().enumerate() {
        let at = i64::try_from(n).unwrap() * 1000;
        events.push(event(at, ROOT, "S", "UPDATE_IN_PROGRESS", ""));
        events.push(event(at + seconds, ROOT, "S", "UPDATE_COMPLETE", ""));
    }
    events.push(event(9000, ROOT, "S", "UPDATE_IN_PROGRESS", ""));
    events.push(event(9900, ROOT, "S", "UPDATE_ROLLBACK_COMPLETE", ""));
    let operations = group(told(events.clone()), ROOT);
    assert_eq!(typical_duration(&operations, "UPDATE"), Some((Duration::from_secs(20), 3)));
    assert_eq!(typical_duration(&operations[2..], "UPDATE"), Some((Duration::from_secs(50), 2)));
    assert_eq!(typical_duration(&operations, "CREATE"), None);
}

/// How the operations of a generated history are told apart.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Marks {
    Ids,
    Tokens,
    None,
}

/// Operations one after the other, with what is inside them: the events, and how many each operation has.
fn life() -> impl Strategy<Value = (Vec<ResourceEvent>, Vec<usize>)> {
    let marks = prop_oneof![Just(Marks::Ids), Just(Marks::Tokens), Just(Marks::None)];
    let operation = (0usize..5, prop::collection::vec(("[A-C]|Inner", any::<bool>(), 0usize..3), 0..6));
    (marks, prop::collection::vec(operation, 1..6)).prop_map(|(marks, operations)| {
        let (mut events, mut sizes) = (Vec::new(), Vec::new());
        for (n, (ending, inside)) in operations.iter().enumerate() {
            let before = events.len();
            let mut add = |stack: &str, id: &str, status: &str, part: &str| {
                let mut new = event(i64::try_from(events.len()).unwrap(), stack, id, status, "");
                match marks {
                    Marks::Ids => new.operation_id = Some(format!("{part}-{n}-{}", stack == INNER)),
                    Marks::Tokens => new.token = Some(format!("token-{n}")),
                    Marks::None => {}
                }
                events.push(new);
            };
            let word = ["UPDATE", "CREATE", "DELETE"][ending % 3];
            add(ROOT, "S", &format!("{word}_IN_PROGRESS"), "first");
            for (id, nested, end) in inside {
                let stack = if *nested && id != "Inner" { INNER } else { ROOT };
                add(stack, id, &format!("UPDATE_{}", ["IN_PROGRESS", "COMPLETE", "FAILED"][*end]), "first");
            }
            if *ending > 2 {
                add(ROOT, "S", "UPDATE_ROLLBACK_IN_PROGRESS", "rollback");
                add(ROOT, "A", "UPDATE_COMPLETE", "rollback");
                add(ROOT, "S", "UPDATE_ROLLBACK_COMPLETE", "rollback");
            } else {
                add(ROOT, "S", &format!("{word}_COMPLETE"), "first");
            }
            sizes.push(events.len() - before);
        }
        sizes.reverse();
        (events, sizes)
    })
}

fn ids(operation: &PastOperation) -> Vec<&str> {
    operation.events.iter().map(|event| event.id.as_str()).collect()
}

proptest! {
    /// Pages that overlap and come in any order tell the same operations.
    // A16
    #[test]
    fn shuffled_and_repeated_events_give_the_same_operations(
        (events, sizes) in life(),
        shuffle in any::<prop::sample::Index>(),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let operations = group(told(events.clone()), ROOT);
        prop_assert_eq!(operations.iter().map(|operation| operation.events.len()).collect::<Vec<_>>(), sizes);
        prop_assert!(operations.iter().all(|operation| !operation.partial));
        let mut shuffled = events.clone();
        shuffled.extend(again.iter().map(|index| index.get(&events).clone()));
        // A shuffle that does not depend on a clock: by a hash of the position.
        let seed = shuffle.index(1_000_003);
        let mut keyed: Vec<_> = shuffled.into_iter().enumerate().map(|(n, e)| (((n + 1) * (seed + 7)) % 10_007, n, e)).collect();
        keyed.sort_by_key(|(key, n, _)| (*key, *n));
        prop_assert_eq!(group(keyed.into_iter().map(|(_, _, event)| event).collect(), ROOT), operations);
    }

    /// Whatever was read of a history, also a part without beginnings and with events of one millisecond: each event is in
    /// exactly one operation, in order, and what has ended is told to have ended at its end.
    // A16
    #[test]
    fn every_event_is_in_exactly_one_operation(
        (events, _) in life(),
        keep in prop::collection::vec(any::<bool>(), 60),
        milliseconds in 1i64..4000,
    ) {
        let mut part: Vec<_> = events.into_iter().zip(keep.into_iter().cycle()).filter(|(_, keep)| *keep).map(|(e, _)| e).collect();
        for event in &mut part {
            event.time = Timestamp(event.time.0 / milliseconds);
        }
        let operations = group(told(part.clone()), ROOT);
        let mut seen: Vec<&str> = operations.iter().flat_map(ids).collect();
        let mut expected: Vec<&str> = part.iter().map(|event| event.id.as_str()).collect();
        seen.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(seen, expected);
        for operation in &operations {
            prop_assert!(operation.events.is_sorted_by_key(|event| event.time));
            prop_assert!(operation.ended.is_none_or(|end| end >= operation.began));
        }
        let distinct: BTreeSet<String> = operations.iter().flat_map(|operation| operation.ids.clone()).collect();
        prop_assert_eq!(distinct.len(), operations.iter().map(|operation| operation.ids.len()).sum::<usize>());
    }
}
