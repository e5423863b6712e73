//! How a change spreads: from each cause through references, to a fixed point.
//!
//! What a reference does to the one who refers depends on how much happens to the one referred to, and more never does
//! less. So the causes can be followed one by one, and what happens to a resource is the most that any of them does.

use std::collections::{BTreeMap, VecDeque};

use indexmap::IndexMap;

use super::identity::{Both, Effect, Happens};
use super::roots::FollowingOutput;
use super::{Action, Carried, Consequence, ResourceChange, resource};
use crate::document::Template;
use crate::facts;
use crate::graph::{Edge, Element, Reference};
use crate::path::{Path, Step};

/// Both templates, and who refers to whom in the new one.
pub(super) struct Network<'t> {
    old: &'t Template,
    pub(super) new: &'t Template,
    pub(super) edges: &'t [Edge],
    /// Places of the references to a resource that may carry something, by its logical ID.
    into: BTreeMap<&'t str, Vec<usize>>,
    /// What is different about the resources themselves.
    own: BTreeMap<&'t str, Happens>,
}

/// All that follows from one cause.
#[derive(Debug, Clone, Default)]
pub(super) struct Spread {
    /// The resources that follow, each with what brought the most to it first.
    pub(super) reached: BTreeMap<String, Reached>,
    /// Everything that is carried, the most for each reference, by the path of the reference.
    pub(super) carried: BTreeMap<String, BTreeMap<Path, Carried>>,
    /// By name.
    pub(super) outputs: IndexMap<String, FollowingOutput>,
}

impl Spread {
    pub(super) fn is_empty(&self) -> bool {
        self.reached.is_empty() && self.outputs.is_empty()
    }
}

/// A resource that follows.
#[derive(Debug, Clone)]
pub(super) struct Reached {
    pub(super) happens: Happens,
    pub(super) consequence: Consequence,
    /// Whether it comes or goes with a condition, or is changed.
    pub(super) action: Action,
    /// What brought it.
    pub(super) by: Carried,
}

impl<'t> Network<'t> {
    pub(super) fn new(
        old: &'t Template,
        new: &'t Template,
        edges: &'t [Edge],
        changes: &'t [ResourceChange],
    ) -> Network<'t> {
        let mut into: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, edge) in edges.iter().enumerate() {
            if let Some(Element::Resource(id)) = &edge.to
                && carries(edge)
            {
                into.entry(id).or_default().push(place);
            }
        }
        let different = changes.iter().filter(|change| change.action == Action::Changed && !change.dormant);
        let own = different.map(|change| (change.id.as_str(), happens(change))).collect();
        Network { old, new, edges, into, own }
    }

    pub(super) fn both(&self, id: &str) -> Option<Both<'t>> {
        Some(Both { old: self.old.resources.get(id)?, new: self.new.resources.get(id)? })
    }

    /// What happens to a resource by its own differences.
    pub(super) fn own(&self, id: &str) -> Option<&Happens> {
        self.own.get(id)
    }

    /// All that follows from the own differences of a resource.
    pub(super) fn of_resource(&self, id: &str) -> Spread {
        let mut spread = Spread::default();
        if let Some(happens) = self.own.get(id) {
            self.follow(id, happens.clone(), &mut spread);
        }
        spread
    }

    /// Lets a resource come or go because of a condition.
    pub(super) fn comes_or_goes(&self, id: &str, carried: Carried, action: Action, spread: &mut Spread) {
        self.reach(id, carried, action, spread);
    }

    pub(super) fn follow(&self, start: &str, happens: Happens, spread: &mut Spread) {
        let mut open = VecDeque::from([(start.to_owned(), happens)]);
        while let Some((id, happens)) = open.pop_front() {
            let (Some(both), Some(edges)) = (self.both(&id), self.into.get(id.as_str())) else { continue };
            for edge in edges.iter().map(|place| &self.edges[*place]) {
                let attribute = attribute(&edge.kind);
                let effect = both.effect(attribute, &happens);
                if effect == Effect::No {
                    continue;
                }
                let from = Element::Resource(id.clone());
                match &edge.from {
                    Element::Resource(follower) if follower != start => {
                        let Some(carried) = self.carry(edge, follower, from, attribute, effect) else {
                            continue;
                        };
                        if self.reach(follower, carried, Action::Changed, spread) {
                            let happens = spread.reached[follower].happens.clone();
                            open.push_back((follower.clone(), happens));
                        }
                    }
                    Element::Output(name) => {
                        self.output(name, from, &edge.path, effect == Effect::Yes, spread);
                    }
                    _ => {}
                }
            }
        }
    }

    fn carry(
        &self,
        edge: &Edge,
        follower: &str,
        from: Element,
        attribute: Option<&str>,
        effect: Effect,
    ) -> Option<Carried> {
        let new = self.both(follower)?.new;
        let does = resource::at(&edge.path, new, facts::resource(&new.type_name));
        let certain = effect == Effect::Yes;
        Some(Carried {
            path: edge.path.clone(),
            from,
            attribute: attribute.map(str::to_owned),
            condition: None,
            certain,
            consequence: if certain { does } else { perhaps(does) },
        })
    }

    /// Brings something to a resource; whether more happens to it than before, for those who refer to it.
    pub(super) fn reach(&self, id: &str, carried: Carried, action: Action, spread: &mut Spread) -> bool {
        let more =
            |known: &Carried| (known.consequence, known.certain) < (carried.consequence, carried.certain);
        let all = spread.carried.entry(id.to_owned()).or_default();
        if all.get(&carried.path).is_some_and(|known| !more(known)) {
            return false;
        }
        all.insert(carried.path.clone(), carried.clone());
        let mut grows = !spread.reached.contains_key(id);
        let own = self.own.get(id);
        let reached = spread.reached.entry(id.to_owned()).or_insert_with(|| Reached {
            // Its own differences are told with it, and so is what follows from them.
            happens: own.cloned().unwrap_or_default(),
            consequence: carried.consequence,
            action,
            by: carried.clone(),
        });
        if carried.consequence > reached.consequence {
            reached.consequence = carried.consequence;
            reached.by = carried.clone();
        }
        let worst = reached.happens.consequence.max(Some(carried.consequence));
        grows |= worst != reached.happens.consequence;
        reached.happens.consequence = worst;
        if let Some(Step::Key(name)) = carried.path.steps().nth(3) {
            let known = reached.happens.properties.get(name).copied();
            grows |= known.is_none_or(|known| carried.certain && !known);
            reached.happens.properties.insert(name.to_owned(), carried.certain || known == Some(true));
        }
        grows
    }

    pub(super) fn output(&self, name: &str, from: Element, path: &Path, certain: bool, spread: &mut Spread) {
        let Some(output) = self.new.outputs.get(name).filter(|_| self.old.outputs.contains_key(name)) else {
            return;
        };
        if !matches!(path.steps().nth(2), Some(Step::Key("Value"))) {
            return;
        }
        let following = spread.outputs.entry(name.to_owned()).or_insert_with(|| FollowingOutput {
            name: name.to_owned(),
            exported: output.export.is_some(),
            from,
            path: path.clone(),
            certain,
        });
        following.certain |= certain;
    }
}

/// What a resource's own differences do, for those who refer to it.
fn happens(change: &ResourceChange) -> Happens {
    let mut happens = Happens { consequence: change.own, ..Happens::default() };
    // Nothing is done, so nobody who refers to it sees another value.
    if change.own == Some(Consequence::Refused) {
        return happens;
    }
    for change in &change.changes {
        if let (Some(Step::Key("Properties")), Some(Step::Key(name))) =
            (change.path.steps().nth(2), change.path.steps().nth(3))
        {
            happens.properties.insert(name.to_owned(), true);
        }
    }
    happens
}

/// The consequence of a value that may become another.
pub(super) fn perhaps(consequence: Consequence) -> Consequence {
    match consequence {
        Consequence::Replaces => Consequence::MayReplace,
        // Whether there is anything to refuse is not known either.
        Consequence::UpdateInPlace | Consequence::Refused => Consequence::MayUpdate,
        other => other,
    }
}

/// Whether a change of what an edge refers to can reach the one who refers: it stands in a property, or in the value
/// of an output.
fn carries(edge: &Edge) -> bool {
    let kind = matches!(edge.kind, Reference::Ref | Reference::GetAtt(_) | Reference::Sub(_));
    kind && match edge.from {
        Element::Resource(_) => is_property(&edge.path),
        Element::Output(_) => true,
        _ => false,
    }
}

pub(super) fn is_property(path: &Path) -> bool {
    matches!(path.steps().nth(2), Some(Step::Key("Properties")))
}

fn attribute(kind: &Reference) -> Option<&str> {
    match kind {
        Reference::GetAtt(Some(attribute)) | Reference::Sub(Some(attribute)) => Some(attribute),
        // An attribute that is itself an expression may be any.
        Reference::GetAtt(None) => Some(""),
        _ => None,
    }
}
