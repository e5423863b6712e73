//! Cloud Control: the resources that stacks have.

use serde_json::{Value, json};

use super::{JsonAnswer, not_found, resources};
use crate::request::Request;
use crate::state::{Resource, Stack};
use crate::world::{Caller, World};

pub(super) fn answer(world: &World, caller: &Caller, request: &Request) -> JsonAnswer {
    match request.action.as_str() {
        "ListResources" => listed(world, caller, &request.body),
        "GetResource" => got(world, caller, &request.body),
        _ => not_found(),
    }
}

/// The resources of this type that stacks have.
fn listed(world: &World, caller: &Caller, body: &Value) -> JsonAnswer {
    let kind = body.get("TypeName").and_then(Value::as_str).unwrap_or_default();
    let found: Vec<_> = resources(world, caller)
        .filter(|(_, resource)| resource.kind == kind)
        .map(|(stack, resource)| cloud_control(stack, resource))
        .collect();
    json!({ "TypeName": kind, "ResourceDescriptions": found }).into()
}

fn got(world: &World, caller: &Caller, body: &Value) -> JsonAnswer {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let found = resources(world, caller).find(|(_, resource)| {
        resource.kind == text("TypeName") && resource.physical.as_deref() == Some(text("Identifier"))
    });
    match found {
        Some((stack, resource)) => {
            json!({ "TypeName": resource.kind, "ResourceDescription": cloud_control(stack, resource) }).into()
        }
        None => JsonAnswer::error("ResourceNotFoundException", "there is no such resource here"),
    }
}

fn cloud_control(stack: &Stack, resource: &Resource) -> Value {
    let properties = resource.definition.get("Properties").and_then(Value::as_object);
    let properties: serde_json::Map<_, _> = properties
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let simple = value.is_number() || value.is_boolean() || value.is_array();
            (name.clone(), if simple { value.clone() } else { Value::String(stack.value(value)) })
        })
        .collect();
    json!({ "Identifier": resource.physical, "Properties": Value::Object(properties).to_string() })
}
