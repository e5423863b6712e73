//! How long a look for drift goes on asking.

use std::time::Duration;

use tokio::time::Instant;

use super::{Compared, ask};
use crate::connect::Connection;
use crate::engine::machine::Moment;
use crate::engine::patience::Patience;
use crate::engine::runtime::pace;
use crate::error::{CloudError, Kind};
use crate::failure::ApiFailure;

/// How long the network may be away: nothing runs that would have to be followed.
const GRACE: Duration = Duration::from_mins(2);

/// How often a list that is too short is read again.
const READ_AGAIN: usize = 3;

/// The pauses between questions, and the end of all of them.
#[derive(Debug)]
pub(super) struct Watch {
    patience: Patience,
    began: Instant,
    timeout: Duration,
}

impl Watch {
    /// Questions for `timeout` at most.
    pub(super) fn new(connection: &Connection, timeout: Duration) -> Watch {
        Watch { patience: Patience::new(pace(connection), GRACE), began: Instant::now(), timeout }
    }

    /// The time that is left.
    pub(super) fn left(&self) -> Duration {
        self.timeout.saturating_sub(self.began.elapsed())
    }

    fn moment(&self) -> Moment {
        Moment { elapsed: self.began.elapsed(), dice: fastrand::f64(), cancelled: false }
    }

    /// Waits after an answer that was no end, or fails with `late` if the time is up.
    pub(super) async fn pause(&mut self, late: impl FnOnce() -> CloudError) -> Result<(), CloudError> {
        let pause = self.patience.after_answer(self.moment());
        self.sleep(pause, late).await
    }

    /// Waits after a question that failed in passing.
    pub(super) async fn failed(&mut self, failure: &ApiFailure) -> Result<(), CloudError> {
        let pause = self.patience.after_failure(failure, self.moment());
        let given_up = || failure.clone().into_error();
        match pause {
            Some(pause) => self.sleep(pause, given_up).await,
            None => Err(given_up()),
        }
    }

    async fn sleep(&self, pause: Duration, late: impl FnOnce() -> CloudError) -> Result<(), CloudError> {
        let left = self.left();
        if left.is_zero() {
            return Err(late());
        }
        tokio::time::sleep(pause.min(left)).await;
        Ok(())
    }

    /// What was found, at least the `counted` resources that differ. A list that is cut off looks like a shorter one, so it
    /// is read again then.
    pub(super) async fn all_of(
        &mut self,
        connection: &Connection,
        stack: &str,
        counted: Option<usize>,
    ) -> Result<Compared, CloudError> {
        let mut compared = self.all_pages(connection, stack).await?;
        for _ in 0..READ_AGAIN {
            if counted.is_none_or(|counted| compared.drifted.len() >= counted) {
                break;
            }
            self.pause(out_of_time).await?;
            compared = self.all_pages(connection, stack).await?;
        }
        Ok(compared)
    }

    /// What was found, all pages of it.
    async fn all_pages(&mut self, connection: &Connection, stack: &str) -> Result<Compared, CloudError> {
        let mut compared = Compared::default();
        let mut token = None;
        loop {
            match ask::page(connection, stack, token.clone(), &mut compared).await {
                Ok(None) => return Ok(compared),
                Ok(next) if next == token => return Err(endless()),
                Ok(next) => token = next,
                Err(failure) if failure.passes() => self.failed(&failure).await?,
                Err(failure) => return Err(failure.into_error()),
            }
            if self.left().is_zero() {
                return Err(CloudError::new(
                    Kind::TimedOut,
                    "the time was up before all that differs was read",
                )
                .state("CloudFormation has looked; nothing was changed")
                .next("run the same command again, with a longer `--timeout`"));
            }
        }
    }
}

fn out_of_time() -> CloudError {
    CloudError::new(Kind::TimedOut, "the time was up before all that differs was read")
        .state("CloudFormation has looked; nothing was changed")
        .next("run the same command again, with a longer `--timeout`")
}

fn endless() -> CloudError {
    CloudError::new(Kind::Failed, "the list of what differs has no end: a page names itself as the next one")
        .next("run the same command again")
}
