//! Data that is lost with a resource, or leaves the stack with it.

use serde::Serialize;

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
    for change in resources.iter().filter(|change| !change.dormant) {
        let (Some(resource), Some(fate)) = (old.resources.get(&change.id), change.fate) else { continue };
        let Some(holds) = stateful::holds(&resource.type_name, Some(resource)) else { continue };
        let pair = renames.iter().find(|rename| rename.old == change.id);
        losses.push(Loss {
            id: change.id.clone(),
            type_name: resource.type_name.clone(),
            holds,
            fate,
            consequence: change.consequence.filter(|_| change.action == Action::Changed),
            cause: cause(change, roots),
            paths: change.causes().cloned().collect(),
            renamed_to: pair.map(|rename| rename.new.clone()),
        });
    }
    losses.sort_by_key(|loss| (loss.fate, loss.consequence == Some(Consequence::MayReplace)));
    losses
}

/// The first root that does as much to a resource as is done to it in all; itself, if none does.
fn cause(change: &ResourceChange, roots: &[Root]) -> Element {
    let itself = Element::Resource(change.id.clone());
    let does = |root: &&Root| {
        root.followers.iter().any(|follower| {
            let gone = follower.action == Action::Removed;
            follower.id == change.id && (gone || Some(follower.consequence) == change.consequence)
        })
    };
    if change.own.is_some()
        && change.own == change.consequence
        && roots.iter().any(|root| root.cause == itself)
    {
        return itself;
    }
    roots.iter().find(does).map_or(itself, |root| root.cause.clone())
}
