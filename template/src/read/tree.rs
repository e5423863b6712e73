//! What a file says before it is a template: values with their places.

use std::collections::BTreeMap;

use crate::node::{Function, Node, Number};
use crate::path::{Path, Position};
use crate::read::positions::Positions;

/// A value as written, and where.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) position: Position,
    pub(super) value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<Entry>),
    /// A value behind a short tag.
    Tagged(Function, Box<Tree>),
}

/// An entry of a mapping.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Where the key stands.
    pub(super) position: Position,
    pub(super) value: Tree,
}

impl Tree {
    /// Takes the tree apart into the node that it means and the places of its parts: its own is where its key stands, or
    /// where it stands itself.
    pub(super) fn into_node(self, key: Option<(&str, Position)>, positions: &mut Positions) -> Node {
        let position = key.map_or(self.position, |(_, position)| position);
        let place = positions.open(key.map(|(key, _)| key), position);
        let node = self.inner(positions);
        positions.close(place);
        node
    }

    fn inner(self, positions: &mut Positions) -> Node {
        match self.value {
            Value::Null => Node::Null,
            Value::Bool(value) => Node::Bool(value),
            Value::Number(number) => Node::Number(number),
            Value::Text(text) => Node::String(text),
            Value::List(items) => {
                Node::List(items.into_iter().map(|item| item.into_node(None, positions)).collect())
            }
            Value::Map(entries) => {
                let node = |Entry { key, position, value }: Entry| {
                    let node = value.into_node(Some((&key, position)), positions);
                    (key, node)
                };
                Node::from_entries(entries.into_iter().map(node).collect())
            }
            Value::Tagged(function, argument) => {
                let key = Some((function.key(), self.position));
                Node::call_long(function, argument.into_node(key, positions))
            }
        }
    }

    /// Takes in what stands under the same key once more, as far as it is new.
    pub(super) fn take_in(&mut self, again: Tree) {
        let (Value::Map(known), Value::Map(more)) = (&mut self.value, again.value) else { return };
        let mut places: BTreeMap<String, usize> =
            known.iter().enumerate().map(|(at, entry)| (entry.key.clone(), at)).collect();
        for entry in more {
            if let Some(at) = places.get(&entry.key) {
                known[*at].value.take_in(entry.value);
            } else {
                places.insert(entry.key.clone(), known.len());
                known.push(entry);
            }
        }
    }

    /// What the value is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Tagged(..) => "a function",
        }
    }

    /// The text, if the value is a scalar that CloudFormation takes for text.
    pub(super) fn scalar_text(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

/// A mistake in the file, as the readers of YAML and JSON find it.
#[derive(Debug, Clone)]
pub(super) struct Mistake {
    pub(super) position: Position,
    pub(super) path: Path,
    pub(super) problem: crate::read::error::Problem,
}
