//! The parts of a VPC while it is being built: gateways, route tables and subnets, tier by tier.

use std::collections::BTreeMap;

use crate::declare::aws;
use crate::l1::ec2;
use crate::resource::Handle;
use crate::scope::Scope;
use crate::sub;
use crate::units::Cidr;
use crate::value::{List, Tag, Value};

use super::{Nat, Tier, TierKind, WayOut};

/// The parts of a VPC while it is being built.
pub(super) struct Network {
    pub(super) vpc: Handle<ec2::Vpc>,
    pub(super) zones: Vec<char>,
    /// The attachment of the internet gateway and the route table of the public subnets.
    pub(super) gateway: Option<(Handle<ec2::VpcGatewayAttachment>, Handle<ec2::RouteTable>)>,
    /// One NAT gateway per zone, or one for all.
    pub(super) gateways: Vec<Handle<ec2::NatGateway>>,
    pub(super) subnets: BTreeMap<TierKind, List<ec2::SubnetId>>,
    pub(super) route_tables: Vec<Handle<ec2::RouteTable>>,
    pub(super) ways_out: BTreeMap<TierKind, WayOut>,
}

impl Network {
    pub(super) fn public_tier(&mut self, s: &mut Scope<'_>, tier: &Tier, name: &str) {
        let (_, table) = self.internet_gateway(s, name);
        for (index, cidr) in tier.cidrs.iter().enumerate() {
            self.subnet(s, tier, index, *cidr, table, name);
        }
    }

    /// The internet gateway and the public route table, made with the first public tier.
    fn internet_gateway(
        &mut self,
        s: &mut Scope<'_>,
        name: &str,
    ) -> (Handle<ec2::VpcGatewayAttachment>, Handle<ec2::RouteTable>) {
        if let Some(made) = self.gateway {
            return made;
        }
        let gateway = s.add("InternetGateway", ec2::InternetGateway::default());
        let attachment = s.add(
            "GatewayAttachment",
            ec2::VpcGatewayAttachment {
                vpc_id: Some(self.vpc.into()),
                internet_gateway_id: Some(gateway.into()),
                ..Default::default()
            },
        );
        let table = self.route_table(s, "PublicRouteTable", &format!("{name}-public"));
        let route = s.add(
            "PublicRoute",
            ec2::Route {
                route_table_id: Some(table.into()),
                destination_cidr_block: Some(Cidr::ANYWHERE.to_string().into()),
                gateway_id: Some(gateway.into()),
                ..Default::default()
            },
        );
        // A route to a gateway that is not attached yet is refused.
        s.depend(route, attachment);
        self.way_out(TierKind::Public).routes.push(route);
        *self.gateway.insert((attachment, table))
    }

    pub(super) fn nat_gateways(&mut self, s: &mut Scope<'_>, nat: Nat, wanted: bool) {
        let count = match nat {
            Nat::None => 0,
            Nat::Single => 1,
            Nat::PerZone => self.zones.len(),
        };
        let public = self.subnets.get(&TierKind::Public).and_then(List::items);
        let homes: Vec<Value<ec2::SubnetId>> = public.map(<[_]>::to_vec).unwrap_or_default();
        if !wanted || count == 0 {
            return;
        }
        let Some((attachment, _)) = self.gateway.filter(|_| homes.len() >= count) else {
            s.error("DC034", "the NAT gateways have no public subnet to stand in")
                .property("nat")
                .hint("add a public tier, or choose no NAT gateway");
            return;
        };
        for (index, home) in homes.into_iter().take(count).enumerate() {
            let address = s.add(
                &format!("NatAddress{}", index + 1),
                ec2::Eip { domain: Some("vpc".into()), ..Default::default() },
            );
            s.depend(address, attachment);
            let gateway = ec2::NatGateway {
                allocation_id: Some(address.allocation_id()),
                subnet_id: Some(home),
                ..Default::default()
            };
            let gateway = s.add(&format!("NatGateway{}", index + 1), gateway);
            if let Some(way_out) = self.ways_out.get(&TierKind::Public) {
                way_out.before(s, gateway);
            }
            self.gateways.push(gateway);
        }
    }

    /// A tier whose subnets have a route table each, with the way out that the tier's kind offers.
    pub(super) fn inner_tier(&mut self, s: &mut Scope<'_>, tier: &Tier, name: &str) {
        for (index, cidr) in tier.cidrs.iter().enumerate() {
            let number = index + 1;
            let table_name = format!("{name}-{}-{number}", tier.name.to_lowercase());
            let table = self.route_table(s, &format!("{}RouteTable{number}", tier.name), &table_name);
            let out = self.gateways.get(index).or(self.gateways.first()).copied();
            if let (TierKind::Private, Some(gateway)) = (tier.kind, out) {
                let route = s.add(
                    &format!("{}Route{number}", tier.name),
                    ec2::Route {
                        route_table_id: Some(table.into()),
                        destination_cidr_block: Some(Cidr::ANYWHERE.to_string().into()),
                        nat_gateway_id: Some(gateway.into()),
                        ..Default::default()
                    },
                );
                self.way_out(tier.kind).routes.push(route);
            }
            self.subnet(s, tier, index, *cidr, table, name);
        }
    }

    fn way_out(&mut self, kind: TierKind) -> &mut WayOut {
        self.ways_out.entry(kind).or_default()
    }

    fn route_table(&mut self, s: &mut Scope<'_>, id: &str, name: &str) -> Handle<ec2::RouteTable> {
        let tags = Some(vec![Tag::new("Name", name)]);
        let table = s.add(id, ec2::RouteTable { vpc_id: Some(self.vpc.into()), tags });
        self.route_tables.push(table);
        table
    }

    fn subnet(
        &mut self,
        s: &mut Scope<'_>,
        tier: &Tier,
        index: usize,
        cidr: Cidr,
        table: Handle<ec2::RouteTable>,
        name: &str,
    ) {
        let Some(zone) = self.zones.get(index) else { return };
        let number = index + 1;
        let subnet = ec2::Subnet {
            vpc_id: Some(self.vpc.into()),
            availability_zone: Some(sub!("{}{}", aws::region(), &zone.to_string())),
            cidr_block: Some(cidr.to_string().into()),
            map_public_ip_on_launch: Some(false.into()),
            tags: Some(vec![Tag::new("Name", format!("{name}-{}-{zone}", tier.name.to_lowercase()))]),
            ..Default::default()
        };
        let subnet = s.add(&format!("{}Subnet{number}", tier.name), subnet);
        let association = s.add(
            &format!("{}Subnet{number}Routes", tier.name),
            ec2::SubnetRouteTableAssociation {
                subnet_id: Some(subnet.into()),
                route_table_id: Some(table.into()),
            },
        );
        self.way_out(tier.kind).associations.push(association);
        self.subnets.entry(tier.kind).or_insert_with(|| List::from_iter(Vec::<Value<_>>::new())).push(subnet);
    }
}
