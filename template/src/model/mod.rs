//! A template seen through its functions: what a value is or may be, and what it points at.
//!
//! A template says `!If [Big, 1024, !Ref Memory]`; whoever asks for the memory wants the numbers. A [`Model`] gives
//! [`Item`]s, one for each resource, and these give [`Value`]s: every value that a property may have, looked at
//! through `Fn::If` (each branch, with what must hold for it: a [`World`]), parameters (their default),
//! `Fn::FindInMap`, `Fn::Select`, `Fn::Split` and `Fn::Cidr`. A [`Text`] is the same for what `Fn::Sub` and `Fn::Join` glue
//! together. What is only known at deployment stays unknown, and nothing should be concluded from it.
//!
//! ```
//! let text = r#"
//! Parameters: {Count: {Type: Number, Default: 2}}
//! Conditions: {Big: !Equals [!Ref "AWS::Region", us-east-1]}
//! Resources:
//!   Service:
//!     Type: AWS::ECS::Service
//!     Properties:
//!       DesiredCount: !If [Big, 10, !Ref Count]
//!       Cluster: !Sub "${Cluster}"
//!   Cluster: {Type: AWS::ECS::Cluster}
//! "#;
//! let document = template::Template::parse(text, "service.yaml").expect("the file is well-formed");
//! let model = template::Model::new(&document.template);
//! let service = model.resource("Service").expect("it is there");
//! let counts: Vec<_> = service.get("DesiredCount").iter().filter_map(|count| count.number()).collect();
//! assert_eq!(counts, [10.0, 2.0]);
//! let cluster = service.get("Cluster")[0].target().expect("it points at a resource");
//! assert_eq!(cluster.item.id(), "Cluster");
//! ```

pub mod balancer;
mod cases;
pub mod ecs;
pub mod iam;
mod item;
mod look;
pub mod naming;
pub mod network;
pub mod scaling;
mod text;
mod value;
mod world;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

pub use item::{Item, Target};
pub use text::{Part, Text};
pub use value::Value;
pub use world::World;

use crate::document::{Resource, Template};
use crate::graph::{Edge, Element, Graph};
use crate::node::Node;

/// A template, ready to be asked about its resources.
pub struct Model<'t> {
    template: &'t Template,
    /// Found when they are asked for the first time.
    references: OnceLock<References>,
    /// Resources by type, in the template's order.
    types: BTreeMap<&'t str, Vec<(&'t str, &'t Resource)>>,
    /// For each condition the first one that says the same.
    conditions: BTreeMap<&'t str, &'t str>,
    region: Option<String>,
    /// What [`Model::is_closed`] says; it looks at everything.
    closed: OnceLock<bool>,
}

/// All references of a template.
struct References {
    edges: Vec<Edge>,
    /// Places among the edges by that of the resource that they point at, and that they stand in.
    to: BTreeMap<usize, Vec<usize>>,
    from: BTreeMap<usize, Vec<usize>>,
}

impl References {
    fn of(template: &Template) -> References {
        let edges = template.edges();
        let mut to: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut from: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let place = |element: &Element| match element {
            Element::Resource(id) => template.resources.get_index_of(id),
            _ => None,
        };
        for (at, edge) in edges.iter().enumerate() {
            if let Some(resource) = edge.to.as_ref().and_then(place) {
                to.entry(resource).or_default().push(at);
            }
            if let Some(resource) = place(&edge.from) {
                from.entry(resource).or_default().push(at);
            }
        }
        References { edges, to, from }
    }
}

impl<'t> Model<'t> {
    /// Looks at `template`.
    pub fn new(template: &'t Template) -> Model<'t> {
        let mut types: BTreeMap<&str, Vec<(&str, &Resource)>> = BTreeMap::new();
        for (id, resource) in &template.resources {
            types.entry(&resource.type_name).or_default().push((id, resource));
        }
        Model {
            template,
            references: OnceLock::new(),
            types,
            conditions: same_conditions(template),
            region: None,
            closed: OnceLock::new(),
        }
    }

    fn found(&self) -> &References {
        self.references.get_or_init(|| References::of(self.template))
    }

    /// The first condition that says the same as this one: two that do are one.
    fn first_condition<'a>(&'a self, name: &'a str) -> &'a str {
        self.conditions.get(name).copied().unwrap_or(name)
    }

    /// The template is deployed to this region, so that `AWS::Region` is known.
    #[must_use]
    pub fn in_region(mut self, region: Option<&str>) -> Model<'t> {
        self.region = region.map(str::to_owned);
        self
    }

    /// The region that the template is deployed to, if that is known.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// The template itself.
    pub fn template(&self) -> &'t Template {
        self.template
    }

    /// All references of the template.
    pub fn graph(&self) -> Graph<'_> {
        self.template.graph_of(&self.found().edges)
    }

    /// Whether all the resources are to be seen: no macro, loop or module brings others. Only then can one be said
    /// to be missing.
    pub fn is_closed(&self) -> bool {
        // One without a type, which is told elsewhere, may be anything.
        let modules = || self.types.keys().any(|name| name.ends_with("::MODULE") || name.is_empty());
        let closed = || !self.template.has_macros() && !self.template.has_loops() && !modules();
        *self.closed.get_or_init(closed)
    }

    /// The resource with this logical ID.
    pub fn resource(&self, id: &str) -> Option<Item<'_>> {
        let (id, resource) = self.template.resources.get_key_value(id)?;
        Some(Item::new(self, id, resource))
    }

    /// Every resource that can exist, in the template's order: one whose condition cannot hold, above all in this region, is
    /// [not made][conditions], and may be of a [type that the region does not have][parity].
    ///
    /// [conditions]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html
    /// [parity]: https://aws.amazon.com/blogs/mt/handling-region-parity-with-infrastructure-as-code/
    pub fn resources(&self) -> impl Iterator<Item = Item<'_>> {
        let all = self.template.resources.iter().map(|(id, resource)| Item::new(self, id, resource));
        all.filter(|item| item.can_exist())
    }

    /// Every resource of this type that can exist, in the template's order.
    pub fn of_type(&self, type_name: &str) -> impl Iterator<Item = Item<'_>> {
        let all = self.types.get(type_name).into_iter().flatten();
        all.map(|(id, resource)| Item::new(self, id, resource)).filter(|item| item.can_exist())
    }

    /// The world of which nothing is assumed.
    pub(crate) fn any_world(&'t self) -> World<'t> {
        World::any(self)
    }

    /// Every value that `node` may have where `world` holds. They have no place.
    pub(crate) fn values(&'t self, node: &'t Node, world: &World<'t>) -> Vec<Value<'t>> {
        Value::of(self, node, world)
    }

    /// Every reference to this resource, of any kind.
    pub fn referrers(&self, id: &str) -> impl Iterator<Item = &Edge> {
        let found = self.found();
        let places = self.template.resources.get_index_of(id).and_then(|at| found.to.get(&at));
        places.into_iter().flatten().map(|at| &found.edges[*at])
    }

    /// Every reference that this resource makes, `DependsOn` among them.
    pub fn references(&self, id: &str) -> impl Iterator<Item = &Edge> {
        let found = self.found();
        let places = self.template.resources.get_index_of(id).and_then(|at| found.from.get(&at));
        places.into_iter().flatten().map(|at| &found.edges[*at])
    }
}

/// For each condition the first one that says the same.
fn same_conditions(template: &Template) -> BTreeMap<&str, &str> {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    let conditions = template.conditions.iter();
    let same = conditions.map(|(name, node)| {
        let text = serde_json::to_string(node).unwrap_or_default();
        (name.as_str(), *first.entry(text).or_insert(name))
    });
    same.collect()
}

impl fmt::Debug for Model<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("resources", &self.template.resources.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
