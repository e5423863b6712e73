//! The questions of drift detection.

use aws_sdk_cloudformation::types as aws;

use super::{Compared, PropertyDrift, ResourceDrift, Unchecked};
use crate::connect::Connection;
use crate::engine::api::{ordered, paced};
use crate::failure::ApiFailure;
use crate::text::clean;

/// What the SDK puts where a document has no word.
const UNSET: &str = "no value was set";

/// Begins a detection; gives back its id.
pub(super) async fn detect(connection: &Connection, stack: &str) -> Result<String, ApiFailure> {
    const ACTION: &str = "cloudformation:DetectStackDrift";
    let call = connection.ordering.detect_stack_drift().stack_name(stack);
    let answer = ordered(connection, ACTION, || call.clone().send()).await?;
    let id = answer.stack_drift_detection_id().filter(|id| !id.is_empty());
    id.map(str::to_owned).ok_or_else(|| ApiFailure::network(ACTION, "half an answer: it names no detection"))
}

/// How a detection stands.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) status: String,
    pub(super) reason: Option<String>,
    /// How many resources differ, once that is known.
    pub(super) drifted: Option<usize>,
}

/// How a detection stands, and why.
pub(super) async fn status(connection: &Connection, id: &str) -> Result<Standing, ApiFailure> {
    const ACTION: &str = "cloudformation:DescribeStackDriftDetectionStatus";
    let call = connection.polling.describe_stack_drift_detection_status().stack_drift_detection_id(id);
    let answer = paced(connection, ACTION, call.send()).await?;
    let status = answer.detection_status().map(|status| clean(status.as_str()));
    Ok(Standing {
        status: status.ok_or_else(|| ApiFailure::network(ACTION, "half an answer: it has no status"))?,
        reason: answer.detection_status_reason().map(clean).filter(|reason| !reason.is_empty()),
        drifted: answer.drifted_stack_resource_count().and_then(|count| usize::try_from(count).ok()),
    })
}

/// One page of what was found, put into `compared`; gives back the token of the next one.
pub(super) async fn page(
    connection: &Connection,
    stack: &str,
    token: Option<String>,
    compared: &mut Compared,
) -> Result<Option<String>, ApiFailure> {
    const ACTION: &str = "cloudformation:DescribeStackResourceDrifts";
    let call = connection.polling.describe_stack_resource_drifts().stack_name(stack);
    let page = paced(connection, ACTION, call.set_next_token(token).send()).await?;
    let Some(drifts) = &page.stack_resource_drifts else {
        return Err(ApiFailure::network(ACTION, "half an answer: it has no list of resources"));
    };
    // A document that was cut off still parses.
    let is_half = |drift: &aws::StackResourceDrift| {
        drift.stack_id().is_none_or(str::is_empty)
            || drift.logical_resource_id().is_none_or(str::is_empty)
            || drift.stack_resource_drift_status().is_none_or(|status| status.as_str() == UNSET)
    };
    if drifts.iter().any(is_half) {
        return Err(ApiFailure::network(ACTION, "half an answer: a resource has no name or no status"));
    }
    for drift in drifts {
        add(drift, compared);
    }
    Ok(page.next_token().filter(|token| !token.is_empty()).map(str::to_owned))
}

fn add(drift: &aws::StackResourceDrift, compared: &mut Compared) {
    let Some(logical_id) = drift.logical_resource_id().map(clean) else { return };
    let resource_type = drift.resource_type().map(clean).unwrap_or_default();
    let status = drift.stack_resource_drift_status().map(aws::StackResourceDriftStatus::as_str);
    match status {
        Some("IN_SYNC") => compared.in_sync.push(logical_id),
        Some(status @ ("MODIFIED" | "DELETED")) => compared.drifted.push(ResourceDrift {
            logical_id,
            resource_type,
            physical_id: drift.physical_resource_id().map(clean).filter(|id| !id.is_empty()),
            deleted: status == "DELETED",
            expected: drift.expected_properties().map(str::to_owned),
            actual: drift.actual_properties().map(str::to_owned),
            differences: drift.property_differences().iter().filter_map(difference).collect(),
        }),
        // `NOT_CHECKED` is a type that is not supported; `UNKNOWN` has a reason, and so may words that are not known.
        other => {
            let reason = drift.drift_status_reason().map(clean).filter(|reason| !reason.is_empty());
            let word =
                || other.filter(|word| *word != "NOT_CHECKED").map(|word| format!("it is {}", clean(word)));
            compared.unknown.push(Unchecked { logical_id, resource_type, reason: reason.or_else(word) });
        }
    }
}

/// The values stay as they are, since they are compared; whoever shows them takes care.
fn difference(difference: &aws::PropertyDifference) -> Option<PropertyDrift> {
    Some(PropertyDrift {
        path: clean(difference.property_path()?),
        expected: difference.expected_value().map(str::to_owned),
        actual: difference.actual_value().map(str::to_owned),
    })
}
