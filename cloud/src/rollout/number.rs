//! Puts together what ECS and CloudFormation tell of the past of a service. Pure.

use std::collections::BTreeMap;

use super::ask::{Revisions, split};
use super::{Ending, MadeBy, NumberedDeployment, PastRollout, RecordedImage, revision};
use crate::engine::progress::Timestamp;
use crate::history::{History, Outcome, PastOperation};
use crate::services::TaskDefinition;

/// The type of the resource whose revisions count.
const TASK_DEFINITION: &str = "AWS::ECS::TaskDefinition";

/// A deployment as ECS lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Brief {
    pub(super) id: String,
    /// The ARN of the service revision that it deploys.
    pub(super) revision: String,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) began: Option<Timestamp>,
    pub(super) ended: Option<Timestamp>,
}

/// All that was told.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// The number of the revision that the service is at, or is going to.
    pub(super) current: i32,
    /// Whether it has got there.
    pub(super) steady: bool,
    pub(super) definitions: Vec<TaskDefinition>,
    pub(super) rollouts: Vec<Brief>,
    pub(super) revisions: Revisions,
    pub(super) history: Option<History>,
}

impl Seen {
    /// The newest deployment that has not ended.
    pub(super) fn in_progress(&self) -> Option<String> {
        let open = self.rollouts.iter().filter(|brief| is_open(&brief.status));
        open.max_by_key(|brief| brief.began).map(|brief| brief.id.clone())
    }
}

/// The states of a deployment that goes on and can be stopped.
///
/// Source: [service deployments][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
fn is_open(status: &str) -> bool {
    matches!(status, "PENDING" | "IN_PROGRESS")
}

/// The deployments, newest first, each with its number.
pub(super) fn number(seen: &Seen) -> Vec<NumberedDeployment> {
    let mut all: Vec<NumberedDeployment> =
        seen.definitions.iter().filter_map(|definition| one(seen, definition)).collect();
    all.sort_by_key(|deployment| std::cmp::Reverse(deployment.number));
    all
}

fn one(seen: &Seen, definition: &TaskDefinition) -> Option<NumberedDeployment> {
    let (_, number) = split(revision(&definition.arn))?;
    let of_it =
        |brief: &&Brief| seen.revisions.get(&brief.revision).is_some_and(|(of, _)| *of == definition.arn);
    let mut rollouts: Vec<&Brief> = seen.rollouts.iter().filter(of_it).collect();
    rollouts.sort_by_key(|brief| std::cmp::Reverse(brief.began));
    let operation = operation(seen, &definition.arn);
    Some(NumberedDeployment {
        number,
        task_definition: definition.arn.clone(),
        active: definition.status == "ACTIVE",
        registered: definition.registered,
        by: made_by(seen, operation),
        ending: ending(seen, number, &rollouts, operation),
        images: images(definition, digests(seen, &rollouts)),
        rollouts: rollouts.into_iter().map(past).collect(),
    })
}

/// The operation that made the revision: the oldest in which it appears, since later ones may only delete it.
fn operation<'a>(seen: &'a Seen, arn: &str) -> Option<&'a PastOperation> {
    let makes = |operation: &&PastOperation| {
        operation.events.iter().any(|event| {
            event.resource_type == TASK_DEFINITION
                && event.physical_id.as_deref() == Some(arn)
                && !event.status.starts_with("DELETE")
        })
    };
    seen.history.as_ref()?.operations.iter().rev().find(makes)
}

fn made_by(seen: &Seen, operation: Option<&PastOperation>) -> MadeBy {
    match (operation, &seen.history) {
        (Some(made), _) => MadeBy::CloudFormation { operation: made.name(), what: made.kind.clone() },
        (None, Some(history)) if is_whole(history) => MadeBy::Outside,
        _ => MadeBy::Unknown,
    }
}

/// Whether CloudFormation told the stack's first event.
fn is_whole(history: &History) -> bool {
    let first = history.operations.last();
    !history.cut
        && first.is_some_and(|first| !first.partial && matches!(&*first.kind, "CREATE" | "REVIEW" | "IMPORT"))
}

/// ECS's word counts before CloudFormation's, whose operation may have failed for another reason.
fn ending(seen: &Seen, number: i32, rollouts: &[&Brief], made: Option<&PastOperation>) -> Ending {
    if number == seen.current {
        return if seen.steady { Ending::Runs } else { Ending::InProgress };
    }
    if rollouts.iter().any(|rollout| rollout.status == "SUCCESSFUL") {
        return Ending::Succeeded;
    }
    match (rollouts.first().map(|newest| newest.status.as_str()), made.map(|made| made.outcome)) {
        (Some("ROLLBACK_SUCCESSFUL" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS"), _) => {
            Ending::RolledBack
        }
        (Some("STOPPED" | "STOP_REQUESTED" | "ROLLBACK_FAILED"), _) => Ending::Failed,
        (Some(status), _) if is_open(status) => Ending::InProgress,
        (_, Some(Outcome::Succeeded)) => Ending::Succeeded,
        (_, Some(Outcome::RolledBack)) => Ending::RolledBack,
        (_, Some(Outcome::Failed)) => Ending::Failed,
        (_, Some(Outcome::Running)) => Ending::InProgress,
        _ => Ending::Unknown,
    }
}

/// What ECS found for the images' tags. If it found different ones, those of the newest deployment that succeeded.
fn digests<'a>(seen: &'a Seen, rollouts: &[&Brief]) -> Option<&'a BTreeMap<String, String>> {
    let good = rollouts.iter().find(|rollout| rollout.status == "SUCCESSFUL");
    let brief = good.or_else(|| rollouts.first())?;
    seen.revisions.get(&brief.revision).map(|(_, digests)| digests)
}

fn images(definition: &TaskDefinition, found: Option<&BTreeMap<String, String>>) -> Vec<RecordedImage> {
    let recorded = |container: &crate::services::ContainerDefinition| {
        let named = container.image.split_once('@').map(|(_, digest)| digest.to_owned());
        RecordedImage {
            container: container.name.clone(),
            image: container.image.clone(),
            digest: named.or_else(|| found?.get(&container.name).cloned()),
        }
    };
    definition.containers.iter().map(recorded).collect()
}

fn past(brief: &Brief) -> PastRollout {
    PastRollout {
        id: brief.id.clone(),
        status: brief.status.clone(),
        reason: brief.reason.clone(),
        began: brief.began,
        ended: brief.ended,
    }
}
