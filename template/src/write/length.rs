//! How long a template is as JSON without white space. Every check asks, so it is counted and not written.

use super::view::View;
use crate::node::Node;

pub(super) fn of(view: &View<'_>) -> usize {
    match view {
        View::Node(node) => of_node(node),
        View::Text(text) => of_text(text),
        View::Bool(value) => of_bool(*value),
        View::List(items) => around(items.iter().map(of)),
        View::Map(entries) => around(entries.iter().map(|(key, view)| entry(key, of(view)))),
    }
}

fn of_node(node: &Node) -> usize {
    match node {
        Node::Null => "null".len(),
        Node::Bool(value) => of_bool(*value),
        Node::Number(number) => number.to_string().len(),
        Node::String(text) => of_text(text),
        Node::List(items) => around(items.iter().map(of_node)),
        Node::Map(map) => around(map.iter().map(|(key, node)| entry(key, of_node(node)))),
        Node::Call(function, argument) => around([entry(function.key(), of_node(argument))].into_iter()),
    }
}

/// Brackets around the parts and commas between them.
fn around(parts: impl ExactSizeIterator<Item = usize>) -> usize {
    let commas = parts.len().saturating_sub(1);
    parts.sum::<usize>() + commas + "[]".len()
}

fn entry(key: &str, value: usize) -> usize {
    of_text(key) + ":".len() + value
}

fn of_bool(value: bool) -> usize {
    if value { "true".len() } else { "false".len() }
}

/// In quotes, with a backslash before what needs one.
fn of_text(text: &str) -> usize {
    let more = |byte: u8| match byte {
        b'"' | b'\\' | 0x08 | 0x09 | 0x0a | 0x0c | 0x0d => r"\n".len() - 1,
        ..0x20 => r"\u0000".len() - 1,
        _ => 0,
    };
    text.len() + text.bytes().map(more).sum::<usize>() + "\"\"".len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::arbitrary;

    #[test]
    fn what_json_escapes_is_counted() {
        let every: String = (0..0x300_u32).filter_map(char::from_u32).collect();
        assert_eq!(super::of_text(&every), serde_json::to_string(&every).unwrap().len());
    }

    proptest! {
        #[test]
        fn what_is_counted_is_what_would_be_written(template in arbitrary::template()) {
            prop_assert_eq!(template.json_bytes(), template.to_json_minified().len());
        }
    }
}
