//! The screen, with everything that can be on it.

use cloud::{Outcome, ServiceEvent, TargetHealth};

use super::super::view::{Address, Count, NewerSecret, NotDeployed, RunningImage, Setting};
use super::*;

/// So many seconds after 2026-01-01 10:00:00.
fn at(seconds: i64) -> Timestamp {
    Timestamp((1_767_261_600 + seconds) * 1000)
}

fn deployment(status: &str, rollout: &str, failed: i32) -> ServiceDeployment {
    ServiceDeployment {
        id: "ecs-svc/1234567890123456789".to_owned(),
        status: status.to_owned(),
        rollout: Some(rollout.to_owned()),
        rollout_reason: Some("ECS deployment ecs-svc/1234567890123456789 in progress.".to_owned()),
        task_definition: "arn:aws:ecs:us-east-1:123456789012:task-definition/backend:7".to_owned(),
        desired: 2,
        running: 1,
        pending: 1,
        failed,
        created: Some(at(5)),
    }
}

fn target(id: &str, state: &str, reason: Option<(&str, &str)>) -> TargetHealth {
    TargetHealth {
        target: id.to_owned(),
        port: Some(8080),
        state: state.to_owned(),
        reason: reason.map(|(code, _)| code.to_owned()),
        description: reason.map(|(_, words)| words.to_owned()),
    }
}

fn service(name: &str, well: bool) -> Service {
    let mismatch = Some(("Target.ResponseCodeMismatch", "Health checks failed with these codes: [502]"));
    let mut targets = vec![target("10.0.1.7", "healthy", None), target("10.0.9.9", "draining", None)];
    let (mut rollout, mut drift, mut newer) = (vec![deployment("PRIMARY", "COMPLETED", 0)], vec![], vec![]);
    if !well {
        targets.push(target("10.0.2.9", "unhealthy", mismatch));
        rollout = vec![deployment("PRIMARY", "IN_PROGRESS", 3), deployment("ACTIVE", "COMPLETED", 0)];
        drift = vec!["the service runs backend:7, the stack declares backend:6".to_owned()];
        newer = vec![NewerSecret { variable: "API_KEY".to_owned(), changed: at(9), tasks: 1 }];
    }
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let group = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0a1b".to_owned();
    let image = |tag: &str| format!("123456789012.dkr.ecr.us-east-1.amazonaws.com/docuthinker-{name}{tag}");
    Service {
        name: name.to_owned(),
        logical_id: String::new(),
        arn: String::new(),
        status: "ACTIVE".to_owned(),
        count: Count {
            desired: 2,
            running: if well { 2 } else { 1 },
            pending: i32::from(!well),
            declared: Some(if well { 2 } else { 3 }),
            autoscaled: well,
            minimum: Some(2),
            maximum: Some(10),
        },
        rollout,
        targets: Told::Known(vec![Targets { target_group: group, targets }]),
        images: Told::Known(vec![Image {
            container: name.to_owned(),
            declared: Some(image(":v1.0")),
            running: vec![RunningImage { image: image(":v1.0"), digest: Some(digest), tasks: 2 }],
            setting: Some(Setting {
                name: format!("{name}.image"),
                value: if well { "v1.0" } else { "v2.0" }.to_owned(),
                deployed: well,
            }),
            drift,
        }]),
        newer_secrets: Told::Known(newer),
        tasks: None,
        usage: None,
        message: Some(ServiceEvent {
            time: Some(at(60)),
            message: if well {
                "(service x) has reached a steady state."
            } else {
                "(service x) is unhealthy."
            }
            .to_owned(),
        }),
    }
}

fn alarm(name: &str, state: &str) -> Alarm {
    let reason = "Threshold Crossed: 2 datapoints [91.2, 93.0] were greater than the threshold (85.0).";
    let reason = Some(reason.to_owned());
    Alarm { name: name.to_owned(), state: state.to_owned(), reason, since: Some(at(7)), composite: false }
}

fn stack(services: Told<Vec<Service>>, alarms: Told<Vec<Alarm>>) -> Stack {
    let url = "https://docuthinker-alb-1234567890.us-east-1.elb.amazonaws.com".to_owned();
    Stack {
        name: "DocuThinkerStack".to_owned(),
        region: "us-east-1".to_owned(),
        state: "UPDATE_COMPLETE".to_owned(),
        reason: None,
        changed: Some(at(0)),
        deployments: Told::Known(vec![Operation {
            id: "0a1b2c3d-0000-4000-a000-000000000000".to_owned(),
            kind: "UPDATE".to_owned(),
            outcome: Outcome::Succeeded,
            began: at(-250),
            ended: Some(at(0)),
        }]),
        services,
        alarms,
        addresses: vec![Address { name: "BackendURL".to_owned(), url }],
    }
}

fn status(stacks: Vec<Stack>) -> Status {
    Status { well: stacks.iter().all(Stack::is_well), stacks, not_deployed: Vec::new() }
}

pub(in super::super) fn well() -> Status {
    let services = vec![service("backend", true), service("ai-ml", true)];
    status(vec![stack(Told::Known(services), Told::Known(vec![alarm("cpu", "OK"), alarm("memory", "OK")]))])
}

pub(in super::super) fn bad() -> Status {
    let services = vec![service("backend", false), service("ai-ml", true)];
    let alarms = vec![alarm("cpu", "ALARM"), alarm("memory", "OK"), alarm("new", "INSUFFICIENT_DATA")];
    status(vec![stack(Told::Known(services), Told::Known(alarms))])
}

fn denied() -> Status {
    let mut service = service("backend", true);
    let unknown = |action: &str| format!("not allowed to do {action}: User: x is not authorized");
    service.targets = Told::Unknown { unknown: unknown("elasticloadbalancing:DescribeTargetHealth") };
    let alarms = Told::Unknown { unknown: unknown("cloudwatch:DescribeAlarms") };
    status(vec![stack(Told::Known(vec![service]), alarms)])
}

// C6, R275, R266
#[test]
fn the_screen_is_read_without_colours_at_any_width() {
    for (name, status) in [("well", well()), ("bad", bad()), ("denied", denied())] {
        for columns in [80, 120] {
            let text = screen(&status, Some(columns), &str::to_owned);
            // Only a word that cannot be broken may be longer.
            let too_long = |line: &&str| line.width() > columns && line.trim().contains(' ');
            let long: Vec<&str> =
                text.lines().filter(too_long).filter(|line| !line.contains(".dkr.ecr.")).collect();
            assert!(long.is_empty(), "{long:?}");
            assert!(!text.contains('\u{1b}'));
            insta::assert_snapshot!(format!("{name}-{columns}"), text);
        }
        assert_eq!(status.well, name == "well");
    }
}

#[test]
fn commands_get_the_options_of_the_run_before_their_lines_are_broken() {
    let options = "-e staging --config somewhere/else/settings.yaml";
    let whole = format!("docuthinker {options} redeploy");
    let told = |text: &str| text.replace("docuthinker redeploy", &whole);
    let text = screen(&bad(), Some(80), &told);
    assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(&whole), "{text}");
    let commands = text.lines().filter(|line| line.contains("settings.yaml") || line.contains("redeploy"));
    assert!(commands.clone().count() > 0 && commands.clone().all(|line| line.width() <= 80), "{text}");
}

#[test]
fn what_autoscaling_is_held_by_is_told() {
    let count = |minimum, maximum| Count {
        desired: 4,
        running: 4,
        pending: 0,
        declared: None,
        autoscaled: true,
        minimum,
        maximum,
    };
    assert_eq!(count(Some(2), Some(4)).bound(), ", at its maximum of 4");
    assert_eq!(count(Some(4), Some(10)).bound(), ", at its minimum of 4");
    assert_eq!(count(Some(4), Some(4)).bound(), ", which may only have 4");
    assert_eq!(count(Some(2), None).bound(), "");
}

#[test]
fn only_what_is_new_makes_a_new_line() {
    let lines = |status: &Status| facts(status).iter().map(Fact::line).collect::<Vec<_>>();
    let (before, after) = (lines(&well()), lines(&bad()));
    let new: Vec<&String> = after.iter().filter(|line| !before.contains(line)).collect();
    assert!(new.iter().any(|line| line.starts_with("! DocuThinkerStack backend: tasks: 1 of 2 running")));
    assert!(!new.iter().any(|line| line.contains("ai-ml: tasks")), "{new:?}");
}

// R281
#[test]
fn what_a_service_uses_is_one_line() {
    let used = |parts: &[f64], average, most| Some(cloud::Used { average, most, parts: parts.to_vec() });
    let cpu = used(&[0.0, 50.0, 100.0], 50.0, 120.4);
    let usage = cloud::Usage { seconds: 3600, cpu, memory: used(&[40.2], 40.2, 41.0) };
    let words =
        "CPU ▁▅█ 50 % on average, 120 % at most; memory ▄ 40 % on average, 41 % at most; during 1h00m";
    assert_eq!(usage_text(&usage), words);
    let usage = cloud::Usage { cpu: None, memory: None, ..usage };
    assert_eq!(usage_text(&usage), "CPU not measured; memory not measured; during 1h00m");
}

#[test]
fn a_stack_that_is_not_deployed_has_a_line() {
    let mut status = well();
    status.not_deployed.push(NotDeployed { name: "Edge".to_owned(), region: "us-east-1".to_owned() });
    let text = screen(&status, None, &str::to_owned);
    let end = "\nEdge in us-east-1: not deployed\n\nall is well; 1 stack is not deployed\n";
    assert!(text.ends_with(end), "{text}");
    assert_eq!(facts(&status).last().map(Fact::line).as_deref(), Some("  Edge: state: not deployed"));
}

// S9
#[test]
fn what_aws_calls_things_cannot_drive_the_terminal() {
    let mut status = well();
    status.stacks[0].state = "\u{1b}[2J".to_owned();
    assert!(!screen(&status, None, &str::to_owned).contains('\u{1b}'));
    assert!(!facts(&status)[0].line().contains('\u{1b}'));
}
