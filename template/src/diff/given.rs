//! Data and protection that a resource gives up while it stays: backups, old events, a deletion protection.
//!
//! **Data** is what is gone as soon as the update is done, or soon after: it counts as destructive. **Protection** is
//! what would have kept data later on: nothing is gone yet, and a reviewer is told.
//!
//! Only what the values say is told. A number that is no longer given is not, since some services keep what was there
//! and others take their default.

mod expiry;
mod periods;
mod switches;

use serde::Serialize;

use super::fate::{policy_of_removed, policy_of_replaced, protection};
use super::known::Known;
use super::{Action, Consequence, Fate, ResourceChange};
use crate::document::{Resource, Template};
use crate::node::{Function, Node};
use crate::path::{Path, Step};

/// Data or protection that a resource which stays gives up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GivenUp {
    /// The logical ID.
    pub id: String,
    /// Its type.
    pub type_name: String,
    /// Whether data goes now, or is less protected.
    pub kind: GivenUpKind,
    /// What that is, in words without their subject: `log events older than 7 days are deleted`.
    pub what: String,
    /// The property or attribute: in the new template, or in the old one if it is gone.
    pub path: Path,
}

/// What is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum GivenUpKind {
    /// Data or backups that are there now.
    Data,
    /// What keeps data from being lost later: deletion protection, backups to come, versions, a policy that retains.
    Protection,
}

/// One thing that is given up, without its resource.
struct Found {
    kind: GivenUpKind,
    what: String,
    /// Below the resource.
    steps: Vec<String>,
}

impl Found {
    fn at(kind: GivenUpKind, what: impl Into<String>, properties: &[&str]) -> Found {
        let steps = ["Properties"].iter().chain(properties).map(|step| (*step).to_owned()).collect();
        Found { kind, what: what.into(), steps }
    }
}

/// A resource before and after, with the values of parameters put in.
#[derive(Clone, Copy)]
struct Sides<'t> {
    old: &'t Resource,
    new: &'t Resource,
}

/// What is given up, data first.
pub(super) fn given_up(
    old: &Template,
    new: &Template,
    resources: &[ResourceChange],
    known: [&Known<'_>; 2],
) -> Vec<GivenUp> {
    let mut all = Vec::new();
    let stays = |change: &&ResourceChange| {
        let refused = change.consequence == Some(Consequence::Refused);
        change.action == Action::Changed && !change.dormant && !refused
    };
    for change in resources.iter().filter(stays) {
        let (Some(before), Some(after)) = (old.resources.get(&change.id), new.resources.get(&change.id))
        else {
            continue;
        };
        let (before, after) = (with_values(before, known[0]), with_values(after, known[1]));
        let sides = Sides { old: &before, new: &after };
        let replaced = change.consequence == Some(Consequence::Replaces);
        // What is in a resource that is replaced goes with it, or stays with it.
        let found = sides.found().into_iter().filter(|one| !replaced || one.kind == GivenUpKind::Protection);
        all.extend(found.map(|one| one.of(change)));
    }
    all.sort_by_key(|one| one.kind);
    all
}

/// Of the resource what is asked here, with all that is known put into its properties.
fn with_values(resource: &Resource, known: &Known<'_>) -> Resource {
    Resource {
        type_name: resource.type_name.clone(),
        properties: known.entries(&resource.properties),
        deletion_policy: resource.deletion_policy.clone(),
        update_replace_policy: resource.update_replace_policy.clone(),
        ..Resource::default()
    }
}

impl Found {
    fn of(self, change: &ResourceChange) -> GivenUp {
        let mut path = Path::of(["Resources", change.id.as_str()]);
        for step in &self.steps {
            match step.parse() {
                Ok(index) => path.push(Step::Index(index)),
                Err(_) => path.push(Step::Key(step)),
            }
        }
        let (id, type_name) = (change.id.clone(), change.type_name.clone());
        GivenUp { id, type_name, kind: self.kind, what: self.what, path }
    }
}

impl Sides<'_> {
    fn found(self) -> Vec<Found> {
        let mut found: Vec<Found> = self.periods().into_iter().collect();
        found.extend(self.switches());
        found.extend(self.expiries());
        found.extend(self.deletion_protection());
        found.extend(self.policies());
        found
    }

    /// AWS refused to delete it, and no longer does.
    fn deletion_protection(self) -> Option<Found> {
        let property = protection(self.old).filter(|_| protection(self.new).is_none())?;
        if self.new.properties.get(property).is_some_and(is_open) {
            return None;
        }
        let what = "its deletion protection is off: AWS no longer refuses to delete it";
        Some(Found::at(GivenUpKind::Protection, what, &[property]))
    }

    /// CloudFormation kept it, and no longer does.
    fn policies(self) -> impl Iterator<Item = Found> {
        let removed = (policy_of_removed(self.old), policy_of_removed(self.new));
        let replaced = (policy_of_replaced(self.old), policy_of_replaced(self.new));
        let each = [
            ("DeletionPolicy", "it is removed", removed),
            ("UpdateReplacePolicy", "it is replaced", replaced),
        ];
        each.into_iter().filter_map(|(attribute, when, (before, after))| {
            let becomes = match (before, after) {
                (Fate::Retained, Fate::Deleted) => "deleted instead of kept",
                (Fate::Retained, Fate::Snapshot) => "deleted after a snapshot instead of kept",
                (Fate::Snapshot, Fate::Deleted) => "deleted without a snapshot",
                _ => return None,
            };
            let which = if attribute == "DeletionPolicy" { "it" } else { "the old one" };
            let what = format!("when {when}, {which} is {becomes}");
            Some(Found { kind: GivenUpKind::Protection, what, steps: vec![attribute.to_owned()] })
        })
    }
}

/// A value at a path of properties.
enum Value {
    Absent,
    Plain(Node),
    /// An expression that only AWS knows.
    Open,
}

fn value(resource: &Resource, path: &[&str]) -> Value {
    let Some((first, rest)) = path.split_first() else { return Value::Absent };
    let Some(mut node) = resource.properties.get(first) else { return Value::Absent };
    for name in rest {
        match node {
            Node::Map(map) => match map.get(name) {
                Some(inner) => node = inner,
                None => return Value::Absent,
            },
            Node::Call(..) => return if is_nothing(node) { Value::Absent } else { Value::Open },
            _ => return Value::Absent,
        }
    }
    match node {
        node if is_nothing(node) => Value::Absent,
        node if is_open(node) => Value::Open,
        node => Value::Plain(node.clone()),
    }
}

fn is_nothing(node: &Node) -> bool {
    matches!(node, Node::Call(Function::Ref, name) if name.as_str() == Some("AWS::NoValue"))
}

/// Whether only AWS knows what it is.
fn is_open(node: &Node) -> bool {
    match node {
        Node::Call(..) => true,
        Node::List(items) => items.iter().any(is_open),
        Node::Map(map) => map.values().any(is_open),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
