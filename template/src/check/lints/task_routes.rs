//! The network that tasks run in: whether they get out, and whether what they need gets through.

use std::collections::BTreeMap;

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::balancer::{Kind, Listener, ListenerRule, LoadBalancer};
use crate::model::ecs::Service;
use crate::model::network::security::{Direction, Peer, SecurityGroup, blocked, groups_of, whole};
use crate::model::network::{Endpoint, Subnet, Way, absent, pointing_at};
use crate::model::{Item, Model, Part, Value, World};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &NO_WAY_OUT, check: no_way_out },
    Lint { rule: &USELESS_ADDRESS, check: useless_address },
    Lint { rule: &FILES_BLOCKED, check: files_blocked },
    Lint { rule: &BALANCER_BLOCKED, check: balancer_blocked },
];

rule! {
    /// Tasks on Fargate that cannot reach what they are started from.
    ///
    /// Fargate pulls the image, reads the secrets and opens the log through the task's own network interface. In a
    /// public subnet that works only with a public address; in a subnet without a default route only through VPC
    /// endpoints. Otherwise each task stops after minutes with `ResourceInitializationError` or
    /// `CannotPullContainerError`, and the deployment hangs until it is given up.
    ///
    /// Use private subnets with a NAT gateway, or add endpoints: `ecr.api`, `ecr.dkr` and a gateway to `s3` for images
    /// of ECR, `logs`, and `secretsmanager` or `ssm` where secrets are used. No endpoint leads to a public registry.
    ///
    /// Source: [Fargate task networking](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html),
    /// [ECR interface endpoints](https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html).
    pub(super) NO_WAY_OUT = "DT071" Error;
}

rule! {
    /// A public address for tasks in a subnet where it is of no use.
    ///
    /// `AssignPublicIp: ENABLED` makes no way to the internet. In a private subnet the default route leads to a NAT
    /// gateway or nowhere, so that nothing goes out from the address and no answer comes back to it; but it is there
    /// and must be paid for.
    ///
    /// Set it to `DISABLED`, or put the tasks into public subnets if they are meant to be there.
    ///
    /// Source: [Fargate task networking](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html).
    pub(super) USELESS_ADDRESS = "DT072" Warning;
}

rule! {
    /// No security group lets the tasks reach their file system.
    ///
    /// Tasks mount EFS over NFS: TCP, port 2049, from the tasks' security group to the mount target's. Without a rule
    /// the packets are dropped silently, the mount hangs for minutes, and the task stops with
    /// `ResourceInitializationError: failed to invoke EFS utils commands`.
    ///
    /// Let the tasks' group in at the mount target's group, and out at its own if that has rules for what goes out.
    ///
    /// Source: [EFS security groups](https://docs.aws.amazon.com/efs/latest/ug/network-access.html).
    pub(super) FILES_BLOCKED = "DT074" Error;
}

rule! {
    /// No security group lets the load balancer reach the tasks.
    ///
    /// The load balancer sends requests and health checks to each task's own address, on the container's port. Without
    /// a rule they are dropped: no task ever becomes healthy, ECS stops it and starts the next one, and the deployment
    /// never ends ("Request timed out").
    ///
    /// Let the load balancer's group in at the tasks' group on the container's port, and out at its own if that has
    /// rules for what goes out.
    ///
    /// Source: [Security groups of a load balancer](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html).
    pub(super) BALANCER_BLOCKED = "DT075" Error;
}

const NETWORK: &str = "NetworkConfiguration.AwsvpcConfiguration";
const SUBNETS: &str = "NetworkConfiguration.AwsvpcConfiguration.Subnets";
const ADDRESS: &str = "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp";
const GROUPS: &str = "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups";

/// The port of [NFS][aws].
///
/// [aws]: https://docs.aws.amazon.com/efs/latest/ug/network-access.html
const NFS: i64 = 2049;

/// The port of AWS's APIs and of registries.
const HTTPS: i64 = 443;

/// Registries on the internet; an image without a registry comes from the first.
const PUBLIC: [&str; 8] = [
    "docker.io",
    "public.ecr.aws",
    "ghcr.io",
    "quay.io",
    "gcr.io",
    "registry.k8s.io",
    "mcr.microsoft.com",
    "registry.gitlab.com",
];

/// The subnets of the template that tasks of `item` may be put in.
fn subnets(item: Item<'_>) -> Vec<(Subnet<'_>, Value<'_>)> {
    let lists = item.get(SUBNETS);
    let values = lists.iter().filter_map(Value::items).flatten();
    values.filter_map(|value| Some((Subnet::of(&value)?, value))).collect()
}

fn useless_address(model: &Model<'_>, found: &mut Findings) {
    for item in model.of_type("AWS::ECS::Service").chain(model.of_type("AWS::ECS::TaskSet")) {
        for address in item.get(ADDRESS).iter().filter(|address| address.is_text("ENABLED")) {
            let mut subnets = subnets(item).into_iter().filter(|(_, at)| at.world().meets(address.world()));
            let private = subnets.find_map(|(subnet, _)| match subnet.way()? {
                Way::Public => None,
                Way::Private => Some((subnet, "whose default route leads past it")),
                Way::Isolated => Some((subnet, "which has no default route")),
            });
            if let Some((subnet, why)) = private {
                found
                    .at(address, format!("a public address is of no use in `{}`, {why}", subnet.0.id()))
                    .hint("set it to `DISABLED`, or use public subnets");
            }
        }
    }
}

fn no_way_out(model: &Model<'_>, found: &mut Findings) {
    for service in model.services().filter(|service| service.is_fargate() == Some(true)) {
        shut_in(service, found);
        for address in service.0.get(ADDRESS) {
            let disabled = address.is_absent() || address.is_text("DISABLED");
            for (subnet, at) in subnets(service.0) {
                let Some(world) = at.world().and(address.world()) else { continue };
                let Some(stuck) = Stuck::of(subnet, &world, disabled) else { continue };
                if has_ipv6(subnet) || !service.starts_tasks(&stuck.world) {
                    continue;
                }
                let Some(missing) = out_of_reach(service, subnet).filter(|missing| !missing.is_empty())
                else {
                    continue;
                };
                let (id, missing) = (subnet.0.id(), missing.join(", "));
                if stuck.why.is_empty() {
                    let message = format!(
                        "without a public address, tasks in the public subnet `{id}` cannot reach {missing}"
                    );
                    found
                        .at(&address, message)
                        .hint("set `AssignPublicIp: ENABLED`, or use private subnets with a NAT gateway");
                } else {
                    let message = format!("tasks in `{id}`, which has {}, cannot reach {missing}", stuck.why);
                    found.at(&at, message).hint("add a default route to a NAT gateway, or VPC endpoints");
                }
            }
        }
    }
}

/// That tasks in a subnet do not get out of it.
struct Stuck<'m> {
    /// What the subnet does not have; nothing if it is public, and the tasks have no address.
    why: String,
    /// When.
    world: World<'m>,
}

impl<'m> Stuck<'m> {
    fn of(subnet: Subnet<'m>, world: &World<'m>, no_address: bool) -> Option<Stuck<'m>> {
        let why = match subnet.way() {
            Some(Way::Public) if no_address => "",
            Some(Way::Isolated) => "no route out",
            Some(Way::Public | Way::Private) => return None,
            None if subnet.has_no_route_table() => "no route table of its own and so no route out",
            None => {
                let case = subnet.without_way(world)?;
                return Some(Stuck { why: format!("no route out where {}", case.shown()), world: case });
            }
        };
        Some(Stuck { why: why.to_owned(), world: world.clone() })
    }
}

/// Reports a service whose security groups let its tasks reach nothing that they are started from.
fn shut_in(service: Service<'_>, found: &mut Findings) {
    let (lists, Some(groups)) = (service.0.get(GROUPS), groups_of(service.0, GROUPS)) else { return };
    let Some(place) = lists.iter().find(|list| service.starts_tasks(list.world())) else { return };
    let needed = needs(service);
    if !needed.is_empty() && groups.iter().all(|group| group.is_shut(Direction::Egress, HTTPS)) {
        let needed: Vec<_> = needed.iter().map(|name| format!("`{name}`")).collect();
        let message = format!(
            "nothing lets the tasks of `{}` out on port 443, so that they cannot reach {}",
            service.0.id(),
            needed.join(", ")
        );
        let group = groups.first().map_or("", |group| group.0.id());
        found.at(place, message).hint(format!("let `{group}` send on port 443"));
    }
}

fn has_ipv6(subnet: Subnet<'_>) -> bool {
    !absent(subnet.0, "Ipv6CidrBlock")
        || !absent(subnet.0, "Ipv6Native")
        || !pointing_at(subnet.0, "AWS::EC2::SubnetCidrBlock", "SubnetId").is_empty()
}

/// What the service's tasks need for their start and cannot reach from the subnet, which has no way out; `None` if
/// that is not known.
fn out_of_reach(service: Service<'_>, subnet: Subnet<'_>) -> Option<Vec<String>> {
    let endpoints = subnet.vpc()?.endpoints();
    let mut reached = Vec::new();
    for endpoint in &endpoints {
        let name = endpoint.service()?;
        if reaches(*endpoint, subnet, service)? {
            reached.push(name);
        }
    }
    let needed = needs(service);
    let missing = needed.iter().filter(|name| !reached.contains(name)).map(|name| format!("`{name}`"));
    let mut missing: Vec<_> = missing.collect();
    // Wherever an image comes from, there is no way to it, but to a registry within the VPC.
    let tasks = service.task_definitions();
    let mut images =
        tasks.iter().flat_map(|(task, _)| task.containers()).flat_map(|it| it.value.get("Image"));
    if missing.is_empty() && endpoints.is_empty() && !images.any(|image| image.is_known()) {
        missing.push("the registry of their image".to_owned());
    }
    Some(missing)
}

/// The services and public registries that tasks need for their start, as far as they are known.
fn needs(service: Service<'_>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut need = |name: &str| {
        if all.iter().all(|known| known != name) {
            all.push(name.to_owned());
        }
    };
    for (task, _) in service.task_definitions() {
        for container in task.containers() {
            for source in container.value.get("Image").iter().filter_map(sources).flatten() {
                need(source);
            }
            let logs = container.value.get("LogConfiguration.LogDriver");
            if logs.iter().any(|driver| driver.is_text("awslogs")) {
                need("logs");
            }
            for secret in container.entries("Secrets") {
                secret.get("ValueFrom").iter().filter_map(store).for_each(&mut need);
            }
        }
    }
    all
}

/// Whether an endpoint is of use to the service's tasks in a subnet of its VPC; `None` if that is not known.
fn reaches(endpoint: Endpoint<'_>, subnet: Subnet<'_>, service: Service<'_>) -> Option<bool> {
    if !endpoint.is_gateway()? {
        return lets_in(endpoint, service);
    }
    let table = subnet.route_table()?.0;
    let lists = endpoint.0.get("RouteTableIds");
    let mut reaches = false;
    for list in &lists {
        for value in list.items()? {
            reaches |= value.target()?.item == table;
        }
    }
    Some(reaches)
}

/// Whether the service's tasks find an interface endpoint by the name of what it leads to, and are let in.
fn lets_in<'m>(endpoint: Endpoint<'m>, service: Service<'m>) -> Option<bool> {
    let model = endpoint.0.model();
    let by_name = endpoint.0.get("PrivateDnsEnabled");
    if by_name.iter().all(|on| on.boolean() == Some(false)) {
        // A zone of one's own may have the name.
        let zones = model.of_type("AWS::Route53::HostedZone").next().is_some();
        return if zones || model.referrers(endpoint.0.id()).next().is_some() { None } else { Some(false) };
    }
    let from = Peer::of(service.0, GROUPS, &[SUBNETS]);
    let to = Peer::of(endpoint.0, "SecurityGroupIds", &["SubnetIds"]);
    let is_blocked = |(from, to): (Peer<'m>, Peer<'m>)| blocked(&from, &to, HTTPS).is_some();
    Some(!from.zip(to).is_some_and(is_blocked))
}

/// Where an image comes from: the services that ECR consists of, or a public registry; `None` if that is not known.
fn sources(image: &Value<'_>) -> Option<&'static [&'static str]> {
    let texts = image.texts();
    let text = texts.first()?;
    let of_ecr = text.targets().any(|target| target.item.is("AWS::ECR::Repository"));
    if of_ecr || text.to_string().contains(".dkr.ecr.") {
        return Some(&["ecr.api", "ecr.dkr", "s3"]);
    }
    let Some(Part::Literal(start)) = text.parts.first() else { return None };
    let host = match start.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        // The rest could still be a registry.
        None if text.parts.len() > 1 => return None,
        _ => PUBLIC[0],
    };
    PUBLIC.iter().find(|known| **known == host).map(std::slice::from_ref)
}

/// The service that keeps a secret.
fn store(from: &Value<'_>) -> Option<&'static str> {
    let texts = from.texts();
    let text = texts.first()?;
    let shown = text.to_string();
    let is = |type_name: &str| text.targets().any(|target| target.item.is(type_name));
    if shown.contains(":secretsmanager:") || is("AWS::SecretsManager::Secret") {
        return Some("secretsmanager");
    }
    (shown.contains(":ssm:") || is("AWS::SSM::Parameter")).then_some("ssm")
}

fn files_blocked(model: &Model<'_>, found: &mut Findings) {
    for service in model.services() {
        let Some(from) = Peer::of(service.0, GROUPS, &[SUBNETS]) else { continue };
        for (task, world) in service.task_definitions() {
            for volume in task.volumes() {
                let systems = volume.value.get("EFSVolumeConfiguration.FilesystemId");
                let starts = |value: &&Value<'_>| {
                    value.world().and(&world).is_some_and(|world| service.starts_tasks(&world))
                };
                for system in systems.iter().filter(starts).filter_map(Value::target) {
                    for (target, _) in pointing_at(system.item, "AWS::EFS::MountTarget", "FileSystemId") {
                        let Some(to) = Peer::of(target, "SecurityGroups", &["SubnetId"]) else { continue };
                        if let Some(direction) = blocked(&from, &to, NFS) {
                            let what = format!("the mount target `{}`", target.id());
                            blocked_by(
                                found,
                                direction,
                                (service.0, GROUPS, &from.groups),
                                (target, "SecurityGroups", &to.groups),
                                &what,
                                NFS,
                            );
                        }
                    }
                }
            }
        }
    }
}

/// One end of a connection: who, where its groups are listed, and these.
type End<'a, 'm> = (Item<'m>, &'m str, &'a [SecurityGroup<'m>]);

/// Reports that nothing lets `from` reach `to` on a port.
fn blocked_by(
    found: &mut Findings,
    direction: Direction,
    from: End<'_, '_>,
    to: End<'_, '_>,
    what: &str,
    port: i64,
) {
    let id = |end: End<'_, '_>| end.2.first().map_or("", |group| group.0.id()).to_owned();
    let message = format!("no security group lets `{}` reach {what} on port {port}", from.0.id());
    let (at, hint) = match direction {
        Direction::Ingress => (to, format!("let `{}` in at `{}` on port {port}", id(from), id(to))),
        Direction::Egress => (from, format!("let `{}` send to `{}` on port {port}", id(from), id(to))),
    };
    let places = at.0.get(at.1);
    if let Some(place) = places.first() {
        found.at(place, message).hint(hint);
    }
}

fn balancer_blocked(model: &Model<'_>, found: &mut Findings) {
    let balancers = balancers_by_group(model);
    for attachment in model.attachments() {
        let service = attachment.service.0;
        if !attachment.service.starts_tasks(attachment.group.world()) {
            continue;
        }
        let Some(group) = attachment.target_group() else { continue };
        // Only a task with an address of its own is reached on the container's port.
        if group.target_type().as_deref() != Some("ip") || absent(service, NETWORK) {
            continue;
        }
        let Some(tasks) = Peer::of(service, GROUPS, &[SUBNETS]) else { continue };
        let tasks_of = |what: &'static str| move |port| (port, format!("{what} of `{}`", service.id()));
        let own = attachment.value.get("ContainerPort").into_iter().filter_map(|port| whole(&port));
        // `traffic-port`, the default, is no number.
        let checked = group.0.get("HealthCheckPort").into_iter().filter_map(|port| whole(&port));
        for (port, what) in own.map(tasks_of("the tasks")).chain(checked.map(tasks_of("the health check"))) {
            for balancer in balancers.get(group.0.id()).into_iter().flatten() {
                let subnets = ["Subnets", "SubnetMappings"];
                let Some(from) = Peer::of(balancer.0, "SecurityGroups", &subnets) else { continue };
                if let Some(direction) = blocked(&from, &tasks, port) {
                    blocked_by(
                        found,
                        direction,
                        (balancer.0, "SecurityGroups", &from.groups),
                        (service, GROUPS, &tasks.groups),
                        &what,
                        port,
                    );
                }
            }
        }
    }
}

/// The application load balancers that forward to each target group.
fn balancers_by_group<'m>(model: &'m Model<'m>) -> BTreeMap<&'m str, Vec<LoadBalancer<'m>>> {
    let mut all: BTreeMap<&str, Vec<LoadBalancer<'_>>> = BTreeMap::new();
    for forward in model.forwards() {
        let Some(group) = forward.target_group() else { continue };
        let listeners = match forward.from.type_name() {
            "AWS::ElasticLoadBalancingV2::Listener" => vec![Listener(forward.from)],
            _ => ListenerRule(forward.from).listeners().into_iter().map(|(listener, _)| listener).collect(),
        };
        let known = all.entry(group.0.id()).or_default();
        for (balancer, _) in listeners.into_iter().flat_map(Listener::load_balancers) {
            if balancer.kind() == Some(Kind::Application) && !known.contains(&balancer) {
                known.push(balancer);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests;
