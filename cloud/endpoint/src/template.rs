//! Templates: read as JSON, checked as coarsely as the tests need, and their values worked out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::request::Refusal;

/// A template with the values of its parameters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Template {
    /// As it was sent.
    pub(crate) text: String,
    json: Value,
    /// Parameters with their values.
    pub(crate) parameters: BTreeMap<String, String>,
}

/// The physical ids of a stack's resources by their logical ids.
pub(crate) type Ids<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Template {
    /// The template of a stack that has none yet.
    pub(crate) fn empty() -> Template {
        Template { text: String::new(), json: Value::Null, parameters: BTreeMap::new() }
    }

    /// Reads `text`; `given` are the values of parameters.
    pub(crate) fn read(text: &str, given: &BTreeMap<String, String>) -> Result<Template, Refusal> {
        let json: Value = serde_json::from_str(text).map_err(|error| {
            Refusal::validation(format!("Template format error: JSON not well-formed. ({error})"))
        })?;
        let template = Template { text: text.to_owned(), json, parameters: BTreeMap::new() };
        if template.section("Resources").is_none_or(Map::is_empty) {
            let text = "Template format error: At least one Resources member must be defined.";
            return Err(Refusal::validation(text));
        }
        let template = template.with_parameters(given)?;
        let known = |id: &String| {
            id.starts_with("AWS::")
                || template.section("Resources").is_some_and(|section| section.contains_key(id))
                || template.section("Parameters").is_some_and(|section| section.contains_key(id))
        };
        let mut unknown = BTreeSet::new();
        for (_, definition) in template.resources() {
            unknown.extend(references(definition).into_iter().filter(|id| !known(id)));
        }
        if unknown.is_empty() {
            return Ok(template);
        }
        let unknown = unknown.into_iter().collect::<Vec<_>>().join(", ");
        Err(Refusal::validation(format!(
            "Template format error: Unresolved resource dependencies [{unknown}] in the Resources block of the template"
        )))
    }

    fn with_parameters(mut self, given: &BTreeMap<String, String>) -> Result<Template, Refusal> {
        let declared = self.section("Parameters").cloned().unwrap_or_default();
        let unknown: Vec<_> = given.keys().filter(|name| !declared.contains_key(*name)).cloned().collect();
        if !unknown.is_empty() {
            let unknown = unknown.join(", ");
            return Err(Refusal::validation(format!("Parameters: [{unknown}] do not exist in the template")));
        }
        let mut missing = Vec::new();
        for (name, parameter) in declared {
            match given.get(&name).cloned().or_else(|| parameter.get("Default").map(text_of)) {
                Some(value) => drop(self.parameters.insert(name, value)),
                None => missing.push(name),
            }
        }
        if missing.is_empty() {
            return Ok(self);
        }
        Err(Refusal::validation(format!("Parameters: [{}] must have values", missing.join(", "))))
    }

    /// An object of the template's outermost level.
    pub(crate) fn section(&self, name: &str) -> Option<&Map<String, Value>> {
        self.json.get(name).and_then(Value::as_object)
    }

    pub(crate) fn description(&self) -> Option<&str> {
        self.json.get("Description").and_then(Value::as_str)
    }

    /// The resources whose condition holds, in the template's order.
    pub(crate) fn resources(&self) -> impl Iterator<Item = (&str, &Value)> {
        let all = self.section("Resources").into_iter().flatten();
        all.map(|(id, definition)| (id.as_str(), definition))
            .filter(|(_, definition)| self.applies(definition))
    }

    pub(crate) fn resource(&self, id: &str) -> Option<&Value> {
        self.section("Resources")?.get(id).filter(|definition| self.applies(definition))
    }

    /// Whether the parameter's value must not be shown.
    pub(crate) fn is_no_echo(&self, parameter: &str) -> bool {
        let no_echo = self.section("Parameters").and_then(|all| all.get(parameter)?.get("NoEcho"));
        no_echo.is_some_and(|value| text_of(value) == "true")
    }

    fn applies(&self, element: &Value) -> bool {
        element.get("Condition").and_then(Value::as_str).is_none_or(|name| self.condition(name))
    }

    fn condition(&self, name: &str) -> bool {
        self.section("Conditions").and_then(|all| all.get(name)).is_none_or(|condition| self.holds(condition))
    }

    fn holds(&self, condition: &Value) -> bool {
        let Some((function, argument)) = only_entry(condition) else { return true };
        let each = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match function {
            "Fn::Equals" => match each {
                [one, other] => self.value(one, &|_| None) == self.value(other, &|_| None),
                _ => true,
            },
            "Fn::Not" => !each.iter().all(|one| self.holds(one)),
            "Fn::And" => each.iter().all(|one| self.holds(one)),
            "Fn::Or" => each.iter().any(|one| self.holds(one)),
            "Condition" => argument.as_str().is_none_or(|name| self.condition(name)),
            _ => true,
        }
    }

    /// What a value comes to, coarsely: attributes become `PHYSICAL-ID.Attribute`.
    pub(crate) fn value(&self, value: &Value, ids: Ids<'_>) -> String {
        let Some((function, argument)) = only_entry(value) else { return text_of(value) };
        match (function, argument) {
            ("Ref", Value::String(id)) => self.reference(id, ids),
            ("Fn::GetAtt", Value::Array(path)) => {
                self.attribute(&path.iter().map(text_of).collect::<Vec<_>>(), ids)
            }
            ("Fn::GetAtt", Value::String(path)) => {
                self.attribute(&path.splitn(2, '.').map(str::to_owned).collect::<Vec<_>>(), ids)
            }
            ("Fn::Sub", Value::String(text)) => self.substituted(text, &Map::new(), ids),
            ("Fn::Sub", Value::Array(both)) => match both.as_slice() {
                [Value::String(text), Value::Object(values)] => self.substituted(text, values, ids),
                _ => text_of(value),
            },
            ("Fn::Join", Value::Array(both)) => match both.as_slice() {
                [separator, Value::Array(parts)] => {
                    let parts: Vec<_> = parts.iter().map(|part| self.value(part, ids)).collect();
                    parts.join(&text_of(separator))
                }
                _ => text_of(value),
            },
            ("Fn::If", Value::Array(three)) => match three.as_slice() {
                [Value::String(name), yes, no] => {
                    self.value(if self.condition(name) { yes } else { no }, ids)
                }
                _ => text_of(value),
            },
            ("Fn::ImportValue", name) => format!("imported:{}", self.value(name, ids)),
            _ => text_of(value),
        }
    }

    fn reference(&self, id: &str, ids: Ids<'_>) -> String {
        self.parameters.get(id).cloned().or_else(|| ids(id)).unwrap_or_else(|| id.to_owned())
    }

    fn attribute(&self, path: &[String], ids: Ids<'_>) -> String {
        let (id, attribute) =
            (path.first().cloned().unwrap_or_default(), path.get(1).cloned().unwrap_or_default());
        let physical = self.reference(&id, ids);
        // What is an ARN already has no better one.
        if attribute == "Arn" && physical.starts_with("arn:") {
            physical
        } else if attribute == "RepositoryUri" {
            let (account, region) =
                (self.reference("AWS::AccountId", ids), self.reference("AWS::Region", ids));
            format!("{account}.dkr.ecr.{region}.amazonaws.com/{physical}")
        } else {
            crate::load_balancing::attribute(&physical, &attribute)
                .unwrap_or_else(|| format!("{physical}.{attribute}"))
        }
    }

    fn substituted(&self, text: &str, values: &Map<String, Value>, ids: Ids<'_>) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            out.push_str(before);
            let value = match (values.get(name), name.split_once('.')) {
                _ if name.starts_with('!') => format!("${{{}}}", &name[1..]),
                (Some(value), _) => self.value(value, ids),
                (None, Some((id, attribute))) => self.attribute(&[id.to_owned(), attribute.to_owned()], ids),
                (None, None) => self.reference(name, ids),
            };
            out.push_str(&value);
            rest = after;
        }
        out + rest
    }

    /// The names that are imported from other stacks.
    pub(crate) fn imports(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        walk(&self.json, &mut |function, argument| {
            if function == "Fn::ImportValue" {
                found.insert(self.value(argument, &|_| None));
            }
        });
        found
    }
}

/// The logical ids (of resources and parameters) that a definition mentions.
pub(crate) fn references(definition: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    match definition.get("DependsOn") {
        Some(Value::String(id)) => drop(found.insert(id.clone())),
        Some(Value::Array(ids)) => found.extend(ids.iter().filter_map(Value::as_str).map(str::to_owned)),
        _ => {}
    }
    walk(definition, &mut |function, argument| match (function, argument) {
        ("Ref", Value::String(id)) => drop(found.insert(id.clone())),
        ("Fn::GetAtt", Value::Array(path)) => found.extend(path.first().map(text_of)),
        ("Fn::GetAtt", Value::String(path)) => found.extend(path.split('.').next().map(str::to_owned)),
        ("Fn::Sub", Value::String(text)) => found.extend(names_in(text)),
        ("Fn::Sub", Value::Array(both)) => {
            if let [Value::String(text), Value::Object(values)] = both.as_slice() {
                found.extend(names_in(text).filter(|name| !values.contains_key(name)));
            }
        }
        _ => {}
    });
    found
}

fn names_in(text: &str) -> impl Iterator<Item = String> {
    let names = text.split("${").skip(1).filter_map(|part| part.split('}').next());
    names.filter(|name| !name.starts_with('!')).map(|name| name.split('.').next().unwrap_or(name).to_owned())
}

fn walk(value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(object) => {
            if let Some((function, argument)) = only_entry(value) {
                visit(function, argument);
            }
            object.values().for_each(|inner| walk(inner, visit));
        }
        Value::Array(items) => items.iter().for_each(|inner| walk(inner, visit)),
        _ => {}
    }
}

fn only_entry(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.iter().next().map(|(name, argument)| (name.as_str(), argument))
}

pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
