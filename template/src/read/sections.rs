//! The sections of a template out of the values of a file.

use crate::document::{Output, Parameter, Resource, Template};
use crate::loops::{EXTENSIONS, is_loop};
use crate::nearest::nearest;
use crate::node::{Map, Node};
use crate::path::{Path, Position};
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

/// Makes the template; what does not fit is left out of it and noted in `mistakes`. A misspelt key is taken for what was
/// meant, also in `positions`, so that nothing else is found to be missing.
pub(super) fn template(node: Node, positions: &mut Positions, mistakes: &mut Vec<Mistake>) -> Template {
    Reader::new(Some(positions), Path::new(), mistakes).template(node)
}

/// The resource that a loop of `of` makes at `path`; what does not fit is noted.
pub(crate) fn made_resource(
    of: &Template,
    node: Node,
    path: &Path,
    noted: &mut Vec<(Path, Problem)>,
) -> Resource {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is of a reader with one lifetime"
    )]
    made(of, node, path, noted, |reader, node| reader.resource(node))
}

/// The output that a loop of `of` makes at `path`; what does not fit is noted.
pub(crate) fn made_output(
    of: &Template,
    node: Node,
    path: &Path,
    noted: &mut Vec<(Path, Problem)>,
) -> Output {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is of a reader with one lifetime"
    )]
    made(of, node, path, noted, |reader, node| reader.output(node))
}

fn made<T>(
    of: &Template,
    node: Node,
    path: &Path,
    noted: &mut Vec<(Path, Problem)>,
    read: fn(&mut Reader<'_, '_>, Node) -> T,
) -> T {
    let mut mistakes = Vec::new();
    let mut reader = Reader::new(None, path.clone(), &mut mistakes);
    reader.macros = of.has_macros();
    let made = read(&mut reader, node);
    noted.extend(mistakes.into_iter().map(|mistake| (mistake.path, mistake.problem)));
    made
}

struct Reader<'p, 'm> {
    /// The places in the file, if it comes from one.
    positions: Option<&'p mut Positions>,
    mistakes: &'m mut Vec<Mistake>,
    path: Path,
    /// Whether a macro works on the template, which may then hold anything.
    macros: bool,
}

impl<'p, 'm> Reader<'p, 'm> {
    fn new(
        positions: Option<&'p mut Positions>,
        path: Path,
        mistakes: &'m mut Vec<Mistake>,
    ) -> Reader<'p, 'm> {
        Reader { positions, mistakes, path, macros: false }
    }

    fn template(&mut self, node: Node) -> Template {
        let mut template = Template::default();
        let sections = self.entries(node, "a mapping of sections").unwrap_or_default();
        self.macros = sections
            .get("Transform")
            .is_some_and(|transform| !matches!(transform, Node::String(name) if name == EXTENSIONS));
        let sections = if self.macros { sections } else { self.spelt(sections, "section", SECTIONS) };
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
            _ => {
                template.other.insert(name, section);
            }
        }
    }

    /// The entries of a section that are things of one kind; what a macro makes into things is kept aside.
    fn things<T>(
        &mut self,
        section: Node,
        name: &str,
        template: &mut Template,
        read: fn(&mut Self, Node) -> T,
    ) -> Map<T> {
        let mut things = Map::new();
        for (key, node) in self.entries(section, "a mapping").unwrap_or_default() {
            self.path.push_key(&key);
            if is_loop(&key) || key == "Fn::Transform" {
                template.loops.entry(name.to_owned()).or_default().insert(key, node);
            } else {
                let thing = read(self, node);
                things.insert(key, thing);
            }
            self.path.pop();
        }
        things
    }

    fn parameter(&mut self, node: Node) -> Parameter {
        let mut parameter = Parameter::default();
        let mut type_name = None;
        let Some(entries) = self.entries(node, "a parameter's attributes") else { return parameter };
        for (key, node) in self.attributes(entries, "attribute of a parameter", PARAMETER) {
            self.path.push_key(&key);
            match key.as_str() {
                "Type" => type_name = self.text(node),
                "Default" => parameter.default = Some(node),
                "Description" => parameter.description = self.text(node),
                "NoEcho" => parameter.no_echo = self.boolean(&node),
                _ => {
                    parameter.attributes.insert(key, node);
                }
            }
            self.path.pop();
        }
        parameter.type_name = self.required(type_name, "a parameter", "Type").unwrap_or_default();
        parameter
    }

    fn resource(&mut self, node: Node) -> Resource {
        let mut resource = Resource::default();
        let mut type_name = None;
        let Some(entries) = self.entries(node, "a resource's attributes") else { return resource };
        for (key, node) in self.attributes(entries, "attribute of a resource", RESOURCE) {
            self.path.push_key(&key);
            match key.as_str() {
                "Type" => type_name = self.text(node),
                "Condition" => resource.condition = self.text(node),
                "DependsOn" => resource.depends_on = self.texts(node),
                "Properties" => resource.properties = self.nodes(node),
                "Metadata" => resource.metadata = self.nodes(node),
                "DeletionPolicy" => resource.deletion_policy = Some(node),
                "UpdateReplacePolicy" => resource.update_replace_policy = Some(node),
                _ => {
                    resource.attributes.insert(key, node);
                }
            }
            self.path.pop();
        }
        resource.type_name = self.required(type_name, "a resource", "Type").unwrap_or_default();
        resource
    }

    fn output(&mut self, node: Node) -> Output {
        // Text is what an output without a value comes nearest to.
        let empty = || Node::String(String::new());
        let mut output = Output { value: empty(), description: None, export: None, condition: None };
        let mut value = None;
        let Some(entries) = self.entries(node, "an output's attributes") else { return output };
        for (key, node) in self.spelt(entries, "attribute of an output", OUTPUT) {
            self.path.push_key(&key);
            match key.as_str() {
                "Value" => value = Some(node),
                "Description" => output.description = self.text(node),
                "Export" => output.export = self.export(node),
                "Condition" => output.condition = self.text(node),
                _ => {}
            }
            self.path.pop();
        }
        output.value = self.required(value, "an output", "Value").unwrap_or_else(empty);
        output
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

    /// The attributes of a thing; a macro may give it others.
    fn attributes(&mut self, entries: Map, what: &'static str, known: &'static [&'static str]) -> Map {
        if self.macros { entries } else { self.spelt(entries, what, known) }
    }

    /// The entries with known keys: a misspelt one is noted and taken for what was meant, unless that is there too.
    fn spelt(&mut self, entries: Map, what: &'static str, known: &'static [&'static str]) -> Map {
        if entries.keys().all(|key| known.contains(&key.as_str())) {
            return entries;
        }
        let there: Vec<&str> = known.iter().copied().filter(|key| entries.contains_key(key)).collect();
        let mut spelt = Map::default();
        for (key, node) in entries {
            if known.contains(&key.as_str()) {
                spelt.insert(key, node);
                continue;
            }
            self.path.push_key(&key);
            let meant = self.unknown(what, key, known);
            if let Some(meant) = meant.filter(|meant| !there.contains(meant) && !spelt.contains_key(meant)) {
                spelt.insert(meant.to_owned(), node);
                if let Some(positions) = &mut self.positions {
                    positions.rename(&self.path, meant);
                }
            }
            self.path.pop();
        }
        spelt
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

    /// Notes a key that is not known, and gives the one that was meant.
    fn unknown(
        &mut self,
        what: &'static str,
        key: String,
        known: &'static [&'static str],
    ) -> Option<&'static str> {
        let nearest = nearest(&key, known.iter().copied());
        self.mistake(Problem::UnknownKey { what, key, nearest, known });
        nearest
    }

    fn mistake(&mut self, problem: Problem) {
        let start = Position { line: 1, column: 1 };
        let position = self.positions.as_ref().map_or(start, |positions| positions.of(&self.path));
        self.mistakes.push(Mistake { position, path: self.path.clone(), problem });
    }
}
