//! Failures of AWS in the form of all failures.

use cloud::{CloudError, Kind, Report};
use constructs::SynthesizedStack;
use serde_json::json;

use super::explained::{detail_lines, explanation_lines, line, place, task_lines};
use crate::exit::Exit;
use crate::problem::{AwsState, Failure, Problem};

/// What happened, how AWS was left, and what to do next.
pub(crate) fn failure(error: &CloudError) -> Failure {
    told(error.report(), None)
}

/// As [`failure`], with the construct and the source line of each resource that failed.
pub(crate) fn located(error: &CloudError, stack: Option<&SynthesizedStack>) -> Failure {
    let mut failure = told(error.report(), stack);
    if let Some(cause) = &error.report().cause
        && let Some(problem) = failure.problems.last_mut()
    {
        problem.at.push(place(cause, stack));
    }
    failure
}

/// As [`located`], of a report.
pub(super) fn told(report: &Report, stack: Option<&SynthesizedStack>) -> Failure {
    let (exit, code) = ending(report.kind);
    let mut problem = Problem::error(code, &report.what);
    // The message tells the cause already, in AWS's words.
    let adds_nothing = |blocker: &&cloud::Blocker| {
        let is_cause = report.cause.as_ref().is_some_and(|cause| cause.logical_id == blocker.logical_id);
        is_cause && blocker.remedy.is_none() && blocker.holders.is_empty()
    };
    for blocker in report.blockers.iter().filter(|blocker| !adds_nothing(blocker)) {
        let remedy = blocker.remedy.as_ref().map(|remedy| format!("; {remedy}")).unwrap_or_default();
        problem.also.push(format!("{blocker}{remedy}"));
    }
    // What blocks a deletion has been told in more words.
    let blocked = |event: &&cloud::ResourceEvent| {
        report.blockers.iter().any(|blocker| blocker.logical_id == event.logical_id)
    };
    let failures = report.failures.iter().filter(|event| !blocked(event));
    let others = failures.filter(|event| report.cause.as_ref() != Some(*event));
    problem.also.extend(others.map(|event| line(event, stack)));
    let explanation = cloud::explain_report(report);
    problem.notes.extend(explanation.iter().flat_map(explanation_lines));
    problem.notes.extend(report.details.iter().flat_map(|detail| detail_lines(detail, stack)));
    problem.notes.extend(report.tasks.iter().flat_map(task_lines));
    let state = AwsState {
        stack: report.stack.clone(),
        status: report.status.clone(),
        operation_id: report.operation_id.clone(),
        now: report.state.clone(),
        report: Some(json!({
            "cause": report.cause,
            "failures": report.failures,
            "explanation": explanation,
            "details": report.details,
            "tasks": report.tasks,
        })),
    };
    Failure { aws: Some(Box::new(state)), next: report.next.clone(), ..Failure::new(exit, vec![problem]) }
}

const fn ending(kind: Kind) -> (Exit, &'static str) {
    match kind {
        Kind::Failed => (Exit::Failed, "aws/failed"),
        Kind::Usage => (Exit::Usage, "aws/usage"),
        Kind::Refused => (Exit::Refused, "aws/refused"),
        Kind::Blocked => (Exit::Blocked, "aws/blocked"),
        Kind::Credentials => (Exit::Credentials, "aws/credentials"),
        Kind::Unreachable => (Exit::Unreachable, "aws/unreachable"),
        Kind::TimedOut => (Exit::TimedOut, "aws/timed-out"),
        Kind::Leftovers => (Exit::Leftovers, "aws/leftovers"),
        Kind::Interrupted => (Exit::Interrupted, "aws/interrupted"),
        Kind::Bug => (Exit::Bug, "bug"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_with_the_code_that_the_cloud_crate_documents() {
        let kinds = [
            Kind::Failed,
            Kind::Usage,
            Kind::Refused,
            Kind::Blocked,
            Kind::Credentials,
            Kind::Unreachable,
            Kind::TimedOut,
            Kind::Leftovers,
            Kind::Interrupted,
            Kind::Bug,
        ];
        for kind in kinds {
            assert_eq!(ending(kind).0.code(), kind.exit_code(), "{kind:?}");
        }
    }
}
