//! Texts that functions put together, and JSON within texts.

use std::borrow::Cow;

use serde_json::Value;

use crate::bound::Bound;
use crate::graph::{SubPart, sub_parts};
use crate::node::{Function, Map, Node};

/// What stands around a value that AWS puts into JSON: characters of the private use area, which no value has.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';
/// What stands before a number that is kept as it is written.
const NUMBER: char = '\u{e002}';

/// How deep texts within texts are looked at.
const DEEPEST: u8 = 20;

/// What `Fn::Sub` or `Fn::Join` gives, as far as it can be put together: a text, one other call, or `Fn::Join` without
/// a delimiter of what is left. `None` if the arguments are not what the function takes, only AWS knows them, or it
/// would be [too long](Bound).
pub(super) fn whole(node: &Node) -> Option<Node> {
    let mut parts = Parts { parts: Vec::new(), bound: Bound::of(node) };
    parts.take(node, 0)?;
    let mut joined: Vec<Node> = Vec::new();
    for part in parts.parts {
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
struct Parts {
    parts: Vec<Node>,
    bound: Bound,
}

impl Parts {
    fn take(&mut self, node: &Node, depth: u8) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match node {
            Node::Call(Function::Sub, argument) => match &**argument {
                Node::String(text) => self.sub(text, None, depth),
                Node::List(items) => match items.as_slice() {
                    [Node::String(text), Node::Map(variables)] => self.sub(text, Some(variables), depth),
                    [Node::String(text)] => self.sub(text, None, depth),
                    _ => None,
                },
                _ => None,
            },
            Node::Call(Function::Join, argument) => {
                let [delimiter, Node::List(items)] = argument.as_list()? else { return None };
                let delimiter = delimiter.scalar_text()?;
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.text(&delimiter)?;
                    }
                    self.take(item, depth + 1)?;
                }
                Some(())
            }
            Node::Call(..) => self.call(node.clone()),
            _ => self.text(&node.scalar_text()?),
        }
    }

    fn text(&mut self, text: &str) -> Option<()> {
        self.bound.take(text.len())?;
        self.parts.push(Node::from(text));
        Some(())
    }

    fn call(&mut self, node: Node) -> Option<()> {
        self.bound.take_node(&node)?;
        self.parts.push(node);
        Some(())
    }

    fn sub(&mut self, text: &str, variables: Option<&Map>, depth: u8) -> Option<()> {
        for part in sub_parts(text) {
            match part {
                SubPart::Text(text) => self.text(text)?,
                SubPart::Variable(name) => match variables.and_then(|variables| variables.get(name)) {
                    Some(node) => self.take(node, depth + 1)?,
                    None => self.call(reference(name))?,
                },
            }
        }
        Some(())
    }
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

/// The mapping or list that a text holds as JSON, functions in it as marked texts, and so the numbers that a
/// [`Number`](crate::node::Number) does not hold exactly; `None` if it is no such text.
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
    serde_json::from_str::<Value>(&exact(start)).ok().map(Node::plain)
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

/// JSON with each number as a marked text that would become another one: `9007199254740993.0`, or one of twenty digits.
fn exact(json: &str) -> Cow<'_, str> {
    let bytes = json.as_bytes();
    let (mut text, mut done, mut at) = (String::new(), 0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = end_of_text(bytes, at + 1),
            b'-' | b'0'..=b'9' => {
                let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                let length = bytes[at..].iter().take_while(|byte| is_part(byte)).count();
                let written = &json[at..at + length];
                if !is_held(written) {
                    text.extend([&json[done..at], "\"", NUMBER.encode_utf8(&mut [0; 4]), written, "\""]);
                    done = at + length;
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    if done == 0 {
        return Cow::Borrowed(json);
    }
    text.push_str(&json[done..]);
    Cow::Owned(text)
}

/// Where a text of JSON ends that begins before `at`: after its quote.
fn end_of_text(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

/// Whether a number is the same once it is read; also if it is none.
fn is_held(written: &str) -> bool {
    let Some(wanted) = decimal(written) else { return true };
    let held = serde_json::from_str::<serde_json::Number>(written).ok();
    held.and_then(|number| decimal(&number.to_string())) == Some(wanted)
}

/// A number of JSON in its one form: whether it is negative, its digits without zeros around, and the power of ten of
/// the last one. `None` if it is no number, or its power is beyond all measure.
pub(super) fn decimal(written: &str) -> Option<(bool, String, i64)> {
    let (negative, number) = written.strip_prefix('-').map_or((false, written), |rest| (true, rest));
    let (number, power) = match number.split_once(['e', 'E']) {
        Some((number, power)) => (number, power.parse::<i32>().ok()?),
        None => (number, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = [whole, fraction].concat();
    if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let power = i64::from(power) - i64::try_from(fraction.len()).ok()?;
    let kept = digits.trim_end_matches('0');
    let power = power + i64::try_from(digits.len() - kept.len()).ok()?;
    let kept = kept.trim_start_matches('0');
    // Nothing is nothing, with whatever sign.
    Some(if kept.is_empty() { (false, String::new(), 0) } else { (negative, kept.to_owned(), power) })
}

/// Two values for people: without the marks, but so that a number is told from a text.
pub(super) fn unmarked(old: Option<Node>, new: Option<Node>) -> (Option<Node>, Option<Node>) {
    let number = |node: &Option<Node>| matches!(node, Some(Node::String(text)) if text.starts_with(NUMBER));
    let numbers = [number(&old), number(&new)];
    let [old, new] = [old, new].map(|node| node.map(without_marks));
    let told = |node: Option<Node>, number: bool| match node {
        Some(Node::String(text)) if number => Some(Node::String(text + " (a number)")),
        node => node,
    };
    if old == new { (told(old, numbers[0]), told(new, numbers[1])) } else { (old, new) }
}

fn without_marks(node: Node) -> Node {
    match node {
        Node::String(text) => Node::String(text.replace([OPEN, CLOSE, NUMBER], "")),
        Node::List(items) => Node::List(items.into_iter().map(without_marks).collect()),
        Node::Map(map) => Node::Map(map.into_iter().map(|(key, node)| (key, without_marks(node))).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form_however_they_are_written() {
        for same in [["1", "1.0"], ["100", "1e2"], ["-0.5", "-5E-1"], ["0", "-0.00"], ["1200", "1.2e+3"]] {
            assert_eq!(decimal(same[0]), decimal(same[1]), "{same:?}");
        }
        assert_ne!(decimal("9007199254740993.0"), decimal("9007199254740992.0"));
        for none in ["", "-", ".5", "1.a", "1e", "--1", "1e99999999999"] {
            assert_eq!(decimal(none), None, "{none}");
        }
    }

    #[test]
    fn numbers_are_read_exactly_and_texts_are_left_alone() {
        for kept in [
            r#"{"a": [1, 0.1, -2.50, 18446744073709551615], "1e400": "9007199254740993.0 \" 1e400"}"#,
            "[1,]",
        ] {
            assert_eq!(exact(kept), kept);
        }
        let [large, precise, huge] = ["123456789012345678901", "9007199254740993.0", "1e400"];
        let written = format!("[{large}, {{\"a\":{precise}}},{huge}]");
        assert_eq!(
            exact(&written),
            format!("[\"{NUMBER}{large}\", {{\"a\":\"{NUMBER}{precise}\"}},\"{NUMBER}{huge}\"]")
        );
    }
}
