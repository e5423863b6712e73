//! The 52 faults that are common in an architecture like ours, each put alone into ours.

mod data;
mod deployments;
mod foreign;
mod front_door;
mod network;
mod secrets;
mod tasks;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use template::{Finding, Step, Template};

use crate::support::{collected, everything, merge, settings, synth};

/// The environment and the ID of a stack.
type Stack = [&'static str; 2];

const PROD: Stack = ["prod", "DocuThinkerStack"];
const FOUNDATION: Stack = ["prod", "DocuThinkerFoundation"];
/// What production has not got is in the environment in which everything is on.
const EVERYTHING: Stack = ["everything", "DocuThinkerStack"];
const DNS: Stack = ["everything", "DocuThinkerDns"];

/// A mistake, and what must be said about it.
struct Fault {
    row: &'static str,
    code: &'static str,
    /// The resource or parameter that the finding is about.
    at: &'static str,
    stack: Stack,
    make: fn(&mut Draft),
}

/// A template that somebody changes by hand. What is not there cannot be changed: a stack that no longer has it
/// would hide that a fault is no longer made.
struct Draft(Value);

impl Draft {
    #[track_caller]
    fn resource(&mut self, id: &str) -> &mut Value {
        self.0["Resources"].get_mut(id).unwrap_or_else(|| panic!("there is no `{id}`"))
    }

    /// What contains the value at a pointer (`/Subnets/0`), and the last key of the pointer.
    #[track_caller]
    fn around<'p>(&mut self, id: &str, pointer: &'p str) -> (&mut Value, &'p str) {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
        let around = self.resource(id)["Properties"].pointer_mut(parent);
        (around.unwrap_or_else(|| panic!("`{id}` has no `{parent}`")), key)
    }

    /// Gives a property another value, or one if it has none.
    #[track_caller]
    fn set(&mut self, id: &str, pointer: &str, value: Value) {
        let (around, key) = self.around(id, pointer);
        match key.parse::<usize>() {
            Ok(index) => around[index] = value,
            Err(_) => around[key] = value,
        }
    }

    #[track_caller]
    fn push(&mut self, id: &str, pointer: &str, value: Value) {
        let (around, key) = self.around(id, pointer);
        around[key].as_array_mut().unwrap_or_else(|| panic!("`{pointer}` of `{id}` is no list")).push(value);
    }

    #[track_caller]
    fn unset(&mut self, id: &str, pointer: &str) {
        let (around, key) = self.around(id, pointer);
        let old = around.as_object_mut().expect("properties").remove(key);
        assert!(old.is_some(), "`{id}` has no `{pointer}`");
    }

    /// Removes an attribute beside the properties.
    #[track_caller]
    fn unset_attribute(&mut self, id: &str, name: &str) {
        let old = self.resource(id).as_object_mut().expect("a resource").remove(name);
        assert!(old.is_some(), "`{id}` has no `{name}`");
    }

    /// Removes a resource, and the word that others wait for it.
    #[track_caller]
    fn remove(&mut self, id: &str) {
        let resources = self.0["Resources"].as_object_mut().expect("resources");
        assert!(resources.remove(id).is_some(), "there is no `{id}`");
        for (_, resource) in resources {
            stop_waiting(resource, id);
        }
    }

    /// Lets `id` start without waiting for `other`.
    #[track_caller]
    fn stop_waiting(&mut self, id: &str, other: &str) {
        assert!(stop_waiting(self.resource(id), other), "`{id}` does not wait for `{other}`");
    }

    #[track_caller]
    fn statements(&mut self, role: &str, policy: &str) -> &mut Value {
        let policies = self.resource(role)["Properties"]["Policies"].as_array_mut().expect("policies");
        let found = policies.iter_mut().find(|it| it["PolicyName"] == policy);
        &mut found.unwrap_or_else(|| panic!("{role} has no policy {policy}"))["PolicyDocument"]["Statement"]
    }

    fn check(&self) -> Vec<Finding> {
        let text = self.0.to_string();
        let read = Template::parse(&text, "template.json").expect("what was a template is still one");
        read.template.check()
    }
}

/// Whether `resource` waited for `id`.
fn stop_waiting(resource: &mut Value, id: &str) -> bool {
    match resource.get_mut("DependsOn") {
        Some(Value::Array(names)) => {
            let before = names.len();
            names.retain(|name| name != id);
            names.len() < before
        }
        Some(name) if name == id => {
            resource.as_object_mut().expect("a resource").remove("DependsOn");
            true
        }
        _ => false,
    }
}

fn all() -> impl Iterator<Item = &'static Fault> {
    [secrets::FAULTS, tasks::FAULTS, deployments::FAULTS, network::FAULTS, front_door::FAULTS, data::FAULTS]
        .into_iter()
        .flatten()
}

/// The templates without a fault, by environment and stack.
fn clean() -> Value {
    let mut clean = json!({"prod": collected(&synth(&settings("prod", json!({})))).0});
    merge(&mut clean, json!({"everything": collected(&synth(&everything())).0}));
    clean
}

#[test]
fn each_fault_is_found_where_it_was_made_and_not_where_it_was_not() {
    let clean = clean();
    let draft = |[environment, id]: Stack| {
        let template = &clean[environment][id];
        assert!(template.is_object(), "{environment} has no `{id}`");
        Draft(template.clone())
    };
    let before = [PROD, FOUNDATION, EVERYTHING, DNS].map(|stack| (stack, draft(stack).check()));
    let mut missed = Vec::new();
    for Fault { row, code, at, stack, make } in all() {
        let (_, before) = before.iter().find(|(of, _)| of == stack).expect("every stack is checked");
        if let Some(already) = before.iter().find(|finding| finding.code() == *code) {
            missed.push(format!("{row}: without it there is {already}"));
        }
        let mut draft = draft(*stack);
        make(&mut draft);
        let after = draft.check();
        let is_there = |it: &Finding| it.path.steps().nth(1) == Some(Step::Key(at));
        if !after.iter().any(|it| it.code() == *code && is_there(it)) {
            let other: Vec<String> = after.iter().map(|it| format!("{} at {}", it.code(), it.path)).collect();
            missed.push(format!("{row}: no {code} at {at}, only [{}]", other.join(", ")));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn no_fault_is_left_out() {
    let rows: BTreeSet<&str> = all().map(|fault| fault.row).collect();
    let expected: Vec<String> = (1..=52).map(|row| format!("F{row:02}")).collect();
    assert_eq!(rows.into_iter().collect::<Vec<_>>(), expected);
}
