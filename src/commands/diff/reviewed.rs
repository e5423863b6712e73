//! What a reviewer asks first: data, access, network, secrets.

use template::diff::{
    Action, Changes, Consequence, Fate, Loss, Rename, ResourceChange, SecretChange, SecretEvent, Side,
};
use template::security::SecurityChange;

use super::given;
use super::many::many_alike;
use super::page::{Item, Mark, Text};
use super::report::Compared;
use super::sections::place;
use crate::problem::count;

/// The data that goes, or leaves the stack: with its resource, or out of one that stays.
pub(super) fn losses(changes: &Changes) -> Vec<Item> {
    let losses = many_alike(changes.losses.iter().map(|one| loss(changes, one)).collect());
    losses.into_iter().chain(given::data(changes)).collect()
}

fn loss(changes: &Changes, loss: &Loss) -> Item {
    let text = Text::new().name(&loss.id).words(format!(" ({}) ", loss.type_name));
    let (goes, whose) = match loss.consequence {
        None => ("is removed", "it"),
        Some(Consequence::Replaces) => ("is replaced", "the old one"),
        Some(_) => ("may be replaced", "the old one"),
    };
    let holds = loss.holds;
    let (mark, becomes) = match loss.fate {
        Fate::Deleted => (Mark::Danger, format!(": {whose} is deleted with {holds}")),
        Fate::Unknown => {
            (Mark::Danger, format!(": a condition decides whether {whose} is deleted with {holds}"))
        }
        Fate::Snapshot => {
            (Mark::Caution, format!(": {whose} is deleted after a snapshot, which has {holds}"))
        }
        Fate::DeletedIfEmpty => (
            Mark::Caution,
            format!(
                ": {whose} is deleted if it is empty; if not, AWS refuses, and it stays in the account with {holds}, \
                 outside of the stack"
            ),
        ),
        Fate::Protected => (
            Mark::Caution,
            format!(
                ": AWS refuses to delete {whose}, since its deletion protection is on: it stays in the account with \
                 {holds}, outside of the stack"
            ),
        ),
        Fate::Retained => {
            (Mark::Caution, format!(": {whose} stays in the account with {holds}, outside of the stack"))
        }
    };
    let mut item = Item::new(mark, text.words(goes).words(becomes));
    let itself = loss.cause.name() == loss.id;
    for path in loss.paths.iter().filter(|_| itself) {
        item.below.push(Item::new(Mark::Note, Text::new().words("because of ").name(place(changes, path))));
    }
    if !itself {
        item.below.push(Item::new(Mark::Note, Text::new().words("because of ").name(loss.cause.name())));
    }
    if let Some(new) = &loss.renamed_to {
        let text = Text::new().words("looks like a rename to ").name(new).words(", see below");
        item.below.push(Item::new(Mark::Note, text));
    }
    item
}

/// The resources that cannot be made, because a fixed name is in the way.
pub(super) fn names_in_the_way(changes: &Changes) -> Vec<Item> {
    let named = changes.resources.iter().filter_map(|change| Some((change, change.fixed_name.as_ref()?)));
    // Those of which the same is to be said, in the order of the first of each.
    let mut groups: Vec<(&ResourceChange, String, Vec<&str>)> = Vec::new();
    for (change, path) in named {
        let property = place(changes, path);
        let same = groups.iter_mut().find(|(first, name, _)| {
            let alike = first.type_name == change.type_name && first.action == change.action;
            alike && *name == property && first.name_taken_by.is_none() && change.name_taken_by.is_none()
        });
        match same {
            Some((.., ids)) => ids.push(&change.id),
            None => groups.push((change, property, vec![change.id.as_str()])),
        }
    }
    let mut items: Vec<Item> =
        groups.iter().map(|(change, property, ids)| name_in_the_way(change, property, ids)).collect();
    if items.is_empty() {
        return items;
    }
    let way = "give these another name in the same deployment, or none";
    items.push(Item::new(Mark::Note, Text::new().words(way)));
    if changes.resources.iter().any(|change| change.name_taken_by.is_some()) {
        let way = "a name of another resource is free only after a deployment in which that one is removed and not \
                   kept, or gets another name; to keep that resource, keep its logical ID";
        items.push(Item::new(Mark::Note, Text::new().words(way)));
    }
    items
}

fn name_in_the_way(change: &ResourceChange, property: &str, ids: &[&str]) -> Item {
    let (is, has, one) =
        if ids.len() == 1 { ("is", "has", "the new one is") } else { ("are", "have", "the new ones are") };
    let does = if change.action == Action::Added { "added" } else { "replaced" };
    let mut text = Text::new();
    for (number, id) in ids.iter().enumerate() {
        text = text.words(if number == 0 { "" } else { ", " }).name(*id);
    }
    let text = text.words(format!(" ({}) {is} {does} and {has} ", change.type_name));
    let text = match &change.name_taken_by {
        None => text.words("a fixed ").name(property).words(format!(": {one} made first, and ")),
        Some(other) => text
            .words("the fixed ")
            .name(property)
            .words(" of ")
            .name(other)
            .words(": it is made before anything is deleted, and "),
    };
    Item::new(Mark::Danger, text.words("two cannot have the same"))
}

/// Resources that look as if only their logical ID were another.
pub(super) fn renames(compared: &Compared) -> Vec<Item> {
    let stack = if compared.is_stack { compared.name.as_str() } else { "STACK" };
    compared.changes.renames.iter().map(|one| rename(one, stack)).collect()
}

fn rename(rename: &Rename, stack: &str) -> Item {
    let same = match rename {
        Rename { exact: true, .. } => "the same thing",
        Rename { changed: true, .. } => "the same fixed name, with other differences",
        Rename { .. } => "the same but for its tags",
    };
    let text = Text::new()
        .words("delete ")
        .old(&rename.old)
        .words(" and create ")
        .new_value(&rename.new)
        .words(format!(" ({}): {same}, renamed?", rename.type_name));
    let mark = if rename.holds.is_some() { Mark::Danger } else { Mark::Caution };
    let pin = match &rename.construct {
        Some(path) => Text::new()
            .words("to keep it, keep its logical ID at ")
            .name(path)
            .words(": ")
            .name(format!("scope.set_logical_id(handle, \"{}\")", rename.old)),
        None => Text::new()
            .words("to keep it, write it as ")
            .name(&rename.old)
            .words(" again, or give the deployed one its new name first: ")
            .name(format!(
                "aws cloudformation create-stack-refactor --stack-definitions \
                 StackName={stack},TemplateBody@=file://TEMPLATE --resource-mappings \
                 'Source={{StackName={stack},LogicalResourceId={}}},\
                 Destination={{StackName={stack},LogicalResourceId={}}}'",
                rename.old, rename.new
            ))
            .words(", then ")
            .name("aws cloudformation execute-stack-refactor --stack-refactor-id ID"),
    };
    let mut item = Item::new(mark, text).with([Item::new(Mark::Note, pin)]);
    if !rename.referrers.is_empty() {
        let refer = if rename.referrers.len() == 1 { "refers to it and is" } else { "refer to it and are" };
        let words = format!("{} {refer} not changed otherwise", count(rename.referrers.len(), "resource"));
        item.below.push(Item::new(Mark::Note, Text::new().words(words)));
    }
    item
}

/// What becomes possible, and what no longer is.
pub(super) fn side(side: &Side) -> Vec<Item> {
    let broader = side.broader.iter().map(broader);
    let narrower = side.narrower.iter().map(|change| Item::new(Mark::Narrower, Text::of(&change.what)));
    broader.chain(narrower).collect()
}

fn broader(change: &SecurityChange) -> Item {
    let mark = if change.wide { Mark::Danger } else { Mark::Caution };
    let unknown = if change.judged { "" } else { " (only AWS can tell what comes of it)" };
    Item::new(mark, Text::of(&change.what).words(unknown))
}

/// The secrets that are made, lost, and read.
pub(super) fn secrets(changes: &Changes) -> Vec<Item> {
    changes.review.secrets.iter().map(secret).collect()
}

fn secret(change: &SecretChange) -> Item {
    let (id, secret) = (Text::new().name(&change.id), change.secret.as_str());
    match change.what {
        SecretEvent::Removed => Item::new(Mark::Removed, id.words(" is removed")),
        SecretEvent::Replaced => Item::new(Mark::Replaced, id.words(" is replaced: its value is another")),
        SecretEvent::NewValue => Item::new(Mark::Caution, id.words(" gets a new value")),
        SecretEvent::Changed => Item::new(Mark::Changed, id.words(" is changed")),
        SecretEvent::Added => Item::new(Mark::Added, id.words(" is made")),
        SecretEvent::Read => Item::new(Mark::Caution, id.words(" now reads ").name(secret)),
        SecretEvent::NoLongerRead => Item::new(Mark::Narrower, id.words(" no longer reads ").name(secret)),
        SecretEvent::Unmasked => {
            Item::new(Mark::Danger, id.words(" is no longer masked: its value is shown"))
        }
    }
}
