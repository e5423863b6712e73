//! `logs`, against the scripted AWS.

use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use endpoint::{Endpoint, Fault, Scenario, Wrong};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::PATIENCE;
use super::rollout::{service, web};
use super::running::Running;
use super::services::{NEWEST, OLDEST, TEN, aws, running, task};
use super::status::assert_keeps_the_contract;

pub(super) const LOGS: &str = "logs --stack S";

pub(super) fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// A line of the backend (`NEWEST`) or the worker, so many seconds ago.
pub(super) fn backend(scenario: Scenario, ago: i64, text: &str) -> Scenario {
    scenario.log("/ecs/backend", &format!("app/backend/{NEWEST}"), now() - ago * 1000, text)
}

pub(super) fn worker(scenario: Scenario, ago: i64, text: &str) -> Scenario {
    scenario.log("/ecs/worker", "app/worker/11111111", now() - ago * 1000, text)
}

/// Lines without the time that each has.
pub(super) fn said(stdout: &str) -> Vec<String> {
    let told = stdout.lines().map(|line| {
        let (name, rest) = line.split_once(" │ ").unwrap_or_else(|| panic!("{line}"));
        let text = rest.splitn(3, ' ').nth(2).unwrap_or_default();
        format!("{}: {text}", name.trim_end())
    });
    told.collect()
}

// R147, R278, R279
#[test]
fn both_services_are_shown_in_order_of_time_through_all_pages() {
    let mut scenario = running(false);
    for number in 0..12 {
        let ago = 500 - number * 10;
        scenario = if number % 3 == 0 {
            worker(scenario, ago, &number.to_string())
        } else {
            backend(scenario, ago, &number.to_string())
        };
    }
    // What is older is not asked for, nor another service's stream in the same group.
    scenario = backend(scenario, 900, "old");
    scenario = scenario.log("/ecs/backend", "other/backend/1", now() - 1000, "foreign");
    let aws = aws(scenario);
    let shown = aws.run(LOGS);
    assert_eq!(shown.code, Some(0), "{shown}");
    let expected: Vec<String> = (0..12)
        .map(|number| format!("{}: {number}", if number % 3 == 0 { "worker" } else { "backend" }))
        .collect();
    assert_eq!(said(&shown.stdout), expected, "{shown}");
    assert!(aws.endpoint.count("FilterLogEvents") > 4, "there are pages");
    let longer = aws.run("logs backend --stack S --since 20m");
    assert_eq!(said(&longer.stdout)[0], "backend: old", "{longer}");
    assert!(!longer.stdout.contains("worker"), "{longer}");
    let found = aws.run("logs --stack S --grep 11");
    assert_eq!(said(&found.stdout), ["backend: 11"]);
    let none = aws.run("logs --stack S --grep nowhere");
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""), "{none}");
    assert!(none.stderr.contains("nothing was written with `nowhere` in it in that time"), "{none}");
}

// S1, S9
#[test]
fn a_line_cannot_drive_the_terminal_and_shows_no_credential() {
    let text = "\u{1b}[31mERROR\u{1b}[0m at x\n\tkey=AKIAIOSFODNN7EXAMPLE\u{7}";
    let aws = aws(backend(running(false), 60, text));
    let shown = aws.run(LOGS);
    assert_eq!(said(&shown.stdout), ["backend: ERROR at x", "backend:     key=[…]"], "{shown}");
    let json = aws.run("logs --stack S --json");
    assert!(!json.stdout.contains("AKIA") && !json.stdout.contains("u001b"), "{json}");
}

#[test]
fn where_colours_are_wanted_each_service_has_its_own_and_only_its_name_has() {
    let aws = aws(worker(backend(worker(running(false), 70, "one"), 60, "two"), 50, "three"));
    let shown = aws.run("logs --stack S --color always");
    assert_eq!(shown.code, Some(0), "{shown}");
    let prefixes: Vec<&str> = shown.stdout.lines().filter_map(|line| line.split(" │ ").next()).collect();
    let (backend, worker) = ("\u{1b}[36mbackend\u{1b}[39m", "\u{1b}[33mworker \u{1b}[39m");
    assert_eq!(prefixes, [worker, backend, worker], "{shown}");
    assert!(shown.stdout.lines().all(|line| line.matches('\u{1b}').count() == 2), "{shown}");
    let plain = aws.run("logs --stack S");
    assert!(!plain.stdout.contains('\u{1b}'), "{plain}");
}

#[test]
fn for_programs_every_event_is_an_object_on_a_line() {
    let aws = aws(worker(backend(running(false), 60, "one"), 50, "two"));
    for arguments in ["logs --stack S --json", "logs --stack S --output json"] {
        let written = aws.run(arguments);
        let objects: Vec<Value> =
            written.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for object in &objects {
            assert_keeps_the_contract(include_str!("../../../schemas/logs-1.json"), object);
        }
        assert_eq!((objects.len(), &objects[1]["message"]), (2, &json!("two")), "{written}");
        assert_eq!(objects[0]["task"], NEWEST);
    }
}

#[test]
fn one_task_can_be_chosen_and_the_one_that_stopped_last() {
    let stopped = |id: &str, at: i64| {
        let mut task = task(id, "backend", false);
        let more = json!({ "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stoppedAt": at,
            "stoppedReason": "Essential container in task exited" });
        task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        task["containers"][0]["exitCode"] = json!(137);
        task
    };
    let scenario = running(false)
        .task("BackendService", stopped("dead0001", 1_767_261_500))
        .task("BackendService", stopped("dead0002", 1_767_261_600))
        .log("/ecs/backend", "app/backend/dead0001", TEN, "first")
        .log("/ecs/backend", "app/backend/dead0002", TEN, "out of memory");
    let scenario = backend(scenario, 60, "newest");
    let scenario = scenario.log("/ecs/backend", &format!("app/backend/{OLDEST}"), now() - 50_000, "oldest");
    let aws = aws(scenario);
    let previous = aws.run("logs --stack S --previous");
    assert_eq!(said(&previous.stdout), ["backend: out of memory"], "{previous}");
    let told = "backend: task dead0002 stopped: Essential container in task exited (backend ended with 137)";
    assert!(previous.stderr.contains(told), "{previous}");
    assert!(previous.stderr.contains("worker: no task of it has stopped lately"), "{previous}");
    let one = aws.run(&format!("logs backend --stack S --task {}", &OLDEST[..8]));
    assert_eq!(said(&one.stdout), ["backend: oldest"], "{one}");
}

#[test]
fn what_was_written_around_a_deployment_is_found_by_its_id() {
    let scenario = running(false).answer("DescribeServices", |body| {
        let arn = &body["services"][0];
        let deployment = json!({ "id": "ecs-svc/777", "status": "PRIMARY", "createdAt": TEN / 1000,
            "taskDefinition": "backend" });
        let definition = "arn:aws:ecs:us-east-1:123456789012:task-definition/backend";
        arn.as_str()?.contains("backend").then(|| {
            json!({ "services": [{ "serviceArn": arn, "status": "ACTIVE", "taskDefinition": definition,
                "deployments": [deployment] }] })
            .into()
        })
    });
    let scenario = scenario.answer("DescribeTaskDefinition", |_| {
        let log = json!({ "logDriver": "awslogs", "options": {
            "awslogs-group": "/ecs/backend", "awslogs-stream-prefix": "app" } });
        Some(json!({ "taskDefinition": { "containerDefinitions": [{ "name": "backend", "logConfiguration": log }] } }).into())
    });
    let minute = 60_000;
    let stream = format!("app/backend/{NEWEST}");
    let scenario = [(-3, "before"), (-1, "shortly before"), (4, "after"), (6, "long after")]
        .into_iter()
        .fold(scenario, |scenario, (at, text)| {
            scenario.log("/ecs/backend", &stream, TEN + at * minute, text)
        });
    let aws = aws(scenario);
    for id in ["777", "ecs-svc/777", "ecs-svc/7"] {
        let shown = aws.run(&format!("logs backend --stack S --around {id}"));
        assert_eq!(said(&shown.stdout), ["backend: shortly before", "backend: after"], "{shown}");
    }
    let unknown = aws.run("logs backend --stack S --around 9");
    assert_eq!(unknown.code, Some(2), "{unknown}");
    assert!(unknown.stderr.contains("no deployment has an ID that begins with `9`"), "{unknown}");
}

#[test]
fn what_was_written_around_a_numbered_deployment_is_found_and_the_time_is_told() {
    let mut template = service(&web("v1"));
    let log = json!({ "LogDriver": "awslogs", "Options": {
        "awslogs-group": "/ecs/api", "awslogs-stream-prefix": "app", "awslogs-region": "us-east-1" } });
    template["Resources"]["Task"]["Properties"]["ContainerDefinitions"][0]["LogConfiguration"] = log;
    let scenario = Scenario::new().stack("S", &template.to_string(), "UPDATE_COMPLETE").manual_clock();
    // Version 2 is deployed after ten minutes, version 3 twenty after that.
    let (began, minute) = (now(), 60_000);
    let lines = [
        (5, "early"),
        (9, "shortly before 2"),
        (13, "after 2"),
        (22, "between"),
        (32, "after 3"),
        (60, "late"),
    ];
    let scenario = lines.into_iter().fold(scenario, |scenario, (at, text)| {
        scenario.log("/ecs/api", "app/web/11111111", began + at * minute, text)
    });
    let aws = aws(scenario);
    for (minutes, version) in [(10, "v2"), (20, "v3")] {
        aws.endpoint.advance(Duration::from_mins(minutes));
        template["Resources"]["Task"]["Properties"]["ContainerDefinitions"][0]["Image"] = web(version);
        aws.endpoint.update_by_somebody_else("S", &template.to_string());
        let done = |endpoint: &Endpoint| {
            endpoint.advance(Duration::from_secs(1));
            endpoint.stack("S").unwrap().status == "UPDATE_COMPLETE"
        };
        assert!(aws.endpoint.wait_until(PATIENCE, done), "{:?}", aws.endpoint.stack("S"));
    }
    let shown = aws.run("logs api --stack S --around v2");
    assert_eq!(said(&shown.stdout), ["api: shortly before 2", "api: after 2"], "{shown}");
    assert!(
        shown.stderr.contains("around v2 of api, 20") && shown.stderr.contains(", it ended at 20"),
        "{shown}"
    );
    for newest in ["v3", "last"] {
        let shown = aws.run(&format!("logs --stack S --around {newest}"));
        assert_eq!(said(&shown.stdout), ["api: after 3"], "{shown}");
        assert!(shown.stderr.contains("around v3 of api, 20"), "{shown}");
    }
    let known = aws.run("events S --service api --output json").json();
    let id = known["deployments"][1]["rollouts"][0]["id"].as_str().unwrap();
    let shown = aws.run(&format!("logs --stack S --around {id}"));
    assert_eq!(said(&shown.stdout), ["api: shortly before 2", "api: after 2"], "{shown}");
    let unknown = aws.run("logs --stack S --around v9");
    assert_eq!(unknown.code, Some(2), "{unknown}");
    assert!(unknown.stderr.contains("no deployment of api is v9"), "{unknown}");
    assert!(unknown.stderr.contains("there are v3, v2, v1"), "{unknown}");
}

#[test]
fn lines_of_other_tasks_are_left_out_also_where_the_answer_has_them() {
    // The emulator ignores what streams are asked for.
    let event = |task: &str, text: &str| json!({ "eventId": task, "timestamp": now(), "logStreamName": format!("app/backend/{task}"), "message": text });
    let events = json!({ "events": [event("1111", "mine"), event("2222", "another's")] });
    let aws = aws(running(false).answer("FilterLogEvents", move |_| Some(events.clone().into())));
    let shown = aws.run("logs backend --stack S --task 1");
    assert_eq!(said(&shown.stdout), ["backend: mine"], "{shown}");
    let none = aws.run("logs backend --stack S --task zzz");
    assert!(none.stdout.is_empty() && none.stderr.contains("nothing was written"), "{none}");
}

#[test]
fn the_time_may_be_days_ago_or_a_date_and_may_end() {
    let aws = aws(running(false));
    let asked = |options: &str| {
        let before = aws.endpoint.requests_of("FilterLogEvents").len();
        let shown = aws.run(&format!("logs backend --stack S {options}"));
        assert_eq!(shown.code, Some(0), "{shown}");
        let request = aws.endpoint.requests_of("FilterLogEvents")[before].body.clone();
        (request["startTime"].as_i64(), request["endTime"].as_i64())
    };
    let until = "--since 2026-01-01 --until 2026-01-01T10:00:00Z";
    assert_eq!(asked(until), (Some(1_767_225_600_000), Some(1_767_261_600_000)));
    let minutes = "--until 2026-01-01T10:00:00Z";
    assert_eq!(asked(minutes), (Some(1_767_261_000_000), Some(1_767_261_600_000)));
    let days = now() - asked("--since 2d").0.unwrap();
    assert!((172_700_000..172_900_000).contains(&days), "{days}");
    let turned = aws.run("logs backend --stack S --since 1h --until 2h");
    assert_eq!(turned.code, Some(2), "{turned}");
    assert!(turned.stderr.contains("there is no time from 20"), "{turned}");
}

#[test]
fn a_change_set_that_announced_the_stack_is_no_deployment() {
    let aws = super::Aws::new(Scenario::new());
    aws.project.write("s.json", service(&web("v1")).to_string());
    let made = aws.run("deploy --template s.json --stack-name S --yes --no-validate --no-preflight");
    assert_eq!(made.code, Some(0), "{made}");
    let known = aws.run("events S --all --output json").json();
    let announced = known["operations"].as_array().unwrap().last().unwrap();
    assert_eq!(announced["outcome"], "announced", "{known:#}");
    let shown = aws.run("status --stack S");
    assert!(shown.stdout.contains(" CREATE succeeded") && !shown.stdout.contains("REVIEW"), "{shown}");
    let unknown = aws.run(&format!("logs --stack S --around {}", announced["began"].as_str().unwrap()));
    assert_eq!(unknown.code, Some(2), "{unknown}");
    assert!(unknown.stderr.contains("no deployment has an ID that begins with `20"), "{unknown}");
}

#[test]
fn a_number_is_of_one_service_and_its_time_is_the_only_one() {
    let aws = aws(running(false));
    let several = aws.run("logs --stack S --around v3");
    assert_eq!(several.code, Some(2), "{several}");
    assert!(several.stderr.contains("there are backend, worker"), "{several}");
    assert!(several.stderr.contains("docuthinker logs backend --around v3"), "{several}");
    for other in ["--since 1h", "--follow", "--previous"] {
        let refused = aws.run(&format!("logs backend --stack S --around v3 {other}"));
        assert_eq!(refused.code, Some(2), "{refused}");
        let name = other.split(' ').next().unwrap();
        assert!(refused.stderr.contains("cannot be used with") && refused.stderr.contains(name), "{refused}");
    }
}

// R146, C3
#[test]
fn following_tells_each_event_once_and_late_ones_too_and_ends_with_ctrl_c() {
    let aws = aws(backend(running(false), 30, "first"));
    let follow = aws.start(&format!("{LOGS} --follow"));
    follow.wait_for("first");
    aws.endpoint.change(|scenario| worker(backend(scenario, 0, "second"), 20, "late"));
    follow.wait_for("second");
    follow.wait_for("late");
    let looks = aws.endpoint.count("FilterLogEvents");
    aws.wait_for("FilterLogEvents", looks + 4);
    follow.signal(Signal::INT);
    let ended = follow.end();
    assert_eq!(ended.code, Some(130), "{ended}");
    assert!(!ended.stderr.contains("error") && !ended.stderr.contains("interrupted"), "{ended}");
    let mut told = said(&ended.stdout);
    told.sort();
    assert_eq!(told, ["backend: first", "backend: second", "worker: late"], "{ended}");
}

#[test]
fn following_goes_on_when_aws_cannot_be_reached_for_a_while() {
    let fault = Fault::new(Wrong::Empty500).on("FilterLogEvents").skip(2).times(9);
    let aws = aws(backend(running(false), 30, "first").fault(fault));
    let follow = aws.start(&format!("{LOGS} --follow"));
    follow.wait_for("trying again");
    aws.endpoint.end_faults();
    aws.endpoint.change(|scenario| backend(scenario, 0, "second"));
    follow.wait_for("second");
    follow.signal(Signal::INT);
    let ended = follow.end();
    assert_eq!(said(&ended.stdout), ["backend: first", "backend: second"], "{ended}");
    assert_eq!(ended.stderr.matches("trying again").count(), 1, "{ended}");
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly_also_while_it_follows() {
    let aws = aws(backend(backend(running(false), 40, "first"), 30, "second"));
    for follow in ["", " --follow"] {
        let binary = env!("CARGO_BIN_EXE_docuthinker");
        let line = format!("'{binary}' {LOGS}{follow} | head -n 1; echo ended ${{PIPESTATUS[0]}}");
        let mut bash = aws.project.other("bash");
        bash.args(["-c", &line]).stdin(Stdio::null());
        let shell = Running::start(&aws.project, bash);
        if !follow.is_empty() {
            shell.wait_for("first");
            // Only who writes sees that nobody reads.
            aws.endpoint.change(|scenario| backend(scenario, 0, "third"));
        }
        let ended = shell.end();
        assert!(ended.stdout.ends_with("ended 0\n"), "{ended}");
        assert!(!ended.stderr.contains("error"), "{ended}");
    }
}

#[test]
fn a_log_that_may_not_be_read_is_told_with_the_permission() {
    let aws = aws(running(false).fault(Fault::new(Wrong::Denied).on("FilterLogEvents")));
    let denied = aws.run(LOGS);
    assert_eq!(denied.code, Some(5), "{denied}");
    assert!(denied.stderr.contains("not allowed to do logs:FilterLogEvents"), "{denied}");
}
