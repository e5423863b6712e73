//! Settings, and the templates that they give, as JSON to look into.

use constructs::{App, Assembly, Diagnostic};
use serde_json::{Value, json};
use stacks::Settings;

/// The settings of a built-in environment, with `changes` on top.
pub(crate) fn settings(environment: &str, changes: Value) -> Settings {
    let mut settings = serde_json::to_value(Settings::default()).expect("settings are JSON");
    let overlay =
        stacks::environments().into_iter().find(|(name, _)| *name == environment).expect("it is built in");
    merge(&mut settings, overlay.1);
    merge(&mut settings, changes);
    serde_json::from_value(settings).expect("the changes are settings")
}

/// The settings of `examples/everything.yaml`, as the command would read them.
pub(crate) fn everything() -> Settings {
    let file: Value =
        serde_yaml::from_str(include_str!("../../../examples/everything.yaml")).expect("the example is YAML");
    let mut settings = serde_json::to_value(Settings::default()).expect("settings are JSON");
    merge(&mut settings, stacks::other_environment("everything"));
    merge(&mut settings, file["environments"]["everything"].clone());
    serde_json::from_value(settings).expect("the example holds settings")
}

pub(crate) fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

pub(crate) fn synth(settings: &Settings) -> Assembly {
    let mut app = App::new();
    stacks::build(&mut app, settings);
    app.synth()
}

pub(crate) fn portable() -> Assembly {
    let mut app = App::new();
    stacks::build_portable(&mut app);
    app.synth()
}

/// What is refused, without the numbers of lines.
pub(crate) fn refused(changes: Value) -> String {
    let assembly = synth(&settings("prod", changes));
    let without_line = |diagnostic: &Diagnostic| match diagnostic.location {
        Some(at) => diagnostic.to_string().replacen(&format!("{}:{}", at.file, at.line), at.file, 1),
        None => diagnostic.to_string(),
    };
    let all: Vec<String> = assembly.diagnostics.iter().map(without_line).collect();
    all.join("\n\n")
}

/// The templates of an environment, as JSON by stack.
pub(crate) struct Templates(pub(crate) Value);

pub(crate) fn templates(environment: &str, changes: Value) -> Templates {
    collected(&synth(&settings(environment, changes)))
}

pub(crate) fn collected(assembly: &Assembly) -> Templates {
    assert_eq!(assembly.diagnostics, []);
    let each = |stack: &constructs::SynthesizedStack| {
        let json = serde_json::from_str::<Value>(&stack.template.to_json()).expect("templates are JSON");
        (stack.id.clone(), json)
    };
    Templates(Value::Object(assembly.stacks.iter().map(each).collect()))
}

impl Templates {
    #[track_caller]
    pub(crate) fn properties(&self, id: &str) -> &Value {
        let found =
            self.0.as_object().expect("stacks").values().map(|stack| &stack["Resources"][id]["Properties"]);
        found
            .into_iter()
            .find(|properties| !properties.is_null())
            .unwrap_or_else(|| panic!("there is no `{id}`"))
    }

    pub(crate) fn output<'a>(&'a self, stack: &str, name: &str) -> &'a Value {
        &self.0[stack]["Outputs"][name]
    }

    pub(crate) fn count(&self, type_name: &str) -> usize {
        let stacks = self.0.as_object().expect("stacks").values();
        stacks
            .flat_map(|stack| stack["Resources"].as_object().expect("resources").values())
            .filter(|resource| resource["Type"] == type_name)
            .count()
    }
}

/// Settings of both services.
pub(crate) fn both(changes: &Value) -> Value {
    json!({"backend": changes, "ai_ml": changes})
}
