//! Quotas: how many of something an account may have in a region, against what is there and what is to be added.

use std::collections::BTreeMap;

use super::{Check, PATIENCE};
use crate::connect::Connection;
use crate::failure::ApiFailure;
use crate::together::together;

/// What a deployment adds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Added {
    /// How many resources of each CloudFormation type; of load balancers only those for HTTP.
    pub types: BTreeMap<String, u64>,
    /// What new tasks on Fargate take together, in CPU units: 1024 are one vCPU.
    pub fargate_units: u64,
}

impl Added {
    /// Adds what another stack adds.
    pub fn add(&mut self, other: Added) {
        for (type_name, number) in other.types {
            *self.types.entry(type_name).or_default() += number;
        }
        self.fargate_units += other.fargate_units;
    }
}

/// A quota that can be held against the number of resources of one type.
#[derive(Debug, Clone, Copy)]
struct Quota {
    type_name: &'static str,
    /// What it counts, in AWS's words.
    what: &'static str,
    service: &'static str,
    code: &'static str,
    /// Whether it holds for each zone, which the number of all does not tell.
    for_each_zone: bool,
}

/// Sources: the quotas of [VPC][vpc], of [EC2][ec2] and of [load balancers][elb], whose pages name the codes.
///
/// [vpc]: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
/// [ec2]: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-resource-limits.html
/// [elb]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
const QUOTAS: [Quota; 5] = [
    Quota::of("AWS::EC2::VPC", "VPCs", "vpc", "L-F678F1CE"),
    Quota::of("AWS::EC2::InternetGateway", "internet gateways", "vpc", "L-A4707A72"),
    Quota::of("AWS::EC2::EIP", "Elastic IP addresses", "ec2", "L-0263D0A3"),
    Quota { for_each_zone: true, ..Quota::of("AWS::EC2::NatGateway", "NAT gateways", "vpc", "L-FE5A380F") },
    Quota::of(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Application Load Balancers",
        "elasticloadbalancing",
        "L-53DA6B97",
    ),
];

/// vCPUs of tasks on Fargate; source: [Fargate service quotas][aws] in the ECS developer guide.
///
/// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
const FARGATE: Quota = Quota::of("AWS::ECS::Service", "vCPUs on Fargate", "fargate", "L-3032A538");

impl Quota {
    const fn of(
        type_name: &'static str,
        what: &'static str,
        service: &'static str,
        code: &'static str,
    ) -> Quota {
        Quota { type_name, what, service, code, for_each_zone: false }
    }

    fn name(&self) -> String {
        format!("the quota of {}", self.what)
    }

    /// AWS's own command: there is none of ours.
    fn fix(&self, wanted: u64, region: &str) -> String {
        format!(
            "aws service-quotas request-service-quota-increase --service-code {} --quota-code {} --desired-value {wanted} \
             --region {region}",
            self.service, self.code
        )
    }
}

/// Whether there is room for what is added. Nobody is asked about what is not.
pub async fn quotas(connection: &Connection, added: &Added) -> Vec<Check> {
    let wanted = QUOTAS.iter().filter_map(|quota| Some((*quota, *added.types.get(quota.type_name)?)));
    let fargate = (added.fargate_units > 0).then_some((FARGATE, added.fargate_units));
    let all: Vec<(Quota, u64)> = wanted.filter(|(_, number)| *number > 0).chain(fargate).collect();
    let questions = all.iter().map(|(quota, number)| {
        let (connection, quota, number) = (connection.clone(), *quota, *number);
        async move {
            let look = look(&connection, quota, number);
            tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| {
                Check::unknown(quota.name(), format!("no answer within {} seconds", PATIENCE.as_secs()))
            })
        }
    });
    let answers = together(questions.collect::<Vec<_>>()).await;
    let unknown = |quota: &Quota| Check::unknown(quota.name(), "it was not looked at");
    all.iter().zip(answers).map(|((quota, _), answer)| answer.unwrap_or_else(|| unknown(quota))).collect()
}

async fn look(connection: &Connection, quota: Quota, added: u64) -> Check {
    let most = match most(connection, quota).await {
        Ok(Some(most)) => most,
        Ok(None) => return Check::unknown(quota.name(), "AWS tells no value of it"),
        Err(failure) => return Check::unanswered(&quota.name(), &failure),
    };
    let region = &connection.identity().region;
    if quota.code == FARGATE.code {
        return fargate(added, most, region);
    }
    match used(connection, quota).await {
        Ok(used) => judged(quota, used, added, most, region),
        Err(failure) => Check::unanswered(&format!("how many {} there are", quota.what), &failure),
    }
}

fn judged(quota: Quota, used: u64, added: u64, most: u64, region: &str) -> Check {
    let what = quota.what;
    let each = if quota.for_each_zone { " in a zone" } else { "" };
    let sum = used + added;
    if sum <= most {
        return Check::ok(format!("{what}: {used} there and {added} more to come, at most {most}{each}"));
    }
    if quota.for_each_zone {
        let reason = format!(
            "{used} there and {added} more to come, but at most {most} in a zone, and which zone has how many is not told"
        );
        return Check::unknown(quota.name(), reason);
    }
    Check::missing(
        format!("{what}: {used} in {region} and {added} more to come, but at most {most}"),
        quota.fix(sum, region),
    )
}

/// What runs already is not told by ECS in one answer, so only what is added is held against the quota.
fn fargate(units: u64, most: u64, region: &str) -> Check {
    let (what, cpus) = (FARGATE.what, cpus(units));
    if units <= most.saturating_mul(1024) {
        return Check::ok(format!(
            "{what}: {cpus} for new tasks, at most {most}; what runs already is not counted"
        ));
    }
    Check::missing(
        format!("{what}: {cpus} for new tasks, but at most {most} in {region}"),
        FARGATE.fix(units.div_ceil(1024), region),
    )
}

/// 1024 units as `1`, 256 as `0.25`.
fn cpus(units: u64) -> String {
    let (whole, rest) = (units / 1024, units % 1024 * 100 / 1024);
    let text = format!("{whole}.{rest:02}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The quota's value: the account's own, and where that was never changed, AWS's.
///
/// Source: [GetServiceQuota][aws] in the Service Quotas API reference.
///
/// [aws]: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
async fn most(connection: &Connection, quota: Quota) -> Result<Option<u64>, ApiFailure> {
    let client = connection.quotas();
    let applied = client.get_service_quota().service_code(quota.service).quota_code(quota.code).send().await;
    let value = match applied {
        Ok(answer) => answer.quota().and_then(aws_sdk_servicequotas::types::ServiceQuota::value),
        Err(error) => {
            let failure = ApiFailure::of("servicequotas:GetServiceQuota", &error);
            if failure.code.as_deref() != Some("NoSuchResourceException") {
                return Err(failure);
            }
            let call = client.get_aws_default_service_quota();
            let answer = call.service_code(quota.service).quota_code(quota.code).send().await;
            let answer =
                answer.map_err(|error| ApiFailure::of("servicequotas:GetAWSDefaultServiceQuota", &error))?;
            answer.quota().and_then(aws_sdk_servicequotas::types::ServiceQuota::value)
        }
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "quotas are whole numbers, and what is out of bounds becomes a bound"
    )]
    Ok(value.map(|value| value as u64))
}

/// How many are there. All kinds of load balancers are one type, told apart by their ARNs.
async fn used(connection: &Connection, quota: Quota) -> Result<u64, ApiFailure> {
    let call = connection.cloudcontrol().list_resources().type_name(quota.type_name);
    let mut pages = call.into_paginator().send();
    let mut used = 0;
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| ApiFailure::of("cloudformation:ListResources", &error))?;
        let counts = |id: &str| !id.contains(":loadbalancer/") || id.contains(":loadbalancer/app/");
        for resource in page.resource_descriptions() {
            used += u64::from(resource.identifier().is_none_or(counts));
        }
    }
    Ok(used)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::State;

    #[test]
    fn what_would_be_too_many_names_the_command_that_asks_for_more() {
        let judge = |used, added| judged(QUOTAS[0], used, added, 5, "eu-west-1");
        assert_eq!(judge(4, 1).state, State::Ok);
        let check = judge(5, 2);
        assert_eq!(check.state, State::Missing);
        assert_eq!(check.what, "VPCs: 5 in eu-west-1 and 2 more to come, but at most 5");
        assert_eq!(
            check.fix.as_deref(),
            Some(
                "aws service-quotas request-service-quota-increase --service-code vpc --quota-code L-F678F1CE \
                 --desired-value 7 --region eu-west-1"
            )
        );
    }

    #[test]
    fn a_quota_of_each_zone_is_not_held_against_the_number_of_all() {
        assert_eq!(judged(QUOTAS[3], 4, 2, 5, "eu-west-1").state, State::Unknown);
        assert_eq!(judged(QUOTAS[3], 3, 2, 5, "eu-west-1").state, State::Ok);
    }

    #[test]
    fn what_several_stacks_add_is_added_up() {
        let added = |number, fargate_units| Added {
            types: BTreeMap::from([("AWS::EC2::VPC".to_owned(), number)]),
            fargate_units,
        };
        let mut sum = Added::default();
        sum.add(added(1, 256));
        sum.add(added(2, 512));
        assert_eq!(sum, added(3, 768));
    }

    #[test]
    fn processors_are_told_as_people_count_them() {
        assert_eq!([256, 1024, 1536, 6144].map(cpus), ["0.25", "1", "1.5", "6"]);
        assert_eq!(fargate(6144, 6, "r").state, State::Ok);
        assert_eq!(fargate(6145, 6, "r").state, State::Missing);
    }
}
