//! What is different outside of resources, and differences in one line.

use std::collections::BTreeSet;

use template::diff::{Action, Change, Changes, Consequence, ValueChange};
use template::{Node, Path, Step};

use super::super::value;
use super::page::{Item, Mark, Piece, Text};
use super::report::Compared;
use crate::problem::count;

/// The parameters with another value.
pub(super) fn values(compared: &Compared) -> Vec<Item> {
    let changes = &compared.changes;
    let values = changes.values.iter().map(parameter);
    let told = |change: &Change| changes.values.iter().any(|value| is_default_of(change, value));
    let of_section = changes.sections.iter().filter(|change| section(change) == "Parameters");
    let written = of_section.filter(|change| !told(change)).map(whole).collect();
    values.chain(counted(compared, written, "parameter")).collect()
}

/// Whether the change of a default is what the change of the value tells already.
fn is_default_of(change: &Change, value: &ValueChange) -> bool {
    let text = |node: &Option<Node>| Some(node.as_ref()?.scalar_text()?.into_owned());
    let place = Path::of(["Parameters", &value.name, "Default"]);
    !value.masked && change.path == place && text(&change.old) == value.old && text(&change.new) == value.new
}

/// What a new stack has, of which only the number is told.
fn counted(compared: &Compared, items: Vec<Item>, what: &str) -> Vec<Item> {
    if compared.deployed || items.len() < 2 {
        return items;
    }
    let text = Text::new().words(count(items.len(), what));
    let names = items.iter().filter_map(|item| match item.text.0.first() {
        Some(Piece::Name(name)) => Some(name.as_str()),
        _ => None,
    });
    let names = names.collect::<Vec<_>>().join(", ");
    vec![Item::new(Mark::Added, text).fold(names, items)]
}

fn parameter(change: &ValueChange) -> Item {
    let text = Text::new().name(&change.name).words(": ");
    let text = match (&change.old, &change.new) {
        _ if change.masked => text.words("another value, which is not shown"),
        (Some(old), Some(new)) => text.old(old).words(" → ").new_value(new),
        (None, Some(new)) => text.new_value(new),
        (Some(old), None) => text.old(old).words(" → nothing"),
        (None, None) => text.words("another value"),
    };
    let text = if change.certain { text } else { text.words(" (by default)") };
    Item::new(Mark::Changed, text)
}

/// What is to be known of an export.
const IMPORTED: &str = " (exported: the update fails where another stack imports it)";

/// The outputs that are different, or whose values follow.
pub(super) fn outputs(compared: &Compared) -> Vec<Item> {
    let changes = &compared.changes;
    let of_section = |change: &&Change| section(change) == "Outputs";
    let exports: BTreeSet<&str> = changes.exports.iter().map(String::as_str).collect();
    let exported = |change: &Change| match change.path.steps().nth(1) {
        Some(Step::Key(name)) => exports.contains(name),
        _ => false,
    };
    let written = changes.sections.iter().filter(of_section).map(|change| {
        let item = whole(change);
        if exported(change) {
            Item { mark: Mark::Caution, text: item.text.words(IMPORTED), ..item }
        } else {
            item
        }
    });
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut follow = Vec::new();
    for output in changes.roots.iter().flat_map(|root| &root.outputs) {
        if !seen.insert(&output.name) {
            continue;
        }
        let how = if output.certain { " is another value: " } else { " may be another value: " };
        let text = Text::new().name(&output.name).words(how).name(output.from.name());
        let (mark, text) =
            if output.exported { (Mark::Caution, text.words(IMPORTED)) } else { (Mark::Changed, text) };
        follow.push(Item::new(mark, text));
    }
    counted(compared, written.chain(follow).collect(), "output")
}

/// All other sections.
pub(super) fn others(compared: &Compared) -> Vec<Item> {
    // That a new template has the only version that there is, is no news.
    let known = if compared.deployed { "" } else { "AWSTemplateFormatVersion" };
    let others = |change: &&Change| !["Parameters", "Outputs", known].contains(&section(change));
    let items = compared.changes.sections.iter().filter(others).map(whole).collect();
    counted(compared, items, "other part")
}

/// The section in which a difference outside of resources is.
fn section(change: &Change) -> &str {
    match change.path.steps().next() {
        Some(Step::Key(key)) => key,
        _ => "",
    }
}

fn whole(change: &Change) -> Item {
    let mark = match change.action() {
        Action::Added => Mark::Added,
        Action::Changed => Mark::Changed,
        Action::Removed => Mark::Removed,
    };
    let titled = matches!(section(change), "Parameters" | "Outputs");
    // The title says which section it is.
    let below = change.place.split_once('.').filter(|_| titled).map(|(_, below)| below);
    let place = below.unwrap_or(&change.place);
    Item::new(mark, old_and_new(Text::new().name(place), change))
}

/// A difference of a resource.
pub(super) fn property(change: &Change) -> Item {
    let mark = match change.consequence {
        Some(Consequence::Refused) => Mark::Refused,
        Some(Consequence::Replaces) => Mark::Replaced,
        Some(Consequence::MayReplace) => Mark::MayReplace,
        Some(Consequence::Interrupts) => Mark::Caution,
        Some(Consequence::UpdateInPlace | Consequence::MayUpdate) | None => Mark::Changed,
    };
    let text = old_and_new(Text::new().name(&change.place), change);
    let text = match change.consequence.map(does).unwrap_or_default() {
        "" => text,
        does => text.words(format!("  ({does})")),
    };
    let inside = change.inside.iter().map(property);
    Item::new(mark, text).with(inside)
}

/// What a change does, where that is more than the change itself.
pub(super) const fn does(consequence: Consequence) -> &'static str {
    match consequence {
        Consequence::Refused => "refused",
        Consequence::Replaces => "replaces",
        Consequence::MayReplace => "may replace",
        Consequence::Interrupts => "interrupts",
        Consequence::UpdateInPlace | Consequence::MayUpdate => "",
    }
}

fn old_and_new(text: Text, change: &Change) -> Text {
    // What is different within a JSON text is told below.
    if !change.inside.is_empty() {
        return text.words(": the JSON in it");
    }
    let text = text.words(": ");
    match (&change.old, &change.new) {
        (Some(Node::List(old)), Some(Node::List(new))) => items(text, old, new),
        (Some(old), Some(new)) => {
            let (old, new) = value::pair(old, new);
            text.old(old).words(" → ").new_value(new)
        }
        (None, Some(new)) => text.words("nothing → ").new_value(value::line(new)),
        (Some(old), None) => text.old(value::line(old)).words(" → nothing"),
        (None, None) => text,
    }
}

/// Only the items that one list has and the other has not; their common ones would hide them.
fn items(text: Text, old: &[Node], new: &[Node]) -> Text {
    let gone = old.iter().filter(|item| !new.contains(item)).map(|item| (false, item));
    let come = new.iter().filter(|item| !old.contains(item)).map(|item| (true, item));
    let mut text = text;
    let mut number = 0;
    for (comes, item) in gone.chain(come) {
        text = text.words(if number == 0 { "" } else { ", " }).words(if comes { "+ " } else { "- " });
        text = if comes { text.new_value(value::line(item)) } else { text.old(value::line(item)) };
        number += 1;
    }
    if number == 0 { text.words("the same items in another order") } else { text }
}

/// The place within a resource as its own difference has it, where items go by their names.
pub(super) fn place(changes: &Changes, path: &Path) -> String {
    let resource = path.resource().and_then(|id| changes.resource(id));
    let mut parts = resource.into_iter().flat_map(|resource| &resource.changes);
    parts.find(|part| part.path == *path).map_or_else(|| within(path), |part| part.place.clone())
}

/// The place within a resource, or within the template.
pub(super) fn within(whole: &Path) -> String {
    let is_property =
        matches!(whole.steps().nth(2), Some(Step::Key("Properties"))) && whole.steps().len() > 3;
    let skipped = if is_property {
        3
    } else if whole.resource().is_some() {
        2
    } else {
        0
    };
    let mut path = Path::new();
    for step in whole.steps().skip(skipped) {
        path.push(step);
    }
    path.to_string()
}
