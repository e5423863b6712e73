//! What a flow lets through that others do not, taken apart: the ports that are left, and the parts that others let
//! through all the same.

use ipnet::IpNet;

use super::flow::{ALL, Flow, Peer, Ports};
use super::partly::exclude;
use super::symbol::When;

/// Of a flow that no other covers as a whole.
#[derive(Debug, Default)]
pub(super) struct Remains {
    /// The ports of which others do not let everything through. None if others do, all together.
    pub(super) ports: Vec<Ports>,
    /// What others let through of these.
    pub(super) parts: Vec<Part>,
}

impl Remains {
    /// All of the flow.
    pub(super) fn all(flow: &Flow) -> Remains {
        Remains { ports: vec![flow.ports.clone()], parts: Vec::new() }
    }
}

/// A part of a flow that another rule lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) flow: Flow,
    /// Whether only under a condition that the whole has not.
    pub(super) conditional: bool,
}

/// What becomes of the flow, which is there under `when`, beside `others`.
pub(super) fn remains(flow: &Flow, when: &When, others: &[(&When, &Flow)]) -> Remains {
    let met: Vec<&(&When, &Flow)> =
        others.iter().filter(|(own, other)| !exclude(own, when) && flow.meets(other)).collect();
    let certain = |own: &When| own.is_subset(when);
    let mut ports = vec![flow.ports.clone()];
    if let Some(range) = range(flow) {
        let same = met.iter().filter(|(own, other)| certain(own) && includes(other, flow));
        ports = without(range, same.filter_map(|(_, other)| self::range(other)));
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
    let mut common: Vec<Part> = Vec::new();
    for ports in &ports {
        let piece = Flow { ports: ports.clone(), ..flow.clone() };
        for (own, other) in met.iter().filter(|(_, other)| piece.meets(other)) {
            let Some(flow) = piece.common(other) else { continue };
            let part = Part { flow, conditional: !certain(own) };
            if !common.contains(&part) {
                common.push(part);
            }
        }
    }
    Remains { ports, parts: common }
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
fn without(whole: (i64, i64), others: impl Iterator<Item = (i64, i64)>) -> Vec<Ports> {
    let mut left = vec![whole];
    for (from, to) in others {
        left = left
            .into_iter()
            .flat_map(|(first, last)| [(first, last.min(from - 1)), (first.max(to + 1), last)])
            .filter(|(first, last)| first <= last)
            .collect();
        left.sort_unstable();
        left.dedup();
    }
    let ports = |(from, to)| if (from, to) == (0, LAST_PORT) { Ports::All } else { Ports::Range(from, to) };
    left.into_iter().map(ports).collect()
}
