use serde_json::{Value, json};

use super::*;
use crate::services::double::Double;
use crate::services::samples::{container, task};

/// A container definition that logs with this driver.
fn defined(name: &str, driver: &str, options: &[(&str, &str)]) -> Value {
    let options: serde_json::Map<_, _> =
        options.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    json!({ "name": name, "logConfiguration": { "logDriver": driver, "options": options } })
}

fn web() -> Value {
    let options =
        [("awslogs-group", "/ecs/api"), ("awslogs-region", "eu-west-1"), ("awslogs-stream-prefix", "web")];
    defined("web", "awslogs", &options)
}

fn definition(containers: &[Value]) -> Value {
    json!({ "taskDefinition": { "containerDefinitions": containers } })
}

fn stopped(containers: &[&str]) -> StoppedTask {
    let mut stopped = task(1, "Essential container in task exited");
    stopped.containers = containers.iter().map(|name| container(name, Some(1))).collect();
    stopped
}

// L7, L9
#[tokio::test]
async fn the_end_of_an_essential_containers_log_is_read_where_it_is() {
    let double = Double::start(|call| match call.name.as_str() {
        "DescribeTaskDefinition" => {
            let mut sidecar = web();
            (sidecar["name"], sidecar["essential"]) = (json!("sidecar"), json!(false));
            Ok(definition(&[web(), sidecar]))
        }
        _ => Ok(json!({ "events": [{ "message": "first" }, { "message": "no \u{1b}[31mDATABASE_URL\n\n  at main" }] })),
    })
    .await;
    let mut places = LogPlaces::default();
    let logged = with_logs(&double.connection, &mut places, stopped(&["web", "sidecar"])).await;
    assert_eq!(logged.failure, None);
    let [web, sidecar] = &logged.task.containers[..] else { panic!("two containers") };
    assert_eq!(web.log, ["first", "no [31mDATABASE_URL", "at main"]);
    let stream = "web/web/00000000000000000000000000000001";
    let source = LogSource { region: "eu-west-1".into(), group: "/ecs/api".into(), stream: stream.into() };
    assert_eq!((&web.log_source, &web.log_note), (&Some(source), &None));
    assert_eq!((sidecar.log.len(), &sidecar.log_source, &sidecar.log_note), (0, &None, &None));
    let read = &double.calls()[1];
    assert_eq!(read.region, "eu-west-1");
    let expected =
        json!({ "logGroupName": "/ecs/api", "logStreamName": stream, "limit": 20, "startFromHead": false });
    assert_eq!(read.input, expected);
    // The places are known now.
    with_logs(&double.connection, &mut places, stopped(&["web"])).await;
    assert_eq!(double.names(), ["DescribeTaskDefinition", "GetLogEvents", "GetLogEvents"]);
}

#[tokio::test]
async fn an_empty_page_is_not_taken_for_an_empty_log() {
    let double = Double::start(|call| match (call.name.as_str(), call.input["nextToken"].as_str()) {
        ("DescribeTaskDefinition", _) => Ok(definition(&[web()])),
        (_, None) => Ok(json!({ "events": [], "nextBackwardToken": "b/1" })),
        (_, Some("b/1")) => Ok(json!({ "events": [{ "message": "late" }], "nextBackwardToken": "b/2" })),
        _ => Err("InvalidParameterException"),
    })
    .await;
    let logged = with_logs(&double.connection, &mut LogPlaces::default(), stopped(&["web"])).await;
    assert_eq!(logged.task.containers[0].log, ["late"]);
}

#[tokio::test]
async fn where_nothing_can_be_read_it_is_said_why() {
    let double = Double::start(|call| match call.name.as_str() {
        "DescribeTaskDefinition" => Ok(definition(&[
            web(),
            defined("fire", "awsfirelens", &[("Name", "cloudwatch")]),
            defined("splunk", "splunk", &[]),
            defined("bare", "awslogs", &[("awslogs-group", "g")]),
            json!({ "name": "none" }),
        ])),
        _ => Err("ResourceNotFoundException"),
    })
    .await;
    let names = ["web", "fire", "splunk", "bare", "none"];
    let logged = with_logs(&double.connection, &mut LogPlaces::default(), stopped(&names)).await;
    let notes: Vec<_> = logged.task.containers.iter().filter_map(|one| one.log_note.as_deref()).collect();
    let expected = [
        "it wrote nothing into the log group /ecs/api",
        "FireLens sends its log elsewhere",
        "its log goes to splunk",
        "its log stream has no prefix, so its name is not known",
        "it has no log driver",
    ];
    assert_eq!(notes, expected);
    assert_eq!(logged.failure, None);
}

// A6
#[tokio::test]
async fn a_task_is_told_without_logs_where_they_may_not_be_read() {
    let double = Double::start(|call| match call.name.as_str() {
        "DescribeTaskDefinition" if call.input["taskDefinition"] == "forbidden" => {
            Err("AccessDeniedException")
        }
        "DescribeTaskDefinition" => Ok(definition(&[web()])),
        _ => Err("AccessDeniedException"),
    })
    .await;
    let mut places = LogPlaces::default();
    let unread = with_logs(&double.connection, &mut places, stopped(&["web"])).await;
    let failure = unread.failure.unwrap();
    assert_eq!((failure.action, failure.class), ("logs:GetLogEvents", Class::Denied));
    let web = &unread.task.containers[0];
    assert_eq!((web.log_note.as_deref(), web.log.len()), (Some("its log could not be read"), 0));
    assert!(web.log_source.is_some(), "the console may show it to others");
    let mut task = stopped(&["web"]);
    task.task_definition = "forbidden".to_owned();
    let unknown = with_logs(&double.connection, &mut places, task.clone()).await;
    assert_eq!((unknown.failure.unwrap().action, unknown.task), ("ecs:DescribeTaskDefinition", task));
}

#[test]
fn the_last_twenty_lines_are_kept_and_shortened() {
    let messages: Vec<String> = (0..15).map(|number| format!("a{number}\r\nb{number}\n\t")).collect();
    let kept = lines(messages.iter().map(String::as_str));
    assert_eq!((kept.len(), kept[0].as_str(), kept[19].as_str()), (20, "a5", "b14"));
    let long = "ä".repeat(400);
    assert_eq!(lines([long.as_str()].into_iter())[0].chars().count(), 301);
}
