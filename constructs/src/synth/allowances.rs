//! What a stack's scopes allow, in the form in which the check of a template reads it.

use template::{Map, Node, check};

use crate::diagnostic::SourceLine;
use crate::scope::StackData;
use crate::synth::is_below;

/// Adds what is allowed to the stack's `metadata`, and gives the line of each entry.
pub(super) fn write(stack: &StackData, ids: &[String], metadata: &mut Map) -> Vec<SourceLine> {
    let mut entries = Vec::new();
    let mut lines = Vec::new();
    for allowance in &stack.allowances {
        let mut entry = Map::default();
        entry.insert("code".to_owned(), allowance.code.as_str().into());
        entry.insert("reason".to_owned(), allowance.reason.as_str().into());
        // For the whole stack no resource is named, which keeps the template small.
        if !allowance.path.is_empty() {
            let below = stack.elements.iter().zip(ids);
            let below = below.filter(|(element, _)| is_below(&element.path, &allowance.path));
            let below = below.map(|(_, id)| Node::from(id.as_str())).collect();
            entry.insert("resources".to_owned(), Node::List(below));
        }
        entries.push(Node::Map(entry));
        lines.push(allowance.location);
    }
    if entries.is_empty() {
        return lines;
    }
    let ours = metadata.entry(check::METADATA_KEY.to_owned()).or_insert_with(|| Node::Map(Map::default()));
    if let Node::Map(ours) = ours {
        ours.insert("allow".to_owned(), Node::List(entries));
    }
    lines
}
