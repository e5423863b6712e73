//! The only place that reads YAML for configuration, and the only one that uses `serde_yaml`.

#[cfg(feature = "aws")]
mod edit;
#[cfg(feature = "aws")]
mod list;
mod position;

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

#[cfg(feature = "aws")]
pub(crate) use edit::{in_a_line, set};
pub(crate) use position::position;

/// What a document may unfold to in bytes, aliases counted each time they are used.
const MOST_UNFOLDED: usize = 1024 * 1024;
/// How deep a document may be nested.
const MOST_DEPTH: usize = 64;

/// A text that cannot be read, with the place counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) message: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// Reads a document. An empty one is `null`.
pub(crate) fn parse(text: &str) -> Result<Value, SyntaxError> {
    if let Some(error) = nested_too_deep(text) {
        return Err(error);
    }
    let reader = Reader { unfolded: &Cell::new(0), depth: 0 };
    reader.deserialize(serde_yaml::Deserializer::from_str(text)).map_err(|error| syntax_error(&error))
}

/// Writes a value as YAML.
pub(crate) fn to_yaml(value: &Value) -> String {
    serde_yaml::to_string(value).expect("a JSON value has text keys and finite numbers")
}

fn syntax_error(error: &serde_yaml::Error) -> SyntaxError {
    let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
    let message = error.to_string();
    // The place is shown by the printer, in our own form; and a message of ours begins after its mark.
    let end = message.rfind(" at line ").unwrap_or(message.len());
    let begin = message.find(OURS).map_or(0, |at| at + OURS.len_utf8());
    let message = message[begin..end.max(begin)].trim_end_matches(',').to_owned();
    SyntaxError { message, line, column }
}

/// The mark before our own messages; `serde_yaml` puts the path before them, which the place shows already.
const OURS: char = '\u{1}';

fn refusal<E: de::Error>(message: impl fmt::Display) -> E {
    E::custom(format_args!("{OURS}{message}"))
}

/// Brackets are counted before parsing, since the parser's time grows with the square of their depth.
fn nested_too_deep(text: &str) -> Option<SyntaxError> {
    let mut depth = 0_usize;
    for (number, line) in text.lines().enumerate() {
        for (column, byte) in line.bytes().enumerate() {
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            // Brackets in text and comments count too, so the limit here is far above the real one.
            if depth > 16 * MOST_DEPTH {
                return Some(SyntaxError { message: too_deep(), line: number + 1, column: column + 1 });
            }
        }
    }
    None
}

fn too_deep() -> String {
    format!("nested more than {MOST_DEPTH} levels deep")
}

/// Reads any value, within the limits, and refuses duplicate keys.
#[derive(Clone, Copy)]
struct Reader<'a> {
    unfolded: &'a Cell<usize>,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn inner<E: de::Error>(self) -> Result<Reader<'a>, E> {
        if self.depth == MOST_DEPTH {
            return Err(refusal(too_deep()));
        }
        Ok(Reader { depth: self.depth + 1, ..self })
    }

    fn count<E: de::Error>(self, bytes: usize) -> Result<(), E> {
        self.unfolded.set(self.unfolded.get() + bytes + 1);
        if self.unfolded.get() > MOST_UNFOLDED {
            return Err(refusal("the document and its aliases unfold to more than 1 MiB"));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.count(1).map(|()| Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.count(8).map(|()| value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.count(8).map(|()| value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        self.count(8)?;
        Number::from_f64(value).map(Value::Number).ok_or_else(|| refusal("a number must be finite"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.count(value.len()).map(|()| value.into())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.count(1).map(|()| Value::Null)
    }

    /// What `serde_yaml` calls for a tag.
    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Value, A::Error> {
        Err(refusal("a tag such as `!Ref` has no meaning here"))
    }

    /// What `serde_yaml` calls for a document without content.
    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(inner)? {
            list.push(value);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut map = Map::new();
        while let Some(key) = access.next_key_seed(NewKey { map: &map, reader: self })? {
            let value = access.next_value_seed(inner)?;
            map.insert(key, value);
        }
        Ok(map.into())
    }
}

/// Reads a key, and refuses one that the mapping has already; the error then stands at the second one.
struct NewKey<'a> {
    map: &'a Map<String, Value>,
    reader: Reader<'a>,
}

impl<'de> DeserializeSeed<'de> for NewKey<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for NewKey<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<String, E> {
        self.reader.count::<E>(key.len())?;
        if self.map.contains_key(key) {
            return Err(refusal(format_args!("the key `{key}` is there twice")));
        }
        Ok(key.to_owned())
    }

    fn visit_i64<E: de::Error>(self, key: i64) -> Result<String, E> {
        Err(not_text(key))
    }

    fn visit_u64<E: de::Error>(self, key: u64) -> Result<String, E> {
        Err(not_text(key))
    }

    fn visit_f64<E: de::Error>(self, key: f64) -> Result<String, E> {
        Err(not_text(key))
    }

    fn visit_bool<E: de::Error>(self, key: bool) -> Result<String, E> {
        Err(not_text(key))
    }

    fn visit_unit<E: de::Error>(self) -> Result<String, E> {
        Err(not_text("null"))
    }
}

fn not_text<E: de::Error>(key: impl fmt::Display) -> E {
    refusal(format_args!("the key `{key}` is not text; put it in quotes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::fmt::Write;

    #[track_caller]
    fn refused(text: &str, line: usize, column: usize, message: &str) {
        let error = parse(text).expect_err("must be refused");
        assert_eq!((error.line, error.column, error.message.as_str()), (line, column, message));
    }

    // I7
    #[test]
    fn keeps_account_ids_and_old_booleans_as_text() {
        let value = parse("a: 012345678901\nb: no\nc: 0o17\nd: 190:20:30\ne: \"1.10\"\n").unwrap();
        assert_eq!(value["a"], json!("012345678901"));
        assert_eq!(value["b"], json!("no"));
        assert_eq!(value["d"], json!("190:20:30"));
        assert_eq!(value["e"], json!("1.10"));
    }

    #[test]
    fn an_empty_document_is_null() {
        for text in ["", "\n", "# only a comment\n", "---\n"] {
            assert_eq!(parse(text), Ok(Value::Null), "{text:?}");
        }
    }

    // I6
    #[test]
    fn refuses_a_duplicate_key_at_the_second_one() {
        refused("a: 1\nb:\n  c: 1\n  c: 2\n", 4, 3, "the key `c` is there twice");
    }

    #[test]
    fn refuses_a_key_that_is_not_text() {
        refused("5000: x\n", 1, 1, "the key `5000` is not text; put it in quotes");
        refused("a:\n  ~: x\n", 2, 3, "the key `null` is not text; put it in quotes");
    }

    #[test]
    fn refuses_tags() {
        refused("a: !Ref b\n", 1, 4, "a tag such as `!Ref` has no meaning here");
    }

    // I3
    #[test]
    fn refuses_an_alias_bomb() {
        let mut text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
        for n in 1..12 {
            let uses = vec![format!("*a{}", n - 1); 10].join(", ");
            let _ = writeln!(text, "a{n}: &a{n} [{uses}]");
        }
        assert!(parse(&text).is_err());
    }

    // I3
    #[test]
    fn refuses_deep_nesting_of_any_style_quickly() {
        assert!(parse(&"[".repeat(100_000)).is_err());
        let block = (0..2_000).map(|n| " ".repeat(n) + "a:\n").collect::<String>();
        assert!(parse(&block).is_err());
        assert!(parse(&format!("{}1{}", "[".repeat(60), "]".repeat(60))).is_ok());
    }

    proptest! {
        // I2
        #[test]
        fn any_text_is_read_or_refused_at_a_place_in_it(text in "\\PC*|[a-c:\\[\\]{}&*!|>\\- \\n\"'#~0-9.]{0,80}") {
            if let Err(error) = parse(&text) {
                prop_assert!(error.line >= 1 && error.line <= text.split('\n').count() + 1, "{error:?}");
                prop_assert!(!error.message.is_empty() && !error.message.contains([OURS, '\n']), "{error:?}");
            }
        }

        // I7
        #[test]
        fn an_account_with_a_leading_zero_stays_as_it_is_written(account in "0[0-9]{11}") {
            prop_assert_eq!(parse(&format!("a: {account}")), Ok(json!({ "a": account })));
            prop_assert_eq!(parse(&format!("a: '{account}'")), Ok(json!({ "a": account })));
        }

        #[test]
        fn what_is_written_is_read_again(texts in proptest::collection::vec("\\PC{0,12}|[0-9eox._:+~-]{1,8}|yes|no|null", 0..6)) {
            let value = json!({ "list": texts });
            prop_assert_eq!(parse(&to_yaml(&value)), Ok(value));
        }
    }
}
