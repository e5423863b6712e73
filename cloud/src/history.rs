//! What was done to a stack so far: its events, put together to the operations they belong to.
//!
//! Start at [`PastOperation`]; `group` is the pure part, `read` asks AWS.

mod group;
mod read;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::Serialize;

use crate::cause::{cause, failures};
use crate::engine::progress::{ResourceEvent, Timestamp};

#[cfg(test)]
pub(crate) use group::group;
pub(crate) use read::FailedHook;
pub use read::{History, Reach, history};

/// One attempt to create, change or delete a stack, with the rollback that followed it if it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PastOperation {
    /// CloudFormation's ids of it, if it told any: its own first, then that of the automatic rollback, which is an
    /// operation of its own there.
    ///
    /// Source: [DescribeEvents][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html
    pub ids: Vec<String>,
    /// The request token of whoever began it, if there was one.
    #[serde(skip)]
    pub token: Option<String>,
    /// In AWS's words: `CREATE`, `UPDATE`, `DELETE`, `IMPORT`, `ROLLBACK` if somebody asked for one, `REVIEW` for a stack
    /// that a change set announced; `UNKNOWN` if its beginning was not read.
    pub kind: String,
    /// When it began; if it is partial, the time of the first event that was read.
    pub began: Timestamp,
    /// When it ended, unless it still runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The stack's last status in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether its beginning was not read.
    pub partial: bool,
    /// The first failure that is not the echo of another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<ResourceEvent>,
    /// Every resource that failed by itself, in order, the cause included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<ResourceEvent>,
    /// All its events, oldest first, those of nested stacks between those of the stack.
    pub events: Vec<ResourceEvent>,
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As it was meant.
    Succeeded,
    /// It failed and was undone.
    RolledBack,
    /// It failed and left the stack as it was at that moment.
    Failed,
    /// It has not ended.
    Running,
    /// Nothing was done yet: a change set announced the stack.
    Announced,
    /// Its end was not told.
    Unknown,
}

impl Outcome {
    /// The outcome in words.
    pub const fn text(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::RolledBack => "rolled back",
            Outcome::Failed => "failed",
            Outcome::Running => "running",
            Outcome::Announced => "announced",
            Outcome::Unknown => "unknown",
        }
    }

    /// Whether it did not come to what was meant.
    pub const fn is_failure(self) -> bool {
        matches!(self, Outcome::RolledBack | Outcome::Failed)
    }
}

impl PastOperation {
    /// What it is called: CloudFormation's id of it, or its token, or the time at which it began.
    pub fn name(&self) -> String {
        self.ids.first().cloned().or_else(|| self.token.clone()).unwrap_or_else(|| self.began.to_string())
    }

    /// Whether `text` is the beginning of one of its names.
    pub fn is_called(&self, text: &str) -> bool {
        !text.is_empty() && (self.ids.iter().any(|id| id.starts_with(text)) || self.name().starts_with(text))
    }

    /// How long it took, by AWS's clock.
    pub fn took(&self) -> Option<Duration> {
        let milliseconds = self.ended?.0.checked_sub(self.began.0)?;
        u64::try_from(milliseconds).ok().map(Duration::from_millis)
    }

    /// Whether something failed in it, whatever its end, or whether it has one.
    pub fn has_failed(&self) -> bool {
        self.outcome.is_failure() || (self.outcome == Outcome::Running && self.cause.is_some())
    }

    /// Fills in what follows from the events.
    fn judged(mut self, root: &str) -> PastOperation {
        self.cause = cause(&self.events, root).cloned();
        self.failures = failures(&self.events, root).into_iter().cloned().collect();
        self
    }
}

/// How long an operation of this kind takes on this stack: the median of the earlier ones that succeeded and were read
/// whole, and how many those are.
pub fn typical_duration(operations: &[PastOperation], kind: &str) -> Option<(Duration, usize)> {
    let mut durations: Vec<Duration> = operations
        .iter()
        .filter(|done| done.kind == kind && done.outcome == Outcome::Succeeded && !done.partial)
        .filter_map(PastOperation::took)
        .collect();
    durations.sort_unstable();
    let (low, high) =
        (durations.get(durations.len().checked_sub(1)? / 2)?, durations.get(durations.len() / 2)?);
    Some(((*low + *high) / 2, durations.len()))
}
