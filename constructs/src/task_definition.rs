//! Task definitions and their containers: what runs, with which image, environment and secrets.

use std::collections::{BTreeMap, BTreeSet};

use bon::{Builder, bon};

use crate::declare::aws;
use crate::file_system::Mount;
use crate::iam::Role;
use crate::l1::ecs;
use crate::l1::ecs::task_definition as l1;
use crate::log_group::LogGroup;
use crate::repository::Image;
use crate::resource::{Arn, Handle};
use crate::scope::{RemovalPolicy, Scope};
use crate::secret::SecretValue;
use crate::units::{FargateSize, PortValue};
use crate::value::Value;

/// The processor that a task runs on; the image must be built for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// 64-bit Intel and AMD.
    X86_64,
    /// 64-bit ARM (Graviton).
    Arm64,
}

/// One container of a task.
///
/// It runs as a user without rights, cannot write to its image (`/tmp` is in memory), and has an init process
/// that passes signals on and reaps children.
#[derive(Debug, Clone, Builder)]
#[builder(start_fn = named, finish_fn = build)]
pub struct Container {
    /// The name, unique in the task.
    #[builder(start_fn, into)]
    name: String,
    /// What is run.
    image: Image,
    /// The TCP port it listens on. Default: none.
    #[builder(into)]
    port: Option<PortValue>,
    /// Environment variables that are no secret.
    #[builder(default, with = |variables: impl IntoIterator<Item = (impl Into<String>, impl Into<Value<String>>)>| {
        variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
    })]
    environment: Vec<(String, Value<String>)>,
    /// Environment variables that are read from secrets when the container starts.
    #[builder(default, with = |variables: impl IntoIterator<Item = (impl Into<String>, impl Into<SecretValue>)>| {
        variables.into_iter().map(|(name, secret)| (name.into(), secret.into())).collect()
    })]
    secrets: Vec<(String, SecretValue)>,
    /// File systems that it sees. Default: none.
    #[builder(default)]
    mounts: Vec<Mount>,
    /// Where its output goes.
    log_group: LogGroup,
    /// The beginning of its log streams' names. Default: `ecs`.
    #[builder(default = "ecs".to_owned(), into)]
    stream_prefix: String,
    /// The user and group it runs as. Default: `1000:1000`, which is not root.
    #[builder(default = "1000:1000".to_owned(), into)]
    user: String,
    /// A command that fails while the container is not healthy. Its tool must be in the image. Default: none.
    health_command: Option<String>,
    /// Whether the task stops when the container does. Default: yes.
    #[builder(default = true)]
    essential: bool,
    /// Seconds between the signal to stop and the end, at most 120. Default: 30, as ECS does.
    #[builder(default = 30)]
    stop_timeout: u16,
    /// MiB of the task's memory that `/tmp` may take. Default: 64.
    #[builder(default = 64)]
    tmp_size: u32,
}

impl Container {
    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, s: &mut Scope<'_>) {
        let mut names = BTreeSet::new();
        let all =
            self.environment.iter().map(|(name, _)| name).chain(self.secrets.iter().map(|(name, _)| name));
        for name in all.filter(|name| !names.insert(*name)) {
            s.error("DC040", format!("the container `{}` is given `{name}` twice", self.name))
                .property("environment")
                .hint("a variable is either plain or a secret, and has one value");
        }
        if self.image.literal_tag() == Some("latest") {
            s.warn(
                "DC041",
                format!("the container `{}` runs whatever `latest` is when a task starts", self.name),
            )
            .property("image")
            .hint("name a version or a digest, so that a deployment can be repeated and gone back to");
        }
        if self.stop_timeout > 120 {
            s.error(
                "DC042",
                format!("{} seconds are too long to wait for a container to stop", self.stop_timeout),
            )
            .property("stop_timeout")
            .hint("Fargate waits at most 120 seconds");
        }
    }

    fn grant(&self, s: &mut Scope<'_>, execution_role: Role) {
        self.image.grant_pull(s, execution_role);
        self.log_group.grant_write(s, execution_role);
        for (_, secret) in &self.secrets {
            secret.secret.grant_read(s, execution_role);
        }
    }

    fn definition(self) -> l1::ContainerDefinition {
        let environment = self
            .environment
            .into_iter()
            .map(|(name, value)| l1::KeyValuePair { name: Some(name.into()), value: Some(value) });
        let secrets = self.secrets.into_iter().map(|(name, secret)| l1::Secret {
            name: Some(name.into()),
            value_from: Some(secret.value_from),
        });
        l1::ContainerDefinition {
            name: Some(self.name.into()),
            image: Some(self.image.reference().clone()),
            essential: Some(self.essential.into()),
            port_mappings: self.port.map(|port| vec![port_mapping(&port)]),
            environment: some(environment.collect()),
            secrets: some(secrets.collect()),
            mount_points: some(self.mounts.iter().map(Mount::mount_point).collect()),
            log_configuration: Some(log_configuration(self.log_group, self.stream_prefix)),
            user: Some(self.user.into()),
            readonly_root_filesystem: Some(true.into()),
            linux_parameters: Some(linux_parameters(self.tmp_size)),
            health_check: self.health_command.map(health_check),
            stop_timeout: Some(self.stop_timeout.into()),
            ..Default::default()
        }
    }
}

fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

fn port_mapping(port: &PortValue) -> l1::PortMapping {
    l1::PortMapping { container_port: Some(port.value()), protocol: Some("tcp".into()), ..Default::default() }
}

/// An init process, and a `/tmp` in memory that any user may write to; the rest of the image cannot be written.
///
/// A bind-mounted volume would belong to root. Fargate offers tmpfs since January 2026:
/// [tmpfs mounts on AWS Fargate][aws].
///
/// [aws]: https://aws.amazon.com/about-aws/whats-new/2026/01/amazon-ecs-tmpfs-mounts-aws-fargate-managed-instances/
fn linux_parameters(tmp_size: u32) -> l1::LinuxParameters {
    l1::LinuxParameters {
        init_process_enabled: Some(true.into()),
        tmpfs: Some(vec![l1::Tmpfs {
            container_path: Some("/tmp".into()),
            size: Some(tmp_size.into()),
            ..Default::default()
        }]),
        ..Default::default()
    }
}

fn health_check(command: String) -> l1::HealthCheck {
    l1::HealthCheck {
        command: Some(["CMD-SHELL".to_owned(), command].into()),
        interval: Some(30.into()),
        timeout: Some(5.into()),
        retries: Some(3.into()),
        start_period: Some(60.into()),
    }
}

/// The `awslogs` driver. A container never waits for CloudWatch: what a full buffer of 25 MiB cannot take is
/// dropped.
///
/// Source: [Send Amazon ECS logs to CloudWatch][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
fn log_configuration(group: LogGroup, stream_prefix: String) -> l1::LogConfiguration {
    let options: [(&str, Value<String>); 5] = [
        ("awslogs-group", group.name().text()),
        ("awslogs-region", aws::region()),
        ("awslogs-stream-prefix", stream_prefix.into()),
        ("max-buffer-size", "25m".into()),
        ("mode", "non-blocking".into()),
    ];
    let options: BTreeMap<String, Value<String>> =
        options.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    l1::LogConfiguration { log_driver: Some("awslogs".into()), options: Some(options), ..Default::default() }
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
}

impl TaskSize {
    /// A size given by parameters, which nothing checks before AWS does.
    pub fn parameters(cpu: &Value<i64>, memory: &Value<i64>) -> TaskSize {
        TaskSize { cpu: cpu.text(), memory: memory.text() }
    }
}

impl From<FargateSize> for TaskSize {
    fn from(size: FargateSize) -> TaskSize {
        TaskSize { cpu: size.cpu().to_string().into(), memory: size.memory().to_string().into() }
    }
}
