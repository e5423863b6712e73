//! Data that is lost with a resource, or leaves the stack with it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::roots::Follower;
use super::{Action, Consequence, Fate, Rename, ResourceChange, Root};
use crate::document::Template;
use crate::graph::Element;
use crate::path::Path;
use crate::stateful;

/// A resource with data that the stack gives up, or may give up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// The logical ID.
    pub id: String,
    /// Its type.
    pub type_name: String,
    /// What is in it, in words: `its items`.
    pub holds: &'static str,
    /// What becomes of it. With [`Fate::Retained`] and [`Fate::Snapshot`] the data stays, outside of the stack.
    pub fate: Fate,
    /// Why it is given up: `None` if it is removed, else what replaces it, or may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consequence: Option<Consequence>,
    /// What causes it: the resource itself, or the root that it follows.
    pub cause: Element,
    /// The properties for which it is replaced: of the resource itself, own ones and references.
    pub paths: Vec<Path>,
    /// The logical ID under which the same thing is added again, if it looks like a rename.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renamed_to: Option<String>,
}

/// The data that goes: what is deleted first, then what may be, then what only leaves the stack.
pub(super) fn losses(
    old: &Template,
    resources: &[ResourceChange],
    roots: &[Root],
    renames: &[Rename],
) -> Vec<Loss> {
    let mut losses: Vec<Loss> = Vec::new();
    let causes = Causes::of(roots);
    let new_ids: BTreeMap<&str, &str> =
        renames.iter().map(|rename| (rename.old.as_str(), rename.new.as_str())).collect();
    for change in resources.iter().filter(|change| !change.dormant) {
        let (Some(resource), Some(fate)) = (old.resources.get(&change.id), change.fate) else { continue };
        let Some(holds) = stateful::holds(&resource.type_name, Some(resource)) else { continue };
        losses.push(Loss {
            id: change.id.clone(),
            type_name: resource.type_name.clone(),
            holds,
            fate,
            consequence: change.consequence.filter(|_| change.action == Action::Changed),
            cause: causes.cause(change),
            paths: change.causes().cloned().collect(),
            renamed_to: new_ids.get(change.id.as_str()).map(|&new| new.to_owned()),
        });
    }
    losses.sort_by_key(|loss| (loss.fate, loss.consequence == Some(Consequence::MayReplace)));
    losses
}

/// The roots by what follows them.
struct Causes<'r> {
    all: BTreeSet<&'r Element>,
    /// By logical ID, in the order of the roots.
    by_follower: BTreeMap<&'r str, Vec<(&'r Element, &'r Follower)>>,
}

impl<'r> Causes<'r> {
    fn of(roots: &'r [Root]) -> Causes<'r> {
        let mut by_follower: BTreeMap<&str, Vec<(&Element, &Follower)>> = BTreeMap::new();
        for root in roots {
            for follower in &root.followers {
                by_follower.entry(&follower.id).or_default().push((&root.cause, follower));
            }
        }
        Causes { all: roots.iter().map(|root| &root.cause).collect(), by_follower }
    }

    /// The first root that does as much to a resource as is done to it in all; itself, if none does.
    fn cause(&self, change: &ResourceChange) -> Element {
        let itself = Element::Resource(change.id.clone());
        if change.own.is_some() && change.own == change.consequence && self.all.contains(&itself) {
            return itself;
        }
        let does = |(_, follower): &&(&Element, &Follower)| {
            follower.action == Action::Removed || Some(follower.consequence) == change.consequence
        };
        let found = self.by_follower.get(change.id.as_str()).and_then(|roots| roots.iter().find(does));
        found.map_or(itself, |(cause, _)| (*cause).clone())
    }
}
