//! Settings of deployments: how a new revision takes the place of the old one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a new revision takes the place of the old one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeploymentSettings {
    /// In which way.
    pub strategy: Strategy,
    /// Whether a rolling deployment whose tasks keep failing ends and goes back. Default: yes; the others wait for
    /// health before they shift requests.
    pub circuit_breaker: Option<bool>,
    /// Whether a deployment goes back when the alarm on errors of the service's targets goes off; needs alarms.
    pub alarms: bool,
    /// Minutes for which the old tasks wait after the last requests were shifted. Default: 15, in which the alarms
    /// on errors can go off while going back is still a matter of seconds.
    #[schemars(range(max = 1440))]
    pub bake_minutes: Option<u16>,
    /// Percent of the requests in each step of a linear deployment, in steps of 0.1. Default: 10, which is
    /// ECS's own: ten steps.
    #[schemars(range(min = 3.0, max = 100.0))]
    pub step_percent: Option<f64>,
    /// Minutes between two steps of a linear deployment. Default: 6, which is ECS's own: the alarm on errors looks at
    /// single minutes and hears of them a little later, and has then judged each step.
    #[schemars(range(max = 1440))]
    pub step_bake_minutes: Option<u16>,
    /// Percent of the requests that a canary takes first, in steps of 0.1. Default: 5, which is ECS's own: a
    /// mistake meets one request in twenty.
    #[schemars(range(min = 0.1, max = 100.0))]
    pub canary_percent: Option<f64>,
    /// Minutes until the others follow the canary. Default: 10, which is ECS's own; as few requests
    /// meet a mistake seldom, it is longer than a step.
    #[schemars(range(max = 1440))]
    pub canary_bake_minutes: Option<u16>,
    /// A port of the load balancer that leads to the new tasks before any request does. Default: none.
    #[schemars(range(min = 1, max = 65535))]
    pub test_port: Option<u16>,
    /// Blocks of addresses that may reach the test port. Default: those of the network.
    pub test_from: Vec<String>,
}

/// In which way a new revision takes the place of the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Task by task, behind the same target group.
    Rolling,
    /// All new tasks beside all old ones, then all requests at once.
    BlueGreen,
    /// All new tasks beside all old ones, then requests in equal steps.
    Linear,
    /// All new tasks beside all old ones, then a few requests, then all others.
    Canary,
}

impl Default for DeploymentSettings {
    fn default() -> DeploymentSettings {
        DeploymentSettings {
            strategy: Strategy::Rolling,
            circuit_breaker: None,
            alarms: true,
            bake_minutes: None,
            step_percent: None,
            step_bake_minutes: None,
            canary_percent: None,
            canary_bake_minutes: None,
            test_port: None,
            test_from: Vec::new(),
        }
    }
}
