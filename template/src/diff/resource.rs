//! What is different about resources, and what that does to them.

use std::collections::BTreeSet;

use crate::diff::compare::Differences;
use crate::diff::{Action, Change, Consequence, Fate, ResourceChange};
use crate::document::{Resource, Template};
use crate::facts::{self, ResourceFacts, Update};
use crate::node::Node;
use crate::path::{Path, Step};

pub(super) fn changes(old: &Template, new: &Template) -> Vec<ResourceChange> {
    let mut changes = Vec::new();
    for (id, resource) in &new.resources {
        match old.resources.get(id) {
            None => changes.push(added(id, resource)),
            Some(before) => changes.extend(changed(id, before, resource)),
        }
    }
    let removed = old.resources.iter().filter(|(id, _)| !new.resources.contains_key(*id));
    changes.extend(removed.map(|(id, resource)| self::removed(id, resource)));
    changes
}

fn added(id: &str, resource: &Resource) -> ResourceChange {
    change(id, resource, Action::Added)
}

fn removed(id: &str, resource: &Resource) -> ResourceChange {
    ResourceChange { fate: Some(fate_of_removed(resource)), ..change(id, resource, Action::Removed) }
}

fn change(id: &str, resource: &Resource, action: Action) -> ResourceChange {
    ResourceChange {
        id: id.to_owned(),
        type_name: resource.type_name.clone(),
        old_type: None,
        action,
        changes: Vec::new(),
        consequence: None,
        fate: None,
        stateful: facts::resource(&resource.type_name).is_some_and(|facts| facts.stateful),
    }
}

/// What becomes of a resource without a policy: databases leave a snapshot behind, all else is deleted.
///
/// Source: [DeletionPolicy attribute][aws], on the default for `AWS::RDS::DBCluster`, and for
/// `AWS::RDS::DBInstance` without `DBClusterIdentifier`.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
fn default_deletion(resource: &Resource) -> Fate {
    match resource.type_name.as_str() {
        "AWS::RDS::DBCluster" => Fate::Snapshot,
        "AWS::RDS::DBInstance" if !resource.properties.contains_key("DBClusterIdentifier") => Fate::Snapshot,
        _ => Fate::Deleted,
    }
}

/// What becomes of a deployed resource that is removed.
pub(crate) fn fate_of_removed(old: &Resource) -> Fate {
    fate(old.deletion_policy.as_ref(), default_deletion(old))
}

/// What becomes of the old one of a resource that is replaced. The new template's policy is the one in force when it is
/// cleaned up.
pub(crate) fn fate_of_replaced(new: &Resource) -> Fate {
    fate(new.update_replace_policy.as_ref(), Fate::Deleted)
}

fn fate(policy: Option<&Node>, default: Fate) -> Fate {
    match policy {
        None => default,
        Some(Node::String(policy)) => match policy.as_str() {
            "Retain" | "RetainExceptOnCreate" => Fate::Retained,
            "Snapshot" => Fate::Snapshot,
            _ => Fate::Deleted,
        },
        Some(_) => Fate::Unknown,
    }
}

/// A resource that both templates have; `None` if it is the same in both.
fn changed(id: &str, old: &Resource, new: &Resource) -> Option<ResourceChange> {
    let path = Path::of(["Resources", id]);
    let mut differences = Differences::default();
    differences.text(&path.key("Type"), Some(&old.type_name), Some(&new.type_name));
    differences.text(&path.key("Condition"), old.condition.as_ref(), new.condition.as_ref());
    depends_on(&mut differences, &path.key("DependsOn"), old, new);
    let (before, after) = (old.deletion_policy.as_ref(), new.deletion_policy.as_ref());
    differences.options(&path.key("DeletionPolicy"), before, after);
    let (before, after) = (old.update_replace_policy.as_ref(), new.update_replace_policy.as_ref());
    differences.options(&path.key("UpdateReplacePolicy"), before, after);
    differences.maps(&path, &old.attributes, &new.attributes);
    differences.maps(&path.key("Metadata"), &old.metadata, &new.metadata);
    differences.maps(&path.key("Properties"), &old.properties, &new.properties);
    let mut changes = differences.changes;
    if changes.is_empty() {
        return None;
    }
    let retyped = old.type_name != new.type_name;
    for change in &mut changes {
        change.consequence = consequence(change, facts::resource(&new.type_name), retyped);
    }
    let consequence = changes.iter().filter_map(|change| change.consequence).max();
    let replaced = consequence.is_some_and(|consequence| consequence > Consequence::UpdateInPlace);
    let fate = replaced.then(|| fate_of_replaced(new));
    Some(ResourceChange {
        old_type: retyped.then(|| old.type_name.clone()),
        changes,
        consequence,
        fate,
        stateful: facts::resource(&old.type_name).is_some_and(|facts| facts.stateful),
        ..change(id, new, Action::Changed)
    })
}

fn depends_on(differences: &mut Differences, path: &Path, old: &Resource, new: &Resource) {
    let set = |resource: &Resource| resource.depends_on.iter().cloned().collect::<BTreeSet<_>>();
    let list = |resource: &Resource| {
        let ids: Vec<Node> = resource.depends_on.iter().map(|id| Node::from(id.as_str())).collect();
        (!ids.is_empty()).then_some(Node::List(ids))
    };
    if set(old) != set(new) {
        differences.whole(path, list(old), list(new));
    }
}

/// What one difference does to its resource; `None` for what CloudFormation keeps for itself.
fn consequence(change: &Change, facts: Option<&ResourceFacts>, retyped: bool) -> Option<Consequence> {
    let mut steps = change.path.steps().skip(2);
    let Some(Step::Key(attribute)) = steps.next() else { return None };
    match attribute {
        "Type" => return Some(Consequence::Replaces),
        "Properties" => {}
        _ => return None,
    }
    if retyped {
        // The type says it all; the properties of the two types have nothing to do with each other.
        return None;
    }
    let Some(facts) = facts else { return Some(Consequence::MayReplace) };
    let names = property_names(steps);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let here = facts.update(&names);
    // A whole mapping or list that comes, goes or changes may hold something that replaces.
    let below = match facts.update_below(&names) {
        Update::InPlace => Update::InPlace,
        Update::MayReplace | Update::Replaces => Update::MayReplace,
    };
    Some(here.max(below).into())
}

/// The steps into properties, without those into a function: `Name.Fn::If[1]` is the property `Name`.
fn property_names<'p>(steps: impl Iterator<Item = Step<'p>>) -> Vec<String> {
    let mut names = Vec::new();
    let mut in_function = false;
    for step in steps {
        match step {
            Step::Key(key) if key.starts_with("Fn::") => in_function = true,
            Step::Key(key) => names.push(key.to_owned()),
            Step::Index(_) if in_function => in_function = false,
            Step::Index(index) => names.push(index.to_string()),
        }
    }
    names
}
