//! Finding everything that is wrong with a layer of configuration, before any of it is used.

use serde_json::Value;

use super::schema::{Child, Node};
use crate::problem::suggestion;

/// One mistake in a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Where it is, from the top of the layer.
    pub(crate) path: Vec<String>,
    /// Its stable name.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// Everything that is wrong with `value` by the schema at `node`, in the order of the text.
pub(crate) fn check(value: &Value, node: Node<'_>) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    walk(value, node, &mut Vec::new(), &mut mistakes);
    mistakes
}

fn walk(value: &Value, node: Node<'_>, path: &mut Vec<String>, mistakes: &mut Vec<Mistake>) {
    if let Some(choices) = node.choices() {
        return mistakes.extend(wrong_choice(value, node, &choices, path));
    }
    let alternatives = node.alternatives();
    if !alternatives.is_empty() {
        return walk_alternatives(value, node, &alternatives, path, mistakes);
    }
    if let Some(mistake) = wrong_type(value, node, path).or_else(|| out_of_range(value, node, path)) {
        return mistakes.push(mistake);
    }
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                path.push(key.clone());
                match node.child(key) {
                    Child::Known(child) => walk(inner, child, path, mistakes),
                    Child::Anything => {}
                    Child::Unknown => mistakes.push(unknown_key(key, node, path)),
                }
                path.pop();
            }
        }
        Value::Array(list) => {
            let Some(items) = node.items() else { return };
            for (number, inner) in list.iter().enumerate() {
                path.push(number.to_string());
                walk(inner, items, path, mistakes);
                path.pop();
            }
        }
        _ => {}
    }
}

/// A value must meet one of several schemas: the mistakes shown are those of the one that it comes nearest to.
fn walk_alternatives(
    value: &Value,
    node: Node<'_>,
    alternatives: &[Node<'_>],
    path: &mut Vec<String>,
    mistakes: &mut Vec<Mistake>,
) {
    let mut nearest: Option<Vec<Mistake>> = None;
    for other in alternatives {
        let mut found = Vec::new();
        walk(value, *other, path, &mut found);
        let type_fits =
            !found.iter().any(|mistake| mistake.path.len() == path.len() && mistake.code == WRONG_TYPE);
        if found.is_empty() {
            return;
        }
        if type_fits && nearest.as_ref().is_none_or(|best| found.len() < best.len()) {
            nearest = Some(found);
        }
    }
    match nearest {
        Some(found) => mistakes.extend(found),
        None => mistakes.push(type_mistake(value, node, path)),
    }
}

const WRONG_TYPE: &str = "config/wrong-type";

fn unknown_key(key: &str, node: Node<'_>, path: &[String]) -> Mistake {
    Mistake {
        path: path.to_vec(),
        code: "config/unknown-key",
        message: format!("unknown key `{key}`"),
        hint: suggestion(key, node.keys()),
    }
}

fn wrong_choice(value: &Value, node: Node<'_>, choices: &[&str], path: &[String]) -> Option<Mistake> {
    if value.is_null() && node.allows("null") {
        return None;
    }
    let Some(text) = value.as_str() else { return Some(type_mistake(value, node, path)) };
    (!choices.contains(&text)).then(|| Mistake {
        path: path.to_vec(),
        code: "config/unknown-choice",
        message: format!("`{}` cannot be `{text}`", path.join(".")),
        hint: suggestion(text, choices.iter().copied()),
    })
}

fn wrong_type(value: &Value, node: Node<'_>, path: &[String]) -> Option<Mistake> {
    let types = node.types();
    let fits = types.is_empty()
        || types.iter().any(|name| match *name {
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "null" => value.is_null(),
            _ => true,
        });
    (!fits).then(|| type_mistake(value, node, path))
}

fn type_mistake(value: &Value, node: Node<'_>, path: &[String]) -> Mistake {
    let mut wanted: Vec<&str> = expected(node);
    wanted.dedup();
    let quotable = wanted == ["text"] && (value.is_number() || value.is_boolean());
    let place = if path.is_empty() { "the file".to_owned() } else { format!("`{}`", path.join(".")) };
    Mistake {
        path: path.to_vec(),
        code: WRONG_TYPE,
        message: format!("{place} must be {}, but it is {}", wanted.join(" or "), got(value)),
        hint: match value {
            _ if quotable => Some("put the value in quotes, so that it stays the text you wrote".to_owned()),
            Value::Null => Some("give it a value, or remove the line".to_owned()),
            _ => None,
        },
    }
}

/// The types allowed at `node`, in words.
fn expected(node: Node<'_>) -> Vec<&'static str> {
    if node.choices().is_some() {
        return vec!["text"];
    }
    let own = node.types().into_iter().filter_map(|name| match name {
        "integer" => Some("a whole number"),
        "number" => Some("a number"),
        "string" => Some("text"),
        "boolean" => Some("`true` or `false`"),
        "array" => Some("a list"),
        "object" => Some("a mapping"),
        _ => None,
    });
    own.chain(node.alternatives().into_iter().flat_map(expected)).collect()
}

fn got(value: &Value) -> String {
    match value {
        Value::Null => "empty".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(value) => format!("the number {value}"),
        Value::String(value) if value.chars().count() > 40 => "a long text".to_owned(),
        Value::String(value) => format!("the text `{value}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}

fn out_of_range(value: &Value, node: Node<'_>, path: &[String]) -> Option<Mistake> {
    let number = value.as_f64()?;
    let (least, most) = node.range();
    let allowed = match (least, most) {
        (Some(least), _) if number < least => format!("at least {least}"),
        (_, Some(most)) if number > most => format!("at most {most}"),
        _ => return None,
    };
    Some(Mistake {
        path: path.to_vec(),
        code: "config/out-of-range",
        message: format!("`{}` is {value}", path.join(".")),
        hint: Some(format!("it must be {allowed}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::{JsonSchema, schema_for};
    use serde_json::json;

    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Sample {
        desired_count: u16,
        account: Option<String>,
        size: Option<Size>,
        nested: Option<Nested>,
        tags: std::collections::BTreeMap<String, String>,
        zones: Vec<String>,
        nat: Nat,
    }

    #[derive(JsonSchema)]
    #[serde(rename_all = "lowercase")]
    #[expect(dead_code, reason = "only its schema is used")]
    enum Nat {
        /// One for each zone.
        Zone,
        /// One.
        Single,
    }

    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Nested {
        cpu: u32,
    }

    #[derive(JsonSchema)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "only its schema is used")]
    enum Size {
        Named(String),
        Exact(Nested),
    }

    #[track_caller]
    fn mistakes(value: &Value) -> Vec<String> {
        let schema = schema_for!(Sample).to_value();
        check(value, Node::root(&schema))
            .into_iter()
            .map(|m| {
                format!(
                    "{}: {}{}",
                    m.path.join("."),
                    m.message,
                    m.hint.map(|h| format!(" ({h})")).unwrap_or_default()
                )
            })
            .collect()
    }

    #[test]
    fn accepts_what_the_settings_take() {
        let good = json!({
            "desired_count": 2, "account": "012345678901", "size": { "cpu": 3 }, "nested": null,
            "tags": { "any": "thing" }, "zones": ["a"], "nat": "single"
        });
        assert_eq!(mistakes(&good), Vec::<String>::new());
    }

    #[test]
    fn names_every_mistake_with_its_place() {
        let bad = json!({
            "desired_cout": 2, "desired_count": 70000, "account": 123_456_789_012_u64, "size": { "cpus": 3 },
            "nested": { "cpu": "two", "memroy": 1 }, "tags": { "any": 1 }, "zones": ["a", 2], "nat": "singel"
        });
        insta::assert_snapshot!(mistakes(&bad).join("\n"), @r"
        desired_cout: unknown key `desired_cout` (did you mean `desired_count`?)
        desired_count: `desired_count` is 70000 (it must be at most 65535)
        account: `account` must be text, but it is the number 123456789012 (put the value in quotes, so that it stays the text you wrote)
        size.cpus: unknown key `cpus` (did you mean `cpu`?)
        nested.cpu: `nested.cpu` must be a whole number, but it is the text `two`
        nested.memroy: unknown key `memroy` (the only one is `cpu`)
        tags.any: `tags.any` must be text, but it is the number 1 (put the value in quotes, so that it stays the text you wrote)
        zones.1: `zones.1` must be text, but it is the number 2 (put the value in quotes, so that it stays the text you wrote)
        nat: `nat` cannot be `singel` (did you mean `single`?)
        ");
    }

    #[test]
    fn a_value_of_a_wholly_different_shape_is_one_mistake() {
        insta::assert_snapshot!(mistakes(&json!({ "size": [1], "nat": 3, "nested": 4, "zones": null })).join("\n"), @r"
        size: `size` must be text or a mapping, but it is a list
        nat: `nat` must be text, but it is the number 3 (put the value in quotes, so that it stays the text you wrote)
        nested: `nested` must be a mapping, but it is the number 4
        zones: `zones` must be a list, but it is empty (give it a value, or remove the line)
        ");
    }
}
