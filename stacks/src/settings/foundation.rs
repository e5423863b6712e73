//! Settings of images, secrets, notifications and what is copied to a second region.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Image repositories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ImageSettings {
    /// How many images each repository keeps; the oldest ones beyond them expire.
    #[schemars(range(min = 1, max = 1000))]
    pub keep: u32,
    /// How many deployments one must be able to go back; each needs its image, so `keep` is at least this.
    #[schemars(range(min = 1, max = 1000))]
    pub history: u32,
    /// Whether the tag `latest` may be deployed, though nobody can tell afterwards what it was.
    pub allow_latest: bool,
}

/// Secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SecretSettings {
    /// The beginning of the secrets' names: `docuthinker` gives `docuthinker/openai`.
    pub prefix: String,
    /// Whether each credential has a secret of its own, which can be granted, rotated and audited alone, or all are
    /// fields of one, which costs less.
    pub layout: SecretLayout,
    /// Whether Foundation makes the secrets, or they exist already under these names.
    pub existing: bool,
    /// The full ARNs of existing secrets, with the six characters at their ends, by name: `openai`, `anthropic`,
    /// `google`, `neo4j`, `chroma`, `mongodb`, `redis`, or `all` where they are fields of one. Default: they are
    /// known by their names, and policies allow any six characters at the end.
    pub arns: BTreeMap<String, String>,
    /// The ARN of the key that encrypts existing secrets. Default: each region's `aws/secretsmanager`.
    pub key_arn: Option<String>,
    /// How values are changed. Default: by hand, since whoever issues an API key does not let AWS renew it.
    pub rotation: Option<RotationSettings>,
}

/// How credentials are divided among secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretLayout {
    /// One secret for each: `docuthinker/openai` holds the key and nothing else.
    Separate,
    /// One secret named as the prefix, a JSON object of environment variables: `{"OPENAI_API_KEY": "…"}`.
    SingleJson,
}

/// A function of yours that changes secrets again and again.
///
/// Its policy must let `secretsmanager.amazonaws.com` invoke it. Tasks read secrets when they start: after a
/// rotation they must be replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationSettings {
    /// The ARN of the Lambda function.
    pub lambda_arn: String,
    /// Days between two changes. Default: 30, since shorter ones replace tasks oftener, and longer ones leave what leaked in
    /// use for longer.
    #[serde(default = "thirty")]
    #[schemars(range(min = 1, max = 1000))]
    pub days: u32,
    /// Which secrets, by name as in `arns`. Default: all.
    #[serde(default)]
    pub secrets: Vec<String>,
}

fn thirty() -> u32 {
    30
}

/// Who is told about alarms and the budget.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationSettings {
    /// Email addresses. Each gets a message that it must confirm first. Default: nobody; whoever wants to know
    /// subscribes to the topic.
    pub emails: Vec<String>,
}

impl Default for ImageSettings {
    fn default() -> ImageSettings {
        ImageSettings { keep: 10, history: 10, allow_latest: false }
    }
}

impl Default for SecretSettings {
    fn default() -> SecretSettings {
        SecretSettings {
            prefix: "docuthinker".to_owned(),
            layout: SecretLayout::Separate,
            existing: false,
            arns: BTreeMap::new(),
            key_arn: None,
            rotation: None,
        }
    }
}

/// What is copied to a second region, so that the services can run there when this one fails.
///
/// Deploy the second region's environment first, so that its repositories exist with their own lifecycle and key;
/// it sets `secrets.existing`, since its secrets are the copies made here, and no `replication` back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicationSettings {
    /// The second region, for example `us-west-2`.
    pub region: String,
    /// Whether images are copied when they are pushed. A registry (an account in a region) has one configuration of
    /// this for all its repositories, which the stack then owns. Default: yes.
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
