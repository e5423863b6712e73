//! Settings of the cluster and the two services.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

impl Default for ClusterSettings {
    fn default() -> ClusterSettings {
        ClusterSettings { insights: InsightsMode::Enhanced }
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
