//! Settings of CloudFront before the load balancer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Cloudfront before the load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EdgeSettings {}
