//! Statements of policies, and whether one allows what others do not.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::sides::{Atom, Part, Side};
use super::symbol::{Symbols, When};
use crate::node::{Map, Node};

/// How many comparisons of single actions and resources are made for one pair of templates. Real ones need some
/// thousands; what is over is told as something that cannot be judged.
const MOST_COMPARISONS: u32 = 5_000_000;

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Whether it is an `Allow`.
    pub(super) allow: bool,
    pub(super) when: When,
    pub(super) principals: Side,
    pub(super) actions: Side,
    pub(super) resources: Side,
    pub(super) conditions: Conditions,
}

/// The conditions of a statement: values by operator and key, all of which must be met.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Conditions(pub(super) BTreeMap<(String, String), BTreeSet<String>>);

/// What a statement allows beyond what others do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Beyond {
    pub(super) principals: Vec<String>,
    pub(super) actions: Vec<String>,
    pub(super) resources: Vec<String>,
    /// Whether others allow the same, but only under conditions that this one has not.
    pub(super) only_conditions: bool,
    /// Whether there was too much to compare.
    pub(super) too_much: bool,
}

/// How many comparisons are left.
pub(super) struct Budget(Cell<u32>);

impl Default for Budget {
    fn default() -> Budget {
        Budget(Cell::new(MOST_COMPARISONS))
    }
}

impl Budget {
    /// Takes so many; false if there are not as many left.
    fn take(&self, comparisons: usize) -> bool {
        let left = u32::try_from(comparisons).ok().and_then(|some| self.0.get().checked_sub(some));
        if let Some(left) = left {
            self.0.set(left);
        }
        left.is_some()
    }
}

impl Statement {
    /// The statements that an entry of `Statement` may be: one for each effect that it may have.
    pub(super) fn of(map: &Map, when: &When, symbols: &Symbols<'_>) -> Vec<Statement> {
        let Some(effect) = map.get("Effect") else { return Vec::new() };
        let conditions = Conditions::of(map.get("Condition"), symbols);
        let effects = symbols.branches(effect, when).into_iter();
        let statement = |(when, effect): (When, &Node)| Statement {
            // An effect that is not known may be either; the dangerous one is taken.
            allow: effect.as_str() != Some("Deny"),
            when,
            principals: Side::of(Part::Principal, map, symbols),
            actions: Side::of(Part::Action, map, symbols),
            resources: Side::of(Part::Resource, map, symbols),
            conditions: conditions.clone(),
        };
        effects.map(statement).collect()
    }

    /// What this statement says that none of `others` does; `None` if they say it all.
    pub(super) fn beyond(&self, others: &[Statement], budget: &Budget) -> Option<Beyond> {
        let others: Vec<&Statement> = others.iter().filter(|other| other.allow == self.allow).collect();
        if others.contains(&self) {
            return None;
        }
        let triples = self.principals.len() * self.actions.len() * self.resources.len();
        if !budget.take(triples.saturating_mul(others.len().max(1))) {
            return Some(Beyond { too_much: true, ..Beyond::default() });
        }
        let mut beyond = Beyond { only_conditions: true, ..Beyond::default() };
        let (mut principals, mut actions, mut resources) =
            (Seen::default(), Seen::default(), Seen::default());
        for principal in self.principals.atoms() {
            for action in self.actions.atoms() {
                for resource in self.resources.atoms() {
                    let triple = [principal, action, resource];
                    if others.iter().any(|other| other.covers(self, triple, true)) {
                        continue;
                    }
                    beyond.only_conditions &= others.iter().any(|other| other.covers(self, triple, false));
                    principals.add(principal);
                    actions.add(action);
                    resources.add(resource);
                }
            }
        }
        (beyond.principals, beyond.actions, beyond.resources) =
            (principals.names, actions.names, resources.names);
        (!beyond.actions.is_empty()).then_some(beyond)
    }

    /// Whether this statement says what the triple of `other` says; with `strictly` also wherever and under whatever
    /// conditions the other does.
    fn covers(&self, other: &Statement, triple: [Atom<'_>; 3], strictly: bool) -> bool {
        let [principal, action, resource] = triple;
        let when = strictly.then(|| {
            let mut when = other.when.clone();
            when.extend(triple.iter().flat_map(Atom::when));
            when
        });
        let holds = when.as_ref().is_none_or(|when| self.when.is_subset(when));
        holds
            && (!strictly || self.conditions.weaker(&other.conditions))
            && self.actions.covers(action, when.as_ref())
            && self.resources.covers(resource, when.as_ref())
            && self.principals.covers(principal, when.as_ref())
    }

    /// Whether it is for everybody, or for everything of a service on everything.
    pub(super) fn is_wide(&self, of_resource: bool) -> bool {
        let everybody = self.principals.is_wide() && self.conditions.0.is_empty();
        if of_resource { everybody } else { self.actions.has_whole_service() && self.resources.is_wide() }
    }
}

/// Names in the order in which they are seen first.
#[derive(Default)]
struct Seen {
    known: BTreeSet<String>,
    names: Vec<String>,
}

impl Seen {
    fn add(&mut self, atom: Atom<'_>) {
        let name = atom.shown();
        if self.known.insert(name.clone()) {
            self.names.push(name);
        }
    }
}

impl Conditions {
    fn of(node: Option<&Node>, symbols: &Symbols<'_>) -> Conditions {
        let mut conditions = Conditions::default();
        let always = When::new();
        let branches = node.map(|node| symbols.branches(node, &always)).unwrap_or_default();
        // One that is there only sometimes is no condition to rely on: it is compared as it is written.
        let sometimes = branches.iter().any(|(when, _)| !when.is_empty());
        match branches.as_slice() {
            [] => {}
            [(_, Node::Map(operators))] if !sometimes => {
                for (operator, keys) in operators {
                    let Node::Map(keys) = keys else {
                        conditions.add(operator, "", symbols.text(keys));
                        continue;
                    };
                    for (key, values) in keys {
                        for (_, value) in symbols.texts(Some(values), &always) {
                            conditions.add(operator, key, value);
                        }
                    }
                }
            }
            _ => conditions.add("", "", node.map(|node| symbols.text(node)).unwrap_or_default()),
        }
        conditions
    }

    /// A condition that one value of a key is this.
    pub(super) fn add(&mut self, operator: &str, key: &str, value: String) {
        let operator = operator.to_ascii_lowercase();
        self.0.entry((operator, key.to_ascii_lowercase())).or_default().insert(value);
    }

    /// Whether these conditions are met wherever the others are.
    fn weaker(&self, others: &Conditions) -> bool {
        self.0.iter().all(|((operator, key), values)| {
            let other = others.0.get(&(operator.clone(), key.clone()));
            other.is_some_and(|other| match operator.as_str() {
                // One of the values is enough: fewer are stricter.
                "stringequals"
                | "stringequalsignorecase"
                | "stringlike"
                | "arnequals"
                | "arnlike"
                | "ipaddress" => other.is_subset(values),
                // None of the values may be met: more are stricter.
                "stringnotequals"
                | "stringnotequalsignorecase"
                | "stringnotlike"
                | "arnnotequals"
                | "arnnotlike"
                | "notipaddress" => values.is_subset(other),
                _ => other == values,
            })
        })
    }
}
