//! `redeploy` and `scale`, against ECS as the scripted AWS plays it.

use std::time::Duration;

use endpoint::{Endpoint, Fault, JsonAnswer, Scenario, Wrong};
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::commands::lasting;
use super::{Aws, PATIENCE, assert_no_bug};
use crate::project::Outcome;

/// The registry of the images.
pub(super) const REGISTRY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

/// The service `api` with two tasks of this image.
pub(super) fn service(image: &Value) -> Value {
    let containers = json!([{ "Name": "web", "Image": image, "Essential": true }]);
    let task = json!({ "Family": "api", "ContainerDefinitions": containers });
    let cluster = json!({ "Ref": "Cluster" });
    let api = json!({ "Cluster": cluster, "ServiceName": "api", "DesiredCount": 2, "TaskDefinition": { "Ref": "Task" } });
    json!({ "Resources": {
        "Cluster": { "Type": "AWS::ECS::Cluster", "Properties": { "ClusterName": "main" } },
        "Task": { "Type": "AWS::ECS::TaskDefinition", "UpdateReplacePolicy": "Retain", "Properties": task },
        "ApiService": { "Type": "AWS::ECS::Service", "Properties": api },
    } })
}

/// The image of this version.
pub(super) fn web(version: &str) -> Value {
    json!(format!("{REGISTRY}/web:{version}"))
}

/// An account in which `S` runs version 1 of the service.
pub(super) fn runs() -> Scenario {
    Scenario::new().stack("S", &service(&web("v1")).to_string(), "UPDATE_COMPLETE")
}

/// The same with autoscaling between two and six tasks.
fn autoscaled() -> Scenario {
    let mut template = service(&web("v1"));
    template["Resources"]["ApiService"]["Properties"].as_object_mut().unwrap().remove("DesiredCount");
    let id = json!({ "Fn::Sub": "service/${Cluster}/${ApiService.Name}" });
    let target = json!({ "ResourceId": id, "MinCapacity": 2, "MaxCapacity": 6 });
    template["Resources"]["Target"] =
        json!({ "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": target });
    Scenario::new().stack("S", &template.to_string(), "UPDATE_COMPLETE")
}

/// Tasks that stopped, of which ECS tells.
fn stopped(scenario: Scenario) -> Scenario {
    let arn = "arn:aws:ecs:us-east-1:123456789012:task/main/0123456789abcdef0123456789abcdef";
    let begun = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let ordered = begun.clone();
    let task = json!({
        "taskArn": arn,
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/api:1",
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [{ "name": "web", "exitCode": 3 }],
    });
    scenario
        .answer("UpdateService", move |_| {
            ordered.store(true, std::sync::atomic::Ordering::Relaxed);
            None
        })
        .answer("ListTasks", move |_| {
            let there = begun.load(std::sync::atomic::Ordering::Relaxed);
            Some(JsonAnswer::Ok(json!({ "taskArns": if there { vec![arn] } else { vec![] } })))
        })
        .answer("DescribeTasks", move |_| Some(JsonAnswer::Ok(json!({ "tasks": [task], "failures": [] }))))
}

/// What a run told, without the lines on how many tasks run, which depend on when it looked.
fn told(aws: &Aws, outcome: &Outcome) -> String {
    let text = lasting(aws, outcome);
    let lines = text.lines().filter(|line| !line.contains("tasks running"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn a_service_is_redeployed_and_followed_until_its_new_tasks_run() {
    // R264, R270, R290
    let aws = Aws::new(runs().manual_clock());
    let redeploy = aws.start("redeploy api --stack S");
    redeploy.wait_for("0 of 2 tasks running, 2 starting");
    aws.endpoint.advance(Duration::from_secs(1));
    assert_snapshot!(lasting(&aws, &redeploy.end()), @"
    exit: 0
    --- stderr ---
    S: deploying
    api: 0 of 2 tasks running, 2 starting (new deployment of api:1, in progress)
    api: 2 of 0 tasks running (active deployment of api:1, completed)
    api: 2 of 2 tasks running (new deployment of api:1, completed)
    api is redeployed: 2 of 2 tasks run api:1
    ");
    let order = &aws.endpoint.requests_of("UpdateService")[0].body;
    assert_eq!((&order["forceNewDeployment"], &order["desiredCount"]), (&json!(true), &Value::Null));
}

#[test]
fn a_redeployment_that_fails_ends_with_what_its_tasks_said_when_ecs_has_gone_back() {
    let scenario = runs().manual_clock().rollout_delay(Duration::from_mins(1));
    let aws = Aws::new(stopped(scenario.fail_rollout("api", "tasks failed to start")));
    let redeploy = aws.start("redeploy --stack S");
    redeploy.wait_for("2 starting");
    aws.endpoint.advance(Duration::from_secs(61));
    redeploy.wait_for("failed)");
    aws.endpoint.advance(Duration::from_secs(61));
    assert_snapshot!(told(&aws, &redeploy.end()), @"
    exit: 1
    --- stderr ---
    S: deploying
    ✗ api: a task stopped: Essential container in task exited (EssentialContainerExited)
      container web: exit code 3
    api: tasks failed to start
    error: the new deployment of api failed, and ECS went back to api:1: tasks failed to start
      why: container web, which the task cannot do without, ended (exit code 3)
      do:  its last lines say why; in a running task, `docuthinker exec` opens a shell
      try: aws ecs describe-tasks --cluster main --tasks 0123456789abcdef0123456789abcdef
      see: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
      task 0123456789abcdef0123456789abcdef of ApiService stopped: Essential container in task exited
        container web ended with exit code 3
          no log: it has no log driver
        task: https://us-east-1.console.aws.amazon.com/ecs/v2/clusters/main/tasks/0123456789abcdef0123456789abcdef?region=us-east-1
      now: api runs api:1, 2 of 2 tasks
    hint: docuthinker events S --service api
    ");
}

#[test]
fn an_interrupted_redeployment_goes_on_and_says_so() {
    let aws = Aws::new(runs().hang_rollout("api"));
    let redeploy = aws.start("redeploy api --stack S");
    redeploy.wait_for("2 starting");
    #[cfg(unix)]
    redeploy.signal(rustix::process::Signal::INT);
    let ended = redeploy.end();
    assert_snapshot!(told(&aws, &ended), @"
    exit: 130
    --- stderr ---
    S: deploying
    error: interrupted
      now: the deployment of api goes on in AWS
    hint: docuthinker events S --service api
    ");
    assert_eq!(aws.endpoint.count("UpdateService"), 1);
}

#[test]
fn a_redeployment_whose_time_is_up_goes_on_and_says_so() {
    let aws = Aws::new(runs().hang_rollout("api"));
    let ended = aws.run("redeploy api --stack S --timeout 1s");
    assert_no_bug(&ended);
    assert_eq!(ended.code, Some(8), "{ended}");
    assert!(ended.stderr.contains("the deployment of api goes on in AWS"), "{ended}");
}

#[test]
fn an_order_whose_answer_is_lost_is_not_given_twice() {
    let lost = Fault::new(Wrong::AnswerLost).on("UpdateService").once();
    let aws = Aws::new(runs().fault(lost));
    let ended = aws.run("redeploy api --stack S");
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(aws.endpoint.count("UpdateService"), 1);
    // One that never arrived is given again.
    let dropped = Fault::new(Wrong::Dropped).on("UpdateService").once();
    let aws = Aws::new(runs().fault(dropped));
    assert_eq!(aws.run("redeploy api --stack S").code, Some(0));
    assert_eq!(aws.endpoint.count("UpdateService"), 2);
}

#[test]
fn throttling_and_a_network_that_comes_and_goes_only_take_time() {
    let aws = Aws::new(
        runs()
            .rollout_delay(Duration::from_millis(500))
            .fault(Fault::new(Wrong::Throttled).on("UpdateService").times(2))
            .fault(Fault::new(Wrong::Dropped).on("DescribeServices").after("UpdateService").skip(1).times(3)),
    );
    let ended = aws.run("redeploy api --stack S");
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(ended.stderr.contains("AWS asks to slow down"), "{ended}");
    assert!(ended.stderr.contains("AWS cannot be reached"), "{ended}");
}

#[test]
fn who_may_not_redeploy_is_told_so_and_nothing_is_changed() {
    let aws = Aws::new(runs().fault(Fault::new(Wrong::Denied).on("UpdateService")));
    let ended = aws.run("redeploy api --stack S");
    assert_eq!(ended.code, Some(5), "{ended}");
    assert!(ended.stderr.contains("now: nothing was changed"), "{ended}");
}

/// Holds what a command writes as JSON against its schema.
#[track_caller]
pub(super) fn assert_keeps(schema: &str, written: &Value) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(written).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{written:#}");
}

#[test]
fn programs_get_what_runs_now() {
    let aws = Aws::new(runs());
    let redeployed = aws.run("redeploy api --stack S --output json").json();
    assert_keeps(include_str!("../../../schemas/redeploy-1.json"), &redeployed);
    assert_eq!(redeployed["services"][0]["service"], "api");
    let scaled = aws.run("scale api 3 --stack S --output json").json();
    assert_keeps(include_str!("../../../schemas/scale-1.json"), &scaled);
    assert_eq!((&scaled["running"], &scaled["declared"]), (&json!(3), &json!(2)));
}

#[test]
fn another_number_of_tasks_drifts_where_the_template_names_one() {
    // R208
    let aws = Aws::new(runs());
    let scaled = aws.run("scale api 4 --stack S");
    assert_snapshot!(told(&aws, &scaled), @"
    exit: 0
    --- stderr ---
    S: deploying
    api is scaled: 4 of 4 tasks run api:1
    warning: api now drifts: the template of S has 2 tasks, and a deployment that changes the service brings them back
    hint: to keep 4, set `DesiredCount` of ApiService to it
    ");
    let order = &aws.endpoint.requests_of("UpdateService")[0].body;
    assert_eq!((&order["desiredCount"], &order["forceNewDeployment"]), (&json!(4), &Value::Null));
    assert_eq!(aws.run("scale api 2 --stack S").stderr.matches("drifts").count(), 0);
}

#[test]
fn autoscaling_keeps_the_number_within_its_bounds() {
    let aws = Aws::new(autoscaled());
    assert_snapshot!(told(&aws, &aws.run("scale api 7 --stack S")), @"
    exit: 3
    --- stderr ---
    error: autoscaling keeps at most 6 tasks, so 7 would not last
    hint: set `MaxCapacity` of Target in the stack's template, and deploy it
    ");
    assert_eq!(aws.run("scale api 1 --stack S").code, Some(3));
    assert_eq!(aws.endpoint.count("UpdateService"), 0);
    assert_snapshot!(told(&aws, &aws.run("scale api 5 --stack S")), @"
    exit: 0
    --- stderr ---
    S: deploying
    api is scaled: 5 of 5 tasks run api:1
    autoscaling may change the number again
    ");
}

#[test]
fn nobody_stops_all_tasks_by_accident() {
    let aws = Aws::new(runs());
    let asked = aws.run("scale api 0 --stack S");
    assert_eq!((asked.code, aws.endpoint.count("UpdateService")), (Some(3), 0), "{asked}");
    let stopped = aws.run("scale api 0 --stack S --yes");
    assert_eq!(stopped.code, Some(0), "{stopped}");
    assert!(stopped.stderr.contains("api is scaled: 0 of 0 tasks run api:1"), "{stopped}");
}

#[test]
fn a_stack_that_another_operation_changes_is_replaced_by_it() {
    let aws = Aws::new(runs().hang_rollout("api"));
    let redeploy = aws.start("redeploy api --stack S");
    redeploy.wait_for("2 starting");
    aws.endpoint.update_by_somebody_else("S", &service(&web("v2")).to_string());
    let updated = |endpoint: &Endpoint| endpoint.stack("S").unwrap().status == "UPDATE_COMPLETE";
    let ended = redeploy.end();
    assert!(aws.endpoint.wait_until(PATIENCE, updated));
    assert_eq!(ended.code, Some(4), "{ended}");
    assert!(ended.stderr.contains("something else changed api meanwhile"), "{ended}");
}

#[test]
fn a_project_with_several_services_names_those_that_it_means() {
    let aws = Aws::new(Scenario::new());
    let template = aws.run("synth DocuThinkerStack --format json").json();
    let (backend, ai_ml) = (&template["Resources"]["BackendService"], &template["Resources"]["AiMlService"]);
    assert!(backend.is_object() && ai_ml.is_object());
    let aws = Aws::new(Scenario::new().stack("DocuThinkerStack", &template.to_string(), "UPDATE_COMPLETE"));
    let none = aws.run("redeploy --stack DocuThinkerStack");
    assert_eq!(none.code, Some(2), "{none}");
    assert!(none.stderr.contains("`backend`") && none.stderr.contains("`ai-ml`"), "{none}");
    let both = aws.run("redeploy --all --stack DocuThinkerStack");
    assert_eq!((both.code, aws.endpoint.count("UpdateService")), (Some(0), 2), "{both}");
    let beyond = aws.run("scale backend 50 --stack DocuThinkerStack");
    assert_eq!(beyond.code, Some(3), "{beyond}");
    assert!(beyond.stderr.contains("set `backend.scaling.max` to 50 in docuthinker.yaml"), "{beyond}");
}

#[cfg(unix)]
#[test]
fn on_a_terminal_a_redeployment_is_a_tree_of_services() {
    use super::screen::{can_make_terminals, on_a_terminal};
    if !can_make_terminals() {
        return;
    }
    for columns in [80, 120] {
        let aws = Aws::new(runs().rollout_delay(Duration::from_secs(2)));
        let variables = [("NO_COLOR", "1")];
        let shown = on_a_terminal(&aws, columns, &variables, "redeploy api --stack S").end();
        assert_eq!(shown.code, Some(0), "{shown}");
        assert!(shown.stdout.contains("▸ api") && shown.stdout.contains("✓ api"), "{shown}");
        assert!(shown.stdout.contains("0 of 2 tasks running, 2 starting"), "{shown}");
        assert!(shown.stdout.contains("api is redeployed: 2 of 2 tasks run api:1"), "{shown}");
    }
}

#[cfg(unix)]
#[test]
fn who_asks_for_plain_lines_gets_no_tree() {
    use super::screen::{can_make_terminals, on_a_terminal};
    if !can_make_terminals() {
        return;
    }
    let aws = Aws::new(runs().rollout_delay(Duration::from_secs(1)));
    let variables = [("NO_COLOR", "1"), ("ACCESSIBLE", "1")];
    let shown = on_a_terminal(&aws, 80, &variables, "redeploy api --stack S").end();
    assert_eq!(shown.code, Some(0), "{shown}");
    assert!(!shown.stdout.contains('\u{1b}') && !shown.stdout.contains("▸ api"), "{shown}");
    assert!(shown.stdout.contains("api is redeployed: 2 of 2 tasks run api:1"), "{shown}");
}
