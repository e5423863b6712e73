//! What security groups let in and out, rule by rule: those within the group and those that stand alone.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::symbol::{Symbols, When, reference, shown};
use super::{SecurityChange, SecurityKind, Tense};
use crate::document::Resource;
use crate::node::{Map, Node};

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// The logical ID of the resource that it stands in.
    id: String,
    /// The security group, as text.
    group: String,
    kind: SecurityKind,
    when: When,
    /// `tcp`, `udp`, …; `-1` is all.
    protocol: String,
    ports: Ports,
    peer: Peer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Ports {
    All,
    Range(i64, i64),
    /// As it is written, where only AWS knows.
    Written(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Peer {
    Block(IpNet),
    /// A group, a prefix list, or what only AWS knows.
    Named(String),
}

/// The rules of one template, and lists of which only AWS knows what is in them.
#[derive(Default)]
pub(super) struct Rules {
    known: Vec<Rule>,
    unknown: BTreeMap<(String, SecurityKind), Vec<String>>,
}

/// The properties of a rule that name who is at the other end.
const PEERS: [&str; 7] = [
    "CidrIp",
    "CidrIpv6",
    "SourceSecurityGroupId",
    "SourceSecurityGroupName",
    "SourcePrefixListId",
    "DestinationSecurityGroupId",
    "DestinationPrefixListId",
];

/// Whether a property says what may reach what.
pub(super) fn decides(property: &str) -> bool {
    let others = ["FromPort", "IpProtocol", "SecurityGroupEgress", "SecurityGroupIngress", "ToPort"];
    PEERS.contains(&property) || others.contains(&property)
}

/// Whether a resource of this type only says something of another.
pub(super) fn is_for_another(type_name: &str) -> bool {
    matches!(type_name, "AWS::EC2::SecurityGroupIngress" | "AWS::EC2::SecurityGroupEgress")
}

pub(super) fn broadening(old: &Rules, new: &Rules, tense: Tense) -> Vec<SecurityChange> {
    let mut changes = Vec::new();
    for rule in &new.known {
        if !old.known.iter().any(|known| known.covers(rule)) {
            changes.push(rule.change(tense));
        }
    }
    for ((id, kind), texts) in &new.unknown {
        let known = old.unknown.get(&(id.clone(), *kind));
        if known != Some(texts) {
            let what = format!("the rules of `{id}` change, and only AWS knows what they say");
            changes.push(SecurityChange { id: id.clone(), kind: *kind, what, wide: false, judged: false });
        }
    }
    changes
}

impl Rules {
    pub(super) fn of(symbols: &Symbols<'_>) -> Rules {
        let mut rules = Rules::default();
        for (id, resource) in &symbols.template.resources {
            match resource.type_name.as_str() {
                "AWS::EC2::SecurityGroup" => rules.group(id, resource, symbols),
                "AWS::EC2::SecurityGroupIngress" => {
                    rules.alone(id, resource, SecurityKind::Ingress, symbols);
                }
                "AWS::EC2::SecurityGroupEgress" => rules.alone(id, resource, SecurityKind::Egress, symbols),
                _ => {}
            }
        }
        rules
    }

    fn group(&mut self, id: &str, resource: &Resource, symbols: &Symbols<'_>) {
        let when = symbols.existence(resource);
        let lists =
            [("SecurityGroupIngress", SecurityKind::Ingress), ("SecurityGroupEgress", SecurityKind::Egress)];
        for (property, kind) in lists {
            let entries = symbols.items(resource.properties.get(property), &when);
            // AWS adds a rule that lets everything out to a group that is made without one.
            if entries.is_empty() && kind == SecurityKind::Egress {
                self.known.push(everything_out(id, &when));
            }
            for (when, entry) in entries {
                match entry {
                    Node::Map(map) => self.add(id, reference(id), kind, map, &when, symbols),
                    other => {
                        let unknown = self.unknown.entry((id.to_owned(), kind)).or_default();
                        unknown.push(symbols.text(other));
                    }
                }
            }
        }
    }

    fn alone(&mut self, id: &str, resource: &Resource, kind: SecurityKind, symbols: &Symbols<'_>) {
        let when = symbols.existence(resource);
        let properties = &resource.properties;
        let group = properties.get("GroupId").or_else(|| properties.get("GroupName"));
        for (when, group) in symbols.texts(group, &when) {
            self.add(id, group, kind, properties, &when, symbols);
        }
    }

    /// The rules that a mapping may be: one for each branch of each of its values.
    fn add(
        &mut self,
        id: &str,
        group: String,
        kind: SecurityKind,
        map: &Map,
        when: &When,
        symbols: &Symbols<'_>,
    ) {
        let texts = |key: &str, when: &When| symbols.texts(map.get(key), when);
        let or_all = |texts: Vec<(When, String)>, when: &When| {
            if texts.is_empty() { vec![(when.clone(), "-1".to_owned())] } else { texts }
        };
        for (when, protocol) in or_all(texts("IpProtocol", when), when) {
            for (when, from) in or_all(texts("FromPort", &when), &when) {
                for (when, to) in or_all(texts("ToPort", &when), &when) {
                    for (when, peer) in PEERS.iter().flat_map(|key| texts(key, &when)) {
                        let rule = Rule {
                            id: id.to_owned(),
                            group: group.clone(),
                            kind,
                            when,
                            protocol: protocol_name(&protocol),
                            ports: Ports::of(&protocol, &from, &to),
                            peer: Peer::of(peer),
                        };
                        self.known.push(rule);
                    }
                }
            }
        }
    }
}

/// The rule of a group that is made without rules for what goes out. (In a VPC with IPv6 AWS adds one for `::/0` too.)
///
/// Source: [AWS::EC2::SecurityGroup][aws], on `SecurityGroupEgress`.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
fn everything_out(id: &str, when: &When) -> Rule {
    Rule {
        id: id.to_owned(),
        group: reference(id),
        kind: SecurityKind::Egress,
        when: when.clone(),
        protocol: "-1".to_owned(),
        ports: Ports::All,
        peer: Peer::of("0.0.0.0/0".to_owned()),
    }
}

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

impl Ports {
    fn of(protocol: &str, from: &str, to: &str) -> Ports {
        if protocol == "-1" {
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
}

impl Peer {
    fn of(text: String) -> Peer {
        match text.trim().parse::<IpNet>() {
            Ok(block) => Peer::Block(block.trunc()),
            Err(_) => Peer::Named(text),
        }
    }

    fn covers(&self, other: &Peer) -> bool {
        match (self, other) {
            (Peer::Block(block), Peer::Block(other)) => block.contains(other),
            // Everything is wider than what is not known.
            (Peer::Block(block), Peer::Named(_)) => block.prefix_len() == 0 && block.addr().is_ipv4(),
            _ => self == other,
        }
    }
}

impl Rule {
    /// Whether this rule lets through all that the other does.
    fn covers(&self, other: &Rule) -> bool {
        self.kind == other.kind
            && self.group == other.group
            && self.when.is_subset(&other.when)
            && (self.protocol == "-1" || self.protocol == other.protocol)
            && self.ports.cover(&other.ports)
            && self.peer.covers(&other.peer)
    }

    fn change(&self, tense: Tense) -> SecurityChange {
        let group = shown(&self.group);
        let peer = match &self.peer {
            Peer::Block(block) => block.to_string(),
            Peer::Named(name) => format!("`{}`", shown(name)),
        };
        let (ports, wide) = (self.ports_text(), self.is_wide());
        let what = match self.kind {
            SecurityKind::Egress => {
                format!("`{group}` {} {peer} on {ports}", tense.say("now reaches", "no longer reaches"))
            }
            _ => format!("`{group}` {} to {peer} on {ports}", tense.say("is now open", "is no longer open")),
        };
        SecurityChange { id: self.id.clone(), kind: self.kind, what, wide, judged: true }
    }

    /// Whether it lets in from everywhere. That something gets out to everywhere is usual.
    fn is_wide(&self) -> bool {
        let everywhere = matches!(&self.peer, Peer::Block(block) if block.prefix_len() == 0);
        self.kind == SecurityKind::Ingress && everywhere
    }

    fn ports_text(&self) -> String {
        let protocol = match self.protocol.as_str() {
            "tcp" => String::new(),
            "-1" => return "all ports".to_owned(),
            other => format!(" ({})", shown(other)),
        };
        match &self.ports {
            Ports::All => format!("all ports{protocol}"),
            Ports::Range(from, to) if from == to => format!("port {from}{protocol}"),
            Ports::Range(from, to) => format!("ports {from} to {to}{protocol}"),
            Ports::Written(text) => format!("ports {text}{protocol}"),
        }
    }
}
