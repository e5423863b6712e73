//! How long a text may become that functions put together.
//!
//! A variable of `Fn::Sub` that stands twice in the text of another, and so on, makes a text of gigabytes out of a few
//! lines. No text that CloudFormation takes is much longer than what it is made of.

use crate::node::Node;

/// So long may every text be, in bytes.
const LEAST: usize = 1024;

/// So many times longer than what it is made of.
const TIMES: usize = 4;

/// How much may still be added to a text.
pub(crate) struct Bound(usize);

impl Bound {
    /// For a text that is made of a value.
    pub(crate) fn of(node: &Node) -> Bound {
        Bound(LEAST + TIMES * weight(node))
    }

    /// Takes so many bytes, and a little for each piece; `None` if it becomes too long.
    pub(crate) fn take(&mut self, bytes: usize) -> Option<()> {
        self.0 = self.0.checked_sub(bytes + 1)?;
        Some(())
    }

    /// Takes what a value weighs.
    pub(crate) fn take_node(&mut self, node: &Node) -> Option<()> {
        self.take(weight(node))
    }
}

/// How long the texts of a value are, with a little for each value.
fn weight(node: &Node) -> usize {
    1 + match node {
        Node::String(text) => text.len(),
        Node::List(items) => items.iter().map(weight).sum(),
        Node::Map(map) => map.iter().map(|(key, node)| key.len() + weight(node)).sum(),
        Node::Call(_, argument) => weight(argument),
        Node::Null | Node::Bool(_) | Node::Number(_) => 0,
    }
}
