//! The names that resources have: given in the template, or made by AWS.

use crate::model::{Item, Model};

/// Whether a resource can have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It has this name.
    Yes,
    /// It has another one, or one that AWS makes.
    No,
    /// Its name is not known.
    Maybe,
}

impl Item<'_> {
    /// Whether `name` is what its property `property` names it. A resource without that property gets a name from
    /// AWS, with random letters in it, that nobody can write down beforehand.
    pub fn is_named(self, property: &'static str, name: &str) -> Match {
        let mut known = Match::No;
        for value in self.get(property) {
            if value.is_text(name) {
                return Match::Yes;
            }
            if value.is_unknown() {
                known = Match::Maybe;
            }
        }
        known
    }
}

impl Model<'_> {
    /// Whether a resource of this type is named so; `None` if there is no resource of the type.
    pub fn has_named(&self, type_name: &str, property: &'static str, name: &str) -> Option<Match> {
        let mut all = self.of_type(type_name).map(|item| item.is_named(property, name));
        let first = all.next()?;
        let mut known = first;
        for other in all {
            known = match (known, other) {
                (Match::Yes, _) | (_, Match::Yes) => Match::Yes,
                (Match::Maybe, _) | (_, Match::Maybe) => Match::Maybe,
                (Match::No, Match::No) => Match::No,
            };
        }
        Some(known)
    }
}
