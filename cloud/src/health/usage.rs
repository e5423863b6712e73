//! How much of their CPU and memory services use, from CloudWatch.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy};
use serde::Serialize;

use crate::connect::Connection;
use crate::engine::progress::Timestamp;
use crate::error::CloudError;
use crate::failure::ApiFailure;
use crate::services::ServiceRef;

/// Into how many parts the time is cut.
const PARTS: u64 = 12;
/// Each value stands for a multiple of this: CloudWatch keeps minutes for 15 days, and five minutes for 63.
const MINUTE: u64 = 60;
/// The metrics of a service, and what is asked of each.
const QUESTIONS: [(&str, &str); 4] = [
    ("CPUUtilization", "Average"),
    ("CPUUtilization", "Maximum"),
    ("MemoryUtilization", "Average"),
    ("MemoryUtilization", "Maximum"),
];
/// About how many services one call asks: [GetMetricData][api] takes 500 queries.
///
/// [api]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
const SERVICES_A_CALL: usize = 500 / QUESTIONS.len();

/// What a service uses of what its tasks have, in percent.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Over how long, until now.
    pub seconds: u64,
    /// None if CloudWatch has nothing of that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Used>,
    /// None if CloudWatch has nothing of that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Used>,
}

/// How much of one thing was used.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Used {
    /// The mean of all tasks.
    pub average: f64,
    /// What the task that used most used in its worst minute.
    pub most: f64,
    /// The mean of each part of the time for which there is one, oldest first.
    pub parts: Vec<f64>,
}

/// What these services used during the last `window`, in their order.
///
/// # Errors
///
/// A question was not answered.
pub async fn usage(
    connection: &Connection,
    services: &[ServiceRef],
    window: Duration,
) -> Result<Vec<Usage>, CloudError> {
    let mut all = Vec::new();
    for services in services.chunks(SERVICES_A_CALL) {
        let values = values(connection, services, window).await.map_err(ApiFailure::into_error)?;
        let of = |at: usize, question: usize| values.get(&id(at, question)).cloned().unwrap_or_default();
        all.extend((0..services.len()).map(|at| Usage {
            seconds: window.as_secs(),
            cpu: used(of(at, 0), &of(at, 1)),
            memory: used(of(at, 2), &of(at, 3)),
        }));
    }
    Ok(all)
}

fn used(parts: Vec<f64>, most: &[f64]) -> Option<Used> {
    let number = u32::try_from(parts.len()).ok().filter(|number| *number > 0)?;
    let average = parts.iter().sum::<f64>() / f64::from(number);
    Some(Used { average, most: most.iter().copied().fold(average, f64::max), parts })
}

fn id(service: usize, question: usize) -> String {
    format!("q{service}_{question}")
}

/// What CloudWatch answers, by the ids of the questions.
async fn values(
    connection: &Connection,
    services: &[ServiceRef],
    window: Duration,
) -> Result<BTreeMap<String, Vec<f64>>, ApiFailure> {
    let now = Timestamp::now().0;
    let begin = now.saturating_sub(i64::try_from(window.as_millis()).unwrap_or(i64::MAX));
    let period = window.as_secs().div_ceil(PARTS).next_multiple_of(MINUTE).max(MINUTE);
    let questions: Vec<MetricDataQuery> = services
        .iter()
        .enumerate()
        .flat_map(|(at, service)| {
            let one = move |(number, (metric, statistic))| {
                query(service, id(at, number), metric, statistic, period)
            };
            QUESTIONS.into_iter().enumerate().map(one)
        })
        .collect();
    let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut token = None;
    loop {
        let call = connection
            .cloudwatch()
            .get_metric_data()
            .set_metric_data_queries(Some(questions.clone()))
            .start_time(DateTime::from_millis(begin))
            .end_time(DateTime::from_millis(now))
            .scan_by(ScanBy::TimestampAscending)
            .set_next_token(token);
        let answer = call.send().await.map_err(|error| ApiFailure::of("cloudwatch:GetMetricData", &error))?;
        for result in answer.metric_data_results() {
            values.entry(result.id().unwrap_or_default().to_owned()).or_default().extend(result.values());
        }
        token = answer.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(values);
        }
    }
}

/// The [metrics of a service][metrics] are known by the names of its cluster and its own.
///
/// [metrics]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html
fn query(service: &ServiceRef, id: String, metric: &str, statistic: &str, period: u64) -> MetricDataQuery {
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let metric = Metric::builder()
        .namespace("AWS/ECS")
        .metric_name(metric)
        .dimensions(dimension("ClusterName", &service.cluster))
        .dimensions(dimension("ServiceName", &service.name))
        .build();
    let period = i32::try_from(period).unwrap_or(i32::MAX);
    let asked = MetricStat::builder().metric(metric).period(period).stat(statistic).build();
    MetricDataQuery::builder().id(id).metric_stat(asked).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_was_measured_nothing_is_said() {
        assert_eq!(used(Vec::new(), &[]), None);
        let half = used(vec![10.0, 20.0], &[15.0, 90.0]);
        assert_eq!(half, Some(Used { average: 15.0, most: 90.0, parts: vec![10.0, 20.0] }));
    }
}
