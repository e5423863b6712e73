//! From the order of a change set to the moment before its execution.

use std::time::Duration;

use super::{At, Deploy, Step, interrupted, phase};
use crate::engine::machine::{Action, Moment, SetIds, SetView};
use crate::engine::plan::refused;
use crate::engine::progress::Phase;
use crate::engine::request::{ChangeSet, Decision, Question, StackDescription};
use crate::engine::status::{Condition, condition};
use crate::engine::verdict;
use crate::failure::{ApiFailure, Class};

/// How long a change set may seem not to exist after it was created; AWS's answers can be stale.
const STALE: Duration = Duration::from_mins(1);

impl Deploy {
    pub(super) fn created(self, answer: Result<SetIds, ApiFailure>, moment: Moment) -> Step {
        match answer {
            Ok(ids) => self.watch_set(ids, moment.elapsed),
            // Ours: the name is random, and the first answer was lost on the way.
            Err(failure) if failure.class == Class::Exists => {
                let ids =
                    SetIds { stack_id: self.plan.stack.clone(), id: self.plan.names.change_set.clone() };
                self.watch_set(ids, moment.elapsed)
            }
            Err(failure) => self.fail(verdict::not_prepared(failure)),
        }
    }

    pub(super) fn watch_set(self, ids: SetIds, since: Duration) -> Step {
        let action = Action::DescribeChangeSet { stack: ids.stack_id.clone(), change_set: ids.id.clone() };
        self.go(At::Preparing { ids, since }, action)
    }

    pub(super) fn prepared(
        mut self,
        ids: SetIds,
        since: Duration,
        answer: Result<SetView, ApiFailure>,
        moment: Moment,
    ) -> Step {
        self.at = At::Preparing { ids: ids.clone(), since };
        let set = match answer {
            Ok(set) => set,
            Err(failure)
                if failure.class == Class::Missing && moment.elapsed.saturating_sub(since) < STALE =>
            {
                let pause = self.patience.after_answer(moment);
                return self.go(At::Preparing { ids, since }, Action::Sleep(pause));
            }
            Err(failure) => {
                return self.ask_again(failure, moment, |deploy, error| deploy.clean_up(ids, Err(error)));
            }
        };
        self.patience.answered();
        match set.status.as_str() {
            "CREATE_COMPLETE" => self.ask(set),
            "FAILED" => self.set_failed(set),
            _ => {
                let pause = self.patience.after_answer(moment);
                self.go(At::Preparing { ids, since }, Action::Sleep(pause))
            }
        }
    }

    pub(super) fn set_failed(self, set: SetView) -> Step {
        let result = if verdict::means_no_changes(&set) {
            verdict::unchanged(self.before.as_ref())
        } else {
            Err(verdict::change_set_failed(&self.plan.stack, &set))
        };
        self.clean_up(set.ids, result)
    }

    pub(super) fn ask(self, set: SetView) -> Step {
        let question = Question::Changes(ChangeSet {
            stack: self.plan.stack.clone(),
            stack_id: set.ids.stack_id.clone(),
            change_set_id: set.ids.id.clone(),
            creates_stack: self.creates_stack(),
            changes: set.changes.clone(),
        });
        self.go(At::Asking(set), Action::Ask(question))
    }

    pub(super) fn decided(self, set: SetView, decision: Decision, moment: Moment) -> Step {
        match decision {
            Decision::Approve => self.check_stack(set),
            Decision::Decline(_) if moment.cancelled => self.clean_up(set.ids, Err(interrupted())),
            Decision::Decline(reason) => {
                let refusal = refused(&self.plan.stack, reason);
                self.clean_up(set.ids, Err(refusal))
            }
        }
    }

    // Between approval and execution somebody else may have changed the stack.

    pub(super) fn check_stack(self, set: SetView) -> Step {
        let id = set.ids.stack_id.clone();
        self.go(At::CheckingStack(set), Action::DescribeStack(id))
    }

    pub(super) fn checked_stack(
        mut self,
        set: SetView,
        answer: Result<Option<StackDescription>, ApiFailure>,
        moment: Moment,
    ) -> Step {
        self.at = At::CheckingStack(set.clone());
        let now = match answer {
            Ok(now) => now,
            Err(failure) => {
                return self.ask_again(failure, moment, |deploy, error| deploy.clean_up(set.ids, Err(error)));
            }
        };
        self.patience.answered();
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
        if now.execution == "AVAILABLE" {
            let action =
                Action::Execute { change_set: set.ids.id.clone(), token: self.plan.names.token.clone() };
            return self.go(At::Executing(set), action).saying(phase(Phase::Executing));
        }
        let error = verdict::obsolete(&self.plan.stack, &now.execution);
        self.clean_up(set.ids, Err(error))
    }
}
