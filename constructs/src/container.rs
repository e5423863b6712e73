//! Containers: what runs in a task, with which image, environment and secrets.

use std::collections::{BTreeMap, BTreeSet};

use bon::Builder;

use crate::declare::aws;
use crate::file_system::Mount;
use crate::iam::Role;
use crate::l1::ecs::task_definition as l1;
use crate::log_group::LogGroup;
use crate::repository::Image;
use crate::scope::Scope;
use crate::secret::SecretValue;
use crate::units::PortValue;
use crate::value::Value;

/// A command in a container that fails while the container is not healthy. Its tool must be in the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HealthCommand {
    /// A line for the image's shell: `curl -f http://localhost:5000/health || exit 1`.
    Shell(String),
    /// A program and its arguments, for images without a shell.
    Program(Vec<String>),
}

impl From<&str> for HealthCommand {
    fn from(line: &str) -> HealthCommand {
        HealthCommand::Shell(line.to_owned())
    }
}

impl From<String> for HealthCommand {
    fn from(line: String) -> HealthCommand {
        HealthCommand::Shell(line)
    }
}

/// What a port carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// A stream.
    Tcp,
    /// Datagrams.
    Udp,
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
    /// Arguments of the image's entry point. Default: the image's own.
    #[builder(default, with = |arguments: impl IntoIterator<Item = impl Into<String>>| {
        arguments.into_iter().map(Into::into).collect()
    })]
    command: Vec<String>,
    /// The port it listens on. Default: none.
    #[builder(into)]
    port: Option<PortValue>,
    /// What the port carries. Default: TCP.
    #[builder(default = Protocol::Tcp)]
    protocol: Protocol,
    /// CPU units that are its own when the task's are short. Default: it shares what the others leave.
    pub(crate) cpu: Option<u32>,
    /// MiB of memory that are its own when the task's is short. Default: it shares what the others leave.
    pub(crate) memory_reservation: Option<u32>,
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
    pub(crate) mounts: Vec<Mount>,
    /// Where its output goes.
    log_group: LogGroup,
    /// The beginning of its log streams' names. Default: `ecs`.
    #[builder(default = "ecs".to_owned(), into)]
    stream_prefix: String,
    /// The user and group it runs as. Default: `1000:1000`, which is not root.
    #[builder(default = "1000:1000".to_owned(), into)]
    user: String,
    /// A command that fails while the container is not healthy. Default: none, since its tool must be in the
    /// image.
    #[builder(into)]
    health_command: Option<HealthCommand>,
    /// Whether the task stops when the container does. A container that is not essential is started again.
    /// Default: yes.
    #[builder(default = true)]
    pub(crate) essential: bool,
    /// Seconds between the signal to stop and the end, 2 to 120. Default: 30, as ECS does.
    #[builder(default = 30)]
    stop_timeout: u16,
    /// Whether it can write to its image. Default: no.
    #[builder(default)]
    writable_root: bool,
    /// MiB of the task's memory that `/tmp` may take. Default: 64.
    #[builder(default = 64)]
    tmp_size: u32,
}

impl Container {
    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn check(&self, s: &mut Scope<'_>) {
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
        if !(2..=120).contains(&self.stop_timeout) {
            s.error(
                "DC042",
                format!("{} seconds are no time to wait for a container to stop", self.stop_timeout),
            )
            .property("stop_timeout")
            .hint("Fargate waits 2 to 120 seconds");
        }
        let (user, _) = self.user.split_once(':').unwrap_or((&self.user, ""));
        if matches!(user, "root" | "0") {
            s.warn("DC126", format!("the container `{}` runs as root", self.name))
                .property("user")
                .hint("give the image a user without rights, and name it: `1000:1000`");
        }
    }

    pub(crate) fn grant(&self, s: &mut Scope<'_>, execution_role: Role) {
        self.image.grant_pull(s, execution_role);
        self.log_group.grant_write(s, execution_role);
        for (_, secret) in &self.secrets {
            secret.secret.grant_read(s, execution_role);
        }
    }

    pub(crate) fn definition(self) -> l1::ContainerDefinition {
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
            command: (!self.command.is_empty()).then(|| self.command.iter().collect()),
            cpu: self.cpu.map(Value::from),
            memory_reservation: self.memory_reservation.map(Value::from),
            essential: Some(self.essential.into()),
            restart_policy: (!self.essential)
                .then(|| l1::RestartPolicy { enabled: Some(true.into()), ..Default::default() }),
            port_mappings: self.port.map(|port| vec![port_mapping(&port, self.protocol)]),
            environment: some(environment.collect()),
            secrets: some(secrets.collect()),
            mount_points: some(self.mounts.iter().map(Mount::mount_point).collect()),
            log_configuration: Some(log_configuration(&self.log_group, self.stream_prefix)),
            user: Some(self.user.into()),
            readonly_root_filesystem: Some((!self.writable_root).into()),
            linux_parameters: Some(linux_parameters(self.tmp_size)),
            health_check: self.health_command.map(health_check),
            stop_timeout: Some(self.stop_timeout.into()),
            ..Default::default()
        }
    }
}

pub(crate) fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

fn port_mapping(port: &PortValue, protocol: Protocol) -> l1::PortMapping {
    let protocol = match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    l1::PortMapping {
        container_port: Some(port.value()),
        protocol: Some(protocol.into()),
        ..Default::default()
    }
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

fn health_check(command: HealthCommand) -> l1::HealthCheck {
    let command: Vec<String> = match command {
        HealthCommand::Shell(line) => vec!["CMD-SHELL".to_owned(), line],
        HealthCommand::Program(words) => ["CMD".to_owned()].into_iter().chain(words).collect(),
    };
    l1::HealthCheck {
        command: Some(command.iter().collect()),
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
fn log_configuration(group: &LogGroup, stream_prefix: String) -> l1::LogConfiguration {
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
