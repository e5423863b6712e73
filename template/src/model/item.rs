//! One resource, and what points at one.

use std::collections::BTreeSet;
use std::fmt;

use crate::document::Resource;
use crate::graph::Element;
use crate::model::value::{Held, Trail};
use crate::model::{Model, Value, World};
use crate::path::Path;

/// One resource of a template.
#[derive(Clone, Copy)]
pub struct Item<'m> {
    model: &'m Model<'m>,
    id: &'m str,
    resource: &'m Resource,
}

/// What a value points at: a resource, by `Ref` or by an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'m> {
    /// The resource.
    pub item: Item<'m>,
    /// The attribute of `Fn::GetAtt`; `None` for `Ref`.
    pub attribute: Option<&'m str>,
}

impl<'m> Item<'m> {
    pub(super) fn new(model: &'m Model<'m>, id: &'m str, resource: &'m Resource) -> Item<'m> {
        Item { model, id, resource }
    }

    /// The logical ID.
    pub fn id(self) -> &'m str {
        self.id
    }

    /// The type, for example `AWS::ECS::Service`.
    pub fn type_name(self) -> &'m str {
        &self.resource.type_name
    }

    /// Whether it is of this type.
    pub fn is(self, type_name: &str) -> bool {
        self.type_name() == type_name
    }

    /// The resource as the template has it.
    pub fn resource(self) -> &'m Resource {
        self.resource
    }

    /// The model that the resource is part of.
    pub fn model(self) -> &'m Model<'m> {
        self.model
    }

    /// `Resources.Id`.
    pub fn path(self) -> Path {
        Path::of(["Resources", self.id])
    }

    /// Whether its `Condition` can hold.
    pub fn can_exist(self) -> bool {
        self.resource.condition.is_none() || self.known_world().is_some()
    }

    /// What must hold for the resource to exist: its `Condition`. Nothing is assumed for one that [cannot](Item::can_exist).
    pub fn world(self) -> World<'m> {
        self.known_world().unwrap_or(World::any(self.model))
    }

    fn known_world(self) -> Option<World<'m>> {
        let world = World::any(self.model);
        match &self.resource.condition {
            Some(name) => world.assume(name, true),
            None => Some(world),
        }
    }

    /// All its properties, as one value.
    pub fn properties(self) -> Value<'m> {
        let trail = Trail::properties(self.id);
        Value::new(self.model, Held::Map(&self.resource.properties), trail, self.world())
    }

    /// Every value that the property at `path` may have, or that one of the properties on the way is absent or not
    /// known. `path` is names with dots between them: `DeploymentConfiguration.Strategy`.
    pub fn get(self, path: &'m str) -> Vec<Value<'m>> {
        self.properties().get(path)
    }

    /// The first text that the property at `path` may be, if it is known.
    pub fn text(self, path: &'m str) -> Option<String> {
        self.get(path).iter().find_map(Value::text)
    }

    /// The logical IDs of all resources that must be made before this one, directly or through others.
    pub fn needed(self) -> BTreeSet<&'m str> {
        let mut needed = BTreeSet::new();
        let mut open = vec![self.id];
        while let Some(id) = open.pop() {
            for edge in self.model.references(id) {
                if let Some(Element::Resource(to)) = &edge.to
                    && needed.insert(to.as_str())
                {
                    open.push(to);
                }
            }
        }
        needed
    }

    /// Whether the resource needs `other` to be made first, directly or through others. Who asks for many others
    /// asks for all that are [needed](Item::needed) once.
    pub fn needs(self, other: Item<'_>) -> bool {
        self.needed().contains(other.id)
    }
}

impl PartialEq for Item<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Item<'_> {}

impl fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)
    }
}

/// `Id` or `Id.Attribute`.
impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.item.id())?;
        match self.attribute {
            Some(attribute) => write!(f, ".{attribute}"),
            None => Ok(()),
        }
    }
}
