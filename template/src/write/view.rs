//! The one place that says which section and attribute comes first, for YAML and JSON alike.

use serde::ser::{Serialize, Serializer};

use crate::document::{Output, Parameter, Resource, Template};
use crate::node::{Map, Node};

/// A template's upper levels as ordered entries that borrow from it; below them its nodes.
pub(super) enum View<'a> {
    Node(&'a Node),
    Text(&'a str),
    Bool(bool),
    List(Vec<View<'a>>),
    Map(Vec<(&'a str, View<'a>)>),
}

impl<'a> View<'a> {
    /// The whole template.
    pub(super) fn of(template: &'a Template) -> View<'a> {
        let mut entries = Entries::default();
        entries.text("AWSTemplateFormatVersion", template.format_version.as_deref());
        entries.text("Description", template.description.as_deref());
        entries.nodes("Metadata", &template.metadata);
        entries.section(template, "Parameters", &template.parameters, parameter);
        entries.nodes("Rules", &template.rules);
        entries.nodes("Mappings", &template.mappings);
        entries.nodes("Conditions", &template.conditions);
        match template.transform.as_slice() {
            [] => {}
            [only @ (Node::String(_) | Node::Map(_))] => entries.push("Transform", View::Node(only)),
            several => entries.push("Transform", View::List(several.iter().map(View::Node).collect())),
        }
        entries.nodes("Hooks", &template.hooks);
        for (name, node) in &template.other {
            entries.push(name, View::Node(node));
        }
        entries.section(template, "Resources", &template.resources, resource);
        entries.section(template, "Outputs", &template.outputs, output);
        View::Map(entries.0)
    }
}

fn parameter(parameter: &Parameter) -> View<'_> {
    let mut entries = Entries::default();
    entries.text("Type", Some(&parameter.type_name));
    entries.text("Description", parameter.description.as_deref());
    entries.node("Default", parameter.default.as_ref());
    if parameter.no_echo {
        entries.push("NoEcho", View::Bool(true));
    }
    entries.all(&parameter.attributes);
    View::Map(entries.0)
}

fn resource(resource: &Resource) -> View<'_> {
    let mut entries = Entries::default();
    entries.text("Type", Some(&resource.type_name));
    entries.text("Condition", resource.condition.as_deref());
    match resource.depends_on.as_slice() {
        [] => {}
        [one] => entries.text("DependsOn", Some(one)),
        many => entries.push("DependsOn", View::List(many.iter().map(|id| View::Text(id)).collect())),
    }
    entries.node("DeletionPolicy", resource.deletion_policy.as_ref());
    entries.node("UpdateReplacePolicy", resource.update_replace_policy.as_ref());
    entries.all(&resource.attributes);
    entries.nodes("Metadata", &resource.metadata);
    entries.nodes("Properties", &resource.properties);
    View::Map(entries.0)
}

fn output(output: &Output) -> View<'_> {
    let mut entries = Entries::default();
    entries.text("Description", output.description.as_deref());
    entries.text("Condition", output.condition.as_deref());
    entries.push("Value", View::Node(&output.value));
    if let Some(name) = &output.export {
        entries.push("Export", View::Map(vec![("Name", View::Node(name))]));
    }
    View::Map(entries.0)
}

#[derive(Default)]
struct Entries<'a>(Vec<(&'a str, View<'a>)>);

impl<'a> Entries<'a> {
    fn push(&mut self, key: &'a str, view: View<'a>) {
        self.0.push((key, view));
    }

    fn text(&mut self, key: &'a str, text: Option<&'a str>) {
        self.0.extend(text.map(|text| (key, View::Text(text))));
    }

    fn node(&mut self, key: &'a str, node: Option<&'a Node>) {
        self.0.extend(node.map(|node| (key, View::Node(node))));
    }

    fn all(&mut self, map: &'a Map) {
        self.0.extend(map.iter().map(|(key, node)| (key.as_str(), View::Node(node))));
    }

    /// A mapping of nodes; an empty one is left out.
    fn nodes(&mut self, key: &'a str, map: &'a Map) {
        let mut inner = Entries::default();
        inner.all(map);
        if !inner.0.is_empty() {
            self.push(key, View::Map(inner.0));
        }
    }

    /// A section of named things, and after them its loops.
    fn section<T>(
        &mut self,
        template: &'a Template,
        key: &'a str,
        things: &'a crate::node::Map<T>,
        view: fn(&'a T) -> View<'a>,
    ) {
        let mut inner = Entries::default();
        inner.0.extend(things.iter().map(|(name, thing)| (name.as_str(), view(thing))));
        if let Some(loops) = template.loops.get(key) {
            inner.all(loops);
        }
        if !inner.0.is_empty() {
            self.push(key, View::Map(inner.0));
        }
    }
}

impl Serialize for View<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            View::Node(node) => node.serialize(serializer),
            View::Text(text) => serializer.serialize_str(text),
            View::Bool(value) => serializer.serialize_bool(*value),
            View::List(items) => serializer.collect_seq(items),
            View::Map(entries) => serializer.collect_map(entries.iter().map(|(key, view)| (key, view))),
        }
    }
}
