//! The way to a property as CloudFormation writes it: `/Tags/0/Value`.

use crate::diff::item_name;
use crate::node::Node;
use crate::path::Step;

/// The steps of a path. A step of digits only may be an index or a key; it is the first where a list stands.
pub(super) fn steps(path: &str) -> Vec<Step<'_>> {
    let step = |text| match str::parse::<usize>(text) {
        Ok(index) => Step::Index(index),
        Err(_) => Step::Key(text),
    };
    path.split('/').filter(|text| !text.is_empty()).map(step).collect()
}

/// What stands below a value.
pub(super) fn at<'n>(node: &'n Node, steps: &[Step<'_>]) -> Option<&'n Node> {
    steps.iter().try_fold(node, |node, step| below(node, *step))
}

/// What stands one step below a value.
pub(super) fn below<'n>(node: &'n Node, step: Step<'_>) -> Option<&'n Node> {
    match (node, step) {
        (Node::Map(map), Step::Key(key)) => map.get(key),
        (Node::Map(map), Step::Index(index)) => map.get(&index.to_string()),
        (Node::List(items), Step::Index(index)) => items.get(index),
        _ => None,
    }
}

/// The property in words, with items by their names where they have one.
pub(super) fn place(steps: &[Step<'_>], expected: Option<&Node>, actual: Option<&Node>) -> String {
    let mut text = String::new();
    for (depth, step) in steps.iter().enumerate() {
        match step {
            Step::Key(key) if text.is_empty() => text += key,
            Step::Key(key) => text.extend([".", key]),
            Step::Index(index) => {
                let here = &steps[..=depth];
                let items =
                    [expected, actual].map(|side| side.and_then(|side| at(side, here)).and_then(item_name));
                let name = match items {
                    // Two lists in another order have other items at the same place.
                    [Some(old), Some(new)] if old != new => None,
                    [old, new] => old.or(new),
                };
                let name = name.map_or_else(|| index.to_string(), str::to_owned);
                text.extend(["[", &name, "]"]);
            }
        }
    }
    if text.is_empty() { "all properties".to_owned() } else { text }
}
