//! What statements still say of something that none of them says as a whole.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::{IndexMap, IndexSet};

use super::sides::Atom;
use super::statement::Statement;
use super::symbol::{When, opposite};

/// What a statement says beyond what others do: each of the actions for each of the principals on each of the
/// resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Beyond {
    pub(super) principals: Vec<String>,
    pub(super) actions: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) others: Others,
}

/// What others say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Others {
    Nothing,
    /// The same, but only under conditions that this one has not.
    Conditionally,
    /// Only a part of it.
    Partly(Vec<Rest>),
    /// There is too much to compare.
    Unclear,
}

/// A part that others still say.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Rest {
    pub(super) principals: Vec<String>,
    pub(super) actions: Vec<String>,
    pub(super) resources: Vec<String>,
    /// Whether only under a condition.
    pub(super) conditional: bool,
}

/// The triples of a statement that others do not say, by what others say of them.
#[derive(Default)]
pub(super) struct Lost {
    /// The resources of each pair of a principal and an action, by their places.
    nothing: BTreeMap<[usize; 2], Vec<usize>>,
    conditionally: BTreeMap<[usize; 2], Vec<usize>>,
    partly: BTreeMap<[usize; 2], Vec<usize>>,
    rests: BTreeMap<[usize; 3], Vec<Rest>>,
}

impl Lost {
    pub(super) fn nothing(&mut self, [principal, action, resource]: [usize; 3]) {
        self.nothing.entry([principal, action]).or_default().push(resource);
    }

    pub(super) fn conditionally(&mut self, [principal, action, resource]: [usize; 3]) {
        self.conditionally.entry([principal, action]).or_default().push(resource);
    }

    pub(super) fn partly(&mut self, place: [usize; 3], rests: Vec<Rest>) {
        let [principal, action, resource] = place;
        self.partly.entry([principal, action]).or_default().push(resource);
        self.rests.insert(place, rests);
    }

    /// As few groups as hold nothing else: a sentence that names them is true of each of them.
    pub(super) fn groups(&self, sides: &[Vec<Atom<'_>>; 3]) -> Vec<Beyond> {
        let mut all = Vec::new();
        for (kind, lost) in [&self.nothing, &self.conditionally, &self.partly].into_iter().enumerate() {
            for places in whole(lost) {
                let others = match kind {
                    0 => Others::Nothing,
                    1 => Others::Conditionally,
                    _ => Others::Partly(self.rests_of(&places)),
                };
                let names = |side: usize| -> Vec<String> {
                    let names = places[side].iter().map(|at| sides[side][*at].shown());
                    names.collect::<IndexSet<String>>().into_iter().collect()
                };
                all.push(Beyond { principals: names(0), actions: names(1), resources: names(2), others });
            }
        }
        all
    }

    fn rests_of(&self, [principals, actions, resources]: &[Vec<usize>; 3]) -> Vec<Rest> {
        let mut actions_of: IndexMap<(Vec<String>, Vec<String>, bool), IndexSet<String>> = IndexMap::new();
        for principal in principals {
            for action in actions {
                for resource in resources {
                    for rest in self.rests.get(&[*principal, *action, *resource]).into_iter().flatten() {
                        let key = (rest.principals.clone(), rest.resources.clone(), rest.conditional);
                        actions_of.entry(key).or_default().extend(rest.actions.iter().cloned());
                    }
                }
            }
        }
        let rest = |((principals, resources, conditional), actions): (_, IndexSet<String>)| Rest {
            principals,
            actions: actions.into_iter().collect(),
            resources,
            conditional,
        };
        actions_of.into_iter().map(rest).collect()
    }
}

/// Groups of principals, actions and resources in which every combination is one of `lost`.
fn whole(lost: &BTreeMap<[usize; 2], Vec<usize>>) -> Vec<[Vec<usize>; 3]> {
    let mut by_resources: IndexMap<&Vec<usize>, BTreeMap<usize, Vec<usize>>> = IndexMap::new();
    for ([principal, action], resources) in lost {
        by_resources.entry(resources).or_default().entry(*principal).or_default().push(*action);
    }
    let mut groups = Vec::new();
    for (resources, by_principal) in by_resources {
        let mut by_actions: IndexMap<Vec<usize>, Vec<usize>> = IndexMap::new();
        for (principal, actions) in by_principal {
            by_actions.entry(actions).or_default().push(principal);
        }
        let group =
            |(actions, principals): (Vec<usize>, Vec<usize>)| [principals, actions, resources.clone()];
        groups.extend(by_actions.into_iter().map(group));
    }
    groups
}

impl Statement {
    /// What this statement says of a triple of `other`, of which it does not say all.
    pub(super) fn rest(&self, other: &Statement, triple: [Atom<'_>; 3], when: &When) -> Option<Rest> {
        if exclude(&self.when, when) {
            return None;
        }
        let [principal, action, resource] = triple;
        let rest = Rest {
            principals: self.principals.common(principal, when),
            actions: self.actions.common(action, when),
            resources: self.resources.common(resource, when),
            conditional: !self.when.is_subset(when) || !self.conditions.weaker(&other.conditions),
        };
        let any = [&rest.principals, &rest.actions, &rest.resources].iter().all(|names| !names.is_empty());
        any.then_some(rest)
    }
}

/// Whether two things are never there together: a condition of one is the opposite of one of the other.
pub(super) fn exclude(own: &When, other: &When) -> bool {
    own.iter().any(|name| other.contains(&opposite(name)))
}

/// Whether a text can fit both patterns, in which `*` stands for any characters and `?` for one.
pub(super) fn meet(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    // The places of the other pattern that can be reached with what was read of the first.
    let mut open: BTreeSet<usize> = skipped(other, BTreeSet::from([0]));
    for byte in one {
        let next: BTreeSet<usize> = if *byte == b'*' {
            let Some(first) = open.first() else { return false };
            (*first..=other.len()).collect()
        } else {
            let fits = |at: &usize| match other.get(*at) {
                Some(b'*') => Some(*at),
                Some(b'?') => Some(at + 1),
                Some(found) if *byte == b'?' || byte == found => Some(at + 1),
                _ => None,
            };
            open.iter().filter_map(fits).collect()
        };
        open = skipped(other, next);
    }
    open.contains(&other.len())
}

/// The places, and those behind each `*` there, which may stand for nothing.
fn skipped(pattern: &[u8], mut places: BTreeSet<usize>) -> BTreeSet<usize> {
    let mut open: Vec<usize> = places.iter().copied().collect();
    while let Some(at) = open.pop() {
        if pattern.get(at) == Some(&b'*') && places.insert(at + 1) {
            open.push(at + 1);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::meet;

    #[test]
    fn patterns_meet_where_a_text_fits_both() {
        for (one, other) in [
            ("s3:Get*", "s3:GetObject"),
            ("s3:Get*", "s3:*Object"),
            ("*", ""),
            ("a*", "*b"),
            ("a?c", "ab?"),
            ("a*c", "a?*"),
            ("**", "x"),
        ] {
            assert!(meet(one, other) && meet(other, one), "{one} {other}");
        }
        for (one, other) in [("s3:Get*", "s3:Put*"), ("a", "b"), ("a?", "a"), ("a*b", "a*c"), ("", "?")] {
            assert!(!meet(one, other) && !meet(other, one), "{one} {other}");
        }
    }
}
