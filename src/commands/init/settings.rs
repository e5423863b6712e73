//! The first `docuthinker.yaml`: every setting with what it is and its value, switched off until somebody changes it.

use std::fmt::Write;

use serde_json::{Map, Value};
use unicode_width::UnicodeWidthStr;

use super::dockerfile::Port;
use crate::config::to_yaml;
use crate::project::AnyProject;

/// How wide a comment is.
const WIDTH: usize = 118;

const HEAD: &str = "\
# The settings of this project. What is behind a `#` without a space is the value that holds anyway: take the `#` away
# to change it, and `defaults:` above it if that has one. `docuthinker config schema` describes every setting,
# `docuthinker config explain` says where each value comes from.
";

/// The text of the file: with `region`, if the project has such a setting, and with the ports that were read.
pub(super) fn text(project: &dyn AnyProject, region: Option<&str>, ports: &[Port]) -> String {
    let (schema, defaults) = (project.schema(), project.defaults());
    let mut chosen = Value::Object(Map::new());
    if let Some(region) = region.filter(|_| defaults.get("region").is_some()) {
        chosen["region"] = region.into();
    }
    for port in ports {
        put(&mut chosen, &port.setting, port.number.into());
    }
    let mut page = Page { text: HEAD.to_owned(), root: &schema };
    let off = if chosen.as_object().is_some_and(Map::is_empty) { "#" } else { "" };
    let _ = writeln!(page.text, "\n{off}defaults:");
    page.settings(&schema, &defaults, &chosen);
    page.environments(project);
    page.text
}

/// Sets the value that `path` leads to.
fn put(tree: &mut Value, path: &[String], value: Value) {
    match path {
        [] => *tree = value,
        [first, rest @ ..] => {
            if !tree.is_object() {
                *tree = Value::Object(Map::new());
            }
            put(&mut tree[first.as_str()], rest, value);
        }
    }
}

struct Page<'a> {
    text: String,
    root: &'a Value,
}

impl Page<'_> {
    /// All settings at the top, each explained.
    fn settings(&mut self, schema: &Value, defaults: &Value, chosen: &Value) {
        for (name, value) in defaults.as_object().into_iter().flatten() {
            let about = self.property(schema, name);
            if let Some(said) = about.and_then(first_sentence) {
                self.text.push('\n');
                self.explain(&said);
            } else {
                self.text.push('\n');
            }
            self.setting(name, value, chosen.get(name), 1);
        }
    }

    /// A comment, in lines of the file's width.
    fn explain(&mut self, said: &str) {
        let mut line = String::from("  #");
        for word in said.split_whitespace() {
            if line.width() + 1 + word.width() > WIDTH {
                let _ = writeln!(self.text, "{line}");
                "  #".clone_into(&mut line);
            }
            let _ = write!(line, " {word}");
        }
        let _ = writeln!(self.text, "{line}");
    }

    /// One setting: as it is chosen, or switched off.
    fn setting(&mut self, name: &str, value: &Value, chosen: Option<&Value>, depth: usize) {
        let indent = "  ".repeat(depth);
        match (value, chosen) {
            (Value::Object(parts), Some(Value::Object(chosen))) => {
                let _ = writeln!(self.text, "{indent}{name}:");
                for (part, value) in parts {
                    self.setting(part, value, chosen.get(part), depth + 1);
                }
            }
            (_, Some(chosen)) => {
                let _ = writeln!(self.text, "{indent}{name}: {}", inline(chosen));
            }
            (value, None) => off(&mut self.text, &indent, "", name, value),
        }
    }

    fn environments(&mut self, project: &dyn AnyProject) {
        let built_in: Vec<String> =
            project.environments().iter().map(|(name, _)| format!("`{name}`")).collect();
        let known = if built_in.is_empty() { "`prod`".to_owned() } else { built_in.join(", ") };
        let _ = write!(
            self.text,
            "\n# What differs in one environment, over the defaults; `docuthinker -e NAME` chooses it, `prod` if none is\n\
             # chosen. Built in: {known}. Any other name is an environment of your own.\n#environments:\n#  demo: {{}}\n"
        );
    }

    /// The schema of a property, with the description that stands beside a reference.
    fn property<'s>(&'s self, schema: &'s Value, name: &str) -> Option<&'s Value> {
        let property = schema.get("properties")?.get(name)?;
        if property.get("description").is_some() {
            return Some(property);
        }
        let reference = property.get("$ref")?.as_str()?.strip_prefix('#')?;
        self.root.pointer(reference)
    }
}

/// A setting that is switched off; parts of it are below it.
fn off(text: &mut String, indent: &str, deeper: &str, name: &str, value: &Value) {
    match value {
        Value::Object(parts) if !parts.is_empty() => {
            let _ = writeln!(text, "{indent}#{deeper}{name}:");
            for (part, value) in parts {
                off(text, indent, &format!("{deeper}  "), part, value);
            }
        }
        value => {
            let _ = writeln!(text, "{indent}#{deeper}{name}: {}", inline(value));
        }
    }
}

/// A value in one line; what JSON writes, YAML reads.
fn inline(value: &Value) -> String {
    match value {
        Value::String(_) => to_yaml(value).trim_end().to_owned(),
        other => other.to_string(),
    }
}

fn first_sentence(schema: &Value) -> Option<String> {
    let said = schema.get("description")?.as_str()?.split("\n\n").next()?.replace('\n', " ");
    let end = said.find(". ").map_or(said.len(), |end| end + 1);
    Some(said[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_chosen_stands_and_the_rest_is_switched_off() {
        let mut chosen = json!({});
        put(&mut chosen, &["backend".to_owned(), "port".to_owned()], 5000.into());
        let schema = json!({ "properties": {
            "backend": { "description": "The backend. It answers." },
            "zones": { "description": "The zones." },
        }});
        let defaults = json!({
            "backend": { "image": "v1", "port": 80, "scaling": { "min": 1, "rule": null } },
            "zones": ["a", "b"],
        });
        let mut page = Page { text: String::new(), root: &schema };
        page.settings(&schema, &defaults, &chosen);
        let expected = "\n  # The backend.\n  backend:\n    #image: v1\n    port: 5000\n    #scaling:\n    #  min: 1\n    #  rule: null\n\
                        \n  # The zones.\n  #zones: [\"a\",\"b\"]\n";
        assert_eq!(page.text, expected);
    }
}
