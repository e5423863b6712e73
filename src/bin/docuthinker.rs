//! The command `docuthinker`: the command line on DocuThinker's own stacks.

use std::process::ExitCode;

use constructs::App;
use docuthinker::Project;

/// DocuThinker's infrastructure.
struct DocuThinker;

impl Project for DocuThinker {
    type Settings = Placeholder;

    fn build(app: &mut App, settings: &Placeholder) {
        app.with_stack(constructs::StackOptions::named("DocuThinkerStack"), |s| {
            s.add_raw(
                "Logs",
                "AWS::Logs::LogGroup",
                template::Node::Map(template::Map::from_iter([(
                    "RetentionInDays".to_owned(),
                    template::Node::Number(settings.days.into()),
                )])),
            );
        });
    }
}

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Placeholder {
    days: u32,
    desired_count: u32,
}
impl Default for Placeholder {
    fn default() -> Self {
        Placeholder { days: 30, desired_count: 2 }
    }
}

fn main() -> ExitCode {
    docuthinker::main::<DocuThinker>()
}
