//! Turns the linter's JSON schemas into ours.

use std::collections::BTreeMap;

use serde_json::Value;
use template::facts::{Bounds, Choice, ChoiceRule, Identifier, Kind, Kinds, PropertyRule, Scalar, Schema};

use crate::cfn_lint::strings;

use super::{pattern, text};

/// The schemas of one type while they are converted.
pub(crate) struct Converter<'a> {
    root: &'a Value,
    /// The place in `definitions` of each reference met so far.
    known: BTreeMap<&'a str, u16>,
    pub(crate) definitions: Vec<Schema>,
}

impl<'a> Converter<'a> {
    pub(crate) fn new(root: &'a Value) -> Converter<'a> {
        Converter { root, known: BTreeMap::new(), definitions: Vec::new() }
    }

    /// The schema that `json` says.
    pub(crate) fn schema(&mut self, json: &'a Value) -> Schema {
        let mut schema = Schema { default: json.get("default").and_then(scalar), ..Schema::default() };
        add_names(json, &mut schema);
        if let Some(definition) =
            json.get("$ref").and_then(Value::as_str).and_then(|path| self.definition(path))
        {
            schema.definition = Some(definition);
            return schema;
        }
        schema.kinds = kinds(json);
        add_scalar_limits(json, &mut schema);
        add_collection_limits(json, &mut schema);
        add_rules(json, &mut schema);
        self.add_parts(json, &mut schema);
        self.add_choices(json, &mut schema);
        schema
    }

    fn definition(&mut self, path: &'a str) -> Option<u16> {
        if let Some(at) = self.known.get(path) {
            return Some(*at);
        }
        let target = self.root.pointer(path.strip_prefix('#')?)?;
        let at = u16::try_from(self.definitions.len()).ok()?;
        self.known.insert(path, at);
        // The place is taken before its schema is known, because the schema may refer to itself.
        self.definitions.push(Schema::default());
        self.definitions[usize::from(at)] = self.schema(target);
        Some(at)
    }

    fn add_parts(&mut self, json: &'a Value, schema: &mut Schema) {
        if let Some(items) = json.get("items").filter(|items| items.is_object()) {
            let items = self.schema(items);
            schema.items = Some(Box::new(items));
        }
        for (name, property) in json.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let property = self.schema(property);
            schema.properties.push((text(name), property));
        }
        for (keys, value) in json.get("patternProperties").and_then(Value::as_object).into_iter().flatten() {
            let value = self.schema(value);
            schema.entries.push((text(&pattern::translated(keys).unwrap_or_default()), value));
        }
        schema.properties.sort_by_key(|(name, _)| *name);
        match json.get("additionalProperties") {
            Some(Value::Bool(open)) => schema.open = *open,
            Some(value @ Value::Object(_)) => {
                schema.open = true;
                let value = self.schema(value);
                schema.entries.push(("", value));
            }
            _ => schema.open = true,
        }
    }

    fn add_choices(&mut self, json: &'a Value, schema: &mut Schema) {
        let rules =
            [("oneOf", ChoiceRule::OneOf), ("anyOf", ChoiceRule::AnyOf), ("allOf", ChoiceRule::AllOf)];
        for (key, rule) in rules {
            let Some(alternatives) = json.get(key).and_then(Value::as_array) else { continue };
            // What only says what text names was taken as such; what only has a condition is not modelled.
            let modelled = |alternative: &Value| {
                alternative.as_object().is_some_and(|object| {
                    !object.keys().all(|key| matches!(key.as_str(), "format" | "relationshipRef" | "default"))
                        && !object.contains_key("if")
                        && !object.contains_key("not")
                })
            };
            let whole = alternatives.iter().all(modelled);
            if whole || (rule == ChoiceRule::AllOf && alternatives.iter().any(modelled)) {
                let of = alternatives.iter().filter(|alternative| modelled(alternative));
                let of = of.map(|alternative| self.schema(alternative)).collect();
                schema.choices.push(Choice { rule, of });
            }
        }
    }
}

/// What the text names: by its format, by the formats of its alternatives, or by a relationship.
fn add_names(json: &Value, schema: &mut Schema) {
    let alternatives = ["anyOf", "oneOf"].into_iter().filter_map(|key| json.get(key)?.as_array()).flatten();
    for place in std::iter::once(json).chain(alternatives) {
        if let Some(format) = place.get("format").and_then(Value::as_str) {
            match format.split_once('.') {
                Some((type_name, property)) if type_name.starts_with("AWS::") => {
                    push_name(schema, type_name, property);
                }
                _ if format.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                    && std::ptr::eq(place, json) =>
                {
                    schema.format = Some(text(format));
                }
                _ => {}
            }
        }
        if let Some(to) = place.get("relationshipRef")
            && let (Some(type_name), Some(path)) = (to["typeName"].as_str(), to["propertyPath"].as_str())
        {
            push_name(schema, type_name, &crate::replacement::property_path(path).join("."));
        }
    }
}

/// Adds an identifier, in the spelling of the service spec, once.
pub(crate) fn push_name(schema: &mut Schema, type_name: &str, property: &str) {
    let type_name =
        if type_name == "AWS::ACM::Certificate" { "AWS::CertificateManager::Certificate" } else { type_name };
    let property = match property {
        "Ids" | "Names" => property.trim_end_matches('s'),
        other => other,
    };
    let name = Identifier { type_name: text(type_name), property: text(property) };
    if !schema.names.contains(&name) {
        schema.names.push(name);
    }
}

/// The kinds that the schema's `type` names: one, or a list of them.
pub(crate) fn kinds(schema: &Value) -> Kinds {
    let kind = schema.get("type");
    let one = kind.and_then(Value::as_str).into_iter();
    one.chain(strings(kind))
        .filter_map(|name| match name {
            "string" => Some(Kind::String),
            "integer" => Some(Kind::Integer),
            "number" => Some(Kind::Number),
            "boolean" => Some(Kind::Boolean),
            "object" => Some(Kind::Object),
            "array" => Some(Kind::List),
            _ => None,
        })
        .collect()
}

fn add_scalar_limits(json: &Value, schema: &mut Schema) {
    let list = |key: &str| json.get(key).and_then(Value::as_array).into_iter().flatten();
    schema.allowed =
        list("enum").chain(list("enumCaseInsensitive")).chain(json.get("const")).filter_map(scalar).collect();
    schema.ignore_case = json.get("enumCaseInsensitive").is_some();
    schema.pattern = json
        .get("pattern")
        .and_then(Value::as_str)
        .and_then(pattern::translated)
        .map(|pattern| text(&pattern));
    schema.length = bounds(json, "minLength", "maxLength");
    schema.range = Bounds {
        min: json.get("minimum").and_then(Value::as_f64),
        max: json.get("maximum").and_then(Value::as_f64),
    };
}

fn add_collection_limits(json: &Value, schema: &mut Schema) {
    schema.count = bounds(json, "minItems", "maxItems");
    schema.size = bounds(json, "minProperties", "maxProperties");
    schema.unique = json.get("uniqueItems") == Some(&Value::Bool(true));
    schema.ordered = json.get("insertionOrder") != Some(&Value::Bool(false));
    schema.required = owned(json.get("required"));
}

fn add_rules(json: &Value, schema: &mut Schema) {
    if let Some(names) = json.get("requiredXor") {
        schema.rules.push(PropertyRule::ExactlyOne(owned(Some(names))));
    }
    if let Some(names) = json.get("requiredOr") {
        schema.rules.push(PropertyRule::AtLeastOne(owned(Some(names))));
    }
    if let Some(names) = json.get("uniqueKeys") {
        schema.rules.push(PropertyRule::UniqueBy(owned(Some(names))));
    }
    let conditions = |key: &str| json.get(key).and_then(Value::as_object).into_iter().flatten();
    for (name, others) in conditions("dependentRequired").chain(conditions("dependencies")) {
        if others.is_array() {
            schema.rules.push(PropertyRule::Requires(text(name), owned(Some(others))));
        }
    }
    for (name, others) in conditions("dependentExcluded") {
        schema.rules.push(PropertyRule::Excludes(text(name), owned(Some(others))));
    }
}

fn bounds(json: &Value, min: &str, max: &str) -> Bounds<u64> {
    let number = |key: &str| json.get(key).and_then(Value::as_u64);
    Bounds { min: number(min).filter(|min| *min > 0), max: number(max) }
}

fn owned(names: Option<&Value>) -> Vec<&'static str> {
    strings(names).into_iter().map(text).collect()
}

/// A value that is not a list or a map.
fn scalar(value: &Value) -> Option<Scalar> {
    match value {
        Value::String(value) => Some(Scalar::String(text(value))),
        Value::Bool(value) => Some(Scalar::Boolean(*value)),
        Value::Number(number) => {
            number.as_i64().map(Scalar::Integer).or_else(|| number.as_f64().map(Scalar::Number))
        }
        _ => None,
    }
}
