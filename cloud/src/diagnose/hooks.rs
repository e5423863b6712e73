//! Why hooks said no: their results, with the annotations of the rules inside them.

use aws_sdk_cloudformation::operation::get_hook_result::GetHookResultOutput;
use aws_sdk_cloudformation::types::{Annotation, ListHookResultsTargetType};

use super::detail::{Check, Detail};
use crate::connect::Connection;
use crate::failure::{ApiFailure, Class};
use crate::history::FailedHook;
use crate::text::{clean, shorten};

/// How many hooks' results are asked for.
const RESULTS: usize = 20;

/// What the hooks found in a change set.
///
/// The results can be listed for change sets only; those of resources have their ids in the stack's events.
///
/// Source: [ListHookResults][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListHookResults.html
pub(crate) async fn of_change_set(
    connection: &Connection,
    change_set: &str,
) -> Result<Vec<Detail>, ApiFailure> {
    let call = connection
        .cloudformation
        .list_hook_results()
        .target_type(ListHookResultsTargetType::ChangeSet)
        .target_id(change_set);
    let page = match call.send().await {
        Ok(page) => page,
        Err(error) => {
            let failure = ApiFailure::of("cloudformation:ListHookResults", &error);
            let none =
                failure.class == Class::Missing || failure.code.as_deref() == Some("HookResultNotFound");
            return if none { Ok(vec![]) } else { Err(failure) };
        }
    };
    let failed = page
        .hook_results()
        .iter()
        .filter(|result| result.status().is_some_and(|status| status.as_str().ends_with("FAILED")));
    let mut found = Vec::new();
    for result in failed.take(RESULTS) {
        let hook = FailedHook {
            time: crate::engine::progress::Timestamp(0),
            logical_id: String::new(),
            hook: result.type_name().map(clean).unwrap_or_default(),
            reason: result.hook_status_reason().map(clean).unwrap_or_default(),
            warning: result.failure_mode().is_some_and(|mode| mode.as_str() == "WARN"),
            result: result.hook_result_id().map(ToOwned::to_owned),
        };
        found.extend(of_hook(connection, &hook).await);
    }
    Ok(found)
}

/// What one hook found: what its rules say, or what it says itself if it does not tell or may not be asked.
pub(crate) async fn of_hook(connection: &Connection, hook: &FailedHook) -> Vec<Detail> {
    let Some(id) = &hook.result else { return vec![itself(hook, &hook.reason)] };
    match connection.cloudformation.get_hook_result().hook_result_id(id).send().await {
        Ok(result) => of_result(hook, &result),
        Err(error) => {
            let failure = ApiFailure::of("cloudformation:GetHookResult", &error);
            vec![itself(hook, &hook.reason), Detail::not_seen(&failure)]
        }
    }
}

fn of_result(hook: &FailedHook, result: &GetHookResultOutput) -> Vec<Detail> {
    let failed: Vec<Detail> = result
        .annotations()
        .iter()
        .filter(|annotation| annotation.status().is_none_or(|status| status.as_str() == "FAILED"))
        .map(|annotation| of_rule(hook, annotation))
        .collect();
    if failed.is_empty() {
        // Hooks in a Lambda function write no annotations, but a longer reason than the event shows.
        return vec![itself(hook, result.hook_status_reason().unwrap_or(&hook.reason))];
    }
    failed
}

fn of_rule(hook: &FailedHook, annotation: &Annotation) -> Detail {
    let rule = annotation.annotation_name().map(clean).unwrap_or_default();
    Detail {
        name: Some(format!("{} {rule}", hook.hook).trim().to_owned()),
        advice: annotation
            .remediation_message()
            .map(|text| shorten(&clean(text), super::detail::SHOWN_REASON)),
        link: annotation.remediation_link().map(clean),
        ..itself(hook, annotation.status_message().unwrap_or(&hook.reason))
    }
}

fn itself(hook: &FailedHook, reason: &str) -> Detail {
    let reason = if reason.is_empty() { "the hook gave no reason" } else { reason };
    Detail {
        name: Some(hook.hook.clone()).filter(|name| !name.is_empty()),
        warning: hook.warning,
        logical_id: Some(hook.logical_id.clone()).filter(|id| !id.is_empty()),
        ..Detail::new(Check::Hook, reason)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::AnnotationStatus;

    use super::*;
    use crate::engine::progress::Timestamp;

    fn hook() -> FailedHook {
        FailedHook {
            time: Timestamp(0),
            logical_id: "Bucket".into(),
            hook: "Guard::Rules".into(),
            reason: "Template failed validation, see the report".into(),
            warning: false,
            result: None,
        }
    }

    fn rule(name: &str, status: AnnotationStatus, message: &str) -> Annotation {
        Annotation::builder().annotation_name(name).status(status).status_message(message).build()
    }

    // A23
    #[test]
    fn the_rules_that_failed_are_shown_with_what_they_advise() {
        let failed = Annotation::builder()
            .annotation_name("S3_PUBLIC")
            .status(AnnotationStatus::Failed)
            .status_message("Bucket does not block public access\u{1b}[2J")
            .remediation_message("Block public access to the bucket")
            .remediation_link("https://example.com/rule")
            .build();
        let passed = rule("S3_NAME", AnnotationStatus::Passed, "fine");
        let result = GetHookResultOutput::builder().annotations(failed).annotations(passed).build();
        let found = of_result(&hook(), &result);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].text(),
            "Bucket: Bucket does not block public access [2J [Guard::Rules S3_PUBLIC]"
        );
        assert_eq!(found[0].advice.as_deref(), Some("Block public access to the bucket"));
        assert_eq!(found[0].link.as_deref(), Some("https://example.com/rule"));
    }

    // A23
    #[test]
    fn a_hook_without_annotations_says_its_own_reason_in_at_most_400_characters() {
        let result = GetHookResultOutput::builder().hook_status_reason("y".repeat(900)).build();
        let found = of_result(&hook(), &result);
        assert_eq!(found[0].reason.chars().count(), 401);
        let nothing = of_result(&hook(), &GetHookResultOutput::builder().build());
        assert_eq!(nothing[0].reason, "Template failed validation, see the report");
    }
}
