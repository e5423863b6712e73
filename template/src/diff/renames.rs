//! Resources that are removed and added again under another logical ID.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::canon::canon;
use super::context::Context;
use super::fate::fate_of_removed;
use super::names::{Name, fixed_names};
use super::{Action, Fate, ResourceChange};
use crate::document::{Resource, Template};
use crate::facts;
use crate::graph::{Edge, Element, SubPart, sub_parts};
use crate::node::{Function, Map, Node};
use crate::stateful;

/// A resource that is deleted, and one with the same content, or the same fixed name, that is made: most likely the same
/// under a new logical ID.
///
/// The old one is kept if its logical ID stays: in the construct library `Scope::set_logical_id(handle, old)` pins it
/// whatever the path; for any template CloudFormation's stack refactoring gives a deployed resource another logical
/// ID (`aws cloudformation create-stack-refactor`, with `old` and `new` in its resource mappings).
///
/// Source: [Stack refactoring][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-refactoring.html
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rename {
    /// The logical ID that goes.
    pub old: String,
    /// The logical ID that comes.
    pub new: String,
    /// The type of both.
    pub type_name: String,
    /// Whether they are equal up to the renamed references; otherwise only their tags differ, unless `changed`.
    pub exact: bool,
    /// Whether more than tags differ: what says that it is the same is its fixed name.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
    /// What is in it and is lost or left behind, in words, if it holds data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<&'static str>,
    /// What becomes of the old one.
    pub fate: Fate,
    /// Resources that are in both templates and refer to it; nothing else about them is different.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub referrers: Vec<String>,
    /// The path of the new one's construct, if its metadata says it: where the logical ID can be pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub construct: Option<String>,
}

/// The most resources of one content that are paired by the likeness of their names.
const MOST_LIKE: usize = 60;

/// Stands for the name of a resource that is removed or added.
const MASK: &str = "?";

/// The pairs, in the order of the old template.
pub(super) fn renames(
    old: &Template,
    new: &Template,
    edges: &[Edge],
    resources: &[ResourceChange],
) -> Vec<Rename> {
    let of = |action: Action, template: &Template| -> BTreeSet<String> {
        let changes = resources.iter().filter(|change| change.action == action && !change.dormant);
        changes.map(|change| change.id.clone()).filter(|id| template.resources.contains_key(id)).collect()
    };
    let gone: BTreeSet<String> =
        of(Action::Removed, old).into_iter().filter(|id| !new.resources.contains_key(id)).collect();
    let come: BTreeSet<String> =
        of(Action::Added, new).into_iter().filter(|id| !old.resources.contains_key(id)).collect();
    if gone.is_empty() || come.is_empty() {
        return Vec::new();
    }
    let mut pairs = BTreeMap::new();
    for tags in [true, false] {
        pair(old, new, &gone, &come, tags, &mut pairs);
    }
    keep_consistent(old, new, &mut pairs);
    let likes = pair_by_name(old, new, &gone, &come, &pairs);
    let by_name: BTreeSet<String> = likes.keys().cloned().collect();
    pairs.extend(likes.into_iter().map(|(from, to)| (from, (to, false))));
    let names: BTreeMap<String, String> =
        pairs.iter().map(|(old, (new, _))| (old.clone(), new.clone())).collect();
    let referrers = referrers(old, new, resources, &names);
    let in_order = old.resources.iter().filter_map(|(id, resource)| Some((id, resource, pairs.get(id)?)));
    in_order
        .map(|(id, resource, (to, exact))| Rename {
            changed: by_name.contains(id),
            ..rename(id, resource, to, *exact, new, edges, &referrers)
        })
        .collect()
}

fn rename(
    id: &str,
    resource: &Resource,
    to: &str,
    exact: bool,
    new: &Template,
    edges: &[Edge],
    referrers: &BTreeSet<String>,
) -> Rename {
    let refer = edges.iter().filter_map(|edge| match (&edge.from, &edge.to) {
        (Element::Resource(from), Some(Element::Resource(target))) if target == to => Some(from),
        _ => None,
    });
    let refer: BTreeSet<&String> = refer.filter(|from| referrers.contains(*from)).collect();
    let metadata = new.resources.get(to).map(|resource| &resource.metadata);
    let construct = metadata.and_then(|metadata| metadata.get("aws:cdk:path")).and_then(Node::as_str);
    Rename {
        old: id.to_owned(),
        new: to.to_owned(),
        type_name: resource.type_name.clone(),
        exact,
        changed: false,
        holds: stateful::holds(&resource.type_name, Some(resource)),
        fate: fate_of_removed(resource),
        referrers: refer.into_iter().cloned().collect(),
        construct: construct.map(str::to_owned),
    }
}

/// Pairs resources of equal content, whatever they call those that come and go themselves.
fn pair(
    old: &Template,
    new: &Template,
    gone: &BTreeSet<String>,
    come: &BTreeSet<String>,
    tags: bool,
    pairs: &mut BTreeMap<String, (String, bool)>,
) {
    let taken: BTreeSet<String> = pairs.values().map(|(to, _)| to.clone()).collect();
    let mut groups: BTreeMap<(String, String), [Vec<&str>; 2]> = BTreeMap::new();
    for (side, template, ids) in [(0, old, gone), (1, new, come)] {
        let mask = |name: &str| ids.contains(name).then(|| MASK.to_owned());
        for (id, resource) in template.resources.iter().filter(|(id, _)| ids.contains(*id)) {
            let open = if side == 0 { !pairs.contains_key(id) } else { !taken.contains(id) };
            if open {
                let content = serde_json::to_string(&content(resource, tags, &mask)).unwrap_or_default();
                groups.entry((resource.type_name.clone(), content)).or_default()[side].push(id);
            }
        }
    }
    for [left, right] in groups.into_values() {
        for (from, to) in most_alike(left, right) {
            pairs.insert(from.to_owned(), (to.to_owned(), tags));
        }
    }
}

/// Pairs resources of one type with the same fixed name, whatever else is different.
fn pair_by_name(
    old: &Template,
    new: &Template,
    gone: &BTreeSet<String>,
    come: &BTreeSet<String>,
    pairs: &BTreeMap<String, (String, bool)>,
) -> BTreeMap<String, String> {
    let taken: BTreeSet<&String> = pairs.values().map(|(to, _)| to).collect();
    let mut open: BTreeMap<Name, &String> = BTreeMap::new();
    for to in come.iter().filter(|to| !taken.contains(to)) {
        let names = new.resources.get(to).into_iter().flat_map(fixed_names);
        open.extend(names.map(|name| (name, to)));
    }
    let left = gone.iter().filter(|id| !pairs.contains_key(*id));
    let pair = |id: &String| {
        let to = fixed_names(old.resources.get(id)?).find_map(|name| open.remove(&name))?;
        Some((id.clone(), to.clone()))
    };
    left.filter_map(pair).collect()
}

/// Pairs names, the most alike first.
fn most_alike<'t>(left: Vec<&'t str>, right: Vec<&'t str>) -> Vec<(&'t str, &'t str)> {
    if left.len().max(right.len()) > MOST_LIKE {
        return left.into_iter().zip(right).collect();
    }
    let mut likely: Vec<(usize, usize, usize)> = Vec::new();
    for (from, old) in left.iter().enumerate() {
        likely.extend(right.iter().enumerate().map(|(to, new)| (strsim::osa_distance(old, new), from, to)));
    }
    likely.sort_unstable();
    let (mut from_open, mut to_open) = (vec![true; left.len()], vec![true; right.len()]);
    let mut pairs = Vec::new();
    for (_, from, to) in likely {
        if from_open[from] && to_open[to] {
            (from_open[from], to_open[to]) = (false, false);
            pairs.push((left[from], right[to]));
        }
    }
    pairs
}

/// Drops pairs that refer to resources that are not pairs themselves, until there are none.
fn keep_consistent(old: &Template, new: &Template, pairs: &mut BTreeMap<String, (String, bool)>) {
    loop {
        let name = |id: &str| pairs.get(id).map(|(to, _)| to.clone());
        let none = |_: &str| None;
        let wrong: Vec<String> = pairs
            .iter()
            .filter(|(from, (to, exact))| {
                let (Some(before), Some(after)) = (old.resources.get(*from), new.resources.get(to)) else {
                    return true;
                };
                content(before, *exact, &name) != content(after, *exact, &none)
            })
            .map(|(from, _)| from.clone())
            .collect();
        if wrong.is_empty() {
            return;
        }
        for id in wrong {
            pairs.remove(&id);
        }
    }
}

/// The resources whose only difference is that they refer to one under its new name.
fn referrers(
    old: &Template,
    new: &Template,
    resources: &[ResourceChange],
    names: &BTreeMap<String, String>,
) -> BTreeSet<String> {
    let changed =
        resources.iter().filter(|change| change.action == Action::Changed && !change.changes.is_empty());
    let only = changed.filter(|change| {
        let (Some(before), Some(after)) = (old.resources.get(&change.id), new.resources.get(&change.id))
        else {
            return false;
        };
        let name = |id: &str| names.get(id).cloned();
        content(before, true, &name) == content(after, true, &|_| None)
    });
    only.map(|change| change.id.clone()).collect()
}

type Naming<'n> = &'n dyn Fn(&str) -> Option<String>;

/// What a resource is made of, in one form, with other names for some that it refers to.
fn content(resource: &Resource, tags: bool, name: Naming<'_>) -> Node {
    let kept = resource.properties.iter().filter(|(key, _)| tags || key.as_str() != "Tags");
    let properties: Map = kept.map(|(key, node)| (key.clone(), renamed(node, name))).collect();
    let facts = facts::resource(&resource.type_name);
    let mut all = Map::from([("Type".to_owned(), Node::from(resource.type_name.as_str()))]);
    all.insert("Condition".to_owned(), resource.condition.clone().map_or(Node::Null, Node::from));
    let mut properties = canon(&Node::Map(properties), Context::properties(facts));
    if let Node::Map(map) = &mut properties {
        map.sort_unstable_keys();
    }
    all.insert("Properties".to_owned(), properties);
    Node::Map(all)
}

/// A value with other names for the resources that it refers to.
fn renamed(node: &Node, name: Naming<'_>) -> Node {
    match node {
        Node::List(items) => Node::List(items.iter().map(|item| renamed(item, name)).collect()),
        Node::Map(map) => {
            Node::Map(map.iter().map(|(key, node)| (key.clone(), renamed(node, name))).collect())
        }
        Node::Call(function, argument) => {
            Node::Call(*function, Box::new(renamed_argument(*function, argument, name)))
        }
        _ => node.clone(),
    }
}

fn renamed_argument(function: Function, argument: &Node, name: Naming<'_>) -> Node {
    let text = |text: &str, variables: Option<&Map>| Node::from(renamed_text(text, variables, name));
    match (function, argument) {
        (Function::Ref, Node::String(target)) => name(target).map_or_else(|| argument.clone(), Node::from),
        (Function::Sub, Node::String(sub)) => text(sub, None),
        (Function::GetAtt, Node::List(items)) => {
            let mut items = items.clone();
            if let Some(Node::String(target)) = items.first_mut()
                && let Some(other) = name(target)
            {
                *target = other;
            }
            Node::List(items)
        }
        (Function::Sub, Node::List(items)) => match items.as_slice() {
            [Node::String(sub), Node::Map(variables)] => {
                let inner = renamed(&Node::Map(variables.clone()), name);
                Node::List(vec![text(sub, Some(variables)), inner])
            }
            _ => argument.clone(),
        },
        _ => renamed(argument, name),
    }
}

fn renamed_text(text: &str, variables: Option<&Map>, name: Naming<'_>) -> String {
    let mut whole = String::new();
    for part in sub_parts(text) {
        match part {
            // What was written as a literal stays one.
            SubPart::Text("${") => whole += "${!",
            SubPart::Text(text) => whole += text,
            SubPart::Variable(variable) => {
                let (target, rest) = match variable.split_once('.') {
                    Some((target, attribute)) => (target, format!(".{attribute}")),
                    None => (variable, String::new()),
                };
                let own = variables.is_some_and(|variables| variables.contains_key(variable));
                let target = if own { None } else { name(target) }.unwrap_or_else(|| target.to_owned());
                whole.extend(["${", &target, &rest, "}"]);
            }
        }
    }
    whole
}
