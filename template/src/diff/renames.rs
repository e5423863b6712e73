//! Resources that are removed and added again under another logical ID.

use std::cell::RefCell;
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
    let referrers = Referrers::of(edges, &referrers(old, new, resources, &names));
    let in_order = old.resources.iter().filter_map(|(id, resource)| Some((id, resource, pairs.get(id)?)));
    in_order
        .map(|(id, resource, (to, exact))| Rename {
            changed: by_name.contains(id),
            ..rename((id, resource), (to, *exact), new, &referrers)
        })
        .collect()
}

/// Who refers to a resource of the new template, and has no other difference.
struct Referrers(BTreeMap<String, BTreeSet<String>>);

impl Referrers {
    fn of(edges: &[Edge], only: &BTreeSet<String>) -> Referrers {
        let mut by_target: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for edge in edges {
            if let (Element::Resource(from), Some(Element::Resource(target))) = (&edge.from, &edge.to)
                && only.contains(from)
            {
                by_target.entry(target.clone()).or_default().insert(from.clone());
            }
        }
        Referrers(by_target)
    }

    fn to(&self, id: &str) -> Vec<String> {
        self.0.get(id).into_iter().flatten().cloned().collect()
    }
}

fn rename(
    (id, resource): (&str, &Resource),
    (to, exact): (&str, bool),
    new: &Template,
    referrers: &Referrers,
) -> Rename {
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
        referrers: referrers.to(to),
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
    let by_reference = by_reference(old, pairs);
    let mut open: BTreeSet<String> = pairs.keys().cloned().collect();
    while let Some(from) = open.pop_first() {
        let Some((to, exact)) = pairs.get(&from) else { continue };
        let name = |id: &str| pairs.get(id).map(|(to, _)| to.clone());
        let same = match (old.resources.get(&from), new.resources.get(to)) {
            (Some(before), Some(after)) => {
                content(before, *exact, &name) == content(after, *exact, &|_| None)
            }
            _ => false,
        };
        if !same {
            pairs.remove(&from);
            // Only what refers to it was equal because of it.
            open.extend(by_reference.get(&from).into_iter().flatten().cloned());
        }
    }
}

/// The old resources of the pairs, by each other of them that they refer to.
fn by_reference(
    old: &Template,
    pairs: &BTreeMap<String, (String, bool)>,
) -> BTreeMap<String, BTreeSet<String>> {
    let found: RefCell<BTreeMap<String, BTreeSet<String>>> = RefCell::default();
    for from in pairs.keys() {
        let Some(resource) = old.resources.get(from) else { continue };
        let seen = |id: &str| {
            if pairs.contains_key(id) {
                found.borrow_mut().entry(id.to_owned()).or_default().insert(from.clone());
            }
            None
        };
        resource.properties.values().for_each(|node| drop(renamed(node, &seen)));
    }
    found.into_inner()
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

/// The old template with the new logical IDs of what is the same under another one; `None` if nothing is.
pub(super) fn renamed_template(old: &Template, renames: &[Rename]) -> Option<Template> {
    let same = renames.iter().filter(|rename| !rename.changed);
    let names: BTreeMap<&str, &str> = same.map(|rename| (rename.old.as_str(), rename.new.as_str())).collect();
    if names.is_empty() {
        return None;
    }
    let name = |id: &str| names.get(id).map(|new| (*new).to_owned());
    let mut renamed_template = old.clone();
    let resources = std::mem::take(&mut renamed_template.resources).into_iter();
    let resources = resources.map(|(id, mut resource)| {
        resource.properties.values_mut().for_each(|node| *node = renamed(node, &name));
        (name(&id).unwrap_or(id), resource)
    });
    renamed_template.resources = resources.collect();
    Some(renamed_template)
}

type Naming<'n> = &'n dyn Fn(&str) -> Option<String>;

/// What a resource is made of, in one form, with other names for some that it refers to.
fn content(resource: &Resource, tags: bool, name: Naming<'_>) -> Node {
    let kept = resource.properties.iter().filter(|(key, _)| tags || key.as_str() != "Tags");
    let properties: Map = kept.map(|(key, node)| (key.clone(), renamed(node, name))).collect();
    let facts = facts::resource(&resource.type_name);
    let mut all = Map::from_iter([("Type".to_owned(), Node::from(resource.type_name.as_str()))]);
    all.insert("Condition".to_owned(), resource.condition.clone().map_or(Node::Null, Node::from));
    let mut properties = canon(&Node::Map(properties), Context::properties(facts));
    if let Node::Map(map) = &mut properties {
        map.sort_keys();
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
