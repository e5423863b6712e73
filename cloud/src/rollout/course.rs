//! When a change of a service is over, and how: decided from what ECS shows, and from nothing else.

use super::RolloutChange;
use crate::services::{ServiceDeployment, ServiceState};

/// How often in a row something that may be a moment in between is seen before it is believed. ECS's answers may be
/// those of a moment ago, and it marks a deployment as failed before it goes back.
const BELIEVED: u8 = 3;

/// A change that is being followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Course {
    goal: Goal,
    /// The deployment that ECS aimed at before.
    before: String,
    /// Our deployment as it failed, once it was seen to.
    failed: Option<ServiceDeployment>,
    /// How often in a row what is seen now was seen.
    doubts: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Goal {
    /// A new deployment is complete; its id, once ECS has told it.
    Deployment(Option<String>),
    /// So many tasks run; whether ECS has shown that it took the number.
    Count { wanted: i32, taken: bool },
    /// The deployment that ECS aimed at is none any more.
    Back,
}

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// It goes on.
    Running,
    /// It is done.
    Complete,
    /// It failed, and the service is again what it was before.
    RolledBack { reason: Option<String>, to: String },
    /// It failed, and nothing takes it back.
    Failed { reason: Option<String> },
    /// Somebody or something else changed the service meanwhile.
    Replaced { by: String },
}

impl Course {
    /// The course of a change of a service that was as `before`.
    pub(super) fn new(change: &RolloutChange, before: &ServiceDeployment) -> Course {
        let goal = match change {
            RolloutChange::Redeploy | RolloutChange::Revision(_) => Goal::Deployment(None),
            RolloutChange::Scale(wanted) => Goal::Count { wanted: *wanted, taken: false },
            RolloutChange::Stop { .. } => Goal::Back,
        };
        Course { goal, before: before.id.clone(), failed: None, doubts: 0 }
    }

    /// Whether the service shows that the order was taken: what tells a lost answer from a lost order.
    pub(super) fn is_taken(&self, state: &ServiceState) -> bool {
        let Some(primary) = state.primary() else { return false };
        match self.goal {
            Goal::Deployment(_) | Goal::Back => primary.id != self.before,
            Goal::Count { wanted, .. } => primary.desired == wanted,
        }
    }

    /// Takes note of the service as it is now.
    pub(super) fn see(&mut self, state: &ServiceState) -> Standing {
        let Some(primary) = state.primary() else { return Standing::Running };
        match &mut self.goal {
            Goal::Deployment(ours) => {
                if ours.is_none() && primary.id != self.before {
                    *ours = Some(primary.id.clone());
                }
                match ours.clone() {
                    // The answer is that of a moment before the order.
                    None => Standing::Running,
                    Some(ours) => self.see_deployment(&ours, primary, state),
                }
            }
            Goal::Count { wanted, taken } => {
                let (wanted, is_wanted) = (*wanted, primary.desired == *wanted);
                *taken |= is_wanted;
                match (*taken, is_wanted) {
                    (false, _) => Standing::Running,
                    (true, false) => {
                        let by = format!("{} tasks are wanted now", primary.desired);
                        self.believed(Standing::Replaced { by })
                    }
                    (true, true) => self.see_count(wanted, primary),
                }
            }
            Goal::Back if primary.id == self.before => Standing::Running,
            Goal::Back => self.see_own(primary, state),
        }
    }

    fn see_deployment(&mut self, ours: &str, primary: &ServiceDeployment, state: &ServiceState) -> Standing {
        if let Some(own) = state.deployments.iter().find(|deployment| deployment.id == ours)
            && is(own, "FAILED")
        {
            self.failed = Some(own.clone());
        }
        if primary.id == ours {
            return self.see_own(primary, state);
        }
        match &self.failed {
            Some(failed) if is(primary, "COMPLETED") => {
                let reason = failed.rollout_reason.clone();
                Standing::RolledBack { reason, to: primary.task_definition.clone() }
            }
            Some(failed) if is(primary, "FAILED") => {
                Standing::Failed { reason: failed.rollout_reason.clone() }
            }
            Some(_) => Standing::Running,
            // Taken back without a failure that we saw, or an answer of a moment before the order.
            None if primary.id == self.before => {
                let to = primary.task_definition.clone();
                self.believed(Standing::RolledBack { reason: None, to })
            }
            None => Standing::Replaced { by: format!("{} is its deployment now", primary.id) },
        }
    }

    /// The deployment that ECS aims at is the one that is to be complete.
    fn see_own(&mut self, primary: &ServiceDeployment, state: &ServiceState) -> Standing {
        match primary.rollout.as_deref() {
            Some("COMPLETED") => Standing::Complete,
            Some("FAILED") => self.believed(Standing::Failed { reason: primary.rollout_reason.clone() }),
            None if is_steady(primary) && state.deployments.len() == 1 => Standing::Complete,
            // A word that we do not know is no end.
            _ => self.doubtless(),
        }
    }

    fn see_count(&mut self, wanted: i32, primary: &ServiceDeployment) -> Standing {
        if is(primary, "FAILED") {
            return self.believed(Standing::Failed { reason: primary.rollout_reason.clone() });
        }
        if primary.running == wanted && is_steady(primary) { Standing::Complete } else { self.doubtless() }
    }

    fn doubtless(&mut self) -> Standing {
        self.doubts = 0;
        Standing::Running
    }

    fn believed(&mut self, standing: Standing) -> Standing {
        self.doubts = self.doubts.saturating_add(1);
        if self.doubts < BELIEVED { Standing::Running } else { standing }
    }
}

fn is(deployment: &ServiceDeployment, rollout: &str) -> bool {
    deployment.rollout.as_deref() == Some(rollout)
}

fn is_steady(deployment: &ServiceDeployment) -> bool {
    deployment.running == deployment.desired && deployment.pending == 0
}
