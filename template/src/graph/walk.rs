//! Finds every reference of a template.

use crate::document::Template;
use crate::graph::sub::{SubPart, sub_parts};
use crate::graph::{Edge, Element, PSEUDO_PARAMETERS, Reference};
use crate::loops::is_loop;
use crate::node::{Function, Map, Node};
use crate::path::Path;

pub(super) fn edges(template: &Template) -> Vec<Edge> {
    let from = Element::Pseudo(String::new());
    let mut walk = Walk { template, edges: Vec::new(), from, path: Path::new(), local: Vec::new() };
    for (name, rule) in &template.rules {
        walk.enter(Element::Rule(name.clone()));
        walk.node(rule);
    }
    for (name, condition) in &template.conditions {
        walk.enter(Element::Condition(name.clone()));
        walk.path.pop();
        walk.entry(name, condition);
    }
    for (id, resource) in &template.resources {
        walk.enter(Element::Resource(id.clone()));
        walk.resource(resource);
    }
    for (name, output) in &template.outputs {
        walk.enter(Element::Output(name.clone()));
        walk.condition(output.condition.as_deref());
        walk.at("Value", &output.value);
        if let Some(export) = &output.export {
            walk.path.push_key("Export");
            walk.at("Name", export);
        }
    }
    for (section, loops) in &template.loops {
        for (name, node) in loops {
            walk.enter(Element::Loop(section.clone(), name.clone()));
            walk.entry(name, node);
        }
    }
    walk.edges
}

struct Walk<'t> {
    template: &'t Template,
    edges: Vec<Edge>,
    from: Element,
    path: Path,
    /// The variables of the loops around.
    local: Vec<String>,
}

impl Walk<'_> {
    fn enter(&mut self, element: Element) {
        self.path = element.path();
        if let Element::Loop(..) = element {
            self.path.pop();
        }
        self.from = element;
    }

    fn resource(&mut self, resource: &crate::document::Resource) {
        self.condition(resource.condition.as_deref());
        self.path.push_key("DependsOn");
        for (place, id) in resource.depends_on.iter().enumerate() {
            // A single one is written without a list.
            let many = resource.depends_on.len() > 1;
            if many {
                self.path.push_index(place);
            }
            self.edge(id, Reference::DependsOn);
            if many {
                self.path.pop();
            }
        }
        self.path.pop();
        let policies = [
            ("DeletionPolicy", &resource.deletion_policy),
            ("UpdateReplacePolicy", &resource.update_replace_policy),
        ];
        for (key, policy) in policies {
            if let Some(policy) = policy {
                self.at(key, policy);
            }
        }
        self.map(&resource.attributes);
        for (key, map) in [("Metadata", &resource.metadata), ("Properties", &resource.properties)] {
            self.path.push_key(key);
            self.map(map);
            self.path.pop();
        }
    }

    fn condition(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            self.path.push_key("Condition");
            self.edge(name, Reference::Condition);
            self.path.pop();
        }
    }

    fn at(&mut self, key: &str, node: &Node) {
        self.path.push_key(key);
        self.node(node);
        self.path.pop();
    }

    fn map(&mut self, map: &Map) {
        for (key, node) in map {
            self.entry(key, node);
        }
    }

    /// An entry of a mapping, which may be a loop with a variable.
    fn entry(&mut self, key: &str, node: &Node) {
        let before = self.local.len();
        if let Node::List(items) = node
            && is_loop(key)
        {
            match items.first() {
                Some(Node::String(variable)) => self.local.push(variable.clone()),
                Some(Node::List(variables)) => {
                    self.local.extend(variables.iter().filter_map(Node::as_str).map(str::to_owned));
                }
                _ => {}
            }
        }
        self.at(key, node);
        self.local.truncate(before);
    }

    fn list(&mut self, items: &[Node]) {
        for (place, item) in items.iter().enumerate() {
            self.path.push_index(place);
            self.node(item);
            self.path.pop();
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::List(items) => self.list(items),
            Node::Map(map) => self.map(map),
            Node::Call(function, argument) => {
                self.call(*function, argument);
                self.at(function.key(), argument);
            }
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => {}
        }
    }

    /// The references that a call makes by itself; its arguments are walked afterwards.
    fn call(&mut self, function: Function, argument: &Node) {
        match (function, argument) {
            (Function::Ref, Node::String(name)) => self.edge(name, Reference::Ref),
            (Function::Condition, Node::String(name)) => self.edge(name, Reference::Condition),
            (Function::Sub, Node::String(text)) => self.sub(text, None),
            (Function::GetAtt, Node::String(target)) => self.edge(target, Reference::GetAtt(None)),
            (_, Node::List(items)) => self.call_with_list(function, items),
            _ => {}
        }
    }

    fn call_with_list(&mut self, function: Function, items: &[Node]) {
        let Some(Node::String(first)) = items.first() else { return };
        match function {
            Function::GetAtt => {
                let attribute = items.get(1).and_then(Node::as_str).map(str::to_owned);
                self.edge(first, Reference::GetAtt(attribute));
            }
            Function::If => self.edge(first, Reference::If),
            Function::FindInMap => self.edge(first, Reference::FindInMap),
            Function::ValueOf => self.edge(first, Reference::Ref),
            Function::Sub => self.sub(first, items.get(1).and_then(Node::as_map)),
            _ => {}
        }
    }

    /// The references in the text of `Fn::Sub`, without those to the call's own variables.
    fn sub(&mut self, text: &str, variables: Option<&Map>) {
        for part in sub_parts(text) {
            let SubPart::Variable(variable) = part else { continue };
            // A variable of the call may have a dot in its name.
            if variables.is_some_and(|variables| variables.contains_key(variable)) {
                continue;
            }
            match variable.split_once('.') {
                Some((target, attribute)) => self.edge(target, Reference::Sub(Some(attribute.to_owned()))),
                None => self.edge(variable, Reference::Sub(None)),
            }
        }
    }

    fn edge(&mut self, name: &str, kind: Reference) {
        // Names with variables in them (`Topic${Name}`) come to be only when a loop is unrolled.
        if name.contains("${") || self.local.iter().any(|local| local == name) {
            return;
        }
        let to = self.target(name, &kind);
        self.edges.push(Edge {
            from: self.from.clone(),
            path: self.path.clone(),
            name: name.to_owned(),
            to,
            kind,
        });
    }

    fn target(&self, name: &str, kind: &Reference) -> Option<Element> {
        let template = self.template;
        let resource = || template.resources.contains_key(name).then(|| Element::Resource(name.to_owned()));
        match kind {
            Reference::Condition | Reference::If => {
                template.conditions.contains_key(name).then(|| Element::Condition(name.to_owned()))
            }
            Reference::FindInMap => {
                template.mappings.contains_key(name).then(|| Element::Mapping(name.to_owned()))
            }
            Reference::DependsOn | Reference::GetAtt(_) | Reference::Sub(Some(_)) => resource(),
            Reference::Ref | Reference::Sub(None) => {
                if template.parameters.contains_key(name) {
                    Some(Element::Parameter(name.to_owned()))
                } else if PSEUDO_PARAMETERS.contains(&name) {
                    Some(Element::Pseudo(name.to_owned()))
                } else {
                    resource()
                }
            }
        }
    }
}
