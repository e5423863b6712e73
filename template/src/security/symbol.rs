//! Values as text that can be compared: what is known as it is, and marks for what AWS puts in.

use std::collections::{BTreeMap, BTreeSet};

use crate::bound::Bound;
use crate::document::{Resource, Template};
use crate::graph::{SubPart, sub_parts};
use crate::node::{Function, Map, Node};

/// What stands around that which AWS puts in: characters of the private use area, which no value has.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// The most characters of one value that a message shows.
const MOST_SHOWN: usize = 90;

/// The most combinations of what the values of one resource may be, through `Fn::If`.
const MOST_COMBINATIONS: usize = 256;

/// What must hold for something to be there: conditions by name, the negated ones with `not ` in front.
pub(super) type When = BTreeSet<String>;

/// The condition that holds where this one does not.
pub(super) fn opposite(condition: &str) -> String {
    condition.strip_prefix("not ").map_or_else(|| format!("not {condition}"), str::to_owned)
}

/// The values of one template as text.
pub(super) struct Symbols<'t> {
    pub(super) template: &'t Template,
    /// Conditions and mappings that are another thing in the other template: the same name must not mean the same.
    redefined: &'t BTreeSet<String>,
    side: &'static str,
}

/// The names of conditions and mappings that both templates have and that differ.
pub(super) fn redefined(old: &Template, new: &Template) -> BTreeSet<String> {
    let differs = |old: &Map, new: &Map| -> Vec<String> {
        let both = old.iter().filter(|(name, node)| new.get(name).is_some_and(|other| other != *node));
        both.map(|(name, _)| name.clone()).collect()
    };
    let mut names: BTreeSet<String> = differs(&old.conditions, &new.conditions).into_iter().collect();
    names.extend(differs(&old.mappings, &new.mappings));
    // A condition that is made of one of them is another too.
    let mut made_of: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for (name, node) in &new.conditions {
        texts(node, &mut |text| made_of.entry(text).or_default().push(name));
    }
    let mut open: Vec<String> = names.iter().cloned().collect();
    while let Some(name) = open.pop() {
        for other in made_of.remove(name.as_str()).unwrap_or_default() {
            if names.insert(other.clone()) {
                open.push(other.clone());
            }
        }
    }
    names
}

/// Every text in a value.
fn texts<'n>(node: &'n Node, see: &mut impl FnMut(&'n str)) {
    match node {
        Node::String(text) => see(text),
        Node::List(items) => items.iter().for_each(|item| texts(item, see)),
        Node::Map(map) => map.values().for_each(|node| texts(node, see)),
        Node::Call(_, argument) => texts(argument, see),
        Node::Null | Node::Bool(_) | Node::Number(_) => {}
    }
}

/// Whether one of the names occurs as a text.
fn mentions(node: &Node, names: &BTreeSet<String>) -> bool {
    let mut found = false;
    texts(node, &mut |text| found |= names.contains(text));
    found
}

impl<'t> Symbols<'t> {
    pub(super) fn new(
        template: &'t Template,
        redefined: &'t BTreeSet<String>,
        side: &'static str,
    ) -> Symbols<'t> {
        Symbols { template, redefined, side }
    }

    /// Whether a text refers to a resource that the other template has not: what it allows is of no use there.
    pub(super) fn is_gone(&self, text: &str, other: &Symbols<'_>) -> bool {
        target(text, self.template).is_some_and(|id| !other.template.resources.contains_key(id))
    }

    /// The name of a condition, which differs where the condition does.
    fn condition(&self, name: &str, holds: bool) -> String {
        let not = if holds { "" } else { "not " };
        let side = if self.redefined.contains(name) { self.side } else { "" };
        format!("{not}{name}{side}")
    }

    /// What must hold for a resource to exist.
    pub(super) fn existence(&self, resource: &Resource) -> When {
        resource.condition.iter().map(|name| self.condition(name, true)).collect()
    }

    /// Every value that a node may be, through `Fn::If`; what is absent is left out.
    pub(super) fn branches<'n>(&self, node: &'n Node, when: &When) -> Vec<(When, &'n Node)> {
        match node {
            Node::Call(Function::If, argument) => {
                let Some([Node::String(name), yes, no]) = argument.as_list() else {
                    return vec![(when.clone(), node)];
                };
                let branch = |holds, node| {
                    let mut when = when.clone();
                    when.insert(self.condition(name, holds));
                    self.branches(node, &when)
                };
                branch(true, yes).into_iter().chain(branch(false, no)).collect()
            }
            Node::Call(Function::Ref, name) if name.as_str() == Some("AWS::NoValue") => Vec::new(),
            _ => vec![(when.clone(), node)],
        }
    }

    /// As [`Symbols::branches`], whatever must hold for them.
    pub(super) fn branches_of<'n>(&self, node: Option<&'n Node>) -> Vec<&'n Node> {
        let all = node.into_iter().flat_map(|node| self.branches(node, &When::new()));
        all.map(|(_, node)| node).collect()
    }

    /// Every item of a list, or the one value.
    pub(super) fn items<'n>(&self, node: Option<&'n Node>, when: &When) -> Vec<(When, &'n Node)> {
        let Some(node) = node else { return Vec::new() };
        let lists = self.branches(node, when).into_iter();
        let items = lists.flat_map(|(when, node)| match node {
            Node::List(items) => items.iter().flat_map(|item| self.branches(item, &when)).collect(),
            _ => vec![(when, node)],
        });
        items.collect()
    }

    /// Every text of a list, or the one text. What is no text is written as JSON.
    pub(super) fn texts(&self, node: Option<&Node>, when: &When) -> Vec<(When, String)> {
        self.items(node, when).into_iter().map(|(when, node)| (when, self.text(node))).collect()
    }

    /// Every combination of what some values may be, with what must hold for it; a value that is absent is its default.
    /// `None` if they are too many.
    pub(super) fn combinations<const N: usize>(
        &self,
        when: &When,
        values: [(Option<&Node>, &str); N],
    ) -> Option<Vec<(When, [String; N])>> {
        let mut all = vec![(when.clone(), std::array::from_fn(|_| String::new()))];
        for (at, (node, default)) in values.into_iter().enumerate() {
            let mut next = Vec::new();
            for (when, known) in all {
                let mut given = self.texts(node, &when);
                if given.is_empty() {
                    given.push((when, default.to_owned()));
                }
                if next.len() + given.len() > MOST_COMBINATIONS {
                    return None;
                }
                next.extend(given.into_iter().map(|(when, text)| {
                    let mut texts: [String; N] = known.clone();
                    texts[at] = text;
                    (when, texts)
                }));
            }
            all = next;
        }
        Some(all)
    }

    /// A value as text.
    pub(super) fn text(&self, node: &Node) -> String {
        let mut text = String::new();
        match self.write(node, &mut text, &mut Bound::of(node)) {
            Some(()) => text,
            None => self.opaque(node),
        }
    }

    /// Adds a value to a text; `None` if it becomes too long.
    fn write(&self, node: &Node, text: &mut String, bound: &mut Bound) -> Option<()> {
        let mut add = |more: String| {
            bound.take(more.len())?;
            *text += &more;
            Some(())
        };
        if let Some(scalar) = node.scalar_text() {
            return add(scalar.replace([OPEN, CLOSE], "?"));
        }
        let Node::Call(function, argument) = node else { return add(self.opaque(node)) };
        match (function, &**argument) {
            (Function::Ref, Node::String(name)) => add(self.named(name)),
            (Function::GetAtt, Node::List(items)) => match items.as_slice() {
                [Node::String(id), Node::String(attribute)] => add(self.named(&format!("{id}.{attribute}"))),
                _ => add(self.opaque(node)),
            },
            (Function::Sub, Node::String(sub)) => self.sub(sub, None, text, bound),
            (Function::Sub, Node::List(items)) => match items.as_slice() {
                [Node::String(sub), Node::Map(variables)] => self.sub(sub, Some(variables), text, bound),
                _ => add(self.opaque(node)),
            },
            (Function::Join, Node::List(items)) => match items.as_slice() {
                [Node::String(delimiter), Node::List(parts)] => self.join(delimiter, parts, text, bound),
                _ => add(self.opaque(node)),
            },
            (Function::FindInMap, Node::List(items)) => match self.in_map(items) {
                Some(known) => self.write(known, text, bound),
                None => add(self.opaque(node)),
            },
            (Function::ToJsonString, inner) => add(self.json(inner)),
            _ => add(self.opaque(node)),
        }
    }

    fn join(&self, delimiter: &str, parts: &[Node], text: &mut String, bound: &mut Bound) -> Option<()> {
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                bound.take(delimiter.len())?;
                *text += delimiter;
            }
            self.write(part, text, bound)?;
        }
        Some(())
    }

    /// What `Ref` or `Fn::GetAtt` gives. The `Ref` of a security group is its `GroupId`.
    fn named(&self, name: &str) -> String {
        let group = name.strip_suffix(".GroupId").filter(|id| self.template.resources.contains_key(id));
        reference(group.unwrap_or(name))
    }

    fn sub(&self, sub: &str, variables: Option<&Map>, text: &mut String, bound: &mut Bound) -> Option<()> {
        for part in sub_parts(sub) {
            let more = match part {
                SubPart::Text(part) => part.replace([OPEN, CLOSE], "?"),
                SubPart::Variable(name) => match variables.and_then(|variables| variables.get(name)) {
                    Some(node) => {
                        self.write(node, text, bound)?;
                        continue;
                    }
                    None => self.named(name),
                },
            };
            bound.take(more.len())?;
            *text += &more;
        }
        Some(())
    }

    fn in_map(&self, items: &[Node]) -> Option<&Node> {
        let [name, first, second] = items else { return None };
        let entries = self.template.mappings.get(name.as_str()?)?.as_map()?;
        let found = entries.get(first.as_str()?)?.as_map()?.get(second.as_str()?)?;
        Some(found)
    }

    /// A mapping as JSON text with the marks in it.
    fn json(&self, node: &Node) -> String {
        self.plain(node).to_string()
    }

    fn plain(&self, node: &Node) -> serde_json::Value {
        match node {
            Node::List(items) => items.iter().map(|item| self.plain(item)).collect(),
            Node::Map(map) => map.iter().map(|(key, node)| (key.clone(), self.plain(node))).collect(),
            _ => self.text(node).into(),
        }
    }

    /// Something that only AWS can make text of. It is the same as what is written in the same way.
    fn opaque(&self, node: &Node) -> String {
        let side = if mentions(node, self.redefined) { self.side } else { "" };
        let text = node.tagged().unwrap_or_else(|| serde_json::to_string(node).unwrap_or_default());
        let text = text.replace(['*', '?', OPEN, CLOSE], "_");
        format!("{OPEN}{text}{side}{CLOSE}")
    }
}

/// Whether all of it is known.
pub(super) fn is_known(text: &str) -> bool {
    !text.contains(OPEN)
}

/// The logical ID, if the text is a reference to a resource of `template`, by `Ref` or an attribute, and nothing else.
pub(super) fn target<'t>(text: &str, template: &'t Template) -> Option<&'t str> {
    let inner = text.strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
    let id = inner.split_once('.').map_or(inner, |(id, _)| id);
    template.resources.get_key_value(id).map(|(id, _)| id.as_str())
}

/// The text that stands for the resource with this logical ID.
pub(super) fn reference(id: &str) -> String {
    format!("{OPEN}{id}{CLOSE}")
}

/// For a message: `Bucket.Arn`, or `${Bucket.Arn}/*` where there is more, and not too long.
pub(super) fn shown(text: &str) -> String {
    let alone = text.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(CLOSE));
    let text = match alone {
        Some(inner) if !inner.contains([OPEN, CLOSE]) => inner.to_owned(),
        _ => text.replace(OPEN, "${").replace(CLOSE, "}"),
    };
    if text.chars().count() <= MOST_SHOWN {
        return text;
    }
    text.chars().take(MOST_SHOWN - 1).chain(['…']).collect()
}
