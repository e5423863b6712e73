//! The resources: each cause with what follows from it, which is folded away.

use std::collections::BTreeMap;

use template::Element;
use template::diff::{Action, Carried, Change, Changes, Consequence, Fate, Follower, ResourceChange, Root};

use super::super::value;
use super::many::many_alike;
use super::outline::mark;
use super::page::{Item, Mark, Text};
use super::sections::{does, property, within};
use super::sides::Sides;
use crate::problem::count;

/// So many resources are named one by one.
const FEW: usize = 3;

/// So many types are named where many resources are counted.
const MOST_TYPES: usize = 4;

/// More resources than these that come or go alone are told in one line.
const MOST_ALONE: usize = 10;

/// Types that hold nothing, and that somebody uses: who removes one is told its name.
const SERVES: [&str; 11] = [
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGatewayV2::Api",
    "AWS::AppRunner::Service",
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::CloudFront::Distribution",
    "AWS::EC2::Instance",
    "AWS::ECS::Service",
    "AWS::EKS::Cluster",
    "AWS::ElasticLoadBalancing::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::Lambda::Function",
];

/// What happens to each resource.
struct Seen<'c> {
    by_id: BTreeMap<&'c str, &'c ResourceChange>,
    /// Where two stacks stand side by side, so that nothing happens.
    sides: Option<&'c Sides>,
}

/// The resources by what causes their changes.
pub(super) fn resources(changes: &Changes, sides: Option<&Sides>) -> Vec<Item> {
    let seen = &Seen { by_id: changes.by_id(), sides };
    let of = |action: Action| changes.roots.iter().filter(move |root| root.action == action);
    let updates = many_alike(alike(seen, of(Action::Changed)));
    let rest = [Action::Removed, Action::Added].into_iter().flat_map(|action| {
        let (single, named): (Vec<&Root>, Vec<&Root>) =
            of(action).partition(|root| is_alone(root) && !seen.is_missed(root));
        if single.len() <= MOST_ALONE {
            return many_alike(of(action).map(|root| cause(seen, root)).collect());
        }
        let named = many_alike(named.into_iter().map(|root| cause(seen, root)).collect());
        named.into_iter().chain([together(seen, action, &single)]).collect::<Vec<_>>()
    });
    updates.into_iter().chain(rest).collect()
}

impl<'c> Seen<'c> {
    fn get(&self, id: &str) -> Option<&'c ResourceChange> {
        self.by_id.get(id).copied()
    }

    /// Whether a resource goes that holds data, or that somebody uses.
    fn is_missed(&self, root: &Root) -> bool {
        let serves = |change: &ResourceChange| SERVES.contains(&change.type_name.as_str());
        root.action == Action::Removed
            && self.get(root.cause.name()).is_some_and(|change| change.stateful || serves(change))
    }
}

/// Whether nothing follows from it.
fn is_alone(root: &Root) -> bool {
    root.followers.is_empty() && root.outputs.is_empty()
}

/// The causes, where the same change of several resources of one type is told once.
fn alike<'r>(seen: &Seen<'_>, roots: impl Iterator<Item = &'r Root>) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut groups: Vec<(usize, &Root, Vec<&str>)> = Vec::new();
    let mut known: BTreeMap<(Option<&str>, Vec<Item>), usize> = BTreeMap::new();
    for root in roots {
        let item = cause(seen, root);
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
            _ if seen.sides.is_some() => "differ",
            Some(Consequence::Interrupts) => "are changed and cannot be used meanwhile",
            _ => "are changed",
        };
        items[at].text = text.words(format!(" ({kind}) {verb}"));
    }
    items
}

/// Many resources that come or go, in one line.
fn together(seen: &Seen<'_>, action: Action, roots: &[&Root]) -> Item {
    let what = match (seen.sides, action) {
        (Some(sides), Action::Added) => format!("only in {}", sides.own),
        (Some(sides), _) => format!("only in {}", sides.other),
        (None, Action::Added) => "added".to_owned(),
        (None, _) => "removed".to_owned(),
    };
    let named = roots.iter().map(|root| (root.cause.name(), root.type_name.as_deref().unwrap_or_default()));
    let text = Text::new().words(format!("{} {what}", count(roots.len(), "resource")));
    let items = roots.iter().map(|root| cause(seen, root)).collect();
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
fn cause(seen: &Seen<'_>, root: &Root) -> Item {
    let change = match &root.cause {
        Element::Resource(id) => seen.get(id),
        _ => None,
    };
    let text = Text::new().name(root.cause.name());
    let kind = root.type_name.clone().unwrap_or_else(|| kind_of(&root.cause).to_owned());
    let happens =
        change.map_or_else(|| "changes".to_owned(), |change| seen.happens(change, root.consequence));
    let text = text.words(format!(" ({kind}) {happens}")).words(consequences(root));
    let own = change.into_iter().flat_map(differences);
    let mut item = Item::new(mark(root.action, root.consequence), text).with(own);
    let (different, rest): (Vec<&Follower>, Vec<&Follower>) =
        root.followers.iter().filter(|follower| !follower.repeated).partition(|follower| follower.changed);
    item.below.extend(different.into_iter().map(|follower| self::follower(seen, follower)));
    let title = kinds(rest.iter().map(|follower| (follower.id.as_str(), follower.type_name.as_str())));
    item.fold(title, rest.into_iter().map(|follower| self::follower(seen, follower)).collect())
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

impl Seen<'_> {
    /// What happens to a resource because of one cause, in words; and if another cause does more to it, that it does.
    fn happens(&self, change: &ResourceChange, here: Option<Consequence>) -> String {
        if let Some(sides) = self.sides {
            return match change.action {
                Action::Added => format!("is only in {}", sides.own),
                Action::Removed => format!("is only in {}", sides.other),
                Action::Changed => "differs".to_owned(),
            };
        }
        if change.action == Action::Changed && here < change.consequence {
            let (here, all) = (does_to(change.action, here), does_to(change.action, change.consequence));
            return format!("{here}; because of another cause it {all}");
        }
        happens(change)
    }
}

/// What a change does to a resource, in words.
const fn does_to(action: Action, consequence: Option<Consequence>) -> &'static str {
    match (action, consequence) {
        (Action::Added, _) => "is added",
        (Action::Removed, _) => "is removed",
        (Action::Changed, Some(Consequence::Refused)) => {
            "cannot be changed so: CloudFormation refuses the update"
        }
        (Action::Changed, Some(Consequence::Replaces)) => "is replaced",
        (Action::Changed, Some(Consequence::MayReplace)) => "may be replaced",
        (Action::Changed, Some(Consequence::Interrupts)) => "is changed and cannot be used meanwhile",
        (Action::Changed, _) => "is changed",
    }
}

/// What happens to a resource all in all, in words.
fn happens(change: &ResourceChange) -> String {
    let base = does_to(change.action, change.consequence);
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
fn follower(seen: &Seen<'_>, follower: &Follower) -> Item {
    let text = Text::new().name(&follower.id).words(format!(" ({}) ", follower.type_name));
    let change = seen.get(&follower.id);
    let here = Some(follower.consequence);
    let happens = change.map(|change| seen.happens(change, here)).unwrap_or_default();
    // What comes or goes with a condition is not replaced; and what another cause brings is told with that one.
    let carries = change.filter(|change| change.action == Action::Changed);
    let brought = carries.into_iter().flat_map(|change| &change.carried);
    let through = brought.filter(|part| part.consequence <= follower.consequence).map(carried);
    let own = change.into_iter().flat_map(differences);
    Item::new(mark(follower.action, here), text.words(happens)).with(own).with(through)
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
