//! What the end of a deletion means, in words.

use super::blockers::{Blocker, Hold, holders};
use crate::engine::events::EventLog;
use crate::engine::follow::Follow;
use crate::engine::request::{DestroyOutcome, DestroyRequest, StackDescription, StackResource};
use crate::engine::verdict;
use crate::error::{CloudError, Kind};

/// The stack is gone; what it left is still in the account.
pub(crate) fn outcome(follow: &Follow) -> DestroyOutcome {
    let retained = follow.log.skipped().into_iter().map(|event| StackResource {
        logical_id: event.logical_id.clone(),
        resource_type: event.resource_type.clone(),
        physical_id: event.physical_id.clone(),
    });
    DestroyOutcome { stack_id: Some(follow.stack_id().to_owned()), retained: retained.collect() }
}

/// The end of a deletion that did not delete.
pub(crate) fn not_deleted(request: &DestroyRequest, log: &EventLog, stack: &StackDescription) -> CloudError {
    let name = &stack.name;
    let failed = log.not_deleted();
    let mut blockers: Vec<_> = failed.iter().map(|event| Blocker::told_by(event)).collect();
    blockers.extend(imported(stack));
    let because = match (log.cause(), stack.status_reason.as_ref()) {
        (Some(cause), _) => format!(": {}", verdict::told(cause)),
        (None, Some(reason)) => format!(": {reason}"),
        (None, None) => String::new(),
    };
    // What failed in a nested stack cannot be retained by its own id, only with the whole nested stack.
    let own = failed.iter().filter(|event| event.stack_id == stack.stack_id);
    let ids: Vec<_> = own.map(|event| event.logical_id.clone()).collect();
    let state = if ids.is_empty() {
        format!("{name} is {}", stack.status)
    } else {
        format!("{name} is {}; still there: {}", stack.status, ids.join(", "))
    };
    let next = next(request, stack, &ids, &blockers);
    let error = CloudError::new(Kind::Failed, format!("{name} could not be deleted{because}"));
    let error = verdict::about(verdict::explained(error, log), stack).state(state).next(next);
    error.with(|report| report.blockers = blockers)
}

/// An export in use fails no resource: the stack goes back to the status it had, and only the reason of that tells.
///
/// Source: [a stack that was `UPDATE_COMPLETE` again](https://github.com/aws/aws-cdk/issues/604).
fn imported(stack: &StackDescription) -> Option<Blocker> {
    let reason = stack.status_reason.as_deref()?;
    let stacks = holders(Hold::Imported, reason);
    let told = super::blockers::hold(reason) == Hold::Imported && !stacks.is_empty();
    told.then(|| Blocker {
        reason: Some(reason.to_owned()),
        ..Blocker::of_stack(&stack.name, &stack.stack_id, Hold::Imported, stacks)
    })
}

/// The one thing to do next. Only a stack whose deletion failed lets resources be retained.
fn next(request: &DestroyRequest, stack: &StackDescription, left: &[String], blockers: &[Blocker]) -> String {
    let again = &request.again;
    if let Some(denied) = blockers.iter().find(|blocker| blocker.hold == Hold::NotAllowed)
        && let Some(remedy) = &denied.remedy
    {
        return format!("{remedy}, then `{again}`");
    }
    if stack.status == "DELETE_FAILED" && !left.is_empty() {
        let retain: Vec<_> = left.iter().map(|id| format!("--retain {id}")).collect();
        let retain = retain.join(" ");
        return format!(
            "remove what is in the way and run `{again}`, or leave it in the account: `{again} {retain}`"
        );
    }
    match blockers.first().and_then(|blocker| blocker.remedy.as_ref()) {
        Some(remedy) => format!("{remedy}, then `{again}`"),
        None => format!("remove what is in the way, then `{again}`"),
    }
}

/// Resources can be retained only where a deletion has failed; AWS would refuse it in words that do not say so.
///
/// Source: [DeleteStack][aws], `RetainResources`.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html
pub(crate) fn cannot_retain(request: &DestroyRequest, stack: &StackDescription) -> Option<CloudError> {
    if request.retain.is_empty() || stack.status == "DELETE_FAILED" {
        return None;
    }
    let (name, status) = (&stack.name, &stack.status);
    let what = format!("resources can be retained only after a deletion has failed, and {name} is {status}");
    let error = CloudError::new(Kind::Refused, what)
        .state("nothing was changed in AWS")
        .next(format!("run `{}` without `--retain`", request.again));
    Some(verdict::about(error, stack))
}

/// Protection is never lifted silently: somebody set it on purpose.
pub(crate) fn protected(stack: &StackDescription) -> CloudError {
    let name = &stack.name;
    let error = CloudError::new(Kind::Refused, format!("{name} is protected against deletion"))
        .state("nothing was changed in AWS")
        .next(format!(
            "aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name {name}"
        ));
    verdict::about(error, stack)
}

pub(crate) fn in_use(stack: &StackDescription, used: Vec<(String, Vec<String>)>) -> CloudError {
    let list: Vec<_> =
        used.into_iter().map(|(export, by)| format!("`{export}` by {}", by.join(", "))).collect();
    let what = format!("other stacks import what {} exports: {}", stack.name, list.join("; "));
    let error = CloudError::new(Kind::Refused, what)
        .state("nothing was changed in AWS")
        .next("destroy the importing stacks first");
    verdict::about(error, stack)
}
