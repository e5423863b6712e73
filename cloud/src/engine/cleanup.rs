//! Removing what we made and do not need: the change set, and the stack that only announces it.

use std::time::Duration;

use super::machine::{Action, Moment, Observation, SetIds, SetView};
use super::request::DeployOutcome;
use super::status::{Condition, condition};
use crate::error::CloudError;
use crate::failure::{ApiFailure, Class};

/// For how long passing trouble is borne: what we left behind can be removed by hand.
const GRACE: Duration = Duration::from_mins(2);
/// How often a change set that is still being made is asked to go; it refuses for a few seconds.
const TRIES_WHILE_IN_PROGRESS: u32 = 30;
/// How often a stack that we announced may seem not to exist before it is taken for gone; AWS's answers can be stale.
const LOOKS: u32 = 5;
/// For how long a change set with nested ones may be on its way out: each of them is removed in turn.
const LEAVING: Duration = Duration::from_mins(5);
/// The pause between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// The removal, on the way to a result that is already known.
#[derive(Debug, Clone)]
pub(crate) struct Cleanup {
    ids: SetIds,
    /// Whether the stack exists only because of our change set.
    made_stack: bool,
    /// Whether the change set goes into nested stacks.
    nested: bool,
    doing: Doing,
    tries: u32,
    /// When what we are doing failed first.
    failing_since: Option<Duration>,
    unseen: u32,
    leftovers: Vec<String>,
    result: Result<DeployOutcome, CloudError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    DeletingSet,
    /// Until the change set is gone, and with it those of nested stacks and the stacks that they announced. CloudFormation
    /// removes them [in the background][aws], and the stack that they are in can hardly go before.
    ///
    /// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-delete.html
    SeeingItGo,
    Looking,
    ListingSets,
    DeletingStack,
}

/// What a step of the removal leads to.
#[derive(Debug)]
pub(crate) enum Cleaned {
    /// Do this next.
    Do(Action),
    /// Done; this is the result of the deployment.
    End(Result<DeployOutcome, CloudError>),
}

impl Cleanup {
    /// Removes the change set `ids`, and its stack if `made_stack`; then the deployment ends with `result`. `nested` says
    /// whether the change set goes into nested stacks.
    pub(crate) fn new(
        ids: SetIds,
        made_stack: bool,
        nested: bool,
        result: Result<DeployOutcome, CloudError>,
    ) -> Cleanup {
        Cleanup {
            ids,
            made_stack,
            nested,
            doing: Doing::DeletingSet,
            tries: 0,
            failing_since: None,
            unseen: 0,
            leftovers: Vec::new(),
            result,
        }
    }

    /// The action that belongs to where we are.
    pub(crate) fn action(&self, token: &str) -> Action {
        let stack = self.ids.stack_id.clone();
        match self.doing {
            Doing::DeletingSet => Action::DeleteChangeSet { stack, change_set: self.ids.id.clone() },
            Doing::SeeingItGo => Action::DescribeChangeSet { stack, change_set: self.ids.id.clone() },
            Doing::Looking => Action::DescribeStack(stack),
            Doing::ListingSets => Action::ListChangeSets(stack),
            Doing::DeletingStack => {
                Action::DeleteStack { stack, token: token.to_owned(), retain: Vec::new() }
            }
        }
    }

    /// One step.
    pub(crate) fn step(
        mut self,
        moment: Moment,
        seen: Observation,
        token: &str,
    ) -> (Option<Cleanup>, Cleaned) {
        let next = match (self.doing, seen) {
            (_, Observation::Slept) => Some(self.doing),
            (Doing::DeletingSet, Observation::Done(result)) => match result {
                Ok(()) if self.nested => Some(Doing::SeeingItGo),
                Ok(()) => self.after_set(),
                Err(failure) if failure.class == Class::Missing => self.after_set(),
                Err(failure) => return self.retry_or_leave(&failure, moment, "the change set"),
            },
            (Doing::SeeingItGo, Observation::ChangeSet(result)) => match result {
                Ok(set) => return self.wait_or_leave(&set, moment),
                Err(failure) if failure.passes() && self.is_in_time(moment, GRACE) => {
                    return (Some(self), Cleaned::Do(Action::Sleep(PAUSE)));
                }
                // It is gone, or cannot be looked at; the order was taken.
                Err(_) => self.after_set(),
            },
            (Doing::Looking, Observation::Stack(result)) => match result {
                Ok(Some(stack)) if condition(&stack.status) == Condition::Announced => {
                    Some(Doing::ListingSets)
                }
                Ok(None) if self.unseen < LOOKS => {
                    self.unseen += 1;
                    return (Some(self), Cleaned::Do(Action::Sleep(PAUSE)));
                }
                // It is gone, or somebody else has made it a real stack meanwhile.
                Ok(_) => None,
                Err(failure) => return self.retry_or_leave(&failure, moment, "the empty stack"),
            },
            (Doing::ListingSets, Observation::ChangeSets(result)) => match result {
                // Somebody else's change set needs the stack.
                Ok(sets) if sets.iter().any(|set| !self.is_ours(set)) => None,
                Ok(_) => Some(Doing::DeletingStack),
                Err(failure) => return self.retry_or_leave(&failure, moment, "the empty stack"),
            },
            (Doing::DeletingStack, Observation::Done(result)) => match result {
                Ok(()) => None,
                Err(failure) if failure.class == Class::Missing => None,
                Err(failure) => return self.retry_or_leave(&failure, moment, "the empty stack"),
            },
            _ => None,
        };
        match next {
            Some(doing) => {
                if doing != self.doing {
                    (self.tries, self.failing_since) = (0, None);
                }
                self.doing = doing;
                let action = self.action(token);
                (Some(self), Cleaned::Do(action))
            }
            None => (None, Cleaned::End(self.result())),
        }
    }

    /// Whether an ARN is that of our change set, of which only the name may be known.
    fn is_ours(&self, set: &str) -> bool {
        set == self.ids.id || set.split('/').nth(1) == Some(self.ids.id.as_str())
    }

    fn after_set(&self) -> Option<Doing> {
        self.made_stack.then_some(Doing::Looking)
    }

    /// Whether what we are doing has not failed, or not been waited for, longer than this.
    fn is_in_time(&mut self, moment: Moment, limit: Duration) -> bool {
        let since = *self.failing_since.get_or_insert(moment.elapsed);
        moment.elapsed.saturating_sub(since) < limit
    }

    /// The change set is on its way out, or stays.
    fn wait_or_leave(mut self, set: &SetView, moment: Moment) -> (Option<Cleanup>, Cleaned) {
        if set.status != "DELETE_FAILED" && self.is_in_time(moment, LEAVING) {
            return (Some(self), Cleaned::Do(Action::Sleep(PAUSE)));
        }
        let why = if set.reason.is_empty() { &set.status } else { &set.reason };
        self.leftovers.push(format!(
            "the change set {} and those of its nested stacks are not gone: {why}",
            self.ids.id
        ));
        (None, Cleaned::End(self.result()))
    }

    fn retry_or_leave(
        mut self,
        failure: &ApiFailure,
        moment: Moment,
        what: &str,
    ) -> (Option<Cleanup>, Cleaned) {
        self.tries += 1;
        let in_progress = failure.code.as_deref() == Some("InvalidChangeSetStatus");
        let in_time = self.is_in_time(moment, GRACE);
        if (in_progress && self.tries < TRIES_WHILE_IN_PROGRESS) || (failure.passes() && in_time) {
            return (Some(self), Cleaned::Do(Action::Sleep(PAUSE)));
        }
        let id = if self.doing == Doing::DeletingSet { &self.ids.id } else { &self.ids.stack_id };
        self.leftovers.push(format!("{what} {id} could not be removed: {}", failure.message));
        (None, Cleaned::End(self.result()))
    }

    /// The known result, with what stays behind.
    fn result(&self) -> Result<DeployOutcome, CloudError> {
        match self.result.clone() {
            Ok(mut outcome) => {
                outcome.leftovers.extend(self.leftovers.iter().cloned());
                Ok(outcome)
            }
            Err(error) if self.leftovers.is_empty() => Err(error),
            Err(error) => {
                let left = self.leftovers.join("; ");
                Err(error.with(|report| {
                    let state = report.state.take().map(|state| format!("{state}; ")).unwrap_or_default();
                    report.state = Some(format!("{state}{left}"));
                }))
            }
        }
    }
}
