//! Every template of every environment, whole.

use insta::assert_snapshot;
use serde_json::json;

use crate::{portable, settings, synth};

#[track_caller]
fn check(environment: &str) {
    let assembly = synth(&settings(environment, json!({})));
    let problems: Vec<String> = assembly.diagnostics.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    for stack in &assembly.stacks {
        assert_snapshot!(format!("{environment}-{}", stack.id), stack.template.to_yaml());
    }
}

#[test]
fn production() {
    check("prod");
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
fn the_portable_template() {
    let assembly = portable();
    assert_eq!(assembly.diagnostics, []);
    assert_snapshot!("fargate-service", assembly.stacks[0].template.to_yaml());
}
