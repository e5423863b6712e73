//! What may be so many things, by the branches of its values, that it is compared only as it is written.

use std::collections::{BTreeMap, BTreeSet};

use super::symbol::Symbols;
use super::{SecurityChange, SecurityKind};
use crate::node::{Map, Node};

/// Such values as they are written, by the logical ID of the resource.
#[derive(Debug, Default)]
pub(super) struct Manifold(BTreeMap<String, BTreeSet<String>>);

impl Manifold {
    pub(super) fn add(&mut self, id: &str, map: &Map, symbols: &Symbols<'_>) {
        let text = symbols.text(&Node::Map(map.clone()));
        self.0.entry(id.to_owned()).or_default().insert(text);
    }

    /// Those that `old` has not in the same way.
    pub(super) fn changes(&self, old: &Manifold, kind: SecurityKind) -> Vec<SecurityChange> {
        let differ = self.0.iter().filter(|(id, texts)| old.0.get(*id) != Some(*texts));
        let change = |(id, _): (&String, &BTreeSet<String>)| SecurityChange {
            id: id.clone(),
            kind,
            what: format!("`{id}` changes, and may be too much to be compared"),
            wide: false,
            judged: false,
        };
        differ.map(change).collect()
    }
}
