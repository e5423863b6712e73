//! Lists in which the order does not matter, where the facts do not say so.
//!
//! The facts have it for the types whose schema says `insertionOrder: false`. Many older schemas do not, although the
//! service takes the list as a set and gives it back in any order.

use crate::node::Node;

/// Properties that are sets wherever they occur, and the property by which their items are told apart, if they are
/// mappings.
///
/// Sources, by service: [security groups and subnets][ec2] of network interfaces, services and functions; [tags][tags]
/// of everything, which are told apart by key; [environment][ecs], secrets, ports, mounts, volumes and limits of
/// containers; [dimensions and actions][alarms] of alarms; [policies of identities][iam]; [attributes][elb] of load
/// balancers and target groups.
///
/// [ec2]: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroup.html
/// [tags]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-resource-tags.html
/// [ecs]: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
/// [alarms]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
/// [iam]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
/// [elb]: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyLoadBalancerAttributes.html
const SETS: [(&str, Option<&str>); 36] = [
    ("AlarmActions", None),
    ("AvailabilityZones", None),
    ("CapacityProviders", None),
    ("Dimensions", Some("Name")),
    ("Environment", Some("Name")),
    ("EnvironmentVariables", Some("Name")),
    ("InsufficientDataActions", None),
    ("LayerVersionPermissions", None),
    ("LoadBalancerAttributes", Some("Key")),
    ("LoadBalancerNames", None),
    ("ManagedPolicyArns", None),
    ("MountPoints", Some("ContainerPath")),
    ("OKActions", None),
    ("Policies", Some("PolicyName")),
    ("PortMappings", Some("ContainerPort")),
    ("Queues", None),
    ("RequiresCompatibilities", None),
    ("Roles", None),
    ("RouteTableIds", None),
    ("Secrets", Some("Name")),
    ("SecurityGroupEgress", None),
    ("SecurityGroupIds", None),
    ("SecurityGroupIngress", None),
    ("SecurityGroups", None),
    ("SubnetIds", None),
    ("Subnets", None),
    ("Tags", Some("Key")),
    ("TargetGroupARNs", None),
    ("TargetGroupAttributes", Some("Key")),
    ("Topics", None),
    ("Ulimits", Some("Name")),
    ("Users", None),
    ("VPCSecurityGroups", None),
    ("VPCZoneIdentifier", None),
    ("Volumes", Some("Name")),
    ("VpcSecurityGroupIds", None),
];

/// Whether the list under `property` is a set. Lists of mappings are only if the mappings can be told apart, so that a
/// property of the same name with another meaning stays a list.
pub(super) fn is_set(property: &str, old: &[Node], new: &[Node]) -> bool {
    let Ok(at) = SETS.binary_search_by_key(&property, |(name, _)| name) else { return false };
    let has = |key: &str, node: &Node| match node {
        Node::Map(map) => map.contains_key(key),
        // A function may give any of them, or nothing.
        node => matches!(node, Node::Call(..)),
    };
    SETS[at].1.is_none_or(|key| old.iter().chain(new).all(|node| has(key, node)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_properties_are_sorted() {
        assert!(SETS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
