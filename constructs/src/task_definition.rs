//! Task definitions: containers that run together, their size and their roles.

use bon::bon;

use crate::container::{Container, some};
use crate::iam::Role;
use crate::l1::ecs;
use crate::l1::ecs::task_definition as l1;
use crate::resource::{Arn, Handle};
use crate::scope::{RemovalPolicy, Scope};
use crate::units::FargateSize;
use crate::value::Value;

/// The processor that a task runs on; the image must be built for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// 64-bit Intel and AMD.
    X86_64,
    /// 64-bit ARM (Graviton).
    Arm64,
}

/// An `AWS::ECS::TaskDefinition` for Fargate.
#[derive(Debug, Clone, Copy)]
pub struct TaskDefinition {
    /// The task definition itself, for what this construct has no word for.
    pub resource: Handle<ecs::TaskDefinition>,
    /// What ECS itself may do for the task: pull images, read secrets, write logs.
    pub execution_role: Role,
    /// What the containers may do.
    pub task_role: Role,
}

#[bon]
impl TaskDefinition {
    /// Starts the task definition `id`; `build(s)` adds it and its two roles to the scope.
    ///
    /// The execution role gets exactly what the containers need to start; the task role gets nothing until
    /// something is granted to it.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The name under which ECS numbers the revisions, for example `docuthinker-backend`. Default: a name
        /// that CloudFormation makes.
        #[builder(into)]
        family: Option<Value<String>>,
        /// CPU units and memory for all containers together.
        size: TaskSize,
        /// The processor. Default: x86-64, which most images are built for.
        #[builder(default = Architecture::X86_64)]
        architecture: Architecture,
        /// The containers, at least one of them essential.
        #[builder(with = FromIterator::from_iter)]
        containers: Vec<Container>,
    ) -> TaskDefinition {
        let execution_role = Role::named("ExecutionRole").assumed_by("ecs-tasks.amazonaws.com").build(s);
        let task_role = Role::named("TaskRole").assumed_by("ecs-tasks.amazonaws.com").build(s);
        let mut volumes = Vec::new();
        for container in &containers {
            container.check(s);
            container.grant(s, execution_role);
            for mount in &container.mounts {
                mount.grant(s, task_role);
                let volume = mount.volume();
                if !volumes.iter().any(|other: &l1::Volume| other.name == volume.name) {
                    volumes.push(volume);
                }
            }
        }
        if !containers.iter().any(|container| container.essential) {
            s.error("DC043", "no container of the task is essential")
                .hint("without one the task would never end");
        }
        check_reservations(s, &size, &containers);
        let properties = ecs::TaskDefinition {
            family,
            cpu: Some(size.cpu),
            memory: Some(size.memory),
            network_mode: Some("awsvpc".into()),
            requires_compatibilities: Some(["FARGATE"].into()),
            runtime_platform: Some(platform(architecture)),
            execution_role_arn: Some(execution_role.arn()),
            task_role_arn: Some(task_role.arn()),
            volumes: some(volumes),
            container_definitions: Some(containers.into_iter().map(Container::definition).collect()),
            ..Default::default()
        };
        let resource = s.add(id, properties);
        // Every change makes a new revision; the old ones stay, so that one can go back to them.
        s.set_replacement_policy(resource, RemovalPolicy::Retain);
        TaskDefinition { resource, execution_role, task_role }
    }
}

/// What containers reserve must fit into the task, or ECS refuses it, and must leave something to those that
/// reserve nothing.
fn check_reservations(s: &mut Scope<'_>, size: &TaskSize, containers: &[Container]) {
    let Some(known) = size.known else { return };
    let mut check = |what: &str, unit: &str, has: u32, reserved: Vec<Option<u32>>| {
        let sum: u32 = reserved.iter().flatten().sum();
        let shared = reserved.iter().any(Option::is_none);
        if sum > has || (shared && sum == has) {
            s.error("DC127", format!("the containers reserve {sum} {unit} of the task's {has}"))
                .property(what)
                .hint("choose a larger task, or smaller reservations");
        }
    };
    let reserved = |of: fn(&Container) -> Option<u32>| containers.iter().map(of).collect();
    check("cpu", "CPU units", known.cpu(), reserved(|container| container.cpu));
    check("memory", "MiB", known.memory(), reserved(|container| container.memory_reservation));
}

fn platform(architecture: Architecture) -> l1::RuntimePlatform {
    let cpu = match architecture {
        Architecture::X86_64 => "X86_64",
        Architecture::Arm64 => "ARM64",
    };
    l1::RuntimePlatform { cpu_architecture: Some(cpu.into()), operating_system_family: Some("LINUX".into()) }
}

impl TaskDefinition {
    /// The ARN of the revision that the stack deploys.
    #[must_use]
    pub fn arn(self) -> Value<Arn<ecs::TaskDefinition>> {
        self.resource.reference()
    }
}

/// The size of a task: a pair that Fargate sells, or parameters of a template that others deploy.
#[derive(Debug, Clone)]
pub struct TaskSize {
    cpu: Value<String>,
    memory: Value<String>,
    known: Option<FargateSize>,
}

impl TaskSize {
    /// A size given by parameters, which nothing checks before AWS does.
    pub fn parameters(cpu: &Value<i64>, memory: &Value<i64>) -> TaskSize {
        TaskSize { cpu: cpu.text(), memory: memory.text(), known: None }
    }
}

impl TaskSize {
    /// The size, unless it is given by parameters.
    pub(crate) fn known(&self) -> Option<FargateSize> {
        self.known
    }
}

impl From<FargateSize> for TaskSize {
    fn from(size: FargateSize) -> TaskSize {
        TaskSize {
            cpu: size.cpu().to_string().into(),
            memory: size.memory().to_string().into(),
            known: Some(size),
        }
    }
}
