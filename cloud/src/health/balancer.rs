//! A load balancer, as whoever compares two of them wants to know it.

use crate::connect::Connection;
use crate::error::CloudError;
use crate::failure::ApiFailure;
use crate::text::clean;

/// A load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancer {
    /// The name that AWS gave it, which callers or a record lead to.
    pub dns_name: String,
    /// The hosted zone of that name, which an alias record must name; every region has another one.
    pub hosted_zone: String,
}

/// The load balancer with this ARN; `None` if there is none.
///
/// Source: [DescribeLoadBalancers][aws] in the Elastic Load Balancing API reference.
///
/// [aws]: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html
///
/// # Errors
///
/// The question was not answered.
pub async fn load_balancer(connection: &Connection, arn: &str) -> Result<Option<LoadBalancer>, CloudError> {
    let call = connection.load_balancing().describe_load_balancers().load_balancer_arns(arn);
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) => {
            let failure = ApiFailure::of("elasticloadbalancing:DescribeLoadBalancers", &error);
            let absent = failure.is_absent() || failure.code.as_deref() == Some("LoadBalancerNotFound");
            return if absent { Ok(None) } else { Err(failure.into_error()) };
        }
    };
    Ok(answer.load_balancers().first().map(|found| LoadBalancer {
        dns_name: found.dns_name().map(clean).unwrap_or_default(),
        hosted_zone: found.canonical_hosted_zone_id().map(clean).unwrap_or_default(),
    }))
}
