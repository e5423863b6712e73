//! Settings of CloudFront before the load balancer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// CloudFront before the load balancer, in a stack of its own in us-east-1.
///
/// CloudFront asks the load balancer over HTTPS, under `domain.name`, for which the load balancer has its
/// certificate; so `edge` needs `domain`, and in whichever region the load balancer is, nothing but this name is
/// shared. Callers can still go to the load balancer directly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EdgeSettings {
    /// The name that callers use.
    pub domain: EdgeDomainSettings,
    /// Whether files are served from a bucket. Default: no.
    #[serde(default)]
    pub assets: bool,
    /// The paths that lead to the bucket, whose keys begin likewise. Default: `/static/*`.
    #[serde(default = "assets_path")]
    pub assets_path: String,
    /// Whether AWS WAF looks at requests before they reach the load balancer ($8 a month). Default: yes.
    #[serde(default = "yes")]
    pub waf: bool,
    /// Requests in five minutes after which WAF blocks an address. Default: 2000, seven a second, which is more
    /// than a person does; give more if callers share an address.
    #[serde(default = "rate_limit")]
    #[schemars(range(min = 10, max = 2_000_000_000))]
    pub rate_limit: u32,
    /// Whether requests are recorded in a bucket. Default: yes.
    #[serde(default = "yes")]
    pub access_logs: bool,
    /// Seconds that the load balancer may take for an answer. Default: 60; more than 60 needs a higher quota.
    #[serde(default = "origin_timeout")]
    #[schemars(range(min = 1, max = 120))]
    pub origin_timeout_seconds: u16,
}

/// The name that callers use to reach CloudFront.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EdgeDomainSettings {
    /// The name, for example `docuthinker.ai`. Records for it are made in the hosted zone.
    pub name: String,
    /// The id of the Route 53 hosted zone that the name is in, `Z…`. The certificate is validated there.
    #[schemars(regex(pattern = r"^Z[A-Z0-9]{1,31}$"))]
    pub hosted_zone_id: String,
}

impl EdgeSettings {
    /// The paths that lead to the bucket unless others are set.
    pub const ASSETS_PATH: &str = "/static/*";
    /// Requests in five minutes after which an address is blocked unless another number is set.
    pub const RATE_LIMIT: u32 = 2000;
}

fn assets_path() -> String {
    EdgeSettings::ASSETS_PATH.to_owned()
}

fn yes() -> bool {
    true
}

fn rate_limit() -> u32 {
    EdgeSettings::RATE_LIMIT
}

fn origin_timeout() -> u16 {
    60
}
