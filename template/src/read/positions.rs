//! The places of a document's values in its file.

use crate::path::{Path, Position, Step};

/// Where each value of a document stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positions {
    /// All keys, one after the other.
    keys: String,
    /// The values in the order of the file: each is followed by what it holds. The whole has none.
    places: Vec<Place>,
    root: Position,
}

/// The place of an entry of a mapping, or of an item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// Where the key or the item stands.
    position: Position,
    /// Where the key is in [`Positions::keys`], if it is an entry. A file is far smaller than 4 GiB.
    key: Option<Key>,
    /// How many places are within this one.
    within: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    start: u32,
    /// The length, and one more, which leaves a number for "none".
    length: std::num::NonZeroU32,
}

/// A place that is not at its end yet.
#[must_use]
pub(super) struct Open(usize);

/// Of a place that is not at its end: all that follow.
const TO_THE_END: u32 = u32::MAX;

impl Positions {
    /// No places yet in a file of so many bytes whose value stands here.
    pub(super) fn new(root: Position, bytes: usize) -> Positions {
        // Of our own templates in JSON, a quarter are keys, and a value has about 20 bytes.
        Positions { keys: String::with_capacity(bytes / 4), places: Vec::with_capacity(bytes / 20), root }
    }

    /// The value stands here.
    pub(super) fn start(&mut self, root: Position) {
        self.root = root;
    }

    /// An entry begins, or an item if it has no key.
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

    fn stored(&mut self, key: &str) -> Key {
        let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX - 1);
        let start = number(self.keys.len());
        self.keys.push_str(key);
        Key { start, length: std::num::NonZeroU32::MIN.saturating_add(number(key.len())) }
    }

    fn key(&self, key: Key) -> &str {
        let start = key.start as usize;
        self.keys.get(start..start + key.length.get() as usize - 1).unwrap_or_default()
    }

    /// Calls the entry at `path` by another key.
    pub(super) fn rename(&mut self, path: &Path, key: &str) {
        let found = self.nearest(path);
        if found.depth == path.steps().len()
            && let Some(at) = found.at
        {
            let key = self.stored(key);
            self.places[at].key = Some(key);
        }
    }

    /// Where the thing at `path` stands: the key of an entry, or the item of a list.
    ///
    /// For a path that the file does not have (a property that is missing, a part of `!GetAtt A.B`) it is
    /// the place of the nearest thing around it.
    pub fn of(&self, path: &Path) -> Position {
        let at = self.nearest(path).at.and_then(|at| self.places.get(at));
        at.map_or(self.root, |place| place.position)
    }

    fn nearest(&self, path: &Path) -> Found {
        let steps: Vec<_> = path.steps().collect();
        self.within(0, self.places.len(), &steps, Found { depth: 0, at: None })
    }

    /// The deepest place on the way of `steps` among those from `at` up to `end`, which are within `around`. A key that
    /// stands there twice leads into both.
    fn within(&self, mut at: usize, end: usize, steps: &[Step<'_>], around: Found) -> Found {
        let Some((step, rest)) = steps.split_first() else { return around };
        let (mut deepest, mut index) = (around, 0);
        while at < end
            && let Some(place) = self.places.get(at)
        {
            let is_it = match (step, place.key) {
                (Step::Key(wanted), Some(key)) => self.key(key) == *wanted,
                (Step::Index(wanted), None) => index == *wanted,
                _ => false,
            };
            let next = at.saturating_add(1).saturating_add(place.within as usize).min(end);
            if is_it {
                let here = Found { depth: around.depth + 1, at: Some(at) };
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
    /// Which place it is; none for the whole.
    at: Option<usize>,
}
