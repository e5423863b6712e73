//! What Application Auto Scaling did to services, what it decided not to do, and why.

use std::time::Duration;

use aws_sdk_applicationautoscaling::types::{self as aws, ScalableDimension, ServiceNamespace};
use serde::Serialize;

use crate::connect::Connection;
use crate::engine::progress::Timestamp;
use crate::error::CloudError;
use crate::failure::ApiFailure;
use crate::services::ServiceRef;
use crate::stacks::timestamp;
use crate::text::clean;

/// How many pages are read of a service, of up to 50 activities each.
const PAGES: usize = 40;

/// What was done to a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalingActivities {
    /// Oldest first.
    pub activities: Vec<ScalingActivity>,
    /// Whether there are older ones of the time that was asked for, which were too many to be read.
    pub cut: bool,
}

/// Something that was done to the number of a service's tasks, or that was decided not to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalingActivity {
    /// AWS's id of it.
    pub id: String,
    /// When it began, by AWS's clock.
    pub began: Timestamp,
    /// When it ended, if AWS says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// `Pending`, `InProgress`, `Successful`, `Overridden`, `Unfulfilled` or `Failed`.
    pub status: String,
    /// How many tasks there were to be, if it was about a number of tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u32>,
    /// What it was, in AWS's words.
    pub description: String,
    /// Why, in plain words.
    pub why: String,
    /// Why, in AWS's words.
    pub cause: String,
    /// What came of it, in AWS's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Why the number of tasks stayed as it was, if it was left so on purpose.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_scaled: Vec<NotScaled>,
}

/// A reason for leaving the number of tasks as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotScaled {
    /// AWS's word for it, for example `AlreadyAtMaxCapacity`.
    pub code: String,
    /// How many tasks there were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<i32>,
    /// How many there must be at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<i32>,
    /// How many there may be at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<i32>,
}

impl ScalingActivity {
    /// How long it took, by AWS's clock.
    pub fn took(&self) -> Option<Duration> {
        let milliseconds = self.ended?.0.checked_sub(self.began.0)?;
        u64::try_from(milliseconds).ok().map(Duration::from_millis)
    }
}

impl NotScaled {
    /// The reason in plain words, such as go after "it stays as it is:".
    ///
    /// Source: [not scaled reason codes][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scaling-activities.html
    pub fn text(&self) -> String {
        let number = |number: Option<i32>| number.map(|number| format!(" of {number}")).unwrap_or_default();
        match self.code.as_str() {
            "AlreadyAtMaxCapacity" => format!("it is at its maximum{}", number(self.maximum)),
            "AlreadyAtMinCapacity" => format!("it is at its minimum{}", number(self.minimum)),
            "AlreadyAtDesiredCapacity" => "it has as many tasks as it needs".to_owned(),
            "AutoScalingAnticipatedFlapping" => "it would go back and forth without end".to_owned(),
            "TargetServicePutResourceAsUnscalable" => "ECS lets nobody scale it for the moment".to_owned(),
            other => other.to_owned(),
        }
    }
}

/// What Application Auto Scaling did to a service since `since`, and what it decided not to do. It tells of the last [six
/// weeks][aws].
///
/// [aws]: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html
///
/// # Errors
///
/// A question was not answered.
pub async fn scaling_activities(
    connection: &Connection,
    service: &ServiceRef,
    since: Timestamp,
) -> Result<ScalingActivities, CloudError> {
    let client = connection.scaling();
    let (mut activities, mut token, mut cut) = (Vec::new(), None, true);
    for _ in 0..PAGES {
        let call = client
            .describe_scaling_activities()
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id(format!("service/{}/{}", service.cluster, service.name))
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .include_not_scaled_activities(true)
            .set_next_token(token);
        let page = call.send().await.map_err(|error| {
            ApiFailure::of("application-autoscaling:DescribeScalingActivities", &error).into_error()
        })?;
        let told: Vec<_> = page.scaling_activities().iter().filter_map(activity).collect();
        // The newest come first, as they do in all examples of AWS, whose reference does not say so.
        let is_past = !told.is_empty() && told.iter().all(|activity| activity.began < since);
        activities.extend(told.into_iter().filter(|activity| activity.began >= since));
        token = page.next_token.filter(|token| !token.is_empty());
        if is_past || token.is_none() {
            cut = false;
            break;
        }
    }
    activities.sort_by(|one: &ScalingActivity, other| (one.began, &one.id).cmp(&(other.began, &other.id)));
    Ok(ScalingActivities { activities, cut })
}

/// An activity; `None` for one without a time, which the SDK takes for the beginning of 1970.
fn activity(activity: &aws::ScalingActivity) -> Option<ScalingActivity> {
    let began = timestamp(activity.start_time()).filter(|began| began.0 > 0)?;
    let (description, cause) = (clean(activity.description()), clean(activity.cause()));
    let reasons = activity.not_scaled_reasons().iter().map(|reason| NotScaled {
        code: clean(reason.code()),
        current: reason.current_capacity(),
        minimum: reason.min_capacity(),
        maximum: reason.max_capacity(),
    });
    Some(ScalingActivity {
        id: clean(activity.activity_id()),
        began,
        ended: activity.end_time().and_then(timestamp),
        status: clean(activity.status_code().as_str()),
        to: number(&description),
        why: why(&cause),
        description,
        cause,
        message: activity.status_message().map(clean).filter(|message| !message.is_empty()),
        not_scaled: reasons.collect(),
    })
}

/// The number in `Setting desired count to 3.`
fn number(description: &str) -> Option<u32> {
    let number = description.strip_prefix("Setting desired count to ")?;
    number.trim_end_matches('.').parse().ok()
}

/// A cause in plain words; as AWS says it where it says something else than in the [examples][aws].
///
/// [aws]: https://docs.aws.amazon.com/cli/latest/reference/application-autoscaling/describe-scaling-activities.html
fn why(cause: &str) -> String {
    let alarm = cause.strip_prefix("monitor alarm ").and_then(|rest| rest.split_once(" triggered policy "));
    if let Some((alarm, policy)) = alarm {
        let alarm = alarm.split(" in state ").next().unwrap_or(alarm);
        // The alarms of a policy that holds a metric at a value are AWS's own; their names are long and say which side it is.
        let is_own = alarm.starts_with("TargetTracking-");
        return match (is_own && alarm.contains("-AlarmHigh-"), is_own && alarm.contains("-AlarmLow-")) {
            (true, _) => format!("the metric of {policy} was above its target"),
            (_, true) => format!("the metric of {policy} was below its target"),
            _ => format!("the alarm {alarm} set off {policy}"),
        };
    }
    if let Some(rest) = cause.strip_prefix("scheduled action name ") {
        return format!("the scheduled action {} ran", rest.trim_end_matches(" was triggered"));
    }
    for (begin, what) in
        [("minimum capacity was set to ", "minimum"), ("maximum capacity was set to ", "maximum")]
    {
        if let Some(number) = cause.strip_prefix(begin) {
            return format!("its {what} was set to {number}");
        }
    }
    cause.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_in_plain_words() {
        let high = "TargetTracking-service/main/api-AlarmHigh-1b2c";
        for (cause, plain) in [
            (
                format!("monitor alarm {high} in state ALARM triggered policy cpu-target-tracking"),
                "the metric of cpu-target-tracking was above its target",
            ),
            (
                "monitor alarm TargetTracking-service/main/api-AlarmLow-9 triggered policy cpu".to_owned(),
                "the metric of cpu was below its target",
            ),
            (
                "monitor alarm api-low in state ALARM triggered policy in-steps".to_owned(),
                "the alarm api-low set off in-steps",
            ),
            ("scheduled action name evening was triggered".to_owned(), "the scheduled action evening ran"),
            ("minimum capacity was set to 4".to_owned(), "its minimum was set to 4"),
            ("maximum capacity was set to 4".to_owned(), "its maximum was set to 4"),
            ("something new".to_owned(), "something new"),
        ] {
            assert_eq!(why(&cause), plain);
        }
    }

    #[test]
    fn only_a_number_of_tasks_is_one() {
        assert_eq!(number("Setting desired count to 12."), Some(12));
        assert_eq!(number("Setting min capacity to 5 and max capacity to 10"), None);
        assert_eq!(number("Attempting to scale due to alarm triggered"), None);
    }
}
