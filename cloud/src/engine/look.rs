//! Looking at ECS while CloudFormation waits for it: when, at which services, and what of it is told.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::events::EventLog;
use super::machine::{Action, Moment, Observation};
use super::progress::{Progress, Timestamp};
use crate::services::watch::{Kind, Repeat, Watch};
use crate::services::{ServiceRef, ServiceState, StoppedTask, which};

/// How long a look may take, beside the question that is open then. The rest of it waits for the next round: the stack's
/// own events must not wait for ECS.
const LIMIT: Duration = Duration::from_secs(5);

/// What was seen of the services of one operation, and when to look again.
#[derive(Debug, Clone, Default)]
pub(super) struct Look {
    watch: Option<Watch>,
    /// Every service that something was done to.
    services: BTreeSet<ServiceRef>,
    looked: Option<Duration>,
    /// What is still to be asked of the last look.
    questions: VecDeque<Action>,
    /// Since when ECS is asked in this round.
    asking_since: Option<Duration>,
    /// Whether the last look was taken when the operation had failed.
    rolled_back: bool,
    /// A failure that keeps coming back, until somebody takes it.
    repeat: Option<Repeat>,
}

impl Look {
    /// A round begins: there is time again.
    pub(super) fn rest(&mut self) {
        self.asking_since = None;
    }

    /// The next question to ECS, if there is one and there is time for it in this round.
    pub(super) fn next(&mut self, log: &EventLog, moment: Moment, every: Duration) -> Option<Action> {
        let since = *self.asking_since.get_or_insert(moment.elapsed);
        if moment.elapsed.saturating_sub(since) >= LIMIT {
            return None;
        }
        self.put_off().or_else(|| self.due(log, moment, every))
    }

    /// A question of the last look that has not been asked yet, however long that takes.
    pub(super) fn put_off(&mut self) -> Option<Action> {
        self.questions.pop_front()
    }

    /// The question to ask of ECS now, if it is time. The moment a rollback begins counts: it will remove what failed.
    fn due(&mut self, log: &EventLog, moment: Moment, every: Duration) -> Option<Action> {
        let running = which::in_progress(log.running());
        let in_progress = !running.is_empty();
        self.services.extend(running);
        let rollback = log.own_status().is_some_and(|status| status.contains("ROLLBACK"));
        let last_chance = rollback && !std::mem::replace(&mut self.rolled_back, rollback);
        let time = self.looked.is_none_or(|looked| moment.elapsed.saturating_sub(looked) >= every);
        let wanted = last_chance || (in_progress && !rollback && time);
        if self.services.is_empty() || !wanted || !self.may_look() {
            return None;
        }
        self.looked = Some(moment.elapsed);
        self.watch.get_or_insert_with(|| Watch::new(log.began().unwrap_or(Timestamp(0))));
        Some(Action::LookAtServices(self.services.iter().cloned().collect()))
    }

    /// Takes in an answer of ECS, and says what is new. What it makes worth asking is asked next.
    pub(super) fn saw(&mut self, seen: Observation, say: &mut Vec<Progress>) {
        let next = self.next_questions(seen, say);
        next.into_iter().rev().for_each(|action| self.questions.push_front(action));
        self.give_up_what_is_silent(say);
    }

    fn next_questions(&mut self, seen: Observation, say: &mut Vec<Progress>) -> Vec<Action> {
        let Some(watch) = &mut self.watch else { return Vec::new() };
        if seen.failure().is_none()
            && let Some(kind) = kind(&seen)
        {
            watch.answered(kind);
        }
        match seen {
            Observation::Services(Ok(states)) => {
                let unsettled: Vec<String> = states
                    .iter()
                    .filter(|state| unsettled(state))
                    .map(|state| state.service.clone())
                    .collect();
                say.extend(watch.saw(states));
                let services = self.services.iter().filter(|service| unsettled.contains(&service.arn));
                services.cloned().map(Action::StoppedTasks).collect()
            }
            Observation::StoppedTasks(Ok(tasks)) => {
                let told = watch.saw_tasks(tasks);
                self.repeat = watch.repeats().or(self.repeat.take());
                told.into_iter().map(|task| Action::TaskLogs(Box::new(task))).collect()
            }
            Observation::TaskLogs(logged) => {
                say.extend(logged.failure.as_ref().and_then(|failure| watch.refused(Kind::Logs, failure)));
                say.push(watch.logged(logged.task));
                Vec::new()
            }
            Observation::Services(Err(failure)) => {
                say.extend(watch.refused(Kind::Services, &failure));
                Vec::new()
            }
            Observation::StoppedTasks(Err(failure)) => {
                say.extend(watch.refused(Kind::Tasks, &failure));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Leaves out questions of a kind that is not answered; a task is then told without its logs.
    fn give_up_what_is_silent(&mut self, say: &mut Vec<Progress>) {
        let Some(watch) = &mut self.watch else { return };
        self.questions.retain(|question| match question {
            Action::StoppedTasks(_) => {
                watch.may("ecs:ListTasks") && watch.may("ecs:DescribeTasks") && !watch.is_silent(Kind::Tasks)
            }
            Action::TaskLogs(task) if watch.is_silent(Kind::Logs) => {
                say.push(watch.logged((**task).clone()));
                false
            }
            _ => true,
        });
    }

    /// A failure that was found to repeat since this was last asked.
    pub(super) fn take_repeat(&mut self) -> Option<Repeat> {
        self.repeat.take()
    }

    /// The tasks that stopped, for the report of a failure.
    pub(super) fn tasks(&self) -> &[StoppedTask] {
        self.watch.as_ref().map(Watch::tasks).unwrap_or_default()
    }

    /// What was seen, for the check after a success.
    pub(super) fn watch(&self) -> Option<&Watch> {
        self.watch.as_ref()
    }

    fn may_look(&self) -> bool {
        let may = |watch: &Watch| watch.may("ecs:DescribeServices") && !watch.is_silent(Kind::Services);
        self.watch.as_ref().is_none_or(may)
    }
}

/// Which kind of question was answered.
fn kind(seen: &Observation) -> Option<Kind> {
    match seen {
        Observation::Services(_) => Some(Kind::Services),
        Observation::StoppedTasks(_) => Some(Kind::Tasks),
        Observation::TaskLogs(_) => Some(Kind::Logs),
        _ => None,
    }
}

/// Whether a service is on its way, so that its stopped tasks may tell why it does not arrive.
fn unsettled(state: &ServiceState) -> bool {
    let arrived = |deployment: &crate::services::ServiceDeployment| {
        deployment.rollout.as_deref() == Some("COMPLETED")
            && deployment.running >= deployment.desired
            && deployment.failed == 0
    };
    !state.deployments.iter().all(arrived)
}
