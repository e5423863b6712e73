//! Networks: a VPC, its subnets by tier and zone, the ways out of it, and the record of its traffic.

use std::collections::BTreeMap;

use bon::bon;

use crate::declare::aws;
use crate::iam::{Role, Statement};
use crate::l1::ec2;
use crate::log_group::LogGroup;
use crate::resource::Handle;
use crate::scope::{RemovalPolicy, Scope};
use crate::security_group::SecurityGroup;
use crate::sub;
use crate::units::{Cidr, Port, Retention};
use crate::value::{List, Tag, Value};

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

/// Reports blocks that AWS would refuse, all of them at once.
///
/// Source: [VPC CIDR blocks][vpc] and [subnet sizing][subnet] in the Amazon VPC user guide.
///
/// [vpc]: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
/// [subnet]: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
fn check_blocks(s: &mut Scope<'_>, cidr: Cidr, tiers: &[Tier], zones: &[char]) {
    let sizes = 16..=28;
    if !sizes.contains(&cidr.prefix()) {
        s.error("DC030", format!("{cidr} is not a size that a VPC can have"))
            .property("cidr")
            .hint("choose a block from /16 to /28");
    }
    let mut seen: Vec<(Cidr, &str)> = Vec::new();
    for tier in tiers {
        if tier.cidrs.len() != zones.len() {
            s.error(
                "DC031",
                format!("the tier `{}` has {} blocks for {} zones", tier.name, tier.cidrs.len(), zones.len()),
            )
            .property("tiers")
            .hint("give each tier one block per zone");
        }
        for block in &tier.cidrs {
            if !sizes.contains(&block.prefix()) {
                s.error("DC030", format!("{block} is not a size that a subnet can have"))
                    .property("tiers")
                    .hint("choose a block from /16 to /28");
            }
            if !cidr.contains(*block) {
                s.error(
                    "DC032",
                    format!("{block} of the tier `{}` lies outside the VPC's {cidr}", tier.name),
                )
                .property("tiers")
                .hint(free_blocks(cidr, tiers, block.prefix()));
            }
            if let Some((other, name)) = seen.iter().find(|(other, _)| other.overlaps(*block)) {
                s.error(
                    "DC033",
                    format!("{block} of the tier `{}` overlaps {other} of the tier `{name}`", tier.name),
                )
                .property("tiers")
                .hint(free_blocks(cidr, tiers, block.prefix()));
            }
            seen.push((*block, &tier.name));
        }
    }
}

/// Names the first blocks of this size that no tier uses.
fn free_blocks(cidr: Cidr, tiers: &[Tier], prefix: u8) -> String {
    let used = |block: &Cidr| tiers.iter().flat_map(|tier| &tier.cidrs).any(|other| other.overlaps(*block));
    let free: Vec<String> = cidr
        .subnets(prefix)
        .take(4096)
        .filter(|block| !used(block))
        .take(3)
        .map(|block| block.to_string())
        .collect();
    if free.is_empty() {
        format!("no /{prefix} block of {cidr} is free; choose smaller subnets")
    } else {
        format!("free blocks of this size are {}", free.join(", "))
    }
}

/// The parts of a VPC while it is being built.
struct Network {
    vpc: Handle<ec2::Vpc>,
    zones: Vec<char>,
    /// The attachment of the internet gateway and the route table of the public subnets.
    gateway: Option<(Handle<ec2::VpcGatewayAttachment>, Handle<ec2::RouteTable>)>,
    /// One NAT gateway per zone, or one for all.
    gateways: Vec<Handle<ec2::NatGateway>>,
    subnets: BTreeMap<TierKind, List<ec2::SubnetId>>,
    route_tables: Vec<Handle<ec2::RouteTable>>,
    ways_out: BTreeMap<TierKind, WayOut>,
}

impl Network {
    fn public_tier(&mut self, s: &mut Scope<'_>, tier: &Tier, name: &str) {
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

    fn nat_gateways(&mut self, s: &mut Scope<'_>, nat: Nat, wanted: bool) {
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
            self.gateways.push(gateway);
        }
    }

    /// A tier whose subnets have a route table each, with the way out that the tier's kind offers.
    fn inner_tier(&mut self, s: &mut Scope<'_>, tier: &Tier, name: &str) {
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

/// An AWS service that a VPC can reach without the internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndpointService {
    /// The ECR API.
    EcrApi,
    /// The registry that images are pulled from.
    EcrDkr,
    /// CloudWatch Logs.
    Logs,
    /// Secrets Manager.
    SecretsManager,
    /// The channel that ECS Exec opens.
    SsmMessages,
}

impl EndpointService {
    /// All of them.
    pub const ALL: [EndpointService; 5] = [
        EndpointService::EcrApi,
        EndpointService::EcrDkr,
        EndpointService::Logs,
        EndpointService::SecretsManager,
        EndpointService::SsmMessages,
    ];

    /// The service's part of the endpoint's name, and the id of the construct.
    ///
    /// Source: [AWS services that integrate with AWS PrivateLink][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
    fn names(self) -> (&'static str, &'static str) {
        match self {
            EndpointService::EcrApi => ("ecr.api", "EcrApiEndpoint"),
            EndpointService::EcrDkr => ("ecr.dkr", "EcrDkrEndpoint"),
            EndpointService::Logs => ("logs", "LogsEndpoint"),
            EndpointService::SecretsManager => ("secretsmanager", "SecretsManagerEndpoint"),
            EndpointService::SsmMessages => ("ssmmessages", "SsmMessagesEndpoint"),
        }
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

    /// How many subnets have this way out, if that is known before deployment.
    pub fn count(&self, kind: TierKind) -> Option<usize> {
        self.subnets.get(&kind).map_or(Some(0), |list| list.items().map(<[_]>::len))
    }

    /// Makes `handle` wait until what stands in the tier reaches the internet, which no reference implies.
    pub(crate) fn await_internet<R>(&self, s: &mut Scope<'_>, kind: TierKind, handle: Handle<R>) {
        let Some(way_out) = self.ways_out.get(&kind) else { return };
        for route in &way_out.routes {
            s.depend(handle, *route);
        }
        for association in &way_out.associations {
            s.depend(handle, *association);
        }
    }

    /// Routes traffic to S3 past the NAT gateways. A gateway endpoint costs nothing.
    #[track_caller]
    pub fn add_s3_endpoint(&self, s: &mut Scope<'_>, id: &str) -> Handle<ec2::VpcEndpoint> {
        let endpoint = ec2::VpcEndpoint {
            vpc_id: Some(self.id()),
            vpc_endpoint_type: Some("Gateway".into()),
            service_name: Some(sub!("com.amazonaws.{}.s3", aws::region())),
            route_table_ids: Some(self.route_tables.iter().copied().collect()),
            ..Default::default()
        };
        s.add(id, endpoint)
    }

    /// Puts an interface endpoint for each service into the private subnets, or the isolated ones where
    /// there are no private ones; whoever is in the VPC may use it.
    #[track_caller]
    pub fn add_interface_endpoints(
        &self,
        s: &mut Scope<'_>,
        id: &str,
        services: impl IntoIterator<Item = EndpointService>,
    ) {
        let kind =
            if self.count(TierKind::Private) == Some(0) { TierKind::Isolated } else { TierKind::Private };
        let mut s = s.scope(id);
        let Some(cidr) = self.cidr else {
            s.error(
                "DC035",
                "interface endpoints need the addresses of the VPC, which are not known of an existing one",
            )
            .hint("make the endpoints where the VPC is made");
            return;
        };
        let group = SecurityGroup::named("SecurityGroup")
            .vpc(self)
            .description("interface endpoints of AWS services")
            .egress(crate::security_group::Egress::Connected)
            .build(&mut s);
        group.allow_from(&mut s, cidr, Port::literal(443), "the VPC calls AWS services");
        for service in services {
            let (name, id) = service.names();
            let endpoint = ec2::VpcEndpoint {
                vpc_id: Some(self.id()),
                vpc_endpoint_type: Some("Interface".into()),
                service_name: Some(sub!("com.amazonaws.{}.{}", aws::region(), name)),
                subnet_ids: Some(self.subnets(kind)),
                security_group_ids: Some([group.id()].into()),
                private_dns_enabled: Some(true.into()),
                ..Default::default()
            };
            s.add(id, endpoint);
        }
    }

    /// Records all traffic of the VPC in a log group, with a role that can write there and nowhere else.
    ///
    /// Source: [IAM role for publishing flow logs to CloudWatch Logs][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    #[track_caller]
    pub fn add_flow_log(
        &self,
        s: &mut Scope<'_>,
        id: &str,
        retention: Retention,
        removal_policy: RemovalPolicy,
    ) {
        let resource = self.id.text();
        let mut inner = s.scope(id);
        let group =
            LogGroup::named("LogGroup").retention(retention).removal_policy(removal_policy).build(&mut inner);
        let role = Role::named("Role").assumed_by("vpc-flow-logs.amazonaws.com").build(&mut inner);
        let actions = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"];
        role.allow(&mut inner, "Logs", Statement::allow(actions).on(group.arn()));
        let flow_log = ec2::FlowLog {
            resource_id: Some(resource),
            resource_type: Some("VPC".into()),
            traffic_type: Some("ALL".into()),
            log_destination_type: Some("cloud-watch-logs".into()),
            log_group_name: Some(group.name()),
            deliver_logs_permission_arn: Some(role.arn()),
            ..Default::default()
        };
        s.add(id, flow_log);
    }
}
