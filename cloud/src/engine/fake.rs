//! A CloudFormation of the mind for tests: virtual time, a scripted history, and every fault that can be put in its way.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::machine::{Action, Machine, Moment, NewSet, Next, Observation, SetIds, SetView};
use super::progress::{Progress, ResourceEvent, Timestamp};
use super::request::{Change, Decision, Question, StackDescription, StackResource};
use crate::diagnose::Detail;
use crate::error::CloudError;
use crate::failure::{ApiFailure, Class};
use crate::services::logs::Logged;
use crate::services::{ServiceState, StoppedTask};

/// The ARN of the one stack.
pub(crate) const STACK: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/S/1";
/// The ARN of the one change set.
pub(crate) const SET: &str = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/C/1";
/// The request token of the run.
pub(crate) const TOKEN: &str = "ours";
/// The template of every deployment.
pub(crate) const TEMPLATE: &str = r#"{"Resources":{}}"#;
/// The template of a deployment with a nested stack.
pub(crate) const NESTING: &str = r#"{"Resources":{"Nested":{"Type":"AWS::CloudFormation::Stack"}}}"#;
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

/// Decides whether the answer to the n-th action is lost.
type Lost = Box<dyn FnMut(usize, &Action) -> bool>;
/// Decides by the time whether an action fails, and how.
type FaultAt = Box<dyn Fn(Duration, &Action) -> Option<Class>>;
/// Changes the events of an answer.
type Garble = Box<dyn FnMut(&mut Vec<ResourceEvent>)>;
/// Decides whether the n-th action fails, and how.
type Fault = Box<dyn FnMut(usize, &Action) -> Option<Class>>;

/// A stack, its history, and what goes wrong on the way.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that a test may want")]
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
    /// The answer to the offer to roll back.
    pub(crate) roll_back: Decision,
    /// The fingerprint of the change set's template.
    pub(crate) template: Option<String>,
    /// What validations and hooks found in the change set.
    pub(crate) details: Vec<Detail>,
    /// How long earlier updates took.
    pub(crate) estimate: Option<(Duration, usize)>,
    /// What ECS shows.
    pub(crate) services: Vec<ServiceState>,
    pub(crate) stopped: Vec<StoppedTask>,
    /// What ECS shows once the stack rolls back.
    pub(crate) stopped_after_rollback: Vec<StoppedTask>,
    /// The change sets of nested stacks, by ARN.
    pub(crate) inside: BTreeMap<String, SetView>,
    /// One of them that is another when it is looked at a second time.
    pub(crate) inside_after_approval: Option<(String, SetView)>,
    /// For how many looks the change set is on its way out after it was deleted.
    pub(crate) leaving: usize,
    /// Whether it was deleted.
    deleted: bool,
    /// What the change set holds when it is looked at a second time.
    pub(crate) changes_after_approval: Option<Vec<Change>>,
    /// What `ListStackResources` shows.
    pub(crate) resources: Vec<StackResource>,
    pub(crate) importers: Vec<String>,
    /// The reason of the stack's status, once the operation runs.
    pub(crate) reason: Option<String>,
    /// Decides for the n-th call whether it fails.
    pub(crate) fault: Fault,
    /// Decides by the time whether a call fails, and how.
    pub(crate) fault_at: Option<FaultAt>,
    /// Decides for the n-th call whether it takes effect and its answer is lost.
    pub(crate) lost: Lost,
    /// Decides for the n-th look at the stack whether it shows the state of the look before.
    pub(crate) stale: Box<dyn FnMut(usize) -> bool>,
    /// Changes the order of the events of an answer, and repeats some.
    pub(crate) garble: Garble,
    /// Whether the change set, and the stack that was there only for it, are still there in the end.
    pub(crate) leaves: Leaves,
    /// What the looks at the stack have shown.
    looks: Vec<Option<StackDescription>>,
    /// For how long the machine sleeps in the first pause after the operation began.
    pub(crate) jump: Duration,
    /// Changes the stack between approval and execution.
    pub(crate) meddle: Option<StackDescription>,
    /// Whether the order to execute arrives although its answer is lost.
    pub(crate) execution_arrives: bool,
    /// The caller cancels as soon as this says so.
    pub(crate) cancel_when: Box<dyn Fn(&Action) -> bool>,
    /// How long each answer takes.
    pub(crate) slow: Box<dyn Fn(&Action) -> Duration>,
    /// Whether a question that is open when the caller cancels is not waited for, as in life.
    pub(crate) cuts: bool,
    /// Whether the first order that is open or given when the caller cancels gets no answer, and then whether it arrives.
    pub(crate) unanswered: Option<bool>,
    pub(crate) actions: Vec<Action>,
    cancelled: bool,
    running: bool,
}

/// What of ours exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Leaves {
    pub(crate) change_set: bool,
    pub(crate) empty_stack: bool,
    pub(crate) executed: bool,
}

/// What a run came to.
pub(crate) struct Run<T> {
    pub(crate) leaves: Leaves,
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
                nested: Vec::new(),
            },
            other_sets: Vec::new(),
            frames: VecDeque::new(),
            history: Vec::new(),
            decision: Decision::Approve,
            roll_back: Decision::Decline("no".into()),
            template: crate::template_body::fingerprint(TEMPLATE),
            details: Vec::new(),
            estimate: None,
            services: Vec::new(),
            stopped: Vec::new(),
            stopped_after_rollback: Vec::new(),
            inside: BTreeMap::new(),
            inside_after_approval: None,
            leaving: 0,
            deleted: false,
            changes_after_approval: None,
            resources: vec![StackResource {
                logical_id: "A".into(),
                resource_type: "AWS::X::Y".into(),
                physical_id: None,
            }],
            importers: Vec::new(),
            reason: None,
            fault: Box::new(|_, _| None),
            fault_at: None,
            lost: Box::new(|_, _| false),
            stale: Box::new(|_| false),
            garble: Box::new(|_| {}),
            leaves: Leaves::default(),
            looks: Vec::new(),
            jump: Duration::ZERO,
            meddle: None,
            execution_arrives: true,
            cancel_when: Box::new(|_| false),
            slow: Box::new(|_| Duration::from_millis(10)),
            cuts: false,
            unanswered: None,
            actions: Vec::new(),
            cancelled: false,
            running: false,
        }
    }

    /// Adds what shows at the next look, once the operation runs.
    pub(crate) fn then(mut self, status: &str, events: &[(&str, &str, &str)]) -> Fake {
        let coming: usize = self.frames.iter().map(|frame| frame.events.len()).sum();
        let before = self.history.len() + coming;
        let events = events
            .iter()
            .enumerate()
            .map(|(n, (id, status, reason))| event(before + n, id, status, reason))
            .collect();
        self.frames.push_back(Frame { status: Some(status.to_owned()), events });
        self
    }

    /// Lets the last state show for this many looks more.
    pub(crate) fn hold(mut self, looks: usize) -> Fake {
        let status = self.frames.back().and_then(|frame| frame.status.clone());
        self.frames.extend((0..looks).map(|_| Frame { status: status.clone(), events: Vec::new() }));
        self
    }

    /// Changes every event that is still to come.
    pub(crate) fn change_events(&mut self, change: impl Fn(&mut ResourceEvent)) {
        self.frames.iter_mut().flat_map(|frame| &mut frame.events).for_each(change);
    }

    /// Adds a look at which the stack cannot be found.
    pub(crate) fn then_gone(mut self) -> Fake {
        self.frames.push_back(Frame { status: None, events: Vec::new() });
        self
    }

    /// Says that an operation runs already.
    pub(crate) fn begin_running(&mut self) {
        self.running = true;
    }

    /// Gives the coming events this token, and times after all of the history.
    pub(crate) fn retell(&mut self, token: &str, after: i64) {
        for event in self.frames.iter_mut().flat_map(|frame| &mut frame.events) {
            event.token = Some(token.to_owned());
            event.time.0 += after;
            event.id = format!("{}-of-{token}", event.id);
        }
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
                Next::End(result) => {
                    let leaves = self.leaves;
                    return Run { leaves, result, said, actions: self.actions, elapsed: self.now };
                }
                Next::Do(action) => action,
            };
            self.cancelled |= (self.cancel_when)(&action);
            self.now += (self.slow)(&action);
            assert!(self.now < Duration::from_hours(7 * 24), "runs for ever: {:?}", self.actions.last());
            let cut = self.cuts && self.cancelled && action.only_asks() && machine.gives_way();
            seen = match self.cancelled.then(|| self.no_answer(&action)).flatten() {
                Some(unanswered) => unanswered,
                None if cut => Observation::Interrupted,
                None => self.answer(&action),
            };
            self.actions.push(action);
        }
    }

    fn no_answer(&mut self, action: &Action) -> Option<Observation> {
        let unanswered = self.unanswered.is_some().then(|| action.unanswered()).flatten()?;
        if self.unanswered.take() == Some(true) {
            self.done(action);
        }
        Some(unanswered)
    }

    fn answer(&mut self, action: &Action) -> Observation {
        if (self.lost)(self.actions.len(), action) {
            self.done(action);
            return action.failed(failure(Class::Unreachable)).unwrap_or(Observation::Slept);
        }
        let by_time = self.fault_at.as_ref().and_then(|fault| fault(self.now, action));
        let fault = (self.fault)(self.actions.len(), action).or(by_time);
        match fault.and_then(|class| action.failed(failure(class))) {
            Some(refusal) => {
                if matches!(action, Action::Execute { .. }) && self.execution_arrives {
                    self.execute();
                }
                refusal
            }
            None => self.done(action),
        }
    }

    /// The answer to an action where nothing goes wrong.
    pub(crate) fn done(&mut self, action: &Action) -> Observation {
        match action {
            Action::DescribeStack(_) => {
                let now = self.look();
                let before = self.looks.last().cloned();
                self.looks.push(now.clone());
                let stale = (self.stale)(self.actions.len());
                Observation::Stack(Ok(before.filter(|_| stale).unwrap_or(now)))
            }
            Action::CreateChangeSet(NewSet { creates_stack, .. }) => {
                self.leaves.change_set = true;
                if *creates_stack && self.stack.is_none() {
                    self.leaves.empty_stack = true;
                    self.stack = Some(stack("REVIEW_IN_PROGRESS"));
                }
                Observation::Created(Ok(self.set.ids.clone()))
            }
            Action::DescribeChangeSet { change_set, .. } => Observation::ChangeSet(self.set(change_set)),
            Action::Explain { .. } => Observation::Explained(self.details.clone()),
            Action::Estimate(_) => Observation::Estimated(self.estimate),
            Action::TemplateOf(_) => Observation::Template(Ok(self.template.clone())),
            Action::LookAtServices(_) => Observation::Services(Ok(self.services.clone())),
            Action::StoppedTasks(_) => {
                let rolls_back = self.stack.as_ref().is_some_and(|stack| stack.status.contains("ROLLBACK"));
                let tasks = if rolls_back { &self.stopped_after_rollback } else { &self.stopped };
                Observation::StoppedTasks(Ok(tasks.clone()))
            }
            Action::TaskLogs(task) => {
                Observation::TaskLogs(Box::new(Logged { task: (**task).clone(), failure: None }))
            }
            Action::Ask(Question::RollBack { .. }) => Observation::Decided(self.roll_back.clone()),
            Action::Ask(_) => {
                if let Some(changes) = self.changes_after_approval.take() {
                    self.set.changes = changes;
                }
                self.inside.extend(self.inside_after_approval.take());
                if let Some(changed) = self.meddle.take() {
                    self.stack = Some(changed);
                }
                Observation::Decided(self.decision.clone())
            }
            Action::Execute { .. } => {
                self.execute();
                Observation::Done(Ok(()))
            }
            Action::Events(_) => {
                let mut events: Vec<_> = self.history.iter().rev().cloned().collect();
                (self.garble)(&mut events);
                Observation::Events(Ok(events))
            }
            Action::ListChangeSets(_) => Observation::ChangeSets(Ok(self.other_sets.clone())),
            Action::ListResources(_) => Observation::Resources(Ok(self.resources.clone())),
            Action::Importers(_) => Observation::Importers(Ok(self.importers.clone())),
            Action::DeleteStack { .. } => {
                assert!(!self.deleted || !self.leaves.change_set, "its change set is still there");
                self.running = true;
                self.leaves.empty_stack = false;
                Observation::Done(Ok(()))
            }
            Action::CancelUpdate { .. } | Action::RollBack { .. } | Action::ContinueRollback { .. } => {
                self.running = true;
                Observation::Done(Ok(()))
            }
            Action::DeleteChangeSet { change_set, .. } => {
                if !self.other_sets.contains(change_set) {
                    self.leaves.change_set = self.leaving > 0;
                    self.deleted = true;
                }
                Observation::Done(Ok(()))
            }
            Action::Sleep(pause) => {
                self.now += *pause;
                if self.running {
                    self.now += std::mem::take(&mut self.jump);
                }
                Observation::Slept
            }
        }
    }

    /// The change set with this ARN.
    fn set(&mut self, change_set: &str) -> Result<SetView, ApiFailure> {
        if let Some(inside) = self.inside.get(change_set) {
            return Ok(inside.clone());
        }
        if !self.deleted {
            return Ok(self.set.clone());
        }
        self.leaves.change_set = self.leaving > 0;
        if self.leaving == 0 {
            return Err(failure(Class::Missing));
        }
        self.leaving -= 1;
        Ok(SetView { status: "DELETE_IN_PROGRESS".into(), ..self.set.clone() })
    }

    fn execute(&mut self) {
        self.running = true;
        // CloudFormation removes a change set that it executes.
        self.leaves = Leaves { executed: true, ..Leaves::default() };
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
pub(crate) fn change(id: &str) -> Change {
    Change {
        within: String::new(),
        action: "Modify".into(),
        logical_id: id.into(),
        physical_id: None,
        resource_type: "AWS::X::Y".into(),
        replacement: None,
        policy_action: None,
        change_set_id: None,
        details: Vec::new(),
    }
}

/// A failure of this class.
pub(crate) fn failure(class: Class) -> ApiFailure {
    ApiFailure { action: "cloudformation:X", class, code: Some("Code".into()), message: "injected".into() }
}
