//! How the containers of a task go together.

use std::collections::BTreeMap;

use crate::check::did_you_mean;
use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::ecs::{Container, Service, TaskDefinition};
use crate::model::{Model, Value, World};
use crate::nearest::nearest;

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &TOO_LARGE, check: too_large },
    Lint { rule: &PORT, check: port },
    Lint { rule: &NO_CONTAINER, check: no_container },
    Lint { rule: &TOGETHER, check: together },
    Lint { rule: &NUMBERS, check: numbers },
    Lint { rule: &NO_VOLUME, check: no_volume },
];

rule! {
    /// Containers that need more than their task has.
    ///
    /// What the containers reserve together (`Cpu`, and `MemoryReservation` or else `Memory`) must fit into the `Cpu`
    /// and `Memory` of the task. ECS refuses the task definition otherwise.
    ///
    /// Make the task larger, or the containers smaller; on Fargate they need no numbers of their own.
    ///
    /// Source: [Task size](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#task_size).
    pub(super) TOO_LARGE = "DT041" Error;
}

fn too_large(model: &Model<'_>, found: &mut Findings) {
    for task in model.task_definitions() {
        // Only what is there in every case counts, with the least that it may be.
        let sure: Vec<_> =
            task.containers().into_iter().filter(|container| is_sure(container, task)).collect();
        let least = |container: &Container<'_>, name: &'static str| {
            let values = container.value.get(name);
            let numbers: Option<Vec<f64>> = values.iter().map(Value::number).collect();
            numbers.and_then(|numbers| numbers.into_iter().min_by(f64::total_cmp))
        };
        let cpu: f64 = sure.iter().filter_map(|container| least(container, "Cpu")).sum();
        let reserved = |container: &Container<'_>| {
            let soft = container.value.get("MemoryReservation");
            if soft.iter().all(Value::is_absent) {
                least(container, "Memory")
            } else {
                least(container, "MemoryReservation")
            }
        };
        let memory: f64 = sure.iter().filter_map(reserved).sum();
        for (name, sum, unit) in [("Cpu", cpu, "CPU units"), ("Memory", memory, "MiB of memory")] {
            let sizes = task.0.get(name);
            let whole: Option<Vec<f64>> = sizes.iter().map(Value::number).collect();
            let Some(most) = whole.and_then(|all| all.into_iter().max_by(f64::total_cmp)) else { continue };
            if sum > most {
                found
                    .at(&sizes[0], format!("the containers reserve {sum} {unit}, but the task has {most}"))
                    .hint(format!("raise `{name}` of the task, or lower what the containers reserve"));
            }
        }
    }
}

/// Whether the container is there whenever the task definition is.
fn is_sure(container: &Container<'_>, task: TaskDefinition<'_>) -> bool {
    container.value.world().is_same(&task.0.world())
}

rule! {
    /// A load balancer for a port that the container does not map.
    ///
    /// ECS registers a task in the target group under `ContainerName` and `ContainerPort`, and refuses the service if
    /// the container's `PortMappings` do not have that port: "The container web did not have a container port 8080
    /// defined".
    ///
    /// Service Connect names a port by the `Name` of its mapping, and is refused likewise if there is none.
    ///
    /// Name the same port in both places.
    ///
    /// Source: [LoadBalancer](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html),
    /// [ServiceConnectService](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html).
    pub(super) PORT = "DT044" Error;
}

/// Where a service names a container and one of its ports.
const REGISTRATIONS: [&str; 2] = ["LoadBalancers", "ServiceRegistries"];

/// Reports the ports that Service Connect names and no container maps.
fn named_port<'m>(service: Service<'m>, tasks: &[(TaskDefinition<'m>, World<'m>)], found: &mut Findings) {
    let off = service.0.get("ServiceConnectConfiguration.Enabled");
    if off.iter().all(|on| on.boolean() == Some(false)) {
        return;
    }
    let lists = service.0.get("ServiceConnectConfiguration.Services");
    let entries = lists.iter().filter_map(Value::items).flatten();
    for port in entries.flat_map(|entry| entry.get("PortName")) {
        let Some(name) = port.text() else { continue };
        for (task, _) in tasks.iter().filter(|(_, runs)| runs.meets(port.world())) {
            let Some(known) = task.port_names() else { continue };
            if !known.iter().any(|(known, world)| *known == name && world.meets(port.world())) {
                let message = format!("no container of `{}` maps a port with the name `{name}`", task.0.id());
                let known: Vec<_> = known.iter().map(|(name, _)| format!("`{name}`")).collect();
                found.at(&port, message).hint(match known.join(", ") {
                    known if known.is_empty() => {
                        format!("add `Name: {name}` to an entry of its `PortMappings`")
                    }
                    known => format!("its `PortMappings` have {known}"),
                });
            }
        }
    }
}

fn port(model: &Model<'_>, found: &mut Findings) {
    for service in model.services() {
        let tasks = service.task_definitions();
        named_port(service, &tasks, found);
        for entry in REGISTRATIONS
            .iter()
            .flat_map(|name| service.0.get(name))
            .filter_map(|list| list.items())
            .flatten()
        {
            for name in entry.get("ContainerName") {
                for port in entry.get("ContainerPort") {
                    let (Some(text), Some(number)) = (name.text(), port.number()) else { continue };
                    let Some(world) = name.world().and(port.world()) else { continue };
                    let running = tasks.iter().filter(|(_, runs)| runs.meets(&world));
                    for container in running.flat_map(|(task, _)| task.containers()) {
                        if container.name().as_deref() != Some(&text)
                            || !container.value.world().meets(&world)
                        {
                            continue;
                        }
                        let Some(ports) = container.all_ports() else { continue };
                        if ports.iter().all(|known| known.number() != Some(number)) {
                            found.at(&port, format!("the container `{text}` maps no port {number}")).hint(
                                match ports.iter().map(Value::shown).collect::<Vec<_>>().join(", ") {
                                    known if known.is_empty() => {
                                        format!("add `PortMappings: [{{ContainerPort: {number}}}]`")
                                    }
                                    known => format!("its `PortMappings` have {known}"),
                                },
                            );
                        }
                    }
                }
            }
        }
    }
}

rule! {
    /// A container that the task does not have.
    ///
    /// `LoadBalancers`, `ServiceRegistries`, `DependsOn`, `VolumesFrom`, `Links` and `ProxyConfiguration` name a
    /// container of the task definition. ECS refuses the service, or the task definition, if there is none of that
    /// name.
    ///
    /// Name a container of the task, in the same letters.
    ///
    /// Source: [LoadBalancer](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html),
    /// [ContainerDependency](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html).
    pub(super) NO_CONTAINER = "DT045" Error;
}

fn no_container(model: &Model<'_>, found: &mut Findings) {
    for service in model.services() {
        let named: Vec<_> = REGISTRATIONS
            .iter()
            .flat_map(|name| service.0.get(name))
            .filter_map(|list| list.items())
            .flatten()
            .flat_map(|entry| entry.get("ContainerName"))
            .collect();
        for (task, runs) in service.task_definitions() {
            let meeting = named.iter().filter(|name| name.world().meets(&runs));
            check_names(task, meeting.cloned().collect(), found);
        }
    }
    for task in model.task_definitions() {
        let mut named = task.0.get("ProxyConfiguration.ContainerName");
        for container in task.containers() {
            let of = |list: &'static str, name: &'static str| {
                container.entries(list).into_iter().flat_map(move |entry| entry.get(name)).collect::<Vec<_>>()
            };
            named.extend(of("DependsOn", "ContainerName"));
            named.extend(of("VolumesFrom", "SourceContainer"));
            named.extend(container.entries("Links"));
        }
        check_names(task, named, found);
    }
}

fn check_names(task: TaskDefinition<'_>, named: Vec<Value<'_>>, found: &mut Findings) {
    if named.is_empty() {
        return;
    }
    let Some(all) = task.container_names() else { return };
    let known = Names::of(&all);
    for value in named {
        let Some(text) = value.text() else { continue };
        // A link may have an alias: `database:db`.
        let name = text.split(':').next().unwrap_or_default();
        if !known.have(name, value.world()) {
            let hint =
                known.near(name).unwrap_or_else(|| format!("name one of its containers: {}", known.shown()));
            found.at(&value, format!("`{}` has no container `{name}`", task.0.id())).hint(hint);
        }
    }
}

/// Names by which parts of a task are known, each with what must hold for it to be there.
struct Names<'n, 'm>(BTreeMap<&'n str, Vec<&'n World<'m>>>);

impl<'n, 'm> Names<'n, 'm> {
    fn of(names: &'n [(String, World<'m>)]) -> Names<'n, 'm> {
        let mut all: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (name, world) in names {
            all.entry(name).or_default().push(world);
        }
        Names(all)
    }

    /// Whether there is something of this name in the world.
    fn have(&self, name: &str, world: &World<'m>) -> bool {
        self.0.get(name).is_some_and(|worlds| worlds.iter().any(|known| known.meets(world)))
    }

    fn near(&self, name: &str) -> Option<String> {
        // Comparing costs, and nobody looks for a slip among so many.
        const MOST: usize = 50;
        if self.0.contains_key(name) {
            return Some("it is only there under another condition".to_owned());
        }
        did_you_mean(nearest(name, self.0.keys().take(MOST).copied()))
    }

    fn shown(&self) -> String {
        const MOST: usize = 12;
        self.0.keys().take(MOST).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    }
}

rule! {
    /// Containers that cannot be in one task.
    ///
    /// The containers of a task need names of their own; with the network mode `awsvpc` or `host` they share one
    /// network, so that two of them cannot listen on the same port; and at least one must be essential, or there
    /// is nothing whose end would end the task.
    ///
    /// Rename the container, give it another port, or remove `Essential: false`.
    ///
    /// Source: [Container definitions](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#container_definitions).
    pub(super) TOGETHER = "DT046" Error;
}

fn together(model: &Model<'_>, found: &mut Findings) {
    for task in model.task_definitions() {
        let containers = task.containers();
        same_name(&containers, found);
        same_port(task, &containers, found);
        let optional = |container: &Container<'_>| {
            container.value.get("Essential").iter().all(|essential| essential.boolean() == Some(false))
        };
        if let Some(all) = task.all_containers()
            && !all.is_empty()
            && all.iter().all(optional)
        {
            let first = all[0].value.get("Essential");
            found
                .at(&first[0], "no container of the task is essential")
                .hint("remove `Essential: false` from the container that the task is for");
        }
    }
}

fn same_name(containers: &[Container<'_>], found: &mut Findings) {
    let mut known: BTreeMap<String, Vec<World<'_>>> = BTreeMap::new();
    for name in containers.iter().flat_map(|container| container.value.get("Name")) {
        let Some(text) = name.text() else { continue };
        let others = known.entry(text.clone()).or_default();
        if others.iter().any(|other| other.meets(name.world())) {
            found
                .at(&name, format!("two containers of the task have the name `{text}`"))
                .hint("give each container of a task a name of its own");
        } else {
            others.push(name.world().clone());
        }
    }
}

fn same_port(task: TaskDefinition<'_>, containers: &[Container<'_>], found: &mut Findings) {
    let shared = |mode: &Value<'_>| mode.is_text("awsvpc") || mode.is_text("host");
    if !task.0.get("NetworkMode").iter().all(shared) {
        return;
    }
    let mut known: BTreeMap<(String, String), Vec<(usize, World<'_>)>> = BTreeMap::new();
    for (place, container) in containers.iter().enumerate() {
        for mapping in container.entries("PortMappings") {
            let protocols = mapping.get("Protocol");
            let protocol = protocols.first().and_then(Value::text).unwrap_or_else(|| "tcp".to_owned());
            if protocols.iter().any(Value::is_unknown) || protocols.len() > 1 {
                continue;
            }
            for port in mapping.get("ContainerPort").iter().filter(|port| port.number().is_some()) {
                let others = known.entry((port.shown(), protocol.clone())).or_default();
                let same = others.iter().find(|(other, world)| *other != place && world.meets(port.world()));
                if let Some((other, _)) = same {
                    let (one, two) = (containers[*other].shown(), container.shown());
                    found
                        .at(port, format!("{one} and {two} both listen on {protocol} port {}", port.shown()))
                        .hint("the containers of this task share one network: give one of them another port");
                } else if others.iter().all(|(other, _)| *other != place) {
                    others.push((place, port.world().clone()));
                }
            }
        }
    }
}

rule! {
    /// A container setting outside of what ECS accepts.
    ///
    /// A health check has an interval of 5 to 300 seconds, a timeout of 2 to 60, 1 to 10 retries, a start
    /// period of at most 300 seconds, and a command that begins with `CMD`, `CMD-SHELL` or `NONE`; `Memory` is not
    /// less than `MemoryReservation`. ECS refuses the task definition otherwise.
    ///
    /// Source: [HealthCheck](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html),
    /// [ContainerDefinition](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html).
    pub(super) NUMBERS = "DT049" Error;
}

/// What ECS accepts. Source: see [`NUMBERS`].
const RANGES: [(&str, f64, f64, &str); 4] = [
    ("HealthCheck.Interval", 5.0, 300.0, "seconds between two health checks"),
    ("HealthCheck.Timeout", 2.0, 60.0, "seconds for a health check"),
    ("HealthCheck.Retries", 1.0, 10.0, "retries of a health check"),
    ("HealthCheck.StartPeriod", 0.0, 300.0, "seconds for the start"),
];

fn numbers(model: &Model<'_>, found: &mut Findings) {
    for container in model.task_definitions().flat_map(TaskDefinition::containers) {
        for (name, least, most, what) in RANGES {
            for value in container.value.get(name) {
                let Some(number) = value.number().filter(|number| !(least..=most).contains(number)) else {
                    continue;
                };
                found
                    .at(&value, format!("{number} {what}: ECS accepts {least} to {most}"))
                    .hint(format!("choose a number from {least} to {most}"));
            }
        }
        for command in container.value.get("HealthCheck.Command") {
            let items = command.items().unwrap_or_default();
            let Some(first) = items.first().and_then(Value::text) else { continue };
            if !first.starts_with("CMD") && first != "NONE" && items[0].world().is_same(command.world()) {
                found
                    .at(&items[0], format!("the command of a health check begins with `CMD` or `CMD-SHELL`, not `{first}`"))
                    .hint("put `CMD-SHELL` before a line for the shell, or `CMD` before a program and its arguments");
            }
        }
        for soft in container.value.get("MemoryReservation") {
            for hard in container.value.get("Memory") {
                let (Some(least), Some(most)) = (soft.number(), hard.number()) else { continue };
                if least > most && soft.world().meets(hard.world()) {
                    found
                        .at(&soft, format!("{least} MiB are reserved, more than the {most} MiB of `Memory`"))
                        .hint("lower `MemoryReservation`, or raise `Memory`");
                }
            }
        }
    }
}

rule! {
    /// A volume that the task does not declare.
    ///
    /// `SourceVolume` of a mount point names an entry of the task definition's `Volumes`; ECS refuses the task
    /// definition if there is none of that name.
    ///
    /// Declare the volume in `Volumes`, or name one that is declared.
    ///
    /// Source: [MountPoint](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_MountPoint.html).
    pub(super) NO_VOLUME = "DT050" Error;
}

fn no_volume(model: &Model<'_>, found: &mut Findings) {
    for task in model.task_definitions() {
        let Some(names) = task.volume_names() else { continue };
        let known = Names::of(&names);
        let mounts = task.containers().into_iter().flat_map(|container| container.entries("MountPoints"));
        for source in mounts.flat_map(|mount| mount.get("SourceVolume")) {
            let Some(name) = source.text() else { continue };
            if !known.have(&name, source.world()) {
                let hint =
                    known.near(&name).unwrap_or_else(|| format!("add `{{Name: {name}}}` to `Volumes`"));
                found.at(&source, format!("`{}` declares no volume `{name}`", task.0.id())).hint(hint);
            }
        }
    }
}

#[cfg(test)]
mod tests;
