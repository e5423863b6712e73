//! What a value is: which facts hold for it, whether it is part of a policy, whether order matters.

use super::sets;
use crate::facts::{Kind, Place, ResourceFacts};
use crate::node::{Map, Node};

/// What is known about a value by where it stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Context<'f> {
    /// What the facts say, if the type is known.
    place: Option<Place<'f>>,
    /// The name of the property in which it stands, lists left out.
    property: &'f str,
    pub(super) part: Part,
}

/// Whether a value is part of something with a grammar of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Part {
    #[default]
    Plain,
    /// JSON within a text, where `1` and `"1"` are not the same.
    Json,
    /// An IAM policy document.
    Policy,
    /// Its statements, or one.
    Statement,
    Actions,
    Resources,
    Principals,
    /// The principals of one kind.
    PrincipalNames,
    Conditions,
    /// The keys of one operator of a condition.
    ConditionKeys,
    ConditionValues,
}

impl Part {
    /// What stands under `key`.
    fn key(self, key: &str) -> Part {
        match (self, key) {
            (Part::Policy, "Statement") => Part::Statement,
            (Part::Statement, "Action" | "NotAction") => Part::Actions,
            (Part::Statement, "Resource" | "NotResource") => Part::Resources,
            (Part::Statement, "Principal" | "NotPrincipal") => Part::Principals,
            (Part::Statement, "Condition") => Part::Conditions,
            (Part::Principals, _) => Part::PrincipalNames,
            (Part::Conditions, _) => Part::ConditionKeys,
            (Part::ConditionKeys, _) => Part::ConditionValues,
            (Part::Json, _) => Part::Json,
            _ => Part::Plain,
        }
    }

    /// Whether keys of a mapping that are written in another way are other keys.
    pub(super) fn tells_keys_apart(self) -> bool {
        !matches!(self, Part::Conditions | Part::ConditionKeys)
    }

    /// Whether a list says what its items say, each for itself: none of them makes another superfluous.
    pub(super) fn is_said_by_items(self) -> bool {
        self == Part::Statement || !self.is_one_or_many()
    }

    /// Whether a value alone is the same as a list of it, and the order of a list does not matter.
    ///
    /// Source: [Grammar of the IAM JSON policy language][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    pub(super) fn is_one_or_many(self) -> bool {
        matches!(
            self,
            Part::Statement | Part::Actions | Part::Resources | Part::PrincipalNames | Part::ConditionValues
        )
    }
}

impl<'f> Context<'f> {
    /// The properties of a resource.
    pub(super) fn properties(facts: Option<&'f ResourceFacts>) -> Context<'f> {
        Context { place: facts.map(ResourceFacts::properties), ..Context::default() }
    }

    /// JSON within a text.
    pub(super) fn json() -> Context<'static> {
        Context { part: Part::Json, ..Context::default() }
    }

    /// The same, if either mapping turns out to be a policy.
    pub(super) fn of_map(self, old: &Map, new: &Map) -> Context<'f> {
        let open = matches!(self.part, Part::Plain | Part::Json);
        if open && (is_policy(old) || is_policy(new)) { Context { part: Part::Policy, ..self } } else { self }
    }

    /// The value under `key`.
    pub(super) fn key<'k>(self, key: &'k str) -> Context<'k>
    where
        'f: 'k,
    {
        let place = self
            .place
            .and_then(|place| place.property(key).or_else(|| place.entries().next().map(|(_, place)| place)));
        Context { place, property: key, part: self.part.key(key) }
    }

    /// The items of the list.
    pub(super) fn item(self) -> Context<'f> {
        Context { place: self.place.and_then(Place::item), ..self }
    }

    /// Whether the order of the items does not matter.
    pub(super) fn is_set(self, old: &[Node], new: &[Node]) -> bool {
        match self.part {
            Part::Plain => {
                self.place.is_some_and(|place| !place.ordered) || sets::is_set(self.property, old, new)
            }
            part => part.is_one_or_many(),
        }
    }

    /// Whether it can only be one of these kinds.
    pub(super) fn only(self, kinds: &[Kind]) -> bool {
        self.place.is_some_and(|place| {
            let own = place.schema().kinds;
            !own.is_empty() && own.iter().all(|kind| kinds.contains(&kind))
        })
    }
}

/// Whether a mapping is an IAM policy: it has statements with an effect.
pub(super) fn is_policy(map: &Map) -> bool {
    let is_one = |node: &Node| node.as_map().is_some_and(|map| map.contains_key("Effect"));
    map.get("Statement")
        .is_some_and(|node| is_one(node) || node.as_list().is_some_and(|items| items.iter().any(is_one)))
}
