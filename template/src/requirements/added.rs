//! What a deployment makes that is not there yet, counted: an account may have only so many of it.

use std::collections::BTreeMap;

use super::{Known, settle};
use crate::document::Template;
use crate::model::Model;
use crate::model::balancer::{Kind, LoadBalancer};
use crate::model::ecs::Service;

/// What a deployment adds to an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Added {
    /// How many resources of each type are made. Of load balancers only those for HTTP, which have a quota of their own.
    pub types: BTreeMap<String, u64>,
    /// What the tasks of new services on Fargate take together, in CPU units: 1024 are one vCPU. What autoscaling adds later
    /// is not counted.
    pub fargate_units: u64,
}

/// Counts the resources that exist for sure and that the deployed stack does not have.
pub fn added(template: &Template, known: &Known<'_>) -> Added {
    if template.has_macros() {
        return Added::default();
    }
    let settled = settle::settled(template, known);
    let model = Model::new(&settled).in_region(Some(known.region));
    let mut added = Added::default();
    let is_new = |id: &str| !known.deployed.contains_key(id);
    for item in model.resources().filter(|item| is_new(item.id()) && item.resource().condition.is_none()) {
        let of_http = || LoadBalancer(item).kind() == Some(Kind::Application);
        if !item.is("AWS::ElasticLoadBalancingV2::LoadBalancer") || of_http() {
            *added.types.entry(item.type_name().to_owned()).or_default() += 1;
        }
        if item.is("AWS::ECS::Service") {
            added.fargate_units += units(Service(item)).unwrap_or_default();
        }
    }
    added
}

/// The CPU units of all tasks of a service that runs on Fargate.
fn units(service: Service<'_>) -> Option<u64> {
    service.is_fargate().filter(|is_fargate| *is_fargate)?;
    let count = service.0.get("DesiredCount").iter().find_map(crate::model::Value::number);
    // Without a number, a new service has one task.
    let count = count.unwrap_or(1.0);
    let (task, _) = service.task_definitions().into_iter().next()?;
    let each = cpu_units(&task.0.text("Cpu")?)?;
    let all = (count * each).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is a whole number of a few thousand"
    )]
    (0.0..1e9).contains(&all).then_some(all as u64)
}

/// `256` or `.25 vCPU`.
///
/// Source: [Cpu of a task definition][aws] in the CloudFormation template reference.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskdefinition.html
fn cpu_units(text: &str) -> Option<f64> {
    let lower = text.trim().to_ascii_lowercase();
    match lower.strip_suffix("vcpu") {
        Some(cpus) => cpus.trim().parse::<f64>().ok().map(|cpus| cpus * 1024.0),
        None => lower.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
Parameters: {Count: {Type: Number, Default: 3}}
Conditions: {Never: !Equals [a, b]}
Resources:
  Vpc: {Type: AWS::EC2::VPC}
  Second: {Type: AWS::EC2::VPC}
  Third: {Type: AWS::EC2::VPC, Condition: Never}
  Web: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer}
  Tcp: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Type: network}}
  Task: {Type: AWS::ECS::TaskDefinition, Properties: {Cpu: '512', RequiresCompatibilities: [FARGATE]}}
  Big: {Type: AWS::ECS::TaskDefinition, Properties: {Cpu: 2 vCPU}}
  Service: {Type: AWS::ECS::Service, Properties: {DesiredCount: !Ref Count, LaunchType: FARGATE, TaskDefinition: !Ref Task}}
  Other: {Type: AWS::ECS::Service, Properties: {LaunchType: FARGATE, TaskDefinition: !Ref Big}}
  OnEc2: {Type: AWS::ECS::Service, Properties: {LaunchType: EC2, DesiredCount: 9, TaskDefinition: !Ref Task}}
";

    #[test]
    fn what_is_deployed_or_never_made_is_not_counted() {
        let template = Template::parse(TEXT, "t.yaml").expect("it is a template").template;
        let deployed = BTreeMap::from([("Second".to_owned(), "vpc-1".to_owned())]);
        let known = Known { region: "eu-west-1", deployed: &deployed, ..Known::default() };
        let added = added(&template, &known);
        assert_eq!(added.types["AWS::EC2::VPC"], 1);
        assert_eq!(added.types["AWS::ElasticLoadBalancingV2::LoadBalancer"], 1);
        assert_eq!(added.fargate_units, 3 * 512 + 2048);
    }

    #[test]
    fn processors_are_counted_in_units() {
        assert_eq!(cpu_units("256"), Some(256.0));
        assert_eq!(cpu_units(".25 vCPU"), Some(256.0));
        assert_eq!(cpu_units("1vcpu"), Some(1024.0));
        assert_eq!(cpu_units("many"), None);
    }
}
