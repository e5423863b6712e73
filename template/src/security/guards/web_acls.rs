//! Web ACLs: what they block.

use indexmap::IndexMap;

use super::super::SecurityKind;
use super::super::symbol::shown;
use super::{Guard, Guards, State, View, add};
use crate::node::{Map, Node};

pub(super) fn web_acl(view: View<'_, '_>) -> Guards {
    let mut guards = IndexMap::new();
    let id = view.id;
    let default = State::of(&view.values(&["DefaultAction"]), view.symbols, |action| match action {
        Node::Map(map) => Some(if map.contains_key("Allow") { State::Open } else { State::Guards }),
        _ => None,
    });
    let default = default.map(|state| Guard {
        state,
        absent: None,
        kind: SecurityKind::Ingress,
        wide: true,
        goes: format!("`{id}` now lets through what none of its rules blocks"),
        comes: format!("`{id}` no longer lets through what none of its rules allows"),
        unclear: format!("the template does not say what `{id}` does by default"),
    });
    guards.extend(default.map(|guard| (String::from("default"), guard)));
    for rule in view.items(&["Rules"]) {
        let Node::Map(map) = rule else {
            let text = view.symbols.text(rule);
            let unclear = format!("`{id}` has another rule, and the template does not say what it does");
            let guard = guard(
                State::Unknown(text.clone()),
                Some(State::Guards),
                [String::new(), String::new(), unclear],
            );
            guards.insert(text, guard);
            continue;
        };
        let Some(name) = view.name(map, "Name") else { continue };
        let told = shown(&name);
        add(&mut guards, format!("blocks {name}"), blocks(view, map, &told));
        let allows = allows(view, map, &told);
        if allows.state == State::Open {
            add(&mut guards, format!("fits {name}"), fits(view, map, &told));
        }
        add(&mut guards, format!("allows {name}"), allows);
    }
    guards
}

fn guard(state: State, absent: Option<State>, [goes, comes, unclear]: [String; 3]) -> Guard {
    Guard { state, absent, kind: SecurityKind::Ingress, wide: false, goes, comes, unclear }
}

/// What a rule does with what it fits: every action that it may have.
fn actions<'v>(view: View<'v, '_>, rule: &'v Map) -> Vec<&'v Node> {
    let mut actions = view.below(rule, &["Action"]);
    actions.extend(view.below(rule, &["OverrideAction"]));
    actions
}

/// A rule that blocks what its statement says; one that is not there blocks nothing.
fn blocks(view: View<'_, '_>, rule: &Map, name: &str) -> Guard {
    let statement = statement(view, rule);
    let state = State::of(&actions(view, rule), view.symbols, |action| {
        let Node::Map(action) = action else { return None };
        let open = ["Allow", "Count"].iter().any(|key| action.contains_key(key));
        // A puzzle lets through who solves it, which is less than to block.
        let how: Vec<&str> = action.keys().map(String::as_str).collect();
        Some(if open { State::Open } else { State::By(format!("{} {statement}", how.join(" "))) })
    });
    let id = view.id;
    let words = [
        format!("rule `{name}` of `{id}` no longer blocks"),
        format!("rule `{name}` of `{id}` now blocks"),
        format!("what rule `{name}` of `{id}` blocks becomes another"),
    ];
    guard(state.unwrap_or(State::Open), Some(State::Open), words)
}

fn statement(view: View<'_, '_>, rule: &Map) -> String {
    rule.get("Statement").map(|node| view.symbols.text(node)).unwrap_or_default()
}

/// What a rule fits that lets it through; there is nothing to compare where the other template has no such rule.
fn fits(view: View<'_, '_>, rule: &Map, name: &str) -> Guard {
    let unclear = format!("what rule `{name}` of `{}` lets through becomes another", view.id);
    guard(State::By(statement(view, rule)), None, [String::new(), String::new(), unclear])
}

/// A rule that lets through what its statement says, whatever those after it say.
fn allows(view: View<'_, '_>, rule: &Map, name: &str) -> Guard {
    let state = State::of(&actions(view, rule), view.symbols, |action| {
        let Node::Map(action) = action else { return None };
        Some(if action.contains_key("Allow") { State::Open } else { State::Guards })
    });
    let id = view.id;
    let words = [
        format!("rule `{name}` of `{id}` now lets through what it fits"),
        format!("rule `{name}` of `{id}` no longer lets through what it fits"),
        format!("the template does not say whether rule `{name}` of `{id}` lets through what it fits"),
    ];
    guard(state.unwrap_or(State::Guards), Some(State::Guards), words)
}
