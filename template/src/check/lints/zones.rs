//! Availability zones: what has to be in several, and in which.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::graph::Element;
use crate::model::balancer::Kind;
use crate::model::network::{Subnet, Zone, absent, pointing_at};
use crate::model::{Item, Model, Value};

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
        for (task, _) in service.task_definitions() {
            for volume in task.volumes() {
                for system in volume.value.get("EFSVolumeConfiguration.FilesystemId") {
                    let target = system.target().map(|target| target.item);
                    if let Some(file_system) = target.filter(|item| item.is("AWS::EFS::FileSystem")) {
                        unreached(service.0, file_system, found);
                    }
                }
            }
        }
    }
}

/// Reports the service's subnets whose zone has no mount target of the file system.
fn unreached(service: Item<'_>, system: Item<'_>, found: &mut Findings) {
    let model = service.model();
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
            Some(subnet) => placed.push(subnet),
            None => return,
        }
    }
    let lists = service.get("NetworkConfiguration.AwsvpcConfiguration.Subnets");
    for at in lists.iter().filter_map(Value::items).flatten() {
        let Some(subnet) = Subnet::of(&at) else { continue };
        if placed.iter().all(|target| target.shares_zone(subnet) == Some(false)) {
            let message = format!("`{}` has no mount target in the zone of `{}`", system.id(), subnet.0.id());
            found.at(&at, message).hint("make an `AWS::EFS::MountTarget` in that zone");
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
    for group in model.of_type("AWS::RDS::DBSubnetGroup") {
        for list in group.get("SubnetIds") {
            check(&list, Some("a subnet group of RDS"), false, found);
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
        let message = format!("{what} needs subnets in two zones, and there is only `{}`", only.shown());
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
    let names = format!("`{}` and `{}`", items[before].shown(), items[at].shown());
    if apart {
        let message = format!("{names} are in one zone, and a load balancer takes one subnet of each");
        found.at(&items[at], message).hint("name one subnet in each of two zones or more");
    } else if let Some(what) = needs_two.filter(|_| all) {
        let message = format!("{what} needs subnets in two zones, and {names} are in one");
        found.at(&items[at], message).hint("add a subnet of another zone");
    }
}

/// Whether the subnet is on an outpost or in a local zone (`us-west-2-lax-1a`), where one is enough.
fn is_special(subnet: Subnet<'_>) -> bool {
    let local = |zone: Zone| matches!(zone, Zone::Named(name) if name.split('-').count() > 3);
    !absent(subnet.0, "OutpostArn") || subnet.zone().is_some_and(local)
}
