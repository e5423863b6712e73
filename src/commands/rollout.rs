//! What `redeploy`, `scale` and `rollback --fast` share: changing services past CloudFormation, in the live view of `deploy`.

use std::time::{Duration, Instant};

use cloud::{Progress, ResourceEvent, RolledOut, RolloutChange, RolloutRequest, Timestamp};
use serde::Serialize;

use super::estate::{InService, Place};
use crate::aws::{self, Aws, Monitor, Subject, View, together};
use crate::problem::{Failure, Result};
use crate::session::Session;

/// What is to be done to a service.
pub(crate) struct Wanted {
    pub(crate) service: InService,
    pub(crate) change: RolloutChange,
}

/// A service after its change, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Done {
    /// What people call it.
    pub(crate) service: String,
    /// Its stack.
    pub(crate) stack: String,
    #[serde(flatten)]
    pub(crate) end: RolledOut,
}

/// Changes the services side by side. What came of each is in their order; a failure of one does not stop the others.
pub(crate) fn roll_out(
    wanted: &[Wanted],
    places: &[Place],
    timeout: Option<Duration>,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Vec<Result<Done>> {
    let used: Vec<usize> =
        (0..places.len()).filter(|at| wanted.iter().any(|one| one.service.place == *at)).collect();
    let view =
        View::new(&mut session.printer, used.iter().map(|at| subject(&places[*at], wanted, *at)).collect());
    let monitors: Vec<Monitor<'_>> = (0..used.len()).map(|at| view.monitor(at)).collect();
    let works = wanted.iter().map(|one| {
        let at = used.iter().position(|at| *at == one.service.place).unwrap_or_default();
        change(one, &places[one.service.place], timeout, &monitors[at], aws)
    });
    let ends = aws.run(view.during(together(works)));
    drop(monitors);
    ends
}

/// The stack, in whose view the services have the names that people call them.
fn subject(place: &Place, wanted: &[Wanted], at: usize) -> Subject {
    let here = wanted.iter().filter(|one| one.service.place == at);
    Subject {
        name: place.stack.label().to_owned(),
        region: Some(place.connection.identity().region.clone()),
        paths: here.map(|one| (one.service.service.logical_id.clone(), one.service.name.clone())).collect(),
    }
}

async fn change(
    wanted: &Wanted,
    place: &Place,
    timeout: Option<Duration>,
    monitor: &Monitor<'_>,
    aws: &Aws,
) -> Result<Done> {
    let InService { service, name, .. } = &wanted.service;
    let (service_ref, change) = (service.clone(), wanted.change.clone());
    let request =
        RolloutRequest { timeout, ..RolloutRequest::new(service_ref, name, place.stack.label(), change) };
    let began = Instant::now();
    // CloudFormation knows nothing of it, so the picture has no row of its own for the service.
    let row = |status: &str| ResourceEvent {
        id: String::new(),
        stack_id: place.inventory.stack.stack_id.clone(),
        time: Timestamp(i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX)),
        logical_id: service.logical_id.clone(),
        physical_id: Some(service.arn.clone()),
        resource_type: "AWS::ECS::Service".to_owned(),
        status: status.to_owned(),
        reason: None,
        operation_id: None,
        token: None,
    };
    let told = |progress: Progress| {
        if matches!(progress, Progress::Phase { .. }) {
            monitor.draw(&row("UPDATE_IN_PROGRESS"));
        }
        monitor.see(progress);
    };
    let end = cloud::roll_out(&place.connection, &request, told, aws.cancel()).await;
    monitor.draw(&row(if end.is_ok() { "UPDATE_COMPLETE" } else { "UPDATE_FAILED" }));
    let end = end.map_err(|error| failure(&error, place))?;
    Ok(Done { service: name.clone(), stack: place.stack.label().to_owned(), end })
}

fn failure(error: &cloud::CloudError, place: &Place) -> Failure {
    aws::located(error, place.stack.synthesized.as_ref())
}

/// A task definition as people write it: `family:7`.
pub(crate) fn revision(task_definition: &str) -> &str {
    task_definition.rsplit('/').next().unwrap_or(task_definition)
}
