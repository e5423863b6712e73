//! A mapping that keeps the order in which it was written.

use std::fmt;
use std::hash::BuildHasher;
use std::ops::Index;
use std::slice;
use std::vec;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use serde::ser::{Serialize, Serializer};

use crate::node::Node;

/// So many keys are compared sooner than they are hashed. Most mappings of a template have fewer.
const FEW: usize = 16;

/// Values by their keys, in the order in which they were put in. Two maps are equal whatever their order.
///
/// Nearly all of a template are mappings of a few keys, which [`indexmap`](https://docs.rs/indexmap) would give a table each:
/// measured, a check of 500 resources took a third more memory with it. Only a large one has a table here. Its hash differs
/// from run to run, so that no template can be made to be slow.
#[derive(Clone)]
pub struct Map<V = Node> {
    entries: Vec<(String, V)>,
    /// Where the keys stand, if there are more than [`FEW`].
    table: Option<Box<Table>>,
}

#[derive(Clone, Default)]
struct Table {
    places: HashTable<usize>,
    hash: RandomState,
}

impl<V> Map<V> {
    /// A map without entries.
    pub fn new() -> Map<V> {
        Map::with_capacity(0)
    }

    /// A map without entries, and room for so many.
    pub fn with_capacity(entries: usize) -> Map<V> {
        Map { entries: Vec::with_capacity(entries), table: None }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&V> {
        Some(&self.entries.get(self.get_index_of(key)?)?.1)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        let at = self.get_index_of(key)?;
        Some(&mut self.entries.get_mut(at)?.1)
    }

    /// Whether there is an entry of this key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get_index_of(key).is_some()
    }

    /// The entry of a key.
    pub fn get_key_value(&self, key: &str) -> Option<(&String, &V)> {
        self.get_index(self.get_index_of(key)?)
    }

    /// The entry at this place.
    pub fn get_index(&self, at: usize) -> Option<(&String, &V)> {
        self.entries.get(at).map(|(key, value)| (key, value))
    }

    /// The place of a key.
    pub fn get_index_of(&self, key: &str) -> Option<usize> {
        match &self.table {
            None => self.entries.iter().position(|(known, _)| known == key),
            Some(table) => {
                let is_it = |at: &usize| self.entries.get(*at).is_some_and(|(known, _)| known == key);
                table.places.find(table.hash.hash_one(key), is_it).copied()
            }
        }
    }

    /// The first entry.
    pub fn first(&self) -> Option<(&String, &V)> {
        self.get_index(0)
    }

    /// Gives a key a value, and hands back the one that it had. A new key comes last.
    pub fn insert(&mut self, key: String, value: V) -> Option<V> {
        if let Some(known) = self.get_mut(&key) {
            Some(std::mem::replace(known, value))
        } else {
            self.push(key, value);
            None
        }
    }

    /// Puts a new key last, and tells its place.
    fn push(&mut self, key: String, value: V) -> usize {
        let at = self.entries.len();
        if let Some(table) = &mut self.table {
            let (hash, entries) = (&table.hash, &self.entries);
            let of = |at: &usize| entries.get(*at).map_or(0, |(key, _)| hash.hash_one(key.as_str()));
            table.places.insert_unique(hash.hash_one(key.as_str()), at, of);
        }
        self.entries.push((key, value));
        if at == FEW {
            self.index();
        }
        at
    }

    /// Makes the table anew, if there are so many entries that one is wanted.
    fn index(&mut self) {
        self.table = (self.entries.len() > FEW).then(|| {
            let hash = RandomState::default();
            let mut places = HashTable::with_capacity(2 * self.entries.len());
            for (at, (key, _)) in self.entries.iter().enumerate() {
                let of = |at: &usize| self.entries.get(*at).map_or(0, |(key, _)| hash.hash_one(key.as_str()));
                places.insert_unique(hash.hash_one(key.as_str()), at, of);
            }
            Box::new(Table { places, hash })
        });
    }

    /// The entry of a key, there or not.
    pub fn entry(&mut self, key: String) -> Entry<'_, V> {
        Entry { at: self.get_index_of(&key), map: self, key }
    }

    /// Takes out an entry; those after it move up.
    pub fn shift_remove(&mut self, key: &str) -> Option<V> {
        let at = self.get_index_of(key)?;
        let (_, value) = self.entries.remove(at);
        if self.table.is_some() {
            self.index();
        }
        Some(value)
    }

    /// Takes out the last entry.
    pub fn pop(&mut self) -> Option<(String, V)> {
        let last = self.entries.pop();
        if self.table.is_some() {
            self.index();
        }
        last
    }

    /// Keeps the entries that `wanted` wants.
    pub fn retain(&mut self, mut wanted: impl FnMut(&String, &mut V) -> bool) {
        self.entries.retain_mut(|(key, value)| wanted(key, value));
        self.index();
    }

    /// Sorts the entries by their keys.
    pub fn sort_keys(&mut self) {
        self.entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.index();
    }

    /// The entries, in their order.
    pub fn iter(&self) -> Iter<'_, V> {
        Iter(self.entries.iter())
    }

    /// The entries, with values to be changed.
    pub fn iter_mut(&mut self) -> IterMut<'_, V> {
        IterMut(self.entries.iter_mut())
    }

    /// The keys, in their order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &String> + ExactSizeIterator + Clone {
        self.entries.iter().map(|(key, _)| key)
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator + Clone {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> + ExactSizeIterator {
        self.entries.iter_mut().map(|(_, value)| value)
    }
}

/// A key of a map, which may have a value.
#[derive(Debug)]
pub struct Entry<'m, V> {
    map: &'m mut Map<V>,
    at: Option<usize>,
    key: String,
}

impl<'m, V> Entry<'m, V> {
    /// The value; one without gets this.
    pub fn or_insert(self, value: V) -> &'m mut V {
        self.or_insert_with(|| value)
    }

    /// The value; one without gets what `make` makes.
    pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'m mut V {
        let at = match self.at {
            Some(at) => at,
            None => self.map.push(self.key, make()),
        };
        &mut self.map.entries[at].1
    }

    /// The value; one without gets the default.
    pub fn or_default(self) -> &'m mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }
}

impl<V> Default for Map<V> {
    fn default() -> Map<V> {
        Map::new()
    }
}

impl<V: fmt::Debug> fmt::Debug for Map<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

impl<V: PartialEq> PartialEq for Map<V> {
    fn eq(&self, other: &Map<V>) -> bool {
        let same = |(at, (key, value)): (usize, (&String, &V))| match other.get_index(at) {
            Some((there, theirs)) if there == key => theirs == value,
            _ => other.get(key) == Some(value),
        };
        self.len() == other.len() && self.iter().enumerate().all(same)
    }
}

impl<V: Eq> Eq for Map<V> {}

impl<V: Serialize> Serialize for Map<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<V> Index<&str> for Map<V> {
    type Output = V;

    /// # Panics
    ///
    /// If there is no such key.
    fn index(&self, key: &str) -> &V {
        self.get(key).unwrap_or_else(|| panic!("there is no `{key}`"))
    }
}

impl<V> Extend<(String, V)> for Map<V> {
    fn extend<I: IntoIterator<Item = (String, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<V> FromIterator<(String, V)> for Map<V> {
    fn from_iter<I: IntoIterator<Item = (String, V)>>(entries: I) -> Map<V> {
        let entries = entries.into_iter();
        let mut map = Map::with_capacity(entries.size_hint().0);
        map.extend(entries);
        map
    }
}

impl<V, const N: usize> From<[(String, V); N]> for Map<V> {
    fn from(entries: [(String, V); N]) -> Map<V> {
        Map::from_iter(entries)
    }
}

impl<V> IntoIterator for Map<V> {
    type Item = (String, V);
    type IntoIter = vec::IntoIter<(String, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'m, V> IntoIterator for &'m Map<V> {
    type Item = (&'m String, &'m V);
    type IntoIter = Iter<'m, V>;

    fn into_iter(self) -> Iter<'m, V> {
        self.iter()
    }
}

impl<'m, V> IntoIterator for &'m mut Map<V> {
    type Item = (&'m String, &'m mut V);
    type IntoIter = IterMut<'m, V>;

    fn into_iter(self) -> IterMut<'m, V> {
        self.iter_mut()
    }
}

/// The entries of a [`Map`].
#[derive(Debug)]
pub struct Iter<'m, V>(slice::Iter<'m, (String, V)>);

impl<V> Clone for Iter<'_, V> {
    fn clone(&self) -> Self {
        Iter(self.0.clone())
    }
}

impl<'m, V> Iterator for Iter<'m, V> {
    type Item = (&'m String, &'m V);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<V> DoubleEndedIterator for Iter<'_, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(key, value)| (key, value))
    }
}

impl<V> ExactSizeIterator for Iter<'_, V> {}

/// The entries of a [`Map`], with values to be changed.
#[derive(Debug)]
pub struct IterMut<'m, V>(slice::IterMut<'m, (String, V)>);

impl<'m, V> Iterator for IterMut<'m, V> {
    type Item = (&'m String, &'m mut V);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (&*key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<V> ExactSizeIterator for IterMut<'_, V> {}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;
    use proptest::prelude::*;

    use super::Map;

    #[derive(Debug, Clone)]
    enum Step {
        Insert(u8),
        Entry(u8),
        Remove(u8),
        Pop,
        KeepBelow(u8),
        Sort,
    }

    fn step() -> impl Strategy<Value = Step> {
        // More keys than a map without a table has, and so few that some come again.
        let key = || 0..60_u8;
        prop_oneof![
            8 => key().prop_map(Step::Insert),
            4 => key().prop_map(Step::Entry),
            3 => key().prop_map(Step::Remove),
            1 => Just(Step::Pop),
            1 => key().prop_map(Step::KeepBelow),
            1 => Just(Step::Sort),
        ]
    }

    proptest! {
        #[test]
        fn a_map_is_what_an_index_map_is(steps in proptest::collection::vec(step(), 0..120)) {
            let (mut map, mut judge) = (Map::new(), IndexMap::new());
            for (at, step) in steps.into_iter().enumerate() {
                let name = |key: u8| format!("K{key:02}");
                match step {
                    Step::Insert(key) => prop_assert_eq!(map.insert(name(key), at), judge.insert(name(key), at)),
                    Step::Entry(key) => {
                        prop_assert_eq!(*map.entry(name(key)).or_insert(at), *judge.entry(name(key)).or_insert(at));
                    }
                    Step::Remove(key) => {
                        prop_assert_eq!(map.shift_remove(&name(key)), judge.shift_remove(&name(key)));
                    }
                    Step::Pop => prop_assert_eq!(map.pop(), judge.pop()),
                    Step::KeepBelow(key) => {
                        map.retain(|known, _| *known < name(key));
                        judge.retain(|known, _| *known < name(key));
                    }
                    Step::Sort => {
                        map.sort_keys();
                        judge.sort_keys();
                    }
                }
                prop_assert!(map.iter().eq(judge.iter()), "{map:?} {judge:?}");
                for key in 0..60 {
                    prop_assert_eq!(map.get_index_of(&name(key)), judge.get_index_of(&name(key)));
                }
            }
            let turned: Map<usize> = map.clone().into_iter().rev().collect();
            prop_assert_eq!(&turned, &map);
            map.insert("other".to_owned(), 0);
            prop_assert_ne!(turned, map);
        }
    }
}
