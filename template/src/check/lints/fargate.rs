//! What Fargate sells and what it does not offer.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::ecs::{Container, Service};
use crate::model::{Model, Value, World};

pub(super) static LINTS: &[Lint] =
    &[Lint { rule: &SIZE, check: size }, Lint { rule: &NOT_OFFERED, check: not_offered }];

rule! {
    /// A CPU and memory pair that Fargate does not sell.
    ///
    /// A task on Fargate needs `Cpu` and `Memory`, and for each number of CPU units only some amounts of memory are
    /// sold; the task definition is refused with "No Fargate configuration exists for given values". This holds
    /// for a task that names `EC2` beside `FARGATE` too.
    ///
    /// Choose a pair from the table; a task with too little memory for its CPU takes fewer CPU units.
    ///
    /// Source: [Invalid CPU or memory](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html),
    /// [Fargate tasks](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html).
    pub(super) SIZE = "DT039" Error;
}

/// What Fargate sells: CPU units, and for these the least and the most memory in MiB, and the steps between them.
///
/// Source: [Fargate tasks](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html).
const SOLD: [(u32, u32, u32, u32); 6] = [
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
];

/// What is sold without a step between the amounts: CPU units, and their memory in MiB.
const SOLD_ALONE: [(u32, [u32; 3]); 2] = [(256, [512, 1024, 2048]), (32768, [61_440, 122_880, 249_856])];

/// The amounts of memory that are sold with these CPU units.
fn memories(cpu: u32) -> Vec<u32> {
    if let Some((_, memories)) = SOLD_ALONE.iter().find(|(units, _)| *units == cpu) {
        return memories.to_vec();
    }
    match SOLD.iter().find(|(units, ..)| *units == cpu) {
        Some((_, least, most, step)) => (0..=(most - least) / step).map(|n| least + n * step).collect(),
        None => Vec::new(),
    }
}

/// Every number of CPU units that is sold.
const CPUS: [u32; 8] = [256, 512, 1024, 2048, 4096, 8192, 16384, 32768];

fn size(model: &Model<'_>, found: &mut Findings) {
    for task in model.task_definitions() {
        let fargate = task.on_fargate();
        let on_fargate = |world: &World<'_>| fargate.iter().any(|case| case.meets(world));
        for name in ["Cpu", "Memory"] {
            for value in
                task.0.get(name).iter().filter(|value| value.is_absent() && on_fargate(value.world()))
            {
                found
                    .at(value, format!("a task on Fargate needs `{name}`"))
                    .hint("choose for example `Cpu: 256` and `Memory: 512`");
            }
        }
        for cpu in task.0.get("Cpu") {
            for memory in task.0.get("Memory") {
                let (Some(units), Some(mebibytes)) = (cpu_units(&cpu), mebibytes(&memory)) else { continue };
                let Some(world) = cpu.world().and(memory.world()) else { continue };
                if on_fargate(&world) && !memories(units).contains(&mebibytes) {
                    let message = format!("Fargate sells no task with {units} CPU units and {mebibytes} MiB");
                    let place = if CPUS.contains(&units) { &memory } else { &cpu };
                    found.at(place, message).hint(instead(units, mebibytes));
                }
            }
        }
    }
}

/// What to choose instead of a pair that is not sold.
fn instead(units: u32, mebibytes: u32) -> String {
    let list = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let memories = memories(units);
    let with: Vec<u32> = CPUS.into_iter().filter(|cpu| self::memories(*cpu).contains(&mebibytes)).collect();
    let nearest = memories.iter().min_by_key(|known| known.abs_diff(mebibytes));
    let nearest_cpu = CPUS.iter().min_by_key(|known| known.abs_diff(units)).copied().unwrap_or(256);
    match (nearest, with.is_empty()) {
        (Some(nearest), false) => format!(
            "with {units} CPU units the nearest is {nearest} MiB; {mebibytes} MiB goes with {} CPU units",
            list(&with)
        ),
        (Some(nearest), true) => format!("with {units} CPU units the nearest is {nearest} MiB"),
        (None, false) => format!("{mebibytes} MiB goes with {} CPU units", list(&with)),
        (None, true) => format!("CPU units are {}; the nearest is {nearest_cpu}", list(&CPUS)),
    }
}

/// CPU units, also of `.5 vCPU`.
fn cpu_units(value: &Value<'_>) -> Option<u32> {
    let text = value.text()?.to_ascii_lowercase();
    match text.strip_suffix("vcpu") {
        Some(number) => whole(number.trim().parse::<f64>().ok()? * 1024.0),
        None => text.trim().parse().ok(),
    }
}

/// MiB, also of `2 GB`.
fn mebibytes(value: &Value<'_>) -> Option<u32> {
    let text = value.text()?.to_ascii_lowercase();
    match text.strip_suffix("gb") {
        Some(number) => whole(number.trim().parse::<f64>().ok()? * 1024.0),
        None => text.trim().parse().ok(),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn whole(number: f64) -> Option<u32> {
    (number >= 0.0 && number <= f64::from(u32::MAX)).then_some(number.round() as u32)
}

rule! {
    /// Something that Fargate does not offer.
    ///
    /// On Fargate there is no host to look at: no network mode but `awsvpc`, no privileged containers, no host
    /// processes, devices, GPUs or host paths, no links between containers, no placement, no daemons; the
    /// temporary disk has 20 (some pages say 21) to 200 GiB, and a container has at most 120 seconds to stop. ECS refuses the task
    /// definition or the service.
    ///
    /// Remove the setting, or run the task on `EC2`.
    ///
    /// Source: [Task definition differences for Fargate](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html),
    /// [EphemeralStorage](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EphemeralStorage.html).
    pub(super) NOT_OFFERED = "DT040" Error;
}

/// What is wrong with a value on Fargate, if anything is.
type Judge = fn(&Value<'_>) -> Option<String>;

/// What Fargate refuses of a task definition, by the way to it.
const OF_TASKS: [(&str, Judge); 6] = [
    ("RequiresCompatibilities", |value| {
        let items = value.items().filter(|items| !items.is_empty())?;
        let other = items.iter().all(|item| item.text().is_some_and(|name| name != "FARGATE"));
        other.then(|| "a service runs the task on Fargate, for which it is not made".to_owned())
    }),
    ("NetworkMode", |value| {
        let known = value.is_absent() || value.text().is_some_and(|mode| mode != "awsvpc");
        known.then(|| "Fargate has no network mode but `awsvpc`".to_owned())
    }),
    ("IpcMode", |value| given(value).then(|| "Fargate has no `IpcMode`".to_owned())),
    ("PidMode", |value| value.is_text("host").then(|| "Fargate shows no processes of the host".to_owned())),
    ("PlacementConstraints", |value| listed(value).then(|| "Fargate knows no placement".to_owned())),
    ("EphemeralStorage.SizeInGiB", |value| {
        let size = value.number().filter(|size| !(20.0..=200.0).contains(size))?;
        Some(format!("the temporary disk of a task has 20 to 200 GiB, not {size}"))
    }),
];

/// What Fargate refuses of an entry of `Volumes`.
const OF_VOLUMES: [(&str, Judge); 2] = [
    ("DockerVolumeConfiguration", |value| given(value).then(|| "Fargate has no Docker volumes".to_owned())),
    ("Host.SourcePath", |value| given(value).then(|| "Fargate shows no paths of the host".to_owned())),
];

/// What Fargate refuses of a container.
const OF_CONTAINERS: [(&str, Judge); 11] = [
    ("Privileged", |value| {
        (value.boolean() == Some(true)).then(|| "Fargate has no privileged containers".to_owned())
    }),
    ("DisableNetworking", |value| {
        (value.boolean() == Some(true)).then(|| "Fargate has no containers without a network".to_owned())
    }),
    ("DnsServers", |value| listed(value).then(|| "Fargate sets the DNS servers itself".to_owned())),
    ("DnsSearchDomains", |value| listed(value).then(|| "Fargate sets the DNS domains itself".to_owned())),
    ("ExtraHosts", |value| listed(value).then(|| "Fargate adds no hosts to /etc/hosts".to_owned())),
    ("DockerSecurityOptions", |value| {
        listed(value).then(|| "Fargate has no Docker security options".to_owned())
    }),
    ("Links", |value| listed(value).then(|| "Fargate has no links: containers meet at localhost".to_owned())),
    ("LinuxParameters.Devices", |value| {
        listed(value).then(|| "Fargate shows no devices of the host".to_owned())
    }),
    ("LinuxParameters.MaxSwap", |value| given(value).then(|| "Fargate has no swap".to_owned())),
    ("LinuxParameters.Swappiness", |value| given(value).then(|| "Fargate has no swap".to_owned())),
    ("StopTimeout", |value| {
        let seconds = value.number().filter(|seconds| *seconds > 120.0)?;
        Some(format!("a container has at most 120 seconds to stop on Fargate, not {seconds}"))
    }),
];

fn given(value: &Value<'_>) -> bool {
    value.is_known()
}

fn listed(value: &Value<'_>) -> bool {
    value.items().is_some_and(|items| !items.is_empty())
}

fn not_offered(model: &Model<'_>, found: &mut Findings) {
    for task in model.task_definitions() {
        let fargate = task.on_fargate();
        if fargate.is_empty() {
            continue;
        }
        judge(&task.0.properties(), &OF_TASKS, &fargate, found);
        for volume in task.volumes() {
            judge(&volume.value, &OF_VOLUMES, &fargate, found);
        }
        for container in task.containers() {
            judge(&container.value, &OF_CONTAINERS, &fargate, found);
            of_lists(&container, &fargate, found);
        }
    }
    for service in model.services() {
        of_service(service, found);
    }
}

fn judge<'m>(of: &Value<'m>, judges: &[(&'static str, Judge)], fargate: &[World<'m>], found: &mut Findings) {
    for (way, judge) in judges {
        for value in of.get(way) {
            if let Some(message) = judge(&value)
                && fargate.iter().any(|world| world.meets(value.world()))
            {
                let hint = match *way {
                    "NetworkMode" => "set `NetworkMode: awsvpc`",
                    "RequiresCompatibilities" => "name `FARGATE` in it, or run the service on EC2",
                    _ => INSTEAD,
                };
                found.at(&value, message).hint(hint);
            }
        }
    }
}

const INSTEAD: &str = "change or remove it, or run the task on EC2";

/// GPUs and capabilities, which are entries of lists.
fn of_lists<'m>(container: &Container<'m>, fargate: &[World<'m>], found: &mut Findings) {
    let meets = |value: &Value<'m>| fargate.iter().any(|world| world.meets(value.world()));
    for requirement in container.entries("ResourceRequirements") {
        for kind in requirement.get("Type").iter().filter(|kind| kind.is_text("GPU") && meets(kind)) {
            found.at(kind, "Fargate has no GPUs").hint(INSTEAD);
        }
    }
    for capability in container.entries("LinuxParameters.Capabilities.Add") {
        let Some(name) = capability.text() else { continue };
        if !matches!(name.as_str(), "SYS_PTRACE" | "CAP_SYS_PTRACE") && meets(&capability) {
            found
                .at(&capability, format!("Fargate adds no capability but `SYS_PTRACE`, not `{name}`"))
                .hint(INSTEAD);
        }
    }
}

fn of_service(service: Service<'_>, found: &mut Findings) {
    let capacity = service.capacity();
    let fargate = |value: &Value<'_>| {
        let is = |name: Option<&str>| matches!(name, Some("FARGATE" | "FARGATE_SPOT"));
        capacity.iter().any(|(name, world)| is(name.as_deref()) && world.meets(value.world()))
    };
    for strategy in service.0.get("SchedulingStrategy") {
        if strategy.is_text("DAEMON") && fargate(&strategy) {
            let message = "a daemon runs once on each instance, and Fargate has none";
            found.at(&strategy, message).hint("remove `SchedulingStrategy` and set a number of tasks");
        }
    }
    for name in ["PlacementConstraints", "PlacementStrategies"] {
        for placement in service.0.get(name) {
            if listed(&placement) && fargate(&placement) {
                found
                    .at(&placement, "Fargate knows no placement")
                    .hint("remove it; Fargate spreads tasks over zones");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::check::lints::testing::found;

    #[test]
    fn every_number_of_cpu_units_has_its_memory() {
        let ends = |cpu| {
            let all = memories(cpu);
            (all.len(), all.first().copied(), all.last().copied())
        };
        assert_eq!(ends(256), (3, Some(512), Some(2048)));
        assert_eq!(ends(4096), (23, Some(8192), Some(30720)));
        assert_eq!(ends(16384), (12, Some(32768), Some(122_880)));
        assert_eq!(ends(32768), (3, Some(61_440), Some(249_856)));
        assert_eq!(ends(300), (0, None, None));
        assert!(CPUS.iter().all(|cpu| !memories(*cpu).is_empty()));
    }

    /// A task for Fargate with these properties.
    fn task(properties: &str) -> String {
        let head = "
Parameters: {Big: {Type: String}, Cpu: {Type: String}}
Conditions: {IsBig: !Equals [!Ref Big, 'yes']}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: ";
        format!("{head}{{RequiresCompatibilities: [EC2, FARGATE], NetworkMode: awsvpc, {properties}}}")
    }

    #[test]
    fn a_pair_is_looked_at_as_it_can_occur() {
        assert_eq!(found("DT039", &task("Cpu: !If [IsBig, 4096, 256], Memory: !If [IsBig, 8192, 512]")), "");
        assert_eq!(found("DT039", &task("Cpu: !Ref Cpu, Memory: 7")), "");
        assert_eq!(found("DT039", &task("Cpu: .5 vCPU, Memory: 1 GB")), "");
        assert_snapshot!(found("DT039", &task("Cpu: !If [IsBig, 4096, 256], Memory: 8192")), @"
        Fargate sells no task with 256 CPU units and 8192 MiB at Resources.Task.Properties.Memory (with 256 CPU units the nearest is 2048 MiB; 8192 MiB goes with 1024, 2048, 4096 CPU units)
        ");
        assert_snapshot!(found("DT039", &task("Cpu: 1 vCPU, Memory: 2500")), @"
        Fargate sells no task with 1024 CPU units and 2500 MiB at Resources.Task.Properties.Memory (with 1024 CPU units the nearest is 2048 MiB)
        ");
        assert_snapshot!(found("DT039", &task("Cpu: 1000, Memory: 2048")), @"
        Fargate sells no task with 1000 CPU units and 2048 MiB at Resources.Task.Properties.Cpu (2048 MiB goes with 256, 512, 1024 CPU units)
        ");
        assert_snapshot!(found("DT039", &task("Cpu: 1000, Memory: 2047")), @"
        Fargate sells no task with 1000 CPU units and 2047 MiB at Resources.Task.Properties.Cpu (CPU units are 256, 512, 1024, 2048, 4096, 8192, 16384, 32768; the nearest is 1024)
        ");
        assert_snapshot!(found("DT039", &task("Memory: 2048")), @"
        a task on Fargate needs `Cpu` at Resources.Task.Properties (choose for example `Cpu: 256` and `Memory: 512`)
        ");
    }

    #[test]
    fn what_a_host_would_be_needed_for_is_found() {
        let container = |properties: &str| {
            found("DT040", &task(&format!("ContainerDefinitions: [{{Name: a, Image: 'a:1', {properties}}}]")))
        };
        assert_eq!(container("Privileged: false, StopTimeout: 120, Links: [], DnsServers: []"), "");
        assert_eq!(container("LinuxParameters: {InitProcessEnabled: true, Capabilities: {Drop: [ALL]}}"), "");
        assert_snapshot!(container("Privileged: true, StopTimeout: 121"), @"
        Fargate has no privileged containers at Resources.Task.Properties.ContainerDefinitions[0].Privileged (change or remove it, or run the task on EC2)
        a container has at most 120 seconds to stop on Fargate, not 121 at Resources.Task.Properties.ContainerDefinitions[0].StopTimeout (change or remove it, or run the task on EC2)
        ");
        assert_snapshot!(container("ResourceRequirements: [{Type: GPU, Value: 1}]"), @"
        Fargate has no GPUs at Resources.Task.Properties.ContainerDefinitions[0].ResourceRequirements[0].Type (change or remove it, or run the task on EC2)
        ");
        assert_snapshot!(container("LinuxParameters: {Capabilities: {Add: [SYS_PTRACE, NET_ADMIN]}}"), @"
        Fargate adds no capability but `SYS_PTRACE`, not `NET_ADMIN` at Resources.Task.Properties.ContainerDefinitions[0].LinuxParameters.Capabilities.Add[1] (change or remove it, or run the task on EC2)
        ");
        assert_snapshot!(found("DT040", &task("Volumes: [{Name: a, Host: {SourcePath: /a}}, {Name: b, Host: {}}]")), @"
        Fargate shows no paths of the host at Resources.Task.Properties.Volumes[0].Host.SourcePath (change or remove it, or run the task on EC2)
        ");
        assert_snapshot!(found("DT040", &task("EphemeralStorage: {SizeInGiB: 19}")), @"
        the temporary disk of a task has 20 to 200 GiB, not 19 at Resources.Task.Properties.EphemeralStorage.SizeInGiB (change or remove it, or run the task on EC2)
        ");
    }

    #[test]
    fn a_task_is_for_fargate_if_a_service_runs_it_there() {
        let text = "
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {Cpu: 256, Memory: 512, ContainerDefinitions: [{Name: a, Image: 'a:1', Memory: 128}]}
  Service:
    Type: AWS::ECS::Service
    Properties: {LaunchType: FARGATE, TaskDefinition: !Ref Task, SchedulingStrategy: DAEMON}
";
        assert_snapshot!(found("DT040", text), @"
        Fargate has no network mode but `awsvpc` at Resources.Task.Properties (set `NetworkMode: awsvpc`)
        a daemon runs once on each instance, and Fargate has none at Resources.Service.Properties.SchedulingStrategy (remove `SchedulingStrategy` and set a number of tasks)
        ");
        assert_eq!(found("DT040", &text.replace("FARGATE", "EC2")), "");
        let made = |for_what: &str| {
            let properties = format!("NetworkMode: awsvpc, RequiresCompatibilities: {for_what}, Cpu");
            let text = text.replace("Cpu", &properties).replace(", SchedulingStrategy: DAEMON", "");
            found("DT040", &text)
        };
        assert_snapshot!(made("[EC2]"), @"
        a service runs the task on Fargate, for which it is not made at Resources.Task.Properties.RequiresCompatibilities (name `FARGATE` in it, or run the service on EC2)
        ");
        assert_eq!(made("[EC2, FARGATE]"), "");
        assert_eq!(made("[!ImportValue kind]"), "");
    }
}
