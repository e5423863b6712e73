//! Properties that go together, and alternatives of which one must hold.

use crate::check::properties::is_misspelt;
use crate::check::{Checker, Finding, basics};
use crate::facts::{ChoiceRule, Place, PropertyRule};
use crate::model::World;
use crate::node::{Map, Node};
use crate::path::Path;

/// More combinations of branches than this are not looked at.
const MOST_WORLDS: usize = 64;

impl<'m> Checker<'m> {
    /// Which of `keys` are given, in every combination of branches that can occur.
    pub(super) fn given(&self, map: &'m Map, keys: &[&str], world: &World<'m>) -> Vec<Vec<bool>> {
        // Where nothing is a call, there is one combination.
        if !keys.iter().any(|key| matches!(map.get(key), Some(Node::Call(..)))) {
            let given = |key: &&str| map.get(key).is_some_and(|node| !is_empty(node));
            return vec![keys.iter().map(given).collect()];
        }
        let mut all = vec![(world.clone(), Vec::new())];
        for key in keys {
            let mut next = Vec::new();
            for (world, before) in all {
                let Some(node) = map.get(key) else {
                    next.push((world, [before, vec![false]].concat()));
                    continue;
                };
                for value in self.model.values(node, &world) {
                    let given = !value.is_absent() && !value.node().is_some_and(is_empty);
                    next.push((value.world().clone(), [before.clone(), vec![given]].concat()));
                }
            }
            if next.len() > MOST_WORLDS {
                return Vec::new();
            }
            all = next;
        }
        all.into_iter().map(|(_, given)| given).collect()
    }

    /// A rule about which properties are given together.
    pub(super) fn together(
        &mut self,
        path: &Path,
        map: &'m Map,
        rule: &PropertyRule,
        place: Place<'static>,
        world: &World<'m>,
    ) {
        let keys: Vec<&str> = match rule {
            PropertyRule::ExactlyOne(keys) | PropertyRule::AtLeastOne(keys) => keys.clone(),
            PropertyRule::Requires(key, others) | PropertyRule::Excludes(key, others) => {
                [&[*key][..], others].concat()
            }
            PropertyRule::UniqueBy(_) => return,
        };
        let start = self.findings.len();
        for given in self.given(map, &keys, world) {
            let there = || keys.iter().zip(&given).filter(|(_, given)| **given).map(|(key, _)| *key);
            let missing = || keys.iter().zip(&given).filter(|(_, given)| !**given).map(|(key, _)| *key);
            match rule {
                PropertyRule::ExactlyOne(_) | PropertyRule::AtLeastOne(_)
                    if there().next().is_none() && !keys.iter().any(|key| is_misspelt(map, key, place)) =>
                {
                    let message = format!("one of {} must be given", listed(keys.iter().copied()));
                    self.find_once(start, path, message);
                }
                PropertyRule::ExactlyOne(_) if there().nth(1).is_some() => {
                    self.find_once(start, path, format!("only one of {} can be given", listed(there())));
                }
                PropertyRule::Requires(key, _) if given[0] => {
                    for other in missing() {
                        let message = format!("with `{key}` the property `{other}` must be given too");
                        self.find_once(start, path, message);
                    }
                }
                PropertyRule::Excludes(key, _) if given[0] => {
                    for other in there().skip(1) {
                        let message = format!("`{other}` cannot be given together with `{key}`");
                        self.find_once(start, &path.key(other), message);
                    }
                }
                _ => {}
            }
        }
    }

    /// Reports it unless it was reported since `start`, for another combination of branches.
    fn find_once(&mut self, start: usize, path: &Path, message: String) {
        if self.findings[start..].iter().all(|known| known.message != message) {
            self.find(&basics::TOGETHER, path, message, None);
        }
    }

    /// The alternatives at a place, each tried with `attempt`. It is a mistake if none holds; then the one that
    /// is nearest tells why.
    pub(super) fn choices(
        &mut self,
        path: &mut Path,
        place: Place<'static>,
        attempt: &dyn Fn(&mut Self, &mut Path, Place<'static>),
    ) {
        for (rule, alternatives) in place.choices() {
            let start = self.findings.len();
            let mut failures: Vec<Vec<Finding>> = Vec::new();
            for alternative in &alternatives {
                attempt(self, path, *alternative);
                let found = self.findings.split_off(start);
                if !found.is_empty() {
                    failures.push(found);
                }
            }
            if rule == ChoiceRule::AllOf {
                self.findings.extend(failures.into_iter().flatten());
            } else if failures.len() == alternatives.len() {
                match one_of(&alternatives) {
                    Some(message) => self.find(&basics::TOGETHER, path, message, None),
                    None => {
                        self.findings.extend(failures.into_iter().min_by_key(Vec::len).unwrap_or_default());
                    }
                }
            }
        }
    }
}

/// Whether a value is an empty list, which is as good as none.
fn is_empty(node: &Node) -> bool {
    matches!(node, Node::List(items) if items.is_empty())
}

fn listed<'k>(keys: impl Iterator<Item = &'k str>) -> String {
    keys.map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

/// What to say if the alternatives only differ in which properties must be given.
fn one_of(alternatives: &[Place<'static>]) -> Option<String> {
    let keys: Option<Vec<_>> = alternatives
        .iter()
        .map(|place| {
            let schema = place.schema();
            let only_required =
                !schema.required.is_empty() && schema.properties.is_empty() && schema.rules.is_empty();
            let keys = || schema.required.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>();
            only_required.then(|| keys().join(" and "))
        })
        .collect();
    keys.map(|keys| format!("one of {} must be given", keys.join(", ")))
}
