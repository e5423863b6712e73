//! After CloudFormation's success: whether the services of ECS run what the stack declares.

use std::collections::BTreeMap;

use super::follow::Follow;
use super::machine::{Action, Moment, Observation};
use super::patience::Patience;
use super::progress::Progress;
use super::request::StackResource;
use crate::error::CloudError;
use crate::failure::ApiFailure;
use crate::services::watch::Watch;
use crate::services::{ServiceState, verify};

/// How often each question is asked; the operation has succeeded, and only trouble would show.
const TRIES: u32 = 5;

/// A success that is being looked at once more.
#[derive(Debug, Clone)]
pub(super) struct Verification {
    /// The stack's name.
    stack: String,
    /// Stacks whose resources are still to be listed: the stack itself and those nested in it.
    stacks: Vec<String>,
    resources: Vec<StackResource>,
    watch: Option<Watch>,
    tries: u32,
}

/// What looking leads to.
#[derive(Debug)]
pub(super) enum Verified {
    /// It goes on: do this.
    Do(Action),
    /// The success stands, since the services agree or nobody can tell.
    Stands,
    /// It was none.
    Differs(CloudError),
}

impl Verification {
    /// The verification of the operation that was followed on the stack of this name; `None` if it did not touch ECS.
    pub(super) fn of(follow: &Follow, stack: &str) -> Option<Verification> {
        let of_ecs = |kind: &str| kind.starts_with("AWS::ECS::");
        follow.log.events().iter().any(|event| of_ecs(&event.resource_type)).then(|| {
            let mut stacks = follow.log.nested();
            stacks.push(follow.stack_id().to_owned());
            let watch = follow.look.watch().cloned();
            Verification { stack: stack.to_owned(), stacks, resources: Vec::new(), watch, tries: 0 }
        })
    }

    /// The question that is open.
    pub(super) fn action(&self) -> Action {
        match self.stacks.last() {
            Some(stack) => Action::ListResources(stack.clone()),
            None => Action::LookAtServices(verify::services(&self.resources)),
        }
    }

    /// One step.
    pub(super) fn step(
        &mut self,
        patience: &mut Patience,
        moment: Moment,
        seen: Observation,
        say: &mut Vec<Progress>,
    ) -> Verified {
        match seen {
            Observation::Slept => Verified::Do(self.action()),
            Observation::Resources(Ok(resources)) => {
                self.stacks.pop();
                self.resources.extend(resources);
                if self.stacks.is_empty() && verify::services(&self.resources).is_empty() {
                    return Verified::Stands;
                }
                self.tries = 0;
                Verified::Do(self.action())
            }
            Observation::Services(Ok(states)) => self.judge(&states),
            Observation::Resources(Err(failure)) | Observation::Services(Err(failure)) => {
                self.failed(patience, moment, &failure, say)
            }
            _ => Verified::Stands,
        }
    }

    fn judge(&self, states: &[ServiceState]) -> Verified {
        let none = BTreeMap::new();
        let failed = self.watch.as_ref().map_or(&none, Watch::failed_deployments);
        let tasks = self.watch.as_ref().map(Watch::tasks).unwrap_or_default();
        let differences = verify::differences(&self.resources, states, failed);
        verify::refusal(&self.stack, &differences, tasks).map_or(Verified::Stands, Verified::Differs)
    }

    fn failed(
        &mut self,
        patience: &mut Patience,
        moment: Moment,
        failure: &ApiFailure,
        say: &mut Vec<Progress>,
    ) -> Verified {
        self.tries += 1;
        if failure.passes()
            && self.tries < TRIES
            && let Some(pause) = patience.after_failure(failure, moment)
        {
            return Verified::Do(Action::Sleep(pause));
        }
        say.push(Progress::Note { text: verify::unverified(failure) });
        Verified::Stands
    }
}
