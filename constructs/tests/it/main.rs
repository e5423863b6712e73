//! What the constructs make of what they are asked, as templates and diagnostics.

mod access_logs;
mod acl;
mod alarms;
mod app;
mod bucket;
mod certificate;
mod containers;
mod costs_and_backups;
mod dashboards;
mod databases;
mod deployments;
mod distribution;
mod exception;
mod foundation;
mod iam;
mod keys;
mod network;
mod pipeline;
mod record;
mod services;
mod ui;
mod web_acl;

use constructs::{App, Assembly, Scope, StackOptions};
use template::Template;

/// Synthesizes one stack called `Test`.
fn synth(build: impl FnOnce(&mut Scope<'_>)) -> Assembly {
    let mut app = App::new();
    app.with_stack(StackOptions::named("Test"), build);
    app.synth()
}

/// The template of a stack without mistakes.
#[track_caller]
fn template(build: impl FnOnce(&mut Scope<'_>)) -> Template {
    let mut assembly = synth(build);
    assert_eq!(text(&assembly), "");
    assembly.stacks.remove(0).template
}

/// One resource of a stack without mistakes, as YAML.
#[track_caller]
fn resource(logical_id: &str, build: impl FnOnce(&mut Scope<'_>)) -> String {
    let mut template = template(build);
    template.resources.retain(|id, _| id == logical_id);
    template.outputs = template::Map::new();
    let yaml = template.to_yaml();
    yaml.split_once("Resources:\n").expect("there are resources").1.to_owned()
}

/// What is wrong with a stack.
fn diagnostics(build: impl FnOnce(&mut Scope<'_>)) -> String {
    text(&synth(build))
}

/// The diagnostics of an app, without the numbers of lines.
fn text(assembly: &Assembly) -> String {
    let all: Vec<String> = assembly.diagnostics.iter().map(ToString::to_string).collect();
    let lines = all.join("\n\n");
    lines
        .split(".rs:")
        .enumerate()
        .map(|(at, part)| {
            if at == 0 {
                part.to_owned()
            } else {
                format!(".rs:{}", part.trim_start_matches(|c: char| c.is_ascii_digit()))
            }
        })
        .collect()
}
