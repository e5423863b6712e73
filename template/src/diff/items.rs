//! What an item of a list is called.

use crate::node::{Function, Node};

/// The properties that name an item among others, the most telling first.
const NAMES: [&str; 16] = [
    "Key",
    "Name",
    "Sid",
    "Id",
    "PolicyName",
    "ContainerName",
    "AttributeName",
    "IndexName",
    "DeviceName",
    "SourceVolume",
    "RuleName",
    "ParameterName",
    "OptionName",
    "DomainName",
    "ContainerPort",
    "TargetGroupArn",
];

/// The name of an item, if it has one that is plain text.
pub(crate) fn name(item: &Node) -> Option<&str> {
    let map = item.as_map()?;
    NAMES.iter().find_map(|key| map.get(key)?.as_str()).filter(|name| !name.is_empty() && name.len() <= 64)
}

/// The property by which all items of both lists can be told apart, if there is one.
pub(super) fn identity(old: &[&Node], new: &[&Node]) -> Option<&'static str> {
    NAMES.into_iter().find(|key| tells_apart(old, key) && tells_apart(new, key))
}

fn tells_apart(items: &[&Node], key: &str) -> bool {
    let mut names = std::collections::BTreeSet::new();
    items.iter().all(|item| key_of(item, key).is_some_and(|name| names.insert(name)))
}

/// The value of an item's identity as text.
pub(super) fn key_of(item: &Node, key: &str) -> Option<String> {
    let value = item.as_map()?.get(key)?;
    match value.scalar_text() {
        Some(text) => Some(text.into_owned()),
        None => serde_json::to_string(value).ok(),
    }
}

/// `!Ref AWS::NoValue`, which is nothing.
pub(super) fn is_no_value(node: &Node) -> bool {
    matches!(node, Node::Call(Function::Ref, name) if name.as_str() == Some("AWS::NoValue"))
}
