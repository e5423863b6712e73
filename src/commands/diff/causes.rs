//! The resources: each cause with what follows from it, which is folded away.

use std::collections::BTreeMap;

use template::Element;
use template::diff::{Action, Carried, Change, Changes, Consequence, Fate, Follower, ResourceChange, Root};

use super::super::value;
use super::outline::mark;
use super::page::{Item, Mark, Text};
use super::sections::{does, property, within};
use crate::problem::count;

/// So many resources are named one by one.
const FEW: usize = 3;

/// So many types are named where many resources are counted.
const MOST_TYPES: usize = 4;

/// More resources than these that come or go alone are told in one line.
const MOST_ALONE: usize = 10;

/// What happens to each resource.
type ById<'c> = BTreeMap<&'c str, &'c ResourceChange>;

/// The resources by what causes their changes.
pub(super) fn resources(changes: &Changes) -> Vec<Item> {
    let by_id = &changes.by_id();
    let of = |action: Action| changes.roots.iter().filter(move |root| root.action == action);
    let updates = alike(by_id, of(Action::Changed));
    let rest = [Action::Removed, Action::Added].into_iter().flat_map(|action| {
        let (single, chains): (Vec<&Root>, Vec<&Root>) = of(action).partition(|root| is_alone(root));
        if single.len() <= MOST_ALONE {
            return of(action).map(|root| cause(by_id, root)).collect();
        }
        let chains = chains.into_iter().map(|root| cause(by_id, root));
        chains.chain([together(by_id, action, &single)]).collect::<Vec<_>>()
    });
    updates.into_iter().chain(rest).collect()
}

/// Whether nothing follows from it.
fn is_alone(root: &Root) -> bool {
    root.followers.is_empty() && root.outputs.is_empty()
}

/// The causes, where the same change of several resources of one type is told once.
fn alike<'r>(by_id: &ById<'_>, roots: impl Iterator<Item = &'r Root>) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut groups: Vec<(usize, &Root, Vec<&str>)> = Vec::new();
    let mut known: BTreeMap<(Option<&str>, Vec<Item>), usize> = BTreeMap::new();
    for root in roots {
        let item = cause(by_id, root);
        // What is replaced is told one by one: what becomes of each old one matters.
        if is_alone(root) && !item.below.is_empty() && matches!(item.mark, Mark::Changed) {
            let group = *known.entry((root.type_name.as_deref(), item.below.clone())).or_insert(groups.len());
            if let Some((_, _, names)) = groups.get_mut(group) {
                names.push(root.cause.name());
                continue;
            }
            groups.push((items.len(), root, vec![root.cause.name()]));
        }
        items.push(item);
    }
    for (at, root, names) in groups.into_iter().filter(|(_, _, names)| names.len() > 1) {
        let kind = root.type_name.as_deref().unwrap_or_default();
        let mut text = Text::new();
        for (number, name) in names.iter().enumerate() {
            text = text.words(if number == 0 { "" } else { ", " }).name(*name);
        }
        let verb = match root.consequence {
            Some(Consequence::Interrupts) => "are changed and cannot be used meanwhile",
            _ => "are changed",
        };
        items[at].text = text.words(format!(" ({kind}) {verb}"));
    }
    items
}

/// Many resources that come or go, in one line.
fn together(by_id: &ById<'_>, action: Action, roots: &[&Root]) -> Item {
    let what = if action == Action::Added { "added" } else { "removed" };
    let named = roots.iter().map(|root| (root.cause.name(), root.type_name.as_deref().unwrap_or_default()));
    let text = Text::new().words(format!("{} {what}", count(roots.len(), "resource")));
    let items = roots.iter().map(|root| cause(by_id, root)).collect();
    Item::new(mark(action, None), text).fold(kinds(named), items)
}

/// What is folded away: the names of a few, or how many of each type: `12 AWS::EC2::Subnet, 3 AWS::EC2::RouteTable`.
fn kinds<'t>(resources: impl IntoIterator<Item = (&'t str, &'t str)>) -> String {
    let resources: Vec<_> = resources.into_iter().collect();
    if resources.len() <= FEW {
        let named = resources.iter().map(|(id, type_name)| format!("{id} ({type_name})"));
        return named.collect::<Vec<_>>().join(", ");
    }
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, type_name) in &resources {
        *numbers.entry(type_name).or_default() += 1;
    }
    let mut numbers: Vec<_> = numbers.into_iter().collect();
    numbers.sort_by_key(|(name, number)| (std::cmp::Reverse(*number), *name));
    let named = numbers.iter().take(MOST_TYPES).map(|(name, number)| format!("{number} {name}"));
    let mut words: Vec<String> = named.collect();
    let others: usize = numbers.iter().skip(MOST_TYPES).map(|(_, number)| number).sum();
    if others > 0 {
        words.push(format!("{others} of other types"));
    }
    words.join(", ")
}

/// A cause: its own differences, and what follows.
fn cause(by_id: &ById<'_>, root: &Root) -> Item {
    let change = match &root.cause {
        Element::Resource(id) => by_id.get(id.as_str()).copied(),
        _ => None,
    };
    let text = Text::new().name(root.cause.name());
    let kind = root.type_name.clone().unwrap_or_else(|| kind_of(&root.cause).to_owned());
    let happens = change.map_or_else(|| "changes".to_owned(), happens);
    let text = text.words(format!(" ({kind}) {happens}")).words(consequences(root));
    let own = change.into_iter().flat_map(differences);
    let mut item = Item::new(mark(root.action, root.consequence), text).with(own);
    let (different, rest): (Vec<&Follower>, Vec<&Follower>) =
        root.followers.iter().filter(|follower| !follower.repeated).partition(|follower| follower.changed);
    item.below.extend(different.into_iter().map(|follower| self::follower(by_id, follower)));
    let title = kinds(rest.iter().map(|follower| (follower.id.as_str(), follower.type_name.as_str())));
    item.fold(title, rest.into_iter().map(|follower| self::follower(by_id, follower)).collect())
}

/// What is different about a resource itself.
fn differences(change: &ResourceChange) -> impl Iterator<Item = Item> {
    change.changes.iter().map(|part| {
        let item = property(part);
        if part.place == "Condition" {
            Item { text: item.text.words(made_only_if(change, part)), ..item }
        } else {
            item
        }
    })
}

/// What another condition means.
fn made_only_if(change: &ResourceChange, part: &Change) -> String {
    let Some(condition) = &part.new else {
        return ": it is made whatever the parameters are".to_owned();
    };
    let holds = match change.condition_holds {
        Some(true) => "as it does with the parameters that are known",
        Some(false) => "and it does not with the parameters that are known",
        None => "which is known only when it is deployed",
    };
    format!(": it is made only if {} holds, {holds}", value::line(condition))
}

const fn kind_of(element: &Element) -> &'static str {
    match element {
        Element::Parameter(_) | Element::Pseudo(_) => "parameter",
        Element::Mapping(_) => "mapping",
        Element::Condition(_) => "condition",
        Element::Rule(_) => "rule",
        Element::Output(_) => "output",
        Element::Loop(..) => "loop",
        Element::Resource(_) => "resource",
    }
}

/// What happens to a resource, in words.
fn happens(change: &ResourceChange) -> String {
    let base = match (change.action, change.consequence) {
        (Action::Added, _) => "is added",
        (Action::Removed, _) => "is removed",
        (Action::Changed, Some(Consequence::Refused)) => {
            "cannot be changed so: CloudFormation refuses the update"
        }
        (Action::Changed, Some(Consequence::Replaces)) => "is replaced",
        (Action::Changed, Some(Consequence::MayReplace)) => "may be replaced",
        (Action::Changed, Some(Consequence::Interrupts)) => "is changed and cannot be used meanwhile",
        (Action::Changed, _) => "is changed",
    };
    let whose = if change.action == Action::Removed { "it" } else { "the old one" };
    let fate = match change.fate {
        Some(Fate::Deleted) if change.stateful => format!(": {whose} is deleted with its data"),
        None | Some(Fate::Deleted) => String::new(),
        Some(Fate::Snapshot) => format!(": {whose} is deleted after a snapshot"),
        Some(Fate::DeletedIfEmpty) => {
            format!(": {whose} is deleted if it is empty, else it stays in the account")
        }
        Some(Fate::Protected) => format!(": AWS refuses to delete {whose}, which stays in the account"),
        Some(Fate::Retained) => format!(": {whose} stays in the account"),
        Some(Fate::Unknown) => format!(": what becomes of {whose} depends on a condition"),
    };
    let dormant = if change.dormant { ", but its condition does not hold" } else { "" };
    format!("{base}{fate}{dormant}")
}

/// How many resources follow, and what happens to them.
fn consequences(root: &Root) -> String {
    let words = [
        (Consequence::Refused, "refused"),
        (Consequence::Replaces, "replaced"),
        (Consequence::MayReplace, "may be replaced"),
        (Consequence::Interrupts, "interrupted"),
        (Consequence::UpdateInPlace, "changed"),
        (Consequence::MayUpdate, "may be changed"),
    ];
    let number = |action: Action, consequence: Option<Consequence>| {
        let same = |follower: &&Follower| {
            follower.action == action && consequence.is_none_or(|wanted| follower.consequence == wanted)
        };
        root.followers.iter().filter(same).count()
    };
    let come_and_go = [(number(Action::Removed, None), "removed"), (number(Action::Added, None), "added")];
    let counted = words.into_iter().map(|(does, word)| (number(Action::Changed, Some(does)), word));
    let counted = come_and_go.into_iter().chain(counted);
    let counted: Vec<_> = counted.filter(|(number, _)| *number > 0).collect();
    match counted[..] {
        [] => String::new(),
        [(number, word)] => {
            let verb = match (word.starts_with("may"), number) {
                (true, _) => "",
                (false, 1) => "is ",
                (false, _) => "are ",
            };
            format!("; with it {} {verb}{word}", count(number, "resource"))
        }
        _ => {
            let words: Vec<String> =
                counted.iter().map(|(number, word)| format!("{number} {word}")).collect();
            format!("; with it {}: {}", count(root.followers.len(), "resource"), words.join(", "))
        }
    }
}

/// A resource that follows: what happens, through which reference, and what is different besides.
fn follower(by_id: &ById<'_>, follower: &Follower) -> Item {
    let text = Text::new().name(&follower.id).words(format!(" ({}) ", follower.type_name));
    let change = by_id.get(follower.id.as_str()).copied();
    let happens = change.map(happens).unwrap_or_default();
    // What comes or goes with a condition is not replaced.
    let carries = change.filter(|change| change.action == Action::Changed);
    let through =
        carries.map(|change| change.carried.iter().map(carried).collect::<Vec<_>>()).unwrap_or_default();
    let own = change.into_iter().flat_map(differences);
    Item::new(mark(follower.action, Some(follower.consequence)), text.words(happens)).with(own).with(through)
}

/// A reference to something that changes.
fn carried(part: &Carried) -> Item {
    let from = match (&part.from, &part.attribute) {
        (Element::Resource(id), Some(attribute)) => format!("{id}.{attribute}"),
        (other, _) => other.name().to_owned(),
    };
    let how = if part.certain { " is another" } else { " may be another" };
    let mut text = Text::new().name(within(&part.path)).words(": ").name(from).words(how);
    if let Some(condition) = &part.condition {
        text = text.words(", by the condition ").name(condition);
    }
    let text = match does(part.consequence) {
        "" => text,
        does => text.words(format!("  ({does})")),
    };
    Item::new(mark(Action::Changed, Some(part.consequence)), text)
}
