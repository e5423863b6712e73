//! When a change is over, and how the past is numbered.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::course::{Course, Standing};
use super::number::{Brief, Seen, number};
use super::{Ending, MadeBy, RolloutChange};
use crate::engine::progress::{ResourceEvent, Timestamp};
use crate::history::{History, Outcome, PastOperation};
use crate::services::{ContainerDefinition, ServiceDeployment, ServiceState, TaskDefinition};

const FAMILY: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/api";

fn deployment(id: &str, status: &str, rollout: &str, (running, desired): (i32, i32)) -> ServiceDeployment {
    ServiceDeployment {
        id: id.to_owned(),
        status: status.to_owned(),
        rollout: Some(rollout.to_owned()),
        rollout_reason: (rollout == "FAILED").then(|| "tasks failed to start".to_owned()),
        task_definition: format!("{FAMILY}:{}", id.len()),
        desired,
        running,
        pending: 0,
        failed: 0,
        created: None,
    }
}

fn state(deployments: &[ServiceDeployment]) -> ServiceState {
    ServiceState {
        logical_id: "Api".to_owned(),
        service: "arn:aws:ecs:us-east-1:123456789012:service/main/api".to_owned(),
        deployments: deployments.to_vec(),
        message: None,
        message_time: None,
    }
}

/// Two tasks of the deployment `old` ran before.
fn course(change: &RolloutChange) -> Course {
    Course::new(change, &deployment("old", "PRIMARY", "COMPLETED", (2, 2)))
}

fn before() -> ServiceState {
    state(&[deployment("old", "PRIMARY", "COMPLETED", (2, 2))])
}

#[test]
fn a_redeployment_is_over_when_its_own_deployment_is_complete() {
    let mut course = course(&RolloutChange::Redeploy);
    assert_eq!(course.see(&before()), Standing::Running, "the answer is that of a moment before");
    assert!(!course.is_taken(&before()));
    let old = deployment("old", "ACTIVE", "COMPLETED", (2, 0));
    let begun = state(&[deployment("newer", "PRIMARY", "IN_PROGRESS", (0, 2)), old]);
    assert!(course.is_taken(&begun));
    assert_eq!(course.see(&begun), Standing::Running);
    assert_eq!(course.see(&before()), Standing::Running, "an old answer once more");
    let unheard = state(&[deployment("newer", "PRIMARY", "BAKING", (2, 2))]);
    assert_eq!(course.see(&unheard), Standing::Running, "a word that is not known is no end");
    let done = state(&[deployment("newer", "PRIMARY", "COMPLETED", (2, 2))]);
    assert_eq!(course.see(&done), Standing::Complete);
}

#[test]
fn a_deployment_that_fails_is_over_when_ecs_has_gone_back() {
    let mut course = course(&RolloutChange::Redeploy);
    let failed = deployment("newer", "ACTIVE", "FAILED", (0, 0));
    let first = state(&[deployment("newer", "PRIMARY", "FAILED", (0, 2))]);
    assert_eq!(course.see(&first), Standing::Running, "it may go back yet");
    let going = state(&[deployment("old", "PRIMARY", "IN_PROGRESS", (1, 2)), failed]);
    assert_eq!(course.see(&going), Standing::Running);
    let rolled_back =
        Standing::RolledBack { reason: Some("tasks failed to start".to_owned()), to: format!("{FAMILY}:3") };
    assert_eq!(course.see(&before()), rolled_back);
}

#[test]
fn a_failure_without_a_circuit_breaker_is_believed_when_it_lasts() {
    let mut course = course(&RolloutChange::Revision(format!("{FAMILY}:1")));
    let failed = state(&[deployment("newer", "PRIMARY", "FAILED", (0, 2))]);
    let seen: Vec<Standing> = (0..3).map(|_| course.see(&failed)).collect();
    let reason = Some("tasks failed to start".to_owned());
    assert_eq!(seen, [Standing::Running, Standing::Running, Standing::Failed { reason }]);
}

#[test]
fn a_deployment_that_somebody_else_began_takes_the_place_of_ours() {
    let mut course = course(&RolloutChange::Redeploy);
    course.see(&state(&[deployment("newer", "PRIMARY", "IN_PROGRESS", (0, 2))]));
    let theirs = state(&[deployment("newest", "PRIMARY", "IN_PROGRESS", (0, 2))]);
    let by = "newest is its deployment now".to_owned();
    assert_eq!(course.see(&theirs), Standing::Replaced { by });
}

#[test]
fn a_number_is_reached_when_so_many_tasks_run() {
    let mut course = course(&RolloutChange::Scale(4));
    let with = |running, desired| state(&[deployment("old", "PRIMARY", "COMPLETED", (running, desired))]);
    assert_eq!(course.see(&with(2, 2)), Standing::Running, "the answer is that of a moment before");
    assert_eq!(course.see(&with(2, 4)), Standing::Running);
    assert!(course.is_taken(&with(2, 4)) && !course.is_taken(&with(2, 2)));
    assert_eq!(course.see(&with(4, 4)), Standing::Complete);
    let seen: Vec<Standing> = (0..3).map(|_| course.see(&with(4, 3))).collect();
    let by = "3 tasks are wanted now".to_owned();
    assert_eq!(seen[2], Standing::Replaced { by }, "autoscaling has another opinion");
}

#[test]
fn a_stopped_deployment_is_over_when_the_one_before_is_complete() {
    let stop = RolloutChange::Stop { deployment: "x".to_owned() };
    let mut course = Course::new(&stop, &deployment("newer", "PRIMARY", "IN_PROGRESS", (0, 2)));
    let going = |rollout| state(&[deployment("old", "PRIMARY", rollout, (2, 2))]);
    assert_eq!(
        course.see(&state(&[deployment("newer", "PRIMARY", "IN_PROGRESS", (0, 2))])),
        Standing::Running
    );
    assert_eq!(course.see(&going("IN_PROGRESS")), Standing::Running);
    assert_eq!(course.see(&going("COMPLETED")), Standing::Complete);
}

/// One of the deployments that ECS may show.
fn any_deployment() -> impl Strategy<Value = ServiceDeployment> {
    const ROLLOUTS: &[&str] = &["IN_PROGRESS", "COMPLETED", "FAILED", "SOMETHING_NEW"];
    const IDS: &[&str] = &["old", "newer", "newest"];
    const STATUSES: &[&str] = &["PRIMARY", "ACTIVE"];
    (prop::sample::select(IDS), prop::sample::select(STATUSES), prop::sample::select(ROLLOUTS), 0..4)
        .prop_map(|(id, status, rollout, running)| deployment(id, status, rollout, (running, 2)))
}

proptest! {
    /// Whatever ECS shows, in whatever order: success is told only of what is complete then, and nothing ends before the order
    /// has shown.
    #[test]
    fn success_is_never_told_of_what_is_not_complete(
        states in prop::collection::vec(prop::collection::vec(any_deployment(), 0..3), 1..12),
    ) {
        let mut course = course(&RolloutChange::Redeploy);
        let mut taken = false;
        for deployments in states {
            let now = state(&deployments);
            taken |= course.is_taken(&now);
            let standing = course.see(&now);
            prop_assert!(taken || standing == Standing::Running, "{standing:?}");
            if standing == Standing::Complete {
                let primary = now.primary().expect("something is complete");
                prop_assert_eq!(primary.rollout.as_deref(), Some("COMPLETED"));
                prop_assert_ne!(&primary.id, "old");
            }
            if standing != Standing::Running {
                break;
            }
        }
    }
}

fn definition(number: i32, image: &str, status: &str) -> TaskDefinition {
    TaskDefinition {
        arn: format!("{FAMILY}:{number}"),
        status: status.to_owned(),
        registered: Some(Timestamp(i64::from(number) * 1000)),
        task_role: None,
        containers: vec![ContainerDefinition {
            name: "web".to_owned(),
            image: image.to_owned(),
            essential: true,
            read_only: true,
            log: None,
            secrets: BTreeMap::new(),
        }],
    }
}

fn operation(id: &str, kind: &str, outcome: Outcome, events: &[(i32, &str)]) -> PastOperation {
    let event = |(number, status): &(i32, &str)| ResourceEvent {
        id: String::new(),
        stack_id: "arn:stack".to_owned(),
        time: Timestamp(i64::from(*number) * 1000),
        logical_id: "Task".to_owned(),
        physical_id: Some(format!("{FAMILY}:{number}")),
        resource_type: "AWS::ECS::TaskDefinition".to_owned(),
        status: (*status).to_owned(),
        reason: None,
        operation_id: Some(id.to_owned()),
        token: None,
    };
    PastOperation {
        ids: vec![id.to_owned()],
        token: None,
        kind: kind.to_owned(),
        began: Timestamp(0),
        ended: None,
        status: None,
        outcome,
        partial: false,
        cause: None,
        failures: Vec::new(),
        events: events.iter().map(event).collect(),
    }
}

fn brief(number: i64, status: &str) -> Brief {
    Brief {
        id: format!("deployment/{number}"),
        revision: format!("revision/{number}"),
        status: status.to_owned(),
        reason: None,
        began: Some(Timestamp(number)),
        ended: None,
    }
}

/// Five revisions: 1 was created, 2 replaced it, 3 failed and was taken back, 4 came from outside, 5 runs.
fn seen() -> Seen {
    let operations = vec![
        operation("five", "UPDATE", Outcome::Succeeded, &[(5, "CREATE_COMPLETE"), (2, "DELETE_COMPLETE")]),
        operation("three", "UPDATE", Outcome::RolledBack, &[(3, "CREATE_COMPLETE"), (3, "DELETE_COMPLETE")]),
        operation("two", "UPDATE", Outcome::Succeeded, &[(2, "CREATE_IN_PROGRESS"), (1, "DELETE_COMPLETE")]),
        operation("one", "CREATE", Outcome::Succeeded, &[(1, "CREATE_COMPLETE")]),
    ];
    let of = |number: i32, digest: &str| {
        (format!("{FAMILY}:{number}"), BTreeMap::from([("web".to_owned(), digest.to_owned())]))
    };
    Seen {
        current: 5,
        steady: true,
        definitions: vec![
            definition(1, "r/web:v1", "INACTIVE"),
            definition(2, "r/web:v2", "ACTIVE"),
            definition(3, "r/web:v3", "ACTIVE"),
            definition(4, "r/web:v4", "ACTIVE"),
            definition(5, "r/web@sha256:named", "ACTIVE"),
        ],
        rollouts: vec![
            brief(20, "SUCCESSFUL"),
            brief(30, "ROLLBACK_SUCCESSFUL"),
            brief(50, "SUCCESSFUL"),
            brief(51, "SUCCESSFUL"),
        ],
        revisions: BTreeMap::from([
            ("revision/20".to_owned(), of(2, "sha256:two")),
            ("revision/30".to_owned(), of(3, "sha256:three")),
            ("revision/50".to_owned(), of(5, "sha256:named")),
            ("revision/51".to_owned(), of(5, "sha256:named")),
        ]),
        history: Some(History {
            name: "S".to_owned(),
            stack_id: "arn:stack".to_owned(),
            status: None,
            operations,
            cut: false,
            notes: Vec::new(),
            hooks: Vec::new(),
        }),
    }
}

#[test]
fn deployments_are_numbered_by_revision_with_who_made_them_and_what_became_of_them() {
    let known = number(&seen());
    let told: Vec<_> =
        known.iter().map(|one| (one.number, one.ending, one.active, one.rollouts.len())).collect();
    assert_eq!(
        told,
        [
            (5, Ending::Runs, true, 2),
            (4, Ending::Unknown, true, 0),
            (3, Ending::RolledBack, true, 1),
            (2, Ending::Succeeded, true, 1),
            (1, Ending::Succeeded, false, 0),
        ]
    );
    let made =
        |name: &str, what: &str| MadeBy::CloudFormation { operation: name.to_owned(), what: what.to_owned() };
    let by: Vec<_> = known.iter().map(|one| one.by.clone()).collect();
    let expected = [
        made("five", "UPDATE"),
        MadeBy::Outside,
        made("three", "UPDATE"),
        made("two", "UPDATE"),
        made("one", "CREATE"),
    ];
    assert_eq!(by, expected);
    let digests: Vec<_> = known.iter().map(|one| one.images[0].digest.as_deref()).collect();
    assert_eq!(digests, [Some("sha256:named"), None, Some("sha256:three"), Some("sha256:two"), None]);
}

#[test]
fn who_made_a_revision_is_not_known_where_events_are_missing() {
    let mut cut = seen();
    if let Some(history) = &mut cut.history {
        history.operations.pop();
    }
    let of =
        |seen: &Seen, wanted| number(seen).into_iter().find(|one| one.number == wanted).map(|one| one.by);
    assert_eq!(of(&cut, 1), Some(MadeBy::Unknown));
    assert_eq!(of(&cut, 4), Some(MadeBy::Unknown));
    cut.history = None;
    assert_eq!(of(&cut, 5), Some(MadeBy::Unknown));
}

#[test]
fn the_revision_that_is_being_deployed_is_in_progress() {
    let mut going = seen();
    going.steady = false;
    going.rollouts.push(brief(60, "IN_PROGRESS"));
    assert_eq!(number(&going)[0].ending, Ending::InProgress);
    assert_eq!(going.in_progress().as_deref(), Some("deployment/60"));
    assert_eq!(seen().in_progress(), None);
}
