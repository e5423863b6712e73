//! The names that resources have: given in the template, or made by AWS.

use std::collections::BTreeMap;

use crate::model::{Item, Model, Value, World};

/// Whether a resource can have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It has this name.
    Yes,
    /// It has another one, or one that AWS makes, with random letters in it that nobody can write down beforehand.
    No,
    /// Its name is not known.
    Maybe,
}

/// The names of all the resources of a type.
#[derive(Debug)]
pub struct Names<'m> {
    known: BTreeMap<String, Vec<(Item<'m>, World<'m>)>>,
    /// Whether there are resources at all, and whether the name of one is not known.
    any: bool,
    unknown: bool,
}

impl<'m> Model<'m> {
    /// The names that the property `property` gives to resources of this type.
    pub fn names(&'m self, type_name: &str, property: &'m str) -> Names<'m> {
        let mut names = Names { known: BTreeMap::new(), any: false, unknown: false };
        for item in self.of_type(type_name) {
            names.any = true;
            for value in item.get(property) {
                names.unknown |= value.is_unknown();
                if let Some(name) = value.text() {
                    names.known.entry(name).or_default().push((item, value.world().clone()));
                }
            }
        }
        names
    }
}

impl<'m> Names<'m> {
    /// The resources that have this name.
    pub fn of(&self, name: &str) -> &[(Item<'m>, World<'m>)] {
        self.known.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether one of the resources is named so; `None` if there are none.
    pub fn has(&self, name: &str) -> Option<Match> {
        self.any.then(|| match (self.known.contains_key(name), self.unknown) {
            (true, _) => Match::Yes,
            (false, true) => Match::Maybe,
            (false, false) => Match::No,
        })
    }
}

impl Item<'_> {
    /// Whether `name` is what its property `property` names it.
    pub fn is_named(self, property: &'static str, name: &str) -> Match {
        let values = self.get(property);
        if values.iter().any(|value| value.is_text(name)) {
            return Match::Yes;
        }
        if values.iter().any(Value::is_unknown) { Match::Maybe } else { Match::No }
    }
}
