//! What security groups let in and out, rule by rule: those within the group and those that stand alone.

use std::collections::BTreeMap;

use super::budget::Budget;
use super::covered::Covered;
use super::flow::{ALL, Flow, Peer};
use super::manifold::Manifold;
use super::remains::{Part, Remains, remains};
use super::symbol::{Symbols, When, reference, shown};
use super::{SecurityChange, SecurityKind, Tense, still};
use crate::document::Resource;
use crate::node::{Map, Node};

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// The logical ID of the resource that it stands in.
    id: String,
    place: Place,
    when: When,
    flow: Flow,
}

/// The security group, as text, and whether it is about what comes in or goes out.
type Place = (String, SecurityKind);

/// The rules of one template, and lists of which it cannot be told what is in them.
#[derive(Default)]
pub(super) struct Rules {
    known: Vec<Rule>,
    /// Of which only AWS knows what is in them, by the logical ID of the group.
    unknown: BTreeMap<(String, SecurityKind), Vec<String>>,
    manifold: Manifold,
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
    let (budget, parts) = (Budget::default(), Budget::default());
    let before = Covered::of(old.known.iter().map(|rule| (&rule.place, &rule.when, &rule.flow)));
    let mut changes = Vec::new();
    let mut untold: BTreeMap<&Place, &str> = BTreeMap::new();
    let mut known: BTreeMap<&Place, Vec<(&When, &Flow)>> = BTreeMap::new();
    for rule in &old.known {
        known.entry(&rule.place).or_default().push((&rule.when, &rule.flow));
    }
    for rule in &new.known {
        let others = known.get(&rule.place).map(Vec::as_slice).unwrap_or_default();
        match before.has(&rule.place, &rule.when, &rule.flow, &budget) {
            Some(true) => {}
            Some(false) => {
                let left = remains(&rule.flow, &rule.when, others, tense == Tense::NoLonger, &parts);
                // Of one rule among very many all is told, also what another let through: nothing new is left out.
                let all = || (tense == Tense::Now).then(|| Remains::all(&rule.flow));
                match left.or_else(all) {
                    Some(left) => changes.extend(rule.change(&left, tense)),
                    None => _ = untold.insert(&rule.place, &rule.id),
                }
            }
            None => _ = untold.insert(&rule.place, &rule.id),
        }
    }
    for ((id, kind), texts) in &new.unknown {
        let known = old.unknown.get(&(id.clone(), *kind));
        if known != Some(texts) {
            let what = format!("the rules of `{id}` change, and only AWS knows what they say");
            changes.push(SecurityChange { id: id.clone(), kind: *kind, what, wide: false, judged: false });
        }
    }
    for ((group, kind), id) in untold {
        let what = format!("the rules of `{}` change, and are too many to be compared", shown(group));
        changes.push(SecurityChange { id: id.to_owned(), kind: *kind, what, wide: false, judged: false });
    }
    changes.extend(new.manifold.changes(&old.manifold, SecurityKind::Ingress));
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
        let place = (group, kind);
        for peer in PEERS.iter().filter(|key| map.contains_key(key)) {
            let value = |key: &str| (map.get(key), ALL);
            let values = [value("IpProtocol"), value("FromPort"), value("ToPort"), (map.get(peer), "")];
            let Some(all) = symbols.combinations(when, values) else {
                self.manifold.add(id, map, symbols);
                continue;
            };
            // A peer that is nothing in this branch is none.
            for (when, [protocol, from, to, peer]) in
                all.into_iter().filter(|(_, texts)| !texts[3].is_empty())
            {
                let flow = Flow::of(&protocol, &from, &to, peer);
                self.known.push(Rule { id: id.to_owned(), place: place.clone(), when, flow });
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
    let flow = Flow { peer: Peer::everybody(), ..Flow::of(ALL, ALL, ALL, String::new()) };
    Rule { id: id.to_owned(), place: (reference(id), SecurityKind::Egress), when: when.clone(), flow }
}

impl Rule {
    /// That it is there, and what is new about it; `None` if others let through the same, all together.
    fn change(&self, remains: &Remains, tense: Tense) -> Option<SecurityChange> {
        let (group, kind) = &self.place;
        let (group, peer, ports) =
            (shown(group), self.flow.peer.shown(), self.flow.with_ports(&remains.ports));
        let verb = match kind {
            SecurityKind::Egress => tense.say("now reaches", "no longer reaches"),
            _ => tense.say("is now open to", "is no longer open to"),
        };
        let conditional = |part: &Part| part.conditional && part.flow.peer.covers(&self.flow.peer);
        let what = match &remains.parts {
            _ if remains.ports.is_empty() => return None,
            left if left.is_empty() => format!("`{group}` {verb} {peer} on {ports}"),
            left if left.iter().any(conditional) => {
                format!("`{group}` {verb} {peer} on {ports} in every case, but still under a condition")
            }
            left => {
                let to = if *kind == SecurityKind::Egress { "" } else { "to " };
                let text = |part: &Part| {
                    (format!("{} on {}", part.flow.peer.shown(), part.flow.ports_text()), part.conditional)
                };
                let still = still(left.iter().map(text));
                format!("`{group}` {verb} all of {peer} on {ports}, but still {to}{still}")
            }
        };
        // That something gets out to everywhere is usual.
        let wide = *kind == SecurityKind::Ingress && self.flow.peer.is_everybody();
        Some(SecurityChange { id: self.id.clone(), kind: *kind, what, wide, judged: true })
    }
}
