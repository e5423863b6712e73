//! What `Fn::GetAtt` and `Ref` return.

use std::collections::BTreeMap;

use serde_json::Value;
use template::facts::{Attribute, Kind, Kinds, Reference, ReferenceKind};

use crate::cfn_lint::{CfnLint, Schema, strings};
use crate::names::camel;
use crate::replacement::property_path;
use crate::spec::{self, Kind as SpecKind};

use super::convert::kinds;
use super::overlay::holds;
use super::text;

/// The types whose attributes have names that no schema knows.
const FREE: &[(&str, &str)] = &[
    ("AWS::CloudFormation::CustomResource", "*"),
    ("AWS::CloudFormation::Stack", "Outputs.*"),
    ("AWS::Serverless::Application", "Outputs.*"),
    ("AWS::ServiceCatalog::CloudFormationProvisionedProduct", "Outputs.*"),
];

/// Every attribute of the type that either source knows, by name.
pub(crate) fn attributes(
    type_name: &str,
    resource: Option<&spec::Resource>,
    lint: &CfnLint,
) -> BTreeMap<String, Attribute> {
    let mut found = BTreeMap::new();
    if let Some(schema) = lint.schema(type_name) {
        let json = schema.json();
        for pointer in strings(json.get("readOnlyProperties")) {
            if !pointer.contains('*') {
                add(schema, &property_path(pointer), &mut found);
            }
        }
        for name in lint.more_attributes.get(type_name).into_iter().flatten() {
            add(schema, std::slice::from_ref(name), &mut found);
        }
        if lint.every_property_is_attribute.iter().any(|name| name == type_name) {
            add_scalars(schema, &mut Vec::new(), &mut found);
        }
    }
    for (name, about) in resource.into_iter().flat_map(|resource| &resource.attributes) {
        let items = match &about.kind {
            SpecKind::Array { element } => holds(element),
            _ => Kinds::default(),
        };
        found.insert(name.clone(), Attribute { kinds: holds(&about.kind), items, is_arn: is_arn(name) });
    }
    for (_, name) in FREE.iter().filter(|(free, _)| *free == type_name) {
        found.insert((*name).to_owned(), Attribute::default());
    }
    // The transform turns these into several resources, and an attribute may be of any of them.
    if type_name.starts_with("AWS::Serverless::") {
        found.insert("*".to_owned(), Attribute::default());
    }
    found
}

fn add(schema: Schema<'_>, path: &[String], found: &mut BTreeMap<String, Attribute>) {
    let name = path.join(".");
    let mut here = Some(schema);
    for part in path {
        here = here.and_then(|schema| schema.property(part));
    }
    let kinds = here.map(|schema| kinds(schema.resolved())).unwrap_or_default();
    let items = here.and_then(Schema::element).filter(|_| kinds.contains(Kind::List));
    let items = items.map(|schema| self::kinds(schema.resolved())).unwrap_or_default();
    let is_arn = is_arn(&name);
    found.insert(name, Attribute { kinds, items, is_arn });
}

/// Adds every property that is not an object or a list of them, at any depth.
fn add_scalars(schema: Schema<'_>, path: &mut Vec<String>, found: &mut BTreeMap<String, Attribute>) {
    // Deeper, the linter's own walk of a recursive type would not end either.
    if path.len() > 4 {
        return;
    }
    for name in schema
        .resolved()
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
    {
        let Some(property) = schema.property(name) else { continue };
        path.push(name.clone());
        let kinds = kinds(property.resolved());
        let of_objects = property.element().is_some_and(|items| {
            let items = self::kinds(items.resolved());
            items.contains(Kind::Object) || items.contains(Kind::List)
        });
        if kinds.contains(Kind::Object) && !kinds.contains(Kind::String) {
            add_scalars(property, path, found);
        } else if !(kinds.contains(Kind::List) && of_objects) {
            let mut one = BTreeMap::new();
            add(schema, std::slice::from_ref(name), &mut one);
            found.extend(one.into_values().map(|attribute| (path.join("."), attribute)));
        }
        path.pop();
    }
}

fn is_arn(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("arn") || name.ends_with("arns")
}

/// What `Ref` returns: by the reviewed table, or else by the name and the pattern of its identifier.
pub(crate) fn reference(type_name: &str, resource: Option<&spec::Resource>, lint: &CfnLint) -> Reference {
    let schema = lint.schema(type_name);
    let parts: Vec<String> = match resource.map(spec::Resource::reference) {
        Some(parts) if !parts.is_empty() => parts.to_vec(),
        _ => {
            let pointers = strings(schema.and_then(|schema| schema.json().get("primaryIdentifier")));
            pointers.into_iter().map(|pointer| property_path(pointer).join(".")).collect()
        }
    };
    let reviewed = crate::l1::reviewed_reference(type_name);
    let kind = match (&reviewed, &parts[..]) {
        (Some(names), _) if names.starts_with("Arn<") => ReferenceKind::Arn,
        (Some(names), _) if names.ends_with("Name") => ReferenceKind::Name,
        (Some(names), _) if names.ends_with("Id") => ReferenceKind::Id,
        (None, [one]) => {
            let place = schema.and_then(|schema| schema.property(one));
            let pattern = place.and_then(|place| place.resolved().get("pattern")?.as_str());
            match camel(one).as_str() {
                name if name.ends_with("Arn") => ReferenceKind::Arn,
                _ if pattern.is_some_and(is_arn_pattern) => ReferenceKind::Arn,
                name if name.ends_with("Name") => ReferenceKind::Name,
                name if name.ends_with("Id") || name.ends_with("Identifier") => ReferenceKind::Id,
                _ => ReferenceKind::Other,
            }
        }
        _ => ReferenceKind::Other,
    };
    Reference { parts: parts.iter().map(|part| text(part)).collect(), kind }
}

/// Whether the pattern takes nothing but ARNs. One with alternatives may take ids as well.
fn is_arn_pattern(pattern: &str) -> bool {
    let inner = pattern.trim_start_matches('^');
    inner.starts_with("arn:") || (inner.trim_start_matches('(').starts_with("arn:") && !inner.contains('|'))
}
