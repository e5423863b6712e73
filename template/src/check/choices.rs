//! Properties that go together, and alternatives of which one must hold.

use crate::check::properties::{is_absent, is_misspelt};
use crate::check::{Checker, Finding, basics};
use crate::facts::{ChoiceRule, Place, PropertyRule};
use crate::node::{Function, Map, Node};
use crate::path::Path;

/// Whether a property is given: it may depend on a condition.
#[derive(Clone, Copy, PartialEq)]
enum Given {
    No,
    Perhaps,
    Yes,
}

fn given(map: &Map, key: &str) -> Given {
    match map.get(key) {
        None => Given::No,
        Some(node) if is_absent(node) => Given::No,
        Some(Node::Call(Function::If, _)) => Given::Perhaps,
        Some(_) => Given::Yes,
    }
}

impl Checker<'_> {
    /// A rule about which properties are given together.
    pub(super) fn together(&mut self, path: &Path, map: &Map, rule: &PropertyRule, place: Place<'static>) {
        let is = |key: &str, expected: Given| given(map, key) == expected;
        let listed = |keys: &[&str]| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        match rule {
            PropertyRule::ExactlyOne(keys) | PropertyRule::AtLeastOne(keys)
                if keys.iter().all(|key| is(key, Given::No)) =>
            {
                if keys.iter().any(|key| is_misspelt(map, key, place)) {
                    return;
                }
                self.find(&basics::TOGETHER, path, format!("one of {} must be given", listed(keys)), None);
            }
            PropertyRule::ExactlyOne(keys) => {
                let there: Vec<_> = keys.iter().filter(|key| is(key, Given::Yes)).copied().collect();
                if there.len() > 1 {
                    self.find(
                        &basics::TOGETHER,
                        path,
                        format!("only one of {} can be given", listed(&there)),
                        None,
                    );
                }
            }
            PropertyRule::Requires(key, others) if is(key, Given::Yes) => {
                for other in others.iter().filter(|other| is(other, Given::No)) {
                    self.find(
                        &basics::TOGETHER,
                        path,
                        format!("with `{key}` the property `{other}` must be given too"),
                        None,
                    );
                }
            }
            PropertyRule::Excludes(key, others) if is(key, Given::Yes) => {
                for other in others.iter().filter(|other| is(other, Given::Yes)) {
                    self.find(
                        &basics::TOGETHER,
                        &path.key(other),
                        format!("`{other}` cannot be given together with `{key}`"),
                        None,
                    );
                }
            }
            _ => {}
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
