//! The facts of one type, from both sources.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::Value;
use template::facts::{
    Attribute, Handler, Handlers, Later, ReferenceKind, Replacement, ResourceFacts, Schema, Update,
};

use crate::cfn_lint::strings;
use crate::replacement::{Replacements, property_path};
use crate::sources::Sources;
use crate::spec;

use super::attributes::{attributes, reference};
use super::convert::Converter;
use super::overlay::{Overlay, SpecSchemas};
use super::text;

/// Types that hold what cannot be made again, which neither source counts among those that do.
const STATEFUL: [&str; 4] = [
    "AWS::ECR::Repository",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::KMS::ReplicaKey",
    "AWS::MSK::Cluster",
];

/// Everything known about the type.
pub(crate) fn facts(type_name: &str, sources: &Sources) -> Result<ResourceFacts> {
    let resource = sources.spec.resources.get(type_name);
    let json = sources.lint.schemas.get(type_name);
    let (schema, definitions) =
        schemas(resource, json, sources).with_context(|| format!("the schema of {type_name}"))?;
    let paths = |key: &str| -> Vec<&'static str> {
        let pointers = strings(json.and_then(|json| json.get(key)));
        let found: BTreeSet<String> =
            pointers.into_iter().map(|pointer| property_path(pointer).join(".")).collect();
        found.iter().map(|path| text(path)).collect()
    };
    let identifier = strings(json.and_then(|json| json.get("primaryIdentifier")));
    let stateful = resource.and_then(|resource| resource.is_stateful).unwrap_or_default()
        || sources.lint.stateful.iter().any(|name| name == type_name)
        || STATEFUL.contains(&type_name);
    let attributes = attributes(type_name, resource, &sources.lint);
    let reference = reference(type_name, resource, &sources.lint);
    let refers_by_arn = reference.kind == ReferenceKind::Arn;
    Ok(ResourceFacts {
        type_name: text(type_name),
        schema,
        definitions: definitions.into_iter().map(Later::new).collect(),
        attributes: attributes
            .iter()
            .map(|(name, attribute)| {
                let is_arn = attribute.is_arn || (refers_by_arn && reference.parts == [name.as_str()]);
                (text(name), Attribute { is_arn, ..*attribute })
            })
            .collect(),
        reference,
        primary_identifier: identifier
            .into_iter()
            .map(|pointer| text(&property_path(pointer).join(".")))
            .collect(),
        read_only: paths("readOnlyProperties"),
        write_only: paths("writeOnlyProperties"),
        deprecated: paths("deprecatedProperties"),
        updates: Later::new(updates(&Replacements::of(type_name, &sources.spec, &sources.lint))),
        stateful,
        tags: crate::tags::tags(resource, json),
        handlers: Later::new(json.map(handlers).unwrap_or_default()),
        replacement: match json.and_then(|json| json.get("replacementStrategy")).and_then(Value::as_str) {
            Some("delete_then_create") => Replacement::DeleteThenCreate,
            _ => Replacement::CreateThenDelete,
        },
        end_of_life: json.and_then(|json| {
            let lifecycle = json.get("lifecycle")?;
            let says = |key: &str| lifecycle.get(key).and_then(Value::as_str).map(text);
            Some((says("status")?, says("date")))
        }),
        regions: regions(type_name, sources),
    })
}

fn schemas(
    resource: Option<&spec::Resource>,
    json: Option<&Value>,
    sources: &Sources,
) -> Result<(Schema, Vec<Schema>)> {
    let Some(json) = json else {
        let mut definitions = Vec::new();
        let properties = &resource.context("the type is in one of the sources")?.properties;
        let schema =
            SpecSchemas { spec: &sources.spec, known: BTreeMap::new(), definitions: &mut definitions }
                .object(properties)?;
        return Ok((schema, definitions));
    };
    let mut converter = Converter::new(json);
    let mut schema = converter.schema(json);
    let mut definitions = converter.definitions;
    // The linter's schema names what every custom resource has and leaves the rest to its code.
    schema.open |=
        json.get("typeName").and_then(Value::as_str) == Some("AWS::CloudFormation::CustomResource");
    if let Some(resource) = resource {
        let owner = resource.cloud_formation_type.clone();
        let mut overlay =
            Overlay { owner, spec: &sources.spec, definitions: &mut definitions, walked: BTreeSet::new() };
        overlay.properties(&resource.properties, &mut schema)?;
    }
    Ok((schema, definitions))
}

fn updates(replacements: &Replacements) -> Vec<(Vec<&'static str>, Update)> {
    let known = replacements.paths().into_iter();
    known
        .map(|(path, effect)| {
            let update = match effect {
                spec::Replacement::No => Update::InPlace,
                spec::Replacement::Maybe => Update::MayReplace,
                spec::Replacement::Yes => Update::Replaces,
            };
            (path.iter().map(|part| text(part)).collect(), update)
        })
        .collect()
}

fn handlers(json: &Value) -> Handlers {
    let owned = |list: Option<&Value>| strings(list).into_iter().map(text).collect();
    let handler = |name: &str| {
        let about = json.get("handlers").and_then(|handlers| handlers.get(name));
        let minutes = about.and_then(|about| about.get("timeoutInMinutes")).and_then(Value::as_u64);
        Handler {
            permissions: owned(about.and_then(|about| about.get("permissions"))),
            timeout_minutes: minutes.and_then(|minutes| u16::try_from(minutes).ok()),
        }
    };
    Handlers {
        create: handler("create"),
        read: handler("read"),
        update: handler("update"),
        delete: handler("delete"),
        tag: owned(json.get("tagging").and_then(|tagging| tagging.get("permissions"))),
    }
}

/// One bit per region that offers the type.
fn regions(type_name: &str, sources: &Sources) -> u64 {
    let offers = sources.lint.offers.iter().enumerate();
    offers.filter(|(_, offer)| offer.contains_key(type_name)).fold(0, |set, (at, _)| set | 1 << at)
}
