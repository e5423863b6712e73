//! Every function call of a template, with its path.

use crate::document::Template;
use crate::node::{Function, Map, Node};
use crate::path::Path;

/// What is told of each call: where it stands, the function, its argument.
type Visitor<'v> = &'v mut dyn FnMut(&Path, Function, &Node);

/// Tells `visit` of every call that CloudFormation evaluates, outer calls first.
pub(crate) fn calls(template: &Template, visit: Visitor<'_>) {
    nodes(template, &mut |path, node| {
        if let Node::Call(function, argument) = node {
            visit(path, *function, argument);
        }
    });
}

/// Tells `visit` of every node of the sections in which functions are evaluated, outer nodes first.
pub(crate) fn nodes(template: &Template, visit: &mut dyn FnMut(&Path, &Node)) {
    for (section, nodes) in [("Rules", &template.rules), ("Conditions", &template.conditions)] {
        map(&mut Path::of([section]), nodes, visit);
    }
    for (id, resource) in &template.resources {
        let mut path = Path::of(["Resources", id]);
        for (key, policy) in [
            ("DeletionPolicy", &resource.deletion_policy),
            ("UpdateReplacePolicy", &resource.update_replace_policy),
        ] {
            if let Some(policy) = policy {
                entry(&mut path, key, policy, visit);
            }
        }
        map(&mut path, &resource.attributes, visit);
        for (key, nodes) in [("Metadata", &resource.metadata), ("Properties", &resource.properties)] {
            path.push_key(key);
            map(&mut path, nodes, visit);
            path.pop();
        }
    }
    for (name, output) in &template.outputs {
        let mut path = Path::of(["Outputs", name]);
        entry(&mut path, "Value", &output.value, visit);
        if let Some(export) = &output.export {
            path.push_key("Export");
            entry(&mut path, "Name", export, visit);
        }
    }
    for (section, loops) in &template.loops {
        map(&mut Path::of([section]), loops, visit);
    }
}

fn map(path: &mut Path, map: &Map, visit: &mut dyn FnMut(&Path, &Node)) {
    for (key, value) in map {
        entry(path, key, value, visit);
    }
}

fn entry(path: &mut Path, key: &str, value: &Node, visit: &mut dyn FnMut(&Path, &Node)) {
    path.push_key(key);
    node(path, value, visit);
    path.pop();
}

fn node(path: &mut Path, value: &Node, visit: &mut dyn FnMut(&Path, &Node)) {
    visit(path, value);
    match value {
        Node::List(items) => {
            for (place, item) in items.iter().enumerate() {
                path.push_index(place);
                node(path, item, visit);
                path.pop();
            }
        }
        Node::Map(entries) => map(path, entries, visit),
        Node::Call(function, argument) => entry(path, function.key(), argument, visit),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => {}
    }
}
