//! Services on Fargate: a task definition kept running, scaled, and reachable through a load balancer.

use std::ops::RangeInclusive;

use bon::bon;

use crate::cluster::Cluster;
use crate::container::{Container, HealthCommand};
use crate::deployment::{Deployment, Shift, Traffic};
use crate::exec::Exec;
use crate::file_system::Mount;
use crate::l1::{cloudwatch, ecs, elbv2};
use crate::launch::Launch;
use crate::log_group::LogGroup;
use crate::repository::Image;
use crate::resource::Handle;
use crate::scaling::{Cooldown, Scaling, ScalingTarget};
use crate::scope::Scope;
use crate::secret::SecretValue;
use crate::security_group::SecurityGroup;
use crate::target_group::{HealthCheck, TargetGroup, Targets};
use crate::task_definition::{Architecture, TaskDefinition, TaskSize};
use crate::tracing::Tracing;
use crate::traffic::{Entrance, Shifting};
use crate::units::PortValue;
use crate::value::Value;
use crate::vpc::{TierKind, Vpc};

/// An `AWS::ECS::Service` on Fargate with all it needs: task definition, roles, log group, security group,
/// target group, scaling.
///
/// Its tasks have no public address unless they stand in public subnets, a failed deployment is rolled back,
/// and the scaling owns the number of tasks: a deployment never resets it.
#[derive(Debug, Clone)]
pub struct FargateService {
    /// The service itself, for what this construct has no word for.
    pub resource: Handle<ecs::Service>,
    /// What it runs.
    pub task_definition: TaskDefinition,
    /// The group its tasks belong to.
    pub security_group: SecurityGroup,
    /// Where its output goes.
    pub log_group: LogGroup,
    target_group: Option<Handle<elbv2::TargetGroup>>,
    shifting: Option<Shifting>,
    scaling: Option<Scaling>,
    port: PortValue,
    container_name: String,
    path: String,
}

#[bon]
impl FargateService {
    /// Starts the service `id`; `build(s)` adds it and its parts to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The cluster it runs in.
        cluster: Cluster,
        /// The network its tasks stand in: the private subnets, or the public ones where there are no others.
        vpc: &Vpc,
        /// CPU units and memory of a task.
        #[builder(into)]
        size: TaskSize,
        /// What its container runs.
        image: Image,
        /// The port its container listens on.
        #[builder(into)]
        port: PortValue,
        /// How a load balancer finds out that a task is healthy. Setting it makes a target group, which a
        /// listener must then forward to. Default: no load balancer.
        #[builder(into)]
        health_check: Option<HealthCheck>,
        /// The service's name. Default: a name that CloudFormation makes, which lets it be replaced.
        #[builder(into)]
        service_name: Option<Value<String>>,
        /// The task definition's family. Default: a name that CloudFormation makes.
        #[builder(into)]
        family: Option<Value<String>>,
        /// The container's name. Default: `app`.
        #[builder(default = "app".to_owned(), into)]
        container_name: String,
        /// The target group's name, at most 32 characters; a longer one is shortened with a hash. Default: a
        /// name that CloudFormation makes.
        #[builder(into)]
        target_group_name: Option<String>,
        /// Seconds in which a task that leaves may finish what it was asked, 0 to 3600. Default: 30.
        #[builder(default = 30)]
        deregistration_delay: u16,
        /// Seconds for which a caller comes back to the same task, 1 to 604800. Default: any task takes any
        /// request.
        sticky_for: Option<u32>,
        /// Seconds over which a new task gets its full share of requests, 30 to 900. Default: at once.
        slow_start: Option<u16>,
        /// Environment variables that are no secret.
        #[builder(default, with = |variables: impl IntoIterator<Item = (impl Into<String>, impl Into<Value<String>>)>| {
            variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
        })]
        environment: Vec<(String, Value<String>)>,
        /// Environment variables that are read from secrets when a task starts.
        #[builder(default, with = |variables: impl IntoIterator<Item = (impl Into<String>, impl Into<SecretValue>)>| {
            variables.into_iter().map(|(name, secret)| (name.into(), secret.into())).collect()
        })]
        secrets: Vec<(String, SecretValue)>,
        /// File systems that its container sees. Default: none.
        #[builder(default, with = FromIterator::from_iter)]
        mounts: Vec<Mount>,
        /// Where its output goes.
        log_group: LogGroup,
        /// A command that fails while the container is not healthy. Default: none, since its tool must be in the
        /// image.
        #[builder(into)]
        health_command: Option<HealthCommand>,
        /// The user and group that the container runs as. Default: `1000:1000`, which is not root.
        #[builder(default = "1000:1000".to_owned(), into)]
        user: String,
        /// Seconds between the signal to stop and the end, 2 to 120. Default: 30.
        #[builder(default = 30)]
        stop_timeout: u16,
        /// Who takes its traces. Default: nobody.
        tracing: Option<Tracing>,
        /// Lets people run commands in its containers, which can then write to their images: the agent that is
        /// put into them has to. Default: nobody can.
        ///
        /// Source: [`ECS Exec` considerations][aws].
        ///
        /// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
        exec: Option<&Exec>,
        /// The processor. Default: x86-64.
        #[builder(default = Architecture::X86_64)]
        architecture: Architecture,
        /// What its tasks are paid as. Default: on demand.
        #[builder(default = Launch::Fargate)]
        launch: Launch,
        /// The number of tasks, for a service that does not scale. Default: 2, so that one may fail.
        #[builder(default = Value::from(2), into)]
        desired_count: Value<i64>,
        /// The least and most tasks, and what the number between follows.
        #[builder(with = |tasks: RangeInclusive<u32>, targets: impl IntoIterator<Item = ScalingTarget>| {
            (tasks, targets.into_iter().collect())
        })]
        scale: Option<(RangeInclusive<u32>, Vec<ScalingTarget>)>,
        /// How long the number rests after a step.
        #[builder(default)]
        cooldown: Cooldown,
        /// How a new revision takes the place of the old one. Default: rolling, and back if its tasks keep failing.
        #[builder(default, into)]
        deployment: Deployment,
        /// Seconds after a task's start in which failed health checks do not count. Default: 60.
        #[builder(default = 60)]
        health_check_grace_period: u32,
    ) -> FargateService {
        let s = &mut s.scope(id);
        launch.check(s);
        let app = Container::named(container_name.as_str())
            .image(image)
            .port(port.clone())
            .environment(with_tracing(environment, tracing, &container_name))
            .secrets(secrets)
            .mounts(mounts.clone())
            .log_group(log_group.clone())
            .maybe_health_command(health_command)
            .user(user)
            .stop_timeout(stop_timeout)
            .writable_root(exec.is_some())
            .build();
        let task = Task { family, size, architecture, tracing, exec };
        let task_definition = task.definition(s, app, &log_group);
        let security_group =
            SecurityGroup::named("SecurityGroup").vpc(vpc).description(&format!("tasks of {id}")).build(s);
        let properties = ecs::Service {
            service_name,
            cluster: Some(cluster.name()),
            task_definition: Some(task_definition.arn()),
            // With scaling the number is left out, or every deployment would reset it.
            desired_count: scale.is_none().then_some(desired_count),
            network_configuration: Some(network(vpc, &security_group)),
            enable_execute_command: exec.is_some().then(|| true.into()),
            health_check_grace_period_seconds: health_check
                .is_some()
                .then(|| health_check_grace_period.into()),
            ..service_properties(launch, &deployment)
        };
        let resource = s.add("Service", properties);
        // A task that starts before its subnet has a way out cannot pull its image.
        vpc.await_internet(s, vpc.task_tier(), resource);
        let most_tasks = scale.as_ref().map(|(tasks, _)| *tasks.end());
        connect_mounts(s, &mounts, resource, &security_group, most_tasks);
        deployment.check(s);
        let targets = Targets {
            vpc,
            port: port.clone(),
            health_check,
            name: target_group_name,
            deregistration_delay,
            sticky_for,
            slow_start,
        };
        let measures = scale.as_ref().map(|(_, measures)| measures.as_slice()).unwrap_or_default();
        let (target_group, shifting) = target_groups(s, &targets, &deployment, measures);
        let scaling =
            scale.map(|(tasks, targets)| Scaling::add(s, cluster, resource, tasks, &targets, cooldown));
        FargateService {
            resource,
            task_definition,
            security_group,
            log_group,
            target_group: target_group.map(|group| group.resource),
            shifting,
            scaling,
            port,
            container_name,
            path: s.own_path().to_owned(),
        }
    }
}

/// What the tasks of a service are, beside its container.
struct Task<'a> {
    family: Option<Value<String>>,
    size: TaskSize,
    architecture: Architecture,
    tracing: Option<Tracing>,
    exec: Option<&'a Exec>,
}

impl Task<'_> {
    /// The definition of a task that runs `app`, whose role may do what tracing and sessions take.
    #[track_caller]
    fn definition(self, s: &mut Scope<'_>, app: Container, log_group: &LogGroup) -> TaskDefinition {
        let definition = TaskDefinition::named("TaskDefinition")
            .maybe_family(self.family)
            .containers(beside(app, &self.size, self.tracing, log_group))
            .size(self.size)
            .architecture(self.architecture)
            .build(s);
        if let Some(tracing) = self.tracing {
            tracing.check(s);
            Tracing::grant(s, definition.task_role);
        }
        if let Some(exec) = self.exec {
            exec.grant(s, definition.task_role);
        }
        definition
    }
}

/// What every service has, and what follows from how its tasks are paid and replaced.
fn service_properties(launch: Launch, deployment: &Deployment) -> ecs::Service {
    let (launch_type, capacity_provider_strategy) = launch.properties();
    ecs::Service {
        launch_type,
        capacity_provider_strategy,
        force_new_deployment: launch.force_new_deployment(),
        deployment_configuration: Some(deployment.properties()),
        availability_zone_rebalancing: Some(deployment.rebalancing().into()),
        enable_ecs_managed_tags: Some(true.into()),
        propagate_tags: Some("SERVICE".into()),
        ..Default::default()
    }
}

/// The variables, and those that tell where traces go unless the caller says otherwise.
fn with_tracing(
    mut environment: Vec<(String, Value<String>)>,
    tracing: Option<Tracing>,
    service: &str,
) -> Vec<(String, Value<String>)> {
    for (name, value) in tracing.map(|tracing| tracing.environment(service)).unwrap_or_default() {
        if !environment.iter().any(|(own, _)| *own == name) {
            environment.push((name, value));
        }
    }
    environment
}

/// The application, and what stands beside it; what that does not reserve of the task is the application's.
fn beside(
    mut app: Container,
    size: &TaskSize,
    tracing: Option<Tracing>,
    log_group: &LogGroup,
) -> Vec<Container> {
    let Some(sidecar) = tracing.map(|tracing| tracing.sidecar(log_group.clone())) else { return vec![app] };
    if let Some(size) = size.known() {
        let rest = |has: u32, taken: Option<u32>| Some(has.saturating_sub(taken.unwrap_or(0)));
        app.cpu = rest(size.cpu(), sidecar.cpu);
        app.memory_reservation = rest(size.memory(), sidecar.memory_reservation);
    }
    vec![app, sidecar]
}

/// Lets the tasks, of which there are at most so many, reach their files.
#[track_caller]
fn connect_mounts(
    s: &mut Scope<'_>,
    mounts: &[Mount],
    service: Handle<ecs::Service>,
    tasks: &SecurityGroup,
    most_tasks: Option<u32>,
) {
    for mount in mounts {
        mount.connect(s, tasks, service);
        mount.check_writers(s, service, most_tasks);
    }
}

/// The target group of a service that has a health check, and what shifting requests takes beside it.
#[track_caller]
fn target_groups(
    s: &mut Scope<'_>,
    targets: &Targets<'_>,
    deployment: &Deployment,
    measures: &[ScalingTarget],
) -> (Option<TargetGroup>, Option<Shifting>) {
    let primary = targets.group(s, "TargetGroup", "");
    let shifting = shifting(s, deployment, targets, primary, measures);
    if primary.is_some() {
        await_listener(s);
    }
    (primary, shifting)
}

#[track_caller]
fn shifting(
    s: &mut Scope<'_>,
    deployment: &Deployment,
    targets: &Targets<'_>,
    primary: Option<TargetGroup>,
    measures: &[ScalingTarget],
) -> Option<Shifting> {
    let Deployment::Shift(shift) = deployment else { return None };
    let Some(primary) = primary else {
        s.error("DC129", "requests cannot be shifted to a service that no load balancer sends any")
            .property("deployment")
            .hint("give the service a health check, or deploy it rolling");
        return None;
    };
    check_shift(s, shift, measures, targets.sticky_for);
    Shifting::add(s, shift, targets, primary)
}

/// What does not go together with shifting requests between two target groups.
fn check_shift(s: &mut Scope<'_>, shift: &Shift, measures: &[ScalingTarget], sticky_for: Option<u32>) {
    if measures.iter().any(|measure| measure.is_requests()) {
        s.error(
            "DC130",
            "the service scales on requests, but a deployment moves them to its other target group",
        )
        .property("scale")
        .hint("scale on CPU or memory, or deploy it rolling: the measure follows one target group only");
    }
    if sticky_for.is_some() && shift.traffic != Traffic::AtOnce {
        s.error("DC131", "sessions are sticky, but a deployment sends the same caller to both target groups")
            .property("sticky_for")
            .hint("shift all requests at once, or switch sticky sessions off");
    }
}

/// Private subnets, or public ones with an address each, since a task there has no other way out.
fn network(vpc: &Vpc, group: &SecurityGroup) -> ecs::service::NetworkConfiguration {
    let kind = vpc.task_tier();
    let public_address = if kind == TierKind::Public { "ENABLED" } else { "DISABLED" };
    ecs::service::NetworkConfiguration {
        awsvpc_configuration: Some(ecs::service::AwsVpcConfiguration {
            subnets: Some(vpc.subnets(kind)),
            security_groups: Some([group.id()].into()),
            assign_public_ip: Some(public_address.into()),
        }),
    }
}

fn awaited_listener(path: &str) -> String {
    format!("{path}: listener")
}

fn await_listener(s: &mut Scope<'_>) {
    let key = awaited_listener(s.own_path());
    s.awaits(
        &key,
        "DC061",
        "the service has a health check, but no listener forwards to it",
        "forward to it: `alb.listen(s, Listener::http(port!(80)).forward(&service))`",
    );
}

impl FargateService {
    /// The service's name.
    #[must_use]
    pub fn name(&self) -> Value<String> {
        self.resource.name()
    }

    /// The target group that listeners forward to, if the service has a health check.
    #[must_use]
    pub fn target_group(&self) -> Option<Handle<elbv2::TargetGroup>> {
        self.target_group
    }

    /// The second target group, if deployments shift requests between two.
    #[must_use]
    pub fn alternate_target_group(&self) -> Option<Handle<elbv2::TargetGroup>> {
        self.shifting.as_ref().map(|shifting| shifting.alternate)
    }

    pub(crate) fn shifting(&self) -> Option<&Shifting> {
        self.shifting.as_ref()
    }

    /// What a rule of a listener does to send requests to the service.
    pub(crate) fn forward(&self) -> elbv2::listener_rule::Action {
        self.shifting.as_ref().map_or_else(
            || elbv2::listener_rule::Action {
                r#type: Some("forward".into()),
                target_group_arn: self.target_group.map(Value::from),
                ..Default::default()
            },
            Shifting::forward,
        )
    }

    /// Ends a deployment and goes back when one of `alarms` goes off while it runs.
    ///
    /// The alarms must not watch what names the service, or each would have to be made before the other: let
    /// them watch the target groups.
    ///
    /// Source: [How CloudWatch alarms detect Amazon ECS deployment failures][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
    pub fn watch_deployments(
        &self,
        s: &mut Scope<'_>,
        alarms: impl IntoIterator<Item = Value<cloudwatch::AlarmName>>,
    ) {
        let alarms = ecs::service::DeploymentAlarms {
            alarm_names: Some(alarms.into_iter().collect()),
            enable: Some(true.into()),
            rollback: Some(true.into()),
        };
        s[self.resource].deployment_configuration.get_or_insert_default().alarms = Some(alarms);
    }

    /// Takes requests that enter there, once its listener (or the rule of one) attaches the target group.
    pub(crate) fn attach(&self, s: &mut Scope<'_>, entrance: &Entrance<'_>) {
        let mut s = s.reopen(&self.path);
        let s = &mut s;
        let Some(target_group) = self.target_group else {
            s.error("DC062", format!("`{}` is forwarded to, but has no health check", self.path))
                .hint("give the service a health check: `.health_check(\"/health\")`");
            return;
        };
        s.settle(&awaited_listener(&self.path));
        // ECS refuses a service whose target group no load balancer uses yet.
        match entrance.rule {
            Some(rule) => s.depend(self.resource, rule),
            None => s.depend(self.resource, entrance.listener),
        }
        let first = s[self.resource].load_balancers.is_none();
        if first {
            let advanced = self.shifting.as_ref().zip(entrance.rule);
            let advanced = advanced.map(|(shifting, rule)| shifting.configure(s, entrance, rule));
            s[self.resource].load_balancers = Some(vec![ecs::service::LoadBalancer {
                container_name: Some(self.container_name.as_str().into()),
                container_port: Some(self.port.value()),
                target_group_arn: Some(target_group.into()),
                advanced_configuration: advanced,
                ..Default::default()
            }]);
        }
        let group = &self.security_group;
        let front = &entrance.alb.security_group;
        let rule = front.connect(s, group, self.port.clone(), "requests from the load balancer");
        if !first {
            if rule.is_some() {
                s.error("DC063", "the service is forwarded to from two load balancers")
                    .hint("a target group belongs to one load balancer; make a service for each");
            } else if self.shifting.is_some() {
                s.error(
                    "DC132",
                    "the service is forwarded to twice, but a deployment shifts what one rule sends",
                )
                .hint("lead to it by one rule of one listener, or deploy it rolling");
            }
            return;
        }
        if let Some(scaling) = &self.scaling {
            match entrance.rule {
                Some(rule) => scaling.follow_requests(s, entrance.alb, target_group, rule),
                None => scaling.follow_requests(s, entrance.alb, target_group, entrance.listener),
            }
        }
    }
}
