//! What the comparison of two templates says: the differences themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Values;
use super::counts::TaskCount;
use super::given::GivenUp;
use super::losses::Loss;
use super::refusals::Refusal;
use super::renames::Rename;
use super::review::Review;
use super::rolls::Roll;
use super::roots::Root;
use super::unseen::Unseen;
use crate::facts::Update;
use crate::graph::Element;
use crate::node::Node;
use crate::path::Path;

/// Everything that is different between two templates, and what comes of it. Every view is drawn from this one value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// The changes that CloudFormation refuses, and the whole update with them.
    pub refusals: Vec<Refusal>,
    /// Data that is lost, or leaves the stack: first what is deleted.
    pub losses: Vec<Loss>,
    /// Data and protection that resources which stay give up: first data.
    pub given_up: Vec<GivenUp>,
    /// What causes the changes, each with all that follows from it. The gravest come first: those that are refused,
    /// then those that lose data, then replacements (those with the most followers first), then what may replace, then removals, interruptions,
    /// updates, additions.
    pub roots: Vec<Root>,
    /// The services whose running tasks are replaced by new ones.
    pub rolls: Vec<Roll>,
    /// The services that get another number of tasks, that autoscaling counts in another way, or that go, in the order of
    /// the old template.
    pub task_counts: Vec<TaskCount>,
    /// Resources that are removed and added again under another logical ID.
    pub renames: Vec<Rename>,
    /// What a reviewer asks first: access, network, secrets.
    pub review: Review,
    /// Every resource that is added, removed, changed, or follows another that changes: first those of the new
    /// template in its order, then those that are removed in the order of the old one.
    pub resources: Vec<ResourceChange>,
    /// The parameters whose value changes, in the order of the new template.
    pub values: Vec<ValueChange>,
    /// The exported outputs that go or become another, by the names that they had: CloudFormation refuses that while
    /// another stack imports them.
    ///
    /// Source: [Fn::ImportValue][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html
    pub exports: Vec<String>,
    /// The differences of all other sections, in the order in which they are written.
    pub sections: Vec<Change>,
    /// Changes of which the templates do not show what comes: of what macros and unknown loops make, and within stacks
    /// of their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<Unseen>,
}

/// A resource that is added, removed or changed, or to which something happens because of what it refers to.
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
    /// Whether it is added, removed or changed. A resource whose condition begins or ceases to hold is added or
    /// removed, whatever the templates say of it.
    pub action: Action,
    /// What is different within a resource that is in both templates. Empty if it only follows.
    pub changes: Vec<Change>,
    /// The references through which something happens to it, the gravest for each property.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub carried: Vec<Carried>,
    /// What its own differences do to it, without what is carried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own: Option<Consequence>,
    /// What the change does to the resource, all in all; `None` if it is added or removed, or if only what
    /// CloudFormation keeps for itself is different (`Metadata`, `DependsOn`, policies).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consequence: Option<Consequence>,
    /// What becomes of a resource that is removed, or of the old one of a resource that is replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fate: Option<Fate>,
    /// Whether it holds data (a database, a file system, a bucket, a log group) that would be lost with it.
    pub stateful: bool,
    /// Whether its condition holds neither before nor after, so that nothing comes of the differences.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dormant: bool,
    /// The property with a fixed name that stands in the way: CloudFormation makes the new resource before it deletes
    /// any old one, and two cannot have the same name, so that the update fails. (`None` if nothing is made.)
    ///
    /// Source: [Name type][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_name: Option<Path>,
    /// The resource of the old template that has this name, if it is not the resource itself: one that goes, or that
    /// gives its name to this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_taken_by: Option<String>,
    /// If its `Condition` is different: whether it is there with the new one, by the values that are known and the
    /// defaults; `None` if only AWS can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition_holds: Option<bool>,
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
    /// A value that it refers to may become another; then it is changed where it is.
    MayUpdate,
    /// It is changed where it is, and keeps its identity.
    UpdateInPlace,
    /// It is changed where it is, and cannot be used for a while: what AWS calls "some interruptions". Only where
    /// AWS's documentation says so of the property.
    Interrupts,
    /// It is replaced under some circumstances, or the type is not known.
    MayReplace,
    /// A new one is made, and the old one is deleted unless its policy retains it.
    Replaces,
    /// CloudFormation refuses it, and nothing of the whole update is done. See [`Refusal`].
    Refused,
}

/// What becomes of a resource that the stack gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It is deleted.
    Deleted,
    /// Its policy is an expression.
    Unknown,
    /// A snapshot is made, then it is deleted.
    Snapshot,
    /// It is deleted if it is empty. If not, AWS refuses that: CloudFormation tries three times, ends the update well
    /// all the same, and it stays in the account, outside of the stack.
    ///
    /// Source: [Monitor the progress of a stack update][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-monitor-stack.html
    DeletedIfEmpty,
    /// Its deletion protection is on: AWS refuses to delete it, and it stays as above.
    Protected,
    /// It stays in the account, outside of the stack.
    Retained,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Where: `Resources.Vpc.Properties.CidrBlock`, as in the new template; what is gone, as in the old one.
    pub path: Path,
    /// Where it was in the old template, if that is another place: items of lists move when others come and go. For
    /// an item that comes, the old place of its list, and its place in the new list.
    #[serde(skip)]
    pub was: Option<Path>,
    /// The path below the resource's properties (or below the resource, or the template) with items by their names
    /// where they have one: `ContainerDefinitions[web].Environment[LOG_LEVEL].Value`.
    pub place: String,
    /// What was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Node>,
    /// What is there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Node>,
    /// For a property of a resource, what changing this one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consequence: Option<Consequence>,
    /// If both values are JSON in a text: the differences within, with paths from its top.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<Change>,
}

/// A reference that carries a change into a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Carried {
    /// Where the reference stands: `Resources.Subnet.Properties.VpcId`.
    pub path: Path,
    /// What it refers to.
    pub from: Element,
    /// The attribute of `Fn::GetAtt`; `None` for `Ref`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// The condition through which it comes, for parameters and mappings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Whether the value certainly becomes another. If not, only AWS can tell.
    pub certain: bool,
    /// What that does to the resource.
    pub consequence: Consequence,
}

/// A parameter whose value changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueChange {
    /// The parameter, or a pseudo parameter.
    pub name: String,
    /// Its value before; `None` if it had none, or if it is masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// Its value now; `None` if it is masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// Whether the parameter has `NoEcho`, so that the values are not shown.
    pub masked: bool,
    /// Whether both values are those with which the stack is deployed; otherwise one is a default.
    pub certain: bool,
}

/// With which values of parameters the two templates are deployed.
///
/// Pseudo parameters (`AWS::Region`, `AWS::AccountId`, …) are given by their names too. A parameter that is not in
/// `new` keeps its old value; one that is in neither has its default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The values with which the old template was deployed.
    pub old: Values,
    /// The values with which the new one would be.
    pub new: Values,
    /// Parameters with which the old one was deployed, and whose values nobody tells (`NoEcho`). They keep them unless
    /// `new` gives others; their defaults say nothing.
    pub hidden: BTreeSet<String>,
}

impl Changes {
    /// Whether the templates mean the same, with the values they are given.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.sections.is_empty() && self.values.is_empty()
    }

    /// What happens to the resource `id`. Whoever asks for many takes [`Changes::by_id`].
    pub fn resource(&self, id: &str) -> Option<&ResourceChange> {
        self.resources.iter().find(|resource| resource.id == id)
    }

    /// What happens to the resources, by logical ID.
    pub fn by_id(&self) -> BTreeMap<&str, &ResourceChange> {
        self.resources.iter().map(|resource| (resource.id.as_str(), resource)).collect()
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
    /// The paths of the properties for which the resource is replaced, may be, or is refused: its own, and its
    /// references. Each stands once, also where one item goes and another comes at the same place.
    pub fn causes(&self) -> impl Iterator<Item = &Path> {
        let worst = self.consequence.filter(|consequence| *consequence > Consequence::Interrupts);
        let own = self.changes.iter().map(|change| (&change.path, change.consequence));
        let carried = self.carried.iter().map(|carried| (&carried.path, Some(carried.consequence)));
        let causes = own.chain(carried).filter(move |(_, does)| worst.is_some() && *does == worst);
        let mut told = BTreeSet::new();
        causes.map(|(path, _)| path).filter(move |path| told.insert(*path))
    }

    /// Whether the resource is the same in both templates, and something happens to it because of others only.
    pub fn only_follows(&self) -> bool {
        self.changes.is_empty() && !self.carried.is_empty()
    }
}

impl Consequence {
    /// Whether the resource is replaced, or may be.
    pub fn is_replacement(self) -> bool {
        matches!(self, Consequence::MayReplace | Consequence::Replaces)
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
