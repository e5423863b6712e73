//! What a flow lets through that others do not, taken apart: the ports that are left, and the parts that others let
//! through all the same.

use indexmap::IndexSet;
use ipnet::IpNet;

use super::budget::Budget;
use super::flow::{ALL, Flow, Peer, Ports};
use super::partly::exclude;
use super::symbol::When;

/// Of a flow that no other covers as a whole.
#[derive(Debug, Default)]
pub(super) struct Remains {
    /// The ports of which others do not let everything through. None if others do, all together.
    pub(super) ports: Vec<Ports>,
    /// What others let through of these, if it was asked for.
    pub(super) parts: IndexSet<Part>,
}

impl Remains {
    /// All of the flow.
    pub(super) fn all(flow: &Flow) -> Remains {
        Remains { ports: vec![flow.ports.clone()], parts: IndexSet::new() }
    }
}

/// A part of a flow that another rule lets through.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Part {
    pub(super) flow: Flow,
    /// Whether only under a condition that the whole has not.
    pub(super) conditional: bool,
}

/// What becomes of the flow, which is there under `when`, beside `others`; also the parts that they let through, if these
/// are wanted. `None` if that is more than `budget` has left.
pub(super) fn remains(
    flow: &Flow,
    when: &When,
    others: &[(&When, &Flow)],
    parts_wanted: bool,
    budget: &Budget,
) -> Option<Remains> {
    if !budget.take(others.len()) {
        return None;
    }
    let met: Vec<&(&When, &Flow)> =
        others.iter().filter(|(own, other)| !exclude(own, when) && flow.meets(other)).collect();
    let certain = |own: &When| own.is_subset(when);
    let mut ports = vec![flow.ports.clone()];
    if let Some(range) = range(flow) {
        let same = met.iter().filter(|(own, other)| certain(own) && includes(other, flow));
        ports = without(range, same.filter_map(|(_, other)| self::range(other)));
    }
    if !budget.take(ports.len().saturating_mul(met.len())) {
        return None;
    }
    // Some blocks may be the whole one together.
    ports.retain(|ports| {
        let piece = Flow { ports: ports.clone(), ..flow.clone() };
        let fits = met.iter().filter(|(own, other)| {
            certain(own) && Flow { peer: piece.peer.clone(), ..(*other).clone() }.covers(&piece)
        });
        let blocks: Vec<IpNet> = fits.filter_map(|(_, other)| block(&other.peer)).collect();
        let whole = block(&piece.peer);
        !whole.is_some_and(|whole| IpNet::aggregate(&blocks).iter().any(|block| block.contains(&whole)))
    });
    let mut let_through = IndexSet::new();
    for ports in ports.iter().filter(|_| parts_wanted) {
        let piece = Flow { ports: ports.clone(), ..flow.clone() };
        for (own, other) in met.iter().filter(|(_, other)| piece.meets(other)) {
            let Some(flow) = piece.common(other) else { continue };
            let_through.insert(Part { flow, conditional: !certain(own) });
        }
    }
    Some(Remains { ports, parts: let_through })
}

/// Whether the other is for the same peers and protocols, or more.
fn includes(other: &Flow, flow: &Flow) -> bool {
    other.peer.covers(&flow.peer) && (other.protocol == ALL || other.protocol == flow.protocol)
}

fn block(peer: &Peer) -> Option<IpNet> {
    match peer {
        Peer::Block(block) => Some(*block),
        Peer::Named(_) => None,
    }
}

/// The first and the last port, where these are numbers in a row.
fn range(flow: &Flow) -> Option<(i64, i64)> {
    match &flow.ports {
        Ports::Range(from, to) if ["tcp", "udp"].contains(&flow.protocol.as_str()) => Some((*from, *to)),
        Ports::All if ["tcp", "udp", ALL].contains(&flow.protocol.as_str()) => Some((0, LAST_PORT)),
        _ => None,
    }
}

const LAST_PORT: i64 = 65_535;

/// What is left of a range without others.
fn without((first, last): (i64, i64), others: impl Iterator<Item = (i64, i64)>) -> Vec<Ports> {
    let mut others: Vec<_> = others.filter(|(from, to)| from <= to).collect();
    others.sort_unstable();
    // Numbers of a file may be anything, also the last that there is, after which nothing is left.
    let (mut left, mut next) = (Vec::new(), Some(first));
    for (from, to) in others {
        let Some(start) = next.filter(|start| *start <= last && from <= last) else { break };
        if start < from {
            left.push((start, from - 1));
        }
        if start <= to {
            next = to.checked_add(1);
        }
    }
    left.extend(next.filter(|start| *start <= last).map(|start| (start, last)));
    let ports = |(from, to)| if (from, to) == (0, LAST_PORT) { Ports::All } else { Ports::Range(from, to) };
    left.into_iter().map(ports).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_range_has_none_of_the_others() {
        let left = |whole, others: &[(i64, i64)]| without(whole, others.iter().copied());
        assert_eq!(left((1, 9), &[]), [Ports::Range(1, 9)]);
        assert_eq!(
            left((1, 9), &[(6, 7), (3, 4)]),
            [Ports::Range(1, 2), Ports::Range(5, 5), Ports::Range(8, 9)]
        );
        assert_eq!(left((1, 9), &[(1, 3), (2, 2), (3, 8)]), [Ports::Range(9, 9)]);
        assert_eq!(left((1, 9), &[(-5, 0), (10, 12)]), [Ports::Range(1, 9)]);
        assert_eq!(left((1, 9), &[(8, 2)]), [Ports::Range(1, 9)]);
        assert_eq!(left((1, 9), &[(0, 20)]), []);
    }

    #[test]
    fn the_ends_of_all_numbers_are_no_end_of_the_program() {
        let (low, high) = (i64::MIN, i64::MAX);
        assert_eq!(without((low, high), [(low, high)].into_iter()), []);
        assert_eq!(without((low, high), [(low, 0)].into_iter()), [Ports::Range(1, high)]);
        assert_eq!(without((low, high), [(0, high)].into_iter()), [Ports::Range(low, -1)]);
        assert_eq!(without((low, low), [(low, low)].into_iter()), []);
    }
}
