//! Whether one of many rules lets through what another does, without a look at each.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::{IndexMap, IndexSet};

use ipnet::IpNet;

use super::budget::Budget;
use super::flow::{ALL, Flow, Peer, Ports};
use super::symbol::When;

/// Where a rule belongs (a group and a direction), whom it names, and its protocol.
type Key<'r, P> = (&'r P, &'r Peer, &'r str);

/// Rules by the place where they belong, by whom they name, and by their protocol.
pub(super) struct Covered<'r, P> {
    all: IndexMap<Key<'r, P>, BTreeMap<&'r When, Range<'r>>>,
    /// The lengths of the prefixes of the blocks, of IPv4 and of IPv6.
    lengths: [BTreeSet<u8>; 2],
}

/// The ports of rules that are alike but for them.
#[derive(Default)]
struct Range<'r> {
    all: bool,
    written: IndexSet<&'r str>,
    /// The last port that is reached from each first one, or from one before it.
    reach: BTreeMap<i64, i64>,
}

/// Whether something is covered; `None` if there is too much to compare.
type Answer = Option<bool>;

impl<'r, P: std::hash::Hash + Eq> Covered<'r, P> {
    pub(super) fn of(rules: impl IntoIterator<Item = (&'r P, &'r When, &'r Flow)>) -> Covered<'r, P> {
        let mut covered = Covered { all: IndexMap::new(), lengths: Default::default() };
        for (place, when, flow) in rules {
            if let Peer::Block(block) = &flow.peer {
                covered.lengths[version(block)].insert(block.prefix_len());
            }
            let key = (place, &flow.peer, flow.protocol.as_str());
            covered.all.entry(key).or_default().entry(when).or_default().add(&flow.ports);
        }
        covered.all.values_mut().flat_map(BTreeMap::values_mut).for_each(Range::reach);
        covered
    }

    /// Whether one of the rules lets the flow through wherever `when` holds.
    pub(super) fn has(&self, place: &P, when: &When, flow: &Flow, budget: &Budget) -> Answer {
        for peer in self.wider(&flow.peer) {
            for protocol in [ALL, flow.protocol.as_str()] {
                let Some(known) = self.all.get(&(place, &peer, protocol)) else { continue };
                if known.get(when).is_some_and(|range| range.covers(&flow.ports)) {
                    return Some(true);
                }
                for (other, range) in known {
                    if !budget.take(1) {
                        return None;
                    }
                    if other.is_subset(when) && range.covers(&flow.ports) {
                        return Some(true);
                    }
                }
            }
        }
        Some(false)
    }

    /// A peer, and all that are wider and that a rule may name.
    fn wider(&self, peer: &Peer) -> Vec<Peer> {
        match peer {
            Peer::Named(_) => vec![peer.clone(), Peer::everybody()],
            Peer::Block(block) => {
                let lengths = self.lengths[version(block)].range(..=block.prefix_len());
                let wider = lengths.filter_map(|length| IpNet::new(block.addr(), *length).ok());
                wider.map(|block| Peer::Block(block.trunc())).collect()
            }
        }
    }
}

fn version(block: &IpNet) -> usize {
    usize::from(block.addr().is_ipv6())
}

impl<'r> Range<'r> {
    fn add(&mut self, ports: &'r Ports) {
        match ports {
            Ports::All => self.all = true,
            Ports::Written(text) => _ = self.written.insert(text),
            Ports::Range(from, to) => {
                let known = self.reach.entry(*from).or_insert(*to);
                *known = (*to).max(*known);
            }
        }
    }

    /// Lets each first port know what those before it reach.
    fn reach(&mut self) {
        let mut most = i64::MIN;
        for to in self.reach.values_mut() {
            most = most.max(*to);
            *to = most;
        }
    }

    fn covers(&self, ports: &Ports) -> bool {
        self.all
            || match ports {
                Ports::All => false,
                Ports::Written(text) => self.written.contains(text.as_str()),
                Ports::Range(from, to) => {
                    self.reach.range(..=*from).next_back().is_some_and(|(_, last)| to <= last)
                }
            }
    }
}
