//! Following a running operation until it has ended: describe the stack, tell its events, wait, again.

use std::time::Duration;

use super::events::EventLog;
use super::machine::{Action, Moment, Observation};
use super::patience::Patience;
use super::progress::{Progress, ResourceEvent};
use super::request::StackDescription;
use super::status::{Condition, condition};
use crate::error::{CloudError, Kind};
use crate::failure::{ApiFailure, Class};

/// After how much silence we say that it still runs.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// How long a stack may seem not to exist after we started something on it; AWS's answers can be stale.
const STALE: Duration = Duration::from_mins(1);
/// How often the last events are asked for when the operation has succeeded: they only complete the picture.
const TRIES_AFTER_SUCCESS: u32 = 3;
/// How often they are asked for when it has failed: they hold the cause.
const TRIES_AFTER_FAILURE: u32 = 30;

/// One operation that is being followed.
#[derive(Debug, Clone)]
pub(crate) struct Follow {
    stack_id: String,
    /// The stack before the operation; an answer that looks the same may be stale.
    before: Option<StackDescription>,
    /// The history so far.
    pub(crate) log: EventLog,
    patience: Patience,
    /// The stack as last described.
    pub(crate) latest: Option<StackDescription>,
    gone: bool,
    missing_since: Option<Duration>,
    unmoved_since: Option<Duration>,
    grace: Duration,
    /// How long "does not exist" may be a stale answer.
    stale: Duration,
    last_events_tries: u32,
    events_denied: bool,
    reconnected: bool,
    spoke: Duration,
}

/// How an operation ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// With this stack.
    Stack(StackDescription),
    /// The stack is gone.
    Gone,
}

/// What following leads to.
#[derive(Debug)]
pub(crate) enum Followed {
    /// It goes on: do this.
    Do(Action),
    /// The operation has ended.
    Ended(Ending),
    /// We cannot follow any longer; the operation may go on.
    Lost(CloudError),
}

impl Follow {
    /// Follows the operation of `log` on `stack_id`, which looked like `before`.
    pub(crate) fn new(
        stack_id: &str,
        before: Option<StackDescription>,
        log: EventLog,
        patience: Patience,
        grace: Duration,
    ) -> Follow {
        Follow {
            stack_id: stack_id.to_owned(),
            before,
            log,
            patience,
            latest: None,
            gone: false,
            missing_since: None,
            unmoved_since: None,
            grace,
            stale: STALE,
            last_events_tries: 0,
            events_denied: false,
            reconnected: false,
            spoke: Duration::ZERO,
        }
    }

    /// Says that the operation is a deletion, whose end may be that the stack cannot be found.
    pub(crate) fn deleting(mut self) -> Follow {
        self.stale = Duration::ZERO;
        self
    }

    /// The stack's ARN.
    pub(crate) fn stack_id(&self) -> &str {
        &self.stack_id
    }

    /// The first action.
    pub(crate) fn begin(&mut self, moment: Moment) -> Action {
        self.spoke = moment.elapsed;
        self.look()
    }

    /// The stack's status as last seen.
    pub(crate) fn status(&self) -> &str {
        self.latest.as_ref().map_or("", |stack| &stack.status)
    }

    /// One step.
    pub(crate) fn step(&mut self, moment: Moment, seen: Observation, say: &mut Vec<Progress>) -> Followed {
        match seen {
            Observation::Slept | Observation::Reconnected(Ok(())) => Followed::Do(self.look()),
            Observation::Reconnected(Err(error)) => self.lost(error),
            Observation::Stack(Ok(Some(stack))) => {
                self.missing_since = None;
                self.latest = Some(stack);
                self.events_or_decide(moment, say)
            }
            Observation::Stack(Ok(None)) => self.missing(moment, say),
            Observation::Stack(Err(failure)) => self.failed(&failure, moment, say),
            Observation::Events(Ok(events)) => {
                self.tell(events, moment, say);
                self.decide(moment, say)
            }
            Observation::Events(Err(failure)) => self.events_failed(&failure, moment, say),
            _ => self.lost(CloudError::bug("an answer that nobody asked for, while following")),
        }
    }

    fn look(&self) -> Action {
        Action::DescribeStack(self.stack_id.clone())
    }

    fn events_or_decide(&mut self, moment: Moment, say: &mut Vec<Progress>) -> Followed {
        if self.events_denied {
            return self.decide(moment, say);
        }
        Followed::Do(Action::Events(self.stack_id.clone()))
    }

    fn tell(&mut self, events: Vec<ResourceEvent>, moment: Moment, say: &mut Vec<Progress>) {
        let fresh = self.log.take(events);
        if !fresh.is_empty() {
            self.spoke = moment.elapsed;
            self.patience.quicken();
        }
        say.extend(fresh.into_iter().map(Progress::Resource));
    }

    /// The stack was described, then its events were read: so if it has ended, nothing is missing.
    fn decide(&mut self, moment: Moment, say: &mut Vec<Progress>) -> Followed {
        if let Some(ended) = self.ended() {
            return Followed::Ended(ended);
        }
        let since = *self.unmoved_since.get_or_insert(moment.elapsed);
        if self.has_moved() {
            self.unmoved_since = None;
        } else if moment.elapsed.saturating_sub(since) >= self.grace {
            let what = format!("AWS took the order, and the stack is still {}", self.status());
            return self.lost(CloudError::new(Kind::Unreachable, what));
        }
        if moment.elapsed.saturating_sub(self.spoke) >= HEARTBEAT {
            self.spoke = moment.elapsed;
            say.push(Progress::Heartbeat { elapsed: moment.elapsed, in_progress: self.log.in_progress() });
        }
        Followed::Do(Action::Sleep(self.patience.after_answer()))
    }

    /// Whether the operation has ended, and how. A status we do not know never ends anything.
    fn ended(&self) -> Option<Ending> {
        if self.gone {
            return Some(Ending::Gone);
        }
        let stack = self.latest.as_ref()?;
        match condition(&stack.status) {
            Condition::Deleted => Some(Ending::Gone),
            Condition::Succeeded | Condition::RolledBack | Condition::Failed if self.has_moved() => {
                Some(Ending::Stack(stack.clone()))
            }
            _ => None,
        }
    }

    /// Whether AWS shows that our operation has begun. A description that looks as before may simply be stale.
    fn has_moved(&self) -> bool {
        if self.log.has_begun() {
            return true;
        }
        match (&self.before, &self.latest) {
            (Some(before), Some(latest)) => {
                before.status != latest.status || before.updated != latest.updated
            }
            (_, latest) => latest.is_some(),
        }
    }

    /// "Does not exist", for a while, may be a stale answer; for a stack that is being deleted it is the end.
    fn missing(&mut self, moment: Moment, say: &mut Vec<Progress>) -> Followed {
        let since = *self.missing_since.get_or_insert(moment.elapsed);
        if self.status().starts_with("DELETE_") || moment.elapsed.saturating_sub(since) >= self.stale {
            self.gone = true;
            return self.events_or_decide(moment, say);
        }
        Followed::Do(Action::Sleep(self.patience.after_answer()))
    }

    fn events_failed(&mut self, failure: &ApiFailure, moment: Moment, say: &mut Vec<Progress>) -> Followed {
        if failure.class == Class::Denied {
            self.events_denied = true;
            say.push(Progress::Note {
                text: format!("not allowed to read events ({}); only the status is shown", failure.action),
            });
            return self.decide(moment, say);
        }
        let Some(ended) = self.ended() else {
            return self.failed(failure, moment, say);
        };
        let failed =
            matches!(ended, Ending::Stack(stack) if condition(&stack.status) != Condition::Succeeded);
        let tries = if failed { TRIES_AFTER_FAILURE } else { TRIES_AFTER_SUCCESS };
        self.last_events_tries += 1;
        if self.last_events_tries >= tries || !failure.passes() {
            return self.decide(moment, say);
        }
        self.failed(failure, moment, say)
    }

    fn failed(&mut self, failure: &ApiFailure, moment: Moment, say: &mut Vec<Progress>) -> Followed {
        if failure.class == Class::Credentials && !self.reconnected {
            self.reconnected = true;
            return Followed::Do(Action::Reconnect);
        }
        if !failure.passes() {
            return self.lost(failure.clone().into_error());
        }
        let Some(retry_in) = self.patience.after_failure(failure, moment) else {
            return self.lost(failure.clone().into_error());
        };
        self.spoke = moment.elapsed;
        say.push(match failure.class {
            Class::Throttled => Progress::Throttled { retry_in },
            _ => Progress::Unreachable { what: failure.message.clone(), retry_in },
        });
        Followed::Do(Action::Sleep(retry_in))
    }

    /// We stop following; the operation does not stop.
    fn lost(&self, error: CloudError) -> Followed {
        Followed::Lost(self.still_running(error))
    }

    /// Says that the operation goes on in AWS, and how to see it.
    pub(crate) fn still_running(&self, error: CloudError) -> CloudError {
        let status = self.latest.as_ref().map(|stack| stack.status.clone());
        let seen =
            status.as_deref().map_or(String::new(), |status| format!("; it was last seen as {status}"));
        let operation_id = self.log.operation_id();
        error
            .state(format!("the operation goes on in AWS{seen}"))
            .next(format!("aws cloudformation describe-stacks --stack-name {}", self.stack_id))
            .with(|report| {
                report.status = status;
                report.operation_id = operation_id;
            })
    }
}
