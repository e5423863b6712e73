//! Settings of the cluster and the two services.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DeploymentSettings;

/// The cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterSettings {
    /// What Container Insights records.
    pub insights: InsightsMode,
    /// Whether people can run commands in the containers (ECS Exec), each of them on record; the containers can
    /// then write to their images. Default: no.
    pub exec: bool,
    /// What takes the services' traces. Default: nothing.
    pub tracing: TracingMode,
}

/// What takes the services' traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TracingMode {
    /// Nothing.
    None,
    /// The collector of the AWS Distro for OpenTelemetry, in each task.
    Adot,
    /// The X-Ray daemon in each task, which AWS maintains no longer.
    Xray,
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

/// A service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceSettings {
    /// The tag of its image, or its digest (`sha256:…`).
    pub image: String,
    /// CPU units of a task; 1024 are one vCPU.
    #[schemars(range(min = 256, max = 32768))]
    pub cpu: u32,
    /// MiB of memory of a task.
    #[schemars(range(min = 512, max = 249_856))]
    pub memory: u32,
    /// The processor that the image is built for.
    pub architecture: ArchitectureSetting,
    /// The port that its container listens on.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// Environment variables besides the service's own. None of them may be a credential, by its name (`…_API_KEY`,
    /// `…_TOKEN`, `…_SECRET`, `…_PASSWORD`) or its value: everybody who may describe tasks reads them.
    pub environment: BTreeMap<String, String>,
    /// Environment variables besides the service's own that are read from secrets of yours: the variable, and the
    /// full ARN of the secret in the same region (with the six characters at its end), or the ARN and a field of its
    /// JSON as `…:secret:name-AbCdEf:field::`. A secret with a key of its own needs a grant on that key.
    pub secrets: BTreeMap<String, String>,
    /// How many tasks run, and what the number follows.
    pub scaling: ScalingSettings,
    /// How the load balancer finds out that a task is healthy.
    pub health_check: HealthCheckSettings,
    /// Which tasks are on Spot. Default: none, all are on demand.
    pub spot: Option<SpotSettings>,
    /// How a new revision takes the place of the old one.
    pub deployment: DeploymentSettings,
    /// What its containers may use besides the network.
    pub permissions: PermissionSettings,
    /// A command that fails while the container is not healthy, for the shell of the image. Default: none, since
    /// its tool must be in the image.
    pub health_command: Option<String>,
    /// The user and group that its container runs as. Default: `1000:1000`, which is not root.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)?$"))]
    pub user: String,
    /// Seconds between the signal to stop and the end of a container.
    #[schemars(range(min = 2, max = 120))]
    pub stop_timeout: u16,
    /// Seconds in which a task that leaves may finish what it was asked.
    #[schemars(range(min = 0, max = 3600))]
    pub deregistration_delay: u16,
    /// Seconds over which a new task gets its full share of requests. Default: it gets it at once.
    #[schemars(range(min = 30, max = 900))]
    pub slow_start: Option<u16>,
    /// Seconds for which a caller comes back to the same task. Default: any task takes any request.
    #[schemars(range(min = 1, max = 604_800))]
    pub sticky_seconds: Option<u32>,
    /// The name of a log group that exists. Default: one is made, `/ecs/docuthinker-backend`.
    pub log_group: Option<String>,
}

/// Which tasks are on Spot, where AWS may take them back with two minutes' notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SpotSettings {
    /// Tasks that are always on demand. Default: 1, so that one is left when AWS takes the others back.
    #[schemars(range(max = 100_000))]
    pub base: u32,
    /// The share of the other tasks on Spot. Default: 9, which with 1 on demand is nine in ten.
    #[schemars(range(min = 1, max = 1000))]
    pub weight: u16,
    /// The share of the other tasks on demand; 0 leaves them all to Spot. Default: 1.
    #[schemars(range(max = 1000))]
    pub on_demand_weight: u16,
}

/// What the containers of a service may use besides the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PermissionSettings {
    /// Whether they read and write objects of the buckets whose names begin with the prefix.
    pub s3: bool,
    /// Whether they query the tables whose names begin with the prefix, and put items into them.
    pub dynamodb: bool,
    /// Whether they send messages to the queues whose names begin with the prefix.
    pub sqs: bool,
    /// The beginning of the names. Default: the environment's name and a hyphen, `docuthinker-`.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9.-]*$"))]
    pub prefix: Option<String>,
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
    #[schemars(range(min = 1))]
    pub max: u32,
    /// Average CPU use to be kept, in percent.
    #[schemars(range(min = 1, max = 100))]
    pub cpu: u32,
    /// Average memory use to be kept, in percent.
    #[schemars(range(min = 1, max = 100))]
    pub memory: u32,
    /// Requests per minute and task to be kept; null not to follow them, as a deployment must that shifts requests.
    #[schemars(range(min = 1))]
    pub requests: Option<u32>,
    /// Seconds after a task was taken away in which no other one is. Default: 300, since starting one again is slow.
    #[schemars(range(max = 3600))]
    pub scale_in_cooldown: u32,
    /// Seconds after a task was added in which no other one is. Default: 60, since load that rises must be met soon.
    #[schemars(range(max = 3600))]
    pub scale_out_cooldown: u32,
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
    /// Seconds after a task's start in which failures do not count.
    #[schemars(range(max = 7200))]
    pub grace_period: u32,
}

impl Default for ClusterSettings {
    fn default() -> ClusterSettings {
        ClusterSettings { insights: InsightsMode::Enhanced, exec: false, tracing: TracingMode::None }
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
            secrets: BTreeMap::new(),
            scaling: ScalingSettings::default(),
            health_check: HealthCheckSettings::default(),
            spot: None,
            deployment: DeploymentSettings::default(),
            permissions: PermissionSettings::default(),
            health_command: None,
            user: "1000:1000".to_owned(),
            stop_timeout: 30,
            deregistration_delay: 30,
            slow_start: None,
            sticky_seconds: None,
            log_group: None,
        }
    }
}

impl Default for ScalingSettings {
    fn default() -> ScalingSettings {
        ScalingSettings {
            min: 2,
            max: 10,
            cpu: 70,
            memory: 80,
            requests: Some(1000),
            scale_in_cooldown: 300,
            scale_out_cooldown: 60,
        }
    }
}

impl Default for SpotSettings {
    fn default() -> SpotSettings {
        SpotSettings { base: 1, weight: 9, on_demand_weight: 1 }
    }
}

impl Default for PermissionSettings {
    fn default() -> PermissionSettings {
        PermissionSettings { s3: true, dynamodb: true, sqs: true, prefix: None }
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
            grace_period: 60,
        }
    }
}
