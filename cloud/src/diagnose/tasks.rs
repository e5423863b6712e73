//! The tasks that stopped during an operation, as far as ECS still knows them.

use std::collections::BTreeSet;

use crate::connect::Connection;
use crate::engine::progress::{Progress, ResourceEvent};
use crate::history::PastOperation;
use crate::services::logs::{LogPlaces, with_logs};
use crate::services::watch::{Kind, Watch};
use crate::services::{ServiceRef, StoppedTask, ask};

/// The tasks of the operation's services that failed since it began, with their last log lines, and what could not be
/// looked at.
pub(super) async fn of(
    connection: &Connection,
    operation: &PastOperation,
) -> (Vec<StoppedTask>, Vec<String>) {
    let mut watch = Watch::new(operation.began);
    let (mut places, mut notes) = (LogPlaces::default(), Vec::new());
    for service in services(&operation.events) {
        match ask::stopped_tasks(connection, &service).await {
            Ok(mut tasks) => {
                watch.answered(Kind::Tasks);
                // Those of a later operation are another story.
                tasks
                    .retain(|task| operation.ended.is_none_or(|end| task.stopped.is_none_or(|at| at <= end)));
                for task in watch.saw_tasks(tasks) {
                    let logged = with_logs(connection, &mut places, task).await;
                    notes.extend(
                        logged.failure.as_ref().and_then(|failure| watch.refused(Kind::Logs, failure)),
                    );
                    watch.logged(logged.task);
                }
            }
            Err(failure) => notes.extend(watch.refused(Kind::Tasks, &failure)),
        }
        if watch.is_silent(Kind::Tasks) || !watch.may("ecs:ListTasks") || !watch.may("ecs:DescribeTasks") {
            break;
        }
    }
    let text = |note| match note {
        Progress::Note { text } => Some(text),
        _ => None,
    };
    (watch.tasks().to_vec(), notes.into_iter().filter_map(text).collect())
}

/// The services that the operation worked on.
fn services(events: &[ResourceEvent]) -> BTreeSet<ServiceRef> {
    let services = events.iter().filter(|event| event.resource_type == "AWS::ECS::Service");
    services.filter_map(|event| ServiceRef::of(&event.logical_id, event.physical_id.as_deref()?)).collect()
}
