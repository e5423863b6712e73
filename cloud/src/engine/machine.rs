//! The frame of the engine: what a machine sees, what it asks for, and nothing of how that is done.
//!
//! A machine is a value. It is given one observation and the moment, and gives back itself, what to tell the user, and
//! the one thing to do next. It has no clock, no randomness, no network: so a test can play any history to it.

use std::time::Duration;

use super::progress::{Progress, ResourceEvent};
use super::request::{Change, Decision, NestedStack, Question, StackDescription, StackResource};
use crate::diagnose::Detail;
use crate::error::CloudError;
use crate::failure::ApiFailure;
use crate::services::logs::Logged;
use crate::services::{ServiceRef, ServiceState, StoppedTask};

/// The circumstances of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// Time since the operation began, by a clock that never jumps.
    pub(crate) elapsed: Duration,
    /// A random number between 0 and 1.
    pub(crate) dice: f64,
    /// Whether the caller wants to stop.
    pub(crate) cancelled: bool,
}

/// What a machine wants done. Each action is answered by exactly one observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Describe the stack of this name or ARN.
    DescribeStack(String),
    /// Upload the template if it is too large, then create a change set.
    CreateChangeSet(NewSet),
    /// Describe a change set with all its pages.
    DescribeChangeSet { stack: String, change_set: String },
    /// Fetch the template that a change set would bring, as a fingerprint.
    TemplateOf(String),
    /// Ask what CloudFormation's validations and hooks found in a change set.
    Explain { stack: String, change_set: String, reason: String },
    /// Ask how long earlier updates of this stack took.
    Estimate(String),
    /// Ask the caller.
    Ask(Question),
    /// Execute the change set.
    Execute { change_set: String, token: String },
    /// Fetch the stack's events, newest first, until the machine wants no older ones.
    Events(String),
    /// Delete the change set.
    DeleteChangeSet { stack: String, change_set: String },
    /// List the stack's change sets.
    ListChangeSets(String),
    /// List the stack's resources.
    ListResources(String),
    /// List the stacks that import this export.
    Importers(String),
    /// Delete the stack.
    DeleteStack { stack: String, token: String, retain: Vec<String> },
    /// Cancel the running update of the stack.
    CancelUpdate { stack: String, token: String },
    /// Roll back the failed operation that the stack was left with.
    RollBack { stack: String, token: String },
    /// Continue the rollback that failed, without these resources.
    ContinueRollback { stack: String, token: String, skip: Vec<String> },
    /// Ask ECS for services that are being deployed.
    LookAtServices(Vec<ServiceRef>),
    /// Ask ECS for the tasks of a service that have stopped.
    StoppedTasks(ServiceRef),
    /// Fetch the last lines that a stopped task wrote.
    TaskLogs(Box<StoppedTask>),
    /// Wait.
    Sleep(Duration),
}

/// What a machine is told.
#[derive(Debug, Clone)]
pub(crate) enum Observation {
    /// Nothing yet: begin.
    Begin,
    /// The stack; `None` if it does not exist.
    Stack(Result<Option<StackDescription>, ApiFailure>),
    /// The change set that was created.
    Created(Result<SetIds, ApiFailure>),
    /// The change set as it is.
    ChangeSet(Result<SetView, ApiFailure>),
    /// The fingerprint of a template; `None` if it is not JSON.
    Template(Result<Option<String>, ApiFailure>),
    /// What validations and hooks found.
    Explained(Vec<Detail>),
    /// The median of earlier updates, and how many they are; nothing if there are none, or they cannot be read.
    Estimated(Option<(Duration, usize)>),
    /// What the caller decided.
    Decided(Decision),
    /// The stack's events, newest first.
    Events(Result<Vec<ResourceEvent>, ApiFailure>),
    /// A call that answers nothing but "done".
    Done(Result<(), ApiFailure>),
    /// The ARNs of the stack's change sets.
    ChangeSets(Result<Vec<String>, ApiFailure>),
    /// The stack's resources.
    Resources(Result<Vec<StackResource>, ApiFailure>),
    /// Names of the stacks that import an export.
    Importers(Result<Vec<String>, ApiFailure>),
    /// The services as ECS has them.
    Services(Result<Vec<ServiceState>, ApiFailure>),
    /// The tasks that have stopped.
    StoppedTasks(Result<Vec<StoppedTask>, ApiFailure>),
    /// A stopped task with its last lines.
    TaskLogs(Box<Logged>),
    /// The pause is over, or was cut short by the caller's wish to stop.
    Slept,
    /// The caller wants to stop; the question was not waited for, or the order never taken.
    Interrupted,
}

impl Action {
    /// The IAM action of the order, if it changes something in AWS.
    pub(crate) const fn order(&self) -> Option<&'static str> {
        match self {
            Action::CreateChangeSet(_) => Some("cloudformation:CreateChangeSet"),
            Action::Execute { .. } => Some("cloudformation:ExecuteChangeSet"),
            Action::DeleteChangeSet { .. } => Some("cloudformation:DeleteChangeSet"),
            Action::DeleteStack { .. } => Some("cloudformation:DeleteStack"),
            Action::CancelUpdate { .. } => Some("cloudformation:CancelUpdateStack"),
            Action::RollBack { .. } => Some("cloudformation:RollbackStack"),
            Action::ContinueRollback { .. } => Some("cloudformation:ContinueUpdateRollback"),
            Action::Ask(_)
            | Action::Sleep(_)
            | Action::DescribeStack(_)
            | Action::DescribeChangeSet { .. }
            | Action::TemplateOf(_)
            | Action::Explain { .. }
            | Action::Estimate(_)
            | Action::Events(_)
            | Action::ListChangeSets(_)
            | Action::ListResources(_)
            | Action::Importers(_)
            | Action::LookAtServices(_)
            | Action::StoppedTasks(_)
            | Action::TaskLogs(_) => None,
        }
    }

    /// Whether nothing is lost if its answer is not waited for.
    pub(crate) const fn only_asks(&self) -> bool {
        // These two listen to the caller themselves.
        self.order().is_none() && !matches!(self, Action::Ask(_) | Action::Sleep(_))
    }

    /// How it looks if it fails; `None` for what cannot.
    pub(crate) fn failed(&self, failure: ApiFailure) -> Option<Observation> {
        Some(match self {
            Action::DescribeStack(_) => Observation::Stack(Err(failure)),
            Action::CreateChangeSet(_) => Observation::Created(Err(failure)),
            Action::DescribeChangeSet { .. } => Observation::ChangeSet(Err(failure)),
            Action::Events(_) => Observation::Events(Err(failure)),
            Action::TemplateOf(_) => Observation::Template(Err(failure)),
            Action::LookAtServices(_) => Observation::Services(Err(failure)),
            Action::StoppedTasks(_) => Observation::StoppedTasks(Err(failure)),
            Action::ListChangeSets(_) => Observation::ChangeSets(Err(failure)),
            Action::ListResources(_) => Observation::Resources(Err(failure)),
            Action::Importers(_) => Observation::Importers(Err(failure)),
            Action::Execute { .. }
            | Action::DeleteChangeSet { .. }
            | Action::DeleteStack { .. }
            | Action::CancelUpdate { .. }
            | Action::RollBack { .. }
            | Action::ContinueRollback { .. } => Observation::Done(Err(failure)),
            Action::Ask(_)
            | Action::Sleep(_)
            | Action::TaskLogs(_)
            | Action::Explain { .. }
            | Action::Estimate(_) => return None,
        })
    }

    /// How an order looks whose answer is waited for no longer; `None` for what is no order.
    pub(crate) fn unanswered(&self) -> Option<Observation> {
        self.failed(ApiFailure::network(self.order()?, "no answer in time"))
    }
}

impl Observation {
    /// Why a call failed, if it did.
    pub(crate) fn failure(&self) -> Option<&ApiFailure> {
        match self {
            Observation::Stack(answer) => answer.as_ref().err(),
            Observation::Created(answer) => answer.as_ref().err(),
            Observation::ChangeSet(answer) => answer.as_ref().err(),
            Observation::Template(answer) => answer.as_ref().err(),
            Observation::Events(answer) => answer.as_ref().err(),
            Observation::Done(answer) => answer.as_ref().err(),
            Observation::ChangeSets(answer) | Observation::Importers(answer) => answer.as_ref().err(),
            Observation::Resources(answer) => answer.as_ref().err(),
            Observation::Services(answer) => answer.as_ref().err(),
            Observation::StoppedTasks(answer) => answer.as_ref().err(),
            Observation::TaskLogs(logged) => logged.failure.as_ref(),
            Observation::Begin
            | Observation::Explained(_)
            | Observation::Estimated(_)
            | Observation::Decided(_)
            | Observation::Slept
            | Observation::Interrupted => None,
        }
    }
}

/// A change set that is to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewSet {
    /// Its name.
    pub(crate) name: String,
    /// The request token.
    pub(crate) token: String,
    /// Whether the stack is new.
    pub(crate) creates_stack: bool,
    /// Whether it goes into the nested stacks.
    pub(crate) nested: bool,
    /// The parameters that keep the value they have.
    pub(crate) keep_parameters: Vec<String>,
}

/// Where a change set is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetIds {
    /// The ARN of its stack.
    pub(crate) stack_id: String,
    /// Its ARN.
    pub(crate) id: String,
}

/// A change set as CloudFormation describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetView {
    /// Where it is.
    pub(crate) ids: SetIds,
    /// `CREATE_COMPLETE`, `FAILED`, …
    pub(crate) status: String,
    /// Why.
    pub(crate) reason: String,
    /// `AVAILABLE`, `OBSOLETE`, `EXECUTE_IN_PROGRESS`, …
    pub(crate) execution: String,
    /// When it was created, by AWS's clock.
    pub(crate) created: Option<super::progress::Timestamp>,
    /// The changes of all pages; once its nested change sets were looked at, theirs as well.
    pub(crate) changes: Vec<Change>,
    /// The nested stacks that were looked at.
    pub(crate) nested: Vec<NestedStack>,
}

/// What a step leads to.
#[derive(Debug)]
pub(crate) enum Next<T> {
    /// Do this, and tell the machine what came of it.
    Do(Action),
    /// The end.
    End(Result<T, CloudError>),
}

/// The result of a step.
#[derive(Debug)]
pub(crate) struct Turn<M: Machine> {
    /// The machine, for the next step.
    pub(crate) machine: M,
    /// What to tell the user, in order.
    pub(crate) say: Vec<Progress>,
    /// What comes next.
    pub(crate) next: Next<M::Output>,
}

/// A pure step function with its state.
pub(crate) trait Machine: Sized {
    /// What it makes in the end.
    type Output;

    /// One step.
    fn step(self, moment: Moment, seen: Observation) -> Turn<Self>;

    /// Whether it ends, or turns to something else, when the caller wants to stop. What cleans up goes on.
    fn gives_way(&self) -> bool;

    /// Whether the page of events after this one is needed. Both are newest first; `page` is the end of `so_far`.
    fn wants_older(&self, so_far: &[ResourceEvent], page: &[ResourceEvent]) -> bool;
}

impl<M: Machine> Turn<M> {
    /// Says this after everything else.
    pub(crate) fn saying(mut self, news: Progress) -> Turn<M> {
        self.say.push(news);
        self
    }

    /// Says `news` before everything else.
    pub(crate) fn after(mut self, mut news: Vec<Progress>) -> Turn<M> {
        news.append(&mut self.say);
        self.say = news;
        self
    }
}
