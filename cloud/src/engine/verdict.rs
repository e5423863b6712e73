//! What a state or an ending means, in words: what happened, the state in AWS now, what to do next.

use super::deploy::Because;
use super::events::EventLog;
use super::follow::Ending;
use super::machine::SetView;
use super::progress::{Progress, ResourceEvent};
use super::request::{DeployOutcome, StackDescription};
use super::status::{Condition, condition};
use crate::diagnose::Detail;
use crate::error::{CloudError, Kind};
use crate::failure::{ApiFailure, Class};
use crate::services::watch::Repeat;

/// Why the stack cannot be updated now; `None` if it can.
pub(crate) fn obstacle(stack: &StackDescription) -> Option<CloudError> {
    let StackDescription { name, status, .. } = stack;
    let error = match condition(status) {
        Condition::Running => {
            let since =
                stack.updated.or(stack.created).map(|time| format!(" since {time}")).unwrap_or_default();
            CloudError::new(Kind::Blocked, format!("another operation runs on {name}: {status}{since}"))
                .next("wait until it has ended, then run the same command again")
        }
        Condition::Failed if status == "UPDATE_ROLLBACK_FAILED" => {
            CloudError::new(Kind::Blocked, format!("the last update of {name} could not be rolled back"))
                .next(format!("docuthinker rollback {name}"))
        }
        Condition::Failed if status == "DELETE_FAILED" => {
            CloudError::new(Kind::Blocked, format!("{name} is half deleted: its last deletion failed"))
                .next(format!("docuthinker destroy --stack-name {name}"))
        }
        Condition::Unknown => {
            CloudError::new(Kind::Blocked, format!("{name} is in a state we do not know: {status}"))
                .next("look at the stack in the AWS console")
        }
        _ => return None,
    };
    Some(about(error, stack))
}

/// AWS did not take the template.
pub(crate) fn not_prepared(failure: ApiFailure) -> CloudError {
    let untouched = "the stack was not changed";
    if failure.class == Class::Rejected {
        let code = failure.code.map(|code| format!(" ({code})")).unwrap_or_default();
        return CloudError::new(
            Kind::Failed,
            format!("AWS does not accept the template: {}{code}", failure.message),
        )
        .state(untouched);
    }
    let lost = failure.passes();
    let error = failure.into_error();
    if lost {
        error.state("the stack was not changed; a change set may have been left behind")
    } else {
        error.state(untouched)
    }
}

/// A change set without changes is told as a failure, in one of two English sentences.
pub(crate) fn means_no_changes(set: &SetView) -> bool {
    says_no_changes(set) && set.changes.is_empty() && set.execution != "AVAILABLE"
}

/// Whether these are the sentences; those of a nested stack may be told beside changes.
pub(crate) fn says_no_changes(set: &SetView) -> bool {
    set.reason.contains("didn't contain changes") || set.reason.contains("No updates are to be performed")
}

/// Nothing to do; which is no success if the stack is broken.
pub(crate) fn unchanged(before: Option<&StackDescription>) -> Result<DeployOutcome, CloudError> {
    let Some(stack) = before else {
        return Err(CloudError::new(Kind::Failed, "the template makes nothing: it has no resources"));
    };
    if condition(&stack.status) == Condition::Failed {
        let what = format!("there are no changes, but the last operation on {} failed", stack.name);
        let error = CloudError::new(Kind::Failed, what).next(format!("docuthinker rollback {}", stack.name));
        return Err(about(error, stack));
    }
    Ok(DeployOutcome {
        stack_id: stack.stack_id.clone(),
        status: stack.status.clone(),
        changed: false,
        outputs: stack.outputs.clone(),
        leftovers: Vec::new(),
    })
}

/// CloudFormation could not work out the changes.
pub(crate) fn change_set_failed(stack: &str, set: &SetView) -> CloudError {
    let reason = if set.reason.is_empty() { "no reason given" } else { &set.reason };
    CloudError::new(Kind::Failed, format!("CloudFormation cannot prepare the changes of {stack}: {reason}"))
        .state("the stack was not changed")
}

/// CloudFormation could not work out the changes of a nested stack, and so not those of the stack that it is in.
///
/// It looks into a nested stack before the resources are there that its parameters and address come from, and takes
/// some for mistakes that it [could deploy][issue]: hence the way around.
///
/// [issue]: https://github.com/aws-cloudformation/cfn-language-discussion/issues/152
pub(crate) fn nested_set_failed(stack: &str, set: &SetView) -> CloudError {
    change_set_failed(stack, set).next(
        "correct the nested stack or its template; if only the look ahead fails, the same command with \
         `--no-nested-changes` leaves that out, and with it the guard of what is inside",
    )
}

/// What CloudFormation's validation warns of before anything is executed.
pub(crate) fn warning(detail: &Detail) -> Progress {
    let about = detail.logical_id.as_ref().map(|id| format!("{id}: ")).unwrap_or_default();
    Progress::Note { text: format!("CloudFormation warns: {about}{}", detail.reason) }
}

/// The stack is not as it was when its changes were shown.
pub(crate) fn changed_meanwhile(stack: &str, now: Option<&StackDescription>) -> CloudError {
    let state = now.map_or_else(
        || format!("{stack} does not exist any more"),
        |now| format!("{stack} is {}; we changed nothing", now.status),
    );
    CloudError::new(
        Kind::Blocked,
        format!("somebody else changed {stack} meanwhile; the approved changes are out of date"),
    )
    .state(state)
    .next("run the same command again and look at the new changes")
}

/// The change set is another one than was shown.
pub(crate) fn not_what_was_approved(stack: &str, why: &str) -> CloudError {
    CloudError::new(Kind::Blocked, format!("the change set of {stack} is not what was approved: {why}"))
        .state("we changed nothing")
        .next("run the same command again and look at the new changes")
}

/// The stack has as many change sets as it may have, and none of them is an old one of ours.
pub(crate) fn full_of_change_sets(stack: &str, count: usize) -> CloudError {
    let what =
        format!("{stack} has {count} change sets, which is all it may have, and none is an old one of ours");
    CloudError::new(Kind::Blocked, what)
        .state("the stack was not changed")
        .next(format!("aws cloudformation list-change-sets --stack-name {stack}"))
}

/// The change set cannot be executed any more.
pub(crate) fn obsolete(stack: &str, execution: &str) -> CloudError {
    CloudError::new(
        Kind::Blocked,
        format!("the approved changes of {stack} can no longer be executed ({execution})"),
    )
    .state("we changed nothing")
    .next("run the same command again and look at the new changes")
}

/// Whether the order to execute arrived is not known.
pub(crate) fn execution_unknown(error: CloudError, stack: &str) -> CloudError {
    error
        .state("the order to execute the change set was sent; whether it arrived is not known")
        .next(format!("docuthinker watch {stack}"))
}

/// The end of an executed change set.
pub(crate) fn ended(
    name: &str,
    log: &EventLog,
    ending: Ending,
    cancelled: Option<&Because>,
) -> Result<DeployOutcome, CloudError> {
    let Ending::Stack(stack) = ending else {
        if cancelled == Some(&Because::TimedOut) {
            let what = format!("{name} was not ready in time; it was deleted again");
            return Err(
                explained(CloudError::new(Kind::TimedOut, what), log).state(format!("{name} does not exist"))
            );
        }
        let error = CloudError::new(Kind::Failed, format!("{name} was deleted while it was being deployed"));
        let error = explained(error, log).state(format!("{name} does not exist"));
        return Err(error.next(format!("docuthinker deploy {name}, to make it anew")));
    };
    if condition(&stack.status) == Condition::Succeeded {
        let leftovers = leftovers(log);
        return Ok(DeployOutcome {
            stack_id: stack.stack_id,
            status: stack.status,
            changed: true,
            outputs: stack.outputs,
            leftovers,
        });
    }
    let (kind, what) = match cancelled {
        Some(Because::TimedOut) => {
            let what = if stack.status == "DELETE_FAILED" {
                "could not be deleted"
            } else {
                "the update was cancelled"
            };
            (Kind::TimedOut, format!("{name} was not ready in time; {what}"))
        }
        Some(Because::Interrupted) => (Kind::Interrupted, "interrupted; the update was cancelled".to_owned()),
        Some(Because::Repeats(repeat)) => {
            let Repeat { logical_id, reason, .. } = repeat;
            (
                Kind::Failed,
                format!("the tasks of {logical_id} keep stopping ({reason}); the update was cancelled"),
            )
        }
        None => (Kind::Failed, format!("the deployment of {name} failed")),
    };
    let because = log.cause().filter(|_| cancelled.is_none()).map(|cause| format!(": {}", told(cause)));
    let error = CloudError::new(kind, what + &because.unwrap_or_default());
    Err(about(explained(error, log), &stack).state(aftermath(&stack)).next(next_step(&stack)))
}

/// The update ended before it could be cancelled.
pub(crate) fn too_late(stack: &StackDescription, log: &EventLog) -> CloudError {
    let what = format!("too late to cancel: the update of {} has succeeded", stack.name);
    let error = CloudError::new(Kind::Blocked, what)
        .state(format!("{} is {}", stack.name, stack.status))
        .next("deploy the version before, if it is to go back");
    about(explained(error, log), stack)
}

/// The end of an operation that somebody watched, or of a rollback that was asked for, if it did not go well.
pub(crate) fn not_done(stack: &StackDescription, log: &EventLog) -> CloudError {
    let because = log.cause().map(|cause| format!(": {}", told(cause))).unwrap_or_default();
    let what = match stack.status.as_str() {
        "UPDATE_ROLLBACK_FAILED" | "ROLLBACK_FAILED" => "could not be rolled back",
        _ => "was not brought to its new state",
    };
    let error = CloudError::new(Kind::Failed, format!("{} {what}{because}", stack.name));
    let failures = log.failures();
    let next = match stack.status.as_str() {
        "UPDATE_ROLLBACK_FAILED" if !failures.is_empty() => {
            let skip: Vec<_> = failures.iter().map(|event| format!("--skip {}", event.logical_id)).collect();
            format!(
                "correct the cause, then `docuthinker rollback {0}`; or leave what is stuck alone: `docuthinker rollback {0} {1}`",
                stack.name,
                skip.join(" ")
            )
        }
        _ => next_step(stack),
    };
    about(explained(error, log), stack).state(aftermath(stack)).next(next)
}

/// What an operation that succeeded could not remove.
pub(crate) fn leftovers(log: &EventLog) -> Vec<String> {
    log.not_deleted().into_iter().map(leftover).collect()
}

/// What stays in AWS after a failed deployment.
fn aftermath(stack: &StackDescription) -> String {
    let StackDescription { name, status, .. } = stack;
    match status.as_str() {
        "ROLLBACK_COMPLETE" => format!("{name} is {status}: what had been made was removed again"),
        "UPDATE_ROLLBACK_COMPLETE" => format!("{name} is {status}: as it was before the deployment"),
        _ => format!("{name} is {status}"),
    }
}

fn next_step(stack: &StackDescription) -> String {
    match stack.status.as_str() {
        "UPDATE_ROLLBACK_FAILED" => {
            format!("docuthinker rollback {}", stack.name)
        }
        "UPDATE_FAILED" | "CREATE_FAILED" => format!("docuthinker rollback {}", stack.name),
        "DELETE_FAILED" => format!("docuthinker destroy --stack-name {}", stack.name),
        _ => format!("correct the cause, then `docuthinker deploy {}`", stack.name),
    }
}

/// Adds the stack and its status.
pub(crate) fn about(error: CloudError, stack: &StackDescription) -> CloudError {
    error.with(|report| {
        report.stack = Some(stack.name.clone());
        report.status = Some(stack.status.clone());
    })
}

/// Adds the cause and all failures.
pub(crate) fn explained(error: CloudError, log: &EventLog) -> CloudError {
    error.with(|report| {
        report.operation_id = log.operation_id();
        report.cause = log.cause().cloned();
        report.failures = log.failures();
    })
}

/// A failed resource with its reason.
pub(crate) fn told(event: &ResourceEvent) -> String {
    let reason = event.reason.as_deref().unwrap_or("no reason given");
    format!("{} ({}): {reason}", event.logical_id, event.resource_type)
}

fn leftover(event: &ResourceEvent) -> String {
    let id = event.physical_id.as_deref().unwrap_or("without an id");
    let reason = event.reason.as_deref().unwrap_or("no reason given");
    format!("{} ({}, {id}) could not be deleted: {reason}", event.logical_id, event.resource_type)
}
