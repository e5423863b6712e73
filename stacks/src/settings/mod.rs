//! What can be set, with the defaults of production.
//!
//! These are plain values, as a file gives them; [`Plan`](crate::plan::Plan) is what they mean.

mod data;
mod deployment;
mod edge;
mod foundation;
mod front_door;
mod network;
mod pipeline;
mod service;
mod watch;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use data::{CacheStore, ClusterStore, DataSettings, DatabaseSecurityGroup, SyncSettings};
pub use deployment::{DeploymentSettings, Strategy};
pub use edge::{EdgeDomainSettings, EdgeSettings};
pub use foundation::{
    ImageSettings, NotificationSettings, ReplicationSettings, RotationSettings, SecretLayout, SecretSettings,
};
pub use front_door::{
    DomainSettings, Failover, LoadBalancerSettings, ManagedRulesSetting, WafLogging, WafSettings,
};
pub use network::{Endpoint, ExistingNetwork, NatMode, NetworkMode, NetworkSettings};
pub use pipeline::PipelineSettings;
pub use service::{
    ArchitectureSetting, ClusterSettings, HealthCheckSettings, InsightsMode, PermissionSettings,
    ScalingSettings, ServiceSettings, SpotSettings, TracingMode,
};
pub use watch::{AlarmSettings, BackupSettings, BudgetSettings, LogSettings, WatchSettings};

/// Everything that can be set. The defaults are production's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The region that is deployed to. Default: us-east-1.
    pub region: String,
    /// The account that is deployed to, 12 digits in quotes. Default: that of the credentials.
    #[schemars(regex(pattern = r"^\d{12}$"))]
    pub account: Option<String>,
    /// The beginning of the names of clusters, load balancers, repositories, log groups and families; 40 characters at
    /// most.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"), length(max = 40))]
    pub name: String,
    /// What follows the stacks' names, so that environments in one account do not meet: `-dev`.
    #[schemars(regex(pattern = r"^(-[A-Za-z0-9-]+)?$"))]
    pub stack_suffix: String,
    /// Tags of every stack and resource.
    pub tags: BTreeMap<String, String>,
    /// What happens to images, secrets and logs when their stack is deleted.
    pub removal: Removal,
    /// Whether CloudFormation refuses to delete the stacks, and AWS the databases that they make, until that is switched
    /// off; on also forbids `spot.base` 0, with which AWS may take all tasks back at once. The load balancer has a
    /// setting of its own, `load_balancer.deletion_protection`.
    pub deletion_protection: bool,
    /// Whether one key of the customer's own encrypts secrets, images, logs, files, databases and notifications
    /// ($1 a month, and $1 more after each of its first two yearly rotations); else each service's own key does, and
    /// notifications are not encrypted at rest. Images, files and databases keep the key that they were made with.
    pub customer_key: bool,
    /// The network.
    pub network: NetworkSettings,
    /// The load balancer.
    pub load_balancer: LoadBalancerSettings,
    /// The name under which callers reach the load balancer. Default: the load balancer's own, without HTTPS.
    pub domain: Option<DomainSettings>,
    /// Which of two regions this environment is for its domain. Default: the only one.
    pub failover: Option<Failover>,
    /// What is copied to a second region. Default: nothing.
    pub replication: Option<ReplicationSettings>,
    /// Who is told about alarms and the budget.
    pub notifications: NotificationSettings,
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
    /// Databases that the stack makes.
    pub data: DataSettings,
    /// Alarms, the dashboard, the budget and backups.
    pub watch: WatchSettings,
    /// CloudFront before the load balancer. Default: none.
    pub edge: Option<EdgeSettings>,
    /// A pipeline that tests, builds and deploys. Default: none.
    pub pipeline: Option<PipelineSettings>,
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
            customer_key: true,
            network: NetworkSettings::default(),
            load_balancer: LoadBalancerSettings::default(),
            domain: None,
            failover: None,
            replication: None,
            notifications: NotificationSettings::default(),
            cluster: ClusterSettings::default(),
            logs: LogSettings::default(),
            images: ImageSettings::default(),
            secrets: SecretSettings::default(),
            backend: ServiceSettings::default(),
            ai_ml: ServiceSettings { port: 8000, ..ServiceSettings::default() },
            sync: SyncSettings::default(),
            data: DataSettings::default(),
            watch: WatchSettings::default(),
            edge: None,
            pipeline: None,
        }
    }
}
