//! A small complete app: the images and the logs of one worker, with settings of its own.
//!
//! ```sh
//! cargo run --no-default-features --example worker -- synth Worker
//! cargo run --example worker -- deploy --local --yes
//! ```

use std::process::ExitCode;

use constructs::{App, LogGroup, Repository, Retention, Scope, Stack, StackOptions, sub};
use docuthinker::Project;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What can be set in `docuthinker.yaml`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The worker's name.
    name: String,
    /// Days that its logs are kept.
    retention_days: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { name: "worker".to_owned(), retention_days: 30 }
    }
}

/// The one stack.
struct Worker;

impl Stack for Worker {
    type Settings = Settings;

    fn build(s: &mut Scope<'_>, settings: &Settings) -> Worker {
        let images = Repository::named("Images").name(settings.name.clone()).build(s);
        let retention = match Retention::new(settings.retention_days) {
            Ok(retention) => retention,
            Err(problem) => {
                s.error("WORKER1", problem.to_string())
                    .hint("set `retention_days` to a period that CloudWatch offers");
                return Worker;
            }
        };
        let logs =
            LogGroup::named("Logs").name(format!("/worker/{}", settings.name)).retention(retention).build(s);
        s.output("Push", sub!("{}:v1", images.uri()), "Where an image is pushed to");
        s.output("LogGroup", logs.name(), "Where the worker's output is kept");
        Worker
    }
}

/// The app: what `docuthinker::main` needs to know.
pub(crate) struct WorkerApp;

impl Project for WorkerApp {
    type Settings = Settings;

    fn build(app: &mut App, settings: &Settings) {
        let description = Some("The images and the logs of a worker".to_owned());
        let _: Worker = app.stack(StackOptions { description, ..StackOptions::named("Worker") }, settings);
    }

    fn environments() -> Vec<(&'static str, Value)> {
        vec![("dev", json!({ "name": "worker-dev", "retention_days": 7 }))]
    }
}

fn main() -> ExitCode {
    docuthinker::main::<WorkerApp>()
}
