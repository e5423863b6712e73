//! What is worth telling of the services that are being deployed, and what was told already.

use std::collections::{BTreeMap, BTreeSet};

use super::failure::{failure, is_failure};
use super::{ServiceDeployment, ServiceState, StoppedTask};
use crate::engine::progress::{Progress, Timestamp};
use crate::failure::{ApiFailure, Class};

/// How many tasks with the same failure are told with their logs; the others are counted.
const TOLD: usize = 3;
/// How often a failure comes before it is said that it repeats. One or two may be a slow start; ECS's own circuit breaker
/// [counts to three at least][breaker].
///
/// [breaker]: https://repost.aws/knowledge-center/ecs-deployment-roll-back-failure
const REPEATED: usize = 3;

/// How often in a row a kind of question gets no answer before it is no longer asked: a network without a way to ECS does
/// not get one, and each question costs seconds.
const SILENT: u32 = 3;

/// A kind of question to ECS or CloudWatch Logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// For the services as they are.
    Services,
    /// For stopped tasks.
    Tasks,
    /// For the logs of a task.
    Logs,
}

/// The same failure, again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repeat {
    /// The service's logical id.
    pub(crate) logical_id: String,
    /// What each of the tasks said, without what differs.
    pub(crate) reason: String,
    /// How many tasks stopped with it.
    pub(crate) times: usize,
}

impl From<Repeat> for Progress {
    fn from(repeat: Repeat) -> Progress {
        let Repeat { logical_id, reason, times } = repeat;
        Progress::Repeats { logical_id, reason, times }
    }
}

/// The tasks of one service that stopped with one failure.
#[derive(Debug, Clone)]
struct Stops {
    logical_id: String,
    times: usize,
    /// Whether it was said that they repeat.
    told: bool,
}

/// All that was seen of the services of one operation.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    /// When the operation began, by AWS's clock.
    since: Timestamp,
    /// The last state of each service that was told, by ARN.
    services: BTreeMap<String, ServiceState>,
    /// Deployments that began before the operation: their tasks are none of ours.
    old: BTreeSet<String>,
    /// A deployment of the operation that failed, by the service's ARN.
    failed: BTreeMap<String, ServiceDeployment>,
    /// Tasks that were looked at, by ARN.
    tasks: BTreeSet<String>,
    /// Failures, by the service's ARN and what its tasks said.
    stops: BTreeMap<(String, String), Stops>,
    /// Tasks that were told, with their logs.
    logged: Vec<StoppedTask>,
    /// Actions that we may not do, or whose failure was noted.
    refused: BTreeSet<&'static str>,
    /// How often in a row each kind of question got no answer.
    unanswered: BTreeMap<Kind, u32>,
}

impl Watch {
    /// Nothing seen yet. What happened before `since`, the time of the operation's first event, is not ours.
    pub(crate) fn new(since: Timestamp) -> Watch {
        Watch {
            since,
            services: BTreeMap::new(),
            old: BTreeSet::new(),
            failed: BTreeMap::new(),
            tasks: BTreeSet::new(),
            stops: BTreeMap::new(),
            logged: Vec::new(),
            refused: BTreeSet::new(),
            unanswered: BTreeMap::new(),
        }
    }

    /// Takes note of services as they are; gives back what is new. A service is told once it has a deployment of this
    /// operation, and whenever a count, a rollout or ECS's message changed.
    pub(crate) fn saw(&mut self, states: Vec<ServiceState>) -> Vec<Progress> {
        let mut news = Vec::new();
        for mut state in states {
            if state.message_time.is_some_and(|time| time < self.since) {
                (state.message, state.message_time) = (None, None);
            }
            self.note_deployments(&state);
            let ours = state.deployments.iter().any(|deployment| self.is_ours(deployment));
            if ours && self.services.get(&state.service).is_none_or(|told| differ(told, &state)) {
                self.services.insert(state.service.clone(), state.clone());
                news.push(Progress::Service(state));
            }
        }
        news
    }

    fn note_deployments(&mut self, state: &ServiceState) {
        for deployment in &state.deployments {
            if !self.is_ours(deployment) {
                self.old.insert(deployment.id.clone());
            } else if deployment.rollout.as_deref() == Some("FAILED") {
                self.failed.insert(state.service.clone(), deployment.clone());
            }
        }
    }

    /// Whether the deployment began with the operation. Without a time, it counts as ours: rather told than hidden.
    fn is_ours(&self, deployment: &ServiceDeployment) -> bool {
        deployment.created.is_none_or(|created| created >= self.since)
    }

    /// Takes note of stopped tasks; gives back those to be told, after their logs were fetched. Their order in `tasks` is
    /// of no importance. Left out: tasks of old deployments, stops that were asked for, and more than three of a kind.
    pub(crate) fn saw_tasks(&mut self, mut tasks: Vec<StoppedTask>) -> Vec<StoppedTask> {
        tasks.sort_by(|a, b| (a.stopped, &a.task).cmp(&(b.stopped, &b.task)));
        tasks.retain(|task| self.concerns_us(task) && self.tasks.insert(task.task.clone()));
        tasks.retain(|task| {
            let new = Stops { logical_id: task.logical_id.clone(), times: 0, told: false };
            let stops = self.stops.entry((task.service.clone(), failure(task))).or_insert(new);
            stops.times += 1;
            stops.times <= TOLD
        });
        tasks
    }

    fn concerns_us(&self, task: &StoppedTask) -> bool {
        let of_an_old_deployment = task.deployment.as_ref().is_some_and(|id| self.old.contains(id));
        let in_time = task.stopped.is_none_or(|stopped| stopped >= self.since);
        in_time && !of_an_old_deployment && is_failure(task)
    }

    /// Keeps a task that has its logs now, and tells it.
    pub(crate) fn logged(&mut self, task: StoppedTask) -> Progress {
        self.logged.push(task.clone());
        Progress::TaskStopped(task)
    }

    /// The tasks that were told, for the report of a failure.
    pub(crate) fn tasks(&self) -> &[StoppedTask] {
        &self.logged
    }

    /// A failure that came for the third time (or more often, if the tasks came together). Each is given once.
    pub(crate) fn repeats(&mut self) -> Option<Repeat> {
        let ((_, reason), stops) =
            self.stops.iter_mut().find(|(_, stops)| stops.times >= REPEATED && !stops.told)?;
        stops.told = true;
        Some(Repeat { logical_id: stops.logical_id.clone(), reason: reason.clone(), times: stops.times })
    }

    /// Deployments of this operation that were seen to fail, by their service's ARN. ECS forgets them after a rollback.
    pub(crate) fn failed_deployments(&self) -> &BTreeMap<String, ServiceDeployment> {
        &self.failed
    }

    /// Takes note of a question that was answered.
    pub(crate) fn answered(&mut self, kind: Kind) {
        self.unanswered.remove(&kind);
    }

    /// Takes note of a call that failed; says so once for each action, and of what passes by itself only when it has not
    /// passed for three times.
    pub(crate) fn refused(&mut self, kind: Kind, failure: &ApiFailure) -> Option<Progress> {
        if failure.class == Class::Unreachable {
            let times = self.unanswered.entry(kind).or_default();
            *times = times.saturating_add(1);
            let text = || format!("{}; it is not asked any more", unable(failure));
            return (*times == SILENT).then(|| Progress::Note { text: text() });
        }
        self.unanswered.remove(&kind);
        if failure.passes() || failure.class == Class::Credentials || !self.refused.insert(failure.action) {
            return None;
        }
        Some(Progress::Note { text: unable(failure) })
    }

    /// Whether this kind of question is not worth asking any more.
    pub(crate) fn is_silent(&self, kind: Kind) -> bool {
        self.unanswered.get(&kind).is_some_and(|times| *times >= SILENT)
    }

    /// Whether it makes sense to try this action.
    pub(crate) fn may(&self, action: &str) -> bool {
        !self.refused.contains(action)
    }
}

/// What is not seen because a call fails.
pub(crate) fn unable(failure: &ApiFailure) -> String {
    let ApiFailure { action, class, message, .. } = failure;
    let subject = match *action {
        "logs:GetLogEvents" => "at the logs of stopped tasks",
        _ => "at ECS",
    };
    match class {
        Class::Denied => format!("not allowed to look {subject} ({action})"),
        _ => format!("cannot look {subject} ({action}): {message}"),
    }
}

/// Whether something changed that a person wants to know. The same message said again is not.
fn differ(told: &ServiceState, now: &ServiceState) -> bool {
    let said = now.message.is_some() && now.message != told.message;
    said || now.deployments != told.deployments
}

#[cfg(test)]
mod tests;
