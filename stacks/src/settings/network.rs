//! Settings of the network.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The network: one of our own, or an existing one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkSettings {
    /// Where tasks stand: in private subnets behind NAT gateways, or in public ones with an address each.
    pub mode: NetworkMode,
    /// The addresses of the VPC, from a /16 to a /28 block.
    pub cidr: String,
    /// The letters that end the names of the zones: `a` in us-east-1a.
    pub zones: Vec<char>,
    /// The blocks of the public subnets, one per zone.
    pub public_subnets: Vec<String>,
    /// The blocks of the private subnets, one per zone; unused in public mode.
    pub private_subnets: Vec<String>,
    /// How private subnets reach the internet.
    pub nat: NatMode,
    /// Services that are reached without the NAT gateways, each for about $7 a month and zone.
    pub interface_endpoints: Vec<Endpoint>,
    /// Whether the VPC's traffic is recorded.
    pub flow_logs: bool,
    /// Whether network ACLs stand before the subnets, beside the security groups. Default: no, since they let through
    /// whatever the architecture needs and so add little; some audits ask for them.
    pub network_acls: bool,
    /// A network that exists, with its own ways out, endpoints and flow logs. Default: one of our own is made.
    pub existing: Option<ExistingNetwork>,
}

/// Where tasks stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NetworkMode {
    /// In private subnets.
    Private,
    /// In public subnets, each task with an address of its own; for development.
    Public,
}

/// How private subnets reach the internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NatMode {
    /// Through a NAT gateway in each zone.
    PerZone,
    /// Through one NAT gateway for all zones.
    Single,
    /// Not at all.
    None,
}

/// A service with an interface endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// The ECR API.
    EcrApi,
    /// The registry that images are pulled from.
    EcrDkr,
    /// CloudWatch Logs.
    Logs,
    /// Secrets Manager.
    SecretsManager,
    /// The channel of ECS Exec.
    SsmMessages,
}

/// A network that exists. `docuthinker import vpc` looks one up and writes this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExistingNetwork {
    /// The VPC's id, `vpc-…`.
    pub vpc_id: String,
    /// The ids of public subnets in at least two zones.
    pub public_subnets: Vec<String>,
    /// The ids of private subnets; none in public mode.
    #[serde(default)]
    pub private_subnets: Vec<String>,
}

impl Default for NetworkSettings {
    fn default() -> NetworkSettings {
        let blocks = |blocks: [&str; 2]| blocks.map(str::to_owned).to_vec();
        NetworkSettings {
            mode: NetworkMode::Private,
            cidr: "10.0.0.0/16".to_owned(),
            zones: vec!['a', 'b'],
            public_subnets: blocks(["10.0.1.0/24", "10.0.2.0/24"]),
            private_subnets: blocks(["10.0.3.0/24", "10.0.4.0/24"]),
            nat: NatMode::PerZone,
            interface_endpoints: Vec::new(),
            flow_logs: true,
            network_acls: false,
            existing: None,
        }
    }
}
