//! Whether what a stack runs is well: the health of load balancer targets, alarms, and whether an address answers.

mod address;
mod balancer;
mod names;
mod usage;

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::AlarmType;
use serde::Serialize;

pub use address::{Answer, call_address, call_address_at};
pub use balancer::{LoadBalancer, load_balancer};
pub use names::addresses_of;
pub use usage::{Usage, Used, usage};

use crate::connect::Connection;
use crate::engine::progress::Timestamp;
use crate::error::CloudError;
use crate::failure::ApiFailure;
use crate::stacks::timestamp;
use crate::text::clean;

/// How many alarms [DescribeAlarms][api] takes by name.
///
/// [api]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
const ALARMS_A_CALL: usize = 100;

/// A target of a target group, as its load balancer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetHealth {
    /// Its id: an IP address, an instance, a function's ARN.
    pub target: String,
    /// Its port, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<i32>,
    /// `healthy`, `unhealthy`, `initial`, `draining`, `unused`, `unavailable`, …
    pub state: String,
    /// AWS's code of the reason, for example `Target.ResponseCodeMismatch`; a healthy target has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The reason in AWS's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// An alarm of CloudWatch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: String,
    /// Why, in AWS's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when, by AWS's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Whether it is made of other alarms.
    pub composite: bool,
}

/// The health of all targets that are registered in the target group with this ARN, in AWS's order.
///
/// # Errors
///
/// The question was not answered.
pub async fn target_health(
    connection: &Connection,
    target_group: &str,
) -> Result<Vec<TargetHealth>, CloudError> {
    let call = connection.load_balancing().describe_target_health().target_group_arn(target_group);
    let answer = call
        .send()
        .await
        .map_err(|error| ApiFailure::of("elasticloadbalancing:DescribeTargetHealth", &error).into_error())?;
    let targets = answer.target_health_descriptions().iter().filter_map(|described| {
        let target = described.target()?;
        let health = described.target_health();
        Some(TargetHealth {
            target: clean(target.id().unwrap_or_default()),
            port: target.port(),
            state: health
                .and_then(|health| health.state())
                .map_or_else(String::new, |state| clean(state.as_str())),
            reason: health.and_then(|health| health.reason()).map(|reason| clean(reason.as_str())),
            description: health.and_then(|health| health.description()).map(clean),
        })
    });
    Ok(targets.collect())
}

/// The alarms with these names, metric alarms and composite ones, in the order of the names; those that are gone are
/// left out.
///
/// # Errors
///
/// A question was not answered.
pub async fn alarms(connection: &Connection, names: &[String]) -> Result<Vec<Alarm>, CloudError> {
    let mut found = BTreeMap::new();
    for names in names.chunks(ALARMS_A_CALL) {
        let call = connection
            .cloudwatch()
            .describe_alarms()
            .set_alarm_names(Some(names.to_vec()))
            // Composite alarms are told only if they are asked for.
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .max_records(100);
        let answer = call
            .send()
            .await
            .map_err(|error| ApiFailure::of("cloudwatch:DescribeAlarms", &error).into_error())?;
        let alarm = |name: Option<&str>, state: Option<&str>, reason: Option<&str>, since, composite| {
            let name = name?.to_owned();
            let alarm = Alarm {
                name: clean(&name),
                state: state.map(clean).unwrap_or_default(),
                reason: reason.map(clean).filter(|reason| !reason.is_empty()),
                since,
                composite,
            };
            Some((name, alarm))
        };
        found.extend(answer.metric_alarms().iter().filter_map(|one| {
            let since = one.state_transitioned_timestamp().or(one.state_updated_timestamp());
            let state = one.state_value().map(aws_sdk_cloudwatch::types::StateValue::as_str);
            alarm(one.alarm_name(), state, one.state_reason(), since.and_then(timestamp), false)
        }));
        found.extend(answer.composite_alarms().iter().filter_map(|one| {
            let since = one.state_transitioned_timestamp().or(one.state_updated_timestamp());
            let state = one.state_value().map(aws_sdk_cloudwatch::types::StateValue::as_str);
            alarm(one.alarm_name(), state, one.state_reason(), since.and_then(timestamp), true)
        }));
    }
    Ok(names.iter().filter_map(|name| found.remove(name)).collect())
}
