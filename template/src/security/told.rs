//! What the policies of one template allow and those of another do not, in sentences.

use std::collections::BTreeSet;

use indexmap::{IndexMap, IndexSet};

use super::budget::Budget;
use super::grants::{Gathered, Grants};
use super::partly::{Beyond, Others, Rest};
use super::statement::{Statement, Statements};
use super::symbol::{When, shown, target};
use super::{SecurityChange, SecurityKind, Tense, listed, still};

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
            let lost = statement.beyond(&left, tense == Tense::Now, &budget);
            changes.extend(lost.iter().map(|lost| told.no_longer_denied(statement, lost)));
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
            let beyond = statement.beyond(&known, self.tense == Tense::NoLonger, budget);
            changes.extend(beyond.iter().map(|beyond| self.allowed(statement, beyond)));
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
        let (actions, resources) = (listed(&beyond.actions), listed(&beyond.resources));
        let who = people(&beyond.principals);
        let condition = match (&beyond.others, statement.conditions.0.is_empty()) {
            (Others::Unclear, _) => return self.too_large(),
            (Others::Partly(rests), _) => return self.allowed_in_part(statement, beyond, rests),
            (Others::Conditionally, _) if self.tense == Tense::NoLonger => ", except under another condition",
            (Others::Conditionally, true) if statement.when.is_empty() => {
                ", without the condition that it had"
            }
            (Others::Conditionally, _) => ", under another condition",
            (Others::Nothing, false) => ", under a condition",
            (Others::Nothing, true) => "",
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

    /// It is no longer allowed as a whole; the rests are.
    fn allowed_in_part(&self, statement: &Statement, lost: &Beyond, rests: &[Rest]) -> SecurityChange {
        let subject = &self.subject;
        let (actions, resources) = (listed(&lost.actions), listed(&lost.resources));
        let who = people(&lost.principals);
        let what = match self.kind {
            SecurityKind::Trust if rests.iter().any(|rest| rest.principals == lost.principals) => {
                format!("`{subject}` may no longer be assumed by {who} in all ways, but still in some")
            }
            SecurityKind::Trust => {
                let still = still(
                    rests.iter().map(|rest| (format!("by {}", people(&rest.principals)), rest.conditional)),
                );
                format!("`{subject}` may no longer be assumed by {who}, but still {still}")
            }
            SecurityKind::ResourcePolicy => {
                let still = still(rests.iter().map(|rest| {
                    let on = if rest.resources == lost.resources {
                        String::new()
                    } else {
                        format!(" on {}", listed(&rest.resources))
                    };
                    let words = format!("{} do {}{on}", people(&rest.principals), listed(&rest.actions));
                    (words, rest.conditional)
                }));
                format!("`{subject}` no longer lets {who} do all of {actions}, but still lets {still}")
            }
            _ => {
                let still =
                    still(rests.iter().map(|rest| (on(&rest.actions, &rest.resources), rest.conditional)));
                format!("`{subject}` may no longer do all of {actions} on {resources}, but still {still}")
            }
        };
        self.change(what, statement.is_wide(self.kind != SecurityKind::Permission), true)
    }

    fn no_longer_denied(&self, statement: &Statement, lost: &Beyond) -> SecurityChange {
        let subject = &self.subject;
        let (actions, resources) = (listed(&lost.actions), listed(&lost.resources));
        let fewer = match (self.tense, &lost.others) {
            (_, Others::Unclear) => return self.too_large(),
            (_, Others::Partly(rests)) => return self.denied_in_part(statement, lost, rests),
            (Tense::Now, Others::Conditionally) => "denied only under another condition",
            (Tense::Now, Others::Nothing) => "no longer denied",
            (Tense::NoLonger, Others::Conditionally) => "now denied under more conditions",
            (Tense::NoLonger, Others::Nothing) => "now denied",
        };
        let who = people(&lost.principals);
        let what = if self.kind == SecurityKind::Permission {
            format!("`{subject}` is {fewer} {actions} on {resources}")
        } else {
            format!("on `{subject}`, {actions} is {fewer} to {who}")
        };
        self.change(what, statement.is_wide(true), true)
    }

    /// It is no longer denied as a whole; the rests are.
    fn denied_in_part(&self, statement: &Statement, lost: &Beyond, rests: &[Rest]) -> SecurityChange {
        let subject = &self.subject;
        let (actions, resources) = (listed(&lost.actions), listed(&lost.resources));
        let what = if self.kind == SecurityKind::Permission {
            let still =
                still(rests.iter().map(|rest| (on(&rest.actions, &rest.resources), rest.conditional)));
            format!("`{subject}` is no longer denied all of {actions} on {resources}, but still {still}")
        } else {
            let who = people(&lost.principals);
            let still = still(rests.iter().map(|rest| {
                let resources = if rest.resources == lost.resources { &[][..] } else { &rest.resources };
                let words = format!("{} to {}", on(&rest.actions, resources), people(&rest.principals));
                (words, rest.conditional)
            }));
            format!("on `{subject}`, not all of {actions} is denied to {who} any more, but still {still}")
        };
        self.change(what, statement.is_wide(true), true)
    }
}

/// Principals in a list.
fn people(names: &[String]) -> String {
    listed(names).replace("`everybody`", "everybody")
}

/// Actions, and on what if there is anything to say of it.
fn on(actions: &[String], resources: &[String]) -> String {
    match resources {
        [] => listed(actions),
        resources => format!("{} on {}", listed(actions), listed(resources)),
    }
}

/// Whether a policy of AWS with this ARN allows all of a service, or nearly everything.
pub(super) fn is_wide_policy(arn: &str) -> bool {
    arn.ends_with("FullAccess")
        || ["/AdministratorAccess", "/PowerUserAccess"].iter().any(|end| arn.ends_with(end))
}
