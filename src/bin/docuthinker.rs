//! The command `docuthinker`: the command line on DocuThinker's own stacks.

use std::process::ExitCode;

use constructs::App;
use docuthinker::{BuiltImage, OnRequest, Project};
use serde_json::Value;
use stacks::Settings;
use stacks::settings::{ArchitectureSetting, ServiceSettings};

/// Most commands end before a usual allocator has paid for itself.
#[global_allocator]
static MEMORY: memory::Bump = memory::Bump;

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

    fn images(settings: &Settings) -> Vec<BuiltImage> {
        let image =
            |title: &str, folder: &str, name: &str, test: &[&str], service: &ServiceSettings| BuiltImage {
                title: title.to_owned(),
                folder: folder.to_owned(),
                test: test.iter().map(|&command| command.to_owned()).collect(),
                platform: match service.architecture {
                    ArchitectureSetting::X86_64 => "linux/amd64".to_owned(),
                    ArchitectureSetting::Arm64 => "linux/arm64".to_owned(),
                },
                repository: format!("{}-{name}", settings.name),
                repository_stack: "DocuThinkerFoundation".to_owned(),
                setting: format!("{folder}.image"),
                stack: format!("DocuThinkerStack{}", settings.stack_suffix),
                task_definition: String::new(),
                container: name.to_owned(),
                output: String::new(),
                health: service.health_check.path.clone(),
            };
        let node = ["npm ci", "npm test"];
        let python = [
            "python3 -m venv .venv",
            ".venv/bin/pip install --quiet -r requirements.txt pytest",
            ".venv/bin/pytest",
        ];
        vec![
            BuiltImage {
                task_definition: "BackendTaskDefinition".to_owned(),
                output: "BackendURL".to_owned(),
                ..image("Backend", "backend", "backend", &node, &settings.backend)
            },
            BuiltImage {
                task_definition: "AiMlTaskDefinition".to_owned(),
                output: "AIMLURL".to_owned(),
                ..image("AI/ML", "ai_ml", "ai-ml", &python, &settings.ai_ml)
            },
        ]
    }
}

fn main() -> ExitCode {
    docuthinker::main::<DocuThinker>()
}
