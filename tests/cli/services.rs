//! What is deployed to the emulator, looked at while it runs: it has services, tasks and logs.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::emulator::Emulator;

// R146, R266
#[test]
fn what_was_deployed_has_a_status_and_logs() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    project.run(["deploy", "--all", "--local", "--yes"]).success();
    let status = project.run(["status", "--local", "--output", "json"]).json();
    let stack = &status["stacks"][1];
    assert_eq!((&stack["name"], &stack["state"]), (&json!("DocuThinkerStack"), &json!("CREATE_COMPLETE")));
    let services = stack["services"].as_array().unwrap_or_else(|| panic!("{stack:#}"));
    let names: Vec<&str> = services.iter().filter_map(|service| service["name"].as_str()).collect();
    assert_eq!(names, ["ai-ml", "backend"], "{stack:#}");
    assert!(services.iter().all(|service| service["count"]["autoscaled"] == true), "{stack:#}");
    let image = &services[1]["images"][0];
    assert_eq!(
        (&image["setting"]["name"], &image["setting"]["deployed"]),
        (&json!("backend.image"), &json!(true))
    );
    let alarms = stack["alarms"].as_array().unwrap_or_else(|| panic!("{stack:#}"));
    assert!(!alarms.is_empty() && alarms.iter().all(|alarm| alarm["state"].is_string()), "{stack:#}");
    assert!(stack["addresses"].to_string().contains("BackendURL"), "{stack:#}");
    let one = project.run(["status", "ai_ml", "--local"]).success();
    assert!(one.contains("\n  ai-ml\n") && !one.contains("\n  backend\n"), "{one}");

    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let group = "/ecs/docuthinker-backend";
    let stream = json!({ "logGroupName": group, "logStreamName": "ecs/backend/0a1b2c3d" });
    emulator.post_json("logs", "Logs_20140328.CreateLogStream", &stream);
    let mut events = stream;
    events["logEvents"] = json!([{ "timestamp": now - 5000, "message": "listening" }, { "timestamp": now, "message": "ready" }]);
    emulator.post_json("logs", "Logs_20140328.PutLogEvents", &events);
    let logs = project.run(["logs", "backend", "--local"]).success();
    let said: Vec<&str> = logs.lines().filter_map(|line| line.rsplit(' ').next()).collect();
    assert_eq!(said, ["listening", "ready"], "{logs}");
    assert!(logs.starts_with("backend │ "), "{logs}");
}
