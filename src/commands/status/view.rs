//! What was seen, as a value: the JSON of the command, from which its screen is made.

use cloud::{Alarm, RunningTask, ServiceDeployment, ServiceEvent, TargetHealth, Timestamp, Usage};
use serde::Serialize;

/// Everything at one moment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    /// Whether all of it is known, and well.
    pub(crate) well: bool,
    pub(crate) stacks: Vec<Stack>,
    /// The stacks that were asked for and are not there.
    pub(crate) not_deployed: Vec<NotDeployed>,
}

/// A stack that is not deployed.
#[derive(Debug, Serialize)]
pub(crate) struct NotDeployed {
    pub(crate) name: String,
    /// Where it would be.
    pub(crate) region: String,
}

/// What was asked for, or why it is not known.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Told<T> {
    Known(T),
    Unknown { unknown: String },
}

impl<T> Told<T> {
    pub(crate) fn of(answer: Result<T, cloud::CloudError>) -> Told<T> {
        match answer {
            Ok(known) => Told::Known(known),
            Err(error) => Told::Unknown { unknown: error.to_string() },
        }
    }

    /// What was asked for, if it is known.
    pub(crate) fn known(&self) -> Option<&T> {
        match self {
            Told::Known(known) => Some(known),
            Told::Unknown { .. } => None,
        }
    }

    /// Why it is not known.
    pub(crate) fn unknown(&self) -> Option<&str> {
        match self {
            Told::Known(_) => None,
            Told::Unknown { unknown } => Some(unknown),
        }
    }
}

/// A deployed stack.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stack {
    pub(crate) name: String,
    pub(crate) region: String,
    /// In AWS's own words.
    pub(crate) state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// When it was last updated, or created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) changed: Option<Timestamp>,
    /// What was done to it, newest first.
    pub(crate) deployments: Told<Vec<Operation>>,
    pub(crate) services: Told<Vec<Service>>,
    pub(crate) alarms: Told<Vec<Alarm>>,
    pub(crate) addresses: Vec<Address>,
}

/// A past operation on a stack.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation {
    pub(crate) id: String,
    /// `CREATE`, `UPDATE`, …
    pub(crate) kind: String,
    pub(crate) outcome: cloud::Outcome,
    pub(crate) began: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ended: Option<Timestamp>,
}

/// An output that is an address.
#[derive(Debug, Serialize)]
pub(crate) struct Address {
    pub(crate) name: String,
    pub(crate) url: String,
}

/// A service.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Service {
    /// What people call it.
    pub(crate) name: String,
    pub(crate) logical_id: String,
    pub(crate) arn: String,
    /// `ACTIVE` or `DRAINING`.
    pub(crate) status: String,
    pub(crate) count: Count,
    /// ECS's deployments of it, of which one is `PRIMARY`.
    pub(crate) rollout: Vec<ServiceDeployment>,
    /// Its target groups; none for a service without a load balancer.
    pub(crate) targets: Told<Vec<Targets>>,
    pub(crate) images: Told<Vec<Image>>,
    /// The secrets whose value is newer than the oldest task.
    pub(crate) newer_secrets: Told<Vec<NewerSecret>>,
    /// Its tasks, newest first, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tasks: Option<Told<Vec<RunningTask>>>,
    /// What it uses, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usage: Option<Told<Usage>>,
    /// ECS's newest message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<ServiceEvent>,
}

/// How many tasks a service has.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Count {
    pub(crate) desired: i32,
    pub(crate) running: i32,
    pub(crate) pending: i32,
    /// What the stack's template says, if that is a number there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) declared: Option<i32>,
    /// Whether autoscaling sets it.
    pub(crate) autoscaled: bool,
    /// Between which numbers it does, if the stack's template has them as numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minimum: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) maximum: Option<i32>,
}

impl Count {
    /// Whether somebody changed it past the template.
    pub(crate) fn is_drifted(&self) -> bool {
        !self.autoscaled && self.declared.is_some_and(|declared| declared != self.desired)
    }

    /// Which bound holds it, in words that go after "set by autoscaling".
    pub(crate) fn bound(&self) -> String {
        let at = |bound: Option<i32>| bound == Some(self.desired);
        match (at(self.minimum), at(self.maximum)) {
            (true, true) => format!(", which may only have {}", self.desired),
            (false, true) => format!(", at its maximum of {}", self.desired),
            (true, false) => format!(", at its minimum of {}", self.desired),
            (false, false) => String::new(),
        }
    }
}

/// The targets of a target group.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Targets {
    pub(crate) target_group: String,
    pub(crate) targets: Vec<TargetHealth>,
}

/// The image of a container.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Image {
    pub(crate) container: String,
    /// What the stack's task definition names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) declared: Option<String>,
    /// What runs: usually one.
    pub(crate) running: Vec<RunningImage>,
    /// The project's setting for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) setting: Option<Setting>,
    /// What of it is not as declared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) drift: Vec<String>,
}

/// An image that containers run.
#[derive(Debug, Serialize)]
pub(crate) struct RunningImage {
    pub(crate) image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
    /// How many tasks run it.
    pub(crate) tasks: usize,
}

impl RunningImage {
    /// The digest that ECS tells, or the one that the image is pinned to.
    pub(crate) fn known_digest(&self) -> Option<&str> {
        self.digest.as_deref().or_else(|| self.image.split_once('@').map(|(_, digest)| digest))
    }
}

/// A setting of the project.
#[derive(Debug, Serialize)]
pub(crate) struct Setting {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Whether it is what the stack's task definition names.
    pub(crate) deployed: bool,
}

/// A secret that changed after tasks had read it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewerSecret {
    /// The variable that it is in.
    pub(crate) variable: String,
    pub(crate) changed: Timestamp,
    /// How many tasks are older.
    pub(crate) tasks: usize,
}
