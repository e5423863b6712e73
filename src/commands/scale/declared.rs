//! What a template says of how many tasks a service runs. Pure.

use std::collections::BTreeMap;

use cloud::ServiceRef;
use serde_json::Value;

use super::Place;

/// What a template says of a service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Declared {
    /// The logical id of the service.
    pub(super) service: String,
    /// The number of tasks, if it names one that can be known.
    pub(super) count: Option<i32>,
    /// Between which autoscaling decides, if it does.
    pub(super) bounds: Option<Bounds>,
    /// The logical id of its task definition, if that is in the template.
    pub(super) task_definition: Option<String>,
}

/// Autoscaling's bounds; those that cannot be known are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bounds {
    /// The logical id of the scalable target.
    pub(super) target: String,
    pub(super) min: Option<i32>,
    pub(super) max: Option<i32>,
}

impl Declared {
    pub(super) fn of(
        template: &Value,
        parameters: &BTreeMap<String, String>,
        place: &Place,
        service: &ServiceRef,
    ) -> Declared {
        let targets: Vec<(String, String)> = place
            .inventory
            .of_type("AWS::ApplicationAutoScaling::ScalableTarget")
            .map(|(logical, physical)| (logical.to_owned(), physical.to_owned()))
            .collect();
        Declared::read(template, parameters, &targets, service)
    }

    /// `targets` are the logical and physical ids of the stack's scalable targets.
    fn read(
        template: &Value,
        parameters: &BTreeMap<String, String>,
        targets: &[(String, String)],
        service: &ServiceRef,
    ) -> Declared {
        let property = |id: &str, name: &str| template.pointer(&format!("/Resources/{id}/Properties/{name}"));
        let number = |id: &str, name: &str| number(property(id, name)?, parameters);
        // The physical id is `service/cluster/name|ecs:service:DesiredCount|ecs`.
        let own = format!("service/{}/{}|", service.cluster, service.name);
        let target = targets.iter().find(|(logical, physical)| {
            physical.starts_with(&own)
                || property(logical, "ResourceId").is_some_and(|id| mentions(id, &service.logical_id))
        });
        Declared {
            service: service.logical_id.clone(),
            count: number(&service.logical_id, "DesiredCount"),
            bounds: target.map(|(target, _)| Bounds {
                target: target.clone(),
                min: number(target, "MinCapacity"),
                max: number(target, "MaxCapacity"),
            }),
            task_definition: property(&service.logical_id, "TaskDefinition")
                .and_then(|value| value.get("Ref")?.as_str())
                .map(str::to_owned),
        }
    }
}

/// A number that is written, or that a parameter has.
fn number(value: &Value, parameters: &BTreeMap<String, String>) -> Option<i32> {
    match value {
        Value::Number(number) => number.as_i64().and_then(|number| number.try_into().ok()),
        Value::String(text) => text.parse().ok(),
        Value::Object(_) => parameters.get(value.get("Ref")?.as_str()?)?.parse().ok(),
        _ => None,
    }
}

/// Whether a value refers to the resource.
fn mentions(value: &Value, logical_id: &str) -> bool {
    match value {
        Value::Object(entries) => entries.iter().any(|(key, value)| match (key.as_str(), value) {
            ("Ref", Value::String(id)) => id == logical_id,
            ("Fn::GetAtt", Value::Array(path)) => path.first().and_then(Value::as_str) == Some(logical_id),
            ("Fn::GetAtt", Value::String(path)) => path.split('.').next() == Some(logical_id),
            ("Fn::Sub", Value::String(text)) => is_in(text, logical_id),
            ("Fn::Sub", Value::Array(parts)) => parts.iter().any(|part| match part {
                Value::String(text) => is_in(text, logical_id),
                other => mentions(other, logical_id),
            }),
            (_, other) => mentions(other, logical_id),
        }),
        Value::Array(items) => items.iter().any(|item| mentions(item, logical_id)),
        _ => false,
    }
}

fn is_in(text: &str, logical_id: &str) -> bool {
    text.contains(&format!("${{{logical_id}}}")) || text.contains(&format!("${{{logical_id}."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(logical_id: &str) -> ServiceRef {
        ServiceRef {
            logical_id: logical_id.to_owned(),
            arn: "arn:aws:ecs:us-east-1:123456789012:service/main/api".to_owned(),
            cluster: "main".to_owned(),
            name: "api".to_owned(),
        }
    }

    fn read(resource_id: &Value, physical: &str) -> Declared {
        let target = json!({ "Properties": { "ResourceId": resource_id, "MinCapacity": 2, "MaxCapacity": { "Ref": "Most" } } });
        let api = json!({ "Properties": { "DesiredCount": "3", "TaskDefinition": { "Ref": "Task" } } });
        let template = json!({ "Resources": { "Target": target, "ApiService": api } });
        let parameters = BTreeMap::from([("Most".to_owned(), "9".to_owned())]);
        let targets = [("Target".to_owned(), physical.to_owned())];
        Declared::read(&template, &parameters, &targets, &service("ApiService"))
    }

    #[test]
    fn the_target_of_a_service_is_found_however_it_names_it() {
        let sub = json!({ "Fn::Sub": "service/main/${ApiService.Name}" });
        let list = json!({ "Fn::Sub": ["service/main/${Name}", { "Name": { "Fn::GetAtt": ["ApiService", "Name"] } }] });
        let join =
            json!({ "Fn::Join": ["/", ["service", "main", { "Fn::GetAtt": ["ApiService", "Name"] }]] });
        let literal = json!("service/main/api");
        let expected = Some(Bounds { target: "Target".to_owned(), min: Some(2), max: Some(9) });
        for resource_id in [sub, list, join] {
            assert_eq!(read(&resource_id, "anything").bounds, expected, "{resource_id}");
        }
        assert_eq!(read(&literal, "service/main/api|ecs:service:DesiredCount|ecs").bounds, expected);
        let other = json!({ "Fn::Sub": "service/main/${ApiServiceTwo.Name}" });
        assert_eq!(read(&other, "service/main/api-two|ecs:service:DesiredCount|ecs").bounds, None);
    }

    #[test]
    fn the_number_of_tasks_is_known_where_it_is_written_or_a_parameter() {
        let declared = read(&json!(""), "");
        assert_eq!((declared.count, declared.task_definition.as_deref()), (Some(3), Some("Task")));
        assert_eq!(number(&json!({ "Fn::If": ["A", 1, 2] }), &BTreeMap::new()), None);
    }
}
