//! What follows from parameters, mappings and conditions that become another.

use std::collections::{BTreeMap, BTreeSet};

use super::elements::{Elements, condition_of, outermost};
use super::spread::{Network, Spread, is_property, perhaps};
use super::{Action, Carried, resource};
use crate::facts;
use crate::graph::{Edge, Element};
use crate::path::{Path, Step};

/// What was looked at already: a value may have a thousand references to changed elements.
#[derive(Default)]
struct Seen {
    /// Values whose change was told, with its cause.
    told: BTreeSet<(Element, Path)>,
    /// Whether values become another, and whether that is certain.
    values: BTreeMap<Path, Option<bool>>,
}

impl Network<'_> {
    /// All that follows from each element that becomes another.
    pub(super) fn of_elements(&self, elements: &Elements<'_>) -> BTreeMap<Element, Spread> {
        let mut spreads: BTreeMap<Element, Spread> = BTreeMap::new();
        if elements.is_empty() {
            return spreads;
        }
        let mut seen = Seen::default();
        for edge in self.edges {
            let Some(to) = edge.to.as_ref().filter(|to| elements.causes(to).next().is_some()) else {
                continue;
            };
            match &edge.from {
                Element::Resource(id) if is_property(&edge.path) => {
                    self.property(id, edge, to, elements, &mut seen, &mut spreads);
                }
                Element::Output(name) => {
                    let Some(output) = self.new.outputs.get(name) else { continue };
                    let known = seen.values.entry(Path::of(["Outputs", name]));
                    let changes = *known.or_insert_with(|| elements.changes(&output.value));
                    let Some(certain) = changes else { continue };
                    for cause in elements.causes(to) {
                        let spread = spreads.entry(cause.clone()).or_default();
                        self.output(name, cause.clone(), &edge.path, certain, spread);
                    }
                }
                _ => {}
            }
        }
        for spread in spreads.values_mut() {
            self.close(spread);
        }
        spreads
    }

    /// A property of a resource that is made of a changed element.
    fn property(
        &self,
        id: &str,
        edge: &Edge,
        to: &Element,
        elements: &Elements<'_>,
        seen: &mut Seen,
        spreads: &mut BTreeMap<Element, Spread>,
    ) {
        let Some(both) = self.both(id) else { return };
        let Some((path, node)) = outermost(&both.new.properties, &edge.path) else { return };
        if self.is_own(id, &path) {
            return;
        }
        let known = seen.values.entry(path.clone());
        let Some(certain) = *known.or_insert_with(|| elements.changes(node)) else { return };
        let does = resource::at(&path, both.new, facts::resource(&both.new.type_name));
        for cause in elements.causes(to) {
            if !seen.told.insert((cause.clone(), path.clone())) {
                continue;
            }
            let carried = Carried {
                path: path.clone(),
                from: cause.clone(),
                attribute: None,
                condition: condition_of(edge).filter(|name| cause.name() != name),
                certain,
                consequence: if certain { does } else { perhaps(does) },
            };
            self.reach(id, carried, Action::Changed, spreads.entry(cause.clone()).or_default());
        }
    }

    /// Whether a value at `path` is within a difference of the resource itself.
    fn is_own(&self, id: &str, path: &Path) -> bool {
        // Only the name of the property is known of them, which is enough: the whole property is told.
        match (self.own(id), path.steps().nth(3)) {
            (Some(happens), Some(Step::Key(name))) => happens.properties.contains_key(name),
            _ => false,
        }
    }

    /// Follows everything that was reached, to the end.
    fn close(&self, spread: &mut Spread) {
        let ids: Vec<String> = spread.reached.keys().cloned().collect();
        for id in ids {
            let Some(reached) = spread.reached.get(&id).filter(|reached| reached.action == Action::Changed)
            else {
                continue;
            };
            let happens = reached.happens.clone();
            self.follow(&id, happens, spread);
        }
    }
}
