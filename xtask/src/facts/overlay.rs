//! Adds to the schemas what only the service spec knows, and makes schemas of the types that only it knows.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use indexmap::IndexMap;
use template::facts::{Kind as Holds, Kinds, Schema};

use crate::spec::{Kind, Property, Spec};

use super::convert::push_name;
use super::text;

/// Adds the relationships, and the properties that are missing, to a converted schema.
pub(crate) struct Overlay<'a> {
    /// The resource type, and `/` and the nested type while one is walked: the key of the reviewed table.
    pub(crate) owner: String,
    pub(crate) spec: &'a Spec,
    pub(crate) definitions: &'a mut Vec<Schema>,
    /// Definitions already walked, so that a recursive one ends.
    pub(crate) walked: BTreeSet<(u16, String)>,
}

impl Overlay<'_> {
    /// Walks both trees together.
    pub(crate) fn properties(
        &mut self,
        properties: &IndexMap<String, Property>,
        schema: &mut Schema,
    ) -> Result<()> {
        for (name, property) in properties {
            if !schema.properties.iter().any(|(known, _)| known == name) {
                let missing =
                    SpecSchemas { spec: self.spec, known: BTreeMap::new(), definitions: self.definitions }
                        .schema(&property.kind)?;
                schema.properties.push((text(name), missing));
                schema.properties.sort_by_key(|(name, _)| *name);
            }
            if let Some((_, here)) = schema.properties.iter_mut().find(|(known, _)| known == name) {
                let is_text = !matches!(property.kind, Kind::Array { .. } | Kind::Map { .. });
                let named = if is_text { Some(&mut *here) } else { element(here) };
                let any_text = crate::l1::is_reviewed_as_text(&format!("{}.{name}", self.owner));
                if let Some(named) = named.filter(|_| !any_text) {
                    for to in &property.relationship_refs {
                        push_name(named, &to.cloud_formation_type, &to.property_name);
                    }
                }
                self.value(&property.kind, here)?;
            }
        }
        Ok(())
    }

    fn value(&mut self, kind: &Kind, schema: &mut Schema) -> Result<()> {
        if let Some(at) = schema.definition {
            return self.shared(kind, at);
        }
        match kind {
            Kind::Ref { reference } => {
                let spec = self.spec;
                let definition = spec.definition(reference)?;
                let resource = self.owner.split('/').next().unwrap_or_default();
                let nested = format!("{resource}/{}", definition.name);
                let owner = std::mem::replace(&mut self.owner, nested);
                let result = self.properties(&definition.properties, schema);
                self.owner = owner;
                result
            }
            Kind::Array { element: kind } | Kind::Map { element: kind } => match element(schema) {
                Some(inner) => self.value(kind, inner),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn shared(&mut self, kind: &Kind, at: u16) -> Result<()> {
        let id = match kind {
            Kind::Ref { reference } => reference.id.clone(),
            Kind::Array { .. } | Kind::Map { .. } => String::new(),
            _ => return Ok(()),
        };
        let open = self.walked.iter().any(|(known, _)| *known == at);
        if !self.walked.insert((at, id)) || open {
            return Ok(());
        }
        let mut schema = std::mem::take(&mut self.definitions[usize::from(at)]);
        let result = self.value(kind, &mut schema);
        self.definitions[usize::from(at)] = schema;
        result
    }
}

/// The schema of a list's items or of a map's values.
fn element(schema: &mut Schema) -> Option<&mut Schema> {
    match &mut schema.items {
        Some(items) => Some(items),
        None => schema.entries.first_mut().map(|(_, schema)| schema),
    }
}

/// Makes schemas from the service spec alone.
pub(crate) struct SpecSchemas<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) known: BTreeMap<String, u16>,
    pub(crate) definitions: &'a mut Vec<Schema>,
}

impl SpecSchemas<'_> {
    /// An object with these properties.
    pub(crate) fn object(&mut self, properties: &IndexMap<String, Property>) -> Result<Schema> {
        let mut schema = Schema { kinds: [Holds::Object].into_iter().collect(), ..Schema::default() };
        for (name, property) in properties {
            let mut here = self.schema(&property.kind)?;
            for to in &property.relationship_refs {
                push_name(&mut here, &to.cloud_formation_type, &to.property_name);
            }
            schema.properties.push((text(name), here));
            if property.required {
                schema.required.push(text(name));
            }
        }
        schema.properties.sort_by_key(|(name, _)| *name);
        Ok(schema)
    }

    fn schema(&mut self, kind: &Kind) -> Result<Schema> {
        let mut schema = Schema { kinds: holds(kind), open: true, ordered: true, ..Schema::default() };
        match kind {
            Kind::Ref { reference } => {
                let at = self.definition(&reference.id)?;
                schema.definition = Some(at);
            }
            Kind::Array { element } => {
                let items = self.schema(element)?;
                schema.items = Some(Box::new(items));
            }
            Kind::Map { element } => {
                let value = self.schema(element)?;
                schema.entries.push(("", value));
            }
            _ => {}
        }
        Ok(schema)
    }

    fn definition(&mut self, id: &str) -> Result<u16> {
        if let Some(at) = self.known.get(id) {
            return Ok(*at);
        }
        let at = u16::try_from(self.definitions.len())?;
        self.known.insert(id.to_owned(), at);
        self.definitions.push(Schema::default());
        let spec = self.spec;
        if let Some(definition) = spec.definitions.get(id) {
            self.definitions[usize::from(at)] = self.object(&definition.properties)?;
        }
        Ok(at)
    }
}

/// The kinds of value that the spec's type stands for.
pub(crate) fn holds(kind: &Kind) -> Kinds {
    let one = |kind| [kind].into_iter().collect();
    match kind {
        Kind::String { .. } | Kind::DateTime => one(Holds::String),
        Kind::Integer => one(Holds::Integer),
        Kind::Number => one(Holds::Number),
        Kind::Boolean => one(Holds::Boolean),
        Kind::Tag | Kind::Ref { .. } | Kind::Map { .. } => one(Holds::Object),
        Kind::Array { .. } => one(Holds::List),
        Kind::Json => [Holds::Object, Holds::String].into_iter().collect(),
        Kind::Null => Kinds::default(),
        Kind::Union { types } => {
            types.iter().flat_map(|kind| holds(kind).iter().collect::<Vec<_>>()).collect()
        }
    }
}
