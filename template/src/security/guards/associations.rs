//! Which web ACL stands before what.

use std::collections::BTreeMap;

use super::super::symbol::{Symbols, When, opposite, shown};
use super::super::{SecurityChange, SecurityKind, Tense};

const TYPES: [&str; 2] = ["AWS::WAFRegional::WebACLAssociation", "AWS::WAFv2::WebACLAssociation"];

/// Whether a resource of this type only says which web ACL stands before another.
pub(in crate::security) fn is_for_another(type_name: &str) -> bool {
    TYPES.contains(&type_name)
}

/// One association, under a condition if it has one.
struct Association {
    id: String,
    acl: String,
    when: When,
}

/// The associations by what they guard.
type Associations = BTreeMap<String, Vec<Association>>;

fn of(symbols: &Symbols<'_>) -> Associations {
    let mut all = Associations::new();
    for (id, resource) in &symbols.template.resources {
        if !is_for_another(&resource.type_name) {
            continue;
        }
        let texts = |key: &str| symbols.texts(resource.properties.get(key), &symbols.existence(resource));
        let acl = texts("WebACLArn").into_iter().chain(texts("WebACLId")).map(|(_, acl)| acl).next();
        for (when, guarded) in texts("ResourceArn") {
            let (id, acl) = (id.clone(), acl.clone().unwrap_or_default());
            all.entry(guarded).or_default().push(Association { id, acl, when });
        }
    }
    all
}

pub(super) fn broadening(before: &Symbols<'_>, after: &Symbols<'_>, tense: Tense) -> Vec<SecurityChange> {
    let (was, now) = (of(before), of(after));
    // What is gone needs no guard.
    let there = was.iter().filter(|(guarded, _)| !before.is_gone(guarded, after));
    let none = Vec::new();
    there
        .filter_map(|(guarded, was)| {
            let now = now.get(guarded).unwrap_or(&none);
            was.iter().find_map(|association| association.lost(guarded, now, tense))
        })
        .collect()
}

impl Association {
    /// That what it guards is guarded less by those that are there now.
    fn lost(&self, guarded: &str, now: &[Association], tense: Tense) -> Option<SecurityChange> {
        let thing = shown(guarded);
        let is = tense.say("is no longer", "is now");
        // Where one holds as far as this one did, or two do so together, under a condition and without it.
        let holds: Vec<&Association> = now
            .iter()
            .filter(|one| {
                let rest: Vec<&String> = one.when.difference(&self.when).collect();
                let [only] = rest.as_slice() else { return rest.is_empty() };
                let opposite = opposite(only);
                now.iter().any(|two| two.when.difference(&self.when).eq([&opposite]))
            })
            .collect();
        let (id, what, judged) = if now.is_empty() {
            (&self.id, format!("`{thing}` {is} guarded by a web ACL"), true)
        } else if holds.is_empty() {
            let certain = now.iter().all(|one| self.when.is_subset(&one.when));
            (&now[0].id, format!("`{thing}` {is} guarded by a web ACL in every case"), certain)
        } else {
            let other = holds.iter().find(|one| one.acl != self.acl);
            let other = other
                .filter(|_| !holds.iter().any(|one| one.acl == self.acl && one.when.is_subset(&self.when)))?;
            (&other.id, format!("`{thing}` gets the web ACL `{}`", shown(&other.acl)), false)
        };
        let kind = SecurityKind::Ingress;
        Some(SecurityChange { id: id.clone(), kind, what, wide: judged, judged })
    }
}
