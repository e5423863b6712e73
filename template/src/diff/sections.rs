//! The differences of all sections but the resources.

use std::collections::BTreeSet;

use super::Change;
use super::compare::Differences;
use super::context::Context;
use crate::document::{Output, Parameter, Template};
use crate::node::{Map, Node};

pub(super) fn sections(old: &Template, new: &Template) -> Vec<Change> {
    let mut all = Differences::default();
    all.texts("AWSTemplateFormatVersion", old.format_version.as_ref(), new.format_version.as_ref());
    all.texts("Description", old.description.as_ref(), new.description.as_ref());
    section(&mut all, "Metadata", &old.metadata, &new.metadata);
    section(&mut all, "Parameters", &each(&old.parameters, parameter), &each(&new.parameters, parameter));
    section(&mut all, "Rules", &old.rules, &new.rules);
    section(&mut all, "Mappings", &old.mappings, &new.mappings);
    section(&mut all, "Conditions", &old.conditions, &new.conditions);
    let transform = |template: &Template| Node::List(template.transform.clone());
    all.within("Transform", |inner| inner.nodes(&transform(old), &transform(new), Context::default()));
    section(&mut all, "Hooks", &old.hooks, &new.hooks);
    all.maps(&old.other, &new.other, Context::default());
    // Loops stand among what they make: `Resources.Fn::ForEach::Topics`.
    let none = Map::default();
    let names: BTreeSet<&String> = old.loops.keys().chain(new.loops.keys()).collect();
    for name in names {
        let of = |template: &'_ Template| template.loops.get(name).unwrap_or(&none).clone();
        section(&mut all, name, &of(old), &of(new));
    }
    section(&mut all, "Outputs", &each(&old.outputs, output), &each(&new.outputs, output));
    all.changes
}

fn section(all: &mut Differences, name: &str, old: &Map, new: &Map) {
    all.within(name, |inner| inner.maps(old, new, Context::default()));
}

fn each<T>(things: &Map<T>, node: fn(&T) -> Node) -> Map {
    things.iter().map(|(name, thing)| (name.clone(), node(thing))).collect()
}

fn parameter(parameter: &Parameter) -> Node {
    let mut map = Map::from_iter([("Type".to_owned(), Node::from(parameter.type_name.as_str()))]);
    insert(&mut map, "Default", parameter.default.clone());
    insert(&mut map, "Description", parameter.description.clone().map(Node::from));
    insert(&mut map, "NoEcho", parameter.no_echo.then_some(Node::Bool(true)));
    map.extend(parameter.attributes.clone());
    Node::Map(map)
}

fn output(output: &Output) -> Node {
    let mut map = Map::from_iter([("Value".to_owned(), output.value.clone())]);
    insert(&mut map, "Description", output.description.clone().map(Node::from));
    let export = output.export.clone().map(|name| Node::Map(Map::from_iter([("Name".to_owned(), name)])));
    insert(&mut map, "Export", export);
    insert(&mut map, "Condition", output.condition.clone().map(Node::from));
    Node::Map(map)
}

fn insert(map: &mut Map, key: &str, node: Option<Node>) {
    map.extend(node.map(|node| (key.to_owned(), node)));
}
