//! A rule with the function that looks for it.

use std::collections::BTreeMap;

use crate::check::{Finding, Rule};
use crate::model::{Item, Model, Value};
use crate::path::Path;

/// A rule that one function checks over the whole template.
///
/// An app's own rules are made of the same: see `docs/guide.md`.
#[derive(Debug, Clone, Copy)]
pub struct Lint {
    /// What is looked for.
    pub rule: &'static Rule,
    /// Looks through the template and reports every mistake of this kind.
    pub check: fn(&Model<'_>, &mut Findings),
}

/// Where the mistakes against one rule are collected.
#[derive(Debug)]
pub struct Findings {
    rule: &'static Rule,
    found: Vec<Finding>,
    /// The places in `found` of what was reported at a path.
    at: BTreeMap<Path, Vec<usize>>,
}

impl Lint {
    /// Every mistake of this kind, each once.
    pub fn findings(&self, model: &Model<'_>) -> Vec<Finding> {
        let mut findings = Findings { rule: self.rule, found: Vec::new(), at: BTreeMap::new() };
        (self.check)(model, &mut findings);
        findings.found
    }
}

impl Findings {
    /// Reports a mistake; what to do is [said after](Finding::hint). The same mistake at the same place, seen under
    /// another condition, is one.
    pub fn at(&mut self, place: &impl Located, message: impl Into<String>) -> &mut Finding {
        let (path, message) = (place.path(), message.into());
        let known = self.at.entry(path.clone()).or_default();
        let same = known.iter().copied().find(|at| self.found[*at].message == message);
        let at = same.unwrap_or_else(|| {
            self.found.push(Finding::new(self.rule, &path, message));
            known.push(self.found.len() - 1);
            self.found.len() - 1
        });
        &mut self.found[at]
    }

    /// Whether something is reported at this place already.
    pub fn has(&self, place: &impl Located) -> bool {
        self.at.contains_key(&place.path())
    }
}

/// Something with a place in the template.
pub trait Located {
    /// The place.
    fn path(&self) -> Path;
}

impl Located for Path {
    fn path(&self) -> Path {
        self.clone()
    }
}

/// The resource itself.
impl Located for Item<'_> {
    fn path(&self) -> Path {
        Item::path(*self)
    }
}

/// Where the value stands, or where it would stand if it is absent.
impl Located for Value<'_> {
    fn path(&self) -> Path {
        Value::path(self)
    }
}
