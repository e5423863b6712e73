//! One side of a statement: its principals, its actions or its resources, or all but some.

use std::collections::BTreeSet;

use super::symbol::{Symbols, When, is_known, shown};
use crate::facts::iam_covers;
use crate::node::{Map, Node};

/// What a side is made of, which decides how its items compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Principal,
    Action,
    Resource,
}

/// One side of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Side {
    part: Part,
    /// Whether it is everything but the items.
    all_but: bool,
    /// With what must hold for each; sorted.
    items: BTreeSet<(When, String)>,
}

/// One of the things that a side names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Atom<'s> {
    One(&'s When, &'s str),
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
        let items: BTreeSet<(When, String)> = match (part, node) {
            (_, None) => return Side::all(part),
            (Part::Principal, Some(node)) => principals(node, symbols).into_iter().collect(),
            (_, node) => symbols.texts(node, &always).into_iter().collect(),
        };
        Side { part, all_but: all_but.is_some(), items }
    }

    /// Everything of a part.
    pub(super) fn all(part: Part) -> Side {
        let all = if part == Part::Principal { EVERYBODY } else { "*" };
        Side::one(part, all.to_owned())
    }

    /// A side with one item.
    pub(super) fn one(part: Part, item: String) -> Side {
        Side { part, all_but: false, items: BTreeSet::from([(When::new(), item)]) }
    }

    /// What it names, one by one.
    pub(super) fn atoms(&self) -> Vec<Atom<'_>> {
        if self.all_but {
            return vec![Atom::AllBut(self)];
        }
        self.items.iter().map(|(when, item)| Atom::One(when, item)).collect()
    }

    pub(super) fn len(&self) -> usize {
        if self.all_but { 1 } else { self.items.len() }
    }

    /// Whether the side names all that the atom does wherever `when` holds; `when` is left out to ask what would be
    /// if every condition of the template held.
    pub(super) fn covers(&self, atom: Atom<'_>, when: Option<&When>) -> bool {
        let holds = |own: &When| when.is_none_or(|when| own.is_subset(when));
        match (self.all_but, atom) {
            (false, Atom::One(_, wanted)) => {
                self.items.iter().any(|(own, item)| holds(own) && covers(self.part, item, wanted))
            }
            (false, Atom::AllBut(_)) => {
                let all = if self.part == Part::Principal { EVERYBODY } else { "*" };
                self.items.iter().any(|(own, item)| holds(own) && item == all)
            }
            (true, Atom::One(_, wanted)) => {
                let certain = is_known(wanted) && !wanted.contains(['*', '?']);
                let out = |item: &str| is_known(item) && !covers(self.part, item, wanted);
                certain && self.items.iter().all(|(_, item)| out(item))
            }
            (true, Atom::AllBut(other)) => {
                let left_out = |item: &str| {
                    other.items.iter().any(|(when, known)| when.is_empty() && covers(self.part, known, item))
                };
                self.items.iter().all(|(_, item)| left_out(item))
            }
        }
    }

    /// Whether everybody or everything of a service is among it.
    pub(super) fn is_wide(&self) -> bool {
        self.all_but || self.items.iter().any(|(_, item)| item == "*" || item == EVERYBODY)
    }

    /// Whether all of a service is among it.
    pub(super) fn has_whole_service(&self) -> bool {
        self.is_wide() || self.items.iter().any(|(_, item)| item.ends_with(":*"))
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

fn covers(part: Part, item: &str, wanted: &str) -> bool {
    match part {
        // No other principal has a wildcard; a service is no part of everybody.
        Part::Principal => item == wanted || (item == EVERYBODY && wanted.starts_with("AWS:")),
        // Case does not matter to an action.
        Part::Action => iam_covers(&item.to_ascii_lowercase(), &wanted.to_ascii_lowercase()),
        Part::Resource => iam_covers(item, wanted),
    }
}

impl Atom<'_> {
    /// What must hold for it.
    pub(super) fn when(&self) -> When {
        match self {
            Atom::One(when, _) => (*when).clone(),
            Atom::AllBut(_) => When::new(),
        }
    }

    /// For a message.
    pub(super) fn shown(&self) -> String {
        match self {
            Atom::One(_, EVERYBODY) => "everybody".to_owned(),
            Atom::One(_, item) => {
                let kinds = ["AWS:", "Service:", "Federated:", "CanonicalUser:"];
                shown(kinds.iter().find_map(|kind| item.strip_prefix(kind)).unwrap_or(item))
            }
            Atom::AllBut(side) => {
                let items: Vec<String> = side.items.iter().map(|(_, item)| shown(item)).collect();
                format!("everything but {}", items.join(", "))
            }
        }
    }
}
