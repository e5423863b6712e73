//! Why an operation failed, explained afterwards: from the stack's events, its hooks, CloudFormation's validations, and
//! the tasks that stopped.
//!
//! Start at [`diagnose`], which asks AWS; `judge` is the pure part, and the tables of known failures are in `reasons`
//! and `containers`.

mod checks;
mod containers;
mod detail;
mod explain;
mod hooks;
mod reasons;
mod stops;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cause::is_about_a_stack;
use crate::connect::Connection;
use crate::engine::progress::{ResourceEvent, Timestamp};
use crate::error::CloudError;
use crate::failure::Class;
use crate::history::{History, Outcome, PastOperation, Reach, history};
use crate::services::StoppedTask;

pub use detail::{Check, Detail};
pub use explain::{Explanation, explain, explain_report, explain_task};

/// How it stands with a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing failed as far back as we read.
    Sound,
    /// The last operation failed.
    Failed,
    /// An earlier operation failed, and a later one succeeded.
    FailedBefore,
    /// An operation runs.
    Running,
}

/// A resource that an operation waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The event with which the waiting began.
    pub event: ResourceEvent,
    /// What such a resource usually waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_what: Option<&'static str>,
}

/// What is known of a stack's last failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// The stack's name.
    pub stack: String,
    /// The stack's ARN.
    pub stack_id: String,
    /// How it stands with it.
    pub verdict: Verdict,
    /// The state in AWS now, in words.
    pub state: String,
    /// The newest operation, whatever came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest: Option<PastOperation>,
    /// The operation that failed, or that runs and waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<PastOperation>,
    /// Why it failed, if the failure is a known one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
    /// What validations and hooks found in it, or in a change set after it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// The tasks that stopped, as far as ECS still knows them (it forgets after an hour).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<StoppedTask>,
    /// What a running operation waits for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
    /// The one thing to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// What could not be looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Explains the last failure of the stack `stack`, a name or an ARN.
///
/// # Errors
///
/// [`Kind::Refused`](crate::Kind::Refused) if there is no such stack; otherwise if its events cannot be read. What else
/// may not be looked at is a note.
pub async fn diagnose(connection: &Connection, stack: &str) -> Result<Diagnosis, CloudError> {
    let history = history(connection, stack, Reach::RECENT).await?;
    let details = details_of(connection, &history).await;
    let (tasks, notes) = match explained(&history) {
        Some(operation) => tasks::of(connection, operation).await,
        None => Default::default(),
    };
    let mut diagnosis = judge(history, details, tasks);
    diagnosis.notes.extend(notes);
    Ok(diagnosis)
}

/// What validations and hooks found in the operation that is explained, and after it.
async fn details_of(connection: &Connection, history: &History) -> Vec<Detail> {
    let explained = explained(history);
    let mut details = match checks::failed(connection, checks::Of::Stack(&history.stack_id)).await {
        Ok(found) => found.into_iter().filter(|found| concerns(found, explained)).collect(),
        // An older partition or a stand-in does not know the call, which only completes the picture.
        Err(failure) if failure.class == Class::Denied && explained.is_some() => {
            vec![Detail::not_seen(&failure)]
        }
        Err(_) => Vec::new(),
    };
    let Some(operation) = explained else { return details };
    let during = |time: Timestamp| time >= operation.began && operation.ended.is_none_or(|end| time <= end);
    let hooks: Vec<_> = history.hooks.iter().filter(|hook| during(hook.time)).collect();
    if !hooks.is_empty() {
        details.retain(|detail| detail.check != Check::Hook);
    }
    for hook in hooks {
        details.extend(hooks::of_hook(connection, hook).await);
    }
    details
}

/// Whether a finding belongs to the operation that is explained, or to a change set that failed after it.
fn concerns(found: &Detail, explained: Option<&PastOperation>) -> bool {
    let Some(operation) = explained else { return found.check == Check::Validation };
    let inside = found.operation_id.as_ref().is_some_and(|id| operation.ids.contains(id));
    let after = found.time.is_some_and(|time| time >= operation.began);
    // What failed while a resource was made is in the events, with more around it.
    found.check != Check::Provisioning && (inside || after)
}

/// More than the one sentence with which CloudFormation says that it cannot prepare a change set: what its validations
/// found, and why hooks said no. Never fails: what may not be looked at is a [`Check::Note`].
///
/// Validations that only warn are told for change sets that are ready, too, so this is worth asking before one is
/// executed.
///
/// Source: [validation of change sets][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
pub async fn explain_change_set(
    connection: &Connection,
    stack_id: &str,
    change_set_id: &str,
    reason: &str,
) -> Vec<Detail> {
    let reason = reason.to_lowercase();
    let of = checks::Of::ChangeSet { change_set: change_set_id, stack: stack_id };
    let mut details = match checks::failed(connection, of).await {
        Ok(found) => found,
        Err(failure) if reason.contains("validation") || failure.class == Class::Denied => {
            vec![Detail::not_seen(&failure)]
        }
        Err(_) => Vec::new(),
    };
    // The sentence is `The following hook(s)/validation failed: [AWS::EarlyValidation::…]`, whichever of them it was.
    let has = |check| details.iter().any(|detail| detail.check == check);
    if has(Check::Hook) || (reason.contains("hook") && !has(Check::Validation)) {
        match hooks::of_change_set(connection, change_set_id).await {
            Ok(found) if found.is_empty() => {}
            Ok(found) => {
                details.retain(|detail| detail.check != Check::Hook);
                details.extend(found);
            }
            Err(failure) => details.push(Detail::not_seen(&failure)),
        }
    }
    details
}

/// The operation that a diagnosis is about: the newest one if it runs, otherwise the last one that failed.
fn explained(history: &History) -> Option<&PastOperation> {
    let newest = history.operations.first().filter(|newest| newest.outcome == Outcome::Running);
    newest.or_else(|| history.operations.iter().find(|operation| operation.has_failed()))
}

/// What the history of a stack, and what was found beside it, come to.
fn judge(history: History, details: Vec<Detail>, tasks: Vec<StoppedTask>) -> Diagnosis {
    let operation = explained(&history).cloned();
    let latest = history.operations.iter().find(|latest| latest.outcome != Outcome::Announced).cloned();
    let verdict = match (&operation, &latest) {
        (None, _) => Verdict::Sound,
        (Some(operation), _) if operation.outcome == Outcome::Running => Verdict::Running,
        (Some(operation), Some(latest)) if operation.began < latest.began => Verdict::FailedBefore,
        _ => Verdict::Failed,
    };
    let latest_status = latest.as_ref().and_then(|latest| latest.status.clone());
    let status = history.status.or(latest_status).unwrap_or_default();
    let diagnosis = Diagnosis {
        state: state(&history.name, &status),
        next: None,
        stack: history.name,
        stack_id: history.stack_id,
        verdict,
        waiting: operation.as_ref().map(waiting).unwrap_or_default(),
        latest,
        operation,
        explanation: None,
        details,
        tasks: Vec::new(),
        notes: history.notes,
    };
    let next = next(&diagnosis, &status);
    Diagnosis { next, ..diagnosis }.with_tasks(tasks)
}

impl Diagnosis {
    /// Adds the tasks that stopped during the operation, which often say more than the service that waited for them.
    fn with_tasks(mut self, tasks: Vec<StoppedTask>) -> Diagnosis {
        let cause = self.operation.as_ref().and_then(|operation| operation.cause.as_ref());
        let of_service = cause.is_none_or(|cause| cause.resource_type.starts_with("AWS::ECS::"));
        let of_tasks = tasks.iter().rev().find_map(explain_task).filter(|_| of_service);
        self.explanation = of_tasks.or_else(|| cause.and_then(explain));
        self.tasks = tasks;
        self
    }
}

/// The resources that an operation waits for, each with the event with which its waiting began.
fn waiting(operation: &PastOperation) -> Vec<Waiting> {
    if operation.outcome != Outcome::Running {
        return Vec::new();
    }
    let mut open: BTreeMap<(&str, &str), &ResourceEvent> = BTreeMap::new();
    for event in operation.events.iter().filter(|event| !is_about_a_stack(event, &event.stack_id)) {
        let key = (event.stack_id.as_str(), event.logical_id.as_str());
        if !event.status.ends_with("_IN_PROGRESS") {
            open.remove(&key);
        } else if open.get(&key).is_none_or(|known| known.status != event.status) {
            open.insert(key, event);
        }
    }
    let mut waiting: Vec<Waiting> = open
        .into_values()
        .filter(|event| crate::cause::nested_stack(event).is_none())
        .map(|event| Waiting { event: event.clone(), for_what: waits_for(&event.resource_type) })
        .collect();
    waiting.sort_by_key(|waiting| waiting.event.time);
    waiting
}

/// What a resource that takes long usually waits for.
///
/// Sources: the time-outs of [services][ecs], [certificates][acm] and [custom resources][custom].
///
/// [ecs]: https://repost.aws/knowledge-center/cloudformation-ecs-service-stabilize
/// [acm]: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
/// [custom]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html
fn waits_for(resource_type: &str) -> Option<&'static str> {
    match resource_type {
        "AWS::ECS::Service" => {
            Some("its tasks to run and pass their health checks; CloudFormation gives up after 3 h")
        }
        "AWS::CertificateManager::Certificate" => {
            Some("the CNAME that validates it: aws acm describe-certificate shows which")
        }
        "AWS::CloudFormation::CustomResource" => Some("the answer of its function, for up to an hour"),
        "AWS::CloudFront::Distribution" => Some("its spreading over all locations, usually some minutes"),
        "AWS::EC2::SecurityGroup" | "AWS::EC2::Subnet" => {
            Some("network interfaces to go that still use it: aws ec2 describe-network-interfaces shows them")
        }
        _ if resource_type.starts_with("Custom::") => Some("the answer of its function, for up to an hour"),
        _ => None,
    }
}

/// What a stack's status means for whoever wants to change it.
///
/// Source: [stack status codes][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
fn state(stack: &str, status: &str) -> String {
    let meaning = match status {
        "" => return format!("the status of {stack} is not known"),
        "ROLLBACK_COMPLETE" => ": what its creation had made was removed again, only the name is left",
        "ROLLBACK_FAILED" => ": a part of what its creation had made could not be removed",
        "CREATE_FAILED" => ": what its creation had made until then is still there",
        "UPDATE_ROLLBACK_COMPLETE" => ": as it was before the update",
        "UPDATE_ROLLBACK_FAILED" => ": stuck between the update and the state before it",
        "UPDATE_FAILED" => ": the update stopped half way and was not undone",
        "DELETE_FAILED" => ": half deleted",
        "DELETE_COMPLETE" => ": it is gone",
        _ => "",
    };
    format!("{stack} is {status}{meaning}")
}

/// The one thing to do next.
fn next(diagnosis: &Diagnosis, status: &str) -> Option<String> {
    let Diagnosis { stack, verdict, .. } = diagnosis;
    Some(match (verdict, status) {
        (Verdict::Sound | Verdict::FailedBefore, _) => return None,
        (Verdict::Running, _) => format!("docuthinker watch {stack}"),
        (_, "UPDATE_ROLLBACK_FAILED" | "UPDATE_FAILED") => format!("docuthinker rollback {stack}"),
        (_, "DELETE_FAILED" | "ROLLBACK_FAILED") => format!("docuthinker destroy --stack-name {stack}"),
        (_, "DELETE_COMPLETE") => return None,
        _ => format!("correct the cause, then run `docuthinker deploy {stack}`"),
    })
}
