//! What a change set would change: the difference between a stack and a template.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::state::Stack;
use crate::template::{Template, references};

/// One changed resource.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    pub(crate) action: &'static str,
    pub(crate) logical: String,
    pub(crate) physical: Option<String>,
    pub(crate) kind: String,
    /// Only for a `Modify`.
    pub(crate) replaces: Option<bool>,
    pub(crate) policy: Option<&'static str>,
    pub(crate) details: Vec<Detail>,
    /// The ARN of its own change set, for a nested stack.
    pub(crate) set: Option<String>,
}

/// Why a resource changes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Detail {
    pub(crate) attribute: String,
    pub(crate) name: Option<String>,
    pub(crate) recreation: &'static str,
    pub(crate) source: &'static str,
    pub(crate) entity: Option<String>,
}

impl Change {
    pub(crate) fn replaces(&self) -> bool {
        self.replaces == Some(true)
    }
}

/// All changes from what `stack` has to what `template` says; `always_replaced` are logical ids.
pub(crate) fn changes(stack: &Stack, template: &Template, always_replaced: &BTreeSet<String>) -> Vec<Change> {
    let mut changes = Vec::new();
    for (logical, definition) in template.resources() {
        let Some(existing) = stack.resources.get(logical).filter(|resource| resource.exists()) else {
            changes.push(simple("Add", logical, definition, None));
            continue;
        };
        let details = details(&existing.definition, definition, stack, template);
        if !details.is_empty() {
            changes.push(modify(logical, definition, existing.physical.clone(), details, always_replaced));
        }
    }
    follow_replacements(&mut changes, stack, template);
    for (logical, resource) in &stack.resources {
        if resource.exists() && template.resource(logical).is_none() {
            let mut change = simple("Remove", logical, &resource.definition, resource.physical.clone());
            let retains = resource.policy("DeletionPolicy") == "Retain";
            change.policy = Some(if retains { "Retain" } else { "Delete" });
            changes.push(change);
        }
    }
    changes
}

/// A replaced resource has a new physical id, which changes those that refer to it.
fn follow_replacements(changes: &mut Vec<Change>, stack: &Stack, template: &Template) {
    let replaced: Vec<_> =
        changes.iter().filter(|change| change.replaces()).map(|change| change.logical.clone()).collect();
    for (logical, definition) in template.resources() {
        let Some(existing) = stack.resources.get(logical).filter(|resource| resource.exists()) else {
            continue;
        };
        if changes.iter().any(|change| change.logical == logical) {
            continue;
        }
        let entity = references(definition).into_iter().find(|id| replaced.contains(id));
        if let Some(entity) = entity {
            let detail = Detail {
                attribute: "Properties".to_owned(),
                name: None,
                recreation: "Never",
                source: "ResourceReference",
                entity: Some(entity),
            };
            let none = BTreeSet::new();
            changes.push(modify(logical, definition, existing.physical.clone(), vec![detail], &none));
        }
    }
}

fn simple(action: &'static str, logical: &str, definition: &Value, physical: Option<String>) -> Change {
    Change {
        action,
        logical: logical.to_owned(),
        physical,
        kind: kind(definition),
        replaces: None,
        policy: None,
        details: Vec::new(),
        set: None,
    }
}

/// The change of a nested stack of which only the inside changes.
pub(crate) fn inside_only(logical: &str, definition: &Value, physical: Option<String>) -> Change {
    let detail = Detail {
        attribute: "Properties".to_owned(),
        name: None,
        recreation: "Never",
        source: "Automatic",
        entity: None,
    };
    modify(logical, definition, physical, vec![detail], &BTreeSet::new())
}

fn modify(
    logical: &str,
    definition: &Value,
    physical: Option<String>,
    details: Vec<Detail>,
    always_replaced: &BTreeSet<String>,
) -> Change {
    let kind = kind(definition);
    let replaces = always_replaced.contains(logical)
        || kind == "AWS::ECS::TaskDefinition"
        || details.iter().any(|detail| detail.recreation == "Always");
    let policy = match definition.get("UpdateReplacePolicy").and_then(Value::as_str) {
        _ if !replaces => None,
        Some("Retain") => Some("ReplaceAndRetain"),
        Some("Snapshot") => Some("ReplaceAndSnapshot"),
        _ => Some("ReplaceAndDelete"),
    };
    Change { replaces: Some(replaces), policy, details, ..simple("Modify", logical, definition, physical) }
}

pub(crate) fn kind(definition: &Value) -> String {
    definition.get("Type").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn details(old: &Value, new: &Value, stack: &Stack, template: &Template) -> Vec<Detail> {
    let mut details = Vec::new();
    let none = Map::new();
    let properties = |value: &Value| value.get("Properties").and_then(Value::as_object).cloned();
    let (before, after) = (properties(old).unwrap_or_default(), properties(new).unwrap_or(none));
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for name in names {
        if before.get(name) != after.get(name) {
            details.push(Detail {
                attribute: "Properties".to_owned(),
                name: Some(name.clone()),
                recreation: recreation(&kind(new), name),
                source: "DirectModification",
                entity: None,
            });
        }
    }
    for attribute in ["Metadata", "DeletionPolicy", "UpdateReplacePolicy"] {
        if old.get(attribute) != new.get(attribute) {
            let (attribute, source) = (attribute.to_owned(), "DirectModification");
            details.push(Detail { attribute, name: None, recreation: "Never", source, entity: None });
        }
    }
    let moved = |name: &String| {
        template.parameters.contains_key(name)
            && template.parameters.get(name) != stack.template.parameters.get(name)
    };
    if let Some(parameter) = references(new).into_iter().find(moved) {
        details.push(Detail {
            attribute: "Properties".to_owned(),
            name: None,
            recreation: "Never",
            source: "ParameterReference",
            entity: Some(parameter),
        });
    }
    details
}

/// A name is what AWS knows a resource by: with another one it is another resource.
fn recreation(kind: &str, property: &str) -> &'static str {
    let named_after_type =
        property.strip_suffix("Name").is_some_and(|what| kind.ends_with(&format!("::{what}")));
    if property == "Name" || named_after_type { "Always" } else { "Never" }
}
