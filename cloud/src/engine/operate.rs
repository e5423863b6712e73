//! Working on a stack without changing its template: watching what runs, cancelling an update, rolling a failed one back.
//!
//! Each is the same pure step function: look at the stack, find where its operation began, give an order if there is one
//! to give, and follow. Nothing is kept on this machine, so it works from anywhere, after anything.

use std::time::Duration;

use serde::Serialize;

use super::destroy::ending::not_deleted;
use super::events::{EventLog, begin_of_last_operation};
use super::follow::{Ending, Follow, Followed};
use super::machine::{Action, Machine, Moment, Next, Observation, Turn};
use super::patience::{Pace, Patience};
use super::progress::{Phase, Progress, ResourceEvent};
use super::request::{DEFAULT_GRACE, DestroyRequest, StackDescription};
use super::status::{Condition, condition};
use super::verdict;
use super::verification::{Verification, Verified};
use crate::error::{CloudError, Kind};
use crate::failure::{ApiFailure, Class};

/// What is wanted of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// Follow what runs, or tell what ran last, and end as that operation does.
    Watch,
    /// Cancel the running update; CloudFormation then rolls it back.
    Cancel,
    /// Roll back a failed operation that was left as it was, or continue a rollback that failed.
    RollBack {
        /// Logical ids that a failed rollback is to leave alone; `NestedStack.Resource` for those inside nested stacks.
        skip: Vec<String>,
    },
}

/// A wish to work on one stack as it is.
#[derive(Debug, Clone)]
pub struct OperateRequest {
    /// The stack's name or ARN; only an ARN leads to a stack that is deleted.
    pub stack: String,
    /// What is wanted of it.
    pub goal: Goal,
    /// How long to follow at most. Default: no limit.
    pub timeout: Option<Duration>,
    /// How long network trouble may last before we give up following. Default: 15 minutes.
    pub grace: Duration,
}

impl OperateRequest {
    /// A request with the defaults that the fields describe.
    pub fn new(stack: impl Into<String>, goal: Goal) -> OperateRequest {
        OperateRequest { stack: stack.into(), goal, timeout: None, grace: DEFAULT_GRACE }
    }
}

/// An operation that has ended well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperateOutcome {
    /// The stack's ARN.
    pub stack_id: String,
    /// Its status, for example `UPDATE_COMPLETE`; `DELETE_COMPLETE` if it is gone.
    pub status: String,
    /// CloudFormation's id of the operation, if it told one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
    /// What could not be removed and stays behind; not empty means exit code 9.
    pub leftovers: Vec<String>,
}

/// The state of such work.
#[derive(Debug, Clone)]
pub(crate) struct Operate {
    request: OperateRequest,
    token: String,
    pace: Pace,
    patience: Patience,
    at: At,
}

/// Where it is: what the next observation answers.
#[derive(Debug, Clone)]
enum At {
    Looking,
    ReadingHistory(StackDescription),
    Ordering(Box<Follow>),
    Following(Box<Follow>),
    /// CloudFormation is done; the services are looked at.
    Verifying(Box<(Verification, OperateOutcome)>),
}

type Step = Turn<Operate>;

impl Operate {
    /// Work that has not begun; `token` is unique to this run.
    pub(crate) fn new(request: OperateRequest, token: String, pace: Pace) -> Operate {
        let patience = Patience::new(pace, request.grace);
        Operate { request, token, pace, patience, at: At::Looking }
    }

    fn go(mut self, at: At, action: Action) -> Step {
        self.at = at;
        Turn { machine: self, say: Vec::new(), next: Next::Do(action) }
    }

    fn end(self, result: Result<OperateOutcome, CloudError>) -> Step {
        let name = self.request.stack.clone();
        let result =
            result.map_err(|error| error.with(|report| report.stack = report.stack.take().or(Some(name))));
        Turn { machine: self, say: Vec::new(), next: Next::End(result) }
    }

    fn advance(mut self, moment: Moment, seen: Observation) -> Step {
        let at = std::mem::replace(&mut self.at, At::Looking);
        match (at, seen) {
            (At::Looking, Observation::Begin) => {
                self.look().saying(Progress::Phase { phase: Phase::Looking })
            }
            (At::Looking, Observation::Slept) => self.look(),
            (At::Looking, Observation::Stack(answer)) => self.looked(answer, moment),
            (At::ReadingHistory(stack), Observation::Slept) => self.read(stack),
            (At::ReadingHistory(stack), Observation::Events(answer)) => {
                self.read_history(stack, answer, moment)
            }
            (At::Ordering(follow), Observation::Done(answer)) => self.ordered(follow, answer, moment),
            (At::Following(follow), seen) => self.follow(follow, moment, seen),
            (At::Verifying(verifying), seen) => self.verify(verifying, moment, seen),
            _ => self.end(Err(CloudError::bug("an answer that nobody asked for, while watching"))),
        }
    }

    // Before the order.

    fn look(self) -> Step {
        let name = self.request.stack.clone();
        self.go(At::Looking, Action::DescribeStack(name))
    }

    fn looked(mut self, answer: Result<Option<StackDescription>, ApiFailure>, moment: Moment) -> Step {
        let stack = match answer {
            Ok(Some(stack)) => stack,
            Ok(None) => {
                let what = format!("there is no stack {}", self.request.stack);
                let error = CloudError::new(Kind::Refused, what)
                    .state("nothing was changed in AWS")
                    .next("docuthinker list");
                return self.end(Err(error));
            }
            Err(failure) => return self.ask_again(failure, moment, At::Looking),
        };
        self.patience.answered();
        match self.refusal(&stack) {
            Some(refusal) => self.end(Err(verdict::about(refusal, &stack))),
            None => self.read(stack),
        }
    }

    /// Why the goal cannot be reached from here; `None` if it can.
    fn refusal(&self, stack: &StackDescription) -> Option<CloudError> {
        let StackDescription { name, status, .. } = stack;
        let blocked = |what: String, next: String| Some(CloudError::new(Kind::Blocked, what).next(next));
        let again = |verb: &str| format!("docuthinker {verb} {name}");
        match &self.request.goal {
            Goal::Watch if status == "REVIEW_IN_PROGRESS" => {
                blocked(format!("{name} is only announced: nothing was ever deployed to it"), again("deploy"))
            }
            Goal::Watch => None,
            Goal::Cancel if can_be_cancelled(status) || is_rollback(status) => None,
            Goal::Cancel if status == "CREATE_IN_PROGRESS" => blocked(
                format!("the creation of {name} cannot be cancelled, only deleted"),
                format!("docuthinker destroy --stack-name {name}"),
            ),
            Goal::Cancel if condition(status) == Condition::Running => {
                blocked(format!("{name} is {status}, which cannot be cancelled any more"), again("watch"))
            }
            Goal::Cancel => blocked(format!("nothing runs on {name}: it is {status}"), again("events")),
            Goal::RollBack { skip } if can_be_rolled_back(status) || is_rollback(status) => {
                let possible = skip.is_empty() || status == "UPDATE_ROLLBACK_FAILED";
                let what = format!(
                    "resources can only be skipped in UPDATE_ROLLBACK_FAILED, and {name} is {status}"
                );
                if possible { None } else { blocked(what, again("rollback")) }
            }
            Goal::RollBack { .. } if can_be_cancelled(status) => {
                blocked(format!("an update of {name} still runs"), again("cancel"))
            }
            Goal::RollBack { .. } => {
                blocked(format!("there is nothing to roll back: {name} is {status}"), again("events"))
            }
        }
    }

    fn ask_again(mut self, failure: ApiFailure, moment: Moment, at: At) -> Step {
        match self.patience.retry(&failure, moment) {
            Ok((action, news)) => self.go(at, action).saying(news),
            Err(error) => self.end(Err(error)),
        }
    }

    fn read(self, stack: StackDescription) -> Step {
        let id = stack.stack_id.clone();
        self.go(At::ReadingHistory(stack), Action::Events(id))
    }

    fn read_history(
        mut self,
        stack: StackDescription,
        answer: Result<Vec<ResourceEvent>, ApiFailure>,
        moment: Moment,
    ) -> Step {
        let mut say = Vec::new();
        let events = match answer {
            Ok(events) => events,
            Err(failure) if failure.passes() => {
                return self.ask_again(failure, moment, At::ReadingHistory(stack));
            }
            Err(failure) => {
                let text = format!("the stack's events cannot be read: {}", failure.message);
                say.push(Progress::Note { text });
                Vec::new()
            }
        };
        self.patience.answered();
        let order = self.order(&stack);
        let log = self.log(&stack, &events, order.is_some());
        let running = condition(&stack.status) == Condition::Running;
        // What has ended already will not move again.
        let before = (running || order.is_some()).then(|| stack.clone());
        let patience = Patience::new(self.pace, self.request.grace);
        let mut follow = Box::new(Follow::new(&stack.stack_id, before, log, patience, self.request.grace));
        if stack.status.starts_with("DELETE_") {
            follow = Box::new(follow.deleting());
        }
        let step = if let Some(action) = order {
            let phase = if can_be_cancelled(&stack.status) { Phase::Cancelling } else { Phase::RollingBack };
            self.go(At::Ordering(follow), action).saying(Progress::Phase { phase })
        } else {
            let action = follow.begin(moment);
            self.go(At::Following(follow), action)
        };
        step.after(say)
    }

    /// The order that leads to the goal, if one must be given.
    fn order(&self, stack: &StackDescription) -> Option<Action> {
        let (id, token) = (stack.stack_id.clone(), self.token.clone());
        match &self.request.goal {
            Goal::Cancel if can_be_cancelled(&stack.status) => {
                Some(Action::CancelUpdate { stack: id, token })
            }
            Goal::RollBack { skip } if stack.status == "UPDATE_ROLLBACK_FAILED" => {
                Some(Action::ContinueRollback { stack: id, token, skip: skip.clone() })
            }
            Goal::RollBack { .. } if can_be_rolled_back(&stack.status) => {
                Some(Action::RollBack { stack: id, token })
            }
            _ => None,
        }
    }

    /// The history to tell: of the operation that runs or ran, or of the rollback that we order.
    fn log(&self, stack: &StackDescription, events: &[ResourceEvent], ordered: bool) -> EventLog {
        let begin = begin_of_last_operation(events, &stack.stack_id);
        let continues = !ordered || self.request.goal == Goal::Cancel;
        if let Some(begin) = begin.filter(|_| continues) {
            return EventLog::since_event(&stack.stack_id, begin);
        }
        let mut log = EventLog::new(&stack.stack_id, &self.token, None);
        log.ignore(events);
        log
    }

    // After it.

    fn ordered(self, mut follow: Box<Follow>, answer: Result<(), ApiFailure>, moment: Moment) -> Step {
        match answer {
            // One that was taken before came from us, and its answer was lost.
            Err(failure) if !failure.passes() && failure.class != Class::Exists => {
                self.end(Err(failure.into_error().state("the order was not taken")))
            }
            // If only the answer was lost, following will show it.
            answer => {
                let action = follow.begin_after(&answer, moment);
                self.go(At::Following(follow), action)
            }
        }
    }

    fn follow(self, mut follow: Box<Follow>, moment: Moment, seen: Observation) -> Step {
        let mut say = Vec::new();
        let late = format!("{} has not ended in time", self.request.stack);
        let followed = follow.step_within(self.request.timeout, &late, moment, seen, &mut say);
        say.extend(follow.look.take_repeat().map(Progress::from));
        let step = match followed {
            Followed::Do(action) => self.go(At::Following(follow), action),
            Followed::Ended(ending) => match self.verdict(&follow, ending) {
                Ok(outcome) => self.begin_verifying(outcome, &follow),
                Err(error) => {
                    let tasks = follow.look.tasks().to_vec();
                    self.end(Err(error.with(|report| report.tasks = tasks)))
                }
            },
            Followed::Lost(error) => self.end(Err(error)),
        };
        step.after(say)
    }

    fn verdict(&self, follow: &Follow, ending: Ending) -> Result<OperateOutcome, CloudError> {
        let log = &follow.log;
        let stack = match ending {
            Ending::Gone => {
                return Ok(outcome(follow, "DELETE_COMPLETE"));
            }
            Ending::Stack(stack) => stack,
        };
        let ended = condition(&stack.status);
        let rolled_back_on_purpose = self.request.goal != Goal::Watch || log.began_with_rollback();
        match ended {
            Condition::Succeeded if self.request.goal == Goal::Cancel => Err(verdict::too_late(&stack, log)),
            Condition::Succeeded => Ok(outcome(follow, &stack.status)),
            Condition::RolledBack if rolled_back_on_purpose => Ok(outcome(follow, &stack.status)),
            _ if stack.status == "DELETE_FAILED" => {
                Err(not_deleted(&DestroyRequest::new(&stack.name), log, &stack))
            }
            _ => Err(verdict::not_done(&stack, log)),
        }
    }

    /// A success is looked at as the deployment itself would; see [`verification`](super::verification).
    fn begin_verifying(self, outcome: OperateOutcome, follow: &Follow) -> Step {
        let name = follow.latest.as_ref().map_or(&self.request.stack, |stack| &stack.name);
        let succeeded = condition(&outcome.status) == Condition::Succeeded;
        match Verification::of(follow, name).filter(|_| succeeded) {
            Some(verification) => {
                let action = verification.action();
                self.go(At::Verifying(Box::new((verification, outcome))), action)
            }
            None => self.end(Ok(outcome)),
        }
    }

    fn verify(
        mut self,
        mut verifying: Box<(Verification, OperateOutcome)>,
        moment: Moment,
        seen: Observation,
    ) -> Step {
        let mut say = Vec::new();
        let verified = verifying.0.step(&mut self.patience, moment, seen, &mut say);
        let step = match verified {
            Verified::Do(action) => self.go(At::Verifying(verifying), action),
            Verified::Stands => self.end(Ok(verifying.1)),
            Verified::Differs(error) => {
                let outcome = verifying.1;
                self.end(Err(error.with(|report| {
                    (report.status, report.operation_id) = (Some(outcome.status), outcome.operation_id);
                })))
            }
        };
        step.after(say)
    }

    fn interrupt(mut self) -> Step {
        let error = CloudError::new(Kind::Interrupted, "interrupted");
        let error = match std::mem::replace(&mut self.at, At::Looking) {
            // CloudFormation is done; only whether ECS agrees is not known.
            At::Verifying(verifying) => return self.end(Ok(verifying.1)),
            At::Following(follow) => follow.still_running(error),
            _ => error.state("nothing was changed in AWS"),
        };
        self.end(Err(error))
    }
}

impl Machine for Operate {
    type Output = OperateOutcome;

    fn step(self, moment: Moment, seen: Observation) -> Step {
        if matches!(seen, Observation::Interrupted) {
            return self.interrupt();
        }
        let turn = self.advance(moment, seen);
        match turn.next {
            Next::Do(_) if moment.cancelled => turn.machine.interrupt().after(turn.say),
            _ => turn,
        }
    }

    fn gives_way(&self) -> bool {
        true
    }

    fn wants_older(&self, so_far: &[ResourceEvent], page: &[ResourceEvent]) -> bool {
        match &self.at {
            At::Following(follow) => follow.wants_older(page),
            At::ReadingHistory(stack) => !shows_a_beginning(so_far, &stack.stack_id),
            _ => false,
        }
    }
}

/// Whether the operation that runs, or ran last, surely began within these events: an ending precedes its beginning.
fn shows_a_beginning(newest_first: &[ResourceEvent], root: &str) -> bool {
    let own = newest_first.iter().filter(|event| event.physical_id.as_deref() == Some(root));
    let mut began = false;
    for event in own {
        match condition(&event.status) {
            Condition::Running => began = true,
            _ if began => return true,
            _ => {}
        }
    }
    false
}

fn can_be_cancelled(status: &str) -> bool {
    status == "UPDATE_IN_PROGRESS"
}

fn is_rollback(status: &str) -> bool {
    status.ends_with("ROLLBACK_IN_PROGRESS") || status.ends_with("ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
}

/// Source: `RollbackStack` and `ContinueUpdateRollback` in the CloudFormation API reference.
fn can_be_rolled_back(status: &str) -> bool {
    matches!(status, "CREATE_FAILED" | "UPDATE_FAILED" | "UPDATE_ROLLBACK_FAILED")
}

fn outcome(follow: &Follow, status: &str) -> OperateOutcome {
    OperateOutcome {
        stack_id: follow.stack_id().to_owned(),
        status: status.to_owned(),
        operation_id: follow.log.operation_id(),
        leftovers: verdict::leftovers(&follow.log),
    }
}

#[cfg(test)]
mod tests;
