//! The sections of a template out of the values of a file.

use indexmap::IndexMap;

use crate::document::{Output, Parameter, Resource, Template};
use crate::nearest::nearest;
use crate::node::{Map, Node};
use crate::path::Path;
use crate::read::error::Problem;
use crate::read::positions::Positions;
use crate::read::tree::Mistake;

const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Hooks",
    "Resources",
    "Outputs",
];

const PARAMETER: &[&str] = &[
    "Type",
    "Default",
    "Description",
    "NoEcho",
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
];

const RESOURCE: &[&str] = &[
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "Metadata",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "CreationPolicy",
    "UpdatePolicy",
    "Version",
];

const OUTPUT: &[&str] = &["Value", "Description", "Export", "Condition"];

/// Makes the template; what does not fit is left out of it and noted in `mistakes`.
pub(super) fn template(node: Node, positions: &Positions, mistakes: &mut Vec<Mistake>) -> Template {
    let mut reader = Reader { positions, mistakes, path: Path::new(), macros: false };
    reader.template(node)
}

struct Reader<'p, 'm> {
    positions: &'p Positions,
    mistakes: &'m mut Vec<Mistake>,
    path: Path,
    /// Whether a macro works on the template, which may then hold anything.
    macros: bool,
}

impl Reader<'_, '_> {
    fn template(&mut self, node: Node) -> Template {
        let mut template = Template::default();
        let sections = self.entries(node, "a mapping of sections").unwrap_or_default();
        self.macros = sections.get("Transform").is_some_and(
            |transform| !matches!(transform, Node::String(name) if name == "AWS::LanguageExtensions"),
        );
        for (name, section) in sections {
            self.path.push_key(&name);
            self.section(&mut template, name, section);
            self.path.pop();
        }
        template
    }

    fn section(&mut self, template: &mut Template, name: String, section: Node) {
        match name.as_str() {
            "AWSTemplateFormatVersion" => template.format_version = self.text(section),
            "Description" => template.description = self.text(section),
            "Metadata" => template.metadata = self.nodes(section),
            "Parameters" => template.parameters = self.things(section, &name, template, Reader::parameter),
            "Rules" => template.rules = self.nodes(section),
            "Mappings" => template.mappings = self.nodes(section),
            "Conditions" => {
                let conditions = self.nodes(section).into_iter();
                template.conditions = conditions.map(|(key, node)| (key, node.condition_operand())).collect();
            }
            "Transform" => {
                template.transform = match section {
                    Node::List(items) => items,
                    one => vec![one],
                }
            }
            "Hooks" => template.hooks = self.nodes(section),
            "Resources" => template.resources = self.things(section, &name, template, Reader::resource),
            "Outputs" => template.outputs = self.things(section, &name, template, Reader::output),
            _ if self.macros => {
                template.other.insert(name, section);
            }
            _ => self.unknown("section", name, SECTIONS),
        }
    }

    /// The entries of a section that are things of one kind; what a macro makes into things is kept aside.
    fn things<T>(
        &mut self,
        section: Node,
        name: &str,
        template: &mut Template,
        read: fn(&mut Self, Node) -> Option<T>,
    ) -> IndexMap<String, T> {
        let mut things = IndexMap::new();
        for (key, node) in self.entries(section, "a mapping").unwrap_or_default() {
            self.path.push_key(&key);
            if key.starts_with("Fn::ForEach::") || key == "Fn::Transform" {
                template.loops.entry(name.to_owned()).or_default().insert(key, node);
            } else if let Some(thing) = read(self, node) {
                things.insert(key, thing);
            }
            self.path.pop();
        }
        things
    }

    fn parameter(&mut self, node: Node) -> Option<Parameter> {
        let mut parameter = Parameter::default();
        let mut type_name = None;
        for (key, node) in self.entries(node, "a parameter's attributes")? {
            self.path.push_key(&key);
            match key.as_str() {
                "Type" => type_name = self.text(node),
                "Default" => parameter.default = Some(node),
                "Description" => parameter.description = self.text(node),
                "NoEcho" => parameter.no_echo = self.boolean(&node),
                known if PARAMETER.contains(&known) || self.macros => {
                    parameter.attributes.insert(key, node);
                }
                _ => self.unknown("attribute of a parameter", key, PARAMETER),
            }
            self.path.pop();
        }
        parameter.type_name = self.required(type_name, "a parameter", "Type")?;
        Some(parameter)
    }

    fn resource(&mut self, node: Node) -> Option<Resource> {
        let mut resource = Resource::default();
        let mut type_name = None;
        for (key, node) in self.entries(node, "a resource's attributes")? {
            self.path.push_key(&key);
            match key.as_str() {
                "Type" => type_name = self.text(node),
                "Condition" => resource.condition = self.text(node),
                "DependsOn" => resource.depends_on = self.texts(node),
                "Properties" => resource.properties = self.nodes(node),
                "Metadata" => resource.metadata = self.nodes(node),
                "DeletionPolicy" => resource.deletion_policy = Some(node),
                "UpdateReplacePolicy" => resource.update_replace_policy = Some(node),
                known if RESOURCE.contains(&known) || self.macros => {
                    resource.attributes.insert(key, node);
                }
                _ => self.unknown("attribute of a resource", key, RESOURCE),
            }
            self.path.pop();
        }
        resource.type_name = self.required(type_name, "a resource", "Type")?;
        Some(resource)
    }

    fn output(&mut self, node: Node) -> Option<Output> {
        let (mut value, mut description, mut export, mut condition) = (None, None, None, None);
        for (key, node) in self.entries(node, "an output's attributes")? {
            self.path.push_key(&key);
            match key.as_str() {
                "Value" => value = Some(node),
                "Description" => description = self.text(node),
                "Export" => export = self.export(node),
                "Condition" => condition = self.text(node),
                _ => self.unknown("attribute of an output", key, OUTPUT),
            }
            self.path.pop();
        }
        let value = self.required(value, "an output", "Value")?;
        Some(Output { value, description, export, condition })
    }

    fn export(&mut self, node: Node) -> Option<Node> {
        let mut entries = self.entries(node, "a mapping with the one key `Name`")?;
        let name = entries.shift_remove("Name");
        for (key, _) in entries {
            self.path.push_key(&key);
            self.unknown("attribute of an export", key, &["Name"]);
            self.path.pop();
        }
        self.required(name, "an export", "Name")
    }

    /// The entries of a mapping. A single entry that is named like a function is an entry here.
    fn entries(&mut self, node: Node, expected: &'static str) -> Option<Map> {
        match node {
            Node::Map(map) => Some(map),
            Node::Call(function, argument) => Some(Map::from_iter([(function.key().to_owned(), *argument)])),
            other => self.wrong(expected, &other),
        }
    }

    fn nodes(&mut self, node: Node) -> Map {
        self.entries(node, "a mapping").unwrap_or_default()
    }

    fn text(&mut self, node: Node) -> Option<String> {
        match node {
            Node::String(text) => Some(text),
            Node::Bool(_) | Node::Number(_) => node.scalar_text().map(Into::into),
            other => self.wrong("text", &other),
        }
    }

    fn texts(&mut self, node: Node) -> Vec<String> {
        let Node::List(items) = node else { return self.text(node).into_iter().collect() };
        let mut texts = Vec::with_capacity(items.len());
        for (place, item) in items.into_iter().enumerate() {
            self.path.push_index(place);
            texts.extend(self.text(item));
            self.path.pop();
        }
        texts
    }

    fn boolean(&mut self, node: &Node) -> bool {
        match node.scalar_text().as_deref() {
            Some(text) if text.eq_ignore_ascii_case("true") => true,
            Some(text) if text.eq_ignore_ascii_case("false") => false,
            _ => self.wrong::<()>("`true` or `false`", node).is_some(),
        }
    }

    fn wrong<T>(&mut self, expected: &'static str, node: &Node) -> Option<T> {
        self.mistake(Problem::WrongKind { expected, found: node.kind() });
        None
    }

    fn required<T>(&mut self, value: Option<T>, what: &'static str, key: &'static str) -> Option<T> {
        // One that is there but of the wrong kind, or under a misspelt key, was noted already.
        let noted = self.mistakes.iter().any(|mistake| {
            let misspelt =
                matches!(&mistake.problem, Problem::UnknownKey { nearest, .. } if *nearest == Some(key));
            mistake.path == self.path.key(key) || (misspelt && mistake.path.parent() == self.path)
        });
        if value.is_none() && !noted {
            self.mistake(Problem::MissingKey { what, key });
        }
        value
    }

    fn unknown(&mut self, what: &'static str, key: String, known: &'static [&'static str]) {
        let nearest = nearest(&key, known.iter().copied());
        self.mistake(Problem::UnknownKey { what, key, nearest, known });
    }

    fn mistake(&mut self, problem: Problem) {
        let position = self.positions.of(&self.path);
        self.mistakes.push(Mistake { position, path: self.path.clone(), problem });
    }
}
