//! Who has access to which account with which permission set of IAM Identity Center.
//!
//! Source: [`AWS::SSO::Assignment`][aws].
//!
//! [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sso-assignment.html

use std::collections::{BTreeMap, BTreeSet};

use super::budget::Budget;
use super::manifold::Manifold;
use super::symbol::{Symbols, When, reference, shown, target};
use super::told::is_wide_policy;
use super::{SecurityChange, SecurityKind, Tense};
use crate::document::Resource;

const ASSIGNMENT: &str = "AWS::SSO::Assignment";

/// Whether a resource of this type only says who may do something with others. All that it says decides.
pub(super) fn is_for_another(type_name: &str) -> bool {
    type_name == ASSIGNMENT
}

/// Who has access, to what and with what: as texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Access {
    kind: String,
    principal: String,
    account: String,
    permission_set: String,
}

/// The assignments of one template, under what conditions and by which resource.
#[derive(Default)]
pub(super) struct Assignments {
    all: BTreeMap<Access, Vec<(When, String)>>,
    /// The permission sets that allow all of a service, or nearly everything.
    wide: BTreeSet<String>,
    manifold: Manifold,
}

impl Assignments {
    pub(super) fn of(symbols: &Symbols<'_>) -> Assignments {
        let mut assignments = Assignments::default();
        for (id, resource) in &symbols.template.resources {
            match resource.type_name.as_str() {
                ASSIGNMENT => assignments.assignment(id, resource, symbols),
                "AWS::SSO::PermissionSet" => {
                    let policies = symbols.texts(resource.properties.get("ManagedPolicies"), &When::new());
                    if policies.iter().any(|(_, arn)| is_wide_policy(arn)) {
                        assignments.wide.insert(reference(id));
                    }
                }
                _ => {}
            }
        }
        assignments
    }

    fn assignment(&mut self, id: &str, resource: &Resource, symbols: &Symbols<'_>) {
        let value = |key: &str| (resource.properties.get(key), "");
        let values = ["PrincipalType", "PrincipalId", "TargetId", "PermissionSetArn"].map(value);
        let Some(all) = symbols.combinations(&symbols.existence(resource), values) else {
            return self.manifold.add(id, &resource.properties, symbols);
        };
        for (when, [kind, principal, account, permission_set]) in all {
            // Its attribute is its ARN; the resource is what people know.
            let own = target(&permission_set, symbols.template).map(reference);
            let permission_set = own.unwrap_or(permission_set);
            let access = Access { kind, principal, account, permission_set };
            self.all.entry(access).or_default().push((when, id.to_owned()));
        }
    }
}

pub(super) fn broadening(old: &Assignments, new: &Assignments, tense: Tense) -> Vec<SecurityChange> {
    let budget = Budget::default();
    let mut changes = Vec::new();
    for (access, now) in &new.all {
        let before = old.all.get(access).map(Vec::as_slice).unwrap_or_default();
        for (when, id) in now {
            let enough = budget.take(before.len());
            if enough && before.iter().any(|(known, _)| known.is_subset(when)) {
                continue;
            }
            let change = access.change(id, new.wide.contains(&access.permission_set), tense);
            changes.push(SecurityChange { judged: enough, ..change });
        }
    }
    changes.extend(new.manifold.changes(&old.manifold, SecurityKind::Permission));
    changes
}

impl Access {
    fn change(&self, id: &str, wide: bool, tense: Tense) -> SecurityChange {
        let who = match self.kind.as_str() {
            "USER" => "the user",
            "GROUP" => "the group",
            _ => "the user or group",
        };
        let (principal, account) = (shown(&self.principal), shown(&self.account));
        let has = tense.say("now has", "no longer has");
        let with = shown(&self.permission_set);
        let what = format!(
            "{who} `{principal}` {has} access to the account `{account}` with the permission set `{with}`"
        );
        SecurityChange { id: id.to_owned(), kind: SecurityKind::Permission, what, wide, judged: true }
    }
}
