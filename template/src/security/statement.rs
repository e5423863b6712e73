//! Statements of policies, and whether one allows what others do not.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::{IndexMap, IndexSet};

use super::budget::Budget;
use super::partly::{Beyond, Lost, Others, Rest};
use super::sides::{Atom, Part, Side};
use super::symbol::{Symbols, When};
use crate::node::{Map, Node};

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Conditions(pub(super) BTreeMap<(String, String), BTreeSet<String>>);

/// Statements of one effect, such that those that may say what another says are found without a look at each.
#[derive(Default)]
pub(super) struct Statements<'s> {
    equal: IndexSet<&'s Statement>,
    all: Vec<&'s Statement>,
    by_action: Places<'s>,
    by_resource: Places<'s>,
}

/// Which statements name a text, and which may cover it without naming it.
#[derive(Default)]
struct Places<'s> {
    naming: IndexMap<&'s str, Vec<usize>>,
    open: Vec<usize>,
}

/// Whether statements say what a triple of another does.
enum Said {
    Yes,
    /// Only under conditions that the other has not.
    Conditionally,
    No,
    /// There is too much to compare.
    Unclear,
}

impl<'s> Statements<'s> {
    /// Those of `all` that allow, or those that deny.
    pub(super) fn of(all: &'s [Statement], allow: bool) -> Statements<'s> {
        let mut statements = Statements::default();
        for (at, statement) in all.iter().filter(|statement| statement.allow == allow).enumerate() {
            statements.equal.insert(statement);
            statements.all.push(statement);
            statements.by_action.add(at, &statement.actions);
            statements.by_resource.add(at, &statement.resources);
        }
        statements
    }

    /// Whether they say what the triple of `other` says.
    fn say(&self, other: &Statement, triple: [Atom<'_>; 3], budget: &Budget) -> Said {
        let [_, action, resource] = triple;
        let (actions, resources) = (self.by_action.may(action), self.by_resource.may(resource));
        let fewer = |places: &[&[usize]; 2]| places.iter().map(|some| some.len()).sum::<usize>();
        let may = if fewer(&actions) <= fewer(&resources) { actions } else { resources };
        let mut when = other.when.clone();
        when.extend(triple.iter().flat_map(Atom::when).cloned());
        let mut said = Said::No;
        if !budget.take(1) {
            return Said::Unclear;
        }
        for at in may.into_iter().flatten() {
            let statement = self.all[*at];
            if !budget.take(statement.cost(triple)) {
                return Said::Unclear;
            }
            if !statement.covers(triple, None) {
                continue;
            }
            said = Said::Conditionally;
            let holds = statement.when.is_subset(&when) && statement.conditions.weaker(&other.conditions);
            if holds && statement.covers(triple, Some(&when)) {
                return Said::Yes;
            }
        }
        said
    }

    /// What they say of a triple of `other`, of which none says all; `None` if there is too much to compare.
    fn rests(&self, other: &Statement, triple: [Atom<'_>; 3], budget: &Budget) -> Option<Vec<Rest>> {
        let mut when = other.when.clone();
        when.extend(triple.iter().flat_map(Atom::when).cloned());
        let mut rests = IndexSet::new();
        for statement in &self.all {
            if !budget.take(statement.cost_of_rest(triple)) {
                return None;
            }
            rests.extend(statement.rest(other, triple, &when));
        }
        Some(rests.into_iter().collect())
    }
}

impl<'s> Places<'s> {
    fn add(&mut self, at: usize, side: &'s Side) {
        if side.is_open() {
            // It is looked at anyway.
            self.open.push(at);
            return;
        }
        for text in side.texts() {
            self.naming.entry(text).or_default().push(at);
        }
    }

    /// The statements that may say something of an atom.
    fn may(&self, atom: Atom<'_>) -> [&[usize]; 2] {
        let naming = match atom {
            Atom::One { text, .. } => self.naming.get(text),
            // Only what is open says something of everything.
            Atom::AllBut(_) => None,
        };
        [naming.map(Vec::as_slice).unwrap_or_default(), &self.open]
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

    /// What this statement says that none of `others` does. With `parts`, what others say of a part of it is told apart.
    pub(super) fn beyond(&self, others: &Statements<'_>, parts: bool, budget: &Budget) -> Vec<Beyond> {
        if others.equal.contains(self) {
            return Vec::new();
        }
        let sides = [self.principals.atoms(), self.actions.atoms(), self.resources.atoms()];
        if others.all.is_empty() {
            // All that it says, without a look at how many triples that is.
            let says = sides.iter().all(|side| !side.is_empty());
            return says.then(|| Beyond::all(&sides)).into_iter().collect();
        }
        let [principals, actions, resources] = &sides;
        let mut lost = Lost::default();
        for (first, principal) in principals.iter().enumerate() {
            for (second, action) in actions.iter().enumerate() {
                for (third, resource) in resources.iter().enumerate() {
                    let (place, triple) = ([first, second, third], [*principal, *action, *resource]);
                    match others.say(self, triple, budget) {
                        Said::Yes => {}
                        Said::Conditionally => lost.conditionally(place),
                        Said::No if !parts => lost.nothing(place),
                        Said::No => match others.rests(self, triple, budget) {
                            Some(rests) if rests.is_empty() => lost.nothing(place),
                            Some(rests) => lost.partly(place, rests),
                            None => return vec![Beyond::unclear()],
                        },
                        Said::Unclear => return vec![Beyond::unclear()],
                    }
                }
            }
        }
        lost.groups(&sides)
    }

    /// How many steps it takes to compare it with a triple, about.
    fn cost(&self, [principal, action, resource]: [Atom<'_>; 3]) -> usize {
        let conditions: usize = self.conditions.0.values().map(BTreeSet::len).sum();
        let sides = self.principals.cost(principal) + self.actions.cost(action);
        sides + self.resources.cost(resource) + conditions
    }

    /// How many steps it takes to tell what it says of a triple, about.
    fn cost_of_rest(&self, [principal, action, resource]: [Atom<'_>; 3]) -> usize {
        let sides = self.principals.cost_of_common(principal) + self.actions.cost_of_common(action);
        sides + self.resources.cost_of_common(resource) + self.conditions.0.len()
    }

    /// Whether this statement names all that the triple does, wherever `when` holds if that is given.
    fn covers(&self, [principal, action, resource]: [Atom<'_>; 3], when: Option<&When>) -> bool {
        self.actions.covers(action, when)
            && self.resources.covers(resource, when)
            && self.principals.covers(principal, when)
    }

    /// Whether it is for everybody, or for everything of a service on everything.
    pub(super) fn is_wide(&self, of_resource: bool) -> bool {
        let everybody = self.principals.is_wide() && self.conditions.0.is_empty();
        if of_resource { everybody } else { self.actions.has_whole_service() && self.resources.is_wide() }
    }
}

impl Beyond {
    fn all(sides: &[Vec<Atom<'_>>; 3]) -> Beyond {
        let [principals, actions, resources] = sides.each_ref().map(|side| {
            let names: IndexSet<String> = side.iter().map(Atom::shown).collect();
            names.into_iter().collect()
        });
        Beyond { principals, actions, resources, others: Others::Nothing }
    }

    fn unclear() -> Beyond {
        let none = Vec::new;
        Beyond { principals: none(), actions: none(), resources: none(), others: Others::Unclear }
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
    pub(super) fn weaker(&self, others: &Conditions) -> bool {
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
