//! Which web ACL stands before what.

use std::collections::BTreeMap;

use super::super::symbol::{Symbols, When, shown};
use super::super::{SecurityChange, SecurityKind, Tense};

const TYPES: [&str; 2] = ["AWS::WAFRegional::WebACLAssociation", "AWS::WAFv2::WebACLAssociation"];

/// Whether a resource of this type only says which web ACL stands before another.
pub(in crate::security) fn is_for_another(type_name: &str) -> bool {
    TYPES.contains(&type_name)
}

/// The associations by what they guard: their logical IDs, and the web ACLs.
type Associations = BTreeMap<String, Vec<(String, String)>>;

fn of(symbols: &Symbols<'_>) -> Associations {
    let mut all = Associations::new();
    for (id, resource) in &symbols.template.resources {
        if !is_for_another(&resource.type_name) {
            continue;
        }
        let texts = |key: &str| symbols.texts(resource.properties.get(key), &When::new());
        let acl = texts("WebACLArn").into_iter().chain(texts("WebACLId")).map(|(_, acl)| acl).next();
        for (_, guarded) in texts("ResourceArn") {
            all.entry(guarded).or_default().push((id.clone(), acl.clone().unwrap_or_default()));
        }
    }
    all
}

pub(super) fn broadening(before: &Symbols<'_>, after: &Symbols<'_>, tense: Tense) -> Vec<SecurityChange> {
    let (was, now) = (of(before), of(after));
    let mut changes = Vec::new();
    for (guarded, associations) in &was {
        // What is gone needs no guard.
        let Some((id, acl)) = associations.first().filter(|_| !before.is_gone(guarded, after)) else {
            continue;
        };
        let thing = shown(guarded);
        let change = |id: &str, what: String, judged: bool| SecurityChange {
            id: id.to_owned(),
            kind: SecurityKind::Ingress,
            what,
            wide: judged,
            judged,
        };
        match now.get(guarded).and_then(|now| now.first()) {
            None => {
                let is = tense.say("is no longer", "is now");
                changes.push(change(id, format!("`{thing}` {is} guarded by a web ACL"), true));
            }
            Some((id, other)) if other != acl => {
                changes.push(change(id, format!("`{thing}` gets the web ACL `{}`", shown(other)), false));
            }
            Some(_) => {}
        }
    }
    changes
}
