//! `logs --follow` with a live tail of the scripted AWS, and without one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use endpoint::{Fault, JsonAnswer, Scenario, Wrong};
use rustix::process::Signal;
use serde_json::json;

use super::Aws;
use super::logs::{LOGS, backend, now, said, worker};
use super::running::Running;
use super::services::{aws, running};

/// What is said of a live tail, and of asking.
const LIVE: &str = "following with CloudWatch's live tail";
const ASKING: &str = "following by asking every 2 s";

fn followed(aws: &Aws) -> Running<'_> {
    aws.start(&format!("{LOGS} --follow"))
}

/// Ends it as people do, and gives what it told, in the order of the alphabet.
#[track_caller]
fn ended(follow: Running<'_>) -> (Vec<String>, String) {
    follow.signal(Signal::INT);
    let ended = follow.end();
    assert_eq!(ended.code, Some(130), "{ended}");
    assert!(!ended.stderr.contains("error") && !ended.stderr.contains("interrupted"), "{ended}");
    let mut told = said(&ended.stdout);
    told.sort();
    (told, ended.stderr)
}

// R146, C3
#[test]
fn a_live_tail_tells_what_comes_without_being_asked_and_ctrl_c_ends_it() {
    let blind = Arc::new(AtomicBool::new(false));
    let is_blind = blind.clone();
    let scenario = running(false).live_tail(500, 1_000_000).answer("FilterLogEvents", move |_| {
        is_blind.load(Ordering::Relaxed).then(|| JsonAnswer::Ok(json!({ "events": [] })))
    });
    let aws = aws(backend(scenario, 30, "first"));
    let follow = followed(&aws);
    follow.wait_for("first");
    follow.wait_for(LIVE);
    // From now on only the live tail can tell.
    blind.store(true, Ordering::Relaxed);
    aws.endpoint.change(|scenario| {
        let other = scenario.log("/ecs/backend", "other/backend/1", 0, "foreign");
        worker(backend(other, 0, "second"), 0, "third")
    });
    follow.wait_for("second");
    follow.wait_for("third");
    let (told, stderr) = ended(follow);
    assert_eq!(told, ["backend: first", "backend: second", "worker: third"]);
    assert!(!stderr.contains(ASKING), "{stderr}");
    let order = &aws.endpoint.requests_of("StartLiveTail")[0].body;
    let group = |name: &str| format!("arn:aws:logs:us-east-1:123456789012:log-group:/ecs/{name}");
    assert_eq!(order["logGroupIdentifiers"], json!([group("backend"), group("worker")]));
    assert!(order["logStreamNamePrefixes"].is_null(), "{order}");
}

// C3
#[test]
fn between_history_sessions_and_questions_nothing_is_lost_or_told_twice() {
    // A session ends after some milliseconds, and the next one begins after a second.
    let aws = aws(backend(running(false).live_tail(500, 3), 30, "history"));
    let follow = followed(&aws);
    follow.wait_for(LIVE);
    let mut expected = vec!["backend: history".to_owned()];
    for number in 0..4 {
        let begun = aws.endpoint.count("StartLiveTail");
        let text = format!("{number} end");
        aws.endpoint.change(|scenario| {
            // The same twice in a millisecond.
            let now = now();
            let stream = "app/worker/11111111";
            let twice =
                scenario.log("/ecs/worker", stream, now, &text).log("/ecs/worker", stream, now, &text);
            backend(twice, 0, &text)
        });
        expected.extend([format!("backend: {text}"), format!("worker: {text}"), format!("worker: {text}")]);
        aws.wait_for("StartLiveTail", begun + 2);
    }
    follow.wait_for("3 end");
    let looks = aws.endpoint.count("FilterLogEvents");
    aws.wait_for("FilterLogEvents", looks + 6);
    let (told, stderr) = ended(follow);
    expected.sort();
    assert_eq!(told, expected, "{stderr}");
    assert_eq!(stderr.matches(LIVE).count(), 1, "{stderr}");
}

#[test]
fn what_a_live_tail_leaves_out_is_asked_for_and_that_is_said() {
    let aws = aws(running(false).live_tail(2, 1_000_000));
    let follow = aws.start("logs backend --stack S --follow");
    follow.wait_for(LIVE);
    // What is there before the tail begins is asked for.
    aws.wait_for("StartLiveTail", 1);
    aws.endpoint
        .change(|scenario| (0..9).fold(scenario, |scenario, n| backend(scenario, 0, &format!("no {n}"))));
    for number in 0..9 {
        follow.wait_for(&format!("no {number}"));
    }
    let (told, stderr) = ended(follow);
    assert_eq!(told, (0..9).map(|n| format!("backend: no {n}")).collect::<Vec<_>>());
    assert!(stderr.contains("the live tail leaves some out"), "{stderr}");
    let order = &aws.endpoint.requests_of("StartLiveTail")[0].body;
    assert_eq!(order["logStreamNamePrefixes"], json!(["app/backend/"]), "one group, so AWS may choose");
}

/// Follows by asking, for this reason.
#[track_caller]
fn asks(scenario: Scenario, reason: &str) {
    let aws = aws(backend(scenario, 30, "first"));
    let follow = followed(&aws);
    follow.wait_for(&format!("{ASKING}, since there is no live tail: "));
    aws.endpoint.change(|scenario| backend(scenario, 0, "second"));
    follow.wait_for("second");
    let (told, stderr) = ended(follow);
    assert_eq!(told, ["backend: first", "backend: second"]);
    assert!(stderr.contains(reason) && !stderr.contains(LIVE), "{stderr}");
    assert_eq!(stderr.matches(ASKING).count(), 1, "{stderr}");
}

// A6
#[test]
fn whoever_may_not_begin_a_live_tail_follows_by_asking_and_is_told_once() {
    let denied = Fault::new(Wrong::Denied).on("StartLiveTail");
    asks(running(false).live_tail(500, 1_000_000).fault(denied), "not allowed to do logs:StartLiveTail");
}

#[test]
fn an_endpoint_without_live_tails_is_asked() {
    asks(running(false), "there is no live tail here (UnknownOperationException)");
}

#[test]
fn an_endpoint_that_does_not_answer_with_events_is_asked() {
    let plain = running(false).answer("StartLiveTail", |_| Some(JsonAnswer::Ok(json!({}))));
    asks(plain, "logs:StartLiveTail");
    let silent = running(false).fault(Fault::new(Wrong::Dropped).on("StartLiveTail"));
    asks(silent, "cannot reach AWS for logs:StartLiveTail");
}

#[test]
fn more_log_groups_than_a_live_tail_takes_are_asked_for() {
    let scenario = running(false).live_tail(500, 1_000_000).answer("DescribeTaskDefinition", |_| {
        let container = |number: usize| {
            let name = if number == 0 { "backend".to_owned() } else { format!("side{number}") };
            let log = json!({ "logDriver": "awslogs", "options": {
                "awslogs-group": format!("/ecs/{name}"), "awslogs-stream-prefix": "app" } });
            json!({ "name": name, "logConfiguration": log })
        };
        let containers: Vec<_> = (0..11).map(container).collect();
        Some(json!({ "taskDefinition": { "containerDefinitions": containers } }).into())
    });
    let aws = aws(scenario);
    let follow = followed(&aws);
    follow.wait_for("a live tail is for at most 10 log groups");
    aws.endpoint.change(|scenario| backend(scenario, 0, "second"));
    follow.wait_for("second");
    ended(follow);
    assert_eq!(aws.endpoint.count("StartLiveTail"), 0);
}

#[test]
fn who_wants_no_live_tail_gets_none() {
    let aws = aws(backend(running(false).live_tail(500, 1_000_000), 30, "first"));
    let follow = aws.start(&format!("{LOGS} --follow --poll"));
    follow.wait_for(ASKING);
    aws.endpoint.change(|scenario| backend(scenario, 0, "second"));
    follow.wait_for("second");
    let (told, stderr) = ended(follow);
    assert_eq!((told.len(), stderr.contains("since")), (2, false), "{stderr}");
    assert_eq!(aws.endpoint.count("StartLiveTail"), 0);
    let alone = aws.run(&format!("{LOGS} --poll"));
    assert_eq!(alone.code, Some(2), "{alone}");
}

// R146
#[test]
fn while_nothing_comes_a_sign_of_life_is_told() {
    for option in ["", " --poll"] {
        let aws = aws(backend(running(false).live_tail(500, 1_000_000), 30, "first"));
        let follow = aws.start(&format!("{LOGS} --follow{option}"));
        follow.wait_for("first");
        follow.wait_for("nothing new for ");
        let (told, stderr) = ended(follow);
        assert_eq!(told, ["backend: first"]);
        assert!(stderr.contains("s; still following, Ctrl-C ends it\n"), "{stderr}");
    }
}
