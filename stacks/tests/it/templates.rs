//! Every template of every environment, whole.

use insta::assert_snapshot;
use serde_json::{Value, json};
use stacks::Settings;
use template::Template;

use crate::support::{everything, portable, settings, synth};

#[track_caller]
fn check(environment: &str) {
    check_settings(environment, &settings(environment, json!({})));
}

#[track_caller]
fn check_settings(environment: &str, settings: &Settings) {
    let assembly = synth(settings);
    let problems: Vec<String> = assembly.diagnostics.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    for stack in &assembly.stacks {
        assert_snapshot!(format!("{environment}-{}", stack.id), stack.template.to_yaml());
        comes_back(&stack.template);
    }
}

/// What was written is read as what it was, in every form.
#[track_caller]
fn comes_back(template: &Template) {
    for text in [template.to_yaml(), template.to_json(), template.to_json_minified()] {
        let read = Template::parse(&text, "template").expect("what we write can be read");
        assert_eq!(&read.template, template);
        assert_eq!(read.template.to_yaml(), template.to_yaml());
    }
}

#[test]
fn production() {
    check("prod");
}

/// What is larger must be uploaded to a bucket first, and 200 resources are where CloudFormation gets slow.
///
/// Source: [CloudFormation quotas][aws]: 51,200 bytes inline, 500 resources.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
#[test]
fn production_is_deployed_without_a_bucket() {
    for environment in ["prod", "dr", "staging", "dev"] {
        for stack in synth(&settings(environment, json!({}))).stacks {
            let (bytes, resources) =
                (stack.template.to_json_minified().len(), stack.template.resources.len());
            assert!(bytes < 51_200, "{environment} {}: {bytes} bytes", stack.id);
            assert!(resources < 200, "{environment} {}: {resources} resources", stack.id);
        }
    }
}

#[test]
fn second_region() {
    check("dr");
}

#[test]
fn staging() {
    check("staging");
}

#[test]
fn development() {
    check("dev");
}

#[test]
fn everything_that_can_be_on() {
    check_settings("everything", &everything());
}

/// A setting that is off by default and not in the example would be in no snapshot.
#[test]
fn the_example_leaves_nothing_off() {
    let settings = serde_json::to_value(everything()).expect("settings are JSON");
    let mut off = Vec::new();
    unset(&settings, "", &mut off);
    // What one of the services shows, the other need not.
    let shown = |name: &String| match name.split_once('.') {
        Some(("backend", rest)) => !off.contains(&format!("ai_ml.{rest}")),
        Some(("ai_ml", _)) => true,
        _ => false,
    };
    let off: Vec<&String> = off.iter().filter(|name| !shown(name)).collect();
    // Each of these excludes another one that is shown, or means what is set elsewhere.
    let excluded = [
        "network.existing",
        "load_balancer.certificate_arn",
        "load_balancer.ai_ml_paths",
        "secrets.existing",
        "secrets.key_arn",
        "backend.scaling.requests",
        "backend.deployment.circuit_breaker",
        "backend.deployment.step_percent",
        "backend.deployment.step_bake_minutes",
        "backend.permissions.prefix",
        "backend.log_group",
        "sync.chroma_secret",
    ];
    assert_eq!(off, excluded);
}

/// The settings that are null, false or empty.
fn unset(settings: &Value, path: &str, into: &mut Vec<String>) {
    match settings {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                unset(value, &path, into);
            }
        }
        Value::Null | Value::Bool(false) => into.push(path.to_owned()),
        Value::Array(items) if items.is_empty() => into.push(path.to_owned()),
        _ => {}
    }
}

#[test]
fn the_portable_template() {
    let assembly = portable();
    assert_eq!(assembly.diagnostics, []);
    assert_snapshot!("fargate-service", assembly.stacks[0].template.to_yaml());
    comes_back(&assembly.stacks[0].template);
}
