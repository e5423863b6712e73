//! Listeners of load balancers: whom they let through, and whether unencrypted.

use indexmap::IndexMap;

use super::super::SecurityKind;
use super::{Guard, Guards, State, View};
use crate::node::Node;

pub(super) fn listener(view: View<'_, '_>) -> Guards {
    let mut guards = IndexMap::new();
    guards.extend(encryption(view).map(|guard| ("encryption".to_owned(), guard)));
    guards.extend(version(view).map(|guard| ("version".to_owned(), guard)));
    guards.extend(sign_in(view, "DefaultActions").map(|guard| ("sign-in".to_owned(), guard)));
    guards
}

pub(super) fn rule(view: View<'_, '_>) -> Guards {
    sign_in(view, "Actions").map(|guard| ("sign-in".to_owned(), guard)).into_iter().collect()
}

fn guard(view: View<'_, '_>, state: State, wide: bool, [goes, comes, unclear]: [&str; 3]) -> Guard {
    let say = |words: &str| format!("`{}` {words}", view.id);
    Guard {
        state,
        absent: None,
        kind: SecurityKind::Ingress,
        wide,
        goes: say(goes),
        comes: say(comes),
        unclear: say(unclear),
    }
}

/// Encrypted is also what only sends on to where it is.
fn encryption(view: View<'_, '_>) -> Option<Guard> {
    let state = State::of(&view.values(&["Protocol"]), view.symbols, |protocol| {
        match view.text(protocol)?.as_str() {
            "https" | "tls" => Some(State::Guards),
            "http" if sends_on(view) => Some(State::Guards),
            "http" | "tcp" => Some(State::Open),
            _ => None,
        }
    })?;
    let words = [
        "no longer asks for encryption",
        "now asks for encryption",
        "has another protocol, which the template does not say",
    ];
    Some(guard(view, state, false, words))
}

/// Whether all that it does is to send to HTTPS.
fn sends_on(view: View<'_, '_>) -> bool {
    let actions = view.items(&["DefaultActions"]);
    let redirects = |action: &&Node| {
        let Node::Map(map) = action else { return false };
        let protocols = view.below(map, &["RedirectConfig", "Protocol"]);
        is_type(view, action, "redirect")
            && !protocols.is_empty()
            && protocols.iter().all(|protocol| view.text(protocol).as_deref() == Some("https"))
    };
    !actions.is_empty() && actions.iter().all(redirects)
}

fn is_type(view: View<'_, '_>, action: &Node, start: &str) -> bool {
    let Node::Map(map) = action else { return false };
    view.below(map, &["Type"])
        .into_iter()
        .any(|node| view.text(node).is_some_and(|text| text.starts_with(start)))
}

/// Who is let through without having signed in.
fn sign_in(view: View<'_, '_>, property: &str) -> Option<Guard> {
    let actions = view.items(&[property]);
    let any = |start: &str| actions.iter().any(|action| is_type(view, action, start));
    let unknown = actions.iter().find(|action| matches!(action, Node::Call(..)));
    let state = match unknown {
        _ if any("authenticate-") || any("jwt-validation") => State::Guards,
        Some(action) => State::Unknown(view.symbols.text(action)),
        None if any("forward") => State::Open,
        // It lets nobody through.
        None => return None,
    };
    let words = [
        "no longer asks who comes to sign in",
        "now asks who comes to sign in",
        "has other actions, which the template does not say",
    ];
    Some(guard(view, state, true, words))
}

/// The oldest version of TLS. Without a policy it is the default one, which AWS has changed.
fn version(view: View<'_, '_>) -> Option<Guard> {
    let protocols = view.values(&["Protocol"]);
    let encrypts = |node: &&Node| matches!(view.text(node).as_deref(), Some("https" | "tls"));
    if !protocols.iter().all(encrypts) {
        return None;
    }
    let policies = view.values(&["SslPolicy"]);
    let state = State::of(&policies, view.symbols, |policy| {
        let name = view.text(policy)?;
        Some(of_policy(&name).map_or(State::Unknown(name), State::Version))
    });
    let state = state.unwrap_or_else(|| State::Unknown(String::new()));
    Some(of_version(view, state))
}

/// A guard that takes no older version of TLS.
pub(super) fn of_version(view: View<'_, '_>, state: State) -> Guard {
    let name = match state {
        State::Version(3) => "SSL 3.0".to_owned(),
        State::Version(version) => format!("TLS {}.{}", version / 10, version % 10),
        _ => "older TLS".to_owned(),
    };
    let (goes, comes) = (format!("now takes {name}"), format!("no longer takes {name}"));
    guard(view, state, false, [&goes, &comes, "gets another policy of TLS, which may take older versions"])
}

/// The oldest version of TLS that a policy takes.
fn of_policy(name: &str) -> Option<u8> {
    let name = name.strip_prefix("elbsecuritypolicy-")?;
    let starts = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    if starts(&["tls13-1-3-"]) {
        return Some(13);
    }
    if starts(&["tls13-1-2-", "tls-1-2-", "fs-1-2-"]) {
        return Some(12);
    }
    if starts(&["tls13-1-1-", "tls-1-1-", "fs-1-1-"]) {
        return Some(11);
    }
    starts(&["tls13-1-0-", "tls-1-0-", "fs-2018-", "2016-08", "2015-05"]).then_some(10)
}
