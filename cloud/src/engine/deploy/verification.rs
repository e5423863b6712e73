//! After CloudFormation's success: whether the services of ECS run what the stack declares.

use super::{At, Deploy, Deployed, Step};
use crate::engine::follow::Follow;
use crate::engine::machine::{Action, Moment, Observation};
use crate::engine::progress::Progress;
use crate::engine::request::{DeployOutcome, RetainedResource};
use crate::failure::ApiFailure;
use crate::services::watch::Watch;
use crate::services::{ServiceState, StoppedTask, verify};

/// How often each question is asked; the operation has succeeded, and only trouble would show.
const TRIES: u32 = 5;

/// A success that is being looked at once more.
#[derive(Debug, Clone)]
pub(super) struct Verification {
    outcome: DeployOutcome,
    /// Stacks whose resources are still to be listed: the stack itself and those nested in it.
    stacks: Vec<String>,
    resources: Vec<RetainedResource>,
    watch: Option<Watch>,
    tries: u32,
}

impl Verification {
    fn tasks(&self) -> &[StoppedTask] {
        self.watch.as_ref().map(Watch::tasks).unwrap_or_default()
    }

    fn differences(&self, states: &[ServiceState]) -> Vec<verify::Difference> {
        let none = std::collections::BTreeMap::new();
        let failed = self.watch.as_ref().map_or(&none, Watch::failed_deployments);
        verify::differences(&self.resources, states, failed)
    }

    /// The question that is open.
    fn action(&self) -> Action {
        match self.stacks.last() {
            Some(stack) => Action::ListResources(stack.clone()),
            None => Action::LookAtServices(verify::services(&self.resources)),
        }
    }
}

impl Deploy {
    /// Looks only where the operation touched ECS.
    pub(super) fn begin_verifying(self, outcome: DeployOutcome, follow: &Follow) -> Step {
        let touched = follow.log.events().iter().any(|event| event.resource_type.starts_with("AWS::ECS::"));
        if !touched {
            return self.end(Ok(Deployed::Done(outcome)));
        }
        let mut stacks = follow.log.nested();
        stacks.push(outcome.stack_id.clone());
        let watch = follow.look.watch().cloned();
        self.go_on_verifying(Verification { outcome, stacks, resources: Vec::new(), watch, tries: 0 })
    }

    fn go_on_verifying(self, mut verification: Verification) -> Step {
        let nothing_to_see =
            verification.stacks.is_empty() && verify::services(&verification.resources).is_empty();
        if nothing_to_see {
            return self.unverified(verification);
        }
        verification.tries = 0;
        let action = verification.action();
        self.go(At::Verifying(Box::new(verification)), action)
    }

    pub(super) fn verify(self, mut verification: Verification, moment: Moment, seen: Observation) -> Step {
        match seen {
            Observation::Slept => {
                let action = verification.action();
                self.go(At::Verifying(Box::new(verification)), action)
            }
            Observation::Resources(Ok(resources)) => {
                verification.stacks.pop();
                verification.resources.extend(resources);
                self.go_on_verifying(verification)
            }
            Observation::Services(Ok(states)) => {
                let differences = verification.differences(&states);
                match verify::refusal(&self.plan.stack, &differences, verification.tasks()) {
                    Some(error) => {
                        let ended = verification.outcome.status;
                        self.fail(error.with(|report| report.status = Some(ended)))
                    }
                    None => self.unverified(verification),
                }
            }
            Observation::Resources(Err(failure)) | Observation::Services(Err(failure)) => {
                self.not_verified(verification, moment, &failure)
            }
            _ => self.unverified(verification),
        }
    }

    fn not_verified(mut self, mut verification: Verification, moment: Moment, failure: &ApiFailure) -> Step {
        verification.tries += 1;
        if failure.passes()
            && verification.tries < TRIES
            && let Some(pause) = self.patience.after_failure(failure, moment)
        {
            return self.go(At::Verifying(Box::new(verification)), Action::Sleep(pause));
        }
        let text = verify::unverified(failure);
        self.unverified(verification).after(vec![Progress::Note { text }])
    }

    /// The success stands.
    pub(super) fn unverified(self, verification: Verification) -> Step {
        self.end(Ok(Deployed::Done(verification.outcome)))
    }
}
