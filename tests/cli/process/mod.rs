//! The built command as a process: signals, streams, terminals and the clock, against the scripted AWS.

#[cfg(unix)]
mod backup;
mod canary;
mod commands;
#[cfg(unix)]
mod context;
mod diff;
#[cfg(unix)]
mod doctor;
mod drift;
#[cfg(unix)]
mod exec;
#[cfg(unix)]
mod failover;
mod forms;
mod import;
#[cfg(unix)]
mod interrupt;
#[cfg(unix)]
mod interrupt_elsewhere;
#[cfg(unix)]
mod killed;
#[cfg(unix)]
mod logs;
#[cfg(unix)]
mod pipes;
mod race;
mod rollback;
mod rollout;
mod running;
#[cfg(unix)]
mod scaling;
#[cfg(unix)]
mod screen;
#[cfg(unix)]
mod screens;
#[cfg(unix)]
mod secrets;
#[cfg(target_os = "linux")]
mod secrets_canary;
#[cfg(unix)]
mod secrets_check;
#[cfg(unix)]
mod services;
#[cfg(unix)]
mod status;
#[cfg(unix)]
mod tail;
#[cfg(unix)]
mod time;
#[cfg(unix)]
mod unanswered;

use std::time::Duration;

use endpoint::{Endpoint, Scenario};
use serde_json::json;

use crate::project::{Outcome, Project};
use running::Running;

/// Deploys what is in `t.json` to the stack `S`.
const DEPLOY: &str = "deploy --template t.json --stack-name S --no-validate --yes";

/// How long anything may take that takes a moment on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_mins(1);

/// Less than the command waits for an answer that does not come, which is 20 s; and a lot for ending.
#[cfg(unix)]
const AT_ONCE: Duration = Duration::from_secs(18);

/// What takes until after the test.
const LONG: Duration = Duration::from_hours(1);

/// A scripted AWS, and a folder with a template from which the command talks to it.
struct Aws {
    endpoint: Endpoint,
    project: Project,
}

impl Aws {
    /// An AWS that plays `scenario`; `t.json` is the template called `new`.
    fn new(scenario: Scenario) -> Aws {
        let endpoint = Endpoint::start_blocking(scenario);
        let project = Project::new().variable("AWS_ENDPOINT_URL", &endpoint.url());
        let project = project.variable("AWS_REGION", "us-east-1");
        project.write("t.json", template("new"));
        Aws { endpoint, project }
    }

    /// Starts the command with these arguments.
    fn start(&self, arguments: &str) -> Running<'_> {
        Running::start(&self.project, self.project.command(arguments.split(' ')))
    }

    /// Runs the command with these arguments to its end.
    fn run(&self, arguments: &str) -> Outcome {
        self.start(arguments).end()
    }

    /// The state of the stack `S`.
    #[track_caller]
    fn status(&self) -> String {
        self.endpoint.stack("S").unwrap().status
    }

    /// Waits until the stack `S` is in this state.
    #[track_caller]
    fn wait_for_status(&self, status: &str) {
        let there = |endpoint: &Endpoint| endpoint.stack("S").is_some_and(|stack| stack.status == status);
        assert!(self.endpoint.wait_until(PATIENCE, there), "{:?}", self.endpoint.stack("S"));
    }

    /// Waits for so many requests of an action.
    #[track_caller]
    fn wait_for(&self, action: &str, count: usize) {
        assert!(self.endpoint.wait_for(action, count, PATIENCE), "no {action} number {count}");
    }

    /// What must hold after a run that has executed nothing: no change set and no announced stack is left of it.
    #[track_caller]
    fn assert_nothing_is_left(&self) {
        for stack in self.endpoint.stacks() {
            assert_ne!(stack.status, "REVIEW_IN_PROGRESS");
            assert!(stack.change_sets.is_empty(), "{:?}", stack.change_sets);
        }
    }
}

/// A topic, and a queue that is made after it; another `name` changes both in place.
fn template(name: &str) -> String {
    let topic = json!({ "Type": "AWS::SNS::Topic", "Properties": { "DisplayName": name } });
    let tags = json!([{ "Key": "name", "Value": name }]);
    let queue = json!({ "Type": "AWS::SQS::Queue", "DependsOn": "Topic", "Properties": { "Tags": tags } });
    json!({ "Resources": { "Topic": topic, "Queue": queue } }).to_string()
}

/// An account in which `S` is deployed from the template called `old`.
fn deployed() -> Scenario {
    Scenario::new().stack("S", &template("old"), "UPDATE_COMPLETE")
}

/// What must hold however a run ends: the tool is not broken, and says nothing of its inside.
#[track_caller]
fn assert_no_bug(outcome: &Outcome) {
    assert_ne!(outcome.code, Some(70), "{outcome}");
    for word in ["panicked", "a bug in docuthinker", "RUST_BACKTRACE"] {
        assert!(!outcome.stderr.contains(word), "{outcome}");
    }
}
