//! DocuThinker's stacks, as templates.

mod combinations;
mod mistakes;
mod requirements;
mod templates;

use constructs::{App, Assembly};
use serde_json::Value;
use stacks::Settings;

/// The settings of a built-in environment, with `changes` on top.
fn settings(environment: &str, changes: Value) -> Settings {
    let mut settings = serde_json::to_value(Settings::default()).expect("settings are JSON");
    let overlay =
        stacks::environments().into_iter().find(|(name, _)| *name == environment).expect("it is built in");
    merge(&mut settings, overlay.1);
    merge(&mut settings, changes);
    serde_json::from_value(settings).expect("the changes are settings")
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

fn synth(settings: &Settings) -> Assembly {
    let mut app = App::new();
    stacks::build(&mut app, settings);
    app.synth()
}

fn portable() -> Assembly {
    let mut app = App::new();
    stacks::build_portable(&mut app);
    app.synth()
}
