//! What is only read of the table when somebody asks for it: most of what is known about a type is of no use to most.

use std::ops::Deref;
use std::sync::OnceLock;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Error, Serialize, Serializer};

/// A value that is stored as bytes, with their number before them, and read at its first use.
#[derive(Debug, Clone)]
pub struct Later<T> {
    bytes: &'static [u8],
    /// Boxed, so that what is never used costs a pointer.
    value: OnceLock<Box<T>>,
}

impl<T> Later<T> {
    /// A value that is there already.
    pub fn new(value: T) -> Later<T> {
        Later { bytes: &[], value: OnceLock::from(Box::new(value)) }
    }
}

/// The table is written by the same version of this code, and a test reads all of it.
impl<T: Deserialize<'static> + Default> Deref for Later<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.get_or_init(|| postcard::from_bytes(self.bytes).unwrap_or_default())
    }
}

impl<T: Deserialize<'static> + Default + PartialEq> PartialEq for Later<T> {
    fn eq(&self, other: &Later<T>) -> bool {
        **self == **other
    }
}

impl<T: Deserialize<'static> + Default> Default for Later<T> {
    fn default() -> Later<T> {
        Later::new(T::default())
    }
}

impl<T: Serialize + Deserialize<'static> + Default> Serialize for Later<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&postcard::to_allocvec(&**self).map_err(S::Error::custom)?)
    }
}

impl<'de: 'static, T> Deserialize<'de> for Later<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Later<T>, D::Error> {
        Ok(Later { bytes: <&[u8]>::deserialize(deserializer)?, value: OnceLock::new() })
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::{Later, Schema};

    impl<T: serde::Deserialize<'static>> Later<T> {
        /// Whether what is stored can be read.
        pub(crate) fn is_readable(&self) -> bool {
            postcard::from_bytes::<T>(self.bytes).is_ok()
        }
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let known = Later::new(vec![Schema { unique: true, ..Schema::default() }]);
        let bytes = postcard::to_allocvec(&known).unwrap().leak();
        let read: Later<Vec<Schema>> = postcard::from_bytes(bytes).unwrap();
        assert!(read.is_readable());
        assert_eq!(read, known);
    }
}
