//! The comparison of two values that are not in templates: what a service says, and what it should say.

use super::canon::same;
use super::context::Context;
use crate::facts;
use crate::node::Node;
use crate::path::Step;

/// Whether the two values at `steps` below the properties of a resource are the same, or something around them is: a
/// set in another order has other items at each index.
///
/// `whole` are the properties of both sides where they are known, `value` what stands at the place itself.
pub(crate) fn same_below(
    type_name: &str,
    whole: Option<(&Node, &Node)>,
    value: Option<(&Node, &Node)>,
    steps: &[Step<'_>],
) -> bool {
    let facts = facts::resource(type_name);
    let mut context = Context::properties(facts);
    let mut around = whole;
    for (depth, step) in steps.iter().enumerate() {
        if let Some((Node::Map(old), Node::Map(new))) = around {
            context = context.of_map(old, new);
        }
        context = match step {
            Step::Key(key) => context.key(key),
            Step::Index(_) => context.item(),
        };
        around = around.and_then(|(old, new)| below(old, *step).zip(below(new, *step)));
        let both = if depth + 1 == steps.len() { around.or(value) } else { around };
        if both.is_some_and(|(old, new)| same(old, new, context)) {
            return true;
        }
    }
    // A path that leads nowhere in the properties may lead to two equal values all the same.
    value.is_some_and(|(old, new)| same(old, new, context))
}

fn below<'n>(node: &'n Node, step: Step<'_>) -> Option<&'n Node> {
    match (node, step) {
        (Node::Map(map), Step::Key(key)) => map.get(key),
        (Node::List(items), Step::Index(index)) => items.get(index),
        _ => None,
    }
}
