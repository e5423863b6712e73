//! Security groups: their rules, and whether they let something through.

use ipnet::Ipv4Net;

use crate::graph::Element;
use crate::model::network::{Block, Subnet, absent, only, pointed, pointing_at};
use crate::model::{Item, Model, Value, World};

/// An `AWS::EC2::SecurityGroup`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecurityGroup<'m>(pub Item<'m>);

/// One end of a connection.
#[derive(Debug, Clone)]
pub struct Peer<'m> {
    /// The security groups that it has.
    pub groups: Vec<SecurityGroup<'m>>,
    /// The blocks of addresses that its own is in; `None` if they are not known.
    pub nets: Option<Vec<Ipv4Net>>,
}

impl<'m> Peer<'m> {
    /// Something with the groups and in the subnets of these properties; `None` if it may have other groups.
    pub fn of(item: Item<'m>, groups: &'m str, subnets: &[&'m str]) -> Option<Peer<'m>> {
        let lists = subnets.iter().flat_map(|path| item.get(path));
        let mut nets = Some(Vec::new());
        for list in lists {
            let blocks =
                list.items().and_then(|items| items.iter().map(blocks_of).collect::<Option<Vec<_>>>());
            nets = nets.zip(blocks).map(|(known, more)| known.into_iter().chain(more.concat()).collect());
        }
        Some(Peer { groups: groups_of(item, groups)?, nets: nets.filter(|nets| !nets.is_empty()) })
    }
}

/// The blocks of a subnet; `None` if there may be others.
fn blocks_of(subnet: &Value<'_>) -> Option<Vec<Ipv4Net>> {
    // One of a mapping, as a load balancer has it.
    let subnet = if subnet.is_mapping() { only(subnet.get("SubnetId"))? } else { subnet.clone() };
    let values = Subnet::of(&subnet)?.0.get("CidrBlock");
    values.iter().map(|value| Block::of(value).map(|block| block.net)).collect()
}

/// Whether traffic comes or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It comes in.
    Ingress,
    /// It goes out.
    Egress,
}

/// One rule of a security group, within it or as a resource of its own.
#[derive(Debug, Clone)]
pub struct SecurityRule<'m> {
    /// Whom it lets in or out.
    pub direction: Direction,
    /// Its properties.
    pub value: Value<'m>,
}

/// The ports that a rule opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// All of all protocols.
    All,
    /// From one to another of TCP.
    Tcp(i64, i64),
    /// From one to another of UDP.
    Udp(i64, i64),
    /// None: it is about a protocol without ports.
    None,
    /// Not known.
    Unknown,
}

impl Direction {
    /// The property of the group that holds such rules.
    fn property(self) -> &'static str {
        match self {
            Direction::Ingress => "SecurityGroupIngress",
            Direction::Egress => "SecurityGroupEgress",
        }
    }

    /// The type of such a rule that stands alone.
    fn type_name(self) -> &'static str {
        match self {
            Direction::Ingress => "AWS::EC2::SecurityGroupIngress",
            Direction::Egress => "AWS::EC2::SecurityGroupEgress",
        }
    }

    /// The property of a rule that names the group at the other end.
    fn peer(self) -> &'static str {
        match self {
            Direction::Ingress => "SourceSecurityGroupId",
            Direction::Egress => "DestinationSecurityGroupId",
        }
    }
}

impl<'m> Model<'m> {
    /// Every rule of every security group.
    pub fn security_rules(&'m self) -> Vec<SecurityRule<'m>> {
        let mut all = Vec::new();
        for direction in [Direction::Ingress, Direction::Egress] {
            for group in self.of_type("AWS::EC2::SecurityGroup") {
                let items = group.get(direction.property());
                let items = items.iter().filter_map(Value::items).flatten();
                all.extend(items.map(|value| SecurityRule { direction, value }));
            }
            let alone = self.of_type(direction.type_name());
            all.extend(alone.map(|item| SecurityRule { direction, value: item.properties() }));
        }
        all
    }
}

impl<'m> SecurityGroup<'m> {
    /// The group that a value points at.
    pub fn of(value: &Value<'m>) -> Option<SecurityGroup<'m>> {
        pointed(value, "AWS::EC2::SecurityGroup").map(SecurityGroup)
    }

    /// All the groups of the lists; `None` if there may be others, or there are none.
    pub fn all_of(lists: &[Value<'m>]) -> Option<Vec<SecurityGroup<'m>>> {
        let mut all = Vec::new();
        for list in lists {
            let items = list.items()?;
            // None means the VPC's default group.
            if items.is_empty() {
                return None;
            }
            for item in items {
                all.push(SecurityGroup::of(&item)?);
            }
        }
        (!all.is_empty()).then_some(all)
    }

    /// All its rules in one direction, whatever the branches; `None` if there may be others.
    fn rules(self, direction: Direction) -> Option<Vec<SecurityRule<'m>>> {
        let model = self.0.model();
        let fills = |id: &str| {
            let type_name = model.resource(id).map_or("", Item::type_name);
            type_name.starts_with("Custom::") || type_name.starts_with("AWS::CloudFormation::")
        };
        let filled = |edge: &crate::graph::Edge| matches!(&edge.from, Element::Resource(id) if fills(id));
        if !model.is_closed() || model.referrers(self.0.id()).any(filled) {
            return None;
        }
        let mut all = Vec::new();
        for list in self.0.get(direction.property()) {
            all.extend(list.items()?.into_iter().map(|value| SecurityRule { direction, value }));
        }
        let alone = pointing_at(self.0, direction.type_name(), "GroupId").into_iter();
        all.extend(alone.map(|(item, _)| SecurityRule { direction, value: item.properties() }));
        Some(all)
    }

    /// Whether no rule lets TCP through on a port, whoever is at the other end; false if that is not known.
    pub fn is_shut(self, direction: Direction, port: i64) -> bool {
        self.has_no_rule(direction, |rule| rule.may_open(port))
    }

    /// Whether no rule lets TCP through to or from `peer` on a port; false if that is not known.
    fn blocks(self, direction: Direction, peer: &Peer<'m>, port: i64) -> bool {
        self.has_no_rule(direction, |rule| rule.may_open(port) && rule.may_be_for(peer))
    }

    fn has_no_rule(self, direction: Direction, lets: impl Fn(&SecurityRule<'m>) -> bool) -> bool {
        // AWS adds a rule that lets everything out to a group that is made without one.
        let lists = self.0.get(direction.property());
        let none = |list: &Value<'_>| list.is_absent() || list.items().is_some_and(|items| items.is_empty());
        if direction == Direction::Egress && lists.iter().any(none) {
            return false;
        }
        self.rules(direction).is_some_and(|rules| !rules.iter().any(lets))
    }
}

/// What keeps TCP on a port from getting from one to the other, for certain: that nothing lets it in, or out.
pub fn blocked<'m>(from: &Peer<'m>, to: &Peer<'m>, port: i64) -> Option<Direction> {
    if !to.groups.is_empty() && to.groups.iter().all(|group| group.blocks(Direction::Ingress, from, port)) {
        return Some(Direction::Ingress);
    }
    let groups = &from.groups;
    let out = !groups.is_empty() && groups.iter().all(|group| group.blocks(Direction::Egress, to, port));
    out.then_some(Direction::Egress)
}

impl<'m> SecurityRule<'m> {
    /// The ports that it opens, of every branch.
    pub fn ports(&self) -> Vec<(Ports, World<'m>)> {
        let mut all = Vec::new();
        for protocol in self.value.get("IpProtocol") {
            let kind = protocol.text().map(|text| text.to_ascii_lowercase());
            let make: fn(i64, i64) -> Ports = match kind.as_deref() {
                Some("-1") => {
                    all.push((Ports::All, protocol.world().clone()));
                    continue;
                }
                Some("tcp" | "6") => Ports::Tcp,
                Some("udp" | "17") => Ports::Udp,
                Some(_) => |_, _| Ports::None,
                None => |_, _| Ports::Unknown,
            };
            for from in self.value.get("FromPort") {
                for to in self.value.get("ToPort").iter().filter(|to| to.world().meets(from.world())) {
                    let ports = match (whole(&from), whole(to)) {
                        (Some(from), Some(to)) => make(from, to),
                        _ => Ports::Unknown,
                    };
                    let world = from.world().and(to.world()).and_then(|world| world.and(protocol.world()));
                    all.extend(world.map(|world| (ports, world)));
                }
            }
        }
        all
    }

    /// Whether it lets TCP through on a port, or may do so.
    fn may_open(&self, port: i64) -> bool {
        self.ports().iter().any(|(ports, _)| match ports {
            Ports::All | Ports::Unknown => true,
            Ports::Tcp(from, to) => (*from..=*to).contains(&port) || *from == -1,
            Ports::Udp(..) | Ports::None => false,
        })
    }

    /// Whether it is for something with one of these groups or addresses, or may be.
    fn may_be_for(&self, peer: &Peer<'m>) -> bool {
        let groups = self.value.get(self.direction.peer());
        groups.iter().any(|group| match SecurityGroup::of(group) {
            Some(group) => peer.groups.contains(&group),
            None => !group.is_absent() || self.may_hold(peer),
        })
    }

    /// Whether its block of addresses holds one of these, or may do so. What is a parameter may be another block.
    fn may_hold(&self, peer: &Peer<'m>) -> bool {
        const OTHERS: [&str; 4] =
            ["CidrIpv6", "DestinationPrefixListId", "SourcePrefixListId", "SourceSecurityGroupName"];
        let is_given = |property: &'static str| !self.value.get(property).iter().all(Value::is_absent);
        let Some(nets) = peer.nets.as_ref().filter(|_| !OTHERS.into_iter().any(is_given)) else {
            return true;
        };
        let near = |block: &Ipv4Net| nets.iter().any(|net| net.contains(block) || block.contains(net));
        self.value.get("CidrIp").iter().any(|value| {
            let block = Block::of(value).filter(|_| value.parameter().is_none());
            block.is_none_or(|block| near(&block.net))
        })
    }
}

/// The whole number that a port is.
pub fn whole(value: &Value<'_>) -> Option<i64> {
    value.text()?.trim().parse().ok()
}

/// The groups that the property at `path` lists; `None` if there may be others.
pub fn groups_of<'m>(item: Item<'m>, path: &'m str) -> Option<Vec<SecurityGroup<'m>>> {
    SecurityGroup::all_of(&item.get(path))
}

/// The VPC that a group is made in, if it is a resource of the template.
pub fn vpc_of(group: SecurityGroup<'_>) -> Option<Item<'_>> {
    if absent(group.0, "VpcId") {
        return None;
    }
    pointed(&only(group.0.get("VpcId"))?, "AWS::EC2::VPC")
}
