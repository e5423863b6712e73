//! Networks: a VPC, its subnets by tier and zone, the ways out of it, and the record of its traffic.

mod acl;
mod blocks;
mod endpoints;
mod network;

use std::collections::BTreeMap;

use bon::bon;

use crate::l1::ec2;
use crate::resource::Handle;
use crate::scope::Scope;
use crate::units::Cidr;
use crate::value::{List, Tag, Value};

pub use endpoints::EndpointService;

use blocks::check_blocks;
use network::Network;

/// Whether and how the subnets of a tier reach the internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TierKind {
    /// Through the internet gateway; what has a public address is reachable from outside.
    Public,
    /// Outwards only, through a NAT gateway.
    Private,
    /// Not at all.
    Isolated,
}

/// A group of subnets, one per zone, that share their way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    name: String,
    kind: TierKind,
    cidrs: Vec<Cidr>,
}

impl Tier {
    /// A tier whose subnets have these blocks, in the order of the zones.
    pub fn new(name: impl Into<String>, kind: TierKind, cidrs: impl IntoIterator<Item = Cidr>) -> Tier {
        Tier { name: name.into(), kind, cidrs: cidrs.into_iter().collect() }
    }

    /// The tier `Public`.
    pub fn public(cidrs: impl IntoIterator<Item = Cidr>) -> Tier {
        Tier::new("Public", TierKind::Public, cidrs)
    }

    /// The tier `Private`.
    pub fn private(cidrs: impl IntoIterator<Item = Cidr>) -> Tier {
        Tier::new("Private", TierKind::Private, cidrs)
    }

    /// The tier `Isolated`.
    pub fn isolated(cidrs: impl IntoIterator<Item = Cidr>) -> Tier {
        Tier::new("Isolated", TierKind::Isolated, cidrs)
    }
}

/// How private subnets reach the internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nat {
    /// A NAT gateway in each zone: the loss of a zone takes no other one's way out.
    PerZone,
    /// One NAT gateway for all zones: cheaper, and gone with its zone.
    Single,
    /// None: private subnets reach nothing but the VPC and its endpoints.
    None,
}

/// The routes of a tier to the internet, and the associations that make its subnets follow them.
#[derive(Debug, Clone, Default)]
struct WayOut {
    routes: Vec<Handle<ec2::Route>>,
    associations: Vec<Handle<ec2::SubnetRouteTableAssociation>>,
}

impl WayOut {
    /// Makes `handle` wait for the way out, which no reference implies.
    fn before<R>(&self, s: &mut Scope<'_>, handle: Handle<R>) {
        for route in &self.routes {
            s.depend(handle, *route);
        }
        for association in &self.associations {
            s.depend(handle, *association);
        }
    }
}

/// A VPC with its subnets: made by the stack, or existing already.
#[derive(Debug, Clone)]
pub struct Vpc {
    id: Value<ec2::VpcId>,
    cidr: Option<Cidr>,
    subnets: BTreeMap<TierKind, List<ec2::SubnetId>>,
    route_tables: Vec<Handle<ec2::RouteTable>>,
    /// What must exist before something in a tier can reach the internet.
    ways_out: BTreeMap<TierKind, WayOut>,
    /// The VPC itself, if the stack owns it.
    pub resource: Option<Handle<ec2::Vpc>>,
}

#[bon]
impl Vpc {
    /// Starts the VPC `id`; `build(s)` adds it and its parts to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The addresses of the VPC, from a `/16` to a `/28` block.
        cidr: Cidr,
        /// The subnets, by tier; each tier has one block per zone.
        #[builder(with = FromIterator::from_iter)]
        tiers: Vec<Tier>,
        /// The zones, by the letter that ends their name. Default: `a` and `b`, since a load balancer needs
        /// two.
        #[builder(default = vec!['a', 'b'], with = FromIterator::from_iter)]
        zones: Vec<char>,
        /// How private subnets reach the internet. Default: a NAT gateway in each zone.
        #[builder(default = Nat::PerZone)]
        nat: Nat,
        /// The VPC's `Name` tag, and the beginning of the names of its parts. Default: the construct's path.
        #[builder(into)]
        name: Option<String>,
    ) -> Vpc {
        let resource = s.add(id, properties(cidr));
        let mut s = s.scope(id);
        let name = name.unwrap_or_else(|| s.path());
        s.tag("Name", name.as_str());
        check_blocks(&mut s, cidr, &tiers, &zones);
        let mut network = Network {
            vpc: resource,
            zones,
            gateway: None,
            gateways: Vec::new(),
            subnets: BTreeMap::new(),
            route_tables: Vec::new(),
            ways_out: BTreeMap::new(),
        };
        for tier in tiers.iter().filter(|tier| tier.kind == TierKind::Public) {
            network.public_tier(&mut s, tier, &name);
        }
        network.nat_gateways(&mut s, nat, tiers.iter().any(|tier| tier.kind == TierKind::Private));
        for tier in tiers.iter().filter(|tier| tier.kind != TierKind::Public) {
            network.inner_tier(&mut s, tier, &name);
        }
        let tags = vec![Tag::new("Name", name.as_str())];
        s[resource].tags = Some(tags);
        Vpc {
            id: resource.reference(),
            cidr: Some(cidr),
            subnets: network.subnets,
            route_tables: network.route_tables,
            ways_out: network.ways_out,
            resource: Some(resource),
        }
    }
}

fn properties(cidr: Cidr) -> ec2::Vpc {
    ec2::Vpc {
        cidr_block: Some(cidr.to_string().into()),
        // Interface endpoints and service discovery answer by name only with both on.
        enable_dns_support: Some(true.into()),
        enable_dns_hostnames: Some(true.into()),
        ..Default::default()
    }
}

impl Vpc {
    /// A VPC that exists, with the ids of its subnets by the way out that they have.
    pub fn existing<L: Into<List<ec2::SubnetId>>>(
        id: Value<ec2::VpcId>,
        subnets: impl IntoIterator<Item = (TierKind, L)>,
    ) -> Vpc {
        let subnets = subnets.into_iter().map(|(kind, ids)| (kind, ids.into())).collect();
        Vpc { id, cidr: None, subnets, route_tables: Vec::new(), ways_out: BTreeMap::new(), resource: None }
    }

    /// The VPC's id.
    #[must_use]
    pub fn id(&self) -> Value<ec2::VpcId> {
        self.id.clone()
    }

    /// The VPC's addresses, if the stack owns it.
    #[must_use]
    pub fn cidr(&self) -> Option<Cidr> {
        self.cidr
    }

    /// The subnets with this way out, in the order of the zones.
    pub fn subnets(&self, kind: TierKind) -> List<ec2::SubnetId> {
        self.subnets.get(&kind).cloned().unwrap_or_else(|| Vec::<Value<_>>::new().into())
    }

    /// The first of these tiers that has subnets; the first of all, if none has.
    pub(crate) fn first_tier(&self, order: [TierKind; 3]) -> TierKind {
        order.into_iter().find(|kind| self.count(*kind) != Some(0)).unwrap_or(order[0])
    }

    /// Where tasks and what they mount stand: in private subnets, or in public ones where there are no others.
    pub(crate) fn task_tier(&self) -> TierKind {
        self.first_tier([TierKind::Private, TierKind::Public, TierKind::Isolated])
    }

    /// How many subnets have this way out, if that is known before deployment.
    pub fn count(&self, kind: TierKind) -> Option<usize> {
        self.subnets.get(&kind).map_or(Some(0), |list| list.items().map(<[_]>::len))
    }

    /// Makes `handle` wait until what stands in the tier reaches the internet, which no reference implies.
    pub(crate) fn await_internet<R>(&self, s: &mut Scope<'_>, kind: TierKind, handle: Handle<R>) {
        if let Some(way_out) = self.ways_out.get(&kind) {
            way_out.before(s, handle);
        }
    }
}
