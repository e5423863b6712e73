//! Single values from outside the file: environment variables and `--set`.

use serde_json::Value;

use super::schema::Node;
use super::yaml;
use crate::problem::{Failure, Problem, nearest};

/// The beginning of all variables that are ours.
pub(crate) const PREFIX: &str = "DOCUTHINKER_";
/// Variables with that beginning that are not settings.
const OURS: [&str; 4] = ["CONFIG", "ENV", "CACHE_DIR", "CONTAINER_TOOL"];

/// A value for one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Override {
    pub(crate) path: Vec<String>,
    pub(crate) value: Value,
    /// As the user wrote it: the variable's name, or the argument of `--set`.
    pub(crate) written: String,
}

/// The settings among `variables`, which are name and value; sorted by name, so that their order is no accident.
///
/// `DOCUTHINKER_BACKEND__MEMORY` is `backend.memory`. An empty variable counts as not set, which is
/// how CI systems hand on what nobody gave. A name without `__` that is no setting may belong to the application
/// (`DOCUTHINKER_CHROMA_DIR` does), so it is left alone.
pub(crate) fn from_variables(variables: &[(String, String)], settings: Node<'_>) -> Vec<Override> {
    let mut found: Vec<Override> = variables
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .filter_map(|(name, text)| {
            let rest = name.strip_prefix(PREFIX)?;
            let path: Vec<String> = rest.split("__").map(str::to_lowercase).collect();
            let meant = path.len() > 1 || settings.keys().any(|key| key == path[0]);
            if OURS.contains(&rest) || !meant {
                return None;
            }
            let value = typed(text, settings.at(&path));
            Some(Override { path, value, written: name.clone() })
        })
        .collect();
    found.sort_by(|a, b| a.written.cmp(&b.written));
    found
}

/// Variables that are probably misspelt settings: `DOCUTHINKER_REGON`.
pub(crate) fn misspelt(variables: &[(String, String)], settings: Node<'_>) -> Vec<Problem> {
    let mut found: Vec<Problem> = variables
        .iter()
        .filter_map(|(name, _)| {
            let rest = name.strip_prefix(PREFIX)?;
            let key = rest.to_lowercase();
            if OURS.contains(&rest) || rest.contains("__") || settings.keys().any(|known| known == key) {
                return None;
            }
            let meant = nearest(&key, settings.keys()).filter(|near| strsim::levenshtein(&key, near) <= 2)?;
            Some(
                Problem::warning(
                    "config/unknown-variable",
                    format!("the variable `{name}` is not a setting"),
                )
                .hint(format!("did you mean `{PREFIX}{}`?", meant.to_uppercase())),
            )
        })
        .collect();
    found.sort_by(|a, b| a.message.cmp(&b.message));
    found
}

/// Reads the argument of `--set`, `a.b=value`.
pub(crate) fn from_flag(written: &str, settings: Node<'_>) -> Result<Override, Failure> {
    let (path, text) = written.split_once('=').unwrap_or((written, ""));
    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
    if !written.contains('=') || path.iter().any(String::is_empty) {
        let problem =
            Problem::error("usage/set", format!("`--set {written}` is not of the form `KEY=VALUE`"))
                .hint("for example `--set backend.memory=2048`");
        return Err(Failure::usage(problem));
    }
    let value = typed(text, settings.at(&path));
    Ok(Override { path, value, written: written.to_owned() })
}

/// `text` as the value that the setting takes: where text is wanted it stays as it is, else it is read as YAML.
fn typed(text: &str, node: Option<Node<'_>>) -> Value {
    let as_text = || Value::String(text.to_owned());
    match node {
        Some(node) if node.allows("null") && matches!(text, "null" | "~") => Value::Null,
        Some(node) if node.allows("string") || node.choices().is_some() => match yaml::parse(text) {
            // A setting may be either text or a structure, `[a, b]`.
            Ok(value)
                if (value.is_array() && node.allows("array"))
                    || (value.is_object() && node.allows("object")) =>
            {
                value
            }
            _ => as_text(),
        },
        _ => yaml::parse(text).unwrap_or_else(|_| as_text()),
    }
}

impl Override {
    /// The value as a layer: a mapping of mappings down to it.
    pub(crate) fn layer(&self) -> Value {
        self.path.iter().rev().fold(self.value.clone(), |inner, key| {
            Value::Object(std::iter::once((key.clone(), inner)).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "account": { "type": ["string", "null"] },
                "region": { "type": "string" },
                "backend": {
                    "type": "object",
                    "properties": { "desired_count": { "type": "integer" } },
                    "additionalProperties": false
                },
                "zones": { "type": "array", "items": { "type": "string" } }
            },
            "additionalProperties": false
        })
    }

    #[track_caller]
    fn set(written: &str, expected: &Value) {
        let schema = schema();
        assert_eq!(from_flag(written, Node::root(&schema)).unwrap().layer(), *expected);
    }

    #[test]
    fn reads_a_value_as_the_type_that_the_setting_has() {
        set("account=012345678901", &json!({ "account": "012345678901" }));
        set("account=123456789012", &json!({ "account": "123456789012" }));
        set("account=null", &json!({ "account": null }));
        set("region=a=b", &json!({ "region": "a=b" }));
        set("backend.desired_count=3", &json!({ "backend": { "desired_count": 3 } }));
        set("zones=[a, b]", &json!({ "zones": ["a", "b"] }));
    }

    #[test]
    fn variables_name_settings_with_two_underscores_between_levels() {
        let schema = schema();
        let variables = [
            ("DOCUTHINKER_BACKEND__DESIRED_COUNT", "5"),
            ("DOCUTHINKER_REGION", "eu-west-1"),
            ("DOCUTHINKER_ACCOUNT", ""),
            ("DOCUTHINKER_CHROMA_DIR", "/mnt"),
            ("DOCUTHINKER_CONFIG", "x.yaml"),
            ("HOME", "/root"),
        ];
        let variables: Vec<_> = variables.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let layers: Vec<Value> =
            from_variables(&variables, Node::root(&schema)).iter().map(Override::layer).collect();
        assert_eq!(layers, [json!({ "backend": { "desired_count": 5 } }), json!({ "region": "eu-west-1" })]);
    }

    #[test]
    fn warns_of_a_variable_that_is_nearly_a_setting() {
        let schema = schema();
        let variables = [("DOCUTHINKER_REGON".to_owned(), "x".to_owned())];
        let warnings = misspelt(&variables, Node::root(&schema));
        assert_eq!(warnings[0].hint.as_deref(), Some("did you mean `DOCUTHINKER_REGION`?"));
    }
}
