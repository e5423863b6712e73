//! Walking the JSON Schema of the settings.

use serde_json::{Value, json};

use super::validation::Validation;

/// The schema of the whole configuration file, made from the schema of the settings.
///
/// It is what `config schema` prints for editors and what a file is checked against: `defaults` holds settings,
/// `environments` holds settings by name, `validate` says how templates are checked.
pub(crate) fn of_file(settings: &Value) -> Value {
    let mut settings = settings.clone();
    let mut root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "docuthinker.yaml",
        "type": "object",
        "properties": {
            "defaults": {
                "description": "Settings of all environments, over the built-in ones.",
                "$ref": "#/$defs/Settings"
            },
            "environments": {
                "description": "Settings of one environment, over `defaults`, by the environment's name.",
                "type": "object",
                "additionalProperties": { "$ref": "#/$defs/Settings" }
            },
            "validate": { "$ref": "#/$defs/DocuthinkerValidation" }
        },
        "additionalProperties": false
    });
    let mut definitions = json!({});
    if let Some(object) = settings.as_object_mut() {
        object.remove("$schema");
        definitions = object.remove("$defs").unwrap_or(definitions);
        // A file names only what it changes.
        object.remove("required");
    }
    definitions["Settings"] = settings;
    let mut validation = schemars::schema_for!(Validation).to_value();
    if let Some(object) = validation.as_object_mut() {
        object.remove("$schema");
        if let Some(Value::Object(own)) = object.remove("$defs") {
            for (name, schema) in own {
                definitions[name] = schema;
            }
        }
    }
    definitions["DocuthinkerValidation"] = validation;
    root["$defs"] = definitions;
    root
}

/// One place in a schema.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    root: &'a Value,
    schema: &'a Value,
}

/// What a mapping may hold under a key.
pub(crate) enum Child<'a> {
    /// A value of this schema.
    Known(Node<'a>),
    /// Anything at all.
    Anything,
    /// There is no such key.
    Unknown,
}

impl<'a> Node<'a> {
    /// The top of the schema `root`.
    pub(crate) fn root(root: &'a Value) -> Node<'a> {
        Node { root, schema: root }.resolve()
    }

    /// The place that `path` leads to.
    pub(crate) fn at(self, path: &[String]) -> Option<Node<'a>> {
        path.iter().try_fold(self, |node, key| match node.child(key) {
            Child::Known(child) => Some(child),
            Child::Anything | Child::Unknown => None,
        })
    }

    /// What the mapping here may hold under `key`.
    pub(crate) fn child(self, key: &str) -> Child<'a> {
        if let Some(schema) = self.schema.get("properties").and_then(|all| all.get(key)) {
            return Child::Known(self.with(schema));
        }
        match self.schema.get("additionalProperties") {
            Some(Value::Bool(false)) => Child::Unknown,
            Some(schema @ Value::Object(_)) => Child::Known(self.with(schema)),
            _ if self.allows("object") || self.types().is_empty() => Child::Anything,
            _ => Child::Unknown,
        }
    }

    /// The keys that the mapping here names.
    pub(crate) fn keys(self) -> impl Iterator<Item = &'a str> + Clone {
        self.schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|all| all.keys().map(String::as_str))
    }

    /// What each element of the list here must be.
    pub(crate) fn items(self) -> Option<Node<'a>> {
        self.schema.get("items").map(|schema| self.with(schema))
    }

    /// The JSON types allowed here; none where anything is.
    pub(crate) fn types(self) -> Vec<&'a str> {
        match self.schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => vec![],
        }
    }

    /// Whether the JSON type `name` is allowed here by name.
    pub(crate) fn allows(self, name: &str) -> bool {
        self.types().contains(&name) || self.alternatives().iter().any(|other| other.allows(name))
    }

    /// The texts allowed here, if only certain ones are.
    pub(crate) fn choices(self) -> Option<Vec<&'a str>> {
        if let Some(one) = self.schema.get("const") {
            return one.as_str().map(|one| vec![one]);
        }
        if let Some(all) = self.schema.get("enum").and_then(Value::as_array) {
            let texts: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
            return (!texts.is_empty()).then_some(texts);
        }
        let lists: Option<Vec<Vec<&str>>> = self.alternatives().iter().map(|other| other.choices()).collect();
        lists.map(|lists| lists.concat()).filter(|all| !all.is_empty())
    }

    /// The schemas of which a value must meet one; none where there is no choice.
    pub(crate) fn alternatives(self) -> Vec<Node<'a>> {
        ["oneOf", "anyOf"]
            .iter()
            .filter_map(|word| self.schema.get(word)?.as_array())
            .flatten()
            .map(|schema| self.with(schema))
            .collect()
    }

    /// The least and the most that a number may be here.
    pub(crate) fn range(self) -> (Option<f64>, Option<f64>) {
        let limit = |word| self.schema.get(word).and_then(Value::as_f64);
        (limit("minimum"), limit("maximum"))
    }

    fn with(self, schema: &'a Value) -> Node<'a> {
        Node { schema, ..self }.resolve()
    }

    /// Follows references to the definition that they name.
    fn resolve(self) -> Node<'a> {
        let target = self.schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
        match target.and_then(|pointer| self.root.pointer(pointer)) {
            Some(schema) => Node { schema, ..self }.resolve(),
            None => self,
        }
    }
}
