//! The places of a document's values in its file.

use crate::path::{Path, Position, Step};

/// Where each value of a document stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positions {
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
    /// Key, place of the key, value.
    Map(Vec<(Box<str>, Position, Place)>),
}

impl Positions {
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
                    entries.iter().find(|(name, ..)| **name == *key).map(|(_, at, place)| (*at, place))
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
