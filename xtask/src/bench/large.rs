//! Templates of many resources: our stack several times, under other names.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// Writes templates of 100, 250 and 500 resources: our stack several times, under other names.
/// Beside the one of 500, one in which several things are different.
pub(super) fn templates(stack: &Value, folder: &Path) -> Result<()> {
    let resources = stack["Resources"].as_object().context("the stack has resources")?;
    for number in [100, 250, 500] {
        let mut all = Map::new();
        for copy in 0..number / resources.len() {
            for (id, resource) in resources {
                all.insert(format!("Copy{copy}{id}"), renamed(resource, resources, &format!("Copy{copy}")));
            }
        }
        // As many as are left.
        for more in all.len()..number {
            let logs = json!({ "Type": "AWS::Logs::LogGroup", "Properties": { "RetentionInDays": 30 } });
            all.insert(format!("Logs{more}"), logs);
        }
        let write = |name: &str, all: &Map<String, Value>| -> Result<()> {
            let text = serde_json::to_string_pretty(&json!({ "Resources": all }))?;
            Ok(std::fs::write(folder.join(name), text)?)
        };
        write(&format!("{number}.json"), &all)?;
        if number == 500 {
            write("500-new.json", &changed(all))?;
        }
    }
    Ok(())
}

/// The same with differences of several kinds, in every copy: services whose tasks grow, groups that are replaced with
/// all that depends on them, logs that are kept longer; a queue comes for a log group that goes.
fn changed(mut all: Map<String, Value>) -> Map<String, Value> {
    for resource in all.values_mut() {
        let (property, value) = match resource["Type"].as_str() {
            Some("AWS::ECS::TaskDefinition") => ("Memory", json!("4096")),
            Some("AWS::EC2::SecurityGroup") => ("GroupDescription", json!("another one")),
            Some("AWS::Logs::LogGroup") => ("RetentionInDays", json!(90)),
            _ => continue,
        };
        resource["Properties"][property] = value;
    }
    // As many resources as before: more than 500 are refused.
    if let Some(logs) = all.keys().rfind(|id| id.starts_with("Logs")).cloned() {
        all.remove(&logs);
    }
    all.insert("Jobs".to_owned(), json!({ "Type": "AWS::SQS::Queue" }));
    all
}

/// A part of a resource of the copy `prefix`: what it refers to is in the same copy.
fn renamed(value: &Value, resources: &Map<String, Value>, prefix: &str) -> Value {
    let id = |name: &str| {
        let first = name.split('.').next().unwrap_or_default();
        if resources.contains_key(first) { format!("{prefix}{name}") } else { name.to_owned() }
    };
    match value {
        Value::Array(items) => items.iter().map(|item| renamed(item, resources, prefix)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                let value = match (key.as_str(), value) {
                    ("Ref" | "DependsOn", Value::String(name)) => id(name).into(),
                    ("DependsOn", Value::Array(names)) => {
                        names.iter().filter_map(Value::as_str).map(|name| Value::from(id(name))).collect()
                    }
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        let target = parts.first().and_then(Value::as_str).unwrap_or_default();
                        json!([id(target), parts.get(1)])
                    }
                    ("Fn::Sub", Value::String(text)) => {
                        let parts = text.split("${").enumerate();
                        let named =
                            parts.map(|(at, part)| if at == 0 { part.to_owned() } else { id_in(part, &id) });
                        named.collect::<Vec<_>>().join("${").into()
                    }
                    _ => renamed(value, resources, prefix),
                };
                (key.clone(), value)
            })
            .collect(),
        other => other.clone(),
    }
}

/// `Name.Attribute}rest` with the name changed.
fn id_in(part: &str, id: &impl Fn(&str) -> String) -> String {
    part.split_once('}').map_or_else(|| part.to_owned(), |(name, rest)| format!("{}}}{rest}", id(name)))
}
