//! A CloudFormation of the mind for tests: virtual time, a scripted history, and every fault that can be put in its way.

use std::collections::VecDeque;
use std::time::Duration;

use super::machine::{Action, Machine, Moment, Next, Observation, SetIds, SetView};
use super::progress::{Progress, ResourceEvent, Timestamp};
use super::request::{Change, Decision, RetainedResource, StackDescription};
use crate::error::CloudError;
use crate::failure::{ApiFailure, Class};

/// The ARN of the one stack.
pub(crate) const STACK: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/S/1";
/// The ARN of the one change set.
pub(crate) const SET: &str = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/C/1";
/// The request token of the run.
pub(crate) const TOKEN: &str = "ours";
/// When the change set was created, by AWS's clock.
pub(crate) const CREATED: i64 = 1_000_000;

/// What shows at one look at the stack.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// The status; `None` if the stack cannot be found.
    pub(crate) status: Option<String>,
    /// Events that have happened since the last look, oldest first.
    pub(crate) events: Vec<ResourceEvent>,
}

/// Decides whether the n-th action fails, and how.
type Fault = Box<dyn FnMut(usize, &Action) -> Option<Class>>;

/// A stack, its history, and what goes wrong on the way.
pub(crate) struct Fake {
    pub(crate) now: Duration,
    pub(crate) stack: Option<StackDescription>,
    pub(crate) set: SetView,
    pub(crate) other_sets: Vec<String>,
    /// What shows once the operation runs; the last frame stays.
    pub(crate) frames: VecDeque<Frame>,
    /// Newest last.
    pub(crate) history: Vec<ResourceEvent>,
    pub(crate) decision: Decision,
    pub(crate) importers: Vec<String>,
    /// The reason of the stack's status, once the operation runs.
    pub(crate) reason: Option<String>,
    /// Decides for the n-th call whether it fails.
    pub(crate) fault: Fault,
    /// Changes the stack between approval and execution.
    pub(crate) meddle: Option<StackDescription>,
    /// Whether the order to execute arrives although its answer is lost.
    pub(crate) execution_arrives: bool,
    /// The caller cancels as soon as this says so.
    pub(crate) cancel_when: Box<dyn Fn(&Action) -> bool>,
    pub(crate) actions: Vec<Action>,
    cancelled: bool,
    running: bool,
}

/// What a run came to.
pub(crate) struct Run<T> {
    pub(crate) result: Result<T, CloudError>,
    pub(crate) said: Vec<Progress>,
    pub(crate) actions: Vec<Action>,
    pub(crate) elapsed: Duration,
}

impl<T> Run<T> {
    /// The resource events that were told, as `LogicalId STATUS`.
    pub(crate) fn told(&self) -> Vec<String> {
        let event = |news: &Progress| match news {
            Progress::Resource(event) => Some(format!("{} {}", event.logical_id, event.status)),
            _ => None,
        };
        self.said.iter().filter_map(event).collect()
    }

    /// How often an action was asked for.
    pub(crate) fn count(&self, is: impl Fn(&Action) -> bool) -> usize {
        self.actions.iter().filter(|action| is(action)).count()
    }
}

impl Fake {
    /// A stack with this status, or none, and a change set that is ready.
    pub(crate) fn new(status: Option<&str>) -> Fake {
        Fake {
            now: Duration::ZERO,
            stack: status.map(stack),
            set: SetView {
                ids: SetIds { stack_id: STACK.into(), id: SET.into() },
                status: "CREATE_COMPLETE".into(),
                reason: String::new(),
                execution: "AVAILABLE".into(),
                created: Some(Timestamp(CREATED)),
                changes: vec![change("A")],
            },
            other_sets: Vec::new(),
            frames: VecDeque::new(),
            history: Vec::new(),
            decision: Decision::Approve,
            importers: Vec::new(),
            reason: None,
            fault: Box::new(|_, _| None),
            meddle: None,
            execution_arrives: true,
            cancel_when: Box::new(|_| false),
            actions: Vec::new(),
            cancelled: false,
            running: false,
        }
    }

    /// Adds what shows at the next look, once the operation runs.
    pub(crate) fn then(mut self, status: &str, events: &[(&str, &str, &str)]) -> Fake {
        let before: usize = self.frames.iter().map(|frame| frame.events.len()).sum();
        let events = events
            .iter()
            .enumerate()
            .map(|(n, (id, status, reason))| event(before + n, id, status, reason))
            .collect();
        self.frames.push_back(Frame { status: Some(status.to_owned()), events });
        self
    }

    /// Adds a look at which the stack cannot be found.
    pub(crate) fn then_gone(mut self) -> Fake {
        self.frames.push_back(Frame { status: None, events: Vec::new() });
        self
    }

    /// Turns the machine to its end. Panics if it runs for a virtual week.
    pub(crate) fn run<M: Machine>(mut self, mut machine: M) -> Run<M::Output> {
        let mut said = Vec::new();
        let mut seen = Observation::Begin;
        loop {
            let moment = Moment { elapsed: self.now, dice: 1.0, cancelled: self.cancelled };
            let turn = machine.step(moment, seen);
            said.extend(turn.say);
            machine = turn.machine;
            let action = match turn.next {
                Next::End(result) => return Run { result, said, actions: self.actions, elapsed: self.now },
                Next::Do(action) => action,
            };
            self.cancelled |= (self.cancel_when)(&action);
            self.now += Duration::from_millis(10);
            assert!(self.now < Duration::from_hours(7 * 24), "runs for ever: {:?}", self.actions.last());
            seen = self.answer(&action);
            self.actions.push(action);
        }
    }

    fn answer(&mut self, action: &Action) -> Observation {
        if let Some(class) = (self.fault)(self.actions.len(), action) {
            let failure = failure(class);
            if matches!(action, Action::Execute { .. }) && self.execution_arrives {
                self.execute();
            }
            return match action {
                Action::DescribeStack(_) => Observation::Stack(Err(failure)),
                Action::CreateChangeSet { .. } => Observation::Created(Err(failure)),
                Action::DescribeChangeSet { .. } => Observation::ChangeSet(Err(failure)),
                Action::Events(_) => Observation::Events(Err(failure)),
                Action::ListChangeSets(_) => Observation::ChangeSets(Err(failure)),
                Action::ListResources(_) => Observation::Resources(Err(failure)),
                Action::Importers(_) => Observation::Importers(Err(failure)),
                Action::Reconnect => Observation::Reconnected(Err(failure.into_error())),
                Action::Ask(_) | Action::Sleep(_) => self.done(action),
                _ => Observation::Done(Err(failure)),
            };
        }
        self.done(action)
    }

    fn done(&mut self, action: &Action) -> Observation {
        match action {
            Action::DescribeStack(_) => Observation::Stack(Ok(self.look())),
            Action::CreateChangeSet { creates_stack, .. } => {
                if *creates_stack && self.stack.is_none() {
                    self.stack = Some(stack("REVIEW_IN_PROGRESS"));
                }
                Observation::Created(Ok(self.set.ids.clone()))
            }
            Action::DescribeChangeSet { .. } => Observation::ChangeSet(Ok(self.set.clone())),
            Action::Ask(_) => {
                if let Some(changed) = self.meddle.take() {
                    self.stack = Some(changed);
                }
                Observation::Decided(self.decision.clone())
            }
            Action::Execute { .. } => {
                self.execute();
                Observation::Done(Ok(()))
            }
            Action::Events(_) => Observation::Events(Ok(self.history.iter().rev().cloned().collect())),
            Action::ListChangeSets(_) => Observation::ChangeSets(Ok(self.other_sets.clone())),
            Action::ListResources(_) => {
                let left = RetainedResource {
                    logical_id: "A".into(),
                    resource_type: "AWS::X::Y".into(),
                    physical_id: None,
                };
                Observation::Resources(Ok(vec![left]))
            }
            Action::Importers(_) => Observation::Importers(Ok(self.importers.clone())),
            Action::DeleteStack { .. } => {
                self.running = true;
                Observation::Done(Ok(()))
            }
            Action::DeleteChangeSet { .. } | Action::CancelUpdate { .. } => Observation::Done(Ok(())),
            Action::Reconnect => Observation::Reconnected(Ok(())),
            Action::Sleep(pause) => {
                self.now += *pause;
                Observation::Slept
            }
        }
    }

    fn execute(&mut self) {
        self.running = true;
        self.set.execution = "EXECUTE_IN_PROGRESS".into();
    }

    fn look(&mut self) -> Option<StackDescription> {
        if self.running
            && let Some(frame) = self.frames.front().cloned()
        {
            if self.frames.len() > 1 {
                self.frames.pop_front();
            } else {
                self.frames[0].events.clear();
            }
            self.history.extend(frame.events);
            let before = self.stack.take();
            self.stack = frame.status.map(|status| match before {
                Some(before) if before.status == status => before,
                _ => StackDescription {
                    updated: Some(Timestamp(CREATED + 1)),
                    status_reason: self.reason.clone(),
                    ..stack(&status)
                },
            });
        }
        self.stack.clone()
    }
}

/// A stack with this status.
pub(crate) fn stack(status: &str) -> StackDescription {
    StackDescription {
        name: "S".into(),
        stack_id: STACK.into(),
        status: status.into(),
        status_reason: None,
        created: Some(Timestamp(1)),
        updated: None,
        termination_protection: false,
        parameters: Vec::new(),
        outputs: Vec::new(),
    }
}

/// The n-th event of our operation; `S` is the stack itself.
pub(crate) fn event(n: usize, id: &str, status: &str, reason: &str) -> ResourceEvent {
    ResourceEvent {
        id: format!("event-{n}"),
        stack_id: STACK.into(),
        time: Timestamp(CREATED + 1 + i64::try_from(n).unwrap()),
        logical_id: id.into(),
        physical_id: Some(if id == "S" { STACK.into() } else { format!("physical-{id}") }),
        resource_type: if id == "S" { "AWS::CloudFormation::Stack".into() } else { "AWS::X::Y".into() },
        status: status.into(),
        reason: (!reason.is_empty()).then(|| reason.into()),
        operation_id: None,
        token: Some(TOKEN.into()),
    }
}

/// A change of one resource.
fn change(id: &str) -> Change {
    Change {
        action: "Modify".into(),
        logical_id: id.into(),
        physical_id: None,
        resource_type: "AWS::X::Y".into(),
        replacement: None,
        policy_action: None,
        details: Vec::new(),
    }
}

/// A failure of this class.
pub(crate) fn failure(class: Class) -> ApiFailure {
    ApiFailure { action: "cloudformation:X", class, code: Some("Code".into()), message: "injected".into() }
}
