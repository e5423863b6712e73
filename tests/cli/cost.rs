//! `cost`: what a month costs, what a change costs, and what would save.

use insta::assert_snapshot;
use serde_json::Value;

use crate::project::Project;

/// Runs `cost` with these arguments; its JSON, which is held against the schema.
#[track_caller]
fn json(project: &Project, arguments: &str) -> Value {
    let outcome = project.run(arguments.split(' ').chain(["--output", "json"]));
    assert_eq!(outcome.code, Some(0), "{outcome}");
    serde_json::from_str(&outcome.stdout).unwrap()
}

/// An amount of dollars in whole cents.
fn cents(value: &Value) -> i64 {
    format!("{:.0}", value.as_f64().unwrap() * 100.0).parse().unwrap()
}

// R191 to R199, R203, C-01, C-02, C-06, C-15
#[test]
fn a_month_of_production() {
    let outcome = Project::new().run(["cost"]);
    assert!(outcome.stdout.lines().all(|line| line.chars().count() <= 80), "{outcome}");
    // What is outside of AWS is in no sum, and that is said.
    assert!(outcome.stdout.contains("databases, model APIs"), "{outcome}");
    assert_snapshot!(outcome);
}

// R204, C-15
#[test]
fn a_month_of_development() {
    assert_snapshot!(Project::new().run(["-e", "dev", "cost"]));
}

// R200, R201, C-30, C-31, C-32
#[test]
fn what_would_save_is_told_with_the_truth_about_it() {
    let project = Project::new();
    let outcome = project.run(["cost", "--what-if"]);
    assert!(outcome.stdout.lines().all(|line| line.chars().count() <= 80), "{outcome}");
    assert_snapshot!(outcome);
    let two = json(&project, "cost --what-if one-nat,arm");
    let saved: Vec<(&str, i64)> = two["whatIf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), cents(&one["applied"]["saving"]["expected"])))
        .collect();
    assert_eq!(saved, [("arm", 1440), ("one-nat", 3650), ("arm,one-nat", 5090)]);
    assert_eq!(two["whatIf"][1]["settings"], serde_json::json!(["network.nat=single"]));
    // The setting saves what the change to the template does.
    let with_setting = json(&project, "cost --set network.nat=single");
    let before = json(&project, "cost");
    let total = |of: &Value| cents(&of["total"]["expected"]);
    assert_eq!(total(&before) - total(&with_setting), 3650);
}

#[test]
fn the_total_is_the_sum_of_the_services_and_these_of_their_lines() {
    let report = json(&Project::new(), "cost --usage out_gb=20000 --usage scaling_percent=50");
    for end in ["least", "expected", "most"] {
        let mut total = 0;
        for service in report["services"].as_array().unwrap() {
            let lines = service["lines"].as_array().unwrap().iter();
            let sum: i64 = lines.map(|line| cents(&line["month"][end])).sum();
            assert_eq!(sum, cents(&service["month"][end]), "{}", service["name"]);
            total += sum;
        }
        assert_eq!(total, cents(&report["total"][end]));
    }
}

const SERVICE: &str = "
Parameters: {Size: {Type: Number}, Stage: {Type: String, Default: prod}}
Conditions: {Prod: !Equals [!Ref Stage, prod]}
Resources:
  Task: {Type: AWS::ECS::TaskDefinition, Properties: {Cpu: !Ref Size, Memory: 1024}}
  Web:
    Type: AWS::ECS::Service
    Properties: {LaunchType: FARGATE, TaskDefinition: !Ref Task, DesiredCount: !If [Prod, 4, 1]}
  Key: {Type: AWS::KMS::Key, Condition: Prod}
  Queue: {Type: AWS::SQS::Queue}
";

#[test]
fn of_any_template_only_what_is_known_is_priced() {
    let project = Project::new();
    project.write("web.yaml", SERVICE);
    assert_snapshot!(project.run(["cost", "--template", "web.yaml"]));
    let dev = json(&project, "cost --template web.yaml --parameter Size=512 --parameter Stage=dev");
    assert_eq!((cents(&dev["total"]["expected"]), &dev["notPriced"]), (1802, &serde_json::json!([])));
    assert_eq!(dev["unknownTypes"], serde_json::json!([{ "typeName": "AWS::SQS::Queue", "count": 1 }]));
    let wrong = project.run(["cost", "--template", "web.yaml", "--parameter", "Sise=512"]);
    assert_eq!(wrong.code, Some(2), "{wrong}");
}

#[test]
fn what_a_change_costs_is_told_by_service() {
    let project = Project::new();
    project.run(["synth"]).success();
    let more = ["cost", "--against", "docuthinker.out", "--set", "backend.memory=2048"];
    assert_snapshot!(project.run(more));
    let same = project.run(["cost", "--diff", "docuthinker.out"]);
    assert!(same.stdout.contains("it costs the same"), "{same}");
    let dev = json(&project, "cost --against-env dev");
    let of = |side: &str| cents(&dev["comparison"][side]["expected"]);
    assert_eq!(of("after") - of("before"), of("difference"));
    assert_eq!(of("before"), cents(&json(&project, "-e dev cost")["total"]["expected"]));
    project.write("old.yaml", SERVICE);
    project.write("new.yaml", SERVICE.replace("[Prod, 4, 1]", "[Prod, 6, 1]"));
    let arguments = "cost --template new.yaml --against old.yaml --parameter Size=512";
    assert_eq!(cents(&json(&project, arguments)["comparison"]["difference"]["expected"]), 3604);
    let file = project.run(["cost", "--against", "old.yaml"]);
    assert!(file.code == Some(2) && file.stderr.contains("compares one stack"), "{file}");
    let itself = project.run(["cost", "--against-env", "prod"]);
    assert_eq!(itself.code, Some(2), "{itself}");
}

#[test]
fn what_cannot_be_assumed_or_priced_is_a_mistake_of_usage() {
    let project = Project::new();
    assert_snapshot!(project.run(["cost", "--usage", "natgb=540", "--usage", "lcu=-1"]));
    assert_snapshot!(project.run(["cost", "--set", "region=eu-west-1"]));
    let run = project.run(["cost", "--set", "region=eu-west-1", "--price-region", "us-east-1"]);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stderr.contains("is deployed to eu-west-1, and priced as in us-east-1"), "{run}");
    let west = json(&project, "-e dr cost");
    assert_eq!(west["regions"], serde_json::json!(["us-west-2"]));
}
