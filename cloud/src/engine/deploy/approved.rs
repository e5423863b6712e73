//! Between approval and execution: what was approved is what is executed, or nothing is.
//!
//! Somebody else may have changed the stack or the change set meanwhile. So the stack must still be in the state in which
//! its changes were shown, the change set and those of its nested stacks must hold the same changes, and its template must
//! be the one that was sent.

use std::time::Duration;

use super::change_set::STALE;
use super::inside::Then;
use super::{At, Deploy, Step, phase};
use crate::engine::machine::{Action, Moment, SetView};
use crate::engine::progress::{Phase, Progress};
use crate::engine::request::StackDescription;
use crate::engine::status::{Condition, condition};
use crate::engine::verdict;
use crate::failure::{ApiFailure, Class};

impl Deploy {
    pub(super) fn check_stack(self, set: SetView, since: Duration) -> Step {
        let id = set.ids.stack_id.clone();
        self.go(At::CheckingStack(set, since), Action::DescribeStack(id))
    }

    pub(super) fn checked_stack(
        mut self,
        set: SetView,
        since: Duration,
        answer: Result<Option<StackDescription>, ApiFailure>,
        moment: Moment,
    ) -> Step {
        self.at = At::CheckingStack(set.clone(), since);
        let now = match answer {
            Ok(now) => now,
            Err(failure) => {
                return self.ask_again(failure, moment, |deploy, error| deploy.clean_up(set.ids, Err(error)));
            }
        };
        self.patience.answered();
        // A stack that our change set has just announced may not show yet.
        if self.creates_stack() && now.is_none() && moment.elapsed.saturating_sub(since) < STALE {
            let pause = self.patience.after_answer(moment);
            return self.go(At::CheckingStack(set, since), Action::Sleep(pause));
        }
        let unchanged = match (&self.before, &now) {
            _ if self.creates_stack() => {
                now.as_ref().is_some_and(|now| condition(&now.status) == Condition::Announced)
            }
            (Some(before), Some(now)) => before.status == now.status && before.updated == now.updated,
            _ => false,
        };
        if unchanged {
            return self.check_set(set);
        }
        let error = verdict::changed_meanwhile(&self.plan.stack, now.as_ref());
        self.clean_up(set.ids, Err(error))
    }

    pub(super) fn check_set(self, set: SetView) -> Step {
        let action =
            Action::DescribeChangeSet { stack: set.ids.stack_id.clone(), change_set: set.ids.id.clone() };
        self.go(At::CheckingSet(set), action)
    }

    pub(super) fn checked_set(
        mut self,
        set: SetView,
        answer: Result<SetView, ApiFailure>,
        moment: Moment,
    ) -> Step {
        self.at = At::CheckingSet(set.clone());
        let now = match answer {
            Ok(now) => now,
            Err(failure) => {
                return self.ask_again(failure, moment, |deploy, error| deploy.clean_up(set.ids, Err(error)));
            }
        };
        self.patience.answered();
        if now.execution != "AVAILABLE" {
            let error = verdict::obsolete(&self.plan.stack, &now.execution);
            return self.clean_up(set.ids, Err(error));
        }
        self.look_inside(now, Then::Compare(Box::new(set)), moment)
    }

    /// `now` is the change set with those of the nested stacks, as `set` is that was approved.
    pub(super) fn compare(self, set: SetView, now: &SetView) -> Step {
        if now.changes != set.changes || now.nested != set.nested {
            let error =
                verdict::not_what_was_approved(&self.plan.stack, "its changes are not those that were shown");
            return self.clean_up(set.ids, Err(error));
        }
        self.check_template(set)
    }

    pub(super) fn check_template(self, set: SetView) -> Step {
        let action = Action::TemplateOf(set.ids.id.clone());
        self.go(At::CheckingTemplate(set), action)
    }

    pub(super) fn checked_template(
        mut self,
        set: SetView,
        answer: Result<Option<String>, ApiFailure>,
        moment: Moment,
    ) -> Step {
        self.at = At::CheckingTemplate(set.clone());
        match answer {
            Ok(found) if found.is_none() || found == self.plan.fingerprint => self.execute(set),
            Ok(_) => {
                let error = verdict::not_what_was_approved(
                    &self.plan.stack,
                    "its template is not the one that was sent",
                );
                self.clean_up(set.ids, Err(error))
            }
            Err(failure) if failure.passes() => {
                self.ask_again(failure, moment, |deploy, error| deploy.clean_up(set.ids, Err(error)))
            }
            // The stack and its changes are as they were shown; that the template is, too, follows from them in all but name.
            Err(failure) if failure.class == Class::Denied => {
                let text = format!("not allowed to compare the template once more ({})", failure.action);
                self.execute(set).after(vec![Progress::Note { text }])
            }
            Err(_) => self.execute(set),
        }
    }

    fn execute(mut self, set: SetView) -> Step {
        self.patience.answered();
        let action = Action::Execute { change_set: set.ids.id.clone(), token: self.plan.names.token.clone() };
        self.go(At::Executing(set), action).saying(phase(Phase::Executing))
    }
}
