//! What is different about resources, and what their own differences do to them.

use std::collections::BTreeSet;

use super::compare::Differences;
use super::context::Context;
use super::documented::{self, says};
use super::fate::{fate_of_removed, fate_of_replaced};
use super::{Action, Change, Consequence, ResourceChange};
use crate::document::{Resource, Template};
use crate::facts::{self, ResourceFacts, Update};
use crate::node::Node;
use crate::path::{Path, Step};
use crate::stateful;

/// The resources that the templates have, each compared with itself.
pub(super) fn changes(old: &Template, new: &Template) -> Vec<ResourceChange> {
    let mut changes = Vec::new();
    for (id, resource) in &new.resources {
        match old.resources.get(id) {
            None => changes.push(change(id, resource, Action::Added)),
            Some(before) => changes.extend(changed(id, before, resource)),
        }
    }
    let removed = old.resources.iter().filter(|(id, _)| !new.resources.contains_key(id));
    changes.extend(removed.map(|(id, resource)| self::removed(id, resource)));
    changes
}

pub(super) fn removed(id: &str, resource: &Resource) -> ResourceChange {
    ResourceChange { fate: Some(fate_of_removed(resource)), ..change(id, resource, Action::Removed) }
}

/// A resource to which nothing is known to happen yet.
pub(super) fn change(id: &str, resource: &Resource, action: Action) -> ResourceChange {
    ResourceChange {
        id: id.to_owned(),
        type_name: resource.type_name.clone(),
        old_type: None,
        action,
        changes: Vec::new(),
        carried: Vec::new(),
        own: None,
        consequence: None,
        fate: None,
        stateful: stateful::holds(&resource.type_name, Some(resource)).is_some(),
        dormant: false,
        fixed_name: None,
        name_taken_by: None,
        condition_holds: None,
    }
}

/// A resource that both templates have; `None` if it is the same in both.
fn changed(id: &str, old: &Resource, new: &Resource) -> Option<ResourceChange> {
    if old == new {
        return None;
    }
    let facts = facts::resource(&new.type_name);
    let retyped = old.type_name != new.type_name;
    let mut changes = differences(id, old, new, facts.filter(|_| !retyped));
    if changes.is_empty() {
        return None;
    }
    for change in &mut changes {
        change.consequence = consequence(change, old, new, facts, retyped);
    }
    let own = changes.iter().filter_map(|change| change.consequence).max();
    let replaced = own.is_some_and(Consequence::is_replacement);
    Some(ResourceChange {
        old_type: retyped.then(|| old.type_name.clone()),
        changes,
        own,
        consequence: own,
        fate: replaced.then(|| fate_of_replaced(old, new)),
        stateful: stateful::holds(&old.type_name, Some(old)).is_some(),
        ..change(id, new, Action::Changed)
    })
}

fn differences(id: &str, old: &Resource, new: &Resource, facts: Option<&ResourceFacts>) -> Vec<Change> {
    let mut all = Differences::below(Path::of(["Resources", id]));
    all.texts("Type", Some(&old.type_name), Some(&new.type_name));
    all.texts("Condition", old.condition.as_ref(), new.condition.as_ref());
    depends_on(&mut all, old, new);
    all.options("DeletionPolicy", old.deletion_policy.as_ref(), new.deletion_policy.as_ref());
    let (before, after) = (old.update_replace_policy.as_ref(), new.update_replace_policy.as_ref());
    all.options("UpdateReplacePolicy", before, after);
    all.maps(&old.attributes, &new.attributes, Context::default());
    all.within("Metadata", |inner| inner.maps(&old.metadata, &new.metadata, Context::default()));
    let context = Context::properties(facts);
    all.within("Properties", |inner| inner.maps(&old.properties, &new.properties, context));
    all.changes
}

fn depends_on(all: &mut Differences, old: &Resource, new: &Resource) {
    let set = |resource: &Resource| resource.depends_on.iter().cloned().collect::<BTreeSet<_>>();
    let list = |resource: &Resource| {
        let ids: Vec<Node> = resource.depends_on.iter().map(|id| Node::from(id.as_str())).collect();
        (!ids.is_empty()).then_some(Node::List(ids))
    };
    if set(old) != set(new) {
        all.within("DependsOn", |inner| inner.change(list(old), list(new)));
    }
}

/// What one difference does to its resource; `None` for what CloudFormation keeps for itself.
fn consequence(
    change: &Change,
    old: &Resource,
    new: &Resource,
    facts: Option<&ResourceFacts>,
    retyped: bool,
) -> Option<Consequence> {
    let Some(Step::Key(attribute)) = change.path.steps().nth(2) else { return None };
    match attribute {
        "Type" => Some(Consequence::Refused),
        // The type says it all; the properties of the two types have nothing to do with each other.
        "Properties" if !retyped => {
            let values = [change.old.as_ref(), change.new.as_ref()];
            Some(of_values(&change.path, Some(old), new, facts, Some(values)))
        }
        _ => None,
    }
}

/// What it does to a resource that the value at `path`, one of its properties, becomes another.
pub(super) fn at(path: &Path, resource: &Resource, facts: Option<&ResourceFacts>) -> Consequence {
    of_values(path, None, resource, facts, None)
}

fn of_values(
    path: &Path,
    old: Option<&Resource>,
    resource: &Resource,
    facts: Option<&ResourceFacts>,
    values: Option<[Option<&Node>; 2]>,
) -> Consequence {
    let Some(facts) = facts else { return Consequence::MayReplace };
    let names = property_names(path.steps().skip(3));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if let Some(documented) = says(documented::Change { old, resource, path: &names, values }) {
        return documented;
    }
    let here = facts.update(&names);
    // A whole mapping or list that comes, goes or changes may hold something that replaces.
    let below = match facts.update_below(&names) {
        Update::InPlace => Update::InPlace,
        Update::MayReplace | Update::Replaces => Update::MayReplace,
    };
    here.max(below).into()
}

/// The steps into properties, without those into a function: `Name.Fn::If[1]` is the property `Name`.
fn property_names<'p>(steps: impl Iterator<Item = Step<'p>>) -> Vec<String> {
    let mut names = Vec::new();
    let mut in_function = false;
    for step in steps {
        match step {
            Step::Key(key) if key.starts_with("Fn::") || key == "Ref" => in_function = true,
            Step::Key(key) => names.push(key.to_owned()),
            Step::Index(_) if in_function => in_function = false,
            Step::Index(index) => names.push(index.to_string()),
        }
    }
    names
}
