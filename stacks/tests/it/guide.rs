//! What the guide shows can be typed.

use constructs::Severity;
use serde_json::{Value, json};

use crate::support::{merge, settings, synth};

const GUIDE: &str = include_str!("../../../docs/guide.md");

/// The settings that each block of the guide gives, with the environment that they are of.
fn examples() -> Vec<(String, Value)> {
    let blocks = GUIDE.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().expect("a block"));
    let mut examples = Vec::new();
    for block in blocks {
        let file: Value = serde_yaml::from_str(block).unwrap_or_else(|error| panic!("{error}: {block}"));
        let defaults = file.get("defaults").cloned();
        let Some(environments) = file.get("environments").and_then(Value::as_object) else {
            examples.push(("prod".to_owned(), defaults.unwrap_or(file)));
            continue;
        };
        for (name, own) in environments {
            let mut all = defaults.clone().unwrap_or_else(|| json!({}));
            merge(&mut all, own.clone());
            examples.push((name.clone(), all));
        }
    }
    examples
}

#[test]
fn every_example_of_the_guide_is_accepted() {
    let examples = examples();
    assert!(examples.len() > 5, "{examples:?}");
    for (environment, example) in examples {
        let assembly = synth(&settings(&environment, example.clone()));
        let errors: Vec<String> = assembly
            .diagnostics
            .iter()
            .filter(|found| found.severity == Severity::Error)
            .map(ToString::to_string)
            .collect();
        assert_eq!(errors, [""; 0], "{example}");
    }
}

/// A setting that is named in the text exists; of one that is off by default, what is in it cannot be seen.
#[test]
fn every_setting_that_the_guide_names_exists() {
    let known = serde_json::to_value(settings("prod", json!({}))).expect("settings are JSON");
    let top = known.as_object().expect("an object");
    let mut missing = Vec::new();
    for name in GUIDE.split('`').skip(1).step_by(2) {
        let key = name.split(':').next().expect("one part at least").trim();
        let parts: Vec<&str> = key.split('.').collect();
        let is_setting = parts.len() > 1
            && top.contains_key(parts[0])
            && key.bytes().all(|c| c.is_ascii_lowercase() || b"._".contains(&c));
        if is_setting && !exists(&known, &parts) {
            missing.push(key.to_owned());
        }
    }
    assert_eq!(missing, [""; 0]);
}

fn exists(settings: &Value, parts: &[&str]) -> bool {
    match (parts, settings) {
        ([], _) | (_, Value::Null) => true,
        ([first, rest @ ..], _) => settings.get(first).is_some_and(|inner| exists(inner, rest)),
    }
}
