//! How a schema is stored: a mask of the fields that say something, then only those.
//!
//! Most schemas say two or three of the twenty things; this makes the table a fifth smaller than storing all.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeTuple, Serializer};

use super::schema::Schema;

/// More than the fields there are, for formats that ask how many to expect.
const MOST: usize = 32;

macro_rules! stored {
    ($($bit:literal $field:ident)*) => {
        impl Serialize for Schema {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let plain = Schema::default();
                let mut mask = 0_u32;
                $(if self.$field != plain.$field {
                    mask |= 1 << $bit;
                })*
                let mut fields = serializer.serialize_tuple(MOST)?;
                fields.serialize_element(&mask)?;
                $(if mask & (1 << $bit) != 0 {
                    fields.serialize_element(&self.$field)?;
                })*
                fields.end()
            }
        }

        impl<'de: 'static> Visitor<'de> for Fields {
            type Value = Schema;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mask and the fields it names")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<Schema, A::Error> {
                let mut schema = Schema::default();
                let mask: u32 = fields.next_element()?.ok_or_else(|| A::Error::missing_field("mask"))?;
                $(if mask & (1 << $bit) != 0 {
                    let field = fields.next_element()?;
                    schema.$field = field.ok_or_else(|| A::Error::missing_field(stringify!($field)))?;
                })*
                Ok(schema)
            }
        }
    };
}

struct Fields;

// The common fields first, so that their bits fit into the first byte of the mask.
stored! {
    0 kinds
    1 open
    2 definition
    3 length
    4 pattern
    5 allowed
    6 required
    7 properties
    8 items
    9 ordered
    10 count
    11 unique
    12 format
    13 names
    14 range
    15 default
    16 entries
    17 choices
    18 rules
    19 size
    20 ignore_case
}

impl<'de: 'static> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Schema, D::Error> {
        deserializer.deserialize_tuple(MOST, Fields)
    }
}
