//! Settings of images, secrets and what is copied to a second region.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// What is copied to a second region, so that the services can run there when this one fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicationSettings {
    /// The second region, for example `us-west-2`.
    pub region: String,
    /// Whether images are copied. Default: yes.
    #[serde(default = "yes")]
    pub images: bool,
    /// Whether secrets are copied, with each new value. Default: yes.
    #[serde(default = "yes")]
    pub secrets: bool,
    /// Whether files are copied; the copy can only be read until replication is ended. Default: no, since EFS
    /// charges for both sides.
    #[serde(default)]
    pub files: bool,
}

fn yes() -> bool {
    true
}
