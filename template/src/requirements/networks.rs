//! VPCs and subnets that are named by their ids.

use std::collections::BTreeSet;

use super::{Found, Needed, Place, sure};
use crate::model::{Item, Model, Value};

/// Where ids of VPCs stand.
const VPCS: &[(&str, &str)] = &[
    ("AWS::EC2::SecurityGroup", "VpcId"),
    ("AWS::EC2::Subnet", "VpcId"),
    ("AWS::EC2::VPCEndpoint", "VpcId"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "VpcId"),
    ("AWS::ServiceDiscovery::PrivateDnsNamespace", "Vpc"),
];

/// Where ids of subnets stand, alone or in lists.
const SUBNETS: &[(&str, &str)] = &[
    ("AWS::EC2::Instance", "SubnetId"),
    ("AWS::EC2::NatGateway", "SubnetId"),
    ("AWS::EC2::VPCEndpoint", "SubnetIds"),
    ("AWS::ECS::Service", "NetworkConfiguration.AwsvpcConfiguration.Subnets"),
    ("AWS::EFS::MountTarget", "SubnetId"),
    ("AWS::ElastiCache::SubnetGroup", "SubnetIds"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Subnets"),
    ("AWS::Lambda::Function", "VpcConfig.SubnetIds"),
    ("AWS::RDS::DBSubnetGroup", "SubnetIds"),
];

pub(super) fn collect(model: &Model<'_>, found: &mut Found) {
    let vpcs: Vec<(String, Place)> = named(model, VPCS, "vpc-").collect();
    let subnets: Vec<(String, Place)> = named(model, SUBNETS, "subnet-").collect();
    let distinct: BTreeSet<&String> = vpcs.iter().map(|(id, _)| id).collect();
    let only = if distinct.len() == 1 { distinct.first().map(|id| (*id).clone()) } else { None };
    for (id, place) in vpcs {
        found.add(Needed::Vpc { id }, place, true);
    }
    for (id, place) in subnets {
        found.add(Needed::Subnet { id, vpc: only.clone() }, place, true);
    }
}

/// The ids at these places that are there for sure.
fn named<'m>(
    model: &'m Model<'_>,
    places: &'static [(&str, &str)],
    prefix: &'static str,
) -> impl Iterator<Item = (String, Place)> + 'm {
    let items =
        places.iter().flat_map(|(type_name, path)| model.of_type(type_name).map(move |item| (item, *path)));
    items.flat_map(move |(item, path)| ids(item, path)).filter(move |(id, _)| id.starts_with(prefix))
}

/// Those of a list, or one that stands alone.
fn ids(item: Item<'_>, path: &'static str) -> Vec<(String, Place)> {
    let values = item.get(path);
    let listed = values.iter().filter_map(Value::items).flatten();
    listed.filter_map(|value| sure(&value, item.id())).collect()
}
