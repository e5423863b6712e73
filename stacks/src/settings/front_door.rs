//! Settings of what stands between callers and services: load balancer, domain.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

impl Default for LoadBalancerSettings {
    fn default() -> LoadBalancerSettings {
        LoadBalancerSettings { certificate_arn: None, deletion_protection: false, ai_ml_port: 8080 }
    }
}

/// The name under which callers reach the load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainSettings {
    /// The name, for example `api.docuthinker.ai`. A record for it is made in the hosted zone.
    pub name: String,
    /// The id of the Route 53 hosted zone that the name is in, `Z…`. The certificate is validated there.
    pub hosted_zone_id: Option<String>,
    /// Other names of the certificate, for example `*.api.docuthinker.ai`.
    #[serde(default)]
    pub alternative_names: Vec<String>,
}

/// Which of two regions an environment is for its domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Failover {
    /// Callers come here while it is healthy.
    Primary,
    /// Callers come here while the primary is not healthy.
    Secondary,
}
