//! Counts and capacities that AWS moves because the template says so.

use super::{Difference, Drifted, Ground, Reason};
use crate::graph::Element;
use crate::model::scaling::ScalableTarget;
use crate::model::{Item, Part, Text, Value};
use crate::node::Node;
use crate::path::Step;

/// What Application Auto Scaling moves: the dimension, the type, and the property; `*` is any item.
///
/// Source: the services and dimensions of [ScalableTarget][aws]. Dimensions that add resources or move no property are
/// left out.
///
/// [aws]: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalableTarget.html
const DIMENSIONS: [(&str, &str, &str); 14] = [
    ("ecs:service:DesiredCount", "AWS::ECS::Service", "DesiredCount"),
    ("dynamodb:table:ReadCapacityUnits", "AWS::DynamoDB::Table", "ProvisionedThroughput.ReadCapacityUnits"),
    ("dynamodb:table:WriteCapacityUnits", "AWS::DynamoDB::Table", "ProvisionedThroughput.WriteCapacityUnits"),
    (
        "dynamodb:index:ReadCapacityUnits",
        "AWS::DynamoDB::Table",
        "GlobalSecondaryIndexes.*.ProvisionedThroughput.ReadCapacityUnits",
    ),
    (
        "dynamodb:index:WriteCapacityUnits",
        "AWS::DynamoDB::Table",
        "GlobalSecondaryIndexes.*.ProvisionedThroughput.WriteCapacityUnits",
    ),
    (
        "cassandra:table:ReadCapacityUnits",
        "AWS::Cassandra::Table",
        "BillingMode.ProvisionedThroughput.ReadCapacityUnits",
    ),
    (
        "cassandra:table:WriteCapacityUnits",
        "AWS::Cassandra::Table",
        "BillingMode.ProvisionedThroughput.WriteCapacityUnits",
    ),
    (
        "lambda:function:ProvisionedConcurrency",
        "AWS::Lambda::Alias",
        "ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions",
    ),
    ("elasticache:replication-group:NodeGroups", "AWS::ElastiCache::ReplicationGroup", "NumNodeGroups"),
    ("elasticache:replication-group:Replicas", "AWS::ElastiCache::ReplicationGroup", "ReplicasPerNodeGroup"),
    ("elasticache:cache-cluster:Nodes", "AWS::ElastiCache::CacheCluster", "NumCacheNodes"),
    (
        "kafka:broker-storage:VolumeSize",
        "AWS::MSK::Cluster",
        "BrokerNodeGroupInfo.StorageInfo.EBSStorageInfo.VolumeSize",
    ),
    ("appstream:fleet:DesiredCapacity", "AWS::AppStream::Fleet", "ComputeCapacity.DesiredInstances"),
    (
        "ec2:spot-fleet-request:TargetCapacity",
        "AWS::EC2::SpotFleet",
        "SpotFleetRequestConfigData.TargetCapacity",
    ),
];

/// Why the number may move, if it may.
pub(super) fn reason(
    ground: &Ground<'_>,
    drifted: &Drifted,
    difference: &Difference,
    steps: &[Step<'_>],
) -> Option<Reason> {
    let item = ground.model.resource(&drifted.id)?;
    match drifted.type_name.as_str() {
        "AWS::AutoScaling::AutoScalingGroup" => of_a_group(item, difference, steps),
        "AWS::ApplicationAutoScaling::ScalableTarget" => {
            let bound = matches!(steps, [Step::Key("MinCapacity" | "MaxCapacity")]);
            (bound && has_schedules(item)).then_some(Reason::Scheduled)
        }
        _ => {
            let mut targets = ground.model.scalable_targets().map(|ScalableTarget(target)| target);
            let scales = |target: &Item<'_>| {
                is_dimension(*target, drifted, steps)
                    && is_of(*target, item, ground.physical.get(&drifted.id).map(String::as_str))
            };
            let target = targets.find(scales)?;
            let kept = has_schedules(target) || is_within(target, "MinCapacity", "MaxCapacity", difference);
            kept.then_some(Reason::Autoscaled)
        }
    }
}

/// The group's size, where something of the template moves it.
///
/// Source: [AWS::AutoScaling::AutoScalingGroup][aws], on `DesiredCapacity`.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-autoscaling-autoscalinggroup.html
fn of_a_group(group: Item<'_>, difference: &Difference, steps: &[Step<'_>]) -> Option<Reason> {
    let [Step::Key(property)] = steps else { return None };
    let moved_by = |type_name: &str| {
        group.model().referrers(group.id()).any(|edge| match &edge.from {
            Element::Resource(id) => group.model().resource(id).is_some_and(|from| from.is(type_name)),
            _ => false,
        })
    };
    let scheduled = moved_by("AWS::AutoScaling::ScheduledAction");
    match *property {
        "DesiredCapacity" | "MinSize" | "MaxSize" if scheduled => Some(Reason::Scheduled),
        "DesiredCapacity" => {
            let moved = moved_by("AWS::AutoScaling::ScalingPolicy") || moved_by("AWS::ECS::CapacityProvider");
            (moved && is_within(group, "MinSize", "MaxSize", difference)).then_some(Reason::Autoscaled)
        }
        _ => None,
    }
}

fn has_schedules(target: Item<'_>) -> bool {
    target.get("ScheduledActions").iter().any(|value| !value.is_absent())
}

/// Whether the property is what the target's dimension moves.
fn is_dimension(target: Item<'_>, drifted: &Drifted, steps: &[Step<'_>]) -> bool {
    let said = target.get("ScalableDimension");
    DIMENSIONS.iter().any(|(dimension, type_name, property)| {
        *type_name == drifted.type_name
            && leads_to(steps, property)
            && said.iter().any(|value| value.is_text(dimension))
    })
}

fn leads_to(steps: &[Step<'_>], property: &str) -> bool {
    let names = property.split('.');
    names.clone().count() == steps.len()
        && names.zip(steps).all(|(name, step)| match step {
            Step::Key(key) => name == *key,
            Step::Index(_) => name == "*",
        })
}

/// Whether the target's `ResourceId` means the resource: by a reference, or by its name.
fn is_of(target: Item<'_>, item: Item<'_>, physical: Option<&str>) -> bool {
    let means = |text: &Text<'_>| {
        let refers = text.parts.iter().any(|part| match part {
            Part::Target(target) => target.item.id() == item.id(),
            _ => false,
        });
        let named = || Some((text.literal()?, physical?));
        refers
            || named().is_some_and(|(name, physical)| {
                // An ARN ends with the resource ID; a name is a segment of it.
                physical.ends_with(&format!(":{name}")) || name.split(['/', ':']).any(|part| part == physical)
            })
    };
    target.get("ResourceId").iter().flat_map(Value::texts).any(|text| means(&text))
}

/// Whether the value in AWS is within the bounds, as far as the template tells them.
fn is_within(item: Item<'_>, least: &'static str, most: &'static str, difference: &Difference) -> bool {
    let number = |node: &Node| node.scalar_text()?.parse::<f64>().ok();
    let Some(actual) = difference.actual.as_ref().and_then(number) else { return false };
    let any = |bound, holds: &dyn Fn(f64) -> bool| {
        let values: Vec<Value<'_>> = item.get(bound);
        values.is_empty() || values.iter().any(|value| value.number().is_none_or(holds))
    };
    any(least, &|least| least <= actual) && any(most, &|most| actual <= most)
}
