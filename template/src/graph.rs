//! What refers to what in a template: every edge with its property path, unknown targets, cycles, order.

mod cycle;
mod sub;
mod walk;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

pub use cycle::Cycle;
pub use sub::{SubPart, sub_parts};

use crate::document::Template;
use crate::nearest::nearest;
use crate::path::Path;

/// The [pseudo parameters][aws]: names that `Ref` and `Fn::Sub` know without a declaration.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html
pub const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NotificationARNs",
    "AWS::NoValue",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// A named thing in a template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(tag = "kind", content = "name")]
pub enum Element {
    /// A parameter.
    Parameter(String),
    /// A pseudo parameter such as `AWS::Region`.
    Pseudo(String),
    /// A rule.
    Rule(String),
    /// A mapping.
    Mapping(String),
    /// A condition.
    Condition(String),
    /// A resource, by logical ID.
    Resource(String),
    /// An output.
    Output(String),
    /// A loop (`Fn::ForEach::Name`) of a section: the section and the loop's key.
    Loop(String, String),
}

impl Element {
    /// The element's name without its kind.
    pub fn name(&self) -> &str {
        match self {
            Element::Parameter(name)
            | Element::Pseudo(name)
            | Element::Rule(name)
            | Element::Mapping(name)
            | Element::Condition(name)
            | Element::Resource(name)
            | Element::Output(name)
            | Element::Loop(_, name) => name,
        }
    }

    /// Where the element stands in the template; the top for a pseudo parameter.
    pub fn path(&self) -> Path {
        match self {
            Element::Parameter(name) => Path::of(["Parameters", name]),
            Element::Pseudo(_) => Path::new(),
            Element::Rule(name) => Path::of(["Rules", name]),
            Element::Mapping(name) => Path::of(["Mappings", name]),
            Element::Condition(name) => Path::of(["Conditions", name]),
            Element::Resource(name) => Path::of(["Resources", name]),
            Element::Output(name) => Path::of(["Outputs", name]),
            Element::Loop(section, name) => Path::of([section, name]),
        }
    }
}

/// How one element refers to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Reference {
    /// `Ref`, or `Fn::ValueOf` in a rule.
    Ref,
    /// `Fn::GetAtt` of the attribute; `None` if the attribute is itself an expression.
    GetAtt(Option<String>),
    /// `${Name}` or `${Name.Attribute}` in `Fn::Sub`.
    Sub(Option<String>),
    /// The attribute `DependsOn`.
    DependsOn,
    /// The attribute `Condition`, or the function in another condition.
    Condition,
    /// The condition of `Fn::If`.
    If,
    /// The map of `Fn::FindInMap`.
    FindInMap,
}

/// One reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// The element in which the reference stands.
    pub from: Element,
    /// Where it stands: `Resources.Service.Properties.Cluster`.
    pub path: Path,
    /// The name that it refers to, as written.
    pub name: String,
    /// What has that name; `None` if nothing has.
    pub to: Option<Element>,
    /// How it refers.
    pub kind: Reference,
}

/// All references of a template.
#[derive(Debug)]
pub struct Graph<'t> {
    template: &'t Template,
    edges: Cow<'t, [Edge]>,
}

impl Template {
    /// All references of the template, in the order of its sections and properties.
    pub fn graph(&self) -> Graph<'_> {
        Graph { template: self, edges: walk::edges(self).into() }
    }

    /// The same, of references that were looked for already.
    pub(crate) fn graph_of<'t>(&'t self, edges: &'t [Edge]) -> Graph<'t> {
        Graph { template: self, edges: edges.into() }
    }

    /// What [`Graph::edges`] of the template gives.
    pub(crate) fn edges(&self) -> Vec<Edge> {
        walk::edges(self)
    }
}

impl Graph<'_> {
    /// Every reference.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The references to names that nothing has.
    ///
    /// There are none in a template with [macros](Template::has_macros) or [loops](Template::has_loops): these
    /// add names of their own.
    pub fn unknown(&self) -> impl Iterator<Item = &Edge> {
        let closed = !self.template.has_macros() && !self.template.has_loops();
        self.edges.iter().filter(move |edge| closed && edge.to.is_none() && !self.is_of_module(&edge.name))
    }

    /// Whether a name begins like a module's: its resources have the module's logical ID before their own.
    fn is_of_module(&self, name: &str) -> bool {
        let mut modules =
            self.template.resources.iter().filter(|(_, resource)| resource.type_name.ends_with("::MODULE"));
        modules.any(|(id, _)| name.starts_with(id.as_str()))
    }

    /// The name that was most likely meant by a reference to a name that nothing has.
    pub fn nearest(&self, edge: &Edge) -> Option<&str> {
        let template = self.template;
        let resources = template.resources.keys();
        match edge.kind {
            Reference::Condition | Reference::If => {
                nearest(&edge.name, template.conditions.keys().map(String::as_str))
            }
            Reference::FindInMap => nearest(&edge.name, template.mappings.keys().map(String::as_str)),
            Reference::DependsOn | Reference::GetAtt(_) | Reference::Sub(Some(_)) => {
                nearest(&edge.name, resources.map(String::as_str))
            }
            Reference::Ref | Reference::Sub(None) => {
                let declared = resources.chain(template.parameters.keys()).map(String::as_str);
                nearest(&edge.name, declared.chain(PSEUDO_PARAMETERS))
            }
        }
    }

    /// The cycles: each resource or condition that cannot be made before itself is in one of them, in a
    /// shortest one. None twice.
    pub fn cycles(&self) -> Vec<Cycle> {
        cycle::cycles(&self.edges)
    }

    /// The logical IDs of the resources such that each comes after those that it needs, and in the template's
    /// order where that leaves a choice.
    ///
    /// # Errors
    ///
    /// The cycles, if there are any.
    pub fn order(&self) -> Result<Vec<&str>, Vec<Cycle>> {
        let place: BTreeMap<&str, usize> =
            self.template.resources.keys().enumerate().map(|(place, id)| (id.as_str(), place)).collect();
        let between = self.edges.iter().filter_map(|edge| match (&edge.from, &edge.to) {
            (Element::Resource(from), Some(Element::Resource(to))) => {
                Some((*place.get(&**from)?, *place.get(&**to)?))
            }
            _ => None,
        });
        let order = cycle::order(place.len(), between).ok_or_else(|| self.cycles())?;
        Ok(order
            .into_iter()
            .filter_map(|place| self.template.resources.get_index(place))
            .map(|(id, _)| id.as_str())
            .collect())
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} refers to {}", self.path, self.name)
    }
}

#[cfg(test)]
mod tests;
