//! Looking at ECS while CloudFormation waits for it: when, at which services, and what of it is told.

use std::collections::BTreeSet;
use std::time::Duration;

use super::events::EventLog;
use super::machine::{Action, Moment, Observation};
use super::progress::{Progress, Timestamp};
use crate::services::watch::{Repeat, Watch};
use crate::services::{ServiceRef, ServiceState, StoppedTask, which};

/// What was seen of the services of one operation, and when to look again.
#[derive(Debug, Clone, Default)]
pub(super) struct Look {
    watch: Option<Watch>,
    /// Every service that something was done to.
    services: BTreeSet<ServiceRef>,
    looked: Option<Duration>,
    /// Whether the last look was taken when the operation had failed.
    rolled_back: bool,
    /// A failure that keeps coming back, until somebody takes it.
    repeat: Option<Repeat>,
}

impl Look {
    /// The question to ask of ECS now, if it is time. The moment a rollback begins counts: it will remove what failed.
    pub(super) fn due(&mut self, log: &EventLog, moment: Moment, every: Duration) -> Option<Action> {
        let running = which::in_progress(log.running());
        let in_progress = !running.is_empty();
        self.services.extend(running);
        let rollback = log.own_status().is_some_and(|status| status.contains("ROLLBACK"));
        let last_chance = rollback && !std::mem::replace(&mut self.rolled_back, rollback);
        let time = self.looked.is_none_or(|looked| moment.elapsed.saturating_sub(looked) >= every);
        let wanted = last_chance || (in_progress && !rollback && time);
        if self.services.is_empty() || !wanted || !self.may("ecs:DescribeServices") {
            return None;
        }
        self.looked = Some(moment.elapsed);
        self.watch.get_or_insert_with(|| Watch::new(log.began().unwrap_or(Timestamp(0))));
        Some(Action::LookAtServices(self.services.iter().cloned().collect()))
    }

    /// Takes in an answer of ECS; gives back what to ask next, and says what is new.
    pub(super) fn saw(&mut self, seen: Observation, say: &mut Vec<Progress>) -> Vec<Action> {
        let Some(watch) = &mut self.watch else { return Vec::new() };
        match seen {
            Observation::Services(Ok(states)) => {
                let unsettled: Vec<String> = states
                    .iter()
                    .filter(|state| unsettled(state))
                    .map(|state| state.service.clone())
                    .collect();
                say.extend(watch.saw(states));
                let services = self.services.iter().filter(|service| unsettled.contains(&service.arn));
                if !watch.may("ecs:ListTasks") || !watch.may("ecs:DescribeTasks") {
                    return Vec::new();
                }
                services.cloned().map(Action::StoppedTasks).collect()
            }
            Observation::StoppedTasks(Ok(tasks)) => {
                let told = watch.saw_tasks(tasks);
                self.repeat = watch.repeats().or(self.repeat.take());
                told.into_iter().map(|task| Action::TaskLogs(Box::new(task))).collect()
            }
            Observation::TaskLogs(logged) => {
                say.extend(logged.failure.as_ref().and_then(|failure| watch.refused(failure)));
                say.push(watch.logged(logged.task));
                Vec::new()
            }
            Observation::Services(Err(failure)) | Observation::StoppedTasks(Err(failure)) => {
                say.extend(watch.refused(&failure));
                Vec::new()
            }
            _ => Vec::new(),
        }
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

    fn may(&self, action: &str) -> bool {
        self.watch.as_ref().is_none_or(|watch| watch.may(action))
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
