//! Texts that functions put together, and JSON within texts.

use serde_json::Value;

use crate::graph::{SubPart, sub_parts};
use crate::node::{Function, Map, Node};

/// What stands around a value that AWS puts into JSON: characters of the private use area, which no value has.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// How deep texts within texts are looked at.
const DEEPEST: u8 = 20;

/// What `Fn::Sub` or `Fn::Join` gives, as far as it can be put together: a text, one other call, or `Fn::Join` without
/// a delimiter of what is left. `None` if the arguments are not what the function takes, or only AWS knows them.
pub(super) fn whole(node: &Node) -> Option<Node> {
    let mut parts = Vec::new();
    take(node, &mut parts, 0)?;
    let mut joined: Vec<Node> = Vec::new();
    for part in parts {
        match (joined.last_mut(), part) {
            (_, Node::String(text)) if text.is_empty() => {}
            (Some(Node::String(before)), Node::String(text)) => *before += &text,
            (_, part) => joined.push(part),
        }
    }
    Some(match joined.len() {
        0 => Node::from(""),
        1 => joined.pop()?,
        _ => Node::call(Function::Join, vec![Node::from(""), Node::List(joined)]),
    })
}

/// The parts of a text.
fn take(node: &Node, parts: &mut Vec<Node>, depth: u8) -> Option<()> {
    if depth > DEEPEST {
        return None;
    }
    match node {
        Node::Call(Function::Sub, argument) => match &**argument {
            Node::String(text) => sub(text, None, parts, depth),
            Node::List(items) => match items.as_slice() {
                [Node::String(text), Node::Map(variables)] => sub(text, Some(variables), parts, depth),
                [Node::String(text)] => sub(text, None, parts, depth),
                _ => None,
            },
            _ => None,
        },
        Node::Call(Function::Join, argument) => {
            let [delimiter, Node::List(items)] = argument.as_list()? else { return None };
            let delimiter = delimiter.scalar_text()?;
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    parts.push(Node::from(&*delimiter));
                }
                take(item, parts, depth + 1)?;
            }
            Some(())
        }
        Node::Call(..) => {
            parts.push(node.clone());
            Some(())
        }
        _ => {
            parts.push(Node::String(node.scalar_text()?.into_owned()));
            Some(())
        }
    }
}

fn sub(text: &str, variables: Option<&Map>, parts: &mut Vec<Node>, depth: u8) -> Option<()> {
    for part in sub_parts(text) {
        match part {
            SubPart::Text(text) => parts.push(Node::from(text)),
            SubPart::Variable(name) => match variables.and_then(|variables| variables.get(name)) {
                Some(node) => take(node, parts, depth + 1)?,
                None => parts.push(reference(name)),
            },
        }
    }
    Some(())
}

/// What a variable of `Fn::Sub` stands for.
fn reference(name: &str) -> Node {
    match name.split_once('.') {
        Some((target, attribute)) => {
            Node::call(Function::GetAtt, vec![Node::from(target), Node::from(attribute)])
        }
        None => Node::call(Function::Ref, name),
    }
}

/// The mapping or list that a text holds as JSON, functions in it as marked texts; `None` if it is no such text.
pub(super) fn json_of(node: &Node) -> Option<Node> {
    let glued;
    let text = match node {
        Node::String(text) => text,
        Node::Call(Function::Sub | Function::Join, _) => {
            glued = marked(&whole(node)?)?;
            &glued
        }
        _ => return None,
    };
    let start = text.trim_start();
    if !start.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str::<Value>(start).ok().map(Node::plain)
}

/// A text with its calls as marked texts.
fn marked(node: &Node) -> Option<String> {
    match node {
        Node::String(text) => Some(text.clone()),
        Node::Call(Function::Join, argument) => {
            let [_, Node::List(parts)] = argument.as_list()? else { return None };
            let mut text = String::new();
            for part in parts {
                match part {
                    Node::String(part) => text += part,
                    Node::Call(..) => {
                        // Within a JSON text quotes would end it.
                        let call = serde_json::to_string(part).ok()?.replace(['"', '\\'], "'");
                        text.push(OPEN);
                        text += &call;
                        text.push(CLOSE);
                    }
                    _ => return None,
                }
            }
            Some(text)
        }
        _ => None,
    }
}
