//! Where a key stands in the text.
//!
//! `serde_yaml` gives values without positions, except in its errors. So [`position`] finds the place of a key by
//! reading the text once more and stopping with an error at that key. That costs a pass for each message, and needs
//! no second parser that could disagree with the first.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The line and column of the key at `path`, counted from 1.
///
/// A part of the path that names an element of a list is its number, counted from 0.
pub(crate) fn position(text: &str, path: &[String]) -> Option<(usize, usize)> {
    let error = Finder { path }.deserialize(serde_yaml::Deserializer::from_str(text)).err()?;
    let place = error.location()?;
    error.to_string().contains(FOUND).then(|| (place.line(), place.column()))
}

const FOUND: &str = "\u{0}found";

/// Walks down `path` and stops with the error [`FOUND`] at the last key, so that the error has its position.
#[derive(Clone, Copy)]
struct Finder<'a> {
    path: &'a [String],
}

impl<'de> DeserializeSeed<'de> for Finder<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() {
            deserializer.deserialize_any(Here)
        } else {
            deserializer.deserialize_any(self)
        }
    }
}

impl<'de> Visitor<'de> for Finder<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping or a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let wanted = self.path[0].parse::<usize>().unwrap_or(usize::MAX);
        for _ in 0..wanted {
            if seq.next_element::<de::IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        seq.next_element_seed(Finder { path: &self.path[1..] })?;
        while seq.next_element::<de::IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while let Some(found) = access.next_key_seed(FinderKey(self))? {
            if found {
                access.next_value_seed(Finder { path: &self.path[1..] })?;
            } else {
                access.next_value::<de::IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Compares a key with the next part of the path; the last part of the path stops there.
struct FinderKey<'a>(Finder<'a>);

impl<'de> DeserializeSeed<'de> for FinderKey<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for FinderKey<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<bool, E> {
        let path = self.0.path;
        if key == path[0] && path.len() == 1 {
            return Err(E::custom(FOUND));
        }
        Ok(key == path[0])
    }
}

/// Stops at whatever comes: an element of a list.
struct Here;

macro_rules! stop_at {
    ($($visit:ident($type:ty)),*) => {
        $(fn $visit<E: de::Error>(self, _: $type) -> Result<(), E> {
            Err(E::custom(FOUND))
        })*
    };
}

impl<'de> Visitor<'de> for Here {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    stop_at!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Err(E::custom(FOUND))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(de::Error::custom(FOUND))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(de::Error::custom(FOUND))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(dotted: &str) -> Vec<String> {
        dotted.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn finds_the_place_of_a_key_and_of_an_element() {
        let text = "defaults:\n  backend:\n    cpu: 1\n  list:\n    - a\n    - { b: 2 }\n";
        assert_eq!(position(text, &path("defaults.backend.cpu")), Some((3, 5)));
        assert_eq!(position(text, &path("defaults.list.1")), Some((6, 7)));
        assert_eq!(position(text, &path("defaults.list.1.b")), Some((6, 9)));
        assert_eq!(position(text, &path("defaults.backend.memory")), None);
    }
}
