//! The network mode of a task, and what it asks of its ports and its service.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::ecs::{Service, TaskDefinition};
use crate::model::{Model, World};

pub(super) static LINTS: &[Lint] = &[Lint { rule: &MODE, check: mode }];

rule! {
    /// A setting that the network mode of the task does not go with.
    ///
    /// With `awsvpc`, each task has a network interface of its own: the service must say in which subnets
    /// (`NetworkConfiguration`), and a host port can only be the container's. With another mode there is no such
    /// interface, and a service with `NetworkConfiguration` is refused.
    ///
    /// Add or remove `NetworkConfiguration`, or change `NetworkMode` (`bridge` if absent); remove `HostPort`.
    ///
    /// Source: [CreateService](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html),
    /// [PortMapping](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html).
    pub(super) MODE = "DT042" Error;
}

fn mode(model: &Model<'_>, found: &mut Findings) {
    for task in model.task_definitions() {
        host_ports(task, found);
    }
    for service in model.services() {
        for (task, runs) in service.task_definitions() {
            configuration(service, task, &runs, found);
        }
    }
}

fn host_ports(task: TaskDefinition<'_>, found: &mut Findings) {
    let modes = task.0.get("NetworkMode");
    for mapping in task.containers().iter().flat_map(|container| container.entries("PortMappings")) {
        for host in mapping.get("HostPort") {
            for port in mapping.get("ContainerPort") {
                // 0 asks for any port, which ECS takes as none.
                let (Some(outer), Some(inner)) = (host.number().filter(|port| *port > 0.0), port.number())
                else {
                    continue;
                };
                let Some(world) = host.world().and(port.world()) else { continue };
                let alone = modes.iter().any(|mode| mode.is_text("awsvpc") && mode.world().meets(&world));
                if alone && (outer - inner).abs() > 0.5 {
                    found
                        .at(
                            &host,
                            format!(
                                "with `awsvpc` the host port is the container's port {inner}, not {outer}"
                            ),
                        )
                        .hint("remove `HostPort`");
                }
            }
        }
    }
}

fn configuration<'m>(service: Service<'m>, task: TaskDefinition<'m>, runs: &World<'m>, found: &mut Findings) {
    // With the controller EXTERNAL, the task sets have the network configuration.
    let controllers = service.controllers();
    let ours = |world: &World<'_>| {
        controllers
            .iter()
            .any(|(name, case)| matches!(name.as_deref(), Some("ECS" | "CODE_DEPLOY")) && case.meets(world))
    };
    let fargate = task.on_fargate();
    for mode in task.0.get("NetworkMode") {
        for network in service.0.get("NetworkConfiguration") {
            let world = mode.world().and(network.world()).and_then(|world| world.and(runs));
            let Some(world) = world.filter(|world| ours(world)) else { continue };
            if mode.is_text("awsvpc") && network.is_absent() {
                found
                    .at(&network, format!("the tasks of `{}` have the network mode `awsvpc`, but no subnets", task.0.id()))
                    .hint("add `NetworkConfiguration: {AwsvpcConfiguration: {Subnets: […], SecurityGroups: […]}}`");
            }
            let other = mode.is_absent() || mode.text().is_some_and(|mode| mode != "awsvpc");
            if other && !network.is_absent() && !fargate.iter().any(|case| case.meets(&world)) {
                let shown = mode.text().unwrap_or_else(|| "bridge".to_owned());
                found
                    .at(
                        &network,
                        format!(
                            "the tasks of `{}` have the network mode `{shown}`, and no subnets",
                            task.0.id()
                        ),
                    )
                    .hint(
                        "remove `NetworkConfiguration`, or set `NetworkMode: awsvpc` in the task definition",
                    );
            }
        }
    }
}
