//! Parameters, mappings and conditions that become another, and which values become another with them.

use std::collections::{BTreeMap, BTreeSet};

use super::canon::same;
use super::context::Context;
use super::known::Known;
use super::{Options, ValueChange, Values};
use crate::document::Template;
use crate::graph::{Edge, Element, Reference};
use crate::node::{Function, Map, Node};
use crate::path::{Path, Step};

/// Both templates with the values of their parameters.
pub(super) struct Elements<'t> {
    /// With the values that they are deployed with, and nothing else.
    pub(super) given: [Known<'t>; 2],
    /// With the defaults as well.
    assumed: [Known<'t>; 2],
    pub(super) values: Vec<ValueChange>,
    /// What each changed element, or condition made of one, is caused by.
    causes: BTreeMap<Element, BTreeSet<Element>>,
}

impl<'t> Elements<'t> {
    pub(super) fn new(
        old: &'t Template,
        new: &'t Template,
        options: &Options,
        edges: &[Edge],
    ) -> Elements<'t> {
        let mut after = options.old.clone();
        after.extend(options.new.clone());
        let assumed_old = with_defaults(old, &options.old, &options.hidden);
        let assumed_new = with_defaults(new, &after, &options.hidden);
        let values = changed_values([old, new], [&options.old, &after], [&assumed_old, &assumed_new]);
        Elements {
            causes: causes(old, new, &values, edges),
            given: [Known::new(old, options.old.clone()), Known::new(new, after)],
            assumed: [Known::new(old, assumed_old), Known::new(new, assumed_new)],
            values,
        }
    }

    /// The new template with the values that it would have, defaults among them.
    pub(super) fn new_values(&self) -> &Known<'t> {
        &self.assumed[1]
    }

    /// Both templates with the values that they would have, defaults among them.
    pub(super) fn assumed(&self) -> [&Known<'t>; 2] {
        self.assumed.each_ref()
    }

    /// Whether anything of it changes.
    pub(super) fn is_empty(&self) -> bool {
        self.causes.is_empty()
    }

    /// What the change of an element is caused by: itself, or for a condition what it is made of.
    pub(super) fn causes(&self, element: &Element) -> impl Iterator<Item = &Element> {
        self.causes.get(element).into_iter().flatten()
    }

    /// Whether a value that is written in the same way in both templates becomes another: `None` if not, else whether
    /// that is certain.
    pub(super) fn changes(&self, node: &Node) -> Option<bool> {
        let [before, after] = self.given.each_ref().map(|known| known.value(node));
        let open = |node: &Node| self.is_open(node);
        if !open(&before) && !open(&after) {
            return (!same(&before, &after, Context::default())).then_some(true);
        }
        let [before, after] = self.assumed.each_ref().map(|known| known.value(node));
        let differs = !same(&before, &after, Context::default());
        (differs || open(&before) || open(&after)).then_some(false)
    }

    /// Whether something changed is still in a value, because only AWS knows what it is.
    fn is_open(&self, node: &Node) -> bool {
        match node {
            Node::Call(Function::Ref, name) => name.as_str().is_some_and(|name| {
                let named = [Element::Parameter(name.to_owned()), Element::Pseudo(name.to_owned())];
                named.iter().any(|element| self.causes.contains_key(element))
            }),
            Node::Call(Function::If, argument) => {
                let items = argument.as_list().unwrap_or_default();
                let named = |kind: fn(String) -> Element| {
                    let name = items.first().and_then(Node::as_str);
                    name.is_some_and(|name| self.causes.contains_key(&kind(name.to_owned())))
                };
                named(Element::Condition) || items.iter().any(|item| self.is_open(item))
            }
            Node::Call(Function::FindInMap, argument) => {
                let items = argument.as_list().unwrap_or_default();
                let name = items.first().and_then(Node::as_str);
                name.is_some_and(|name| self.causes.contains_key(&Element::Mapping(name.to_owned())))
                    || items.iter().any(|item| self.is_open(item))
            }
            Node::Call(_, argument) => self.is_open(argument),
            Node::List(items) => items.iter().any(|item| self.is_open(item)),
            Node::Map(map) => map.values().any(|item| self.is_open(item)),
            _ => false,
        }
    }

    /// As [`Elements::exists`], and where that is not known, as it is with the defaults of the parameters.
    pub(super) fn exists_by_default(&self, old: Option<&str>, new: Option<&str>) -> [Option<bool>; 2] {
        let known = self.exists(old, new);
        if known.iter().all(Option::is_some) { known } else { exist(&self.assumed, [old, new]) }
    }

    /// Whether a resource with this condition exists before and after, as far as that is known.
    pub(super) fn exists(&self, old: Option<&str>, new: Option<&str>) -> [Option<bool>; 2] {
        exist(&self.given, [old, new])
    }
}

/// Whether what has these conditions is there before and after.
fn exist([before, after]: &[Known<'_>; 2], [old, new]: [Option<&str>; 2]) -> [Option<bool>; 2] {
    let holds = |known: &Known<'_>, name: Option<&str>| name.map_or(Some(true), |name| known.condition(name));
    [holds(before, old), holds(after, new)]
}

/// The values, and defaults for parameters that have none; for those that are `hidden`, they are not what counts.
fn with_defaults(template: &Template, values: &Values, hidden: &BTreeSet<String>) -> Values {
    let default = |(name, parameter): (&String, &crate::document::Parameter)| {
        Some((name.clone(), parameter.default.as_ref()?.scalar_text()?.into_owned()))
    };
    let told = template.parameters.iter().filter(|(name, _)| !hidden.contains(*name));
    let mut all: Values = told.filter_map(default).collect();
    all.extend(values.clone());
    all
}

/// The parameters of both templates, and the pseudo parameters, whose values differ.
///
/// Of both: the templates, the values that are given, and these with the defaults.
fn changed_values(
    [old, new]: [&Template; 2],
    [before, after]: [&Values; 2],
    [old_all, new_all]: [&Values; 2],
) -> Vec<ValueChange> {
    let names = new.parameters.keys().filter(|name| old.parameters.contains_key(name));
    let pseudo = after.keys().filter(|name| name.starts_with("AWS::"));
    let mut changes = Vec::new();
    for name in names.chain(pseudo) {
        let (Some(value), was) = (new_all.get(name), old_all.get(name)) else { continue };
        if was == Some(value) || (was.is_none() && name.starts_with("AWS::")) {
            continue;
        }
        let hides = |template: &Template| template.parameters.get(name).is_some_and(|known| known.no_echo);
        let masked = hides(old) || hides(new);
        changes.push(ValueChange {
            name: name.clone(),
            old: was.filter(|_| !masked).cloned(),
            new: Some(value.clone()).filter(|_| !masked),
            masked,
            certain: before.contains_key(name) && after.contains_key(name),
        });
    }
    changes
}

/// Each changed parameter, mapping and condition, and each condition that is made of one, with what causes it.
fn causes(
    old: &Template,
    new: &Template,
    values: &[ValueChange],
    edges: &[Edge],
) -> BTreeMap<Element, BTreeSet<Element>> {
    let mut causes: BTreeMap<Element, BTreeSet<Element>> = BTreeMap::new();
    let mut own = |element: Element| {
        causes.insert(element.clone(), BTreeSet::from([element]));
    };
    for value in values {
        let pseudo = value.name.starts_with("AWS::");
        own(if pseudo { Element::Pseudo } else { Element::Parameter }(value.name.clone()));
    }
    let differ = |old: &Map, new: &Map| -> Vec<String> {
        let both = new.iter().filter_map(|(name, node)| Some((name, old.get(name)?, node)));
        let different = both.filter(|(_, old, new)| !same(old, new, Context::default()));
        different.map(|(name, ..)| name.clone()).collect()
    };
    for name in differ(&old.mappings, &new.mappings) {
        own(Element::Mapping(name));
    }
    for name in differ(&old.conditions, &new.conditions) {
        own(Element::Condition(name));
    }
    let mut made_of: BTreeMap<&Element, Vec<&Element>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| matches!(edge.from, Element::Condition(_))) {
        if let Some(to) = &edge.to {
            made_of.entry(to).or_default().push(&edge.from);
        }
    }
    // Through conditions of conditions, to the end: each is gone on from only as long as it has new causes.
    let mut open: Vec<(Element, Element)> = causes.keys().map(|own| (own.clone(), own.clone())).collect();
    while let Some((element, cause)) = open.pop() {
        for from in made_of.get(&element).into_iter().flatten() {
            if causes.entry((*from).clone()).or_default().insert(cause.clone()) {
                open.push(((*from).clone(), cause.clone()));
            }
        }
    }
    causes
}

/// The whole value in which a reference stands: the outermost call on the way to it, and its path.
pub(super) fn outermost<'t>(properties: &'t Map, path: &Path) -> Option<(Path, &'t Node)> {
    let mut steps = path.steps();
    let mut here = Path::new();
    for step in steps.by_ref().take(3) {
        here.push(step);
    }
    let Some(Step::Key(first)) = steps.next() else { return None };
    let mut node = properties.get(first)?;
    here.push(Step::Key(first));
    for step in steps {
        node = match (node, step) {
            (Node::Call(..), _) => break,
            (Node::Map(map), Step::Key(key)) => map.get(key)?,
            (Node::List(items), Step::Index(at)) => items.get(at)?,
            _ => return None,
        };
        here.push(step);
    }
    Some((here, node))
}

/// The condition through which a reference comes, if it is one.
pub(super) fn condition_of(edge: &Edge) -> Option<String> {
    match (&edge.to, &edge.kind) {
        (Some(Element::Condition(name)), Reference::If | Reference::Condition) => Some(name.clone()),
        _ => None,
    }
}
