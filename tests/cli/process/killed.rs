//! `kill -9` in the middle, and `watch` afterwards, which knows nothing but what AWS knows.

use std::time::Duration;

use endpoint::Scenario;
use rustix::process::Signal;

use super::{Aws, DEPLOY, assert_no_bug, deployed};
use crate::project::Outcome;

/// What the run told of resources: the lines that begin with a time, without it.
fn story(outcome: &Outcome) -> Vec<String> {
    let of_a_resource = |line: &&str| line.as_bytes().get(2) == Some(&b':') && line.len() > 8;
    outcome.stderr.lines().filter(of_a_resource).map(|line| line[8..].to_owned()).collect()
}

/// Kills a deployment on its way, and compares what `watch` says with what a deployment says that is left alone.
#[track_caller]
fn killed(scenario: impl Fn() -> Scenario, code: i32, end: &str) {
    let alone = Aws::new(scenario()).run(DEPLOY);
    assert_eq!(alone.code, Some(code), "{alone}");
    for ends_in_between in [false, true] {
        let aws = Aws::new(scenario());
        let deploy = aws.start(DEPLOY);
        deploy.wait_for("_COMPLETE  Topic");
        deploy.signal(Signal::KILL);
        let killed = deploy.end();
        assert_eq!(killed.code, None, "{killed}");
        if ends_in_between {
            aws.wait_for_status(end);
        }
        let watched = aws.run("watch S");
        assert_no_bug(&watched);
        assert_eq!(watched.code, Some(code), "{watched}");
        assert_eq!(story(&watched), story(&alone), "{watched}\n{alone}");
        assert_eq!(aws.status(), end);
        assert_eq!(aws.endpoint.count("ExecuteChangeSet"), 1);
    }
}

const SLOW: Duration = Duration::from_millis(300);

// C5
#[test]
fn watching_after_kill_9_tells_the_whole_story_of_a_success() {
    killed(|| deployed().delay(SLOW), 0, "UPDATE_COMPLETE");
    killed(|| Scenario::new().delay(SLOW), 0, "CREATE_COMPLETE");
}

// C5
#[test]
fn watching_after_kill_9_tells_the_whole_story_of_a_rollback() {
    let cause = "the name is taken";
    killed(|| deployed().delay(SLOW).fail("Queue", cause), 1, "UPDATE_ROLLBACK_COMPLETE");
    killed(|| Scenario::new().delay(SLOW).fail("Queue", cause), 1, "ROLLBACK_COMPLETE");
}

// C5
#[test]
fn the_same_command_goes_on_after_kill_9_before_the_execution() {
    let aws = Aws::new(Scenario::new().change_set_delay(Duration::from_secs(1)));
    let deploy = aws.start(DEPLOY);
    aws.wait_for("DescribeChangeSet", 1);
    deploy.signal(Signal::KILL);
    deploy.end();
    let watched = aws.run("watch S");
    assert_eq!(watched.code, Some(4), "{watched}");
    assert!(watched.stderr.contains("nothing was ever deployed to it"), "{watched}");
    assert_eq!(aws.run(DEPLOY).code, Some(0));
    assert_eq!(aws.status(), "CREATE_COMPLETE");
}
