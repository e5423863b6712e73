//! Networks in a template: VPCs, subnets, zones, routes, endpoints; and the rules of [security groups](security).
//!
//! What is outside of the template is not known, and then nothing is said: a subnet that a parameter names, a route
//! that another stack may add, the zone that AWS picks.

pub(super) mod cidr;
pub mod security;

use ipnet::Ipv4Net;

use crate::graph::{Edge, Element};
use crate::model::{Item, Model, Part, Value, World};
use crate::node::{Function, Node};

/// An `AWS::EC2::VPC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vpc<'m>(pub Item<'m>);

/// An `AWS::EC2::Subnet`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subnet<'m>(pub Item<'m>);

/// An `AWS::EC2::RouteTable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteTable<'m>(pub Item<'m>);

/// An `AWS::EC2::VPCEndpoint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint<'m>(pub Item<'m>);

/// A block of addresses and where it is given.
#[derive(Debug, Clone)]
pub struct Block<'m> {
    /// The addresses.
    pub net: Ipv4Net,
    /// Where it is given.
    pub value: Value<'m>,
}

/// An availability zone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zone {
    /// One with a name: `us-east-1a`.
    Named(String),
    /// One of the stack's region, with this letter: `${AWS::Region}a`.
    Letter(String),
    /// The one at this place, counted from 0, of those that `Fn::GetAZs` gives for the stack's region.
    Nth(usize),
}

/// Where traffic to the outside goes by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To an internet gateway: who has a public address gets out, and can be reached.
    Public,
    /// To something that lets out who has none, such as a NAT gateway.
    Private,
    /// Nowhere: there is no route but those within the VPC and to gateway endpoints.
    Isolated,
}

/// What of an `AWS::EC2::Route` says where the traffic goes.
pub const ROUTE_TARGETS: [&str; 11] = [
    "CarrierGatewayId",
    "CoreNetworkArn",
    "EgressOnlyInternetGatewayId",
    "GatewayId",
    "InstanceId",
    "LocalGatewayId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "TransitGatewayId",
    "VpcEndpointId",
    "VpcPeeringConnectionId",
];

/// All addresses.
const EVERYWHERE: &str = "0.0.0.0/0";

impl<'m> Model<'m> {
    /// Every VPC.
    pub fn vpcs(&'m self) -> impl Iterator<Item = Vpc<'m>> {
        self.of_type("AWS::EC2::VPC").map(Vpc)
    }

    /// Every subnet.
    pub fn subnets(&'m self) -> impl Iterator<Item = Subnet<'m>> {
        self.of_type("AWS::EC2::Subnet").map(Subnet)
    }
}

impl<'m> Vpc<'m> {
    /// The VPC that a value points at.
    pub fn of(value: &Value<'m>) -> Option<Vpc<'m>> {
        pointed(value, "AWS::EC2::VPC").map(Vpc)
    }

    /// All its blocks; `None` if there may be others.
    pub fn blocks(self) -> Option<Vec<Block<'m>>> {
        let mut all = Vec::new();
        let more = pointing_at(self.0, "AWS::EC2::VPCCidrBlock", "VpcId");
        for item in more.iter().map(|(item, _)| *item).chain([self.0]) {
            for value in item.get("CidrBlock") {
                match Block::of(&value) {
                    Some(block) => all.push(block),
                    // One that is not given comes from a pool, but for an association with a block of IPv6.
                    None if value.is_absent() && absent(item, "Ipv4IpamPoolId") && item != self.0 => {}
                    None => return None,
                }
            }
        }
        Some(all)
    }

    /// Its endpoints.
    pub fn endpoints(self) -> Vec<Endpoint<'m>> {
        let all = pointing_at(self.0, "AWS::EC2::VPCEndpoint", "VpcId");
        all.into_iter().map(|(item, _)| Endpoint(item)).collect()
    }

    /// The attachments of internet gateways to it.
    pub fn gateway_attachments(self) -> Vec<Item<'m>> {
        let all = pointing_at(self.0, "AWS::EC2::VPCGatewayAttachment", "VpcId").into_iter();
        all.map(|(item, _)| item).filter(|item| !absent(*item, "InternetGatewayId")).collect()
    }
}

impl<'m> Subnet<'m> {
    /// The subnet that a value points at.
    pub fn of(value: &Value<'m>) -> Option<Subnet<'m>> {
        pointed(value, "AWS::EC2::Subnet").map(Subnet)
    }

    /// Its VPC, if it is a resource of the template.
    pub fn vpc(self) -> Option<Vpc<'m>> {
        Vpc::of(&only(self.0.get("VpcId"))?)
    }

    /// Its blocks, as far as they are known.
    pub fn blocks(self) -> Vec<Block<'m>> {
        self.0.get("CidrBlock").iter().filter_map(Block::of).collect()
    }

    /// Its zone, if the template says it.
    pub fn zone(self) -> Option<Zone> {
        let value = only(self.0.get("AvailabilityZone"))?;
        if let Some(name) = value.text() {
            return Some(Zone::Named(name));
        }
        if let [text] = value.texts().as_slice()
            && let [Part::Pseudo("AWS::Region"), Part::Literal(letter)] = text.parts.as_slice()
        {
            return Some(Zone::Letter(letter.clone()));
        }
        let Node::Call(Function::Select, argument) = value.written()? else { return None };
        let [index, Node::Call(Function::GetAZs, region)] = argument.as_list()? else { return None };
        let own = match &**region {
            Node::String(region) => region.is_empty(),
            Node::Call(Function::Ref, name) => name.as_str() == Some("AWS::Region"),
            _ => false,
        };
        let index = index.scalar_text()?.trim().parse().ok()?;
        own.then_some(Zone::Nth(index))
    }

    /// Whether it is in the same zone as `other`; `None` if that is not known.
    pub fn shares_zone(self, other: Subnet<'m>) -> Option<bool> {
        if self == other {
            return Some(true);
        }
        match (self.zone()?, other.zone()?) {
            (Zone::Named(one), Zone::Named(other)) | (Zone::Letter(one), Zone::Letter(other)) => {
                Some(one == other)
            }
            (Zone::Nth(one), Zone::Nth(other)) => Some(one == other),
            _ => None,
        }
    }

    /// The route tables that it is associated with, if the template says so: all of them, with the association.
    pub fn route_tables(self) -> Vec<(Item<'m>, Value<'m>)> {
        let associations = pointing_at(self.0, "AWS::EC2::SubnetRouteTableAssociation", "SubnetId");
        let tables = |(item, subnet): (Item<'m>, Value<'m>)| {
            let tables = item.get("RouteTableId").into_iter();
            tables.filter(move |table| table.world().meets(subnet.world())).map(move |table| (item, table))
        };
        associations.into_iter().flat_map(tables).collect()
    }

    /// The one route table that it always has, if it is a resource of the template.
    pub fn route_table(self) -> Option<RouteTable<'m>> {
        let [(_, table)] = self.route_tables().try_into().ok()?;
        let table = self.0.world().implies(table.world()).then_some(table)?;
        pointed(&table, "AWS::EC2::RouteTable").map(RouteTable)
    }

    /// A case within `world` in which no route leads out of it, where conditions make its routes.
    pub fn without_way(self, world: &World<'m>) -> Option<World<'m>> {
        self.route_table()?.without_routes(&self.0.world().and(world)?)
    }

    /// Whether it uses the main route table of its VPC, which leads nowhere: the template makes route tables for other
    /// subnets of the VPC, and nothing can give it one.
    pub fn has_no_route_table(self) -> bool {
        let (model, Some(vpc)) = (self.0.model(), self.vpc()) else { return false };
        let is_known = |edge: &Edge| match &edge.from {
            Element::Resource(id) => model.resource(id).is_some_and(|item| {
                let name = item.type_name();
                name.starts_with("AWS::") && !name.starts_with("AWS::CloudFormation::")
            }),
            _ => true,
        };
        // Another stack that is told of the subnet may give it a route table.
        let is_told = |edge: &Edge| matches!(edge.from, Element::Output(_));
        let associations = pointing_at(self.0, "AWS::EC2::SubnetRouteTableAssociation", "SubnetId");
        // One whose subnet is not known may be for this one.
        let are_known = model
            .of_type("AWS::EC2::SubnetRouteTableAssociation")
            .all(|item| item.get("SubnetId").iter().all(|subnet| subnet.target().is_some()));
        model.is_closed()
            && associations.is_empty()
            && are_known
            && model.referrers(self.0.id()).chain(model.referrers(vpc.0.id())).all(is_known)
            && !model.referrers(self.0.id()).any(is_told)
            && !pointing_at(vpc.0, "AWS::EC2::RouteTable", "VpcId").is_empty()
    }

    /// Where its traffic goes; `None` if that is not known: it may use the VPC's main route table.
    pub fn way(self) -> Option<Way> {
        self.route_table()?.way(&self.0.world())
    }
}

impl<'m> RouteTable<'m> {
    /// Its routes.
    pub fn routes(self) -> Vec<(Item<'m>, Value<'m>)> {
        pointing_at(self.0, "AWS::EC2::Route", "RouteTableId")
    }

    /// Where traffic goes from a subnet that is there in `world`.
    fn way(self, world: &World<'m>) -> Option<Way> {
        if !self.0.model().is_closed() || self.may_have_more_routes() {
            return None;
        }
        let mut way = Some(Way::Isolated);
        for (route, table) in self.routes() {
            if !world.implies(table.world()) {
                return None;
            }
            let default = route.get("DestinationCidrBlock").iter().all(|value| value.is_text(EVERYWHERE));
            if default {
                return way_of(route);
            }
            // It leads somewhere, and what is there can perhaps lead on.
            way = None;
        }
        way
    }

    /// A case within `world` in which it has none of its routes, each of which is there under a condition.
    fn without_routes(self, world: &World<'m>) -> Option<World<'m>> {
        if !self.0.model().is_closed() || self.may_have_more_routes() {
            return None;
        }
        let routes = self.routes();
        let worlds: Vec<_> = routes.iter().map(|(_, table)| table.world().clone()).collect();
        if worlds.is_empty() { None } else { world.gap(&worlds) }
    }

    /// Whether something else than the template's routes may fill it.
    fn may_have_more_routes(self) -> bool {
        self.0.model().referrers(self.0.id()).any(|edge| match &edge.from {
            Element::Resource(id) => self.0.model().resource(id).is_none_or(|item| {
                !matches!(
                    item.type_name(),
                    "AWS::EC2::Route"
                        | "AWS::EC2::SubnetRouteTableAssociation"
                        | "AWS::EC2::GatewayRouteTableAssociation"
                        | "AWS::EC2::VPCEndpoint"
                )
            }),
            _ => false,
        })
    }
}

/// Where a default route leads.
fn way_of(route: Item<'_>) -> Option<Way> {
    let gateway = only(route.get("GatewayId"))?;
    if gateway.is_absent() {
        let others = ROUTE_TARGETS.iter().any(|target| !absent(route, target));
        return others.then_some(Way::Private);
    }
    match gateway.target()?.item.type_name() {
        "AWS::EC2::InternetGateway" => Some(Way::Public),
        "AWS::EC2::VPNGateway" => Some(Way::Private),
        _ => None,
    }
}

impl Endpoint<'_> {
    /// Whose service it leads to, without the region: `ecr.api`, `s3`. `None` if that is not known.
    pub fn service(self) -> Option<String> {
        let name = only(self.0.get("ServiceName"))?;
        let [text] = name.texts().try_into().ok()?;
        if text.has_unknown() {
            return None;
        }
        // The region is one part, however it is written.
        let text = text.to_string();
        let rest = text.split_once("com.amazonaws.").map(|(_, rest)| rest)?;
        let region = if rest.starts_with("${") { rest.find("}.").map(|end| end + 1) } else { rest.find('.') };
        rest.get(region? + 1..).map(str::to_owned)
    }

    /// Whether it is an entry of route tables instead of an interface in subnets: the default.
    pub fn is_gateway(self) -> Option<bool> {
        let kind = only(self.0.get("VpcEndpointType"))?;
        if kind.is_absent() { Some(true) } else { kind.text().map(|kind| kind == "Gateway") }
    }
}

impl<'m> Block<'m> {
    /// The block that a value is; one with bits set beyond its length is taken as AWS takes it, without them.
    pub fn of(value: &Value<'m>) -> Option<Block<'m>> {
        let net: Ipv4Net = value.text()?.trim().parse().ok()?;
        Some(Block { net: net.trunc(), value: value.clone() })
    }
}

/// The resources of a type whose property points at `item`, each with the value that does.
pub fn pointing_at<'m>(
    item: Item<'m>,
    type_name: &str,
    property: &'static str,
) -> Vec<(Item<'m>, Value<'m>)> {
    let model = item.model();
    let many = model.referrers(item.id()).count();
    // A VPC has hundreds of referrers, and one gateway; a route table is one of hundreds, and has few.
    let from: Vec<Item<'m>> = if model.of_type(type_name).take(many).count() < many {
        model.of_type(type_name).collect()
    } else {
        let mut from: Vec<Item<'m>> = Vec::new();
        for edge in model.referrers(item.id()) {
            let Element::Resource(id) = &edge.from else { continue };
            let known = model.resource(id).filter(|from| from.is(type_name));
            // One that refers to it twice has two edges, one after the other.
            from.extend(known.filter(|known| from.last() != Some(known)));
        }
        from
    };
    let values =
        from.into_iter().flat_map(|from| from.get(property).into_iter().map(move |value| (from, value)));
    values.filter(|(_, value)| value.target().is_some_and(|target| target.item == item)).collect()
}

/// The resource of this type that the value points at.
pub(super) fn pointed<'m>(value: &Value<'m>, type_name: &str) -> Option<Item<'m>> {
    value.target().map(|target| target.item).filter(|item| item.is(type_name))
}

/// The value, if there is only one.
pub fn only(values: Vec<Value<'_>>) -> Option<Value<'_>> {
    let [value] = values.try_into().ok()?;
    Some(value)
}

/// Whether the property is never given.
pub fn absent(item: Item<'_>, property: &'static str) -> bool {
    item.get(property).iter().all(Value::is_absent)
}

#[cfg(test)]
mod tests;
