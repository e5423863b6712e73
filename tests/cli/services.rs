//! What is deployed to the emulator, looked at while it runs: it has services, tasks and logs.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

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

/// The backend's service, as ECS tells of it.
fn backend(emulator: &Emulator) -> Value {
    let asked = json!({ "cluster": "docuthinker-cluster", "services": ["backend-service"] });
    emulator.json("ecs", "AmazonEC2ContainerServiceV20141113.DescribeServices", &asked)["services"][0].clone()
}

// R264
#[test]
fn as_many_tasks_are_wanted_as_were_asked_for() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    project.run(["deploy", "--all", "--local", "--yes"]).success();
    assert_ne!(backend(&emulator)["desiredCount"], 3);
    let scaled = project.run(["scale", "backend", "3", "--local", "--yes"]);
    assert_eq!(scaled.code, Some(0), "{scaled}");
    let service = backend(&emulator);
    assert_eq!(service["desiredCount"], 3, "{service:#}");
}

/// Stores an image of the backend, and gives its digest.
fn image(emulator: &Emulator, tag: &str) -> String {
    let manifest = json!({ "schemaVersion": 2, "of": tag }).to_string();
    let image =
        json!({ "repositoryName": "docuthinker-backend", "imageTag": tag, "imageManifest": manifest });
    let stored = emulator.json("ecr", "AmazonEC2ContainerRegistry_V20150921.PutImage", &image);
    stored["image"]["imageId"]["imageDigest"].as_str().unwrap_or_else(|| panic!("{stored:#}")).to_owned()
}

// R264
#[test]
fn a_service_that_goes_back_has_the_digest_of_before_in_the_template() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    project.run(["deploy", "--all", "--local", "--yes"]).success();
    let [before, after] = ["v1.1", "v2.0"].map(|tag| image(&emulator, tag));
    assert_ne!(before, after);
    let declares = |digest: &str| {
        let asked = "GetTemplate&StackName=DocuThinkerStack";
        let template = emulator.query("cloudformation", "2010-05-15", asked, "TemplateBody").concat();
        assert!(!template.is_empty(), "there is no template");
        template.contains(digest)
    };
    for (tag, digest) in [("v1.1", &before), ("v2.0", &after)] {
        let image = format!("backend={tag}");
        let deployed = project.run(["deploy", "DocuThinkerStack", "--local", "--yes", "--image", &image]);
        assert_eq!(deployed.code, Some(0), "{deployed}");
        assert!(declares(digest), "{deployed}");
    }
    let back = project.run(["rollback", "--service", "backend", "--local", "--yes"]);
    assert_eq!(back.code, Some(0), "{back}");
    assert!(declares(&before) && !declares(&after), "{back}");
}
