//! What a change set would allow that was not allowed, in the stack and in those nested in it.

use cloud::{Change, ChangeSet, NestedStack};
use template::Template;
use template::security::{self, SecurityChange, SecurityKind};

use super::judge::{Deployed, Inside, Sides};

/// What is allowed more, as the templates say, and what they do not show.
pub(super) fn broadening(
    set: &ChangeSet,
    deployed: &Deployed,
    new: &Template,
    inside: &Inside,
) -> Vec<SecurityChange> {
    let mut changes = of_stack(set, deployed, new);
    for stack in &set.nested {
        changes.extend(of_nested(set, stack, inside.get(&stack.path)));
    }
    changes
}

fn of_stack(set: &ChangeSet, deployed: &Deployed, new: &Template) -> Vec<SecurityChange> {
    let own = set.changes.iter().filter(|change| change.within.is_empty());
    let mut changes = between(&set.stack, deployed, new);
    let known = |stack: &Change| set.nested.iter().any(|nested| nested.path == stack.path());
    for stack in own.clone().filter(|change| change.is_stack() && change.action != "Remove") {
        if !known(stack) {
            changes.push(unjudged(&stack.logical_id, unseen(&stack.logical_id, "it has no change set")));
        }
    }
    add_hidden(&mut changes, own, deployed, new);
    changes
}

/// The same for a nested stack, with its path.
fn of_nested(set: &ChangeSet, stack: &NestedStack, sides: Option<&Sides>) -> Vec<SecurityChange> {
    let path = &stack.path;
    if let Some(why) = &stack.unseen {
        return vec![unjudged(path, unseen(path, why))];
    }
    // Without templates, nothing changes in it.
    let Some(sides) = sides else { return Vec::new() };
    let new = match &sides.new {
        Ok(new) => new,
        Err(why) => {
            return vec![unjudged(path, format!("the new template of `{path}` cannot be read: {why}"))];
        }
    };
    let mut changes = between(path, &sides.old, new);
    let own = set.changes.iter().filter(|change| change.within == *path);
    add_hidden(&mut changes, own, &sides.old, new);
    for change in &mut changes {
        change.what = format!("in `{path}`: {}", change.what);
        if change.id != *path {
            change.id = format!("{path}/{}", change.id);
        }
    }
    changes
}

/// What the new template allows more than the deployed one.
fn between(stack: &str, deployed: &Deployed, new: &Template) -> Vec<SecurityChange> {
    match deployed {
        Deployed::Known(old) => security::broadening(old, new),
        Deployed::Nothing => security::broadening(&Template::default(), new),
        Deployed::Unknown(why) => {
            let what = format!("the deployed template cannot be compared: {why}");
            vec![unjudged(stack, what)]
        }
    }
}

/// Adds what the templates do not show of the changes of one stack.
fn add_hidden<'a>(
    known: &mut Vec<SecurityChange>,
    changes: impl Iterator<Item = &'a Change>,
    deployed: &Deployed,
    new: &Template,
) {
    for change in changes.filter(|change| !change.is_stack()) {
        let id = &change.logical_id;
        if known.iter().any(|known| known.id == *id) {
            continue;
        }
        let what = if change.action == "Remove" { hidden_end(change, deployed) } else { hidden(change, new) };
        known.extend(what.map(|what| unjudged(id, what)));
    }
}

fn unseen(path: &str, why: &str) -> String {
    format!("`{path}` is a stack of its own, and what it changes cannot be seen from here: {why}")
}

/// What the templates do not show of a change that may be relevant.
fn hidden(change: &Change, new: &Template) -> Option<String> {
    let id = &change.logical_id;
    if security::may_grant(&change.resource_type) && !new.resources.contains_key(id) {
        return Some(format!(
            "`{id}` is made by a macro or a loop, and what it allows cannot be seen from here"
        ));
    }
    let by_parameter = change.details.iter().find(|detail| {
        let sensitive =
            detail.name.as_deref().is_some_and(|name| security::may_broaden(&change.resource_type, name));
        sensitive && detail.source.as_deref() == Some("ParameterReference")
    })?;
    let name = by_parameter.name.as_deref().unwrap_or_default();
    Some(format!("`{name}` of `{id}` takes another value from a parameter"))
}

/// The same for what goes: without it, more may be allowed. (Of an unknown template all is told already.)
fn hidden_end(change: &Change, deployed: &Deployed) -> Option<String> {
    let id = &change.logical_id;
    let Deployed::Known(old) = deployed else { return None };
    let unseen = security::may_deny(&change.resource_type) && !old.resources.contains_key(id);
    unseen.then(|| {
        format!("`{id}` is made by a macro or a loop and goes, and what it forbids cannot be seen from here")
    })
}

fn unjudged(id: &str, what: String) -> SecurityChange {
    SecurityChange { id: id.to_owned(), kind: SecurityKind::Permission, what, wide: false, judged: false }
}
