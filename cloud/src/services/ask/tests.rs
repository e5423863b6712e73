use serde_json::{Value, json};

use super::*;
use crate::engine::progress::Timestamp;
use crate::services::double::Double;
use crate::services::samples::API;

fn reference(cluster: &str, name: &str) -> ServiceRef {
    let arn = format!("arn:aws:ecs:us-east-1:123456789012:service/{cluster}/{name}");
    ServiceRef::of(&name.to_uppercase(), &arn).unwrap()
}

fn api() -> ServiceRef {
    ServiceRef::of("Api", API).unwrap()
}

fn described(arn: &Value) -> Value {
    json!({
        "serviceArn": arn,
        "status": "ACTIVE",
        "deployments": [{
            "id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": "td:2", "desiredCount": 2,
            "runningCount": 1, "pendingCount": 1, "failedTasks": 3, "createdAt": 1_700_000_000.5,
            "rolloutState": "IN_PROGRESS", "rolloutStateReason": "in\u{1b}[2J progress",
        }],
        "events": [
            { "message": "newest\u{7}", "createdAt": 1_700_000_002 },
            { "message": "older", "createdAt": 1_700_000_001 },
        ],
    })
}

fn task(number: u32, status: &str, stopped_at: Option<u32>) -> Value {
    json!({
        "taskArn": format!("arn:aws:ecs:us-east-1:123456789012:task/main/{number}"),
        "taskDefinitionArn": "td:2", "startedBy": "ecs-svc/2", "lastStatus": status,
        "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container\u{1b} in task exited",
        "stoppedAt": stopped_at,
        "containers": [
            { "name": "web", "exitCode": 137, "reason": "OutOfMemoryError: x" },
            { "name": "proxy" },
        ],
    })
}

// L9
#[tokio::test]
async fn a_service_is_told_with_its_deployments_and_newest_message() {
    let double =
        Double::start(|call| Ok(json!({ "services": [described(&call.input["services"][0])] }))).await;
    let states = look(&double.connection, &[api()]).await.unwrap();
    let expected = ServiceState {
        logical_id: "Api".into(),
        service: API.into(),
        deployments: vec![ServiceDeployment {
            id: "ecs-svc/2".into(),
            status: "PRIMARY".into(),
            rollout: Some("IN_PROGRESS".into()),
            rollout_reason: Some("in [2J progress".into()),
            task_definition: "td:2".into(),
            desired: 2,
            running: 1,
            pending: 1,
            failed: 3,
            created: Some(Timestamp(1_700_000_000_500)),
        }],
        message: Some("newest".into()),
        message_time: Some(Timestamp(1_700_000_002_000)),
    };
    assert_eq!(states, [expected]);
    assert_eq!(double.calls()[0].input, json!({ "cluster": "main", "services": [API] }));
}

#[tokio::test]
async fn services_are_asked_for_by_cluster_ten_at_a_time() {
    let double = Double::start(|call| {
        let services = call.input["services"].as_array().unwrap().iter().map(described);
        Ok(json!({ "services": services.collect::<Vec<_>>() }))
    })
    .await;
    let mut services: Vec<_> = (0..12).map(|number| reference("main", &format!("s{number}"))).collect();
    services.insert(3, reference("other", "api"));
    assert_eq!(look(&double.connection, &services).await.unwrap().len(), 13);
    let sizes: Vec<_> = double
        .calls()
        .iter()
        .map(|call| {
            (
                call.input["cluster"].as_str().unwrap().to_owned(),
                call.input["services"].as_array().unwrap().len(),
            )
        })
        .collect();
    assert_eq!(sizes, [("main".to_owned(), 10), ("main".to_owned(), 2), ("other".to_owned(), 1)]);
    assert_eq!(look(&double.connection, &[]).await.unwrap(), []);
    assert_eq!(double.calls().len(), 3);
}

#[tokio::test]
async fn services_that_are_gone_are_left_out() {
    let double = Double::start(|call| {
        if call.input["cluster"] == "gone" {
            return Err("ClusterNotFoundException");
        }
        let mut inactive = described(&json!(API));
        inactive["status"] = json!("INACTIVE");
        Ok(json!({ "services": [inactive], "failures": [{ "arn": "x", "reason": "MISSING" }] }))
    })
    .await;
    let services = [reference("gone", "x"), api(), reference("main", "missing")];
    assert_eq!(look(&double.connection, &services).await.unwrap(), []);
    assert_eq!(double.calls().len(), 2);
    assert_eq!(stopped_tasks(&double.connection, &reference("gone", "x")).await.unwrap(), []);
}

// A6
#[tokio::test]
async fn a_denial_is_given_back_at_once_and_names_the_action() {
    let double = Double::start(|call| match call.name.as_str() {
        "ListTasks" if call.input["serviceName"] == "api" => Ok(json!({ "taskArns": ["t"] })),
        _ => Err("AccessDeniedException"),
    })
    .await;
    let connection = &double.connection;
    let failures = [
        look(connection, &[api()]).await.unwrap_err(),
        stopped_tasks(connection, &reference("main", "forbidden")).await.unwrap_err(),
        stopped_tasks(connection, &api()).await.unwrap_err(),
    ];
    let expected = ["ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks"];
    assert_eq!(failures.each_ref().map(|failure| failure.action), expected);
    assert!(
        failures.iter().all(|failure| failure.class == Class::Denied && failure.message == "no [31m way")
    );
    assert_eq!(double.names(), ["DescribeServices", "ListTasks", "ListTasks", "DescribeTasks"]);
}

#[tokio::test]
async fn a_throttled_question_is_not_repeated_here() {
    let double = Double::start(|_| Err("ThrottlingException")).await;
    assert!(look(&double.connection, &[api()]).await.unwrap_err().passes());
    assert_eq!(double.calls().len(), 1);
}

// L7, L9
#[tokio::test]
async fn a_stopped_task_is_told_with_its_reason_and_exit_codes() {
    let double = Double::start(|call| match call.name.as_str() {
        "ListTasks" => Ok(json!({ "taskArns": ["1"] })),
        _ => Ok(json!({ "tasks": [task(1, "STOPPED", Some(1_700_000_000))] })),
    })
    .await;
    let tasks = stopped_tasks(&double.connection, &api()).await.unwrap();
    let container = |name: &str, exit_code, reason: Option<&str>| StoppedContainer {
        name: name.into(),
        exit_code,
        reason: reason.map(Into::into),
        log: Vec::new(),
        log_note: None,
        log_source: None,
    };
    let expected = StoppedTask {
        logical_id: "Api".into(),
        service: API.into(),
        deployment: Some("ecs-svc/2".into()),
        task: "arn:aws:ecs:us-east-1:123456789012:task/main/1".into(),
        task_definition: "td:2".into(),
        stopped: Some(Timestamp(1_700_000_000_000)),
        code: Some("EssentialContainerExited".into()),
        reason: Some("Essential container in task exited".into()),
        containers: vec![
            container("web", Some(137), Some("OutOfMemoryError: x")),
            container("proxy", None, None),
        ],
    };
    assert_eq!(tasks, [expected]);
    let [list, describe] = &double.calls()[..] else { panic!("two calls") };
    assert_eq!(list.input, json!({ "cluster": "main", "serviceName": "api", "desiredStatus": "STOPPED" }));
    assert_eq!(describe.input, json!({ "cluster": "main", "tasks": ["1"] }));
}

#[tokio::test]
async fn the_ten_newest_tasks_that_have_ended_are_told() {
    let double = Double::start(|call| match call.name.as_str() {
        "ListTasks" if call.input["serviceName"] == "none" => Ok(json!({ "taskArns": [] })),
        "ListTasks" => Ok(json!({ "taskArns": ["1"] })),
        _ => {
            let mut tasks: Vec<_> = (1..=12).map(|number| task(number, "STOPPED", Some(number))).collect();
            tasks.push(task(13, "STOPPING", None));
            let mut ending = task(14, "DEPROVISIONING", None);
            ending["executionStoppedAt"] = json!(14);
            tasks.insert(0, ending);
            Ok(json!({ "tasks": tasks }))
        }
    })
    .await;
    let tasks = stopped_tasks(&double.connection, &api()).await.unwrap();
    let numbers: Vec<_> = tasks.iter().map(|task| task.task.rsplit('/').next().unwrap()).collect();
    assert_eq!(numbers, ["14", "12", "11", "10", "9", "8", "7", "6", "5", "4"]);
    assert_eq!(stopped_tasks(&double.connection, &reference("main", "none")).await.unwrap(), []);
}
