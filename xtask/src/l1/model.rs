//! The structs to be written, with every type and sentence settled.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use template::facts::TagFacts;

use crate::cfn_lint::Schema;
use crate::names::{camel, snake};
use crate::replacement::Replacements;
use crate::sources::Sources;
use crate::spec::{Definition, Kind, Property, Replacement, Spec};
use crate::tags::tags;

use super::doc;
use super::table::Service;
use super::typing::{Names, Typing};

/// A resource type and the nested types that its properties use.
pub(crate) struct Resource {
    pub(crate) type_name: String,
    /// The module of the nested types.
    pub(crate) module: String,
    pub(crate) tags: Option<TagFacts>,
    pub(crate) reference: Names,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) own: Struct,
    pub(crate) nested: Vec<Struct>,
}

/// A struct.
pub(crate) struct Struct {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) fields: Vec<Field>,
}

/// A field of a struct.
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) property: String,
    pub(crate) doc: Vec<String>,
    pub(crate) shape: Shape,
}

/// An attribute method of a handle.
pub(crate) struct Attribute {
    pub(crate) name: String,
    /// The name in the template.
    pub(crate) spelled: String,
    pub(crate) doc: String,
    pub(crate) names: Names,
    pub(crate) list: bool,
}

/// The type of a field, without its `Option`.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    Value(Names),
    List(Names),
    Json,
    Tag,
    /// A nested struct, in a box where it would contain itself.
    Struct {
        name: String,
        boxed: bool,
    },
    Many(Box<Shape>),
    Map(Box<Shape>),
}

impl Resource {
    /// Settles everything about `AWS::{service}::{name}`.
    pub(crate) fn new(
        service: &'static Service,
        name: &str,
        sources: &Sources,
        typing: &Typing<'_>,
    ) -> Result<Resource> {
        let type_name = format!("AWS::{}::{name}", service.namespace);
        let resource = &sources.spec.resources[&type_name];
        let tags = tags(Some(resource), sources.lint.schemas.get(&type_name));
        let mut builder = Builder {
            type_name: &type_name,
            spec: &sources.spec,
            typing,
            replacements: Replacements::of(&type_name, &sources.spec, &sources.lint),
            tag_property: tags.as_ref().map(|tags| tags.property),
            waiting: Vec::new(),
            seen: BTreeSet::new(),
            direct: BTreeMap::new(),
        };
        let schema = sources.lint.schema(&type_name);
        let fields = builder.fields(None, &resource.properties, &[], schema)?;
        let nested = builder.nested()?;
        let own = Struct { name: camel(name), doc: doc::summary(&resource.documentation), fields };
        let reference =
            typing.reference(&type_name).context("every type in the table has a reference")?.clone();
        let attributes = attributes(resource, typing);
        Ok(Resource { module: snake(name), tags, reference, attributes, own, nested, type_name })
    }
}

/// Walks a type's properties and collects the nested types on the way.
struct Builder<'a> {
    type_name: &'a str,
    spec: &'a Spec,
    typing: &'a Typing<'a>,
    replacements: Replacements,
    tag_property: Option<&'a str>,
    /// Nested types met but not yet walked: the id, the path that leads there first, and the schema.
    waiting: Vec<(&'a str, Vec<String>, Option<Schema<'a>>)>,
    seen: BTreeSet<&'a str>,
    /// Which struct holds which directly, without a list or map between.
    direct: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Builder<'a> {
    fn fields(
        &mut self,
        definition: Option<&str>,
        properties: &'a indexmap::IndexMap<String, Property>,
        path: &[String],
        schema: Option<Schema<'a>>,
    ) -> Result<Vec<Field>> {
        let required = schema.map(Schema::required).unwrap_or_default();
        let mut fields = Vec::new();
        for (name, property) in properties {
            let mut path = path.to_vec();
            path.push(name.clone());
            let here = schema.and_then(|schema| schema.property(name));
            let required = property.required || required.contains(&name.as_str());
            let key = match definition {
                Some(definition) => format!("{}/{definition}.{name}", self.type_name),
                None => format!("{}.{name}", self.type_name),
            };
            let is_tags = path.len() == 1 && self.tag_property == Some(name);
            let names = self.typing.property(&key, property, here);
            let shape = self.shape(&property.kind, &names, &path, here, is_tags)?;
            self.note_direct(definition, &shape);
            let doc = self.sentences(property, here, required, &path);
            fields.push((
                is_tags,
                !required,
                Field { name: snake(name), property: name.clone(), doc, shape },
            ));
        }
        // Templates read best with what must be given first and the tags last.
        fields.sort_by(|a, b| (a.0, a.1, &a.2.property).cmp(&(b.0, b.1, &b.2.property)));
        Ok(fields.into_iter().map(|(_, _, field)| field).collect())
    }

    fn shape(
        &mut self,
        kind: &'a Kind,
        names: &Names,
        path: &[String],
        schema: Option<Schema<'a>>,
        is_tags: bool,
    ) -> Result<Shape> {
        let element = schema.and_then(Schema::element);
        Ok(match kind {
            Kind::String { .. } | Kind::DateTime => Shape::Value(names.clone()),
            Kind::Integer => Shape::Value(Names::Integer),
            Kind::Number => Shape::Value(Names::Number),
            Kind::Boolean => Shape::Value(Names::Boolean),
            Kind::Json | Kind::Null | Kind::Union { .. } => Shape::Json,
            Kind::Tag => Shape::Tag,
            Kind::Ref { reference } => {
                let definition = self.spec.definition(reference)?;
                if is_tags && is_tag(definition) {
                    return Ok(Shape::Tag);
                }
                if self.seen.insert(&reference.id) {
                    self.waiting.push((&reference.id, path.to_vec(), schema));
                }
                Shape::Struct { name: camel(&definition.name), boxed: false }
            }
            Kind::Array { element: kind } => match self.shape(kind, names, path, element, is_tags)? {
                Shape::Value(names) => Shape::List(names),
                other => Shape::Many(Box::new(other)),
            },
            Kind::Map { element: kind } => {
                Shape::Map(Box::new(self.shape(kind, names, path, element, is_tags)?))
            }
        })
    }

    /// What AWS says of the property, then what one must know to use it.
    fn sentences(
        &self,
        property: &Property,
        schema: Option<Schema<'a>>,
        required: bool,
        path: &[String],
    ) -> Vec<String> {
        let mut first = doc::summary(&property.documentation);
        if first.is_empty() {
            first = format!("`{}`.", path.last().map_or("", String::as_str));
        }
        let mut notes = Vec::new();
        if required {
            notes.push("Required.".to_owned());
        }
        if let Some(default) = &property.default_value {
            let text = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
            let plain = text.trim().trim_matches('"');
            if !plain.is_empty() && !plain.contains('\n') && plain != "-" {
                notes.push(format!("Default: `{}`.", plain.replace('`', "")));
            }
        }
        notes.extend(allowed(&property.kind, schema));
        match self.replacements.at(path) {
            Replacement::Yes => notes.push("Changing it replaces the resource.".to_owned()),
            Replacement::Maybe => notes.push("Changing it may replace the resource.".to_owned()),
            Replacement::No => {}
        }
        if notes.is_empty() { vec![first] } else { vec![first, String::new(), notes.join(" ")] }
    }

    fn note_direct(&mut self, definition: Option<&str>, shape: &Shape) {
        if let (Some(definition), Shape::Struct { name, .. }) = (definition, shape) {
            self.direct.entry(camel(definition)).or_default().insert(name.clone());
        }
    }

    fn nested(&mut self) -> Result<Vec<Struct>> {
        let mut structs: BTreeMap<String, Struct> = BTreeMap::new();
        while let Some((id, path, schema)) = self.waiting.pop() {
            let definition = &self.spec.definitions[id];
            let fields = self.fields(Some(&definition.name), &definition.properties, &path, schema)?;
            let mut doc = doc::summary(&definition.documentation);
            if doc.is_empty() {
                doc = format!("The value of `{}`.", path.join("."));
            }
            let name = camel(&definition.name);
            if structs.insert(name.clone(), Struct { name: name.clone(), doc, fields }).is_some() {
                bail!("{}: two nested types are called {name}", self.type_name);
            }
        }
        let mut structs: Vec<Struct> = structs.into_values().collect();
        for each in &mut structs {
            let holder = each.name.clone();
            for field in &mut each.fields {
                if let Shape::Struct { name, boxed } = &mut field.shape {
                    *boxed = self.reaches(name, &holder);
                }
            }
        }
        Ok(structs)
    }

    /// Whether a struct holds another, at any depth, without a list or map between.
    fn reaches(&self, from: &str, to: &str) -> bool {
        let mut open = vec![from];
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if name == to {
                return true;
            }
            if seen.insert(name) {
                open.extend(self.direct.get(name).into_iter().flatten().map(String::as_str));
            }
        }
        false
    }
}

/// A nested type of exactly a key and a value.
fn is_tag(definition: &Definition) -> bool {
    definition.properties.len() == 2
        && ["Key", "Value"].iter().all(|name| {
            definition
                .properties
                .get(*name)
                .is_some_and(|property| matches!(property.kind, Kind::String { .. }))
        })
}

/// The sentence that lists the values a property takes, if they are few.
fn allowed(kind: &Kind, schema: Option<Schema<'_>>) -> Option<String> {
    let schema = match kind {
        Kind::Array { .. } => schema.and_then(Schema::element),
        _ => schema,
    };
    let known: Vec<String> = match schema.map(Schema::allowed) {
        Some(values) if !values.is_empty() => values.iter().filter_map(text).collect(),
        _ => match kind {
            Kind::String { allowed_values } => allowed_values.iter().filter_map(text).collect(),
            _ => Vec::new(),
        },
    };
    if known.is_empty() || known.len() > 32 {
        return None;
    }
    let known: BTreeSet<String> = known.into_iter().map(|value| format!("`{value}`")).collect();
    let mut known: Vec<String> = known.into_iter().collect();
    known.sort_by_key(|value| value.trim_matches('`').parse::<i64>().unwrap_or(i64::MAX));
    Some(format!("One of {}.", known.join(", ")))
}

fn text(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) if !text.is_empty() => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn attributes(resource: &crate::spec::Resource, typing: &Typing<'_>) -> Vec<Attribute> {
    let mut found = Vec::new();
    for (attribute, about) in &resource.attributes {
        let (kind, list) = match &about.kind {
            Kind::Array { element } => (element.as_ref(), true),
            kind => (kind, false),
        };
        let scalar = match kind {
            Kind::String { .. } | Kind::DateTime => Names::Text,
            Kind::Integer => Names::Integer,
            Kind::Number => Names::Number,
            Kind::Boolean => Names::Boolean,
            _ => continue,
        };
        let same_property = || {
            let property = resource.properties.get(attribute)?;
            let key = format!("{}.{attribute}", resource.cloud_formation_type);
            Some(typing.property(&key, property, None))
        };
        let known = typing.attribute(&resource.cloud_formation_type, attribute).cloned();
        let names = known.or_else(|| same_property().filter(|_| scalar == Names::Text)).unwrap_or(scalar);
        let mut doc = doc::summary(&about.documentation);
        if doc.is_empty() {
            doc = format!("The attribute `{attribute}`.");
        }
        found.push(Attribute { name: snake(attribute), spelled: attribute.clone(), doc, names, list });
    }
    found.sort_by(|a, b| a.spelled.cmp(&b.spelled));
    found
}
