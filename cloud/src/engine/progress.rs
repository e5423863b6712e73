//! What the engine tells its caller while it works: data, never text for a terminal.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_cloudformation::primitives::{DateTime, DateTimeFormat};
use serde::{Serialize, Serializer};

use crate::services::{ServiceState, StoppedTask};

/// A point in time, nearly always as AWS told it, in milliseconds since 1970. The engine never compares one with this
/// machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The time on this machine's clock.
    pub fn now() -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// A date and time as of RFC 3339: `2026-01-01T10:00:00Z`.
    pub fn parse(text: &str) -> Option<Timestamp> {
        DateTime::from_str(text, DateTimeFormat::DateTimeWithOffset).ok()?.to_millis().ok().map(Timestamp)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_millis(self.0).fmt(DateTimeFormat::DateTime) {
            Ok(text) => f.write_str(&text),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One line of a stack's history: what happened to one of its resources, or to the stack itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceEvent {
    /// CloudFormation's id of the event; unique.
    #[serde(skip)]
    pub id: String,
    /// The ARN of the stack it happened in: the one that is worked on, or one nested in it.
    pub stack_id: String,
    /// When it happened, by AWS's clock.
    pub time: Timestamp,
    /// The resource's logical id, or the stack's name.
    pub logical_id: String,
    /// The resource's physical id; the stack's ARN for the stack itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_id: Option<String>,
    /// For example `AWS::ECS::Service`.
    pub resource_type: String,
    /// In AWS's own words, for example `CREATE_IN_PROGRESS`.
    pub status: String,
    /// Why, if AWS says so; control characters are removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// CloudFormation's id of the operation, if it told one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
    /// The request token of the operation, if the caller of AWS gave one.
    #[serde(skip)]
    pub token: Option<String>,
}

/// What the engine is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Asking AWS for the stack as it is.
    Looking,
    /// The template is uploaded to S3, because it is too large to be sent inline.
    Uploading,
    /// CloudFormation works out what would change.
    Preparing,
    /// The change set is executed and the stack's events are followed.
    Executing,
    /// The stack is being deleted.
    Deleting,
    /// An update is being cancelled; CloudFormation then rolls it back.
    Cancelling,
    /// A failed operation is being rolled back.
    RollingBack,
    /// What we made and do not need (a change set, an empty stack) is being removed.
    CleaningUp,
}

/// What happens during an operation, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Progress {
    /// A new phase begins.
    Phase {
        /// Which one.
        phase: Phase,
    },
    /// Something happened to a resource or to the stack; each event is told once, in order.
    Resource(ResourceEvent),
    /// AWS asks us to slow down; nothing is lost.
    Throttled {
        /// How long until the next question.
        retry_in: Duration,
    },
    /// AWS could not be asked; the operation goes on there.
    Unreachable {
        /// Why, in short.
        what: String,
        /// How long until the next question.
        retry_in: Duration,
    },
    /// Nothing happened for 20 seconds; it still runs.
    Heartbeat {
        /// Time since the operation began.
        elapsed: Duration,
        /// Logical ids of the resources that are in progress.
        in_progress: Vec<String>,
    },
    /// How long earlier operations of this kind took on this stack, told once.
    Expected {
        /// The median of their durations.
        total: Duration,
        /// How many there are.
        operations: usize,
    },
    /// A service that is being deployed has moved.
    Service(ServiceState),
    /// A task of a service that is being deployed has stopped.
    TaskStopped(StoppedTask),
    /// The same failure keeps coming back, so waiting will not help.
    Repeats {
        /// The service's logical id.
        logical_id: String,
        /// What each of the stopped tasks said.
        reason: String,
        /// How many tasks stopped with it.
        times: usize,
    },
    /// Something that the user should know and that stops nothing.
    Note {
        /// The note.
        text: String,
    },
}
