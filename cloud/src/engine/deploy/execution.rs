//! The execution of a change set, and what follows. It is asked for once in a run, whatever happens.

use super::{At, Because, Deploy, Following, Step, interrupted, phase};
use crate::engine::events::EventLog;
use crate::engine::follow::{Ending, Follow, Followed};
use crate::engine::machine::{Action, Moment, Observation, SetView};
use crate::engine::patience::Patience;
use crate::engine::progress::{Phase, Progress};
use crate::engine::request::{Decision, OnInterrupt, OnTimeout, Question};
use crate::engine::verdict;
use crate::error::{CloudError, Kind};
use crate::failure::{ApiFailure, Class};
use crate::services::watch::Repeat;

impl Deploy {
    pub(super) fn executed(self, set: SetView, answer: Result<(), ApiFailure>, moment: Moment) -> Step {
        match answer {
            Ok(()) => self.begin_following(&set, moment),
            Err(failure) if matches!(failure.class, Class::Denied | Class::Credentials | Class::Quota) => {
                self.clean_up(set.ids, Err(failure.into_error()))
            }
            // The answer may have been lost, not the order.
            Err(failure) => self.confirm(set, Box::new(failure)),
        }
    }

    pub(super) fn confirm(self, set: SetView, failure: Box<ApiFailure>) -> Step {
        let action =
            Action::DescribeChangeSet { stack: set.ids.stack_id.clone(), change_set: set.ids.id.clone() };
        self.go(At::ConfirmingExecution(set, failure), action)
    }

    pub(super) fn confirmed(
        mut self,
        set: SetView,
        failure: Box<ApiFailure>,
        answer: Result<SetView, ApiFailure>,
        moment: Moment,
    ) -> Step {
        self.at = At::ConfirmingExecution(set.clone(), failure.clone());
        match answer {
            Ok(now) if now.execution == "AVAILABLE" => {
                let error = if moment.cancelled { interrupted() } else { failure.into_error() };
                self.clean_up(set.ids, Err(error))
            }
            Ok(now) if now.execution.starts_with("EXECUTE_") => self.begin_following(&set, moment),
            Ok(now) => {
                let error = verdict::obsolete(&self.plan.stack, &now.execution);
                self.clean_up(set.ids, Err(error))
            }
            // An executed change set disappears.
            Err(gone) if gone.class == Class::Missing => self.begin_following(&set, moment),
            Err(_) if moment.cancelled => {
                let error = CloudError::new(Kind::Interrupted, "interrupted");
                let error = verdict::execution_unknown(error, &self.plan.stack);
                self.fail(error)
            }
            Err(failure) => self.ask_again(failure, moment, |deploy, error| {
                let error = verdict::execution_unknown(error, &deploy.plan.stack);
                deploy.fail(error)
            }),
        }
    }

    pub(super) fn begin_following(self, set: &SetView, moment: Moment) -> Step {
        let log = EventLog::new(&set.ids.stack_id, &self.plan.names.token, set.created);
        let patience = Patience::new(self.plan.pace, self.plan.grace);
        let before = self.before.clone();
        let follow = Follow::new(&set.ids.stack_id, before, log, patience, self.plan.grace);
        let mut following = Box::new(Following { follow, cancelling: None, order: None, offered: false });
        let action = following.follow.begin(moment);
        let estimate = self.estimate.map(|(total, operations)| Progress::Expected { total, operations });
        self.go(At::Following(following), action).after(estimate.into_iter().collect())
    }

    pub(super) fn follow(self, mut following: Box<Following>, moment: Moment, seen: Observation) -> Step {
        let mut say = Vec::new();
        let followed = match seen {
            Observation::Done(Err(failure)) if failure.passes() => {
                following.order = following.order.take().map(|(order, _)| (order, true));
                following.follow.failed(&failure, moment, &mut say)
            }
            // The order came too late, or was taken before; the stack will show it.
            Observation::Done(Err(failure)) if matches!(failure.class, Class::Rejected | Class::Exists) => {
                following.follow.step(moment, Observation::Slept, &mut say)
            }
            Observation::Done(Err(failure)) => return self.not_cancelled(&following, &failure),
            Observation::Done(Ok(())) => following.follow.step(moment, Observation::Slept, &mut say),
            Observation::Slept if following.order.as_ref().is_some_and(|(_, again)| *again) => {
                return self.order_again(following);
            }
            seen => following.follow.step(moment, seen, &mut say),
        };
        let step = match followed {
            Followed::Do(action) => self.next(following, action, moment),
            Followed::Ended(ending) => self.ended(*following, ending),
            Followed::Lost(error) => self.fail(error),
        };
        step.after(say)
    }

    /// The order to cancel did not arrive: it is given again, after the pause.
    fn order_again(self, mut following: Box<Following>) -> Step {
        match following.order.take() {
            Some((order, _)) => {
                following.order = Some((order.clone(), false));
                self.go(At::Following(following), order)
            }
            None => self.fail(CloudError::bug("an order that was never given is given again")),
        }
    }

    /// It may not be cancelled, so it goes on without us.
    fn not_cancelled(self, following: &Following, failure: &ApiFailure) -> Step {
        let kind = match following.cancelling {
            Some(Because::TimedOut) => Kind::TimedOut,
            Some(Because::Interrupted) => Kind::Interrupted,
            Some(Because::Repeats(_)) | None => failure.clone().into_error().kind(),
        };
        let what = format!("{} could not be cancelled: {}", self.plan.stack, failure.message);
        let error = following.follow.still_running(CloudError::new(kind, what));
        self.fail(error)
    }

    fn next(self, mut following: Box<Following>, action: Action, moment: Moment) -> Step {
        if following.cancelling.is_none() && following.follow.is_late(&action, self.plan.timeout, moment) {
            return self.time_is_up(following);
        }
        // First the logs of the tasks that are known: a rollback may remove them.
        let round_is_over = matches!(action, Action::Sleep(_) | Action::DescribeStack(_));
        let repeat = round_is_over.then(|| following.follow.look.take_repeat()).flatten();
        let Some(repeat) = repeat else {
            return self.go(At::Following(following), action);
        };
        let news = Progress::from(repeat.clone());
        let offer = following.follow.status() == "UPDATE_IN_PROGRESS"
            && following.cancelling.is_none()
            && !std::mem::replace(&mut following.offered, true);
        if !offer {
            return self.go(At::Following(following), action).saying(news);
        }
        let question = Question::RollBack {
            stack: self.plan.stack.clone(),
            logical_id: repeat.logical_id.clone(),
            reason: repeat.reason.clone(),
            times: repeat.times,
        };
        self.go(At::OfferingToRollBack(following, repeat, action), Action::Ask(question)).saying(news)
    }

    pub(super) fn decided_to_roll_back(
        self,
        following: Box<Following>,
        repeat: Repeat,
        action: Action,
        decision: &Decision,
    ) -> Step {
        match decision {
            Decision::Approve => self.cancel(following, Because::Repeats(repeat)),
            Decision::Decline(_) | Decision::Leave => self.go(At::Following(following), action),
        }
    }

    /// An update is cancelled and a creation left to run, unless something else was asked for.
    fn time_is_up(self, following: Box<Following>) -> Step {
        match (self.plan.on_timeout, following.follow.status()) {
            (OnTimeout::Cancel | OnTimeout::Delete, "UPDATE_IN_PROGRESS") => {
                self.cancel(following, Because::TimedOut)
            }
            (OnTimeout::Delete, "CREATE_IN_PROGRESS") => self.delete_creation(following),
            _ => {
                let what = format!("{} is not ready in time", self.plan.stack);
                let error = following.follow.still_running(CloudError::new(Kind::TimedOut, what));
                self.fail(error)
            }
        }
    }

    pub(super) fn cancels_when_interrupted(&self, following: &Following) -> bool {
        self.plan.on_interrupt == OnInterrupt::Cancel
            && following.cancelling.is_none()
            && !self.creates_stack()
            // Empty before the first event has been told.
            && matches!(following.follow.status(), "" | "UPDATE_IN_PROGRESS")
    }

    pub(super) fn cancel(self, mut following: Box<Following>, because: Because) -> Step {
        following.cancelling = Some(because);
        let token = format!("{}-cancel", self.plan.names.token);
        following.follow.log.expect(&token);
        let order = Action::CancelUpdate { stack: following.follow.stack_id().to_owned(), token };
        following.order = Some((order.clone(), false));
        self.go(At::Following(following), order).saying(phase(Phase::Cancelling))
    }

    fn delete_creation(self, mut following: Box<Following>) -> Step {
        following.cancelling = Some(Because::TimedOut);
        following.follow.be_deleted();
        let token = format!("{}-delete", self.plan.names.token);
        following.follow.log.expect(&token);
        let stack = following.follow.stack_id().to_owned();
        let order = Action::DeleteStack { stack, token, retain: Vec::new() };
        following.order = Some((order.clone(), false));
        self.go(At::Following(following), order).saying(phase(Phase::Deleting))
    }

    fn ended(self, following: Following, ending: Ending) -> Step {
        let Following { follow, cancelling, .. } = following;
        match verdict::ended(&self.plan.stack, &follow.log, ending, cancelling.as_ref()) {
            Ok(outcome) => self.begin_verifying(outcome, &follow),
            Err(error) => {
                let tasks = follow.look.tasks().to_vec();
                self.fail(error.with(|report| report.tasks = tasks))
            }
        }
    }
}
