//! The places of a document's values in its file.

use std::ops::Range;

use crate::path::{Path, Position, Step};

/// Where each value of a document stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positions {
    /// All keys, one after the other.
    pub(super) keys: String,
    pub(super) root: Place,
}

/// The place of one value and of what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) position: Position,
    pub(super) children: Places,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Places {
    None,
    List(Vec<Place>),
    Map(Vec<Entry>),
}

/// The places of an entry of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where the key is in [`Positions::keys`]. A file is far smaller than 4 GiB.
    pub(super) key: Range<u32>,
    /// Where the key stands.
    pub(super) position: Position,
    pub(super) value: Place,
}

impl Entry {
    /// An entry whose key is put at the end of `keys`.
    pub(super) fn new(key: &str, position: Position, value: Place, keys: &mut String) -> Entry {
        Entry { key: Entry::stored(key, keys), position, value }
    }

    fn stored(key: &str, keys: &mut String) -> Range<u32> {
        let length = |keys: &String| u32::try_from(keys.len()).unwrap_or(u32::MAX);
        let start = length(keys);
        keys.push_str(key);
        start..length(keys)
    }

    fn key<'k>(&self, keys: &'k str) -> &'k str {
        keys.get(self.key.start as usize..self.key.end as usize).unwrap_or_default()
    }
}

impl Positions {
    /// Calls the entry at `path` by another key.
    pub(super) fn rename(&mut self, path: &Path, key: &str) {
        let (mut place, mut found) = (&mut self.root, None);
        for step in path.steps() {
            let entry = match (step, &mut place.children) {
                (Step::Key(key), Places::Map(entries)) => {
                    entries.iter_mut().find(|entry| entry.key(&self.keys) == key)
                }
                _ => None,
            };
            let Some(entry) = entry else { return };
            found = Some(&mut entry.key);
            place = &mut entry.value;
        }
        if let Some(found) = found {
            *found = Entry::stored(key, &mut self.keys);
        }
    }

    /// Where the thing at `path` stands: the key of an entry, or the item of a list.
    ///
    /// For a path that the file does not have (a property that is missing, a part of `!GetAtt A.B`) it is
    /// the place of the nearest thing around it.
    pub fn of(&self, path: &Path) -> Position {
        let mut place = &self.root;
        let mut position = place.position;
        for step in path.steps() {
            let found = match (step, &place.children) {
                (Step::Key(key), Places::Map(entries)) => {
                    let entry = entries.iter().find(|entry| entry.key(&self.keys) == key);
                    entry.map(|entry| (entry.position, &entry.value))
                }
                (Step::Index(index), Places::List(items)) => {
                    items.get(index).map(|item| (item.position, item))
                }
                _ => None,
            };
            let Some((at, next)) = found else { break };
            (position, place) = (at, next);
        }
        position
    }
}
