//! The command `docuthinker`: the command line on DocuThinker's own stacks.

use std::process::ExitCode;

use constructs::App;
use docuthinker::{OnRequest, Project};
use serde_json::Value;
use stacks::Settings;

/// DocuThinker's infrastructure.
struct DocuThinker;

impl Project for DocuThinker {
    type Settings = Settings;

    fn build(app: &mut App, settings: &Settings) {
        stacks::build(app, settings);
    }

    fn environments() -> Vec<(&'static str, Value)> {
        stacks::environments()
    }

    fn other_environment(name: &str) -> serde_json::Value {
        stacks::other_environment(name)
    }

    fn on_request() -> Vec<OnRequest<Settings>> {
        vec![OnRequest {
            name: "fargate-service",
            description: "Both services on Fargate as a portable template, for a network that exists",
            build: |app, _| stacks::build_portable(app),
        }]
    }
}

fn main() -> ExitCode {
    docuthinker::main::<DocuThinker>()
}
