//! `status` and `outputs --check`, against the scripted AWS.

use std::io::{Read, Write};
use std::net::TcpListener;

use endpoint::{Fault, Scenario, Wrong};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::running::Running;
use super::services::{DEFINITIONS, DIGEST, aws, running, task, template};
use super::{Aws, PATIENCE};
use crate::project::Outcome;

const STATUS: &str = "status --stack S";

/// Holds JSON against the schema of its command.
#[track_caller]
pub(super) fn assert_keeps_the_contract(schema: &str, written: &Value) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(written).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[track_caller]
fn json_of(aws: &Aws, arguments: &str) -> Value {
    let written = aws.run(&format!("{arguments} --output json"));
    let written: Value = serde_json::from_str(&written.stdout).unwrap_or_else(|_| panic!("{written}"));
    assert_keeps_the_contract(include_str!("../../../schemas/status-1.json"), &written);
    written
}

#[track_caller]
fn assert_says(shown: &Outcome, words: &[&str]) {
    // Words are broken into lines only where a terminal is; names stand in columns.
    let text = shown.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in words {
        assert!(text.contains(words), "`{words}` {shown}");
    }
}

// R266, R267, R275
#[test]
fn what_is_well_is_shown_with_its_counts_targets_images_alarms_and_addresses() {
    let aws = aws(running(false));
    let shown = aws.run(&format!("{STATUS} --exit-code"));
    assert_eq!(shown.code, Some(0), "{shown}");
    assert_says(
        &shown,
        &[
            "S in us-east-1 state UPDATE_COMPLETE since 20",
            "backend tasks 2 of 2 running, set by autoscaling rollout PRIMARY COMPLETED",
            ", backend:3 (ecs-svc/",
            "health 2 of 2 healthy in web",
            "image backend registry.example/backend:v1",
            &format!("runs {} in 2 tasks", &DIGEST[..19]),
            "worker tasks 1 of 1 running rollout",
            "alarms 2 OK",
            "address Url http://backend.example",
            "all is well",
        ],
    );
    assert!(!shown.stdout.contains(['!', '?', '\u{1b}']), "{shown}");
    let written = json_of(&aws, STATUS);
    assert_eq!(written["well"], true);
    assert_eq!(written["stacks"][0]["services"][0]["count"]["autoscaled"], true);
    assert_eq!(written["stacks"][0]["services"][0]["images"][0]["running"][0]["digest"], DIGEST);
}

// R275
#[test]
fn what_is_not_well_is_marked_and_told_in_aws_own_words() {
    let scenario = running(false)
        .target("Targets", "10.0.3.3", "unhealthy", Some(("Target.Timeout", "Request timed out")))
        .alarm("backend-cpu", "ALARM", "Threshold Crossed: 91 > 85")
        .alarm("all", "ALARM", "ALARM(\"backend-cpu\")")
        .task("BackendService", json!({ "id": "2", "lastStatus": "PENDING" }));
    let aws = aws(scenario);
    let shown = aws.run(&format!("{STATUS} --exit-code"));
    assert_eq!(shown.code, Some(1), "{shown}");
    assert_says(
        &shown,
        &[
            "2 of 2 running (1 pending)",
            "! health 2 of 3 healthy in web",
            "! 10.0.3.3:8080 unhealthy: Request timed out (Target.Timeout)",
            "! alarms 2 ALARM",
            "! backend-cpu since 2026-01-01 00:00:00: Threshold Crossed: 91 > 85",
            "not all is well: 5 marked with !",
        ],
    );
    assert_eq!(aws.run(STATUS).code, Some(0), "without `--exit-code` it only shows");
}

#[test]
fn drift_of_image_count_and_secret_is_in_the_same_view() {
    let mut other = task("2222", "worker", false);
    other["containers"][0]["image"] = json!("registry.example/worker:by-hand");
    // Its tags were changed since, which makes no value newer.
    let secret = json!({ "ARN": "a", "Name": "app", "LastChangedDate": 1_767_999_999,
        "VersionIdsToStages": { "v1": ["AWSCURRENT"] } });
    let versions = json!({ "Versions": [{ "VersionId": "v1", "CreatedDate": 1_767_260_000 }] });
    let scenario = running(false)
        .task("WorkerService", other)
        .answer("DescribeSecret", move |_| Some(secret.clone().into()))
        .answer("ListSecretVersionIds", move |_| Some(versions.clone().into()));
    let scenario = scenario.answer("DescribeServices", |body| {
        // Somebody scaled the worker by hand.
        let worker =
            body["services"].as_array()?.iter().find(|arn| arn.to_string().contains("worker"))?.clone();
        let task_definition = format!("{DEFINITIONS}/worker:6");
        let deployment = json!({ "id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED",
            "taskDefinition": task_definition });
        let service = json!({ "serviceArn": worker, "status": "ACTIVE", "desiredCount": 4, "runningCount": 4,
            "taskDefinition": task_definition, "deployments": [deployment] });
        Some(json!({ "services": [service] }).into())
    });
    let aws = aws(scenario);
    let shown = aws.run("status backend --stack S");
    assert_says(
        &shown,
        &["! secrets API_KEY changed 2026-01-01 09:33:20, 1 task is older: `docuthinker redeploy backend`"],
    );
    let shown = aws.run("status worker --stack S");
    assert_says(
        &shown,
        &[
            "! tasks 4 of 4 running; the stack declares 1",
            "! not as declared: 1 task runs registry.example/worker:by-hand",
        ],
    );
    assert!(!shown.stdout.contains("\n  backend\n"), "only what was named: {shown}");
}

#[test]
fn what_may_not_be_looked_at_is_said_in_its_place_and_the_rest_is_shown() {
    for (action, permission, name, places) in [
        ("DescribeAlarms", "cloudwatch:DescribeAlarms", "alarms", 1),
        ("DescribeTargetHealth", "elasticloadbalancing:DescribeTargetHealth", "health", 1),
        ("DescribeTasks", "ecs:DescribeTasks", "image", 2),
        ("DescribeServices", "ecs:DescribeServices", "services", 1),
        ("DescribeStackEvents", "cloudformation:DescribeStackEvents", "changes", 1),
    ] {
        let aws = aws(running(false).fault(Fault::new(Wrong::Denied).on(action)));
        let shown = aws.run(&format!("{STATUS} --exit-code"));
        assert_eq!(shown.code, Some(1), "{shown}");
        let place = format!("? {name} not known: not allowed to do {permission}");
        let summary = format!("not all is known: {places} marked with ?");
        assert_says(&shown, &[&place, &summary, "state UPDATE_COMPLETE"]);
        assert_eq!(json_of(&aws, STATUS)["well"], false);
    }
}

#[test]
fn a_service_that_is_not_there_is_a_mistake_of_usage() {
    let aws = aws(running(false));
    let wrong = aws.run("status bakend --stack S");
    assert_eq!(wrong.code, Some(2), "{wrong}");
    assert!(wrong.stderr.contains("no deployed service is called `bakend`"), "{wrong}");
    let absent = aws.run("status --stack Other");
    assert_eq!(absent.code, Some(4), "{absent}");
    assert!(absent.stderr.contains("Other is not deployed"), "{absent}");
}

// R281
#[test]
fn what_services_use_is_told_if_it_is_asked_for() {
    let scenario = running(false).metric("backend-svc", "CPUUtilization", &[20.0, 60.0]);
    let aws = aws(scenario.metric("backend-svc", "MemoryUtilization", &[41.0]));
    let plain = aws.run(STATUS);
    assert!(!plain.stdout.contains("usage") && aws.endpoint.count("GetMetricData") == 0, "{plain}");
    let words = "CPU ▂▅ 40 % on average, 60 % at most; memory ▄ 41 % on average, 41 % at most; during 1h00m";
    let shown = aws.run(&format!("{STATUS} --metrics --exit-code"));
    assert_eq!(shown.code, Some(0), "{shown}");
    assert_says(&shown, &[words, "usage CPU not measured; memory not measured"]);
    let written = json_of(&aws, &format!("{STATUS} --metrics=24h"));
    let usage = &written["stacks"][0]["services"][0]["usage"];
    assert_eq!((&usage["seconds"], &usage["cpu"]["parts"]), (&json!(86400), &json!([20.0, 60.0])));
    aws.endpoint.change(|scenario| scenario.fault(Fault::new(Wrong::Denied).on("GetMetricData")));
    let denied = aws.run(&format!("{STATUS} --metrics"));
    assert_says(&denied, &["? usage not known: not allowed to do cloudwatch:GetMetricData"]);
    assert_eq!(aws.run(&format!("{STATUS} --metrics=1m")).code, Some(2));
}

// R267, R292
#[test]
fn each_task_is_told_with_its_tags_if_that_is_asked_for() {
    let tagged = json!({
        "id": "22222222",
        "healthStatus": "UNHEALTHY",
        "tags": [{ "key": "team", "value": "docs" }, { "key": "aws:ecs:serviceName", "value": "backend" }],
        "attachments": [{ "details": [{ "name": "privateIPv4Address", "value": "10.0.3.9" }] }],
    });
    let mut sick = task("22222222", "backend", false);
    sick.as_object_mut().unwrap().extend(tagged.as_object().unwrap().clone());
    let aws = aws(running(false).task("BackendService", sick));
    let plain = aws.run(STATUS);
    assert!(!plain.stdout.contains("22222222"), "{plain}");
    let shown = aws.run(&format!("{STATUS} --tasks"));
    let revision = "22222222 RUNNING, UNHEALTHY since 2026-01-01 10:00:00, backend:3, 10.0.3.9 [team=docs]";
    assert_says(&shown, &[revision, "11111111 RUNNING, HEALTHY since 2026-01-01 10:00:00, worker:6"]);
    assert!(shown.stdout.lines().any(|line| line.starts_with('!') && line.contains("22222222")), "{shown}");
    let written = json_of(&aws, &format!("{STATUS} --tasks"));
    let tasks = written["stacks"][0]["services"][0]["tasks"].as_array().unwrap();
    let of_sick = tasks.iter().find(|task| task["arn"].as_str().unwrap().ends_with("22222222")).unwrap();
    assert_eq!(of_sick["tags"], json!({ "aws:ecs:serviceName": "backend", "team": "docs" }));
    aws.endpoint.change(|scenario| scenario.fault(Fault::new(Wrong::Denied).on("ListTasks")));
    let denied = aws.run(&format!("{STATUS} --tasks"));
    assert_says(&denied, &["? task not known: not allowed to do ecs:ListTasks"]);
    json_of(&aws, &format!("{STATUS} --tasks"));
}

#[test]
fn stacks_of_the_project_that_are_not_deployed_have_a_line() {
    let aws = Aws::new(Scenario::new());
    let template = aws.run("synth DocuThinkerStack --format json").stdout;
    let aws = Aws::new(Scenario::new().stack("DocuThinkerFoundation", &template, "UPDATE_COMPLETE"));
    let shown = aws.run("status");
    assert_says(&shown, &["DocuThinkerStack in us-east-1: not deployed", "not deployed"]);
    let written = json_of(&aws, "status");
    assert_eq!(written["notDeployed"][0], json!({ "name": "DocuThinkerStack", "region": "us-east-1" }));
}

#[test]
fn outputs_of_a_project_of_which_nothing_is_deployed_end_as_other_commands_do() {
    let aws = Aws::new(Scenario::new());
    let none = aws.run("outputs");
    assert_eq!((none.code, none.stdout.as_str()), (Some(4), ""), "{none}");
    assert!(none.stderr.contains("DocuThinkerFoundation, DocuThinkerStack are not deployed"), "{none}");
    assert!(none.stderr.contains("docuthinker deploy DocuThinkerStack"), "{none}");
}

// C6, C3
#[test]
fn watching_prints_what_changed_and_ends_with_ctrl_c() {
    let aws = aws(running(false));
    let watch = aws.start(&format!("{STATUS} --watch"));
    watch.wait_for("all is well");
    aws.endpoint.change(|scenario: Scenario| scenario.alarm("backend-cpu", "ALARM", "too hot"));
    watch.wait_for("! S: alarms: backend-cpu since 2026-01-01 00:00:00: too hot");
    watch.signal(Signal::INT);
    let ended = watch.end();
    assert_eq!(ended.code, Some(130), "{ended}");
    assert_eq!(ended.stdout.matches("S in us-east-1").count(), 1, "the screen comes once: {ended}");
    assert_eq!(ended.stdout.matches("healthy").count(), 1, "what stays is not repeated: {ended}");
    assert!(!ended.stderr.contains("error") && !ended.stderr.contains("interrupted"), "{ended}");
}

// C6
#[test]
fn watching_writes_an_object_for_programs_whenever_something_has_changed() {
    let aws = aws(running(false));
    let watch = aws.start(&format!("{STATUS} --watch --output json"));
    watch.wait_for("\"well\": true");
    aws.endpoint.change(|scenario: Scenario| scenario.alarm("backend-cpu", "ALARM", "too hot"));
    watch.wait_for("\"well\": false");
    watch.signal(Signal::INT);
    let ended = watch.end();
    assert_eq!(ended.code, Some(130), "{ended}");
    let objects = serde_json::Deserializer::from_str(&ended.stdout).into_iter::<Value>();
    let objects: Vec<Value> = objects.collect::<Result<_, _>>().unwrap_or_else(|_| panic!("{ended}"));
    for object in &objects {
        assert_keeps_the_contract(include_str!("../../../schemas/status-1.json"), object);
    }
    let well: Vec<&Value> = objects.iter().map(|object| &object["well"]).collect();
    assert_eq!(well, [&json!(true), &json!(false)], "what stays is not repeated: {ended}");
}

#[test]
fn watching_ends_when_the_program_that_reads_has_gone() {
    let aws = aws(running(false));
    let binary = env!("CARGO_BIN_EXE_docuthinker");
    let line =
        format!("'{binary}' {STATUS} --watch --output json | head -n 1; echo ended ${{PIPESTATUS[0]}}");
    let mut bash = aws.project.other("bash");
    bash.args(["-c", &line]);
    let shell = Running::start(&aws.project, bash);
    shell.wait_for("{\n");
    // Only who writes sees that nobody reads.
    aws.endpoint.change(|scenario: Scenario| scenario.alarm("backend-cpu", "ALARM", "too hot"));
    let ended = shell.end();
    assert!(ended.stdout.ends_with("ended 0\n") && !ended.stderr.contains("error"), "{ended}");
}

/// Answers every request with this status until the test ends; tells the paths that it was asked for.
fn server(status: u16) -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..length]);
            let _ = tell.send(text.lines().next().unwrap_or_default().to_owned());
            let _ =
                write!(stream, "HTTP/1.1 {status} Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    (address, told)
}

// R243
#[test]
fn the_addresses_among_the_outputs_are_asked_whether_they_are_well() {
    for (status, code, says) in [(200, 0, "  S.Url: "), (503, 1, "! S.Url: ")] {
        let (address, told) = server(status);
        let mut with = template(false);
        with["Outputs"]["Url"]["Value"] = json!(address);
        let aws = aws(Scenario::new().stack("S", &with.to_string(), "UPDATE_COMPLETE"));
        let checked = aws.run("outputs --stack-name S --check");
        assert_eq!(checked.code, Some(code), "{checked}");
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "GET /health HTTP/1.1");
        let begins = format!("{says}{address}/health answers {status} after ");
        assert!(checked.stdout.starts_with(&begins), "{checked}");
        let written = aws.run("outputs --stack-name S --check --output json");
        let written: Value = serde_json::from_str(&written.stdout).unwrap();
        assert_keeps_the_contract(include_str!("../../../schemas/outputs-1.json"), &written);
        assert_eq!(written["checks"][0]["status"], status);
    }
}

#[test]
fn an_address_that_nobody_answers_at_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut with = template(false);
    with["Outputs"]["Url"]["Value"] = json!(format!("http://{}/", listener.local_addr().unwrap()));
    drop(listener);
    let aws = aws(Scenario::new().stack("S", &with.to_string(), "UPDATE_COMPLETE"));
    let checked = aws.run("outputs --stack-name S --check");
    assert_eq!(checked.code, Some(1), "{checked}");
    assert!(checked.stdout.contains("does not answer: ") && checked.stdout.contains("refused"), "{checked}");
}
