//! What is different between two templates, and what deploying the difference does.
//!
//! ```
//! # fn main() -> Result<(), template::ReadErrors> {
//! use template::{Consequence, Template};
//!
//! let template = |cidr: &str| {
//!     let text = format!("Resources:\n  Vpc: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: {cidr}}}}}\n");
//!     Template::parse(&text, "vpc.yaml").map(|document| document.template)
//! };
//! let changes = template::diff(&template("10.0.0.0/16")?, &template("10.1.0.0/16")?);
//! let vpc = &changes.resources[0];
//! assert_eq!(vpc.consequence, Some(Consequence::Replaces));
//! assert_eq!(vpc.changes[0].path.to_string(), "Resources.Vpc.Properties.CidrBlock");
//! # Ok(())
//! # }
//! ```

mod compare;
mod resource;

use indexmap::IndexMap;
use serde::Serialize;

use crate::document::{Output, Parameter, Template};
use crate::facts::Update;
use crate::node::{Map, Node};
use crate::path::Path;
use compare::Differences;
pub(crate) use resource::{fate_of_removed, fate_of_replaced};

/// Everything that is different between two templates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// The resources that are added, removed or changed: first those of the new template in its order, then
    /// those that are removed in the order of the old one.
    pub resources: Vec<ResourceChange>,
    /// The differences of all other sections, in the order in which they are written.
    pub sections: Vec<Change>,
}

/// A resource that is added, removed or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceChange {
    /// The logical ID.
    pub id: String,
    /// Its type in the new template, or the type of a removed resource.
    pub type_name: String,
    /// Its type in the old template, if that was another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_type: Option<String>,
    /// Whether it is added, removed or changed.
    pub action: Action,
    /// What is different within a resource that is in both templates.
    pub changes: Vec<Change>,
    /// What the change does to the resource; `None` if it is added or removed, or if only what CloudFormation
    /// keeps for itself is different (`Metadata`, `DependsOn`, policies).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consequence: Option<Consequence>,
    /// What becomes of a resource that is removed, or of the old one of a resource that is replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fate: Option<Fate>,
    /// Whether the type holds data (a database, a file system, a bucket, a log group) that would be lost with it.
    pub stateful: bool,
}

/// What happens to an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Only the new template has it.
    Added,
    /// Both have it, and it is different.
    Changed,
    /// Only the old template has it.
    Removed,
}

/// What an update does to a resource, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Consequence {
    /// It is changed where it is, and keeps its identity.
    UpdateInPlace,
    /// It is replaced under some circumstances, or the type is not known.
    MayReplace,
    /// A new one is made, and the old one is deleted unless its policy retains it.
    Replaces,
}

/// What becomes of a resource that the stack gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It is deleted.
    Deleted,
    /// A snapshot is made, then it is deleted.
    Snapshot,
    /// It stays in the account, outside of the stack.
    Retained,
    /// Its policy is an expression.
    Unknown,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Where: `Resources.Vpc.Properties.CidrBlock`.
    pub path: Path,
    /// What was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Node>,
    /// What is there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Node>,
    /// For a property of a resource, what changing this one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consequence: Option<Consequence>,
}

impl Changes {
    /// Whether the templates mean the same.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.sections.is_empty()
    }
}

impl Change {
    /// Whether something is added, removed or changed here.
    pub fn action(&self) -> Action {
        match (&self.old, &self.new) {
            (None, _) => Action::Added,
            (_, None) => Action::Removed,
            _ => Action::Changed,
        }
    }
}

impl ResourceChange {
    /// The paths of the properties for which the resource is replaced, or may be.
    pub fn causes(&self) -> impl Iterator<Item = &Path> {
        let worst = self.consequence.filter(|consequence| *consequence > Consequence::UpdateInPlace);
        let causes = move |change: &&Change| worst.is_some() && change.consequence == worst;
        self.changes.iter().filter(causes).map(|change| &change.path)
    }
}

impl From<Update> for Consequence {
    fn from(update: Update) -> Consequence {
        match update {
            Update::InPlace => Consequence::UpdateInPlace,
            Update::MayReplace => Consequence::MayReplace,
            Update::Replaces => Consequence::Replaces,
        }
    }
}

/// Compares two templates by what they mean: `80` and `"80"` are the same, as are `true` and `"true"`, and
/// neither the order of entries nor that of `DependsOn` matters.
pub fn diff(old: &Template, new: &Template) -> Changes {
    Changes { resources: resource::changes(old, new), sections: sections(old, new) }
}

fn sections(old: &Template, new: &Template) -> Vec<Change> {
    let mut differences = Differences::default();
    differences.text(
        &Path::of(["AWSTemplateFormatVersion"]),
        old.format_version.as_ref(),
        new.format_version.as_ref(),
    );
    differences.text(&Path::of(["Description"]), old.description.as_ref(), new.description.as_ref());
    differences.maps(&Path::of(["Metadata"]), &old.metadata, &new.metadata);
    let (parameters, new_parameters) = (each(&old.parameters, parameter), each(&new.parameters, parameter));
    differences.maps(&Path::of(["Parameters"]), &parameters, &new_parameters);
    differences.maps(&Path::of(["Rules"]), &old.rules, &new.rules);
    differences.maps(&Path::of(["Mappings"]), &old.mappings, &new.mappings);
    differences.maps(&Path::of(["Conditions"]), &old.conditions, &new.conditions);
    let transform = |template: &Template| Node::List(template.transform.clone());
    differences.nodes(&Path::of(["Transform"]), &transform(old), &transform(new));
    differences.maps(&Path::of(["Hooks"]), &old.hooks, &new.hooks);
    differences.maps(&Path::new(), &old.other, &new.other);
    let loops = |template: &Template| each(&template.loops, |loops| Node::Map(loops.clone()));
    differences.maps(&Path::new(), &loops(old), &loops(new));
    differences.maps(&Path::of(["Outputs"]), &each(&old.outputs, output), &each(&new.outputs, output));
    differences.changes
}

fn each<T>(things: &IndexMap<String, T>, node: fn(&T) -> Node) -> Map {
    things.iter().map(|(name, thing)| (name.clone(), node(thing))).collect()
}

fn parameter(parameter: &Parameter) -> Node {
    let mut map = Map::from([("Type".to_owned(), Node::from(parameter.type_name.as_str()))]);
    insert(&mut map, "Default", parameter.default.clone());
    insert(&mut map, "Description", parameter.description.clone().map(Node::from));
    insert(&mut map, "NoEcho", parameter.no_echo.then_some(Node::Bool(true)));
    map.extend(parameter.attributes.clone());
    Node::Map(map)
}

fn output(output: &Output) -> Node {
    let mut map = Map::from([("Value".to_owned(), output.value.clone())]);
    insert(&mut map, "Description", output.description.clone().map(Node::from));
    let export = output.export.clone().map(|name| Node::Map(Map::from([("Name".to_owned(), name)])));
    insert(&mut map, "Export", export);
    insert(&mut map, "Condition", output.condition.clone().map(Node::from));
    Node::Map(map)
}

fn insert(map: &mut Map, key: &str, node: Option<Node>) {
    map.extend(node.map(|node| (key.to_owned(), node)));
}

#[cfg(test)]
mod tests;
