//! Puts together what a deployment does: causes, what follows from them, and what that does to each resource.

use std::collections::{BTreeMap, BTreeSet};

use super::elements::Elements;
use super::fate::fate_of_replaced;
use super::identity::{Both, Happens, fixed_name};
use super::order::order;
use super::resource::{change, removed};
use super::roots::Root;
use super::spread::{Network, Spread};
use super::tree::{of_change, of_element, root};
use super::{Action, Carried, Consequence, ResourceChange, ValueChange, resource};
use crate::document::Template;
use crate::graph::{Edge, Element};
use crate::path::Path;
use crate::stateful;

/// What happens to the resources, and the causes in their order.
pub(super) fn assemble(
    old: &Template,
    new: &Template,
    elements: &Elements<'_>,
    edges: &[Edge],
) -> (Vec<ResourceChange>, Vec<Root>) {
    let mut own = resource::changes(old, new);
    let conditional = existence(old, new, elements, &mut own);
    let network = Network::new(old, new, edges, &own);
    let mut causes = spreads(&network, &own);
    let mut by_element = network.of_elements(elements);
    for (id, action) in &conditional {
        come_and_go(old, new, id, *action, elements, &network, &mut by_element);
    }
    let elements_used = by_element.into_iter().filter(|(_, spread)| !spread.is_empty());
    causes.extend(elements_used);
    keep_causes(&network, &mut causes);
    let by_id: BTreeMap<&str, &ResourceChange> =
        own.iter().map(|change| (change.id.as_str(), change)).collect();
    let roots = causes.iter().map(|(cause, spread)| root(old, new, cause, &by_id, spread, &network));
    let mut roots: Vec<Root> = roots.collect();
    let following: BTreeSet<&str> =
        causes.values().flat_map(|spread| spread.reached.keys()).map(String::as_str).collect();
    let follows = |id: &str| following.contains(id);
    let alone = own
        .iter()
        .filter(|change| change.action != Action::Changed || change.dormant)
        .filter(|change| !conditional.contains_key(&change.id) || !follows(&change.id));
    roots.extend(alone.map(|change| of_change(change, Vec::new())));
    for value in &elements.values {
        let cause = element_of(value);
        if !causes.contains_key(&cause) {
            roots.push(of_element(cause));
        }
    }
    drop(network);
    let resources = resources(old, new, own, &causes, &conditional);
    order(new, &resources, &mut roots);
    (resources, roots)
}

fn element_of(value: &ValueChange) -> Element {
    let pseudo = value.name.starts_with("AWS::");
    if pseudo { Element::Pseudo(value.name.clone()) } else { Element::Parameter(value.name.clone()) }
}

/// The resources whose condition begins or ceases to hold. Those for which it holds neither before nor after are
/// marked.
fn existence(
    old: &Template,
    new: &Template,
    elements: &Elements<'_>,
    own: &mut Vec<ResourceChange>,
) -> BTreeMap<String, Action> {
    let mut changed = BTreeMap::new();
    for (id, after) in &new.resources {
        let Some(before) = old.resources.get(id) else { continue };
        if before.condition.is_none() && after.condition.is_none() {
            continue;
        }
        match elements.exists_by_default(before.condition.as_deref(), after.condition.as_deref()) {
            [Some(false), Some(true)] => changed.insert(id.clone(), Action::Added),
            [Some(true), Some(false)] => changed.insert(id.clone(), Action::Removed),
            _ => None,
        };
    }
    for change in own {
        let of = |template: &'_ Template| {
            template.resources.get(&change.id).map(|resource| resource.condition.clone())
        };
        let (before, after) = (of(old), of(new));
        let [was, is] = elements
            .exists(before.as_ref().and_then(Option::as_deref), after.as_ref().and_then(Option::as_deref));
        let was = if before.is_some() { was } else { Some(false) };
        let is = if after.is_some() { is } else { Some(false) };
        change.dormant = was == Some(false) && is == Some(false);
        let condition = |template: &'_ Template| {
            template.resources.get(&change.id).and_then(|resource| resource.condition.clone())
        };
        if before.is_some() && after.is_some() && condition(old) != condition(new) {
            let [_, holds] = elements.exists_by_default(condition(old).as_deref(), condition(new).as_deref());
            change.condition_holds = holds;
        }
        change.action = changed.get(&change.id).copied().unwrap_or(change.action);
        if change.dormant {
            (change.own, change.consequence, change.fate) = (None, None, None);
        }
    }
    changed
}

/// A resource comes or goes because of what its condition is made of.
fn come_and_go(
    old: &Template,
    new: &Template,
    id: &str,
    action: Action,
    elements: &Elements<'_>,
    network: &Network<'_>,
    spreads: &mut BTreeMap<Element, Spread>,
) {
    let condition =
        |template: &Template| template.resources.get(id).and_then(|known| known.condition.clone());
    let Some(name) = condition(new).or_else(|| condition(old)) else { return };
    let element = Element::Condition(name.clone());
    for cause in elements.causes(&element) {
        let carried = Carried {
            path: Path::of(["Resources", id, "Condition"]),
            from: cause.clone(),
            attribute: None,
            condition: (*cause != element).then(|| name.clone()),
            certain: true,
            consequence: if action == Action::Removed {
                Consequence::Replaces
            } else {
                Consequence::UpdateInPlace
            },
        };
        network.comes_or_goes(id, carried, action, spreads.entry(cause.clone()).or_default());
    }
}

/// What follows from the resources that are different.
fn spreads(network: &Network<'_>, own: &[ResourceChange]) -> BTreeMap<Element, Spread> {
    let changed = own.iter().filter(|change| change.action == Action::Changed && !change.dormant);
    changed.map(|change| (Element::Resource(change.id.clone()), network.of_resource(&change.id))).collect()
}

/// Leaves out causes to which another does as much anyway: a subnet with another block in a network that is replaced.
fn keep_causes(network: &Network<'_>, causes: &mut BTreeMap<Element, Spread>) {
    // What reaches each resource; a parameter or mapping is no reason for differences that the template has itself.
    let mut by: BTreeMap<&str, Vec<(&str, Consequence)>> = BTreeMap::new();
    for (cause, spread) in causes.iter() {
        let Element::Resource(other) = cause else { continue };
        for (id, reached) in &spread.reached {
            by.entry(id).or_default().push((other, reached.consequence));
        }
    }
    let covered = |id: &str| {
        let own = network.own(id).and_then(|happens| happens.consequence);
        // In a circle each would cover the other.
        let follows = causes.get(&Element::Resource(id.to_owned()));
        let back = |other: &str| follows.is_some_and(|spread| spread.reached.contains_key(other));
        let does = |(other, does): &(&str, Consequence)| Some(*does) >= own && !back(other);
        by.get(id).is_some_and(|causes| causes.iter().any(does))
    };
    let left_out: Vec<Element> = causes
        .keys()
        .filter(|cause| matches!(cause, Element::Resource(id) if covered(id)))
        .cloned()
        .collect();
    for cause in left_out {
        causes.remove(&cause);
    }
}

/// What happens to each resource, all in all, in the order of the new template.
fn resources(
    old: &Template,
    new: &Template,
    own: Vec<ResourceChange>,
    causes: &BTreeMap<Element, Spread>,
    conditional: &BTreeMap<String, Action>,
) -> Vec<ResourceChange> {
    let mut carried: BTreeMap<&str, BTreeMap<&Path, &Carried>> = BTreeMap::new();
    let all = causes.values().flat_map(|spread| &spread.carried);
    for (id, what) in all.flat_map(|(id, many)| many.values().map(move |what| (id, what))) {
        let known = carried.entry(id).or_default().entry(&what.path).or_insert(what);
        if (known.consequence, known.certain) < (what.consequence, what.certain) {
            *known = what;
        }
    }
    let (gone, mut own): (Vec<_>, BTreeMap<String, ResourceChange>) = {
        let (gone, kept): (Vec<_>, Vec<_>) =
            own.into_iter().partition(|change| !new.resources.contains_key(&change.id));
        (gone, kept.into_iter().map(|change| (change.id.clone(), change)).collect())
    };
    let mut all = Vec::new();
    for (id, resource) in &new.resources {
        let known = own.remove(id);
        let what = carried.remove(id.as_str());
        if known.is_none() && what.is_none() && !conditional.contains_key(id) {
            continue;
        }
        let mut whole = known.unwrap_or_else(|| change(id, resource, Action::Changed));
        if let (Some(before), false) = (old.resources.get(id), whole.dormant) {
            whole.carried = what.into_iter().flat_map(BTreeMap::into_values).cloned().collect();
            complete(&mut whole, Both { old: before, new: resource }, conditional.get(id).copied());
        }
        all.push(whole);
    }
    all.extend(gone);
    all
}

/// Adds up what a resource's own differences and its references do to it.
fn complete(whole: &mut ResourceChange, both: Both<'_>, conditional: Option<Action>) {
    whole.stateful = stateful::holds(&both.old.type_name, Some(both.old)).is_some();
    if let Some(action) = conditional {
        let gone = (action == Action::Removed).then(|| removed(&whole.id, both.old).fate).flatten();
        (whole.action, whole.consequence, whole.own, whole.fate) = (action, None, None, gone);
        return;
    }
    let carried = whole.carried.iter().map(|carried| Some(carried.consequence)).max().flatten();
    whole.consequence = whole.own.max(carried);
    let replaced = whole.consequence.is_some_and(Consequence::is_replacement);
    whole.fate = replaced.then(|| fate_of_replaced(both.old, both.new));
    let names = whole.changes.iter().map(|change| (&change.path, true));
    let references = whole.carried.iter().map(|carried| (&carried.path, carried.certain));
    let properties = names.chain(references).filter_map(|(path, certain)| match path.steps().nth(3) {
        Some(crate::path::Step::Key(name)) => Some((name.to_owned(), certain)),
        _ => None,
    });
    let happens = Happens { consequence: whole.consequence, properties: properties.collect() };
    whole.fixed_name = fixed_name(&whole.id, both, &happens);
}
