//! `events --scaling`: what Application Auto Scaling did, against the scripted AWS.

use endpoint::{Fault, Scenario, Wrong};
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::Aws;
use super::commands::lasting;
use super::services::{TEN, running};
use crate::project::Outcome;

/// `backend` is scaled, `worker` is not.
const BACKEND: &str = "main/backend-svc";
pub(super) const SINCE: &str = "events S --scaling --since 2026-01-01";

/// What a policy that holds the CPU at a value did, so many minutes after ten.
fn by_cpu(minutes: i64, side: &str, more: Value) -> Value {
    let alarm = format!("TargetTracking-service/{BACKEND}-Alarm{side}-6a1b");
    let mut activity = json!({
        "StartTime": TEN / 1000 + minutes * 60,
        "Cause": format!("monitor alarm {alarm} in state ALARM triggered policy cpu-target-tracking"),
    });
    activity.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    activity
}

/// The number of tasks became this one within half a minute.
fn to(minutes: i64, side: &str, number: u32) -> Value {
    let more = json!({
        "EndTime": TEN / 1000 + minutes * 60 + 34,
        "Description": format!("Setting desired count to {number}."),
        "StatusMessage": format!("Successfully set desired count to {number}. Change successfully fulfilled by ecs."),
    });
    by_cpu(minutes, side, more)
}

/// It had to stay as it was.
fn at_maximum(minutes: i64) -> Value {
    let more = json!({
        "Description": "Attempting to scale due to alarm triggered",
        "StatusCode": "Failed",
        "NotScaledReasons": [{ "Code": "AlreadyAtMaxCapacity", "MaxCapacity": 4 }],
    });
    by_cpu(minutes, "High", more)
}

/// A morning: more and more load, until the maximum holds it; then less.
pub(super) fn morning() -> Scenario {
    let scheduled = json!({
        "StartTime": TEN / 1000 - 600, "Cause": "scheduled action name morning was triggered",
        "Description": "Setting min capacity to 2 and max capacity to 4",
    });
    let refused = json!({
        "Description": "Setting desired count to 4.", "StatusCode": "Unfulfilled",
        "StatusMessage": "Failed to set desired count to 4.",
    });
    running(false)
        .scaled(BACKEND, scheduled)
        .scaled(BACKEND, to(0, "High", 3))
        .scaled(BACKEND, by_cpu(3, "High", refused))
        .scaled(BACKEND, to(5, "High", 4))
        .scaled(BACKEND, at_maximum(10))
        .scaled(BACKEND, at_maximum(12))
        .scaled(BACKEND, at_maximum(14))
        .scaled("main/another", to(1, "High", 9))
}

fn run(scenario: Scenario, arguments: &str) -> (Aws, Outcome) {
    let aws = Aws::new(scenario);
    let outcome = aws.run(arguments);
    (aws, outcome)
}

// R209, R284
#[test]
fn what_was_scaled_is_told_with_its_causes_and_what_holds_it() {
    let (aws, shown) = run(morning(), SINCE);
    // The times are those of the test.
    assert!(shown.stdout.contains("  2026-01-01 10:05:00  backend  to 4 tasks in 34s: "), "{shown}");
    assert_snapshot!(lasting(&aws, &shown), @"
    exit: 0
    --- stdout ---
      [DATE] [TIME]  backend  Setting min capacity to 2 and max capacity to 4: the scheduled action morning ran
      [DATE] [TIME]  backend  to 3 tasks in 34s: the metric of cpu-target-tracking was above its target
    ! [DATE] [TIME]  backend  to 4 tasks, which ECS did not fulfil (Failed to set desired count to 4.): the metric of cpu-target-tracking was above its target
      [DATE] [TIME]  backend  to 4 tasks in 34s: the metric of cpu-target-tracking was above its target
    ! [DATE] [TIME]  backend  not scaled, it is at its maximum of 4: the metric of cpu-target-tracking was above its target (3 times, the last at [DATE] [TIME])
    --- stderr ---
    next: to let backend have more tasks, raise its `MaxCapacity` in the template of S
    ");
    let asked = aws.endpoint.requests_of("DescribeScalingActivities");
    assert!(asked.iter().any(|one| one.body["ResourceId"] == "service/main/worker-svc"), "{asked:?}");
    assert!(asked.iter().filter(|one| one.body["ResourceId"] == "service/main/backend-svc").count() > 1);
}

// R209
#[test]
fn only_the_time_and_the_service_that_are_asked_for_are_told() {
    let (_, shown) = run(
        morning().scaled(BACKEND, to(20, "Low", 3)),
        "events S --scaling --service backend --since 2026-01-01T10:14:00Z",
    );
    let lines: Vec<&str> = shown.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            "! 2026-01-01 10:14:00  backend  not scaled, it is at its maximum of 4: the metric of cpu-target-tracking was above its target",
            "  2026-01-01 10:20:00  backend  to 3 tasks in 34s: the metric of cpu-target-tracking was below its target",
        ],
        "{shown}"
    );
    assert!(!shown.stderr.contains("next: "), "it is no longer held: {shown}");
    let (_, shown) = run(morning(), "events S --scaling --service worker --all");
    assert_eq!((shown.code, shown.stdout.as_str()), (Some(0), ""), "{shown}");
    assert!(
        shown.stderr.contains("nothing was scaled since ") && shown.stderr.contains(" UTC of worker"),
        "{shown}"
    );
    let (aws, shown) = run(morning(), "events S --scaling --since 2026-01-02");
    assert!(
        shown.stderr.contains("nothing was scaled since 2026-01-02 00:00:00 UTC of backend, worker"),
        "{shown}"
    );
    assert_eq!(aws.endpoint.count("DescribeScalingActivities"), 2, "older pages are not read");
}

#[test]
fn programs_get_every_activity() {
    let (_, shown) = run(morning(), &format!("{SINCE} --output json"));
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap_or_else(|_| panic!("{shown}"));
    let backend = &shown["services"][0];
    assert_eq!((&backend["service"], &backend["cut"]), (&json!("backend"), &json!(false)));
    let activities = backend["activities"].as_array().unwrap();
    assert_eq!(activities.len(), 7);
    assert_eq!((&activities[1]["to"], &activities[1]["status"]), (&json!(3), &json!("Successful")));
    assert_eq!(activities[6]["notScaled"], json!([{ "code": "AlreadyAtMaxCapacity", "maximum": 4 }]));
    assert_eq!(shown["services"][1]["activities"], json!([]));
}

#[test]
fn who_may_not_ask_is_told_which_action_it_takes() {
    let fault = Fault::new(Wrong::Denied).on("DescribeScalingActivities");
    let (_, shown) = run(morning().fault(fault), SINCE);
    assert_eq!(shown.code, Some(5), "{shown}");
    assert!(shown.stderr.contains("application-autoscaling:DescribeScalingActivities"), "{shown}");
    let (_, shown) = run(running(false), "events --since 2d");
    assert_eq!(shown.code, Some(2), "{shown}");
}

#[test]
fn the_emulator_has_scaled_nothing_and_is_not_started_to_say_so() {
    let shown = crate::project::Project::new().run(["events", "--scaling", "--local"]);
    assert_eq!(shown.code, Some(3), "{shown}");
    assert_snapshot!(shown.stderr, @r"
    error: the emulator scales nothing, so there is nothing that was scaled

    hint: `docuthinker events --service NAME --local` tells of its deployments
    ");
}
