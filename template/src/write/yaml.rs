//! The layout of a template in YAML: sections apart, resources apart, short tags, no wrapping.

use crate::document::Template;
use crate::node::{Function, Map, Node};
use crate::write::scalar;
use crate::write::view::View;

/// How far a call with all its arguments may reach to stand on one line, as in `!Join [",", [a, b]]`.
const FLOW_COLUMNS: usize = 100;

/// YAML promises a reader of a key only this many characters to recognise it as one; longer keys get a `?`.
const LONGEST_SIMPLE_KEY: usize = 1000;

pub(super) fn write(template: &Template) -> String {
    let mut writer = Writer { out: String::new() };
    let View::Map(sections) = View::of(template) else { return String::new() };
    for (name, section) in &sections {
        let apart = !matches!(section, View::Text(_)) && !writer.out.is_empty();
        if apart {
            writer.out.push('\n');
        }
        writer.key(name, 0);
        match section {
            View::Map(resources) if *name == "Resources" => writer.resources(resources),
            other => writer.view(other, 0),
        }
    }
    if sections.is_empty() {
        writer.out.push_str("{}\n");
    }
    writer.out
}

struct Writer {
    out: String,
}

/// Where a block mapping or list begins: on its own line, or right after a dash.
#[derive(Clone, Copy, PartialEq)]
enum Start {
    Below,
    AfterDash,
}

impl Writer {
    fn resources(&mut self, resources: &[(&str, View<'_>)]) {
        self.out.push('\n');
        for (place, (name, resource)) in resources.iter().enumerate() {
            if place > 0 {
                self.out.push('\n');
            }
            self.spaces(2);
            self.key(name, 2);
            self.view(resource, 2);
        }
    }

    /// A value of an upper level, after its key, which stands at `indent`.
    fn view(&mut self, view: &View<'_>, indent: usize) {
        match view {
            View::Node(node) => self.node(node, indent, Start::Below),
            View::Text(text) => self.text(text, indent),
            View::Bool(value) => self.word(if *value { "true" } else { "false" }),
            View::List(items) => {
                self.out.push('\n');
                for item in items {
                    self.spaces(indent + 2);
                    self.out.push('-');
                    self.view(item, indent + 2);
                }
            }
            View::Map(entries) => {
                self.out.push('\n');
                for (key, entry) in entries {
                    self.spaces(indent + 2);
                    self.key(key, indent + 2);
                    self.view(entry, indent + 2);
                }
            }
        }
    }

    /// A value after its key, dash or tag, which belongs to a collection at `indent`; with the line's end.
    fn node(&mut self, node: &Node, indent: usize, start: Start) {
        match node {
            Node::Null => self.word("null"),
            Node::Bool(true) => self.word("true"),
            Node::Bool(false) => self.word("false"),
            Node::Number(number) => {
                self.out.push(' ');
                scalar::number(&mut self.out, number);
                self.out.push('\n');
            }
            Node::String(text) => self.text(text, indent),
            Node::List(items) if items.is_empty() => self.word("[]"),
            Node::Map(map) if map.is_empty() => self.word("{}"),
            Node::List(items) => self.list(items, indent + 2, start),
            Node::Map(map) => self.map(map, indent + 2, start),
            Node::Call(function, argument) => self.call(*function, argument, indent, start),
        }
    }

    fn list(&mut self, items: &[Node], indent: usize, start: Start) {
        self.out.push(if start == Start::Below { '\n' } else { ' ' });
        for (place, item) in items.iter().enumerate() {
            if place > 0 || start == Start::Below {
                self.spaces(indent);
            }
            self.out.push('-');
            self.node(item, indent, Start::AfterDash);
        }
    }

    fn map(&mut self, map: &Map, indent: usize, start: Start) {
        self.out.push(if start == Start::Below { '\n' } else { ' ' });
        for (place, (key, value)) in map.iter().enumerate() {
            if place > 0 || start == Start::Below {
                self.spaces(indent);
            }
            self.key(key, indent);
            self.node(value, indent, Start::Below);
        }
    }

    fn call(&mut self, function: Function, argument: &Node, indent: usize, start: Start) {
        let column = self.out.len() - self.out.rfind('\n').map_or(0, |at| at + 1);
        let mut short = String::new();
        if flow_call(&mut short, function, argument, 0) && column + short.len() < FLOW_COLUMNS {
            return self.word(&short);
        }
        match tagged(function, argument) {
            Some(Tagged::Text(text)) => {
                self.tag(function);
                self.text(&text, indent);
            }
            Some(Tagged::Collection) => {
                self.tag(function);
                self.node(argument, indent, Start::Below);
            }
            None => {
                self.out.push(if start == Start::Below { '\n' } else { ' ' });
                if start == Start::Below {
                    self.spaces(indent + 2);
                }
                self.key(function.key(), indent + 2);
                self.node(argument, indent + 2, Start::Below);
            }
        }
    }

    fn tag(&mut self, function: Function) {
        self.out.push_str(" !");
        self.out.push_str(function.name());
    }

    fn text(&mut self, text: &str, indent: usize) {
        self.out.push(' ');
        if scalar::wants_block(text) {
            scalar::block(&mut self.out, text, indent + 2);
        } else {
            scalar::line(&mut self.out, text);
            self.out.push('\n');
        }
    }

    fn word(&mut self, word: &str) {
        self.out.push(' ');
        self.out.push_str(word);
        self.out.push('\n');
    }

    fn key(&mut self, key: &str, indent: usize) {
        let start = self.out.len();
        scalar::line(&mut self.out, key);
        if self.out.len() - start > LONGEST_SIMPLE_KEY {
            self.out.insert_str(start, "? ");
            self.out.push('\n');
            self.spaces(indent);
        }
        self.out.push(':');
    }

    fn spaces(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }
}

/// What can follow a short tag. A second tag cannot: YAML allows one tag for a value.
enum Tagged<'a> {
    Text(std::borrow::Cow<'a, str>),
    Collection,
}

/// How `function` with `argument` is written behind a short tag, or `None` if it needs the long form.
///
/// A scalar behind a short tag is read as text, so other scalars need the long form. So do the functions for
/// which AWS documents no short form: those of the `Rules` section, and of the language extensions.
fn tagged(function: Function, argument: &Node) -> Option<Tagged<'_>> {
    if !has_short_form(function) {
        return None;
    }
    match argument {
        Node::String(text) => Some(Tagged::Text(text.as_str().into())),
        Node::List(items) => match (function, items.as_slice()) {
            (Function::GetAtt, [Node::String(target), Node::String(attribute)]) if !target.contains('.') => {
                Some(Tagged::Text(format!("{target}.{attribute}").into()))
            }
            _ => Some(Tagged::Collection),
        },
        Node::Map(_) => Some(Tagged::Collection),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Call(..) => None,
    }
}

fn has_short_form(function: Function) -> bool {
    !matches!(
        function,
        Function::GetStackOutput
            | Function::Length
            | Function::ToJsonString
            | Function::Contains
            | Function::EachMemberEquals
            | Function::EachMemberIn
            | Function::RefAll
            | Function::ValueOf
            | Function::ValueOfAll
    )
}

/// Writes a call on one line, for example `!Select [0, !GetAZs ""]`; `false` if it is no matter for one line.
fn flow_call(out: &mut String, function: Function, argument: &Node, depth: usize) -> bool {
    let Some(tagged) = tagged(function, argument) else { return false };
    out.push('!');
    out.push_str(function.name());
    out.push(' ');
    match tagged {
        Tagged::Text(text) if scalar::wants_block(&text) => false,
        // Outside of brackets the text needs no more quotes than any other, however long it is.
        Tagged::Text(_) if depth == 0 => false,
        Tagged::Text(text) => {
            scalar::flow(out, &text);
            true
        }
        Tagged::Collection => flow(out, argument, depth),
    }
}

fn flow(out: &mut String, node: &Node, depth: usize) -> bool {
    match node {
        Node::Null => out.push_str("null"),
        Node::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Node::Number(number) => scalar::number(out, number),
        Node::String(text) if scalar::wants_block(text) => return false,
        Node::String(text) => scalar::flow(out, text),
        Node::Map(map) if map.is_empty() => out.push_str("{}"),
        Node::Map(_) => return false,
        Node::Call(function, argument) => return flow_call(out, *function, argument, depth),
        Node::List(_) if depth > 2 => return false,
        Node::List(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push_str(", ");
                }
                // Without the check a huge list would be written twice.
                if out.len() > FLOW_COLUMNS || !flow(out, item, depth + 1) {
                    return false;
                }
            }
            out.push(']');
        }
    }
    true
}
