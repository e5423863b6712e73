//! The deployment of one stack as a pure step function: look, prepare a change set, ask, check again, execute, follow.

use std::time::Duration;

use super::cleanup::{Cleaned, Cleanup};
use super::events::EventLog;
use super::follow::{Follow, Followed};
use super::machine::{Action, Machine, Moment, Next, Observation, SetIds, SetView, Turn};
use super::patience::Patience;
use super::plan::{Plan, refused};
use super::progress::{Phase, Progress, ResourceEvent};
use super::request::{ChangeSet, Decision, DeployOutcome, Question, RetainedResource, StackDescription};
use super::status::{Condition, condition, never_created};
use super::verdict;
use crate::error::{CloudError, Kind};
use crate::failure::{ApiFailure, Class};

/// How long a change set may seem not to exist after it was created; AWS's answers can be stale.
const STALE: Duration = Duration::from_secs(60);

/// What a deployment leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deployed {
    /// The stack is as its template says.
    Done(DeployOutcome),
    /// The caller agreed that this stack, whose first creation failed, is deleted and made anew.
    Recreate {
        /// The stack's ARN.
        stack_id: String,
    },
}

/// The state of a deployment.
#[derive(Debug, Clone)]
pub(crate) struct Deploy {
    plan: Plan,
    at: At,
    patience: Patience,
    /// The stack before we changed anything; `None` if it did not exist.
    before: Option<StackDescription>,
}

/// Where it is: what the next observation answers.
#[derive(Debug, Clone)]
enum At {
    Looking,
    ListingRemains(StackDescription),
    AskingToRecreate(StackDescription),
    Creating,
    Preparing { ids: SetIds, since: Duration },
    Asking(SetView),
    CheckingStack(SetView),
    CheckingSet(SetView),
    Executing(SetView),
    ConfirmingExecution(SetView, Box<ApiFailure>),
    Following(Box<Following>),
    Cleaning(Box<Cleanup>),
}

/// An executed change set.
#[derive(Debug, Clone)]
struct Following {
    follow: Follow,
    since: Duration,
    cancelling: bool,
}

type Step = Turn<Deploy>;

impl Deploy {
    /// A deployment that has not begun.
    pub(crate) fn new(plan: Plan) -> Deploy {
        let patience = Patience::new(plan.pace, plan.grace);
        Deploy { plan, at: At::Looking, patience, before: None }
    }

    fn go(mut self, at: At, action: Action) -> Step {
        self.at = at;
        Turn { machine: self, say: Vec::new(), next: Next::Do(action) }
    }

    fn end(self, result: Result<Deployed, CloudError>) -> Step {
        let stack = self.plan.stack.clone();
        let result = result.map_err(|error| error.with(|report| report.stack = Some(stack)));
        Turn { machine: self, say: Vec::new(), next: Next::End(result) }
    }

    fn fail(self, error: CloudError) -> Step {
        self.end(Err(error))
    }

    /// Whether the stack exists in a way that can be updated.
    fn creates_stack(&self) -> bool {
        self.before.as_ref().is_none_or(|stack| condition(&stack.status) == Condition::Announced)
    }

    /// A question failed: ask again later, or stop because nobody answers.
    fn ask_again(
        mut self,
        failure: ApiFailure,
        moment: Moment,
        give_up: impl FnOnce(Deploy, CloudError) -> Step,
    ) -> Step {
        if !failure.passes() {
            return give_up(self, failure.into_error());
        }
        let Some(retry_in) = self.patience.after_failure(&failure, moment) else {
            return give_up(self, failure.into_error());
        };
        let news = match failure.class {
            Class::Throttled => Progress::Throttled { retry_in },
            _ => Progress::Unreachable { what: failure.message, retry_in },
        };
        let at = self.at.clone();
        self.go(at, Action::Sleep(retry_in)).saying(news)
    }

    fn advance(mut self, moment: Moment, seen: Observation) -> Step {
        let at = std::mem::replace(&mut self.at, At::Looking);
        match (at, seen) {
            (At::Looking, Observation::Begin) => self.look().saying(phase(Phase::Looking)),
            (At::Looking, Observation::Slept) => self.look(),
            (At::Looking, Observation::Stack(answer)) => self.looked(answer, moment),
            (At::ListingRemains(stack), Observation::Resources(answer)) => {
                self.ask_to_recreate(stack, answer)
            }
            (At::AskingToRecreate(stack), Observation::Decided(decision)) => {
                self.decided_to_recreate(stack, decision, moment)
            }
            (At::Creating, Observation::Created(answer)) => self.created(answer, moment),
            (At::Preparing { ids, since }, Observation::Slept) => self.watch_set(ids, since),
            (At::Preparing { ids, since }, Observation::ChangeSet(answer)) => {
                self.prepared(ids, since, answer, moment)
            }
            (At::Asking(set), Observation::Decided(decision)) => self.decided(set, decision, moment),
            (At::CheckingStack(set), Observation::Slept) => self.check_stack(set),
            (At::CheckingStack(set), Observation::Stack(answer)) => self.checked_stack(set, answer, moment),
            (At::CheckingSet(set), Observation::Slept) => self.check_set(set),
            (At::CheckingSet(set), Observation::ChangeSet(answer)) => self.checked_set(set, answer, moment),
            (At::Executing(set), Observation::Done(answer)) => self.executed(set, answer, moment),
            (At::ConfirmingExecution(set, failure), Observation::Slept) => self.confirm(set, failure),
            (At::ConfirmingExecution(set, failure), Observation::ChangeSet(answer)) => {
                self.confirmed(set, failure, answer, moment)
            }
            (At::Following(following), seen) => self.follow(following, moment, seen),
            (At::Cleaning(cleanup), seen) => self.clean(*cleanup, moment, seen),
            _ => self.fail(CloudError::bug("an answer that nobody asked for, while deploying")),
        }
    }

    // Before the change set.

    fn look(self) -> Step {
        let name = self.plan.stack.clone();
        self.go(At::Looking, Action::DescribeStack(name))
    }

    fn looked(mut self, answer: Result<Option<StackDescription>, ApiFailure>, moment: Moment) -> Step {
        let stack = match answer {
            Ok(stack) => stack,
            Err(failure) => return self.ask_again(failure, moment, Deploy::fail),
        };
        self.patience.answered();
        if let Some(stack) = &stack {
            if never_created(&stack.status) {
                let id = stack.stack_id.clone();
                let at = At::ListingRemains(stack.clone());
                return self.go(at, Action::ListResources(id));
            }
            if let Some(obstacle) = verdict::obstacle(stack) {
                return self.fail(obstacle);
            }
        }
        self.before = stack;
        let keep_parameters = self.plan.kept_parameters(self.before.as_ref());
        if let Err(refusal) = self.plan.refuse_missing_parameters(&keep_parameters) {
            return self.fail(refusal);
        }
        let names = self.plan.names.clone();
        let creates_stack = self.creates_stack();
        let action = Action::CreateChangeSet {
            name: names.change_set,
            token: names.token,
            creates_stack,
            keep_parameters,
        };
        self.go(At::Creating, action).saying(phase(Phase::Preparing))
    }

    fn ask_to_recreate(
        self,
        stack: StackDescription,
        answer: Result<Vec<RetainedResource>, ApiFailure>,
    ) -> Step {
        let resources = match answer {
            Ok(resources) => resources,
            Err(failure) => return self.fail(failure.into_error()),
        };
        let question = Question::Recreate {
            stack: stack.name.clone(),
            status: stack.status.clone(),
            resources: resources.into_iter().map(|left| (left.logical_id, left.resource_type)).collect(),
        };
        self.go(At::AskingToRecreate(stack), Action::Ask(question))
    }

    fn decided_to_recreate(self, stack: StackDescription, decision: Decision, moment: Moment) -> Step {
        match decision {
            Decision::Approve => self.end(Ok(Deployed::Recreate { stack_id: stack.stack_id })),
            Decision::Decline(_) if moment.cancelled => self.fail(interrupted()),
            Decision::Decline(reason) => {
                let refusal = refused(&stack.name, reason).state(format!(
                    "{} is {}; it can only be deleted and made anew",
                    stack.name, stack.status
                ));
                self.fail(refusal)
            }
        }
    }

    // The change set.

    fn created(self, answer: Result<SetIds, ApiFailure>, moment: Moment) -> Step {
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

    fn watch_set(self, ids: SetIds, since: Duration) -> Step {
        let action = Action::DescribeChangeSet { stack: ids.stack_id.clone(), change_set: ids.id.clone() };
        self.go(At::Preparing { ids, since }, action)
    }

    fn prepared(
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
                let pause = self.patience.after_answer();
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
                let pause = self.patience.after_answer();
                self.go(At::Preparing { ids, since }, Action::Sleep(pause))
            }
        }
    }

    fn set_failed(self, set: SetView) -> Step {
        let result = if verdict::means_no_changes(&set) {
            verdict::unchanged(self.before.as_ref())
        } else {
            Err(verdict::change_set_failed(&self.plan.stack, &set))
        };
        self.clean_up(set.ids, result)
    }

    fn ask(self, set: SetView) -> Step {
        let question = Question::Changes(ChangeSet {
            stack: self.plan.stack.clone(),
            stack_id: set.ids.stack_id.clone(),
            change_set_id: set.ids.id.clone(),
            creates_stack: self.creates_stack(),
            changes: set.changes.clone(),
        });
        self.go(At::Asking(set), Action::Ask(question))
    }

    fn decided(self, set: SetView, decision: Decision, moment: Moment) -> Step {
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

    fn check_stack(self, set: SetView) -> Step {
        let id = set.ids.stack_id.clone();
        self.go(At::CheckingStack(set), Action::DescribeStack(id))
    }

    fn checked_stack(
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

    fn check_set(self, set: SetView) -> Step {
        let action =
            Action::DescribeChangeSet { stack: set.ids.stack_id.clone(), change_set: set.ids.id.clone() };
        self.go(At::CheckingSet(set), action)
    }

    fn checked_set(mut self, set: SetView, answer: Result<SetView, ApiFailure>, moment: Moment) -> Step {
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

    // Execution. It is asked for once in a run, whatever happens.

    fn executed(self, set: SetView, answer: Result<(), ApiFailure>, moment: Moment) -> Step {
        match answer {
            Ok(()) => self.begin_following(&set, moment),
            Err(failure) if matches!(failure.class, Class::Denied | Class::Credentials | Class::Quota) => {
                self.clean_up(set.ids, Err(failure.into_error()))
            }
            // The answer may have been lost, not the order.
            Err(failure) => self.confirm(set, Box::new(failure)),
        }
    }

    fn confirm(self, set: SetView, failure: Box<ApiFailure>) -> Step {
        let action =
            Action::DescribeChangeSet { stack: set.ids.stack_id.clone(), change_set: set.ids.id.clone() };
        self.go(At::ConfirmingExecution(set, failure), action)
    }

    fn confirmed(
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

    fn begin_following(self, set: &SetView, moment: Moment) -> Step {
        let log = EventLog::new(&set.ids.stack_id, &self.plan.names.token, set.created);
        let patience = Patience::new(self.plan.pace, self.plan.grace);
        let before = self.before.clone();
        let mut follow = Follow::new(&set.ids.stack_id, before, log, patience, self.plan.grace);
        let action = follow.begin(moment);
        let following = Following { follow, since: moment.elapsed, cancelling: false };
        self.go(At::Following(Box::new(following)), action)
    }

    fn follow(self, mut following: Box<Following>, moment: Moment, seen: Observation) -> Step {
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
            Followed::Ended(stack) => {
                let result =
                    verdict::ended(&self.plan.stack, &following.follow.log, stack, following.cancelling);
                self.end(result.map(Deployed::Done))
            }
            Followed::Lost(error) => self.fail(error),
        };
        step.after(say)
    }

    /// Cancels an update whose time is up, and leaves a creation to run.
    fn check_time(self, mut following: Box<Following>, action: Action, moment: Moment) -> Step {
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

    // The end before execution.

    fn clean_up(self, ids: SetIds, result: Result<DeployOutcome, CloudError>) -> Step {
        let cleanup = Cleanup::new(ids, self.before.is_none(), result);
        let action = cleanup.action(&self.plan.names.token);
        self.go(At::Cleaning(Box::new(cleanup)), action).saying(phase(Phase::CleaningUp))
    }

    fn clean(self, cleanup: Cleanup, moment: Moment, seen: Observation) -> Step {
        let (cleanup, next) = cleanup.step(moment, seen, &self.plan.names.token);
        match (cleanup, next) {
            (Some(cleanup), Cleaned::Do(action)) => self.go(At::Cleaning(Box::new(cleanup)), action),
            (_, Cleaned::End(result)) => self.end(result.map(Deployed::Done)),
            (None, Cleaned::Do(_)) => self.fail(CloudError::bug("a clean-up that ended goes on")),
        }
    }

    /// The caller wants to stop: before the execution everything of ours is removed, afterwards we let go.
    fn interrupt(mut self) -> Step {
        let at = std::mem::replace(&mut self.at, At::Looking);
        match at {
            At::Looking | At::ListingRemains(_) | At::AskingToRecreate(_) | At::Creating => {
                self.fail(interrupted())
            }
            At::Preparing { ids, .. } => self.clean_up(ids, Err(interrupted())),
            At::Asking(set) | At::CheckingStack(set) | At::CheckingSet(set) | At::Executing(set) => {
                self.clean_up(set.ids, Err(interrupted()))
            }
            At::ConfirmingExecution(..) => {
                let state = "the order to execute the change set was sent; whether it arrived is not known";
                self.fail(CloudError::new(Kind::Interrupted, "interrupted").state(state))
            }
            At::Following(following) => {
                let error = CloudError::new(Kind::Interrupted, "interrupted");
                let error = following.follow.still_running(error);
                self.fail(error)
            }
            At::Cleaning(cleanup) => {
                let action = cleanup.action(&self.plan.names.token);
                self.go(At::Cleaning(cleanup), action)
            }
        }
    }
}

impl Machine for Deploy {
    type Output = Deployed;

    fn step(self, moment: Moment, seen: Observation) -> Step {
        let turn = self.advance(moment, seen);
        // Cleaning goes on to its end; everything else gives way before the next action.
        let gives_way = !matches!(turn.machine.at, At::Cleaning(_));
        match turn.next {
            Next::Do(_) if moment.cancelled && gives_way => turn.machine.interrupt().after(turn.say),
            _ => turn,
        }
    }

    fn wants_older(&self, page: &[ResourceEvent]) -> bool {
        matches!(&self.at, At::Following(following) if following.follow.log.wants_older(page))
    }
}

fn phase(phase: Phase) -> Progress {
    Progress::Phase { phase }
}

fn interrupted() -> CloudError {
    CloudError::new(Kind::Interrupted, "interrupted").state("nothing was changed in AWS")
}

#[cfg(test)]
mod tests;
