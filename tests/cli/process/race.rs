//! Two processes that deploy one stack at the same time.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use endpoint::Scenario;

use super::{Aws, DEPLOY, LONG, PATIENCE, assert_no_bug, deployed};
use crate::project::Outcome;

/// A little of the scripted AWS's time, which stands still otherwise.
const STEP: Duration = Duration::from_millis(10);

/// Two deployments of `S` whose change sets are ordered before either is executed: how the winner and the loser end.
///
/// What is executed takes longer than the loser needs to give up.
fn race(aws: &Aws) -> (Outcome, Outcome) {
    let (mut one, mut other) = (aws.start(DEPLOY), aws.start(DEPLOY));
    aws.wait_for("CreateChangeSet", 2);
    let began = Instant::now();
    while !one.has_ended() && !other.has_ended() {
        assert!(began.elapsed() < PATIENCE, "nobody lost: {} {}", one.told(), other.told());
        aws.endpoint.advance(STEP);
        std::thread::sleep(STEP);
    }
    let (winner, loser) = if one.has_ended() { (other, one) } else { (one, other) };
    let loser = loser.end();
    while !winner_has_ended(aws) {
        aws.endpoint.advance(LONG);
    }
    (winner.end(), loser)
}

fn winner_has_ended(aws: &Aws) -> bool {
    aws.status().ends_with("_COMPLETE")
}

#[track_caller]
fn assert_one_wins(scenario: Scenario, end: &str) {
    let aws = Aws::new(scenario.manual_clock().delay(LONG));
    let (winner, loser) = race(&aws);
    for outcome in [&winner, &loser] {
        assert_no_bug(outcome);
    }
    assert_eq!((winner.code, loser.code), (Some(0), Some(4)), "{winner}\n{loser}");
    let looks_again = loser.stderr.contains("run the same command again and look at the new changes");
    assert!(looks_again && loser.stderr.contains("we changed nothing"), "{loser}");
    let sets = aws.endpoint.requests_of("CreateChangeSet");
    let names: BTreeSet<_> = sets.iter().filter_map(|set| set.parameter("ChangeSetName")).collect();
    let tokens: BTreeSet<_> = sets.iter().filter_map(|set| set.parameter("ClientToken")).collect();
    assert_eq!((names.len(), tokens.len()), (2, 2), "{names:?}");
    let stack = aws.endpoint.stack("S").unwrap();
    assert_eq!(stack.status, end);
    let left: Vec<_> = stack.change_sets.iter().map(|set| set.execution_status.as_str()).collect();
    assert_eq!(left, ["EXECUTE_COMPLETE"], "only what was executed is left");
}

// C1
#[test]
fn of_two_updates_at_the_same_time_one_wins_and_the_other_is_told_to_look_again() {
    assert_one_wins(deployed(), "UPDATE_COMPLETE");
}

// C1
#[test]
fn of_two_creations_at_the_same_time_one_wins_and_the_other_is_told_to_look_again() {
    assert_one_wins(Scenario::new(), "CREATE_COMPLETE");
}

// C1
#[test]
fn who_comes_while_somebody_elses_operation_runs_is_told_so() {
    let aws = Aws::new(deployed().hang("Queue"));
    let first = aws.start(DEPLOY);
    first.wait_for("UPDATE_COMPLETE  Topic");
    let second = aws.run(DEPLOY);
    assert_no_bug(&second);
    assert_eq!(second.code, Some(4), "{second}");
    assert!(second.stderr.contains("another operation runs on S: UPDATE_IN_PROGRESS since "), "{second}");
    assert_eq!((aws.endpoint.count("CreateChangeSet"), aws.endpoint.count("ExecuteChangeSet")), (1, 1));
}
