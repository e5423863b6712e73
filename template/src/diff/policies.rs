//! What is the same in an IAM policy: how an action is capitalized, what a wildcard covers anyway, ways to say
//! everybody.

use super::context::Part;
use crate::facts::iam_covers;
use crate::node::{Map, Node};

/// A text in a policy. Neither actions nor the keys of conditions have upper and lower case; an account may be named
/// by its number.
///
/// Source: [Action element][action], [Principal element][principal].
///
/// [action]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
/// [principal]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
pub(super) fn text(part: Part, text: &str) -> String {
    match part {
        Part::Actions => text.to_ascii_lowercase(),
        Part::PrincipalNames if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("arn:aws:iam::{text}:root")
        }
        _ => text.to_owned(),
    }
}

/// The principal `*` is the principal `AWS: *`.
pub(super) fn everybody(node: Node) -> Node {
    if node.as_str() == Some("*") {
        return Node::Map(Map::from_iter([("AWS".to_owned(), Node::List(vec![node]))]));
    }
    node
}

/// Leaves out what another item covers: `s3:GetObject` beside `s3:*` says nothing.
pub(super) fn reduce(part: Part, items: &mut Vec<Node>) {
    // Each is compared with each pattern; a list with that much to compare is no policy.
    const MOST: usize = 20_000;
    let wildcard = |node: &Node| node.as_str().is_some_and(|text| text.contains(['*', '?']));
    if !matches!(part, Part::Actions | Part::Resources) {
        return;
    }
    let patterns: Vec<Node> = items.iter().filter(|node| wildcard(node)).cloned().collect();
    if patterns.is_empty() || patterns.len().saturating_mul(items.len()) > MOST {
        return;
    }
    items.retain(|item| {
        let Some(text) = item.as_str() else { return true };
        let covers = |pattern: &Node| {
            pattern != item && pattern.as_str().is_some_and(|pattern| iam_covers(pattern, text))
        };
        !patterns.iter().any(covers)
    });
}
