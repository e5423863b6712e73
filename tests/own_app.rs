//! A crate of its own with the whole command line, and what a panic in it looks like.
//!
//! Without a harness, because the process must be the app: this program starts itself again, as the app that the
//! variable `OWN_APP` names.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::process::{Command, ExitCode, Output};

use constructs::{App, LogGroup, Scope, StackOptions};
use docuthinker::Project;
use docuthinker::check::{Findings, Lint, Rule, Severity};
use docuthinker::model::Model;

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

/// A team's own rule: logs are kept for 90 days at most.
static LONG_KEPT: Rule = Rule {
    code: "ACME001",
    severity: Severity::Error,
    page: "Logs that are kept for longer than we may.\n\nOur contracts say 90 days.\n",
    fault: "",
    near: "",
    is_secret: false,
};

static LINTS: &[Lint] = &[Lint { rule: &LONG_KEPT, check: long_kept }];

fn long_kept(model: &Model<'_>, found: &mut Findings) {
    for logs in model.of_type("AWS::Logs::LogGroup") {
        for days in logs.get("RetentionInDays") {
            if let Some(number) = days.number().filter(|number| *number > 90.0) {
                found
                    .at(&days, format!("the logs are kept for {number} days"))
                    .hint("keep them for 90 or less");
            }
        }
    }
}

/// An app with a rule of its own, which one of its stacks is allowed to break.
struct Ruled;

impl Project for Ruled {
    type Settings = worker::Settings;

    fn build(app: &mut App, _: &worker::Settings) {
        let logs = |s: &mut Scope<'_>| {
            LogGroup::named("Logs").retention(constructs::retention!(180)).build(s);
        };
        app.with_stack(StackOptions::named("Ruled"), logs);
        app.with_stack(StackOptions::named("Allowed"), |s| {
            s.allow("ACME001", "the court wants them");
            s.allow("DT030", "there is no image");
            logs(s);
        });
    }

    fn lints() -> &'static [Lint] {
        LINTS
    }
}

fn main() -> ExitCode {
    match std::env::var("OWN_APP").as_deref() {
        Ok("worker") => docuthinker::main::<worker::WorkerApp>(),
        Ok("ruled") => docuthinker::main::<Ruled>(),
        Ok("broken") => docuthinker::main::<Broken>(),
        _ => {
            // A runner that asks for the names of tests gets none.
            if !std::env::args().any(|argument| argument == "--list") {
                another_crate_has_the_whole_command_line();
                a_rule_of_an_app_is_asked_explained_and_allowed();
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

fn a_rule_of_an_app_is_asked_explained_and_allowed() {
    let checked = run("ruled", &["validate"]);
    let report = text(&checked.stdout);
    assert_eq!(checked.status.code(), Some(3), "{report}");
    let at = "error[ACME001]: the logs are kept for 180 days\n  at Ruled/Logs (tests/own_app.rs:";
    assert!(report.contains(at), "{report}");
    assert!(report.contains("\n  at Ruled.yaml:"), "{report}");
    assert!(report.contains("RetentionInDays: 180\n"), "{report}");
    let unused =
        "warning[DT025]: the allowance of `DT030` suppresses nothing\n  at Allowed (tests/own_app.rs:";
    assert!(report.contains(unused), "{report}");
    assert!(report.ends_with("2 templates: 1 error, 1 warning, 1 allowed\n"), "{report}");
    let page = run("ruled", &["validate", "--explain", "ACME001"]);
    assert!(text(&page.stdout).contains("Our contracts say 90 days."), "{}", text(&page.stdout));
    let synth = run("ruled", &["synth"]);
    assert_eq!((synth.status.code(), text(&synth.stdout)), (Some(3), ""), "{}", text(&synth.stderr));
    assert!(text(&synth.stderr).contains("ACME001"), "{}", text(&synth.stderr));
    assert_eq!(run("ruled", &["synth", "Allowed"]).status.code(), Some(0));
}

fn a_panic_is_a_bug_with_exit_code_70_and_without_the_environment() {
    let broken = run("broken", &["synth"]);
    let report = text(&broken.stderr);
    assert_eq!(broken.status.code(), Some(70), "{report}");
    assert!(report.starts_with("error: a bug in docuthinker"), "{report}");
    assert!(report.contains("the number of subnets is odd\n  at tests/own_app.rs:"), "{report}");
    assert!(!report.contains("canary"), "{report}");
}
