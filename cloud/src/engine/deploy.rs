//! The deployment of one stack as a pure step function: look, prepare a change set, ask, check again, execute, follow.

mod approved;
mod change_set;
mod execution;
mod inside;
#[cfg(test)]
mod tests;

use std::time::Duration;

use self::inside::Walk;
use super::cleanup::{Cleaned, Cleanup};
use super::follow::Follow;
use super::machine::{Action, Machine, Moment, NewSet, Next, Observation, SetIds, SetView, Turn};
use super::patience::Patience;
use super::plan::{Plan, refused};
use super::progress::{Phase, Progress, ResourceEvent};
use super::request::{Decision, DeployOutcome, Question, StackDescription, StackResource};
use super::status::{Condition, condition, never_created};
use super::verdict;
use super::verification::{Verification, Verified};
use crate::error::{CloudError, Kind};
use crate::failure::ApiFailure;
use crate::services::watch::Repeat;

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
    /// Whether old change sets of ours were removed already, to make room.
    purged: bool,
    /// How long earlier updates took, and how many they are.
    estimate: Option<(Duration, usize)>,
    /// Whether we said that we wait for another operation.
    waiting: bool,
}

/// Where it is: what the next observation answers.
#[derive(Debug, Clone)]
enum At {
    Looking,
    ListingRemains(StackDescription),
    AskingToRecreate(StackDescription),
    Creating,
    /// The quota of change sets is used up: finding ours that were left behind, and deleting them one by one.
    FindingOld,
    DeletingOld(Vec<String>),
    Preparing {
        ids: SetIds,
        since: Duration,
    },
    /// Looking into the change sets of nested stacks.
    LookingInside(Box<Walk>),
    /// Asking what validations and hooks found in it.
    Explaining(SetView),
    /// Asking how long an update usually takes.
    Estimating(SetView),
    Asking(SetView),
    /// The stack, since when.
    CheckingStack(SetView, Duration),
    CheckingSet(SetView),
    CheckingTemplate(SetView),
    Executing(SetView),
    ConfirmingExecution(SetView, Box<ApiFailure>),
    Following(Box<Following>),
    /// Tasks keep stopping; the action is what comes next if the caller wants to wait.
    OfferingToRollBack(Box<Following>, Repeat, Action),
    /// CloudFormation is done; the services are looked at.
    Verifying(Box<(Verification, DeployOutcome)>),
    Cleaning(Box<Cleanup>),
}

/// An executed change set.
#[derive(Debug, Clone)]
struct Following {
    follow: Follow,
    /// Why it is being cancelled, if it is.
    cancelling: Option<Because>,
    /// The order to cancel it, and whether it must be given again.
    order: Option<(Action, bool)>,
    /// Whether the caller was offered to roll back; once is enough.
    offered: bool,
}

/// Why a running operation is cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Because {
    /// Its time is up.
    TimedOut,
    /// Its tasks keep stopping for this reason, and the caller agreed.
    Repeats(Repeat),
    /// The caller wants to stop, and asked for this.
    Interrupted,
}

type Step = Turn<Deploy>;

impl Deploy {
    /// A deployment that has not begun.
    pub(crate) fn new(plan: Plan) -> Deploy {
        let patience = Patience::new(plan.pace, plan.grace);
        Deploy {
            plan,
            at: At::Looking,
            patience,
            before: None,
            purged: false,
            estimate: None,
            waiting: false,
        }
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
        match self.patience.retry(&failure, moment) {
            Ok((action, news)) => {
                let at = self.at.clone();
                self.go(at, action).saying(news)
            }
            Err(error) => give_up(self, error),
        }
    }

    fn advance(mut self, moment: Moment, seen: Observation) -> Step {
        let at = std::mem::replace(&mut self.at, At::Looking);
        match (at, seen) {
            (At::Looking, Observation::Begin) => self.look().saying(phase(Phase::Looking)),
            (At::Looking, Observation::Slept) => self.look(),
            (At::Looking, Observation::Stack(answer)) => self.looked(answer, moment),
            (At::ListingRemains(stack), Observation::Slept) => self.list_remains(stack),
            (At::ListingRemains(stack), Observation::Resources(answer)) => {
                self.ask_to_recreate(stack, answer, moment)
            }
            (At::AskingToRecreate(stack), Observation::Decided(decision)) => {
                self.decided_to_recreate(stack, decision, moment)
            }
            (At::Creating, Observation::Created(answer)) => self.created(answer, moment),
            (At::FindingOld, Observation::ChangeSets(answer)) => self.found_old(answer),
            (At::DeletingOld(rest), Observation::Done(_)) => self.delete_old(rest),
            (At::Preparing { ids, since }, Observation::Slept) => self.watch_set(ids, since),
            (At::Preparing { ids, since }, Observation::ChangeSet(answer)) => {
                self.prepared(ids, since, answer, moment)
            }
            (At::LookingInside(walk), Observation::Slept) => self.walk(walk),
            (At::LookingInside(walk), Observation::ChangeSet(answer)) => {
                self.looked_inside(walk, answer, moment)
            }
            (At::Explaining(set), Observation::Explained(details)) => self.explained(set, details),
            (At::Estimating(set), Observation::Estimated(estimate)) => self.estimated(set, estimate),
            (At::Asking(set), Observation::Decided(decision)) => self.decided(set, decision, moment),
            (At::CheckingStack(set, since), Observation::Slept) => self.check_stack(set, since),
            (At::CheckingStack(set, since), Observation::Stack(answer)) => {
                self.checked_stack(set, since, answer, moment)
            }
            (At::CheckingSet(set), Observation::Slept) => self.check_set(set),
            (At::CheckingSet(set), Observation::ChangeSet(answer)) => self.checked_set(set, answer, moment),
            (At::CheckingTemplate(set), Observation::Slept) => self.check_template(set),
            (At::CheckingTemplate(set), Observation::Template(answer)) => {
                self.checked_template(set, answer, moment)
            }
            (At::Executing(set), Observation::Done(answer)) => self.executed(set, answer, moment),
            (At::ConfirmingExecution(set, failure), Observation::Slept) => self.confirm(set, failure),
            (At::ConfirmingExecution(set, failure), Observation::ChangeSet(answer)) => {
                self.confirmed(set, failure, answer, moment)
            }
            (At::Following(following), seen) => self.follow(following, moment, seen),
            (At::OfferingToRollBack(following, repeat, action), Observation::Decided(decision)) => {
                self.decided_to_roll_back(following, repeat, action, &decision)
            }
            (At::Verifying(verifying), seen) => self.verify(verifying, moment, seen),
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
                return self.list_remains(stack.clone());
            }
            if self.plan.wait && condition(&stack.status) == Condition::Running {
                return self.wait_for(&stack.status.clone(), moment);
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
        self.create(keep_parameters).saying(phase(Phase::Preparing))
    }

    fn list_remains(self, stack: StackDescription) -> Step {
        let id = stack.stack_id.clone();
        self.go(At::ListingRemains(stack), Action::ListResources(id))
    }

    /// Another operation runs on the stack, and the caller wants to wait for its end.
    fn wait_for(mut self, status: &str, moment: Moment) -> Step {
        let pause = self.patience.after_answer(moment);
        let told = std::mem::replace(&mut self.waiting, true);
        let step = self.go(At::Looking, Action::Sleep(pause));
        if told {
            return step;
        }
        let text = format!("another operation runs ({status}); waiting until it has ended");
        step.saying(Progress::Note { text })
    }

    fn create(self, keep_parameters: Vec<String>) -> Step {
        let names = self.plan.names.clone();
        let creates_stack = self.creates_stack();
        let set = NewSet {
            name: names.change_set,
            token: names.token,
            creates_stack,
            nested: self.plan.nested,
            keep_parameters,
        };
        self.go(At::Creating, Action::CreateChangeSet(set))
    }

    fn ask_to_recreate(
        mut self,
        stack: StackDescription,
        answer: Result<Vec<StackResource>, ApiFailure>,
        moment: Moment,
    ) -> Step {
        let resources = match answer {
            Ok(resources) => resources,
            Err(failure) => {
                self.at = At::ListingRemains(stack);
                return self.ask_again(failure, moment, Deploy::fail);
            }
        };
        self.patience.answered();
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
            Decision::Decline(_) | Decision::Leave if moment.cancelled => self.fail(interrupted()),
            Decision::Leave => {
                self.fail(CloudError::bug("a stack that must be made anew was answered like a change set"))
            }
            Decision::Decline(reason) => {
                let refusal = refused(&stack.name, reason).state(format!(
                    "{} is {}; it can only be deleted and made anew",
                    stack.name, stack.status
                ));
                self.fail(refusal)
            }
        }
    }

    // After success.

    /// Looks only where the operation touched ECS.
    fn begin_verifying(self, outcome: DeployOutcome, follow: &Follow) -> Step {
        match Verification::of(follow, &self.plan.stack) {
            Some(verification) => {
                let action = verification.action();
                self.go(At::Verifying(Box::new((verification, outcome))), action)
            }
            None => self.end(Ok(Deployed::Done(outcome))),
        }
    }

    fn verify(
        mut self,
        mut verifying: Box<(Verification, DeployOutcome)>,
        moment: Moment,
        seen: Observation,
    ) -> Step {
        let mut say = Vec::new();
        let verified = verifying.0.step(&mut self.patience, moment, seen, &mut say);
        let step = match verified {
            Verified::Do(action) => self.go(At::Verifying(verifying), action),
            Verified::Stands => self.end(Ok(Deployed::Done(verifying.1))),
            Verified::Differs(error) => {
                let status = verifying.1.status;
                self.fail(error.with(|report| report.status = Some(status)))
            }
        };
        step.after(say)
    }

    // The end before execution.

    fn clean_up(self, ids: SetIds, result: Result<DeployOutcome, CloudError>) -> Step {
        let cleanup = Cleanup::new(ids, self.before.is_none(), self.plan.nested, result);
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
            At::Looking
            | At::ListingRemains(_)
            | At::AskingToRecreate(_)
            | At::Creating
            | At::FindingOld
            | At::DeletingOld(_) => self.fail(interrupted()),
            At::Preparing { ids, .. } => self.clean_up(ids, Err(interrupted())),
            At::LookingInside(walk) => self.clean_up(walk.into_ids(), Err(interrupted())),
            At::Explaining(set)
            | At::Estimating(set)
            | At::Asking(set)
            | At::CheckingStack(set, _)
            | At::CheckingSet(set)
            | At::CheckingTemplate(set)
            | At::Executing(set) => self.clean_up(set.ids, Err(interrupted())),
            At::ConfirmingExecution(set, failure) => self.confirm(set, failure),
            At::Following(following) if self.cancels_when_interrupted(&following) => {
                self.cancel(following, Because::Interrupted)
            }
            At::Following(following) | At::OfferingToRollBack(following, ..) => {
                let error = CloudError::new(Kind::Interrupted, "interrupted");
                let error = following.follow.still_running(error);
                self.fail(error)
            }
            // CloudFormation is done; only whether ECS agrees is not known.
            At::Verifying(verifying) => self.end(Ok(Deployed::Done(verifying.1))),
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
        if matches!(seen, Observation::Interrupted) {
            return self.interrupt();
        }
        let turn = self.advance(moment, seen);
        match turn.next {
            Next::Do(_) if moment.cancelled && turn.machine.gives_way() => {
                turn.machine.interrupt().after(turn.say)
            }
            _ => turn,
        }
    }

    /// Cleaning and cancelling go on to their end, and whether an order to execute arrived is asked once; everything else
    /// gives way before the next action.
    fn gives_way(&self) -> bool {
        match &self.at {
            At::Cleaning(_) | At::ConfirmingExecution(..) => false,
            At::Following(following) => following.cancelling != Some(Because::Interrupted),
            _ => true,
        }
    }

    fn wants_older(&self, _so_far: &[ResourceEvent], page: &[ResourceEvent]) -> bool {
        matches!(&self.at, At::Following(following) if following.follow.wants_older(page))
    }
}

fn phase(phase: Phase) -> Progress {
    Progress::Phase { phase }
}

pub(super) fn interrupted() -> CloudError {
    CloudError::new(Kind::Interrupted, "interrupted").state("nothing was changed in AWS")
}
