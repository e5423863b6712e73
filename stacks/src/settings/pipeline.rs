//! Settings of the pipeline that tests, builds and deploys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The pipeline that tests, builds and deploys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PipelineSettings {}
