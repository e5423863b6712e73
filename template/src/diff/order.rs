//! Which cause is told first.

use std::collections::BTreeMap;

use super::roots::Root;
use super::{Action, Consequence, Fate, ResourceChange};
use crate::document::Template;
use crate::graph::Element;

/// Puts the gravest first, and marks what was told before.
pub(super) fn order(new: &Template, resources: &[ResourceChange], roots: &mut Vec<Root>) {
    let by_id: BTreeMap<&str, &ResourceChange> =
        resources.iter().map(|change| (change.id.as_str(), change)).collect();
    roots.sort_by_cached_key(|root| {
        let own = match &root.cause {
            Element::Resource(id) => by_id.get(id.as_str()).copied(),
            _ => None,
        };
        let place = new.resources.get_index_of(root.cause.name()).unwrap_or(usize::MAX);
        (
            weight(root, own),
            std::cmp::Reverse(root.replaced()),
            std::cmp::Reverse(root.followers.len()),
            place,
        )
    });
    let mut told: BTreeMap<String, Consequence> = BTreeMap::new();
    for root in roots {
        for follower in &mut root.followers {
            let before = told.get(&follower.id).copied();
            follower.repeated = before >= Some(follower.consequence);
            told.insert(
                follower.id.clone(),
                follower.consequence.max(before.unwrap_or(follower.consequence)),
            );
        }
    }
}

/// How grave a root is; the least number is the gravest.
fn weight(root: &Root, own: Option<&ResourceChange>) -> u8 {
    let loses = |stateful: bool, fate: Option<Fate>| {
        stateful && fate.is_some_and(|fate| matches!(fate, Fate::Deleted | Fate::Unknown))
    };
    let worst = root.followers.iter().map(|follower| Some(follower.consequence)).max().flatten();
    let refused = root.consequence.max(worst) == Some(Consequence::Refused);
    let lost = root.followers.iter().any(|follower| loses(follower.stateful, follower.fate))
        || own.is_some_and(|change| loses(change.stateful, change.fate));
    if lost && !refused {
        return 1;
    }
    match (root.consequence.max(worst), root.action) {
        (Some(Consequence::Refused), _) => 0,
        (Some(Consequence::Replaces), _) => 2,
        (Some(Consequence::MayReplace), _) => 3,
        (_, Action::Removed) => 4,
        (Some(Consequence::Interrupts), _) => 5,
        (Some(Consequence::UpdateInPlace), _) => 6,
        (Some(Consequence::MayUpdate), _) => 7,
        (None, Action::Changed) => 8,
        (None, Action::Added) => 9,
    }
}
