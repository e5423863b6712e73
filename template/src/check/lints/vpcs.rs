//! What belongs to a VPC: that things of different VPCs are not mixed, and that names resolve in it.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::network::{Subnet, Vpc, only};
use crate::model::{Item, Model, Value};

pub(super) static LINTS: &[Lint] =
    &[Lint { rule: &OTHER_VPC, check: other_vpc }, Lint { rule: &NO_NAMES, check: no_names }];

rule! {
    /// Subnets, security groups or target groups of different VPCs together.
    ///
    /// A network interface is in one subnet, and its security groups are of the same VPC; so is the target group that
    /// its address is put in, and the route table of its subnet. AWS refuses anything else when the resource is made. A
    /// security group that is associated with other VPCs (`AWS::EC2::SecurityGroupVpcAssociation`) is left alone.
    ///
    /// Take all of them from one VPC.
    ///
    /// Source: [Security groups](https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html),
    /// [Target groups](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html).
    pub(super) OTHER_VPC = "DT078" Error;
}

rule! {
    /// A VPC whose settings for names do not let a private name be used.
    ///
    /// An interface endpoint with `PrivateDnsEnabled: true` needs both `EnableDnsSupport` and `EnableDnsHostnames` of its
    /// VPC, and the second is off unless it is set; EC2 refuses the endpoint otherwise. A file system is found by its
    /// name too: in a VPC where one of them is off, mounting it stops with "Failed to resolve".
    ///
    /// Set both to true.
    ///
    /// Source: [DNS attributes for your VPC](https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html#vpc-dns-support),
    /// [CreateVpcEndpoint](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html), `PrivateDnsEnabled`.
    pub(super) NO_NAMES = "DT079" Error;
}

/// Where resources name what must be of one VPC.
const TOGETHER: [(&str, &[&str]); 9] = [
    (
        "AWS::ECS::Service",
        &[
            "NetworkConfiguration.AwsvpcConfiguration.Subnets",
            "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups",
        ],
    ),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", &["Subnets", "SecurityGroups"]),
    ("AWS::EC2::SubnetRouteTableAssociation", &["SubnetId", "RouteTableId"]),
    ("AWS::EC2::VPCEndpoint", &["VpcId", "SubnetIds", "SecurityGroupIds", "RouteTableIds"]),
    ("AWS::EC2::Instance", &["SubnetId", "SecurityGroupIds"]),
    ("AWS::EFS::MountTarget", &["SubnetId", "SecurityGroups"]),
    ("AWS::Lambda::Function", &["VpcConfig.SubnetIds", "VpcConfig.SecurityGroupIds"]),
    ("AWS::RDS::DBSubnetGroup", &["SubnetIds"]),
    ("AWS::ElastiCache::SubnetGroup", &["SubnetIds"]),
];

fn other_vpc(model: &Model<'_>, found: &mut Findings) {
    for (type_name, paths) in TOGETHER {
        for item in model.of_type(type_name) {
            let lists: Vec<_> = paths.iter().flat_map(|path| item.get(path)).collect();
            let mut values: Vec<_> = lists.iter().filter_map(Value::items).flatten().collect();
            if type_name == "AWS::ECS::Service" {
                let entries = item.get("LoadBalancers");
                let entries = entries.iter().filter_map(Value::items).flatten();
                values.extend(entries.flat_map(|entry| entry.get("TargetGroupArn")));
            }
            mixed(&values, found);
        }
    }
}

/// Reports the first of the values that is of another VPC than one before it.
/// Whether a security group may be used in other VPCs than its own.
fn is_in_several(item: Item<'_>) -> bool {
    let model = item.model();
    let associations = model.of_type("AWS::EC2::SecurityGroupVpcAssociation");
    associations
        .flat_map(|association| association.get("GroupId"))
        .any(|group| group.target().is_none_or(|target| target.item == item))
}

fn mixed(values: &[Value<'_>], found: &mut Findings) {
    let mut seen: Vec<(&Value<'_>, Item<'_>, Vpc<'_>)> = Vec::new();
    for value in values {
        let Some(item) = value.target().map(|target| target.item) else { continue };
        let Some(vpc) = vpc_of(item).filter(|_| !is_in_several(item)) else { continue };
        let differs = |(before, _, other): &&(&Value<'_>, Item<'_>, Vpc<'_>)| {
            *other != vpc && before.world().meets(value.world())
        };
        if let Some((_, before, other)) = seen.iter().find(differs) {
            let (one, its) = (item.id(), vpc.0.id());
            let message =
                format!("`{one}` is of the VPC `{its}`, but `{}` of `{}`", before.id(), other.0.id());
            found.at(value, message).hint("take both from one VPC");
            return;
        }
        seen.push((value, item, vpc));
    }
}

/// The VPC that a resource is, or is in.
fn vpc_of(item: Item<'_>) -> Option<Vpc<'_>> {
    match item.type_name() {
        "AWS::EC2::VPC" => Some(Vpc(item)),
        "AWS::EC2::Subnet"
        | "AWS::EC2::SecurityGroup"
        | "AWS::EC2::RouteTable"
        | "AWS::ElasticLoadBalancingV2::TargetGroup" => Vpc::of(&only(item.get("VpcId"))?),
        _ => None,
    }
}

fn no_names(model: &Model<'_>, found: &mut Findings) {
    for vpc in model.vpcs() {
        for endpoint in vpc.endpoints() {
            for private in endpoint.0.get("PrivateDnsEnabled") {
                let needs = private.boolean() == Some(true) && endpoint.is_gateway() == Some(false);
                let off = off(vpc, true).filter(|off| needs && off.world().meets(private.world()));
                if let Some(off) = off {
                    let (id, setting) = (endpoint.0.id(), setting(&off));
                    let message = format!("{setting} is off, but the endpoint `{id}` has a private name");
                    found.at(&off, message).hint("set `EnableDnsSupport` and `EnableDnsHostnames` to true");
                }
            }
        }
    }
    for target in model.of_type("AWS::EFS::MountTarget") {
        let vpc = only(target.get("SubnetId")).and_then(|subnet| Subnet::of(&subnet)?.vpc());
        // What is not set is taken as on: the name may resolve without host names.
        if let Some(off) =
            vpc.and_then(|vpc| off(vpc, false)).filter(|off| off.world().meets(&target.world()))
        {
            let (id, setting) = (target.id(), setting(&off));
            let message = format!("{setting} is off, but the file system of `{id}` is found by its name");
            found.at(&off, message).hint("set `EnableDnsSupport` and `EnableDnsHostnames` to true");
        }
    }
}

/// The setting of the VPC that is off: host names are unless they are set, if that counts.
fn off(vpc: Vpc<'_>, unset_counts: bool) -> Option<Value<'_>> {
    let support = vpc.0.get("EnableDnsSupport").into_iter().find(|value| value.boolean() == Some(false));
    support.or_else(|| {
        let mut names = vpc.0.get("EnableDnsHostnames").into_iter();
        names.find(|value| value.boolean() == Some(false) || (unset_counts && value.is_absent()))
    })
}

/// What a message calls the setting that is off.
fn setting(off: &Value<'_>) -> &'static str {
    let path = off.path().to_string();
    if path.ends_with("EnableDnsSupport") { "`EnableDnsSupport`" } else { "`EnableDnsHostnames`" }
}

#[cfg(test)]
mod tests {
    use crate::check::lints::testing::shown;

    const HEAD: &str = "
Parameters: {Env: {Type: String, Default: dev}, Vpc3: {Type: 'AWS::EC2::VPC::Id'}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Resources:
  One: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Two: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.1.0.0/16}}
  S1: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref One, CidrBlock: 10.0.0.0/24}}
  S2: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Two, CidrBlock: 10.1.0.0/24}}
  S3: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc3, CidrBlock: 10.1.0.0/24}}
  G1: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupDescription: x, VpcId: !Ref One}}
  Targets2: {Type: 'AWS::ElasticLoadBalancingV2::TargetGroup', Properties: {VpcId: !Ref Two}}
";

    fn mixed(type_name: &str, properties: &str) -> String {
        shown(&format!("{HEAD}  U: {{Type: '{type_name}', Properties: {{{properties}}}}}\n"), "DT078")
    }

    #[test]
    fn subnets_and_groups_of_two_vpcs_do_not_go_together() {
        let message =
            "DT078 `G1` is of the VPC `One`, but `S2` of `Two` at Resources.U.Properties.SecurityGroups[0]\n";
        let target = |subnet: &str| {
            format!("FileSystemId: fs-1, SubnetId: {subnet}, SecurityGroups: [!GetAtt G1.GroupId]")
        };
        assert_eq!(mixed("AWS::EFS::MountTarget", &target("!Ref S2")), message);
        assert_eq!(mixed("AWS::EFS::MountTarget", &target("!Ref S1")), "");
        assert_eq!(mixed("AWS::EFS::MountTarget", &target("!Ref S3")), "");
    }

    #[test]
    fn a_service_and_its_target_group_are_of_one_vpc() {
        let service = "LoadBalancers: [{TargetGroupArn: !Ref Targets2}], NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [!Ref S1]}}";
        assert!(
            mixed("AWS::ECS::Service", service)
                .starts_with("DT078 `Targets2` is of the VPC `Two`, but `S1` of `One`")
        );
    }

    #[test]
    fn branches_of_which_only_one_is_taken_are_not_mixed() {
        let pair = "SubnetId: !If [IsProd, !Ref S1, !Ref S2], SecurityGroups: !If [IsProd, [!GetAtt G1.GroupId], [sg-1]]";
        assert_eq!(mixed("AWS::EFS::MountTarget", pair), "");
    }

    #[test]
    fn a_file_system_needs_names_to_be_on_as_far_as_they_are_set() {
        let text = |settings: &str| {
            let vpc = format!(
                "{HEAD}  M: {{Type: 'AWS::EFS::MountTarget', Properties: {{FileSystemId: fs-1, SubnetId: !Ref S1}}}}\n"
            );
            shown(
                &vpc.replace("CidrBlock: 10.0.0.0/16", &format!("CidrBlock: 10.0.0.0/16{settings}")),
                "DT079",
            )
        };
        assert_eq!(text(""), "");
        assert_eq!(text(", EnableDnsSupport: true, EnableDnsHostnames: true"), "");
        let off = text(", EnableDnsSupport: 'false'");
        assert!(
            off.starts_with(
                "DT079 `EnableDnsSupport` is off, but the file system of `M` is found by its name"
            ),
            "{off}"
        );
    }
}
