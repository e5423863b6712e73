//! What a caller asks of the engine, what it is asked in return, and what it gets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::progress::Timestamp;

/// How long network trouble may last before a running operation is given up: 15 minutes.
pub(crate) const DEFAULT_GRACE: Duration = Duration::from_mins(15);

/// What the caller acknowledges that a template may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Capability {
    /// Make IAM resources, also with names of their own (`CAPABILITY_NAMED_IAM`).
    NamedIam,
    /// Use macros and transforms (`CAPABILITY_AUTO_EXPAND`).
    AutoExpand,
}

/// What happens when the time of a deployment is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnTimeout {
    /// Nothing in AWS: we stop following, and the operation goes on.
    Detach,
    /// An update is cancelled, and CloudFormation rolls it back. A creation cannot be cancelled; it goes on.
    #[default]
    Cancel,
    /// An update is cancelled; a stack that is being created is deleted again.
    Delete,
}

/// What happens when the caller wants to stop while the operation runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnInterrupt {
    /// Nothing in AWS: we stop following, and the operation goes on. The default, since it destroys nothing.
    #[default]
    Detach,
    /// An update is cancelled and followed until it is rolled back. A creation goes on.
    Cancel,
}

/// A wish to bring one stack to the state that a template describes.
#[derive(Clone)]
pub struct DeployRequest {
    /// The stack's name.
    pub stack: String,
    /// The template: JSON, best minified, in UTF-8.
    pub template: String,
    /// Values of the template's parameters. Those that the deployed stack has and that are not given keep their value.
    pub parameters: BTreeMap<String, String>,
    /// Tags of the stack, which CloudFormation passes on to its resources.
    pub tags: BTreeMap<String, String>,
    /// What the template may do. Default: IAM resources with names of their own.
    pub capabilities: BTreeSet<Capability>,
    /// The role that CloudFormation works with, instead of the caller's own permissions.
    pub role_arn: Option<String>,
    /// The bucket for a template over 51,200 bytes. Default: the one that `bootstrap` makes.
    pub template_bucket: Option<String>,
    /// How long the execution may take. Default: no limit.
    pub timeout: Option<Duration>,
    /// What happens then. Default: an update is cancelled.
    pub on_timeout: OnTimeout,
    /// What happens when the caller wants to stop while the operation runs. Default: it goes on without us.
    pub on_interrupt: OnInterrupt,
    /// Whether to wait for another operation that runs on the stack, instead of giving up. Default: no.
    pub wait: bool,
    /// How long network trouble may last before we give up following. Default: 15 minutes.
    pub grace: Duration,
    /// Whether the change set goes into the nested stacks. Without it, nobody sees what would change inside of them.
    /// Default: yes.
    pub nested_changes: bool,
}

impl DeployRequest {
    /// A request with the defaults that the fields describe.
    pub fn new(stack: impl Into<String>, template: impl Into<String>) -> DeployRequest {
        DeployRequest {
            stack: stack.into(),
            template: template.into(),
            parameters: BTreeMap::new(),
            tags: BTreeMap::new(),
            capabilities: BTreeSet::from([Capability::NamedIam]),
            role_arn: None,
            template_bucket: None,
            timeout: None,
            on_timeout: OnTimeout::default(),
            on_interrupt: OnInterrupt::default(),
            wait: false,
            grace: DEFAULT_GRACE,
            nested_changes: true,
        }
    }
}

/// Shows the names of the parameters and never their values.
impl fmt::Debug for DeployRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeployRequest")
            .field("stack", &self.stack)
            .field("template_bytes", &self.template.len())
            .field("parameters", &self.parameters.keys())
            .finish_non_exhaustive()
    }
}

/// A wish to delete one stack.
#[derive(Debug, Clone)]
pub struct DestroyRequest {
    /// The stack's name or ARN.
    pub stack: String,
    /// Logical ids to leave in the account; AWS accepts them only for a stack whose deletion failed before.
    pub retain: Vec<String>,
    /// The role that CloudFormation works with. Default: the one that the stack was last changed with, if any.
    pub role_arn: Option<String>,
    /// How the caller asks for this deletion again, for what to do next. Default: the command that names the stack.
    pub again: String,
    /// How long the deletion may take before we stop following it. Default: no limit.
    pub timeout: Option<Duration>,
    /// How long network trouble may last before we give up following. Default: 15 minutes.
    pub grace: Duration,
}

impl DestroyRequest {
    /// A request with the defaults that the fields describe.
    pub fn new(stack: impl Into<String>) -> DestroyRequest {
        let stack = stack.into();
        let again = format!("docuthinker destroy --stack-name {stack}");
        DestroyRequest {
            stack,
            retain: Vec::new(),
            again,
            role_arn: None,
            timeout: None,
            grace: DEFAULT_GRACE,
        }
    }
}

/// What the engine asks before it changes anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "question", rename_all = "kebab-case")]
pub enum Question {
    /// May this change set be executed?
    Changes(ChangeSet),
    /// The first creation of the stack failed, and such a stack can only be deleted and made anew. May it be deleted?
    Recreate {
        /// The stack's name.
        stack: String,
        /// Its status, for example `ROLLBACK_COMPLETE`.
        status: String,
        /// Logical ids and types of what is still there and would be deleted.
        resources: Vec<(String, String)>,
    },
    /// Tasks of a service keep stopping for the same reason. Shall the update be cancelled and rolled back now?
    RollBack {
        /// The stack's name.
        stack: String,
        /// The service's logical id.
        logical_id: String,
        /// What each of the stopped tasks said.
        reason: String,
        /// How many tasks stopped with it.
        times: usize,
    },
}

/// The caller's answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Go on.
    Approve,
    /// Stop, clean up, and refuse with this reason (lowercase, no final period).
    Decline(String),
    /// Enough is known: stop and clean up, which is no failure. Only a change set can be answered so.
    Leave,
}

/// What CloudFormation says it would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeSet {
    /// The stack's name.
    pub stack: String,
    /// The stack's ARN.
    pub stack_id: String,
    /// The change set's ARN.
    pub change_set_id: String,
    /// Whether the stack is new.
    pub creates_stack: bool,
    /// All changes, of all pages: those of the stack, then those of the stacks in it. Empty if only outputs, tags or the
    /// like change.
    pub changes: Vec<Change>,
    /// The stacks inside of the stack that would be made or changed, at any depth; each after the one that it is in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nested: Vec<NestedStack>,
}

/// A stack inside of the stack that is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NestedStack {
    /// The logical ids that lead to it: `Data`, or `Data/Replica` for one inside of that.
    pub path: String,
    /// Its ARN; `None` for one that is not there yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_id: Option<String>,
    /// The ARN of its own change set; `None` if AWS made none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_set_id: Option<String>,
    /// Why nobody can see what would change in it; `None` if its changes are among those of the change set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen: Option<String>,
}

/// One resource that a change set would add, change or remove; the words are AWS's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The path of the nested stack that it is in; empty for the stack itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub within: String,
    /// `Add`, `Modify`, `Remove`, `Import`, `Dynamic`, or a word that AWS adds later.
    pub action: String,
    /// The resource's logical id.
    pub logical_id: String,
    /// The resource's physical id, if it has one yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_id: Option<String>,
    /// For example `AWS::ECS::Service`.
    pub resource_type: String,
    /// `True`, `False` or `Conditional`, for a `Modify`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// What happens to the old resource if it is removed or replaced: `Delete`, `Retain`, `Snapshot`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_action: Option<String>,
    /// The ARN of its own change set, for a nested stack.
    #[serde(skip)]
    pub change_set_id: Option<String>,
    /// Which parts change, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<ChangeDetail>,
}

impl Change {
    /// The logical ids that lead to the resource: `Database`, or `Data/Database` in the nested stack `Data`.
    pub fn path(&self) -> String {
        if self.within.is_empty() {
            return self.logical_id.clone();
        }
        format!("{}/{}", self.within, self.logical_id)
    }

    /// Whether the resource is a nested stack.
    pub fn is_stack(&self) -> bool {
        self.resource_type == "AWS::CloudFormation::Stack"
    }
}

/// One part of a resource that changes. Values are left out on purpose: they may be secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeDetail {
    /// `Properties`, `Tags`, `Metadata`, …
    pub attribute: String,
    /// The property's name, for `Properties`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `Never`, `Conditionally` or `Always`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires_recreation: Option<String>,
    /// What causes it: `DirectModification`, `ParameterReference`, `ResourceReference`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The parameter or resource that causes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causing_entity: Option<String>,
}

/// One output of a deployed stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// Its logical id.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Its description, if the template has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The name it is exported under, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<String>,
}

/// A stack that is now as its template says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeployOutcome {
    /// The stack's ARN.
    pub stack_id: String,
    /// Its status, for example `UPDATE_COMPLETE`.
    pub status: String,
    /// Whether anything was changed; `false` means that there was nothing to do.
    pub changed: bool,
    /// The stack's outputs, in AWS's order.
    pub outputs: Vec<Output>,
    /// What could not be removed and stays behind; not empty means exit code 9.
    pub leftovers: Vec<String>,
}

/// A stack that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DestroyOutcome {
    /// The stack's ARN; `None` if there was no such stack.
    pub stack_id: Option<String>,
    /// What its deletion policy left in the account; it is still billed.
    pub retained: Vec<StackResource>,
}

/// A resource of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StackResource {
    /// Its logical id.
    pub logical_id: String,
    /// For example `AWS::ECR::Repository`.
    pub resource_type: String,
    /// Its name or id in AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_id: Option<String>,
}

/// A deployed stack, as CloudFormation describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StackDescription {
    /// The stack's name.
    pub name: String,
    /// The stack's ARN.
    pub stack_id: String,
    /// In AWS's own words, for example `UPDATE_COMPLETE`.
    pub status: String,
    /// Why it has that status, if AWS says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// When it was last updated, if ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
    /// Whether it refuses to be deleted.
    pub termination_protection: bool,
    /// Names of its parameters; values are left out because they may be secret.
    pub parameters: Vec<String>,
    /// Its outputs.
    pub outputs: Vec<Output>,
}
