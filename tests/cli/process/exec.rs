//! `exec`, against the scripted AWS and a stand-in for the Session Manager plugin.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use endpoint::{Fault, Scenario, Wrong};
use serde_json::json;

use super::running::Running;
use super::services::{NEWEST, aws, running, task, template};
use super::{Aws, assert_no_bug};
use crate::project::Outcome;

/// What the endpoint gives as the token of a session.
const TOKEN: &str = "AAEAAcanaryTOKENvalue0123456789";

/// A plugin of this version that writes down what it was given, and what everybody can see of it and of who called it.
fn plugin(aws: &Aws, version: &str, end: u8) -> String {
    let folder = aws.project.path();
    let script = format!(
        "#!/bin/sh\nif [ \"$1\" = --version ]; then echo {version}; exit 0; fi\n\
         for argument in \"$@\"; do echo \"$argument\"; done > '{0}/arguments'\n\
         printf '%s' \"$AWS_SSM_START_SESSION_RESPONSE\" > '{0}/session'\n\
         cat /proc/$$/cmdline /proc/$PPID/cmdline | tr '\\0' ' ' > '{0}/seen'\n\
         exit {end}\n",
        folder.display()
    );
    let path = aws.project.write("session-manager-plugin", script);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

/// A path with nothing but a shell's tools, and certainly without the plugin.
fn without_plugin(command: &mut Command) {
    command.env("PATH", "/nowhere");
}

fn run(aws: &Aws, path: &str, arguments: &[&str]) -> Outcome {
    let mut command = aws.project.command(["exec", "--stack", "S"].iter().chain(arguments));
    command.env("PATH", path);
    Running::start(&aws.project, command).end()
}

// R269, S1
#[test]
fn a_command_runs_in_the_newest_healthy_task_and_its_token_is_seen_by_nobody() {
    let mut ill = task("99999999", "backend", true);
    ill["startedAt"] = json!(1_767_270_000);
    ill["healthStatus"] = json!("UNHEALTHY");
    let aws = aws(running(true).task("BackendService", ill));
    let path = plugin(&aws, "1.2.553.0", 0);
    let done = run(&aws, &path, &["backend", "--", "sh", "-c", "echo it's"]);
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stderr.contains(&format!("in backend of task {NEWEST}")), "{done}");

    let order = &aws.endpoint.requests_of("ExecuteCommand")[0].body;
    assert!(order["task"].as_str().unwrap().ends_with(NEWEST), "{order}");
    assert_eq!(order["command"], r"sh -c 'echo it'\''s'");
    assert_eq!((&order["interactive"], &order["container"]), (&json!(true), &json!("backend")));

    let target = format!(r#"{{"Target":"ecs:main_{NEWEST}_{NEWEST}-1"}}"#);
    let arguments = aws.project.read("arguments");
    let url = aws.endpoint.url();
    let expected = ["AWS_SSM_START_SESSION_RESPONSE", "us-east-1", "StartSession", "", &target, &url];
    assert_eq!(arguments.lines().collect::<Vec<_>>(), expected);
    let session: serde_json::Value = serde_json::from_str(&aws.project.read("session")).unwrap();
    assert_eq!(session["TokenValue"], TOKEN);
    let seen = aws.project.read("seen");
    assert!(seen.contains("StartSession") && !seen.contains(TOKEN), "{seen}");
    assert!(!done.to_string().contains(TOKEN), "{done}");
}

#[test]
fn an_old_plugin_is_given_the_session_as_an_argument_with_a_warning() {
    let aws = aws(running(true));
    let path = plugin(&aws, "1.2.497.0", 3);
    let done = run(&aws, &path, &["backend", "--task", &NEWEST[..6]]);
    assert_eq!(done.code, Some(1), "{done}");
    assert!(done.stderr.contains("every user of this machine can see"), "{done}");
    assert!(done.stderr.contains("session-manager-plugin ended with 3"), "{done}");
    assert!(aws.project.read("arguments").contains(TOKEN));
    assert_eq!(aws.project.read("session"), "");
    assert!(!done.to_string().contains(TOKEN), "{done}");
    assert_eq!(aws.endpoint.requests_of("ExecuteCommand")[0].body["command"], "/bin/sh");
}

// R269
#[test]
fn all_that_is_missing_is_said_before_anything_is_tried() {
    let aws = aws(running(false));
    let mut command = aws.project.command(["exec", "backend", "--stack", "S"]);
    without_plugin(&mut command);
    let refused = Running::start(&aws.project, command).end();
    assert_no_bug(&refused);
    assert_eq!(refused.code, Some(4), "{refused}");
    for missing in [
        "the program `session-manager-plugin` is not on the PATH",
        "commands in containers are switched off for backend (ECS Exec)",
        "set `cluster.exec: true` and run `docuthinker deploy`",
        "the stack's template lets no role open the channel to Session Manager",
    ] {
        assert!(refused.stderr.contains(missing), "{missing}: {refused}");
    }
    assert_eq!(aws.endpoint.count("ExecuteCommand"), 0);
}

#[test]
fn a_task_or_an_agent_that_cannot_be_entered_is_told() {
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut one = task("33333333", "backend", true);
        change(&mut one);
        Scenario::new().stack("S", &template(true).to_string(), "UPDATE_COMPLETE").task("BackendService", one)
    };
    for (scenario, says) in [
        (
            with(&|task| task["enableExecuteCommand"] = json!(false)),
            "the task 33333333 was started before ECS Exec",
        ),
        (
            with(&|task| task["containers"][0]["managedAgents"][0]["lastStatus"] = json!("STOPPED")),
            "the agent that runs commands in backend is STOPPED (task 33333333)",
        ),
        (with(&|task| task["lastStatus"] = json!("PENDING")), "no task of backend runs"),
    ] {
        let aws = aws(scenario);
        let path = plugin(&aws, "1.2.553.0", 0);
        let refused = run(&aws, &path, &["backend"]);
        assert_eq!(refused.code, Some(4), "{refused}");
        assert!(refused.stderr.contains(says), "{says}: {refused}");
        assert_eq!(aws.endpoint.count("ExecuteCommand"), 0);
    }
}

#[test]
fn what_aws_refuses_is_told_and_no_plugin_is_started() {
    let aws = aws(running(true).fault(Fault::new(Wrong::Denied).on("ExecuteCommand")));
    let path = plugin(&aws, "1.2.553.0", 0);
    let refused = run(&aws, &path, &["backend"]);
    assert_eq!(refused.code, Some(5), "{refused}");
    assert!(refused.stderr.contains("not allowed to do ecs:ExecuteCommand"), "{refused}");
    assert!(!aws.project.path().join("arguments").exists());
    let wrong = run(&aws, &path, &["backend", "--container", "bakend"]);
    assert_eq!(wrong.code, Some(2), "{wrong}");
    assert!(wrong.stderr.contains("has no container `bakend`"), "{wrong}");
}
