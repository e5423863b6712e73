//! Settings of the pipeline that tests, builds and deploys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The pipeline that tests, builds and deploys.
///
/// Its stack is deployed once by hand. It deploys all other stacks, and never itself: a pipeline that changes while
/// it runs loses its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PipelineSettings {
    /// The ARN of the connection to GitHub, GitLab or Bitbucket, in the same region:
    /// `arn:aws:codeconnections:…:connection/…`. A connection is completed in the console, so no stack can make it.
    pub connection_arn: String,
    /// The repository: `owner/name`.
    pub repository: String,
    /// The branch; each push to it starts the pipeline. Default: main.
    #[serde(default = "branch")]
    pub branch: String,
    /// What the command calls the environment that is deployed: the one that these settings are of.
    pub environment: String,
    /// The ARN of the role that deploys. The build takes it and can do nothing else in AWS; what it may do is decided
    /// where it is made, and it must trust the role that the output `DeployRoleTrusts` names.
    pub deploy_role_arn: String,
    /// Whether somebody must approve each deployment. Default: yes.
    #[serde(default = "approval")]
    pub approval: bool,
    /// The email addresses of those who are asked to approve. Default: nobody is written to.
    #[serde(default)]
    pub approvers: Vec<String>,
    /// The folder of the infrastructure's crate and its docuthinker.yaml, below the repository's root.
    /// Default: infrastructure.
    #[serde(default = "folder")]
    pub folder: String,
    /// The public image with Rust and bash in which the crate is built and deploys.
    #[serde(default = "rust_image")]
    pub rust_image: String,
}

fn branch() -> String {
    "main".to_owned()
}

fn approval() -> bool {
    true
}

fn folder() -> String {
    "infrastructure".to_owned()
}

fn rust_image() -> String {
    "public.ecr.aws/docker/library/rust:1-bookworm".to_owned()
}
