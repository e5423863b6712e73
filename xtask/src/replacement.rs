//! Which changes replace a resource, by both sources.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cfn_lint::{CfnLint, strings};
use crate::spec::{self, Kind, Property, Replacement, Spec};

/// The paths of one resource type whose change replaces it. A path is the property names from the top;
/// list items and map keys take no part in it.
pub(crate) struct Replacements {
    /// As the service spec says it; absent if the spec does not know the type.
    spec: Option<BTreeMap<Vec<String>, Replacement>>,
    /// As the schema says it; absent if the linter does not know the type.
    lint: Option<BTreeMap<Vec<String>, Replacement>>,
}

impl Replacements {
    /// Collects what both sources say about `type_name`.
    pub(crate) fn of(type_name: &str, spec: &Spec, lint: &CfnLint) -> Replacements {
        Replacements {
            spec: spec.resources.get(type_name).map(|resource| from_spec(resource, spec)),
            lint: lint.schemas.get(type_name).map(from_schema),
        }
    }

    /// What a change at `path` does: where the sources disagree, it may replace.
    pub(crate) fn at(&self, path: &[String]) -> Replacement {
        let strongest = |source: &BTreeMap<Vec<String>, Replacement>| {
            (1..=path.len()).filter_map(|end| source.get(&path[..end])).max().copied().unwrap_or_default()
        };
        match (self.spec.as_ref().map(strongest), self.lint.as_ref().map(strongest)) {
            (Some(spec), Some(lint)) if spec == lint => spec,
            (Some(_), Some(_)) => Replacement::Maybe,
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => Replacement::No,
        }
    }

    /// Every path at which a change does more than at the path above it.
    pub(crate) fn paths(&self) -> BTreeMap<Vec<String>, Replacement> {
        let known = self.spec.iter().chain(&self.lint).flat_map(BTreeMap::keys);
        known
            .map(|path| (path.clone(), self.at(path)))
            .filter(|(path, effect)| *effect > self.at(&path[..path.len() - 1]))
            .collect()
    }
}

fn from_spec(resource: &spec::Resource, spec: &Spec) -> BTreeMap<Vec<String>, Replacement> {
    let mut found = BTreeMap::new();
    for path in &resource.additional_replacement_properties {
        let path: Vec<String> = path.iter().filter(|part| *part != "*").cloned().collect();
        found.insert(path, Replacement::Yes);
    }
    walk(&resource.properties, spec, &mut Vec::new(), &mut Vec::new(), &mut found);
    found
}

/// `open` holds the nested types being walked, so that a recursive type ends.
fn walk<'a>(
    properties: &'a indexmap::IndexMap<String, Property>,
    spec: &'a Spec,
    path: &mut Vec<String>,
    open: &mut Vec<&'a str>,
    found: &mut BTreeMap<Vec<String>, Replacement>,
) {
    for (name, property) in properties {
        path.push(name.clone());
        if property.causes_replacement != Replacement::No {
            found.insert(path.clone(), property.causes_replacement);
        }
        if let Some(id) = nested(&property.kind)
            && !open.contains(&id)
            && let Some(definition) = spec.definitions.get(id)
        {
            open.push(id);
            walk(&definition.properties, spec, path, open, found);
            open.pop();
        }
        path.pop();
    }
}

fn nested(kind: &Kind) -> Option<&str> {
    match kind {
        Kind::Ref { reference } => Some(&reference.id),
        Kind::Array { element } | Kind::Map { element } => nested(element),
        _ => None,
    }
}

fn from_schema(schema: &Value) -> BTreeMap<Vec<String>, Replacement> {
    let mut found = BTreeMap::new();
    for (key, effect) in
        [("conditionalCreateOnlyProperties", Replacement::Maybe), ("createOnlyProperties", Replacement::Yes)]
    {
        for pointer in strings(schema.get(key)) {
            found.insert(property_path(pointer), effect);
        }
    }
    found
}

/// The property names in a pointer such as `/properties/Volumes/*/Host` or `/properties/A/items/properties/B`.
pub(crate) fn property_path(pointer: &str) -> Vec<String> {
    pointer
        .split('/')
        .filter(|part| !matches!(*part, "" | "*" | "properties" | "items"))
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect()
}
