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
        let fargate = task.on_fargate();
        for service in task.services() {
            for (_, runs) in service.task_definitions().iter().filter(|(other, _)| *other == task) {
                configuration(service, task, &fargate, runs, found);
            }
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

fn configuration<'m>(
    service: Service<'m>,
    task: TaskDefinition<'m>,
    fargate: &[World<'m>],
    runs: &World<'m>,
    found: &mut Findings,
) {
    // With the controller EXTERNAL, the task sets have the network configuration.
    let controllers = service.controllers();
    let ours = |world: &World<'_>| {
        controllers
            .iter()
            .any(|(name, case)| matches!(name.as_deref(), Some("ECS" | "CODE_DEPLOY")) && case.meets(world))
    };
    for mode in task.0.get("NetworkMode") {
        for network in service.0.get("NetworkConfiguration") {
            let world = mode.world().and(network.world()).and_then(|world| world.and(runs));
            let Some(world) = world.filter(|world| ours(world)) else { continue };
            if mode.is_text("awsvpc") && network.is_absent() {
                found
                    .at(&network, format!("the tasks of `{}` have the network mode `awsvpc`, but no subnets", task.0.id()))
                    .hint("add `NetworkConfiguration: {AwsvpcConfiguration: {Subnets: […], SecurityGroups: […]}}`");
            }
            let other =
                mode.is_absent() && !may_be_managed(task) || mode.text().is_some_and(|mode| mode != "awsvpc");
            if other && !network.is_absent() && !fargate.iter().any(|case| case.meets(&world)) {
                let shown = mode.text().unwrap_or_else(|| "bridge".to_owned());
                found
                    .at(
                        &network,
                        format!(
                            "tasks with the network mode `{shown}`, as those of `{}`, are in no subnets",
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

/// Whether it may run on instances that ECS manages, where the network mode has another default.
fn may_be_managed(task: TaskDefinition<'_>) -> bool {
    let names = task.0.get("RequiresCompatibilities").into_iter().filter_map(|list| list.items()).flatten();
    names.into_iter().any(|name| name.is_text("MANAGED_INSTANCES") || name.is_unknown())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::check::lints::testing::found;

    fn service(task: &str, service: &str) -> String {
        let head = "
Resources:
  Task: {Type: 'AWS::ECS::TaskDefinition', Properties: {";
        let rest = format!(
            "{task}}}}}
  Service: {{Type: 'AWS::ECS::Service', Properties: {{TaskDefinition: !Ref Task{service}}}}}
"
        );
        found("DT042", &format!("{head}{rest}"))
    }

    const NETWORK: &str = ", NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-1]}}";

    #[test]
    fn a_service_has_subnets_if_and_only_if_its_tasks_have_a_network_of_their_own() {
        assert_eq!(service("NetworkMode: awsvpc", NETWORK), "");
        assert_eq!(service("NetworkMode: bridge", ""), "");
        assert_eq!(service("RequiresCompatibilities: [MANAGED_INSTANCES]", NETWORK), "");
        assert_eq!(service("NetworkMode: awsvpc", ", DeploymentController: {Type: EXTERNAL}"), "");
        assert_snapshot!(service("NetworkMode: awsvpc", ""), @"
        the tasks of `Task` have the network mode `awsvpc`, but no subnets at Resources.Service.Properties (add `NetworkConfiguration: {AwsvpcConfiguration: {Subnets: […], SecurityGroups: […]}}`)
        ");
        assert_snapshot!(service("NetworkMode: host", NETWORK), @"
        tasks with the network mode `host`, as those of `Task`, are in no subnets at Resources.Service.Properties.NetworkConfiguration (remove `NetworkConfiguration`, or set `NetworkMode: awsvpc` in the task definition)
        ");
        assert_snapshot!(service("Family: web", NETWORK), @"
        tasks with the network mode `bridge`, as those of `Task`, are in no subnets at Resources.Service.Properties.NetworkConfiguration (remove `NetworkConfiguration`, or set `NetworkMode: awsvpc` in the task definition)
        ");
    }

    #[test]
    fn a_host_port_is_the_containers_port() {
        let ports = |mode: &str, host: &str| {
            let mapping = format!("PortMappings: [{{ContainerPort: 80, HostPort: {host}}}]");
            service(&format!("NetworkMode: {mode}, ContainerDefinitions: [{{Name: a, {mapping}}}]"), NETWORK)
        };
        assert_eq!(ports("awsvpc", "80"), "");
        assert_eq!(ports("awsvpc", "0"), "");
        assert_snapshot!(ports("awsvpc", "8080"), @"
        with `awsvpc` the host port is the container's port 80, not 8080 at Resources.Task.Properties.ContainerDefinitions[0].PortMappings[0].HostPort (remove `HostPort`)
        ");
    }
}
