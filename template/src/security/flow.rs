//! What a rule of a network lets through: protocols, ports and who is at the other end.

use ipnet::IpNet;

use super::symbol::shown;

/// Traffic of some protocols, on some ports, with some at the other end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Flow {
    /// `tcp`, `udp`, …; `-1` is all.
    pub(super) protocol: String,
    pub(super) ports: Ports,
    pub(super) peer: Peer,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Ports {
    All,
    Range(i64, i64),
    /// As it is written, where only AWS knows.
    Written(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Peer {
    Block(IpNet),
    /// A group, a prefix list, or what only AWS knows.
    Named(String),
}

/// All protocols.
pub(super) const ALL: &str = "-1";

/// Protocols have names and [numbers][iana].
///
/// [iana]: https://www.iana.org/assignments/protocol-numbers/protocol-numbers.xhtml
fn protocol_name(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "6" => "tcp",
        "17" => "udp",
        "1" => "icmp",
        "58" => "icmpv6",
        _ => text,
    }
    .to_owned()
}

impl Flow {
    /// The flow that is written so.
    pub(super) fn of(protocol: &str, from: &str, to: &str, peer: String) -> Flow {
        Flow { protocol: protocol_name(protocol), ports: Ports::of(protocol, from, to), peer: Peer::of(peer) }
    }

    /// Whether the other flow is part of this one.
    pub(super) fn covers(&self, other: &Flow) -> bool {
        (self.protocol == ALL || self.protocol == other.protocol)
            && self.ports.cover(&other.ports)
            && self.peer.covers(&other.peer)
    }

    /// Whether both certainly have something in common.
    pub(super) fn meets(&self, other: &Flow) -> bool {
        let protocols = self.protocol == other.protocol || self.protocol == ALL || other.protocol == ALL;
        let peers = self.peer.covers(&other.peer) || other.peer.covers(&self.peer);
        let ports = match (&self.ports, &other.ports) {
            (Ports::All, _) | (_, Ports::All) => true,
            (Ports::Range(from, to), Ports::Range(first, last)) => from <= last && first <= to,
            (one, other) => one == other,
        };
        protocols && peers && ports
    }

    /// What is part of both; of what only AWS knows, all that may be.
    pub(super) fn common(&self, other: &Flow) -> Option<Flow> {
        let protocol = match (self.protocol.as_str(), other.protocol.as_str()) {
            (ALL, protocol) | (protocol, ALL) => protocol,
            (own, other) if own == other => own,
            _ => return None,
        };
        let (ports, peer) = (self.ports.common(&other.ports)?, self.peer.common(&other.peer)?);
        Some(Flow { protocol: protocol.to_owned(), ports, peer })
    }

    /// For a message: `ports 80 to 90 (udp)`.
    pub(super) fn ports_text(&self) -> String {
        self.with_ports(std::slice::from_ref(&self.ports))
    }

    /// As [`Flow::ports_text`], with other ports: `ports 80 to 84 and 90 (udp)`.
    pub(super) fn with_ports(&self, ports: &[Ports]) -> String {
        let protocol = match self.protocol.as_str() {
            "tcp" => String::new(),
            ALL => return "all ports".to_owned(),
            other => format!(" ({})", shown(other)),
        };
        let text = |ports: &Ports| match ports {
            Ports::All => "all".to_owned(),
            Ports::Range(from, to) if from == to => from.to_string(),
            Ports::Range(from, to) => format!("{from} to {to}"),
            Ports::Written(text) => text.clone(),
        };
        match ports {
            [Ports::All] => format!("all ports{protocol}"),
            [Ports::Range(from, to)] if from == to => format!("port {from}{protocol}"),
            many => {
                let texts: Vec<String> = many.iter().map(text).collect();
                format!("ports {}{protocol}", texts.join(" and "))
            }
        }
    }
}

impl Ports {
    fn of(protocol: &str, from: &str, to: &str) -> Ports {
        if protocol == ALL {
            return Ports::All;
        }
        match (from.trim().parse(), to.trim().parse()) {
            (Ok(-1), _) | (Ok(0), Ok(65535)) => Ports::All,
            (Ok(from), Ok(-1)) => Ports::Range(from, from),
            (Ok(from), Ok(to)) => Ports::Range(from, to),
            _ => Ports::Written(format!("{} to {}", shown(from), shown(to))),
        }
    }

    fn cover(&self, other: &Ports) -> bool {
        match (self, other) {
            (Ports::All, _) => true,
            (Ports::Range(from, to), Ports::Range(other_from, other_to)) => {
                from <= other_from && other_to <= to
            }
            _ => self == other,
        }
    }

    fn common(&self, other: &Ports) -> Option<Ports> {
        match (self, other) {
            (Ports::All, ports) => Some(ports.clone()),
            (Ports::Range(from, to), Ports::Range(other_from, other_to)) => {
                let (from, to) = (*from.max(other_from), *to.min(other_to));
                (from <= to).then_some(Ports::Range(from, to))
            }
            _ => Some(self.clone()),
        }
    }
}

impl Peer {
    pub(super) fn of(text: String) -> Peer {
        match text.trim().parse::<IpNet>() {
            Ok(block) => Peer::Block(block.trunc()),
            Err(_) => Peer::Named(text),
        }
    }

    pub(super) fn covers(&self, other: &Peer) -> bool {
        match (self, other) {
            (Peer::Block(block), Peer::Block(other)) => block.contains(other),
            // Everything is wider than what is not known.
            (Peer::Block(_), Peer::Named(_)) => *self == Peer::everybody(),
            _ => self == other,
        }
    }

    fn common(&self, other: &Peer) -> Option<Peer> {
        match (self, other) {
            _ if self.covers(other) => Some(other.clone()),
            (Peer::Block(_), Peer::Block(_)) if !other.covers(self) => None,
            _ => Some(self.clone()),
        }
    }

    /// Everybody, over IPv4.
    pub(super) fn everybody() -> Peer {
        Peer::of("0.0.0.0/0".to_owned())
    }

    /// Whether it is everybody.
    pub(super) fn is_everybody(&self) -> bool {
        matches!(self, Peer::Block(block) if block.prefix_len() == 0)
    }

    /// For a message.
    pub(super) fn shown(&self) -> String {
        match self {
            Peer::Block(block) => block.to_string(),
            Peer::Named(name) => format!("`{}`", shown(name)),
        }
    }
}
