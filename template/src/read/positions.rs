//! The places of a document's values in its file.

use std::ops::Range;

use crate::path::{Path, Position, Step};

/// Where each value of a document stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positions {
    /// All keys, one after the other.
    keys: String,
    /// The values in the order of the file: each is followed by what it holds. The first is the whole.
    places: Vec<Place>,
}

/// The place of an entry of a mapping, of an item of a list, or of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// Where the key, the item or the whole stands.
    position: Position,
    /// Where the key is in [`Positions::keys`], if it is an entry. A file is far smaller than 4 GiB.
    key: Option<Range<u32>>,
    /// How many places are within this one.
    within: u32,
}

/// A place that is not at its end yet.
#[must_use]
pub(super) struct Open(usize);

/// Of a place that is not at its end: all that follow.
const TO_THE_END: u32 = u32::MAX;

impl Positions {
    /// No places yet of a file of so many bytes.
    pub(super) fn new(bytes: usize) -> Positions {
        // Of our own templates in JSON, a quarter are keys, and a value has about 20 bytes.
        Positions { keys: String::with_capacity(bytes / 4), places: Vec::with_capacity(bytes / 20) }
    }

    /// An entry begins; without a key an item, or the whole.
    pub(super) fn open(&mut self, key: Option<&str>, position: Position) -> Open {
        let key = key.map(|key| self.stored(key));
        self.places.push(Place { position, key, within: TO_THE_END });
        Open(self.places.len() - 1)
    }

    /// All that the entry or the item holds was opened and closed.
    pub(super) fn close(&mut self, open: Open) {
        let within = self.places.len() - open.0 - 1;
        if let Some(place) = self.places.get_mut(open.0) {
            place.within = u32::try_from(within).unwrap_or(TO_THE_END);
        }
    }

    fn stored(&mut self, key: &str) -> Range<u32> {
        let length = |keys: &String| u32::try_from(keys.len()).unwrap_or(u32::MAX);
        let start = length(&self.keys);
        self.keys.push_str(key);
        start..length(&self.keys)
    }

    fn key(&self, key: &Range<u32>) -> &str {
        self.keys.get(key.start as usize..key.end as usize).unwrap_or_default()
    }

    /// Calls the entry at `path` by another key.
    pub(super) fn rename(&mut self, path: &Path, key: &str) {
        let found = self.nearest(path);
        if found.depth == path.steps().len() {
            let key = self.stored(key);
            if let Some(place) = self.places.get_mut(found.at) {
                place.key = Some(key);
            }
        }
    }

    /// Where the thing at `path` stands: the key of an entry, or the item of a list.
    ///
    /// For a path that the file does not have (a property that is missing, a part of `!GetAtt A.B`) it is
    /// the place of the nearest thing around it.
    pub fn of(&self, path: &Path) -> Position {
        let place = self.places.get(self.nearest(path).at);
        place.map_or(Position { line: 1, column: 1 }, |place| place.position)
    }

    fn nearest(&self, path: &Path) -> Found {
        let steps: Vec<_> = path.steps().collect();
        self.within(1, self.places.len(), &steps, Found { depth: 0, at: 0 })
    }

    /// The deepest place on the way of `steps` among those from `at` up to `end`, which are within `around`. A key that
    /// stands there twice leads into both.
    fn within(&self, mut at: usize, end: usize, steps: &[Step<'_>], around: Found) -> Found {
        let Some((step, rest)) = steps.split_first() else { return around };
        let (mut deepest, mut index) = (around, 0);
        while at < end
            && let Some(place) = self.places.get(at)
        {
            let is_it = match (step, &place.key) {
                (Step::Key(wanted), Some(key)) => self.key(key) == *wanted,
                (Step::Index(wanted), None) => index == *wanted,
                _ => false,
            };
            let next = at.saturating_add(1).saturating_add(place.within as usize).min(end);
            if is_it {
                let here = Found { depth: around.depth + 1, at };
                let found = self.within(at + 1, next, rest, here);
                if found.depth > deepest.depth {
                    deepest = found;
                }
            }
            index += 1;
            at = next;
        }
        deepest
    }
}

/// How far a path could be followed.
#[derive(Clone, Copy)]
struct Found {
    depth: usize,
    /// Which place it is.
    at: usize,
}
