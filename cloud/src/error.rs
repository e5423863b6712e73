//! What can go wrong with AWS, and the exit code that each failure stands for.

use std::fmt;

use serde::Serialize;

use crate::diagnose::Detail;
use crate::engine::Blocker;
use crate::engine::progress::ResourceEvent;
use crate::services::StoppedTask;

/// What sort of failure it was; decides the exit code and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The operation failed in AWS, or was rolled back.
    Failed,
    /// The caller asked for something that cannot be meant, for example no region.
    Usage,
    /// Refused before anything was changed in AWS.
    Refused,
    /// The stack's state, or somebody else's operation, is in the way.
    Blocked,
    /// No credentials, expired credentials, or a missing permission.
    Credentials,
    /// AWS cannot be reached; the operation may still be running there.
    Unreachable,
    /// The time-out was reached: the update was cancelled, or is left to run.
    TimedOut,
    /// The operation succeeded and left something behind.
    Leftovers,
    /// The caller cancelled (Ctrl-C).
    Interrupted,
    /// A mistake of this tool.
    Bug,
}

impl Kind {
    /// The process exit code of this kind; the list is the contract of every command.
    pub const fn exit_code(self) -> u8 {
        match self {
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Refused => 3,
            Kind::Blocked => 4,
            Kind::Credentials => 5,
            Kind::Unreachable => 6,
            Kind::TimedOut => 8,
            Kind::Leftovers => 9,
            Kind::Bug => 70,
            Kind::Interrupted => 130,
        }
    }
}

/// Everything known about a failure: what happened, the state in AWS now, and the one thing to do next.
///
/// Serializes to the object that `--output json` shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What sort of failure it was.
    pub kind: Kind,
    /// What happened: lowercase, without a final period.
    pub what: String,
    /// The state in AWS now, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What to do next, usually a command to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The stack's name, if the failure concerns one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// The stack's last known status, in AWS's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// CloudFormation's id of the operation that failed, if it told one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
    /// The first failure that is not the echo of another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<ResourceEvent>,
    /// Every resource that failed, in order, the cause included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<ResourceEvent>,
    /// What kept a stack from being deleted: every resource that is still there, what holds it, and what to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blockers: Vec<Blocker>,
    /// Tasks that stopped during the operation, with their last log lines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<StoppedTask>,
    /// What CloudFormation's validations and the account's hooks found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
}

/// A failure of this crate. `Display` is what happened; [`CloudError::report`] has the rest.
#[derive(Clone, PartialEq, Eq)]
pub struct CloudError(Box<Report>);

impl CloudError {
    /// A failure of `kind`; `what` is lowercase, without a final period.
    pub fn new(kind: Kind, what: impl Into<String>) -> CloudError {
        CloudError(Box::new(Report {
            kind,
            what: what.into(),
            state: None,
            next: None,
            stack: None,
            status: None,
            operation_id: None,
            cause: None,
            failures: Vec::new(),
            blockers: Vec::new(),
            tasks: Vec::new(),
            details: Vec::new(),
        }))
    }

    /// Something that cannot happen, happened.
    pub(crate) fn bug(what: &str) -> CloudError {
        CloudError::new(Kind::Bug, format!("a bug in docuthinker: {what}")).next("please report it")
    }

    /// What sort of failure it was.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The process exit code that this failure stands for.
    pub fn exit_code(&self) -> u8 {
        self.0.kind.exit_code()
    }

    /// Everything that is known about the failure.
    pub fn report(&self) -> &Report {
        &self.0
    }

    /// Says what the state in AWS is now.
    pub fn state(mut self, state: impl Into<String>) -> CloudError {
        self.0.state = Some(state.into());
        self
    }

    /// Says what to do next.
    pub fn next(mut self, next: impl Into<String>) -> CloudError {
        self.0.next = Some(next.into());
        self
    }

    /// Changes the report; for the engine, which knows more than the two texts.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Report)) -> CloudError {
        change(&mut self.0);
        self
    }
}

impl fmt::Display for CloudError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.what)
    }
}

impl fmt::Debug for CloudError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for CloudError {}
