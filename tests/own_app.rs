//! A crate of its own with the whole command line, and what a panic in it looks like.
//!
//! Without a harness, because the process must be the app: this program starts itself again, as the app that the
//! variable `OWN_APP` names.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::process::{Command, ExitCode, Output};

use constructs::App;
use docuthinker::Project;

#[path = "../examples/worker.rs"]
#[expect(dead_code, reason = "an example has a main function of its own")]
mod worker;

/// An app with a bug.
struct Broken;

impl Project for Broken {
    type Settings = worker::Settings;

    fn build(_: &mut App, _: &worker::Settings) {
        panic!("the number of subnets is odd");
    }
}

fn main() -> ExitCode {
    match std::env::var("OWN_APP").as_deref() {
        Ok("worker") => docuthinker::main::<worker::WorkerApp>(),
        Ok("broken") => docuthinker::main::<Broken>(),
        _ => {
            // A runner that asks for the names of tests gets none.
            if !std::env::args().any(|argument| argument == "--list") {
                another_crate_has_the_whole_command_line();
                a_panic_is_a_bug_with_exit_code_70_and_without_the_environment();
            }
            ExitCode::SUCCESS
        }
    }
}

fn run(app: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .env("OWN_APP", app)
        .env("NO_COLOR", "1")
        .env("AWS_SECRET_ACCESS_KEY", "canary-in-the-environment")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn another_crate_has_the_whole_command_line() {
    let list = run("worker", &["list"]);
    assert_eq!(text(&list.stdout), "Worker  The images and the logs of a worker\n", "{}", text(&list.stderr));
    let template = run("worker", &["synth", "Worker", "-e", "dev"]);
    let template = text(&template.stdout);
    assert!(
        template.contains("RetentionInDays: 7") && template.contains("LogGroupName: /worker/worker-dev"),
        "{template}"
    );
    let wrong = run("worker", &["synth", "--set", "retention_days=8"]);
    assert_eq!(wrong.status.code(), Some(3));
    assert!(text(&wrong.stderr).contains("examples/worker.rs:"), "{}", text(&wrong.stderr));
}

fn a_panic_is_a_bug_with_exit_code_70_and_without_the_environment() {
    let broken = run("broken", &["synth"]);
    let report = text(&broken.stderr);
    assert_eq!(broken.status.code(), Some(70), "{report}");
    assert!(report.starts_with("error: a bug in docuthinker"), "{report}");
    assert!(report.contains("the number of subnets is odd\n  at tests/own_app.rs:"), "{report}");
    assert!(!report.contains("canary"), "{report}");
}
