//! What can be set, with the defaults of production.
//!
//! These are plain values, as a file gives them; [`Plan`](crate::plan::Plan) is what they mean.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that can be set. The defaults are production's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The region that is deployed to. Default: us-east-1.
    pub region: String,
    /// The account that is deployed to, 12 digits in quotes. Default: that of the credentials.
    #[schemars(regex(pattern = r"^\d{12}$"))]
    pub account: Option<String>,
    /// The beginning of the names of clusters, load balancers, repositories, log groups and families.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]{0,30}$"))]
    pub name: String,
    /// What follows the stacks' names, so that environments in one account do not meet: `-dev`.
    #[schemars(regex(pattern = r"^(-[A-Za-z0-9-]+)?$"))]
    pub stack_suffix: String,
    /// Tags of every stack and resource.
    pub tags: BTreeMap<String, String>,
    /// What happens to images, secrets and logs when their stack is deleted.
    pub removal: Removal,
    /// Whether CloudFormation refuses to delete the stacks until that is switched off.
    pub deletion_protection: bool,
    /// The network.
    pub network: NetworkSettings,
    /// The load balancer.
    pub load_balancer: LoadBalancerSettings,
    /// The cluster.
    pub cluster: ClusterSettings,
    /// Logs.
    pub logs: LogSettings,
    /// Image repositories.
    pub images: ImageSettings,
    /// Secrets.
    pub secrets: SecretSettings,
    /// The backend: Node.js and Express.
    pub backend: ServiceSettings,
    /// The AI and machine-learning service: Python and FastAPI.
    pub ai_ml: ServiceSettings,
    /// What the AI and machine-learning service writes beside its answers.
    pub sync: SyncSettings,
}

/// What happens to what holds data when its stack is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// It stays in the account.
    Retain,
    /// It is deleted with its data.
    Delete,
}

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

/// A network that exists. Subnets are named by tier, since nothing tells from outside which way out they have.
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

/// The load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LoadBalancerSettings {
    /// The ARN of a certificate in the same region. With one, port 443 is opened and port 80 redirects there.
    pub certificate_arn: Option<String>,
    /// Whether AWS refuses to delete the load balancer. Default: no, since a first deployment that fails could
    /// not be rolled back; switch it on once the stack stands.
    pub deletion_protection: bool,
    /// The port on which the AI and machine-learning service is reached.
    #[schemars(range(min = 1, max = 65535))]
    pub ai_ml_port: u16,
}

/// The cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterSettings {
    /// What Container Insights records.
    pub insights: InsightsMode,
}

/// What Container Insights records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InsightsMode {
    /// Metrics down to the container.
    Enhanced,
    /// Metrics of the cluster, its services and tasks.
    Enabled,
    /// Nothing.
    Disabled,
}

/// Logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// Days that events are kept; CloudWatch offers 1, 3, 5, 7, 14, 30, 60, 90 and some more.
    pub retention_days: u32,
}

/// Image repositories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ImageSettings {
    /// How many images each repository keeps; at least the number of deployments to be able to go back.
    #[schemars(range(min = 1, max = 1000))]
    pub keep: u32,
    /// Whether the tag `latest` may be deployed, though nobody can tell afterwards what it was.
    pub allow_latest: bool,
}

/// Secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SecretSettings {
    /// The beginning of the secrets' names: `docuthinker` gives `docuthinker/openai`.
    pub prefix: String,
    /// Whether Foundation makes the secrets, or they exist already under these names.
    pub existing: bool,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceSettings {
    /// The tag of its image, or its digest (`sha256:…`).
    pub image: String,
    /// CPU units of a task; 1024 are one vCPU.
    pub cpu: u32,
    /// MiB of memory of a task.
    pub memory: u32,
    /// The processor that the image is built for.
    pub architecture: ArchitectureSetting,
    /// The port that its container listens on.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// Environment variables besides the service's own; none of them a secret.
    pub environment: BTreeMap<String, String>,
    /// How many tasks run, and what the number follows.
    pub scaling: ScalingSettings,
    /// How the load balancer finds out that a task is healthy.
    pub health_check: HealthCheckSettings,
    /// Tasks that are always on demand; of the others nine in ten are on Spot. Default: all on demand.
    pub spot_base: Option<u32>,
}

/// The processor that an image is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArchitectureSetting {
    /// 64-bit Intel and AMD.
    X86_64,
    /// 64-bit ARM, 20 % cheaper.
    Arm64,
}

/// How many tasks run, and what the number follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScalingSettings {
    /// Tasks at least.
    pub min: u32,
    /// Tasks at most.
    pub max: u32,
    /// Average CPU use to be kept, in percent.
    #[schemars(range(min = 1, max = 100))]
    pub cpu: u32,
    /// Average memory use to be kept, in percent.
    #[schemars(range(min = 1, max = 100))]
    pub memory: u32,
    /// Requests per minute and task to be kept.
    #[schemars(range(min = 1))]
    pub requests: u32,
}

/// How the load balancer finds out that a task is healthy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HealthCheckSettings {
    /// The path that is asked.
    #[schemars(regex(pattern = r"^/"))]
    pub path: String,
    /// Seconds between two checks.
    #[schemars(range(min = 5, max = 300))]
    pub interval: u16,
    /// Seconds after which no answer counts as a failure; below the interval.
    #[schemars(range(min = 2, max = 120))]
    pub timeout: u16,
    /// Successes in a row that make a task healthy.
    #[schemars(range(min = 2, max = 10))]
    pub healthy_threshold: u16,
    /// Failures in a row that make a task unhealthy.
    #[schemars(range(min = 2, max = 10))]
    pub unhealthy_threshold: u16,
}

/// What the AI and machine-learning service writes beside its answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SyncSettings {
    /// Whether documents are written to the knowledge graph, whose address is the secret `neo4j`.
    pub graph: bool,
    /// Whether documents are written to the vector store; needs the folder that it lies in.
    pub vector: bool,
    /// The folder of the vector store.
    #[schemars(regex(pattern = r"^/"))]
    pub chroma_dir: Option<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            region: "us-east-1".to_owned(),
            account: None,
            name: "docuthinker".to_owned(),
            stack_suffix: String::new(),
            tags: BTreeMap::from([("Project".to_owned(), "DocuThinker".to_owned())]),
            removal: Removal::Retain,
            deletion_protection: true,
            network: NetworkSettings::default(),
            load_balancer: LoadBalancerSettings::default(),
            cluster: ClusterSettings::default(),
            logs: LogSettings::default(),
            images: ImageSettings::default(),
            secrets: SecretSettings::default(),
            backend: ServiceSettings::default(),
            ai_ml: ServiceSettings { port: 8000, ..ServiceSettings::default() },
            sync: SyncSettings::default(),
        }
    }
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
            existing: None,
        }
    }
}

impl Default for LoadBalancerSettings {
    fn default() -> LoadBalancerSettings {
        LoadBalancerSettings { certificate_arn: None, deletion_protection: false, ai_ml_port: 8080 }
    }
}

impl Default for ClusterSettings {
    fn default() -> ClusterSettings {
        ClusterSettings { insights: InsightsMode::Enhanced }
    }
}

impl Default for LogSettings {
    fn default() -> LogSettings {
        LogSettings { retention_days: 30 }
    }
}

impl Default for ImageSettings {
    fn default() -> ImageSettings {
        ImageSettings { keep: 10, allow_latest: false }
    }
}

impl Default for SecretSettings {
    fn default() -> SecretSettings {
        SecretSettings { prefix: "docuthinker".to_owned(), existing: false }
    }
}

impl Default for ServiceSettings {
    fn default() -> ServiceSettings {
        ServiceSettings {
            image: "v1.0".to_owned(),
            cpu: 512,
            memory: 1024,
            architecture: ArchitectureSetting::X86_64,
            port: 5000,
            environment: BTreeMap::new(),
            scaling: ScalingSettings::default(),
            health_check: HealthCheckSettings::default(),
            spot_base: None,
        }
    }
}

impl Default for ScalingSettings {
    fn default() -> ScalingSettings {
        ScalingSettings { min: 2, max: 10, cpu: 70, memory: 80, requests: 1000 }
    }
}

impl Default for HealthCheckSettings {
    fn default() -> HealthCheckSettings {
        HealthCheckSettings {
            path: "/health".to_owned(),
            interval: 30,
            timeout: 5,
            healthy_threshold: 2,
            unhealthy_threshold: 3,
        }
    }
}

impl Default for SyncSettings {
    fn default() -> SyncSettings {
        SyncSettings { graph: true, vector: true, chroma_dir: Some("/mnt/efs/chroma".to_owned()) }
    }
}
