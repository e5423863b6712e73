//! From the order of a change set to its approval.

use std::time::Duration;

use super::inside::Then;
use super::{At, Deploy, Step, interrupted};
use crate::diagnose::Detail;
use crate::engine::machine::{Action, Moment, SetIds, SetView};
use crate::engine::plan::refused;
use crate::engine::progress::Progress;
use crate::engine::request::{ChangeSet, Decision, DeployOutcome, Question};
use crate::engine::verdict;
use crate::error::CloudError;
use crate::failure::{ApiFailure, Class};

/// Stopped while AWS did not answer the order to make this change set.
fn in_doubt(change_set: &str) -> CloudError {
    interrupted().state(format!(
        "nothing was deployed; AWS did not answer the order for the change set {change_set}, which was deleted in case \
         it was made"
    ))
}

/// How long a change set may seem not to exist after it was created; AWS's answers can be stale.
pub(super) const STALE: Duration = Duration::from_mins(1);

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
            Err(failure) if failure.class == Class::Quota && !self.purged && self.before.is_some() => {
                self.find_old()
            }
            // It may have been made, and only the answers were lost.
            Err(failure) if failure.passes() => {
                let ids =
                    SetIds { stack_id: self.plan.stack.clone(), id: self.plan.names.change_set.clone() };
                let error = if moment.cancelled { in_doubt(&ids.id) } else { verdict::not_prepared(failure) };
                self.clean_up(ids, Err(error))
            }
            Err(failure) => self.fail(verdict::not_prepared(failure)),
        }
    }

    // The stack has no room for another change set: those that we left behind long ago can go.

    fn find_old(mut self) -> Step {
        self.purged = true;
        let id = self.before.as_ref().map_or_else(|| self.plan.stack.clone(), |stack| stack.stack_id.clone());
        self.go(At::FindingOld, Action::ListChangeSets(id))
    }

    pub(super) fn found_old(self, answer: Result<Vec<String>, ApiFailure>) -> Step {
        match answer {
            Ok(sets) => {
                let ours = self.plan.names.change_set.clone();
                let old: Vec<String> = sets.iter().filter(|set| is_old(set, &ours)).cloned().collect();
                if old.is_empty() {
                    let error = verdict::full_of_change_sets(&self.plan.stack, sets.len());
                    return self.fail(error);
                }
                let text = format!("removing {} old change sets of ours to make room", old.len());
                self.delete_old(old).saying(Progress::Note { text })
            }
            Err(failure) => self.fail(verdict::not_prepared(failure)),
        }
    }

    /// One that cannot be deleted is left: if too few can, the next attempt says so.
    pub(super) fn delete_old(self, mut rest: Vec<String>) -> Step {
        let stack = self.before.as_ref().map(|stack| stack.stack_id.clone()).unwrap_or_default();
        if let Some(change_set) = rest.pop() {
            return self.go(At::DeletingOld(rest), Action::DeleteChangeSet { stack, change_set });
        }
        let keep_parameters = self.plan.kept_parameters(self.before.as_ref());
        self.create(keep_parameters)
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
            "CREATE_COMPLETE" => self.look_inside(set, Then::Show, moment),
            "FAILED" => self.set_failed(set, moment),
            _ => {
                let pause = self.patience.after_answer(moment);
                self.go(At::Preparing { ids, since }, Action::Sleep(pause))
            }
        }
    }

    fn set_failed(self, set: SetView, moment: Moment) -> Step {
        if verdict::means_no_changes(&set) {
            let result = verdict::unchanged(self.before.as_ref());
            return self.clean_up(set.ids, result);
        }
        self.look_inside(set, Then::Show, moment)
    }

    /// CloudFormation says in one sentence that a change set failed, and nothing of what its validations warn of.
    pub(super) fn explain(self, set: SetView) -> Step {
        let action = Action::Explain {
            stack: set.ids.stack_id.clone(),
            change_set: set.ids.id.clone(),
            reason: set.reason.clone(),
        };
        self.go(At::Explaining(set), action)
    }

    pub(super) fn explained(self, set: SetView, details: Vec<Detail>) -> Step {
        if set.status == "FAILED" {
            let failed = if set.nested.iter().any(|stack| stack.unseen.is_some()) {
                verdict::nested_set_failed
            } else {
                verdict::change_set_failed
            };
            let error = failed(&self.plan.stack, &set);
            return self.clean_up(set.ids, Err(error.with(|report| report.details = details)));
        }
        let warnings = details.iter().filter(|detail| detail.warning).map(verdict::warning).collect();
        let step = if self.creates_stack() {
            self.ask(set)
        } else {
            let stack = set.ids.stack_id.clone();
            self.go(At::Estimating(set), Action::Estimate(stack))
        };
        step.after(warnings)
    }

    pub(super) fn estimated(mut self, set: SetView, estimate: Option<(Duration, usize)>) -> Step {
        self.estimate = estimate;
        self.ask(set)
    }

    pub(super) fn ask(self, set: SetView) -> Step {
        let question = Question::Changes(ChangeSet {
            stack: self.plan.stack.clone(),
            stack_id: set.ids.stack_id.clone(),
            change_set_id: set.ids.id.clone(),
            creates_stack: self.creates_stack(),
            changes: set.changes.clone(),
            nested: set.nested.clone(),
        });
        self.go(At::Asking(set), Action::Ask(question))
    }

    pub(super) fn decided(self, set: SetView, decision: Decision, moment: Moment) -> Step {
        match decision {
            Decision::Approve => self.check_stack(set, moment.elapsed),
            Decision::Decline(_) | Decision::Leave if moment.cancelled => {
                self.clean_up(set.ids, Err(interrupted()))
            }
            Decision::Leave => {
                let outcome = self.left_as_it_was(&set);
                self.clean_up(set.ids, Ok(outcome))
            }
            Decision::Decline(reason) => {
                let refusal = refused(&self.plan.stack, reason);
                self.clean_up(set.ids, Err(refusal))
            }
        }
    }

    /// What came of a deployment that only wanted to see the change set.
    fn left_as_it_was(&self, set: &SetView) -> DeployOutcome {
        let before = self.before.as_ref();
        DeployOutcome {
            stack_id: set.ids.stack_id.clone(),
            status: before.map(|stack| stack.status.clone()).unwrap_or_default(),
            changed: false,
            outputs: before.map(|stack| stack.outputs.clone()).unwrap_or_default(),
            leftovers: Vec::new(),
        }
    }
}

/// Whether a change set, by its ARN, is one that a run of ours left behind at least a day before this one, whose change
/// set is named `ours`. Both names hold the time of their run.
fn is_old(arn: &str, ours: &str) -> bool {
    let time_of = |name: &str| {
        let digits = name.strip_prefix("docuthinker-")?.get(..15)?.replace('T', "");
        digits.parse::<u64>().ok()
    };
    let name = arn.split('/').nth(1).unwrap_or(arn);
    // As numbers, 20260131235959: a day later is at least a million more.
    time_of(name).zip(time_of(ours)).is_some_and(|(old, now)| now.saturating_sub(old) >= 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::is_old;

    #[test]
    fn only_our_own_change_sets_of_another_day_are_old() {
        let arn = |name: &str| format!("arn:aws:cloudformation:us-east-1:123456789012:changeSet/{name}/1");
        let ours = "docuthinker-20260302T120000Z-1234abcd";
        assert!(is_old(&arn("docuthinker-20260301T115959Z-1234abcd"), ours));
        assert!(is_old(&arn("docuthinker-20251231T235959Z-1234abcd"), ours));
        assert!(!is_old(&arn("docuthinker-20260302T115959Z-1234abcd"), ours));
        assert!(!is_old(&arn("docuthinker-20260301T130000Z-1234abcd"), ours), "not yet a day");
        assert!(!is_old(&arn("cdk-deploy-change-set"), ours));
        assert!(!is_old(&arn("docuthinker-"), ours));
        assert!(!is_old("docuthinker-äöü-äöüäöüäöü", ours));
    }
}
