//! CloudFront: whether it takes plain HTTP, old TLS, and which web ACL stands before it.

use indexmap::IndexMap;

use super::super::SecurityKind;
use super::super::symbol::shown;
use super::listeners::of_version;
use super::{Guard, Guards, State, View, add};
use crate::node::{Map, Node};

const CONFIG: &str = "DistributionConfig";

pub(super) fn distribution(view: View<'_, '_>) -> Guards {
    let mut guards = IndexMap::new();
    guards.insert("web ACL".to_owned(), web_acl(view));
    for behavior in view.values(&[CONFIG, "DefaultCacheBehavior"]) {
        if let Node::Map(map) = behavior
            && let Some(guard) = behaves(view, map, None, None)
        {
            add(&mut guards, "behavior".to_owned(), guard);
        }
    }
    let default = guards.get("behavior").map(|guard: &Guard| guard.state.clone());
    for behavior in view.items(&[CONFIG, "CacheBehaviors"]) {
        if let Node::Map(map) = behavior
            && let Some(pattern) = view.name(map, "PathPattern")
        {
            // Without it, the default one would be for these paths.
            if let Some(guard) = behaves(view, map, Some(&shown(&pattern)), default.clone()) {
                add(&mut guards, format!("behavior {pattern}"), guard);
            }
        }
    }
    let versions = view.values(&[CONFIG, "ViewerCertificate", "MinimumProtocolVersion"]);
    let version = State::of(&versions, view.symbols, |version| {
        let name = view.text(version)?;
        Some(oldest(&name).map_or(State::Unknown(name), State::Version))
    });
    guards.extend(version.map(|state| ("version".to_owned(), of_version(view, state))));
    guards
}

fn web_acl(view: View<'_, '_>) -> Guard {
    // As written: where one branch of it is nothing, that is another guard than the other branch alone.
    let state = State::of(&view.values(&[CONFIG]), view.symbols, |config| {
        let Node::Map(config) = config else { return None };
        let acl = config.get("WebACLId").map(|acl| view.symbols.text(acl)).filter(|acl| !acl.is_empty());
        Some(acl.map_or(State::Open, State::By))
    });
    let state = state.unwrap_or(State::Open);
    let id = view.id;
    let unclear = match &state {
        State::By(acl) if !acl.contains("Fn::If") => format!("`{id}` gets the web ACL `{}`", shown(acl)),
        _ => format!("`{id}` gets another web ACL, or in some cases none"),
    };
    Guard {
        unclear,
        state,
        absent: None,
        kind: SecurityKind::Ingress,
        wide: true,
        goes: format!("`{id}` is no longer guarded by a web ACL"),
        comes: format!("`{id}` is now guarded by a web ACL"),
    }
}

fn behaves(view: View<'_, '_>, map: &Map, pattern: Option<&str>, absent: Option<State>) -> Option<Guard> {
    let values = view.symbols.branches_of(map.get("ViewerProtocolPolicy"));
    let state = State::of(&values, view.symbols, |policy| {
        Some(if view.text(policy)? == "allow-all" { State::Open } else { State::Guards })
    })?;
    let paths = pattern.map(|pattern| format!(" for `{pattern}`")).unwrap_or_default();
    let id = view.id;
    Some(Guard {
        state,
        absent,
        kind: SecurityKind::Ingress,
        wide: false,
        goes: format!("`{id}` now answers without encryption{paths}"),
        comes: format!("`{id}` no longer answers without encryption{paths}"),
        unclear: format!("the template does not say whether `{id}` answers without encryption{paths}"),
    })
}

fn oldest(version: &str) -> Option<u8> {
    match version {
        // Older than any TLS.
        "sslv3" => Some(3),
        "tlsv1" | "tlsv1_2016" => Some(10),
        "tlsv1.1_2016" => Some(11),
        version if version.starts_with("tlsv1.2_") => Some(12),
        version if version.starts_with("tlsv1.3_") => Some(13),
        _ => None,
    }
}
