//! Availability zones: what has to be in several, and in which.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::graph::Element;
use crate::model::balancer::Kind;
use crate::model::ecs::Service;
use crate::model::network::{Subnet, Zone, absent, pointing_at};
use crate::model::{Item, Model, Value, World};

pub(super) static LINTS: &[Lint] =
    &[Lint { rule: &MOUNT_TARGETS, check: mount_targets }, Lint { rule: &ONE_ZONE, check: one_zone }];

rule! {
    /// Mount targets that are not in the zones where the file system is mounted.
    ///
    /// A file system has one mount target in each zone; EFS refuses a second with `MountTargetConflict`. A task finds it
    /// by the file system's name, which is known only in zones that have one: a task in another zone stops with
    /// `ResourceInitializationError`, "Failed to resolve fs-….efs.….amazonaws.com". Half of the tasks start, half do not.
    ///
    /// Make one `AWS::EFS::MountTarget` for each zone that the service's subnets are in.
    ///
    /// Source: [CreateMountTarget](https://docs.aws.amazon.com/efs/latest/ug/API_CreateMountTarget.html),
    /// [Mounting with a DNS name](https://docs.aws.amazon.com/efs/latest/ug/mounting-fs-mount-cmd-dns-name.html).
    pub(super) MOUNT_TARGETS = "DT076" Error;
}

rule! {
    /// Subnets in one zone where two zones are needed.
    ///
    /// An application load balancer needs subnets of two availability zones at least, and so does a subnet group of RDS
    /// (`DBSubnetGroupDoesNotCoverEnoughAZs`). No load balancer takes two subnets of one zone: "A load balancer cannot
    /// be attached to multiple subnets in the same Availability Zone". All of them are refused when they are made.
    ///
    /// Name one subnet in each of two zones or more.
    ///
    /// Source: [Subnets of a load balancer](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#availability-zones),
    /// [CreateDBSubnetGroup](https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html).
    pub(super) ONE_ZONE = "DT077" Error;
}

/// The groups of subnets that must [cover two zones][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html
const SUBNET_GROUPS: [&str; 3] =
    ["AWS::RDS::DBSubnetGroup", "AWS::DocDB::DBSubnetGroup", "AWS::Neptune::DBSubnetGroup"];

fn mount_targets(model: &Model<'_>, found: &mut Findings) {
    for system in model.of_type("AWS::EFS::FileSystem") {
        let targets = pointing_at(system, "AWS::EFS::MountTarget", "FileSystemId");
        let mut placed: Vec<(Item<'_>, Subnet<'_>, Value<'_>)> = Vec::new();
        for (item, _) in &targets {
            for value in item.get("SubnetId") {
                let Some(subnet) = Subnet::of(&value) else { continue };
                let shares = |(other, at, before): &&(Item<'_>, Subnet<'_>, Value<'_>)| {
                    let same = other != item && at.shares_zone(subnet) == Some(true);
                    same && before.world().meets(value.world())
                };
                if let Some((other, ..)) = placed.iter().find(shares) {
                    let (other, system) = (other.id(), system.id());
                    let message =
                        format!("`{other}` is a mount target of `{system}` in the same zone already");
                    found.at(&value, message).hint("leave one in each zone");
                }
                placed.push((*item, subnet, value));
            }
        }
    }
    for service in model.services() {
        for (task, world) in service.task_definitions() {
            for volume in task.volumes() {
                for system in volume.value.get("EFSVolumeConfiguration.FilesystemId") {
                    let target = system.target().map(|target| target.item);
                    if let Some(file_system) = target.filter(|item| item.is("AWS::EFS::FileSystem"))
                        && let Some(world) = system.world().and(&world)
                    {
                        unreached(service, file_system, &world, found);
                    }
                }
            }
        }
    }
}

/// Reports the service's subnets whose zone has no mount target of the file system, where `mounted` holds.
fn unreached<'m>(service: Service<'m>, system: Item<'m>, mounted: &World<'m>, found: &mut Findings) {
    let model = system.model();
    let elsewhere = model.referrers(system.id()).any(|edge| match &edge.from {
        Element::Resource(id) => model.resource(id).is_some_and(|item| {
            item.type_name().starts_with("Custom::") || item.type_name().starts_with("AWS::CloudFormation::")
        }),
        _ => false,
    });
    // A file system in one zone is mounted in another with its zone's name.
    if !model.is_closed() || elsewhere || !absent(system, "AvailabilityZoneName") {
        return;
    }
    let targets = pointing_at(system, "AWS::EFS::MountTarget", "FileSystemId");
    let mut placed = Vec::new();
    for value in targets.iter().flat_map(|(target, _)| target.get("SubnetId")) {
        match Subnet::of(&value) {
            Some(subnet) => placed.push((subnet, value.world().clone())),
            None => return,
        }
    }
    let lists = service.0.get("NetworkConfiguration.AwsvpcConfiguration.Subnets");
    let starts = |at: &Value<'m>| at.world().and(mounted).is_some_and(|world| service.starts_tasks(&world));
    for at in lists.iter().filter_map(Value::items).flatten().filter(starts) {
        let Some(subnet) = Subnet::of(&at) else { continue };
        let near = placed.iter().filter(|(target, _)| target.shares_zone(subnet) != Some(false));
        let near: Vec<_> = near.map(|(_, world)| world.clone()).collect();
        let (system, id) = (system.id(), subnet.0.id());
        if near.is_empty() {
            let message = format!("`{system}` has no mount target in the zone of `{id}`");
            found.at(&at, message).hint("make an `AWS::EFS::MountTarget` in that zone");
        } else if let Some(case) = at.world().and(mounted).and_then(|world| world.gap(&near))
            && service.starts_tasks(&case)
        {
            let case = case.shown();
            let message = format!("`{system}` has no mount target in the zone of `{id}` where {case}");
            found.at(&at, message).hint("make the `AWS::EFS::MountTarget` of that zone in every case");
        }
    }
}

fn one_zone(model: &Model<'_>, found: &mut Findings) {
    for balancer in model.load_balancers() {
        let application = balancer.kind() == Some(Kind::Application);
        for list in balancer.0.get("Subnets") {
            check(&list, if application { Some("an application load balancer") } else { None }, true, found);
        }
    }
    for group in SUBNET_GROUPS.into_iter().flat_map(|type_name| model.of_type(type_name)) {
        for list in group.get("SubnetIds") {
            check(&list, Some("a subnet group of databases"), false, found);
        }
    }
}

/// Reports a list of subnets that are too few for what `needs_two`, or of which two share a zone if they must not.
fn check(list: &Value<'_>, needs_two: Option<&str>, apart: bool, found: &mut Findings) {
    let Some(items) = list.items().filter(|items| !items.is_empty()) else { return };
    let subnets: Vec<_> = items.iter().map(Subnet::of).collect();
    if subnets.iter().flatten().any(|subnet| is_special(*subnet)) {
        return;
    }
    if let (Some(what), [only]) = (needs_two, items.as_slice()) {
        let message = format!("{what} needs subnets in two zones, and there is only `{}`", named(only));
        found.at(list, message).hint("add a subnet of another zone");
        return;
    }
    let shares = |one: usize, other: usize| match (subnets[one], subnets[other]) {
        (Some(one), Some(other)) => one.shares_zone(other) == Some(true),
        _ => false,
    };
    let together = (1..items.len()).find_map(|at| Some((at, (0..at).find(|before| shares(*before, at))?)));
    let Some((at, before)) = together.filter(|(at, before)| items[*before].world().meets(items[*at].world()))
    else {
        return;
    };
    let all = (1..items.len()).all(|at| shares(0, at));
    let names = format!("`{}` and `{}`", named(&items[before]), named(&items[at]));
    if apart {
        let message = format!("{names} are in one zone, and a load balancer takes one subnet of each");
        found.at(&items[at], message).hint("name one subnet in each of two zones or more");
    } else if let Some(what) = needs_two.filter(|_| all) {
        let message = format!("{what} needs subnets in two zones, and {names} are in one");
        found.at(&items[at], message).hint("add a subnet of another zone");
    }
}

/// What a message calls the subnet: its logical ID, or what is known of its id.
fn named(subnet: &Value<'_>) -> String {
    subnet.target().map_or_else(|| subnet.shown(), |target| target.item.id().to_owned())
}

/// Whether the subnet is on an outpost or in a local zone (`us-west-2-lax-1a`), where one is enough.
fn is_special(subnet: Subnet<'_>) -> bool {
    let local = |zone: Zone| matches!(zone, Zone::Named(name) if name.split('-').count() > 3);
    !absent(subnet.0, "OutpostArn") || subnet.zone().is_some_and(local)
}

#[cfg(test)]
mod tests {
    use crate::check::lints::testing::shown;

    const HEAD: &str = "
Parameters: {Zone: {Type: String}}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
";

    /// Subnets in the zones, `A`, `B` and so on, and something that is in some of them.
    fn zones(zones: &[&str], user: &str) -> String {
        let subnet = |(at, zone): (usize, &&str)| {
            let name = ["A", "B", "C"][at];
            format!(
                "  {name}: {{Type: 'AWS::EC2::Subnet', Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.{at}.0/24, AvailabilityZone: {zone}}}}}\n"
            )
        };
        let subnets: String = zones.iter().enumerate().map(subnet).collect();
        let text = format!("{HEAD}{subnets}  U: {user}\n");
        shown(&text, "DT077").replace(" at Resources.U.Properties", " at ")
    }

    const BALANCER: &str =
        "{Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {Subnets: [!Ref A, !Ref B]}}";
    const NETWORK: &str = "{Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {Type: network, Subnets: [!Ref A, !Ref B]}}";
    const GROUP: &str = "{Type: 'AWS::RDS::DBSubnetGroup', Properties: {DBSubnetGroupDescription: x, SubnetIds: [!Ref A, !Ref B, !Ref C]}}";

    #[test]
    fn two_subnets_of_one_zone_are_too_many_for_any_load_balancer() {
        let same = ["us-east-1a", "us-east-1a"];
        let message = "DT077 `A` and `B` are in one zone, and a load balancer takes one subnet of each at .Subnets[1]\n";
        assert_eq!(zones(&same, BALANCER), message);
        assert_eq!(zones(&same, NETWORK), message);
        assert_eq!(zones(&["us-east-1a", "us-east-1b"], BALANCER), "");
    }

    #[test]
    fn zones_that_are_not_known_are_not_compared() {
        assert_eq!(zones(&["us-east-1a", "!Select [0, !GetAZs '']"], BALANCER), "");
        assert_eq!(zones(&["!Ref Zone", "!Ref Zone"], BALANCER), "");
        assert_eq!(
            zones(&["!Select [0, !GetAZs eu-west-1]", "!Select [0, !GetAZs eu-west-1]"], BALANCER),
            ""
        );
        let same = ["!Select [0, !GetAZs '']", "!Select ['0', !GetAZs {Ref: 'AWS::Region'}]"];
        assert!(zones(&same, BALANCER).starts_with("DT077 "));
        let letters = ["!Sub '${AWS::Region}a'", "!Join ['', [!Ref 'AWS::Region', b]]"];
        assert_eq!(zones(&letters, BALANCER), "");
        assert!(zones(&[letters[0], letters[0]], BALANCER).starts_with("DT077 "));
        assert_eq!(zones(&[letters[0], "us-east-1a"], BALANCER), "");
    }

    #[test]
    fn a_subnet_group_may_have_two_subnets_of_a_zone_if_there_is_another_zone() {
        assert_eq!(zones(&["us-east-1a", "us-east-1a", "us-east-1b"], GROUP), "");
        assert!(
            zones(&["us-east-1a", "us-east-1a", "us-east-1a"], GROUP).contains("needs subnets in two zones")
        );
    }

    #[test]
    fn one_subnet_in_a_local_zone_is_enough() {
        let one = "{Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {Subnets: [!Ref A]}}";
        assert_eq!(zones(&["us-west-2-lax-1a"], one), "");
        assert!(zones(&["us-west-2a"], one).contains("there is only `A`"));
    }

    fn files(targets: &str, rest: &str) -> String {
        counted(targets, rest, "")
    }

    /// The same with `more` properties of the service.
    fn counted(targets: &str, rest: &str, more: &str) -> String {
        let text = format!(
            "Conditions: {{First: !Equals [!Ref Zone, none]}}
{HEAD}
  A: {{Type: 'AWS::EC2::Subnet', Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-east-1a}}}}
  B: {{Type: 'AWS::EC2::Subnet', Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: us-east-1b}}}}
  A2: {{Type: 'AWS::EC2::Subnet', Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.2.0/24, AvailabilityZone: us-east-1a}}}}
  Files: {{Type: 'AWS::EFS::FileSystem', Properties: {{Encrypted: true{rest}}}}}
{targets}  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {{Volumes: [{{Name: data, EFSVolumeConfiguration: {{FilesystemId: !Ref Files}}}}]}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task{more}
      NetworkConfiguration: {{AwsvpcConfiguration: {{Subnets: [!Ref A, !Ref B]}}}}
"
        );
        shown(&text, "DT076")
            .replace("Resources.Service.Properties.NetworkConfiguration.AwsvpcConfiguration", "")
    }

    fn target(name: &str, subnet: &str) -> String {
        format!(
            "  {name}: {{Type: 'AWS::EFS::MountTarget', Properties: {{FileSystemId: !Ref Files, SubnetId: {subnet}}}}}\n"
        )
    }

    #[test]
    fn a_mount_target_in_another_subnet_of_the_zone_will_do() {
        assert_eq!(files(&(target("M1", "!Ref A2") + &target("M2", "!Ref B")), ""), "");
        let missing = "DT076 `Files` has no mount target in the zone of `B` at .Subnets[1]\n";
        assert_eq!(files(&target("M1", "!Ref A2"), ""), missing);
        assert_eq!(files(&target("M1", "!ImportValue subnet"), ""), "");
        assert_eq!(files(&target("M1", "!Ref A"), ", AvailabilityZoneName: us-east-1a"), "");
    }

    #[test]
    fn a_mount_target_is_there_in_every_case() {
        let some = target("M2", "!Ref B").replace("Properties", "Condition: First, Properties");
        let missing = "DT076 `Files` has no mount target in the zone of `B` where `Zone` is not `none` at .Subnets[1]\n";
        assert_eq!(files(&(target("M1", "!Ref A") + &some), ""), missing);
        let counted =
            counted(&(target("M1", "!Ref A") + &some), "", "\n      DesiredCount: !If [First, 2, 0]");
        assert_eq!(counted, "");
    }

    #[test]
    fn a_service_without_tasks_mounts_nothing() {
        let counted = |count: &str| {
            let all = counted(&target("M1", "!Ref A"), "", &format!("\n      DesiredCount: {count}"));
            all.lines().count()
        };
        assert_eq!(counted("1"), 1);
        assert_eq!(counted("0"), 0);
        assert_eq!(counted("'0'"), 0);
        assert_eq!(counted("!If [First, 0, 2]"), 1);
        assert_eq!(counted("!If [First, 0, 0]"), 0);
    }

    #[test]
    fn a_zone_has_one_mount_target() {
        let all = target("M1", "!Ref A") + &target("M2", "!Ref A2") + &target("M3", "!Ref B");
        let message = "DT076 `M1` is a mount target of `Files` in the same zone already at Resources.M2.Properties.SubnetId\n";
        assert_eq!(files(&all, ""), message);
    }
}
