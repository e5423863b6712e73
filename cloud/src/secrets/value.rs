//! Values of secrets in memory: overwritten as soon as they are no longer needed, and never shown.
//!
//! What the SDK makes of them on their way, such as the bodies of requests, is not ours to overwrite; and whoever prints keeps a
//! copy to take it out of what is written.

use std::fmt;

use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

/// The most that a secret holds, in bytes. Source: [Secrets Manager quotas][aws].
///
/// [aws]: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
pub const MOST_BYTES: usize = 65_536;

/// The value of a secret. It is overwritten when it is dropped, and `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// The value. The text is not copied, so that this is the only place where it is.
    pub fn new(text: String) -> SecretText {
        SecretText(Zeroizing::new(text))
    }

    /// The value itself: for who stores it, compares it or writes it into a file.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Takes one line break off its end.
    #[must_use]
    pub fn without_line_break(mut self) -> SecretText {
        let text = &*self.0;
        let shorter = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text).len();
        self.0.truncate(shorter);
        self
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(****)")
    }
}

/// A value that is a JSON object, by its keys.
#[derive(Default)]
pub struct SecretObject(Map<String, Value>);

impl SecretObject {
    /// The object that the value is; `None` if it is something else.
    pub fn parse(value: &SecretText) -> Option<SecretObject> {
        match serde_json::from_str(value.expose()).ok()? {
            Value::Object(fields) => Some(SecretObject(fields)),
            mut other => {
                wipe(&mut other);
                None
            }
        }
    }

    /// Its keys, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The text at this key, if it is one.
    pub fn field(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    /// Sets the text at this key; the others stay as they are.
    pub fn set(&mut self, key: &str, value: &SecretText) {
        let before = self.0.insert(key.to_owned(), Value::String(value.expose().to_owned()));
        if let Some(mut before) = before {
            wipe(&mut before);
        }
    }

    /// The object as the value of a secret.
    pub fn text(&self) -> SecretText {
        // With room for all of it nothing is left behind where the text grows.
        let mut bytes = Vec::with_capacity(2 * MOST_BYTES);
        serde_json::to_writer(&mut bytes, &self.0).expect("an object with text keys can be written");
        SecretText::new(String::from_utf8(bytes).expect("JSON is text"))
    }

    /// All texts in it, on every level.
    pub fn texts(&self) -> Vec<&str> {
        let mut texts = Vec::new();
        self.0.values().for_each(|value| collect(value, &mut texts));
        texts
    }
}

impl Drop for SecretObject {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

fn collect<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_not_shown_by_debug() {
        assert_eq!(format!("{:?}", SecretText::new("canary".to_owned())), "SecretText(****)");
    }

    #[test]
    fn one_line_break_at_the_end_is_no_part_of_a_value() {
        let without = |text: &str| SecretText::new(text.to_owned()).without_line_break().expose().to_owned();
        assert_eq!(without("a\n"), "a");
        assert_eq!(without("a\r\n"), "a");
        assert_eq!(without("a\n\n"), "a\n");
        assert_eq!(without("a"), "a");
        assert_eq!(without("\n"), "");
    }

    #[test]
    fn one_key_of_an_object_is_changed_and_the_others_stay() {
        let value =
            SecretText::new(r#"{"user":"me","password":"old","deep":{"x":["y"]},"port":1}"#.to_owned());
        let mut object = SecretObject::parse(&value).expect("it is an object");
        assert_eq!(object.texts(), ["me", "old", "y"]);
        object.set("password", &SecretText::new("new \"one\"".to_owned()));
        object.set("more", &SecretText::new("x".to_owned()));
        assert_eq!(
            object.text().expose(),
            r#"{"user":"me","password":"new \"one\"","deep":{"x":["y"]},"port":1,"more":"x"}"#
        );
        assert_eq!((object.field("user"), object.field("port")), (Some("me"), None));
        for other in ["text", "[1]", "1", "", "{"] {
            assert!(SecretObject::parse(&SecretText::new(other.to_owned())).is_none(), "{other}");
        }
    }
}
