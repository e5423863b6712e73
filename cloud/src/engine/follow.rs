//! Following a running operation until it has ended, in rounds: read its events, look at the stack, wait, again.
//!
//! The events tell the story, and that it has ended. The stack itself is described when they say so, and every now and
//! then, because events can be missing or forbidden. When it has ended, the events are read a last time to their
//! beginning: what came late or out of order is then in its place before anything is concluded from them.

use std::collections::VecDeque;
use std::time::Duration;

use super::events::EventLog;
use super::look::Look;
use super::machine::{Action, Moment, Observation};
use super::patience::Patience;
use super::progress::{Progress, ResourceEvent};
use super::request::StackDescription;
use super::slow::Running;
use super::status::{Condition, condition};
use crate::cause::is_about_a_stack;
use crate::error::{CloudError, Kind};
use crate::failure::{ApiFailure, Class};
use crate::preflight::records_in_events;
use crate::text::stack_name;

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
    /// What CloudFormation is doing.
    running: Running,
    /// What ECS does meanwhile.
    pub(super) look: Look,
    /// The stack as last described.
    pub(crate) latest: Option<StackDescription>,
    described: Option<Duration>,
    /// What is still to be asked in this round, and the stack whose events have been asked for.
    todo: VecDeque<Action>,
    asked: Option<String>,
    /// The operation has ended, and its events are read a last time.
    closing: bool,
    gone: bool,
    /// Since when the stack has shown another ending than the events, and for how long.
    different_since: Option<Duration>,
    different_for: Duration,
    missing_since: Option<Duration>,
    unmoved_since: Option<Duration>,
    grace: Duration,
    /// How long "does not exist" may be a stale answer.
    stale: Duration,
    last_events_tries: u32,
    events: Events,
    began: Duration,
    spoke: Duration,
    /// The order that began the operation was not answered: only what AWS shows tells whether it arrived.
    in_doubt: bool,
    /// What is left of a pause that a sign of life interrupts.
    rest: Duration,
}

/// How AWS answers the question for events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Events {
    Told,
    /// The last question got no answer: then the stack is asked first.
    Failing,
    /// We may not read them.
    Denied,
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
            running: Running::default(),
            look: Look::default(),
            latest: None,
            described: None,
            todo: VecDeque::new(),
            asked: None,
            closing: false,
            gone: false,
            different_since: None,
            different_for: Duration::ZERO,
            missing_since: None,
            unmoved_since: None,
            grace,
            stale: STALE,
            last_events_tries: 0,
            events: Events::Told,
            began: Duration::ZERO,
            spoke: Duration::ZERO,
            in_doubt: false,
            rest: Duration::ZERO,
        }
    }

    /// Says that the operation is a deletion, whose end may be that the stack cannot be found.
    pub(crate) fn deleting(mut self) -> Follow {
        self.be_deleted();
        self
    }

    /// As [`Follow::deleting`], for an operation that turns into a deletion on the way.
    pub(crate) fn be_deleted(&mut self) {
        self.stale = Duration::ZERO;
    }

    /// The first action after the order to begin, which was answered like this.
    pub(crate) fn begin_after(&mut self, answer: &Result<(), ApiFailure>, moment: Moment) -> Action {
        self.in_doubt = answer.as_ref().is_err_and(ApiFailure::passes);
        self.begin(moment)
    }

    /// The stack's ARN.
    pub(crate) fn stack_id(&self) -> &str {
        &self.stack_id
    }

    /// The first action.
    pub(crate) fn begin(&mut self, moment: Moment) -> Action {
        (self.began, self.spoke) = (moment.elapsed, moment.elapsed);
        self.plan_round();
        self.next_action().unwrap_or_else(|| self.describe())
    }

    /// Whether the operation has taken longer than `limit`. Judged only when a round is over: after a night in which this
    /// machine slept, it may have ended long ago.
    pub(crate) fn is_late(&self, action: &Action, limit: Option<Duration>, moment: Moment) -> bool {
        let late = limit.is_some_and(|limit| moment.elapsed.saturating_sub(self.began) >= limit);
        late && matches!(action, Action::Sleep(_))
    }

    /// The stack's status as last heard of, from its events or by looking at it.
    pub(crate) fn status(&self) -> &str {
        let described = self.latest.as_ref().map(|stack| stack.status.as_str());
        self.log.own_status().or(described).unwrap_or_default()
    }

    /// Whether the page of events after this one is needed. `page` is newest first.
    pub(crate) fn wants_older(&self, page: &[ResourceEvent]) -> bool {
        let of_the_root = self.asked.as_ref() == Some(&self.stack_id);
        if self.closing && of_the_root { self.log.reaches_beyond(page) } else { self.log.wants_older(page) }
    }

    /// One step.
    pub(crate) fn step(&mut self, moment: Moment, seen: Observation, say: &mut Vec<Progress>) -> Followed {
        match seen {
            Observation::Slept if !self.rest.is_zero() => {
                let rest = std::mem::take(&mut self.rest);
                self.give_a_sign_of_life(moment, say);
                Followed::Do(Action::Sleep(rest))
            }
            Observation::Slept => {
                self.plan_round();
                self.go_on(moment, say)
            }
            Observation::Events(Ok(events)) => {
                self.events = Events::Told;
                self.tell(events, moment, say);
                self.go_on(moment, say)
            }
            Observation::Events(Err(failure)) => self.events_failed(&failure, moment, say),
            Observation::Stack(Ok(stack)) => self.saw(stack, moment, say),
            Observation::Stack(Err(failure)) => self.failed(&failure, moment, say),
            seen @ (Observation::Services(_) | Observation::StoppedTasks(_) | Observation::TaskLogs(_)) => {
                self.look.saw(seen, say);
                self.go_on(moment, say)
            }
            _ => self.lost(CloudError::bug("an answer that nobody asked for, while following")),
        }
    }

    /// As [`Follow::step`], and no longer than `limit`; `late` says what has not happened by then.
    pub(crate) fn step_within(
        &mut self,
        limit: Option<Duration>,
        late: &str,
        moment: Moment,
        seen: Observation,
        say: &mut Vec<Progress>,
    ) -> Followed {
        match self.step(moment, seen, say) {
            Followed::Do(action) if self.is_late(&action, limit, moment) => {
                self.lost(CloudError::new(Kind::TimedOut, late))
            }
            followed => followed,
        }
    }

    // A round.

    fn plan_round(&mut self) {
        self.todo.clear();
        self.look.rest();
        if self.events == Events::Failing && !self.closing {
            self.todo.push_back(self.describe());
        }
        if self.events != Events::Denied {
            self.todo.push_back(Action::Events(self.stack_id.clone()));
            self.todo.extend(self.log.nested_open().into_iter().map(Action::Events));
        }
    }

    fn next_action(&mut self) -> Option<Action> {
        let action = self.todo.pop_front()?;
        if let Action::Events(stack) = &action {
            self.asked = Some(stack.clone());
        }
        Some(action)
    }

    fn describe(&self) -> Action {
        Action::DescribeStack(self.stack_id.clone())
    }

    fn tell(&mut self, events: Vec<ResourceEvent>, moment: Moment, say: &mut Vec<Progress>) {
        let known = records_in_events(self.log.events()).len();
        let fresh = self.log.take(events);
        if !fresh.is_empty() {
            self.spoke = moment.elapsed;
        }
        for event in fresh.iter().filter(|event| !is_about_a_stack(event, &self.stack_id)) {
            self.running.saw(event, moment.elapsed);
        }
        say.extend(fresh.into_iter().map(Progress::Resource));
        // Without it, a certificate waits for days and says so nowhere else.
        for (id, record) in records_in_events(self.log.events()).into_iter().skip(known) {
            say.push(Progress::Note { text: format!("{id} waits for this DNS record: {record}") });
        }
    }

    fn go_on(&mut self, moment: Moment, say: &mut Vec<Progress>) -> Followed {
        if let Some(action) = self.next_action() {
            return Followed::Do(action);
        }
        if self.closing {
            // What of the stopped tasks was put off is asked for now: there is no later.
            return match self.look.put_off() {
                Some(action) => Followed::Do(action),
                None => self.close(moment, say),
            };
        }
        if let Some(action) = self.look.next(&self.log, moment, self.patience.pace().services_every) {
            return Followed::Do(action);
        }
        let due = self.described.is_none_or(|described| {
            moment.elapsed.saturating_sub(described) >= self.patience.pace().describe_every
        });
        // An ending that the events tell of is looked at again and again until the stack shows it, too.
        if due || self.events == Events::Denied || self.log.ended().is_some() {
            self.described = Some(moment.elapsed);
            return Followed::Do(self.describe());
        }
        self.wait(moment, say)
    }

    fn saw(&mut self, stack: Option<StackDescription>, moment: Moment, say: &mut Vec<Progress>) -> Followed {
        let Some(stack) = stack else { return self.missing(moment, say) };
        self.missing_since = None;
        self.latest = Some(stack);
        self.compare_with_the_events(moment);
        if self.ending().is_some() {
            return self.read_a_last_time(moment, say);
        }
        let since = *self.unmoved_since.get_or_insert(moment.elapsed);
        // A stack whose running operation was met on the way has nothing to move from.
        let met = self.before.as_ref().is_some_and(|stack| condition(&stack.status) == Condition::Running);
        if self.has_moved() || self.log.has_begun() || met {
            self.unmoved_since = None;
        } else if moment.elapsed.saturating_sub(since) >= self.grace {
            let what = format!("AWS took the order, and the stack is still {}", self.status());
            return self.lost(CloudError::new(Kind::Unreachable, what));
        }
        match self.next_action() {
            Some(action) => Followed::Do(action),
            None => self.wait(moment, say),
        }
    }

    fn wait(&mut self, moment: Moment, say: &mut Vec<Progress>) -> Followed {
        self.give_a_sign_of_life(moment, say);
        let idle = self.running.idle(moment.elapsed).min(self.patience.pace().idle);
        let pause = self.patience.after_answer(moment).max(idle);
        let silent = moment.elapsed.saturating_sub(self.spoke);
        let until_the_next = HEARTBEAT.saturating_sub(silent);
        self.rest = pause.saturating_sub(until_the_next);
        Followed::Do(Action::Sleep(pause.min(until_the_next)))
    }

    fn give_a_sign_of_life(&mut self, moment: Moment, say: &mut Vec<Progress>) {
        if moment.elapsed.saturating_sub(self.spoke) >= HEARTBEAT {
            self.spoke = moment.elapsed;
            say.push(Progress::Heartbeat { elapsed: moment.elapsed, in_progress: self.log.in_progress() });
        }
    }

    // The end.

    /// Whether the operation has ended, and how. The events are about our operation, so they have the last word; the
    /// stack must agree with them, since either can be stale. A status we do not know never ends anything.
    fn ending(&self) -> Option<Ending> {
        if self.gone {
            return Some(Ending::Gone);
        }
        let mut stack = self.latest.clone()?;
        let ended = self.log.ended();
        if !ended.map_or_else(|| self.has_moved(), |ended| ended == stack.status) {
            // The stack shows something else for a minute: somebody else's operation that came after ours.
            ended.filter(|_| self.different_for >= STALE)?.clone_into(&mut stack.status);
        }
        match condition(&stack.status) {
            Condition::Deleted => Some(Ending::Gone),
            Condition::Succeeded | Condition::RolledBack | Condition::Failed => Some(Ending::Stack(stack)),
            _ => None,
        }
    }

    fn read_a_last_time(&mut self, moment: Moment, say: &mut Vec<Progress>) -> Followed {
        self.closing = true;
        self.plan_round();
        match self.next_action() {
            Some(action) => Followed::Do(action),
            None => self.close(moment, say),
        }
    }

    fn close(&mut self, moment: Moment, say: &mut Vec<Progress>) -> Followed {
        if let Some(ending) = self.ending() {
            return Followed::Ended(ending);
        }
        // The last events tell of another ending than the stack, which will show it soon.
        self.closing = false;
        self.wait(moment, say)
    }

    /// Whether AWS shows that our operation has begun. A description that looks as before is simply stale.
    fn has_moved(&self) -> bool {
        match (&self.before, &self.latest) {
            (Some(before), Some(latest)) => {
                latest.updated >= before.updated
                    && (before.status != latest.status || before.updated != latest.updated)
            }
            // A stack that is only announced waits for the order to arrive.
            (None, Some(latest)) => condition(&latest.status) != Condition::Announced,
            (_, None) => false,
        }
    }

    /// Notes for how long the stack has shown something else than the events.
    fn compare_with_the_events(&mut self, moment: Moment) {
        let same = |stack: &StackDescription| self.log.ended().is_none_or(|ended| ended == stack.status);
        if self.latest.as_ref().is_some_and(same) {
            (self.different_since, self.different_for) = (None, Duration::ZERO);
            return;
        }
        let since = *self.different_since.get_or_insert(moment.elapsed);
        self.different_for = moment.elapsed.saturating_sub(since);
    }

    /// "Does not exist", for a while, may be a stale answer; for a stack that is being deleted it is the end.
    fn missing(&mut self, moment: Moment, say: &mut Vec<Progress>) -> Followed {
        let since = *self.missing_since.get_or_insert(moment.elapsed);
        let deleting = |stack: &StackDescription| stack.status.starts_with("DELETE_");
        let deleted = self.status().starts_with("DELETE_") || self.latest.as_ref().is_some_and(deleting);
        if deleted || moment.elapsed.saturating_sub(since) >= self.stale {
            self.gone = true;
            return self.read_a_last_time(moment, say);
        }
        self.wait(moment, say)
    }

    // Failures.

    fn events_failed(&mut self, failure: &ApiFailure, moment: Moment, say: &mut Vec<Progress>) -> Followed {
        if self.asked.as_ref() != Some(&self.stack_id) {
            // A nested stack's events only add to the picture; the next round asks again.
            return self.go_on(moment, say);
        }
        if failure.class == Class::Denied {
            self.events = Events::Denied;
            self.todo.clear();
            say.push(Progress::Note {
                text: format!("not allowed to read events ({}); only the status is shown", failure.action),
            });
            return self.go_on(moment, say);
        }
        self.events = Events::Failing;
        if !self.closing {
            return self.failed(failure, moment, say);
        }
        let succeeded = self.latest.as_ref().is_some_and(|stack| {
            matches!(condition(&stack.status), Condition::Succeeded | Condition::Deleted)
        });
        let tries = if succeeded || self.gone { TRIES_AFTER_SUCCESS } else { TRIES_AFTER_FAILURE };
        self.last_events_tries += 1;
        if self.last_events_tries >= tries || !failure.passes() {
            return self.close(moment, say);
        }
        self.failed(failure, moment, say)
    }

    /// A call failed: wait and ask again, or give up.
    pub(super) fn failed(
        &mut self,
        failure: &ApiFailure,
        moment: Moment,
        say: &mut Vec<Progress>,
    ) -> Followed {
        match self.patience.retry(failure, moment) {
            Ok((action, news)) => {
                self.spoke = moment.elapsed;
                self.described = None;
                say.push(news);
                Followed::Do(action)
            }
            Err(error) => self.lost(error),
        }
    }

    /// We stop following; the operation does not stop.
    fn lost(&self, error: CloudError) -> Followed {
        Followed::Lost(self.still_running(error))
    }

    /// Says that the operation goes on in AWS, and how to see it.
    pub(crate) fn still_running(&self, error: CloudError) -> CloudError {
        let status = Some(self.status()).filter(|status| !status.is_empty()).map(str::to_owned);
        let seen =
            status.as_deref().map_or(String::new(), |status| format!("; it was last seen as {status}"));
        let operation_id = self.log.operation_id();
        let can_be_cancelled =
            error.kind() == Kind::Interrupted && status.as_deref() == Some("UPDATE_IN_PROGRESS");
        let back = if can_be_cancelled {
            format!("; to take the update back: docuthinker cancel {}", stack_name(&self.stack_id))
        } else {
            String::new()
        };
        let goes_on = if self.in_doubt && !self.log.has_begun() && !self.has_moved() {
            "the order was sent; whether it arrived is not known"
        } else {
            "the operation goes on in AWS"
        };
        error.state(format!("{goes_on}{seen}{back}")).with(|report| {
            let watch = format!("docuthinker watch {}", self.stack_id);
            report.next = Some(match report.next.take().filter(|_| report.kind == Kind::Credentials) {
                Some(sign_in) => format!("{sign_in}; then `{watch}`"),
                None => watch,
            });
            report.status = status;
            report.operation_id = operation_id;
        })
    }
}
