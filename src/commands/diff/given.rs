//! What CloudFormation refuses, and what resources that stay give up.

use template::diff::{Changes, GivenUp, GivenUpKind, Refusal};

use super::page::{Item, Mark, Text};
use super::sections::place;

/// The refused changes, and the ways around them.
pub(super) fn refusals(changes: &Changes) -> Vec<Item> {
    let mut items: Vec<Item> = changes.refusals.iter().map(|one| refusal(changes, one)).collect();
    if items.is_empty() {
        return items;
    }
    let ways = [
        "nothing of the whole update is done until this is another change",
        "give it another logical ID: a new one is made, and the old one is deleted",
        "where the logical ID or a fixed name must stay: remove it in one deployment, and add it in the next",
    ];
    items.extend(ways.map(|way| Item::new(Mark::Note, Text::new().words(way))));
    items
}

fn refusal(changes: &Changes, refusal: &Refusal) -> Item {
    let text = Text::new().name(&refusal.id);
    let Some(old) = &refusal.old_type else {
        let mut text = text.words(format!(" ({}): ", refusal.type_name));
        for (number, path) in refusal.paths.iter().enumerate() {
            text = text.words(if number == 0 { "" } else { ", " }).name(place(changes, path));
        }
        let cannot = " cannot be updated: the update fails when its turn comes, and is rolled back";
        return Item::new(Mark::Refused, text.words(cannot));
    };
    let text =
        text.words(" is of the type ").old(old).words(" and cannot become ").new_value(&refusal.type_name);
    Item::new(Mark::Refused, text.words(": the type of a resource stays, and no change set is made"))
}

/// The data that resources which stay give up.
pub(super) fn data(changes: &Changes) -> impl Iterator<Item = Item> {
    of(changes, GivenUpKind::Data, Mark::Danger)
}

/// The protection of data that is given up.
pub(super) fn protection(changes: &Changes) -> Vec<Item> {
    of(changes, GivenUpKind::Protection, Mark::Caution).collect()
}

fn of(changes: &Changes, kind: GivenUpKind, mark: Mark) -> impl Iterator<Item = Item> {
    let own = changes.given_up.iter().filter(move |one| one.kind == kind);
    own.map(move |one| {
        let GivenUp { id, type_name, what, path, .. } = one;
        let text = Text::new().name(id).words(format!(" ({type_name}): "));
        let text = Text([text, Text::of(what)].into_iter().flat_map(|text| text.0).collect());
        let because = Text::new().words("because of ").name(place(changes, path));
        Item::new(mark, text).with([Item::new(Mark::Note, because)])
    })
}
