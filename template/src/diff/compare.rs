//! The differences between two nodes.

use crate::diff::Change;
use crate::node::{Map, Node};
use crate::path::Path;

/// Differences as they are found, in the order of the old entries and then of the new ones.
#[derive(Default)]
pub(super) struct Differences {
    pub(super) changes: Vec<Change>,
}

/// Whether CloudFormation makes the same of two values.
pub(super) fn same(old: &Node, new: &Node) -> bool {
    match (old, new) {
        (Node::List(old), Node::List(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same(old, new))
        }
        (Node::Map(old), Node::Map(new)) => {
            old.len() == new.len()
                && old.iter().all(|(key, old)| new.get(key).is_some_and(|new| same(old, new)))
        }
        (Node::Call(old_function, old), Node::Call(new_function, new)) => {
            old_function == new_function && same(old, new)
        }
        (Node::Null, Node::Null) => true,
        _ => match (old.scalar_text(), new.scalar_text()) {
            (Some(old), Some(new)) => old == new,
            _ => false,
        },
    }
}

impl Differences {
    /// Two values: as deep as both are mappings, or lists of the same length.
    pub(super) fn nodes(&mut self, path: &Path, old: &Node, new: &Node) {
        match (old, new) {
            _ if same(old, new) => {}
            (Node::Map(old), Node::Map(new)) => self.maps(path, old, new),
            (Node::List(old), Node::List(new)) if old.len() == new.len() => {
                for (place, (old, new)) in old.iter().zip(new).enumerate() {
                    self.nodes(&path.index(place), old, new);
                }
            }
            _ => self.change(path.clone(), Some(old.clone()), Some(new.clone())),
        }
    }

    pub(super) fn maps(&mut self, path: &Path, old: &Map, new: &Map) {
        for (key, old) in old {
            match new.get(key) {
                Some(new) => self.nodes(&path.key(key), old, new),
                None => self.change(path.key(key), Some(old.clone()), None),
            }
        }
        for (key, new) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
            self.change(path.key(key), None, Some(new.clone()));
        }
    }

    pub(super) fn text(&mut self, path: &Path, old: Option<&String>, new: Option<&String>) {
        let node = |text: Option<&String>| text.map(|text| Node::from(text.as_str()));
        self.options(path, node(old).as_ref(), node(new).as_ref());
    }

    pub(super) fn options(&mut self, path: &Path, old: Option<&Node>, new: Option<&Node>) {
        match (old, new) {
            (None, None) => {}
            (Some(old), Some(new)) => self.nodes(path, old, new),
            (old, new) => self.change(path.clone(), old.cloned(), new.cloned()),
        }
    }

    /// A difference that is not looked into.
    pub(super) fn whole(&mut self, path: &Path, old: Option<Node>, new: Option<Node>) {
        self.change(path.clone(), old, new);
    }

    fn change(&mut self, path: Path, old: Option<Node>, new: Option<Node>) {
        self.changes.push(Change { path, old, new, consequence: None });
    }
}
