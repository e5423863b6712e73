//! `DescribeEvents`, which tells what CloudFormation's validations found.

use aws_sdk_cloudformation::types::{EventFilter, OperationEvent};

use super::detail::{Check, Detail};
use crate::connect::Connection;
use crate::failure::ApiFailure;
use crate::stacks::timestamp;
use crate::text::clean;

/// How many pages of failed events are read.
const PAGES: usize = 5;

/// Of what the failed events are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of<'a> {
    /// A change set, by its ARN, or by its name and the stack that it is of. Its name alone is [not taken][issue].
    ///
    /// [issue]: https://github.com/aws-cloudformation/cloudformation-cli/issues/1116
    ChangeSet { change_set: &'a str, stack: &'a str },
    /// A stack, by its ARN.
    Stack(&'a str),
}

/// What failed in a change set or stack, newest first, each thing once.
pub(crate) async fn failed(connection: &Connection, of: Of<'_>) -> Result<Vec<Detail>, ApiFailure> {
    let mut found: Vec<Detail> = Vec::new();
    let mut token = None;
    for _ in 0..PAGES {
        let filter = EventFilter::builder().failed_events(true).build();
        let call = connection.cloudformation.describe_events().filters(filter).set_next_token(token);
        let call = match of {
            Of::ChangeSet { change_set, .. } if change_set.starts_with("arn:") => {
                call.change_set_name(change_set)
            }
            Of::ChangeSet { change_set, stack } => call.change_set_name(change_set).stack_name(stack),
            Of::Stack(arn) => call.stack_name(arn),
        };
        let page =
            call.send().await.map_err(|error| ApiFailure::of("cloudformation:DescribeEvents", &error))?;
        for detail in page.operation_events().iter().filter_map(detail) {
            if !found.iter().any(|known| same(known, &detail)) {
                found.push(detail);
            }
        }
        token = page.next_token().map(ToOwned::to_owned);
        if token.is_none() {
            break;
        }
    }
    Ok(found)
}

/// The same finding is told by every attempt, and for every nested change set.
fn same(a: &Detail, b: &Detail) -> bool {
    (a.check, &a.name, &a.logical_id, &a.path, &a.reason, &a.operation_id)
        == (b.check, &b.name, &b.logical_id, &b.path, &b.reason, &b.operation_id)
}

/// What an event tells of a failure; `None` if it tells of none.
fn detail(event: &OperationEvent) -> Option<Detail> {
    let warns = |mode: Option<&aws_sdk_cloudformation::types::HookFailureMode>| {
        mode.is_some_and(|mode| mode.as_str() == "WARN")
    };
    let found = match event.event_type()?.as_str() {
        "VALIDATION_ERROR" => {
            if event.validation_status().is_some_and(|status| status.as_str() == "SKIPPED") {
                return None;
            }
            Detail {
                name: event.validation_name().map(clean),
                warning: warns(event.validation_failure_mode()),
                path: event.validation_path().map(clean).filter(|path| !path.is_empty()),
                ..Detail::new(Check::Validation, event.validation_status_reason()?)
            }
        }
        "HOOK_INVOCATION_ERROR" => Detail {
            name: event.hook_type().map(clean),
            warning: warns(event.hook_failure_mode()),
            ..Detail::new(Check::Hook, event.hook_status_reason().or(event.resource_status_reason())?)
        },
        "PROVISIONING_ERROR" => Detail::new(Check::Provisioning, event.resource_status_reason()?),
        _ => return None,
    };
    let in_path = found.path.as_deref().and_then(resource_in).map(ToOwned::to_owned);
    let found = Detail {
        logical_id: event.logical_resource_id().map(clean).or(in_path),
        resource_type: event.resource_type().map(clean).filter(|kind| !kind.is_empty()),
        time: event.timestamp().and_then(timestamp),
        operation_id: event.operation_id().map(clean),
        ..found
    };
    Some(found.advised())
}

/// The logical id in `/Resources/Topic/Properties`.
fn resource_in(path: &str) -> Option<&str> {
    path.strip_prefix("/Resources/")?.split('/').next()
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::{EventType, HookFailureMode, ValidationStatus};

    use super::*;

    fn event() -> aws_sdk_cloudformation::types::builders::OperationEventBuilder {
        OperationEvent::builder()
            .event_type(EventType::ValidationError)
            .validation_status(ValidationStatus::Failed)
    }

    // A22
    #[test]
    fn a_validation_names_its_resource_and_property() {
        let event = event()
            .validation_name("PROPERTY_VALIDATION")
            .validation_status_reason("Required property [PolicyName] not found")
            .validation_path("/Resources/BadPolicy/Properties")
            .resource_type("AWS::IAM::Policy")
            .build();
        assert_eq!(
            detail(&event).unwrap().text(),
            "BadPolicy (AWS::IAM::Policy): Required property [PolicyName] not found \
             (at /Resources/BadPolicy/Properties) [PROPERTY_VALIDATION]"
        );
    }

    // A21
    #[test]
    fn a_validation_that_only_warns_says_so() {
        let event = event()
            .validation_failure_mode(HookFailureMode::Warn)
            .validation_status_reason("the quota of VPCs would be exceeded")
            .build();
        assert_eq!(detail(&event).unwrap().text(), "warning: the quota of VPCs would be exceeded");
    }

    #[test]
    fn what_was_skipped_or_has_no_failure_is_none() {
        let skipped = event()
            .validation_status(ValidationStatus::Skipped)
            .validation_status_reason("no access")
            .build();
        assert_eq!(detail(&skipped), None);
        assert_eq!(detail(&OperationEvent::builder().event_type(EventType::StackEvent).build()), None);
        assert_eq!(detail(&OperationEvent::builder().build()), None);
    }
}
