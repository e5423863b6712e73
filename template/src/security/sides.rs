//! One side of a statement: its principals, its actions or its resources, or all but some.

use std::collections::{BTreeMap, BTreeSet};

use super::partly::{exclude, meet};
use super::symbol::{Symbols, When, is_known, shown};
use crate::facts::iam_covers;
use crate::node::{Map, Node};

/// What a side is made of, which decides how its items compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Principal,
    Action,
    Resource,
}

/// One side of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Side {
    part: Part,
    /// Whether it is everything but the items.
    all_but: bool,
    /// By the text that is compared: under what conditions it is there, and how it is written.
    items: BTreeMap<String, BTreeSet<(When, String)>>,
    /// The items with a wildcard.
    patterns: Vec<String>,
    /// Under how many conditions these are there, and how long they are, together.
    branches: usize,
    length: usize,
}

/// One of the things that a side names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Atom<'s> {
    One { when: &'s When, text: &'s str, written: &'s str },
    AllBut(&'s Side),
}

impl Side {
    /// The side `key`, or `Not` and `key`, of a statement. One that is missing is everything: the principal of an
    /// identity's policy is the identity, the resource of a trust policy is the role.
    pub(super) fn of(part: Part, statement: &Map, symbols: &Symbols<'_>) -> Side {
        let key = match part {
            Part::Principal => "Principal",
            Part::Action => "Action",
            Part::Resource => "Resource",
        };
        let all_but = statement.get(&format!("Not{key}"));
        let node = all_but.or_else(|| statement.get(key));
        let always = When::new();
        let items = match (part, node) {
            (_, None) => return Side::all(part),
            (Part::Principal, Some(node)) => principals(node, symbols),
            (_, node) => symbols.texts(node, &always),
        };
        Side::new(part, all_but.is_some(), items)
    }

    fn new(part: Part, all_but: bool, written: Vec<(When, String)>) -> Side {
        let mut items: BTreeMap<String, BTreeSet<(When, String)>> = BTreeMap::new();
        for (when, written) in written {
            // Case does not matter to an action.
            let text = if part == Part::Action { written.to_ascii_lowercase() } else { written.clone() };
            items.entry(text).or_default().insert((when, written));
        }
        // No principal has a wildcard but everybody.
        let wildcards = items.keys().filter(|text| part != Part::Principal && text.contains(['*', '?']));
        let patterns: Vec<String> = wildcards.cloned().collect();
        let branches = patterns.iter().map(|text| items[text].len()).sum();
        let length = patterns.iter().map(String::len).sum();
        Side { part, all_but, items, patterns, branches, length }
    }

    /// Everything of a part.
    pub(super) fn all(part: Part) -> Side {
        let all = if part == Part::Principal { EVERYBODY } else { "*" };
        Side::one(part, all.to_owned())
    }

    /// A side with one item.
    pub(super) fn one(part: Part, item: String) -> Side {
        Side::new(part, false, vec![(When::new(), item)])
    }

    /// What it names, one by one.
    pub(super) fn atoms(&self) -> Vec<Atom<'_>> {
        if self.all_but {
            return vec![Atom::AllBut(self)];
        }
        let all = self.items.iter();
        all.flat_map(|(text, many)| many.iter().map(move |(when, written)| Atom::One { when, text, written }))
            .collect()
    }

    /// The texts that it names, as they are compared.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.items.keys().map(String::as_str)
    }

    /// Whether it may cover more than the texts that it names.
    pub(super) fn is_open(&self) -> bool {
        self.all_but || !self.patterns.is_empty() || self.items.contains_key(EVERYBODY)
    }

    /// How many steps it takes to tell whether the side names an atom, about.
    pub(super) fn cost(&self, atom: Atom<'_>) -> usize {
        match (self.all_but, atom) {
            (false, Atom::One { text, .. }) => self.tries(text),
            (false, Atom::AllBut(_)) => 1,
            (true, Atom::One { text, .. }) => self.items.len() + self.tries(text),
            (true, Atom::AllBut(other)) => self.items.keys().map(|text| other.tries(text)).sum(),
        }
    }

    /// How many steps it takes to look for a text.
    fn tries(&self, text: &str) -> usize {
        // A pattern may be tried at each place of a text.
        const AT_ONCE: usize = 1024;
        let named = self.items.get(text).map_or(1, BTreeSet::len);
        named + self.branches + self.length.saturating_mul(text.len()) / AT_ONCE
    }

    /// Whether the side names all that the atom does wherever `when` holds; `when` is left out to ask what would be
    /// if every condition of the template held.
    pub(super) fn covers(&self, atom: Atom<'_>, when: Option<&When>) -> bool {
        let holds = |own: &When| when.is_none_or(|when| own.is_subset(when));
        match (self.all_but, atom) {
            (false, Atom::One { text, .. }) => self.names(text, holds),
            (false, Atom::AllBut(_)) => {
                let all = if self.part == Part::Principal { EVERYBODY } else { "*" };
                self.has(all, holds)
            }
            (true, Atom::One { text, .. }) => {
                let certain = is_known(text) && !text.contains(['*', '?']);
                certain && self.items.keys().all(|item| is_known(item)) && !self.names(text, |_| true)
            }
            (true, Atom::AllBut(other)) => self.items.keys().all(|item| other.names(item, When::is_empty)),
        }
    }

    /// The names of what both the side and the atom name, or may; of two the narrower one.
    pub(super) fn common(&self, atom: Atom<'_>, when: &When) -> Vec<String> {
        let possible = |many: &BTreeSet<(When, String)>| {
            many.iter().find(|(own, _)| !exclude(own, when)).map(|(_, written)| written.clone())
        };
        let named = |text: &String, written: &String| Atom::One { when, text, written }.shown();
        match (self.all_but, atom) {
            _ if self.covers(atom, None) => vec![atom.shown()],
            (false, Atom::One { text, .. }) => {
                let met = self.items.iter().filter(|(item, _)| self.meets(item, text));
                met.filter_map(|(item, many)| Some(named(item, &possible(many)?))).collect()
            }
            (false, Atom::AllBut(other)) => {
                let met = self.items.iter().filter(|(item, _)| !other.names(item, |_| true));
                met.filter_map(|(item, many)| Some(named(item, &possible(many)?))).collect()
            }
            (true, Atom::One { text, .. }) if self.names(text, |_| true) => Vec::new(),
            (true, _) => vec![Atom::AllBut(self).shown()],
        }
    }

    /// Whether two items may mean the same thing.
    fn meets(&self, item: &str, text: &str) -> bool {
        match self.part {
            Part::Principal => {
                let covers = |wide: &str, narrow: &str| wide == EVERYBODY && narrow.starts_with("AWS:");
                item == text || covers(item, text) || covers(text, item)
            }
            _ => meet(item, text),
        }
    }

    /// How many steps it takes to tell what it has in common with an atom, about.
    pub(super) fn cost_of_common(&self, atom: Atom<'_>) -> usize {
        let tries =
            |text: &str| self.items.keys().map(|item| 1 + item.len() * text.len() / 64).sum::<usize>();
        match atom {
            Atom::One { text, .. } => self.cost(atom) + tries(text),
            Atom::AllBut(other) => {
                self.cost(atom) + other.items.keys().map(|text| tries(text)).sum::<usize>()
            }
        }
    }

    /// Whether one of the items is or covers the text, under conditions that suit.
    fn names(&self, text: &str, suits: impl Fn(&When) -> bool) -> bool {
        self.has(text, &suits)
            // A service is no part of everybody.
            || (self.part == Part::Principal && text.starts_with("AWS:") && self.has(EVERYBODY, &suits))
            || self.patterns.iter().any(|pattern| iam_covers(pattern, text) && self.has(pattern, &suits))
    }

    fn has(&self, text: &str, suits: impl Fn(&When) -> bool) -> bool {
        self.items.get(text).is_some_and(|many| many.iter().any(|(when, _)| suits(when)))
    }

    /// Whether everybody or everything of a service is among it.
    pub(super) fn is_wide(&self) -> bool {
        self.all_but || self.items.contains_key("*") || self.items.contains_key(EVERYBODY)
    }

    /// Whether all of a service is among it.
    pub(super) fn has_whole_service(&self) -> bool {
        self.is_wide() || self.items.keys().any(|item| item.ends_with(":*"))
    }
}

/// `*` and `AWS: *`, which are [the same][aws].
///
/// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
const EVERYBODY: &str = "AWS:*";

/// The principals of a statement, each with its kind in front.
fn principals(node: &Node, symbols: &Symbols<'_>) -> Vec<(When, String)> {
    let mut all = Vec::new();
    for (when, principal) in symbols.branches(node, &When::new()) {
        let Node::Map(kinds) = principal else {
            let text = symbols.text(principal);
            all.push((when, if text == "*" { EVERYBODY.to_owned() } else { text }));
            continue;
        };
        for (kind, names) in kinds {
            for (when, name) in symbols.texts(Some(names), &when) {
                all.push((when, format!("{kind}:{}", account(kind, name))));
            }
        }
    }
    all
}

/// An account may be named by its number alone.
fn account(kind: &str, name: String) -> String {
    let number = name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit());
    if kind == "AWS" && number { format!("arn:aws:iam::{name}:root") } else { name }
}

impl Atom<'_> {
    /// What must hold for it.
    pub(super) fn when(&self) -> impl Iterator<Item = &String> {
        let when = match self {
            Atom::One { when, .. } => Some(*when),
            Atom::AllBut(_) => None,
        };
        when.into_iter().flatten()
    }

    /// For a message.
    pub(super) fn shown(&self) -> String {
        match self {
            Atom::One { text: EVERYBODY, .. } => "everybody".to_owned(),
            Atom::One { written, .. } => {
                let kinds = ["AWS:", "Service:", "Federated:", "CanonicalUser:"];
                shown(kinds.iter().find_map(|kind| written.strip_prefix(kind)).unwrap_or(written))
            }
            Atom::AllBut(side) => {
                let written = side.items.values().flatten().map(|(_, written)| shown(written));
                format!("everything but {}", written.collect::<Vec<_>>().join(", "))
            }
        }
    }
}
