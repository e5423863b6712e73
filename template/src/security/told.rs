//! What the policies of one template allow and those of another do not, in sentences.

use std::collections::BTreeSet;

use indexmap::{IndexMap, IndexSet};

use super::budget::Budget;
use super::grants::{Gathered, Grants};
use super::statement::{Beyond, Statement, Statements};
use super::symbol::{When, shown, target};
use super::{SecurityChange, SecurityKind, Tense, listed};

/// What the policies of the second template allow and those of the first do not.
pub(super) fn broadening(old: &Gathered<'_>, new: &Gathered<'_>, tense: Tense) -> Vec<SecurityChange> {
    let (before, after) = (old.symbols, new.symbols);
    let budget = Budget::default();
    let mut changes = Vec::new();
    for (key, grants) in &new.all {
        let known = old.all.get(key);
        if grants.implied && known.is_none() {
            continue;
        }
        let none = Grants::default();
        let told = Told { kind: key.0, subject: shown(&key.1), id: &grants.id, tense };
        told.more(known.unwrap_or(&none), grants, &budget, &mut changes);
        if let Some(known) = known {
            told.boundary(known, grants, &mut changes);
        }
    }
    for (key, grants) in &old.all {
        // What is gone needs nobody to keep others out.
        let gone =
            target(&key.1, before.template).is_some_and(|id| !after.template.resources.contains_key(id));
        if gone {
            continue;
        }
        let left: &[Statement] =
            new.all.get(key).map(|grants| grants.statements.as_slice()).unwrap_or_default();
        let left = Statements::of(left, false);
        let told = Told { kind: key.0, subject: shown(&key.1), id: &grants.id, tense };
        if !new.all.contains_key(key) && !grants.uncounted.is_empty() {
            changes.push(told.too_large());
        }
        for statement in grants.statements.iter().filter(|statement| !statement.allow) {
            let lost = statement.beyond(&left, &budget);
            changes.extend(lost.map(|lost| told.no_longer_denied(statement, &lost)));
        }
    }
    changes
}

/// How changes of one thing are told.
struct Told<'a> {
    kind: SecurityKind,
    subject: String,
    id: &'a str,
    tense: Tense,
}

impl Told<'_> {
    fn change(&self, what: String, wide: bool, judged: bool) -> SecurityChange {
        SecurityChange { id: self.id.to_owned(), kind: self.kind, what, wide, judged }
    }

    fn too_large(&self) -> SecurityChange {
        let what = format!("the policies of `{}` change, and are too large to be compared", self.subject);
        self.change(what, false, false)
    }

    fn more(&self, old: &Grants, new: &Grants, budget: &Budget, changes: &mut Vec<SecurityChange>) {
        let known = Statements::of(&old.statements, true);
        for statement in new.statements.iter().filter(|statement| statement.allow) {
            let beyond = statement.beyond(&known, budget);
            changes.extend(beyond.map(|beyond| self.allowed(statement, &beyond)));
        }
        if new.uncounted != old.uncounted {
            changes.push(self.too_large());
        }
        self.attached(old, new, budget, changes);
        let known: IndexSet<&String> = old.unknown.iter().collect();
        if new.unknown.iter().any(|text| !known.contains(text)) {
            let what = format!("a policy of `{}` changes, and only AWS knows what it says", self.subject);
            changes.push(self.change(what, false, false));
        }
    }

    fn attached(&self, old: &Grants, new: &Grants, budget: &Budget, changes: &mut Vec<SecurityChange>) {
        let mut known: IndexMap<&str, BTreeSet<&When>> = IndexMap::new();
        for (when, arn) in &old.attached {
            known.entry(arn).or_default().insert(when);
        }
        for (when, arn) in &new.attached {
            let before = known.get(arn.as_str());
            if before.is_some_and(|before| before.contains(when)) {
                continue;
            }
            if !budget.take(before.map_or(0, BTreeSet::len)) {
                changes.push(self.too_large());
            } else if !before.is_some_and(|before| before.iter().any(|known| known.is_subset(when))) {
                let name = shown(arn);
                let has = self.tense.say("now has", "no longer has");
                let what = format!("`{}` {has} the policy or group `{name}`", self.subject);
                changes.push(self.change(what, is_wide_policy(arn), true));
            }
        }
    }

    fn boundary(&self, old: &Grants, new: &Grants, changes: &mut Vec<SecurityChange>) {
        let subject = &self.subject;
        match (&old.boundary, &new.boundary) {
            (Some(_), None) => {
                let is = self.tense.say("is no longer", "is now");
                let what = format!("`{subject}` {is} held back by a permissions boundary");
                changes.push(self.change(what, true, true));
            }
            (Some(before), Some(after)) if before != after => {
                let what = format!("the permissions boundary of `{subject}` becomes `{}`", shown(after));
                changes.push(self.change(what, false, false));
            }
            _ => {}
        }
    }

    fn allowed(&self, statement: &Statement, beyond: &Beyond) -> SecurityChange {
        let subject = &self.subject;
        if beyond.too_much {
            return self.too_large();
        }
        let (actions, resources) = (listed(&beyond.actions), listed(&beyond.resources));
        let who = listed(&beyond.principals).replace("`everybody`", "everybody");
        let condition = match (beyond.only_conditions, statement.conditions.0.is_empty()) {
            (true, _) if self.tense == Tense::NoLonger => ", except under another condition",
            (true, true) if statement.when.is_empty() => ", without the condition that it had",
            (true, _) => ", under another condition",
            (false, false) => ", under a condition",
            (false, true) => "",
        };
        let when = self.tense.say("now", "no longer");
        let what = match self.kind {
            SecurityKind::Trust => format!("`{subject}` may {when} be assumed by {who}{condition}"),
            SecurityKind::ResourcePolicy => {
                let lets = self.tense.say("now lets", "no longer lets");
                format!("`{subject}` {lets} {who} do {actions}{condition}")
            }
            _ => format!("`{subject}` may {when} do {actions} on {resources}{condition}"),
        };
        let of_resource = self.kind != SecurityKind::Permission;
        self.change(what, statement.is_wide(of_resource), true)
    }

    fn no_longer_denied(&self, statement: &Statement, lost: &Beyond) -> SecurityChange {
        let subject = &self.subject;
        if lost.too_much {
            return self.too_large();
        }
        let (actions, resources) = (listed(&lost.actions), listed(&lost.resources));
        let fewer = match (self.tense, lost.only_conditions) {
            (Tense::Now, true) => "denied only under another condition",
            (Tense::Now, false) => "no longer denied",
            (Tense::NoLonger, true) => "now denied under more conditions",
            (Tense::NoLonger, false) => "now denied",
        };
        let who = listed(&lost.principals).replace("`everybody`", "everybody");
        let what = if self.kind == SecurityKind::Permission {
            format!("`{subject}` is {fewer} {actions} on {resources}")
        } else {
            format!("on `{subject}`, {actions} is {fewer} to {who}")
        };
        self.change(what, statement.is_wide(true), true)
    }
}

/// Whether a policy of AWS with this ARN allows all of a service, or nearly everything.
pub(super) fn is_wide_policy(arn: &str) -> bool {
    arn.ends_with("FullAccess")
        || ["/AdministratorAccess", "/PowerUserAccess"].iter().any(|end| arn.ends_with(end))
}
