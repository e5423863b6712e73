//! The deletion of one stack as a pure step function: look, check who needs it, delete, follow until it is gone.

mod blockers;
pub(super) mod ending;
pub(crate) mod interfaces;
mod obstacles;

pub use blockers::{Blocker, Hold};
pub use obstacles::{
    Obstacles, obstacle_of_stack, obstacles_of_exports, obstacles_to_deletion, resources_of,
};

use super::events::{EventLog, begin_of_last_operation};
use super::follow::{Ending, Follow, Followed};
use super::machine::{Action, Machine, Moment, Next, Observation, Turn};
use super::patience::{Pace, Patience};
use super::progress::{Phase, Progress, ResourceEvent};
use super::request::{DestroyOutcome, DestroyRequest, StackDescription};
use super::status::{Condition, condition};
use super::verdict;
use crate::error::{CloudError, Kind};
use crate::failure::{ApiFailure, Class};
use crate::text::stack_name;

/// The state of a deletion.
#[derive(Debug, Clone)]
pub(crate) struct Destroy {
    request: DestroyRequest,
    token: String,
    pace: Pace,
    patience: Patience,
    at: At,
}

/// Where it is: what the next observation answers.
#[derive(Debug, Clone)]
enum At {
    Looking,
    /// Asking for the importers of the last of `exports`.
    CheckingExports {
        stack: StackDescription,
        exports: Vec<String>,
        used: Vec<(String, Vec<String>)>,
    },
    /// Reading the events that are there already, to tell ours from them.
    ReadingHistory(StackDescription),
    Deleting(Box<Follow>),
    Following(Box<Follow>),
}

type Step = Turn<Destroy>;

impl Destroy {
    /// A deletion that has not begun; `token` is unique to this run.
    pub(crate) fn new(request: DestroyRequest, token: String, pace: Pace) -> Destroy {
        let patience = Patience::new(pace, request.grace);
        Destroy { request, token, pace, patience, at: At::Looking }
    }

    fn go(mut self, at: At, action: Action) -> Step {
        self.at = at;
        Turn { machine: self, say: Vec::new(), next: Next::Do(action) }
    }

    fn end(self, result: Result<DestroyOutcome, CloudError>) -> Step {
        let name = stack_name(&self.request.stack).to_owned();
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
            (At::CheckingExports { stack, exports, used }, Observation::Importers(answer)) => {
                self.checked_export(stack, exports, used, answer)
            }
            (At::ReadingHistory(stack), Observation::Slept) => self.read(stack),
            (At::ReadingHistory(stack), Observation::Events(answer)) => {
                self.read_history(stack, answer, moment)
            }
            (At::Deleting(follow), Observation::Done(answer)) => self.deleted(follow, answer, moment),
            (At::Following(follow), seen) => self.follow(follow, moment, seen),
            _ => self.end(Err(CloudError::bug("an answer that nobody asked for, while deleting"))),
        }
    }

    fn look(self) -> Step {
        let name = self.request.stack.clone();
        self.go(At::Looking, Action::DescribeStack(name))
    }

    fn looked(mut self, answer: Result<Option<StackDescription>, ApiFailure>, moment: Moment) -> Step {
        let stack = match answer {
            Ok(Some(stack)) if condition(&stack.status) != Condition::Deleted => stack,
            Ok(_) => return self.end(Ok(DestroyOutcome { stack_id: None, retained: Vec::new() })),
            Err(failure) => return self.ask_again(failure, moment, At::Looking),
        };
        self.patience.answered();
        if stack.status == "DELETE_IN_PROGRESS" {
            return self.read(stack);
        }
        if condition(&stack.status) == Condition::Running {
            let obstacle = verdict::obstacle(&stack)
                .unwrap_or_else(|| CloudError::bug("a running stack is no obstacle"));
            return self.end(Err(obstacle));
        }
        if let Some(refused) = ending::cannot_retain(&self.request, &stack) {
            return self.end(Err(refused));
        }
        if stack.termination_protection {
            return self.end(Err(ending::protected(&stack)));
        }
        let exports = stack.outputs.iter().filter_map(|output| output.export.clone()).collect();
        self.check_exports(stack, exports, Vec::new())
    }

    fn ask_again(mut self, failure: ApiFailure, moment: Moment, at: At) -> Step {
        match self.patience.retry(&failure, moment) {
            Ok((action, news)) => self.go(at, action).saying(news),
            Err(error) => self.end(Err(error)),
        }
    }

    fn check_exports(
        self,
        stack: StackDescription,
        exports: Vec<String>,
        used: Vec<(String, Vec<String>)>,
    ) -> Step {
        match exports.last().cloned() {
            Some(export) => self.go(At::CheckingExports { stack, exports, used }, Action::Importers(export)),
            None if used.is_empty() => self.read(stack),
            None => self.end(Err(ending::in_use(&stack, used))),
        }
    }

    fn checked_export(
        self,
        stack: StackDescription,
        mut exports: Vec<String>,
        mut used: Vec<(String, Vec<String>)>,
        answer: Result<Vec<String>, ApiFailure>,
    ) -> Step {
        let export = exports.pop().unwrap_or_default();
        match answer {
            Ok(importers) => {
                if !importers.is_empty() {
                    used.push((export, importers));
                }
                self.check_exports(stack, exports, used)
            }
            // A check that cannot be made stops nothing: CloudFormation makes it again.
            Err(failure) => {
                let text =
                    format!("whether `{export}` is imported could not be checked: {}", failure.message);
                self.check_exports(stack, exports, used).after(vec![Progress::Note { text }])
            }
        }
    }

    fn read(self, stack: StackDescription) -> Step {
        let id = stack.stack_id.clone();
        self.go(At::ReadingHistory(stack), Action::Events(id))
    }

    /// `DeleteStack` tells no time to start from; so what is there before it is what is not ours.
    fn read_history(
        self,
        stack: StackDescription,
        answer: Result<Vec<ResourceEvent>, ApiFailure>,
        moment: Moment,
    ) -> Step {
        let already_deleting = stack.status == "DELETE_IN_PROGRESS";
        let events = match answer {
            Err(failure) if failure.passes() => {
                return self.ask_again(failure, moment, At::ReadingHistory(stack));
            }
            answer => answer.unwrap_or_default(),
        };
        let begin = begin_of_last_operation(&events, &stack.stack_id).filter(|_| already_deleting);
        let log = if let Some(begin) = begin {
            EventLog::since_event(&stack.stack_id, begin)
        } else {
            let mut log = EventLog::new(&stack.stack_id, &self.token, None);
            log.ignore(&events);
            log
        };
        let patience = Patience::new(self.pace, self.request.grace);
        let id = stack.stack_id.clone();
        let before = (!already_deleting).then_some(stack);
        let mut follow = Box::new(Follow::new(&id, before, log, patience, self.request.grace).deleting());
        if already_deleting {
            let action = follow.begin(moment);
            let text = "the stack is already being deleted".to_owned();
            return self.go(At::Following(follow), action).saying(Progress::Note { text });
        }
        let action =
            Action::DeleteStack { stack: id, token: self.token.clone(), retain: self.request.retain.clone() };
        self.go(At::Deleting(follow), action).saying(Progress::Phase { phase: Phase::Deleting })
    }

    fn deleted(self, mut follow: Box<Follow>, answer: Result<(), ApiFailure>, moment: Moment) -> Step {
        match answer {
            Err(failure) if !failure.passes() && !matches!(failure.class, Class::Missing | Class::Exists) => {
                self.end(Err(failure.into_error().state("the deletion has not begun")))
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
        let late = format!("{} is not gone in time", stack_name(&self.request.stack));
        let step = match follow.step_within(self.request.timeout, &late, moment, seen, &mut say) {
            Followed::Do(action) => self.go(At::Following(follow), action),
            Followed::Ended(Ending::Gone) => {
                let outcome = ending::outcome(&follow);
                self.end(Ok(outcome))
            }
            Followed::Ended(Ending::Stack(stack)) => {
                let error = ending::not_deleted(&self.request, &follow.log, &stack);
                self.end(Err(error))
            }
            Followed::Lost(error) => self.end(Err(error)),
        };
        step.after(say)
    }

    fn interrupt(self) -> Step {
        let error = CloudError::new(Kind::Interrupted, "interrupted");
        let error = match &self.at {
            At::Following(follow) => follow.still_running(error),
            _ => error.state("nothing was changed in AWS"),
        };
        self.end(Err(error))
    }
}

impl Machine for Destroy {
    type Output = DestroyOutcome;

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

    fn wants_older(&self, _so_far: &[ResourceEvent], page: &[ResourceEvent]) -> bool {
        match &self.at {
            At::Following(follow) => follow.wants_older(page),
            // Back to where the running deletion began; without one, the newest page is enough.
            At::ReadingHistory(stack) => {
                stack.status == "DELETE_IN_PROGRESS"
                    && !page.iter().any(|event| is_begin_of_deletion(event, &stack.stack_id))
            }
            _ => false,
        }
    }
}

fn is_begin_of_deletion(event: &ResourceEvent, stack_id: &str) -> bool {
    event.status == "DELETE_IN_PROGRESS" && event.physical_id.as_deref() == Some(stack_id)
}

#[cfg(test)]
mod tests;
