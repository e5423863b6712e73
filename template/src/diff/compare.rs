//! The differences between two nodes, each at its path.

use super::canon::{canon_text, same};
use super::context::Context;
use super::lists::{Pairs, Texts, pairs};
use super::texts::{json_of, unmarked};
use super::{Change, items};
use crate::node::{Map, Node};
use crate::path::{Path, Step};

/// Differences as they are found: what is in both in the order of the old entries, then the new ones.
#[derive(Default)]
pub(super) struct Differences {
    pub(super) changes: Vec<Change>,
    /// Where the walk is in the new template, and where in the old one.
    path: Path,
    was: Path,
    /// For each step of the path the name of the item there, if it has one.
    names: Vec<Option<String>>,
}

impl Differences {
    /// Differences below `path`.
    pub(super) fn below(path: Path) -> Differences {
        let names = vec![None; path.steps().len()];
        Differences { changes: Vec::new(), was: path.clone(), path, names }
    }

    /// Goes into `key`, and back afterwards.
    pub(super) fn within(&mut self, key: &str, compare: impl FnOnce(&mut Differences)) {
        self.enter(Step::Key(key), Step::Key(key), None);
        compare(self);
        self.leave();
    }

    fn enter(&mut self, old: Step<'_>, new: Step<'_>, name: Option<String>) {
        self.was.push(old);
        self.path.push(new);
        self.names.push(name);
    }

    fn leave(&mut self) {
        self.was.pop();
        self.path.pop();
        self.names.pop();
    }

    /// Two values: as deep as both are mappings or lists.
    pub(super) fn nodes(&mut self, old: &Node, new: &Node, context: Context<'_>) {
        if old == new {
            return;
        }
        match (old, new) {
            // Whether they are the same, their entries say: a large value is not put in its one form at every depth.
            (Node::Map(old), Node::Map(new)) if context.part.tells_keys_apart() => {
                self.maps(old, new, context);
            }
            (Node::List(old), Node::List(new)) if context.part.is_said_by_items() => {
                let (before, after) = (texts(old, context), texts(new, context));
                if meaning(old, &before, context) != meaning(new, &after, context) {
                    self.lists((old, &before), (new, &after), context);
                }
            }
            _ if same(old, new, context) => {}
            (Node::Map(old), Node::Map(new)) => self.maps(old, new, context),
            (Node::List(old), Node::List(new)) => {
                self.lists((old, &texts(old, context)), (new, &texts(new, context)), context);
            }
            _ => self.change(Some(old.clone()), Some(new.clone())),
        }
    }

    pub(super) fn maps(&mut self, old: &Map, new: &Map, context: Context<'_>) {
        let context = context.of_map(old, new);
        for (key, old) in old {
            match new.get(key) {
                Some(new) => self.within(key, |inner| inner.nodes(old, new, context.key(key))),
                None if items::is_no_value(old) => {}
                None => self.within(key, |inner| inner.change(Some(old.clone()), None)),
            }
        }
        for (key, new) in new.iter().filter(|(key, node)| !old.contains_key(key) && !items::is_no_value(node))
        {
            self.within(key, |inner| inner.change(None, Some(new.clone())));
        }
    }

    fn lists(&mut self, (old, before): Texts<'_>, (new, after): Texts<'_>, context: Context<'_>) {
        let item = context.item();
        let Pairs { both, gone, come } = pairs((old, before), (new, after), context.is_set(old, new));
        let different = both.into_iter().filter(|(was, is)| before[*was] != after[*is]);
        for (before, after) in different {
            let name = items::name(&new[after]).map(str::to_owned);
            self.enter(Step::Index(before), Step::Index(after), name);
            self.nodes(&old[before], &new[after], item);
            self.leave();
        }
        for at in gone {
            self.alone(at, &old[at], |inner, node| inner.change(Some(node), None));
        }
        for at in come {
            self.alone(at, &new[at], |inner, node| inner.change(None, Some(node)));
        }
    }

    fn alone(&mut self, at: usize, node: &Node, change: impl FnOnce(&mut Differences, Node)) {
        self.enter(Step::Index(at), Step::Index(at), items::name(node).map(str::to_owned));
        change(self, node.clone());
        self.leave();
    }

    pub(super) fn texts(&mut self, key: &str, old: Option<&String>, new: Option<&String>) {
        let node = |text: Option<&String>| text.map(|text| Node::from(text.as_str()));
        self.options(key, node(old).as_ref(), node(new).as_ref());
    }

    pub(super) fn options(&mut self, key: &str, old: Option<&Node>, new: Option<&Node>) {
        self.within(key, |inner| match (old, new) {
            (None, None) => {}
            (Some(old), Some(new)) => inner.nodes(old, new, Context::default()),
            (old, new) => inner.change(old.cloned(), new.cloned()),
        });
    }

    /// A difference of the value here, which is not looked into.
    pub(super) fn change(&mut self, old: Option<Node>, new: Option<Node>) {
        let inside = match (&old, &new) {
            (Some(old), Some(new)) => inside(old, new),
            _ => Vec::new(),
        };
        // What is gone stands where it was, in the old template.
        let path = if new.is_none() { &self.was } else { &self.path };
        let was = (*path != self.was).then(|| self.was.clone());
        let place = self.place(path);
        self.changes.push(Change { path: path.clone(), was, place, old, new, consequence: None, inside });
    }

    /// The path below the properties, with items by their names.
    fn place(&self, path: &Path) -> String {
        let steps: Vec<Step<'_>> = path.steps().collect();
        let skip = match steps.as_slice() {
            [Step::Key("Resources"), _, Step::Key("Properties"), _, ..] => 3,
            [Step::Key("Resources"), _, _, ..] => 2,
            _ => 0,
        };
        let mut place = String::new();
        for (step, name) in steps.iter().zip(&self.names).skip(skip) {
            match (step, name) {
                (Step::Index(_), Some(name)) => place.extend(["[", name, "]"]),
                (Step::Index(at), None) => place.extend(["[", &at.to_string(), "]"]),
                (Step::Key(key), _) if place.is_empty() => place += key,
                (Step::Key(key), _) => place.extend([".", key]),
            }
        }
        place
    }
}

/// The items of a list, each in its one form as text.
fn texts(items: &[Node], context: Context<'_>) -> Vec<String> {
    items.iter().map(|node| canon_text(node, context.item())).collect()
}

/// What CloudFormation makes of a list: without the items that are nothing, and of a set in one order.
fn meaning<'t>(items: &[Node], texts: &'t [String], context: Context<'_>) -> Vec<&'t str> {
    let all = items.iter().zip(texts).filter(|(item, _)| !items::is_no_value(item));
    let mut all: Vec<&str> = all.map(|(_, text)| text.as_str()).collect();
    if context.is_set(items, &[]) {
        all.sort_unstable();
    }
    if context.part.is_one_or_many() {
        all.dedup();
    }
    all
}

/// The differences within two texts that are both JSON.
fn inside(old: &Node, new: &Node) -> Vec<Change> {
    let (Some(old), Some(new)) = (json_of(old), json_of(new)) else { return Vec::new() };
    let mut differences = Differences::default();
    differences.nodes(&old, &new, Context::json());
    // Two values of different kinds are no closer look than the texts themselves.
    differences.changes.retain(|change| !change.path.is_empty());
    for change in &mut differences.changes {
        (change.old, change.new) = unmarked(change.old.take(), change.new.take());
    }
    differences.changes
}
