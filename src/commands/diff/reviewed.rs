//! What a reviewer asks first: data, access, network, secrets, tasks.

use std::collections::BTreeSet;

use template::Path;
use template::diff::{
    Changes, Consequence, Fate, Loss, Rename, ResourceChange, Roll, SecretChange, SecretEvent, Side,
};
use template::security::SecurityChange;

use super::page::{Item, Mark, Text};
use super::sections::within;
use crate::problem::count;

/// The data that goes, or leaves the stack.
pub(super) fn losses(changes: &Changes) -> Vec<Item> {
    changes.losses.iter().map(loss).collect()
}

fn loss(loss: &Loss) -> Item {
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
        Fate::Retained => {
            (Mark::Caution, format!(": {whose} stays in the account with {holds}, outside of the stack"))
        }
    };
    let mut item = Item::new(mark, text.words(goes).words(becomes));
    let itself = loss.cause.name() == loss.id;
    // One item may go and another come at the same place.
    let places: BTreeSet<&Path> = loss.paths.iter().filter(|_| itself).collect();
    for path in places {
        item.below.push(Item::new(Mark::Note, Text::new().words("because of ").name(within(path))));
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

/// The replacements that cannot be made, because a fixed name is in the way.
pub(super) fn names_in_the_way(changes: &Changes) -> Vec<Item> {
    let named = changes.resources.iter().filter_map(|change| Some((change, change.fixed_name.as_ref()?)));
    let item = |(change, path): (&ResourceChange, &Path)| {
        let would = if change.consequence == Some(Consequence::Replaces) { "is" } else { "may be" };
        let text = Text::new()
            .name(&change.id)
            .words(format!(" ({}) {would} replaced and has a fixed ", change.type_name))
            .name(within(path))
            .words(": the new one is made first, and two cannot have the same");
        Item::new(Mark::Danger, text)
    };
    let items: Vec<Item> = named.map(item).collect();
    if items.is_empty() {
        return items;
    }
    let way = Text::new().words("give these another name in the same deployment, or none");
    items.into_iter().chain([Item::new(Mark::Note, way)]).collect()
}

/// Resources that look as if only their logical ID were another.
pub(super) fn renames(changes: &Changes) -> Vec<Item> {
    changes.renames.iter().map(rename).collect()
}

fn rename(rename: &Rename) -> Item {
    let same = if rename.exact { "the same thing" } else { "the same but for its tags" };
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
                 StackName=STACK,TemplateBody@=file://TEMPLATE --resource-mappings \
                 'Source={{StackName=STACK,LogicalResourceId={}}},\
                 Destination={{StackName=STACK,LogicalResourceId={}}}'",
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

/// A service that starts tasks.
pub(super) fn roll(roll: &Roll) -> Item {
    let tasks = match roll.tasks {
        Some(1) => "its task".to_owned(),
        Some(number) => format!("its {number} tasks"),
        None => "its tasks".to_owned(),
    };
    let starts = if roll.certain { "starts" } else { "may start" };
    let mut text = Text::new().name(&roll.service).words(format!(" {starts} {tasks} anew"));
    if let Some(definition) = &roll.task_definition {
        text = text.words(": a new revision of ").name(definition);
    } else if let Some(path) = roll.because.first() {
        text = text.words(": ").name(within(path));
    }
    Item::new(Mark::Caution, text)
}
