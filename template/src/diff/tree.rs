//! A cause with the tree of what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use super::fate::{fate_of_removed, fate_of_replaced};
use super::roots::{Follower, Root};
use super::spread::{Network, Reached, Spread};
use super::{Action, Consequence, ResourceChange};
use crate::document::Template;
use crate::graph::Element;
use crate::path::Path;
use crate::stateful;

pub(super) fn of_element(cause: Element) -> Root {
    Root {
        cause,
        type_name: None,
        action: Action::Changed,
        consequence: None,
        paths: Vec::new(),
        followers: Vec::new(),
        outputs: Vec::new(),
    }
}

pub(super) fn of_change(change: &ResourceChange, followers: Vec<Follower>) -> Root {
    let worst = |does: Option<Consequence>| does == change.own;
    let causes = change.changes.iter().filter(|part| worst(part.consequence)).map(|part| &part.path);
    // One item may go and another come at the same place.
    let mut told = BTreeSet::new();
    let paths: Vec<Path> = causes.filter(|path| told.insert(*path)).cloned().collect();
    Root {
        cause: Element::Resource(change.id.clone()),
        type_name: Some(change.type_name.clone()),
        action: change.action,
        consequence: change.own,
        paths,
        followers,
        outputs: Vec::new(),
    }
}

pub(super) fn root(
    old: &Template,
    new: &Template,
    cause: &Element,
    own: &BTreeMap<&str, &ResourceChange>,
    spread: &Spread,
    network: &Network<'_>,
) -> Root {
    let followers = followers(old, new, cause, spread, network);
    let change = match cause {
        Element::Resource(id) => own.get(id.as_str()).copied(),
        _ => None,
    };
    let mut root = match change {
        Some(change) => of_change(change, followers),
        None => Root { paths: vec![cause.path()], followers, ..of_element(cause.clone()) },
    };
    root.outputs = spread.outputs.values().cloned().collect();
    root
}

/// The followers of a cause as a tree, row by row.
fn followers(
    old: &Template,
    new: &Template,
    cause: &Element,
    spread: &Spread,
    network: &Network<'_>,
) -> Vec<Follower> {
    let mut children: BTreeMap<&Element, Vec<&str>> = BTreeMap::new();
    let place = |id: &str| new.resources.get_index_of(id);
    let mut in_order: Vec<_> =
        spread.reached.iter().filter_map(|(id, reached)| Some((place(id)?, id, reached))).collect();
    in_order.sort_unstable_by_key(|(place, ..)| *place);
    for (_, id, reached) in in_order {
        children.entry(&reached.by.from).or_default().push(id);
    }
    let mut rows = Vec::new();
    let mut seen = BTreeSet::new();
    let below = |of: &Element, depth: usize| {
        let ids = children.get(of).into_iter().flatten().rev();
        ids.map(move |id| (*id, depth)).collect::<Vec<_>>()
    };
    let mut open = below(cause, 1);
    // What follows itself in a circle is found from no cause, and is told as if it followed directly.
    let circles: Vec<(&str, usize)> = spread.reached.keys().map(|id| (id.as_str(), 1)).collect();
    open.splice(0..0, circles);
    while let Some((id, depth)) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let reached = &spread.reached[id];
        rows.push(follower(old, new, id, reached, depth, network));
        open.extend(below(&Element::Resource(id.to_owned()), depth + 1));
    }
    rows
}

fn follower(
    old: &Template,
    new: &Template,
    id: &str,
    reached: &Reached,
    depth: usize,
    network: &Network<'_>,
) -> Follower {
    let resource = new.resources.get(id);
    let type_name = resource.map(|resource| resource.type_name.clone()).unwrap_or_default();
    let fate = match reached.action {
        Action::Removed => old.resources.get(id).map(fate_of_removed),
        Action::Changed if reached.consequence.is_replacement() => {
            network.both(id).map(|both| fate_of_replaced(both.old, both.new))
        }
        _ => None,
    };
    Follower {
        id: id.to_owned(),
        stateful: stateful::holds(&type_name, old.resources.get(id)).is_some(),
        type_name,
        action: reached.action,
        consequence: reached.consequence,
        fate,
        depth,
        from: reached.by.from.clone(),
        path: reached.by.path.clone(),
        attribute: reached.by.attribute.clone(),
        condition: reached.by.condition.clone(),
        changed: network.own(id).is_some(),
        repeated: false,
    }
}
