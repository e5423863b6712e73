//! The execution of a change set, and what follows. It is asked for once in a run, whatever happens.

use super::{At, Deploy, Deployed, Following, Step, phase};
use crate::engine::events::EventLog;
use crate::engine::follow::{Follow, Followed};
use crate::engine::machine::{Action, Moment, Observation, SetView};
use crate::engine::patience::Patience;
use crate::engine::progress::Phase;
use crate::engine::verdict;
use crate::error::{CloudError, Kind};
use crate::failure::{ApiFailure, Class};

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
            Ok(now) if now.execution == "AVAILABLE" => self.clean_up(set.ids, Err(failure.into_error())),
            Ok(now) if now.execution.starts_with("EXECUTE_") => self.begin_following(&set, moment),
            Ok(now) => {
                let error = verdict::obsolete(&self.plan.stack, &now.execution);
                self.clean_up(set.ids, Err(error))
            }
            // An executed change set disappears.
            Err(gone) if gone.class == Class::Missing => self.begin_following(&set, moment),
            Err(failure) => self.ask_again(failure, moment, |deploy, error| {
                let state = "the order to execute the change set was sent; whether it arrived is not known";
                deploy.fail(error.state(state))
            }),
        }
    }

    pub(super) fn begin_following(self, set: &SetView, moment: Moment) -> Step {
        let log = EventLog::new(&set.ids.stack_id, &self.plan.names.token, set.created);
        let patience = Patience::new(self.plan.pace, self.plan.grace);
        let before = self.before.clone();
        let mut follow = Follow::new(&set.ids.stack_id, before, log, patience, self.plan.grace);
        let action = follow.begin(moment);
        let following = Following { follow, since: moment.elapsed, cancelling: false };
        self.go(At::Following(Box::new(following)), action)
    }

    pub(super) fn follow(self, mut following: Box<Following>, moment: Moment, seen: Observation) -> Step {
        let mut say = Vec::new();
        let seen = match seen {
            // The answer to the cancellation. If it came too late, the operation has ended by itself.
            Observation::Done(_) => Observation::Slept,
            seen => seen,
        };
        let followed = following.follow.step(moment, seen, &mut say);
        let step = match followed {
            Followed::Do(action @ Action::Sleep(_)) => self.check_time(following, action, moment),
            Followed::Do(action) => self.go(At::Following(following), action),
            Followed::Ended(ending) => {
                let result =
                    verdict::ended(&self.plan.stack, &following.follow.log, ending, following.cancelling);
                self.end(result.map(Deployed::Done))
            }
            Followed::Lost(error) => self.fail(error),
        };
        step.after(say)
    }

    /// Cancels an update whose time is up, and leaves a creation to run.
    pub(super) fn check_time(self, mut following: Box<Following>, action: Action, moment: Moment) -> Step {
        let up =
            self.plan.timeout.is_some_and(|limit| moment.elapsed.saturating_sub(following.since) >= limit);
        if !up || following.cancelling {
            return self.go(At::Following(following), action);
        }
        if following.follow.status() != "UPDATE_IN_PROGRESS" {
            let error = CloudError::new(Kind::TimedOut, format!("{} is not ready in time", self.plan.stack));
            let error = following.follow.still_running(error);
            return self.fail(error);
        }
        following.cancelling = true;
        let stack = following.follow.latest.as_ref().map(|stack| stack.stack_id.clone());
        let action = Action::CancelUpdate {
            stack: stack.unwrap_or_else(|| self.plan.stack.clone()),
            token: format!("{}-cancel", self.plan.names.token),
        };
        self.go(At::Following(following), action).saying(phase(Phase::Cancelling))
    }
}
