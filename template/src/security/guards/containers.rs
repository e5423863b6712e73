//! What containers run as, and keys of users.

use indexmap::IndexMap;

use super::super::SecurityKind;
use super::super::symbol::shown;
use super::{Guard, Guards, State, View, add};
use crate::node::{Map, Node};

/// A container that is not there is neither privileged nor run by root.
fn guard(state: State, [goes, comes, unclear]: [String; 3]) -> Guard {
    let kind = SecurityKind::Permission;
    Guard { state, absent: Some(State::Guards), kind, wide: false, goes, comes, unclear }
}

pub(super) fn containers(view: View<'_, '_>) -> Guards {
    let mut guards = IndexMap::new();
    for container in view.items(&["ContainerDefinitions"]) {
        let Node::Map(map) = container else { continue };
        let Some(name) = view.name(map, "Name") else { continue };
        let told = shown(&name);
        add(&mut guards, format!("privileged {name}"), privileged(view, map, &told));
        add(&mut guards, format!("root {name}"), root(view, map, &told));
    }
    guards
}

fn privileged(view: View<'_, '_>, container: &Map, name: &str) -> Guard {
    let id = view.id;
    let values = view.below(container, &["Privileged"]);
    let state = State::of(&values, view.symbols, |value| {
        Some(if view.text(value)? == "true" { State::Open } else { State::Guards })
    });
    let words = [
        format!("container `{name}` of `{id}` is now privileged: it may do on its host what root may"),
        format!("container `{name}` of `{id}` is no longer privileged"),
        format!("the template does not say whether container `{name}` of `{id}` is privileged"),
    ];
    guard(state.unwrap_or(State::Guards), words)
}

/// Without a user, the image says who it is.
fn root(view: View<'_, '_>, container: &Map, name: &str) -> Guard {
    let id = view.id;
    let state = State::of(&view.below(container, &["User"]), view.symbols, |user| {
        let user = view.text(user)?;
        let name = user.split(':').next().unwrap_or_default();
        Some(if ["0", "root"].contains(&name) { State::Open } else { State::Guards })
    });
    let words = [
        format!("container `{name}` of `{id}` now runs as root"),
        format!("container `{name}` of `{id}` no longer runs as root"),
        format!("the template does not say as whom container `{name}` of `{id}` runs"),
    ];
    guard(state.unwrap_or(State::Guards), words)
}

/// A key is there or not.
pub(super) fn access_key(view: View<'_, '_>) -> Guards {
    let user = view.values(&["UserName"]).first().map(|user| shown(&view.symbols.text(user)));
    let of = user.map(|user| format!(" of `{user}`")).unwrap_or_default();
    let words = [
        format!("`{}` is a new access key{of}", view.id),
        format!("`{}` is no longer an access key{of}", view.id),
        String::new(),
    ];
    Guards::from_iter([("key".to_owned(), guard(State::Open, words))])
}
