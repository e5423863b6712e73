//! Properties that go together, and alternatives of which one must hold.

use crate::check::properties::{Within, is_absent};
use crate::check::{Checker, Code};
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
    pub(super) fn together(&mut self, path: &Path, map: &Map, rule: &PropertyRule) {
        let is = |key: &str, expected: Given| given(map, key) == expected;
        let listed = |keys: &[&str]| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        match rule {
            PropertyRule::ExactlyOne(keys) | PropertyRule::AtLeastOne(keys)
                if keys.iter().all(|key| is(key, Given::No)) =>
            {
                self.find(Code::Together, path, format!("one of {} must be given", listed(keys)), None);
            }
            PropertyRule::ExactlyOne(keys) => {
                let there: Vec<_> = keys.iter().copied().filter(|key| is(key, Given::Yes)).collect();
                if there.len() > 1 {
                    self.find(
                        Code::Together,
                        path,
                        format!("only one of {} can be given", listed(&there)),
                        None,
                    );
                }
            }
            PropertyRule::Requires(key, others) if is(key, Given::Yes) => {
                for other in others.iter().filter(|other| is(other, Given::No)) {
                    self.find(
                        Code::Together,
                        path,
                        format!("with `{key}` the property `{other}` must be given too"),
                        None,
                    );
                }
            }
            PropertyRule::Excludes(key, others) if is(key, Given::Yes) => {
                for other in others.iter().filter(|other| is(other, Given::Yes)) {
                    self.find(
                        Code::Together,
                        &path.key(other),
                        format!("`{other}` cannot be given together with `{key}`"),
                        None,
                    );
                }
            }
            _ => {}
        }
    }

    /// The alternatives at a place. It is a mistake if none holds; then the one that is nearest tells why.
    pub(super) fn choices(&mut self, path: &mut Path, node: &Node, place: Place<'static>, within: Within) {
        for (rule, alternatives) in place.choices() {
            let start = self.findings.len();
            let mut nearest: Option<Vec<_>> = None;
            let mut failed = 0;
            for alternative in &alternatives {
                self.value(path, node, *alternative, within);
                let found = self.findings.split_off(start);
                if found.is_empty() {
                    continue;
                }
                failed += 1;
                if rule == ChoiceRule::AllOf {
                    nearest.get_or_insert_default().extend(found);
                } else if nearest.as_ref().is_none_or(|nearest| found.len() < nearest.len()) {
                    nearest = Some(found);
                }
            }
            if rule == ChoiceRule::AllOf || failed == alternatives.len() {
                self.findings.extend(nearest.into_iter().flatten());
            }
        }
    }
}
