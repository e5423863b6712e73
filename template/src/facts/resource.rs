//! What is known about one resource type.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::Later;
use super::schema::{ChoiceRule, Kind, Kinds, Schema};
use super::table;

/// The facts about one resource type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct ResourceFacts {
    /// The type's name.
    #[serde(skip)]
    pub type_name: &'static str,
    #[doc(hidden)]
    pub schema: Schema,
    #[doc(hidden)]
    pub definitions: Vec<Later<Schema>>,
    /// What `Fn::GetAtt` returns, sorted by name; see [`ResourceFacts::attribute`].
    pub attributes: Vec<(&'static str, Attribute)>,
    /// What `Ref` returns.
    pub reference: Reference,
    /// The properties that identify a resource in the Cloud Control API, in order.
    pub primary_identifier: Vec<&'static str>,
    /// The paths (`A.B`) that AWS sets and a template must not, unless they are also attributes to be given.
    pub read_only: Vec<&'static str>,
    /// The paths (`A.B`) that AWS never gives back, such as passwords.
    pub write_only: Vec<&'static str>,
    /// The paths (`A.B`) that should not be used any more.
    pub deprecated: Vec<&'static str>,
    #[doc(hidden)]
    pub updates: Later<Vec<(Vec<&'static str>, Update)>>,
    /// Whether the resource holds data that is lost when it is deleted or replaced.
    pub stateful: bool,
    /// Where the type takes its tags, if it does.
    pub tags: Option<TagFacts>,
    /// The IAM permissions that CloudFormation needs for each operation.
    pub handlers: Later<Handlers>,
    /// How CloudFormation replaces the resource.
    pub replacement: Replacement,
    /// The end of the type's life, if AWS announced it: a status (`sunset`, `deprecated`, …) and perhaps a date.
    pub end_of_life: Option<(&'static str, Option<&'static str>)>,
    #[doc(hidden)]
    pub regions: u64,
}

/// What happens to a resource when a property changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Update {
    /// It is changed where it is.
    #[default]
    InPlace,
    /// It is replaced in some cases, or the sources disagree.
    MayReplace,
    /// It is replaced: a new one is made and the old one deleted.
    Replaces,
}

/// In which order CloudFormation replaces a resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Replacement {
    /// The new one first, so that both exist for a while: a fixed name is an obstacle.
    #[default]
    CreateThenDelete,
    /// The old one first, so that neither exists for a while.
    DeleteThenCreate,
}

/// What `Fn::GetAtt` returns for an attribute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// The kind of value; empty if any.
    pub kinds: Kinds,
    /// The kind of the items, if it is a list.
    pub items: Kinds,
    /// Whether it is an ARN, or a list of them.
    pub is_arn: bool,
}

/// What `Ref` returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Reference {
    /// The properties or attributes it consists of: mostly one, else joined by `|`. Empty if not known.
    pub parts: Vec<&'static str>,
    /// What it is.
    pub kind: ReferenceKind,
}

/// What kind of identifier `Ref` returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReferenceKind {
    /// An ARN.
    Arn,
    /// A name, unique within something.
    Name,
    /// An id that AWS assigned.
    Id,
    /// Something else: a URL, an address, a composite, or not known.
    Other,
}

/// Where a type takes its tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagFacts {
    /// The property.
    pub property: &'static str,
    /// Its shape.
    pub shape: TagShape,
    /// Whether tags can be changed without replacing the resource.
    pub updatable: bool,
}

/// The shape of a property that holds tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TagShape {
    /// A list of `Key` and `Value`.
    List,
    /// A list of `Key`, `Value` and `PropagateAtLaunch`.
    Propagated,
    /// A map.
    Map,
}

/// The permissions that CloudFormation's handler of the type needs, by operation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Handlers {
    /// To create a resource.
    pub create: Handler,
    /// To read it.
    pub read: Handler,
    /// To update it in place. No permissions if the type cannot be updated.
    pub update: Handler,
    /// To delete it.
    pub delete: Handler,
    /// To tag it, besides the above.
    pub tag: Vec<&'static str>,
}

/// One operation of a handler.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Handler {
    /// IAM actions such as `ecs:CreateService`; empty if the sources do not list them.
    pub permissions: Vec<&'static str>,
    /// How long the handler may take, in minutes, if it is not the usual 120.
    pub timeout_minutes: Option<u16>,
}

impl ResourceFacts {
    /// The resource's properties: an object.
    pub fn properties(&self) -> Place<'_> {
        Place { facts: self, here: &self.schema }
    }

    /// The attribute `name` of `Fn::GetAtt`, as a template writes it (`Endpoint.Address`, `Outputs.Url`).
    pub fn attribute(&self, name: &str) -> Option<Attribute> {
        let known = |name: &str| {
            let at = self.attributes.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
            Some(self.attributes[at].1)
        };
        // The outputs of a nested stack have names that no schema knows, and a custom resource any attribute.
        let (first, _) = name.split_once('.').unwrap_or((name, ""));
        known(name).or_else(|| known(&format!("{first}.*"))).or_else(|| known("*"))
    }

    /// What happens when the value at `path` changes.
    ///
    /// `path` is as in a template: property names, map keys and list positions.
    pub fn update(&self, path: &[&str]) -> Update {
        let path = self.property_path(path);
        let covers =
            |known: &[&str]| known.len() <= path.len() && known.iter().zip(&path).all(|(a, b)| a == b);
        self.updates
            .iter()
            .filter(|(known, _)| covers(known))
            .map(|(_, update)| *update)
            .max()
            .unwrap_or_default()
    }

    /// Whether a change anywhere below `path` could do more than one at `path` itself does.
    pub fn update_below(&self, path: &[&str]) -> Update {
        let path = self.property_path(path);
        let below = |known: &[&str]| known.len() > path.len() && known.iter().zip(&path).all(|(a, b)| a == b);
        self.updates
            .iter()
            .filter(|(known, _)| below(known))
            .map(|(_, update)| *update)
            .max()
            .unwrap_or_default()
    }

    /// Whether AWS sets the value at `path`, so that a template must not.
    pub fn is_read_only(&self, path: &[&str]) -> bool {
        contains(&self.read_only, &self.property_path(path))
    }

    /// Whether AWS never gives back the value at `path`.
    pub fn is_write_only(&self, path: &[&str]) -> bool {
        contains(&self.write_only, &self.property_path(path))
    }

    /// Whether the type exists in `region`; `None` if the region or the type's regions are not known.
    pub fn is_in_region(&self, region: &str) -> Option<bool> {
        let at = table::regions().position(|known| known == region)?;
        (self.regions != 0).then(|| self.regions & (1 << at) != 0)
    }

    /// The property names of a path, without its list positions and map keys.
    fn property_path<'a>(&self, path: &[&'a str]) -> Vec<&'a str> {
        let mut names = Vec::new();
        let mut place = Some(self.properties());
        for &part in path {
            match place {
                Some(here) if here.property(part).is_some() => {
                    names.push(part);
                    place = here.property(part);
                }
                Some(here) if here.item().is_some() || here.entries().next().is_some() => {
                    place = here.item().or_else(|| here.entries().next().map(|(_, value)| value));
                }
                _ => {
                    names.push(part);
                    place = None;
                }
            }
        }
        names
    }
}

fn contains(paths: &[&str], path: &[&str]) -> bool {
    (1..=path.len()).any(|end| paths.contains(&path[..end].join(".").as_str()))
}

/// A place in a type's properties: its [`Schema`], and the way further down.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    facts: &'a ResourceFacts,
    here: &'a Schema,
}

impl<'a> Place<'a> {
    /// The schema of the value here.
    pub fn schema(self) -> &'a Schema {
        let shared = self.here.definition.and_then(|at| self.facts.definitions.get(usize::from(at)));
        shared.map_or(self.here, |shared| shared)
    }

    /// What the text here names: of this place, or else of the schema it shares with others.
    pub fn names(self) -> &'a [super::Identifier] {
        if self.here.names.is_empty() { &self.schema().names } else { &self.here.names }
    }

    /// The property `name` of the object here.
    pub fn property(self, name: &str) -> Option<Place<'a>> {
        let properties = &self.schema().properties;
        let at = properties.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
        Some(self.at(&properties[at].1))
    }

    /// The properties of the object here, by name.
    pub fn properties(self) -> impl ExactSizeIterator<Item = (&'static str, Place<'a>)> {
        self.schema().properties.iter().map(move |(name, schema)| (*name, self.at(schema)))
    }

    /// The items of the list here.
    pub fn item(self) -> Option<Place<'a>> {
        self.schema().items.as_deref().map(|schema| self.at(schema))
    }

    /// For a map: a regular expression for the keys (empty for any) and the place of their values.
    pub fn entries(self) -> impl Iterator<Item = (&'static str, Place<'a>)> {
        self.schema().entries.iter().map(move |(pattern, schema)| (*pattern, self.at(schema)))
    }

    /// The alternatives here, each with how many of them must hold.
    pub fn choices(self) -> impl Iterator<Item = (ChoiceRule, Vec<Place<'a>>)> {
        let choices = self.schema().choices.iter();
        choices.map(move |choice| (choice.rule, choice.of.iter().map(|schema| self.at(schema)).collect()))
    }

    /// Whether a value of `kind` may stand here.
    pub fn takes(self, kind: Kind) -> bool {
        let kinds = self.schema().kinds;
        kinds.is_empty() || kinds.contains(kind) || (kind == Kind::Integer && kinds.contains(Kind::Number))
    }

    fn at(self, here: &'a Schema) -> Place<'a> {
        Place { facts: self.facts, here }
    }
}

/// The place's schema, for reading its fields: `place.pattern`.
impl Deref for Place<'_> {
    type Target = Schema;

    fn deref(&self) -> &Schema {
        self.schema()
    }
}
