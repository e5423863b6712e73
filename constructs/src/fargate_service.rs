//! Services on Fargate: a task definition kept running, scaled, and reachable through a load balancer.

use std::ops::RangeInclusive;

use bon::bon;

use crate::alb::Alb;
use crate::cluster::Cluster;
use crate::file_system::Mount;
use crate::l1::{ecs, elbv2};
use crate::log_group::LogGroup;
use crate::name::short_name;
use crate::repository::Image;
use crate::resource::Handle;
use crate::scaling::{Scaling, ScalingTarget};
use crate::scope::Scope;
use crate::secret::SecretValue;
use crate::security_group::SecurityGroup;
use crate::task_definition::{Architecture, Container, TaskDefinition, TaskSize};
use crate::units::PortValue;
use crate::value::Value;
use crate::vpc::{TierKind, Vpc};

/// How a load balancer finds out whether a task can take requests.
///
/// Source: [Health checks for Application Load Balancer target groups][aws].
///
/// [aws]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
#[derive(Debug, Clone)]
pub struct HealthCheck {
    /// The path that is asked; an answer of 200 means healthy.
    pub path: String,
    /// Seconds between two checks, 5 to 300. Default: 30.
    pub interval: u16,
    /// Seconds after which no answer counts as a failure, 2 to 120, below the interval. Default: 5.
    pub timeout: u16,
    /// Successes in a row that make a task healthy, 2 to 10. Default: 2, so that a new task serves soon.
    pub healthy_threshold: u16,
    /// Failures in a row that make a task unhealthy, 2 to 10. Default: 3.
    pub unhealthy_threshold: u16,
}

impl From<&str> for HealthCheck {
    fn from(path: &str) -> HealthCheck {
        HealthCheck {
            path: path.to_owned(),
            interval: 30,
            timeout: 5,
            healthy_threshold: 2,
            unhealthy_threshold: 3,
        }
    }
}

impl HealthCheck {
    fn check(&self, s: &mut Scope<'_>) {
        let mut refuse = |property: &str, message: String, hint: &str| {
            s.error("DC060", message).property(format!("health_check.{property}")).hint(hint);
        };
        if !self.path.starts_with('/') {
            refuse("path", format!("`{}` is not a path", self.path), "begin it with a slash: `/health`");
        }
        if !(5..=300).contains(&self.interval) {
            refuse(
                "interval",
                format!("{} seconds are no interval for health checks", self.interval),
                "choose 5 to 300",
            );
        }
        if !(2..=120).contains(&self.timeout) {
            refuse(
                "timeout",
                format!("{} seconds are no time-out for health checks", self.timeout),
                "choose 2 to 120",
            );
        }
        if self.timeout >= self.interval {
            let message = format!(
                "the time-out of {} s is not below the interval of {} s",
                self.timeout, self.interval
            );
            refuse("timeout", message, "shorten the time-out or lengthen the interval");
        }
        for (property, count) in
            [("healthy_threshold", self.healthy_threshold), ("unhealthy_threshold", self.unhealthy_threshold)]
        {
            if !(2..=10).contains(&count) {
                refuse(property, format!("{count} is no number of checks in a row"), "choose 2 to 10");
            }
        }
    }
}

/// What a service's tasks are paid as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Launch {
    /// On demand.
    Fargate,
    /// `base` tasks on demand, and of the others nine in ten on Spot, which AWS may take back with two minutes'
    /// notice.
    Spot {
        /// Tasks that are always on demand.
        base: u32,
    },
}

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
        /// Seconds after a task's start in which failed health checks do not count. Default: 60.
        #[builder(default = 60)]
        health_check_grace_period: u32,
    ) -> FargateService {
        let mut s = s.scope(id);
        let container = Container::named(container_name.as_str())
            .image(image)
            .port(port.clone())
            .environment(environment)
            .secrets(secrets)
            .mounts(mounts.clone())
            .log_group(log_group)
            .build();
        let task_definition = TaskDefinition::named("TaskDefinition")
            .maybe_family(family)
            .size(size)
            .architecture(architecture)
            .containers([container])
            .build(&mut s);
        let security_group = SecurityGroup::named("SecurityGroup")
            .vpc(vpc)
            .description(&format!("tasks of {id}"))
            .build(&mut s);
        let (launch_type, capacity) = launch_properties(launch);
        let properties = ecs::Service {
            service_name,
            cluster: Some(cluster.name()),
            task_definition: Some(task_definition.arn()),
            launch_type,
            capacity_provider_strategy: capacity,
            // With scaling the number is left out, or every deployment would reset it.
            desired_count: scale.is_none().then_some(desired_count),
            network_configuration: Some(network(vpc, &security_group)),
            deployment_configuration: Some(rolling_with_breaker()),
            availability_zone_rebalancing: Some("ENABLED".into()),
            enable_ecs_managed_tags: Some(true.into()),
            propagate_tags: Some("SERVICE".into()),
            health_check_grace_period_seconds: health_check
                .as_ref()
                .map(|_| health_check_grace_period.into()),
            ..Default::default()
        };
        let resource = s.add("Service", properties);
        // A task that starts before its subnet has a way out cannot pull its image.
        vpc.await_internet(&mut s, vpc.task_tier(), resource);
        for mount in &mounts {
            mount.connect(&mut s, &security_group, resource);
            mount.check_writers(&mut s, resource, scale.as_ref().map(|(tasks, _)| *tasks.end()));
        }
        let target_group =
            health_check.map(|check| target_group(&mut s, vpc, &port, check, target_group_name));
        let scaling = scale.map(|(tasks, targets)| Scaling::add(&mut s, cluster, resource, tasks, &targets));
        FargateService {
            resource,
            task_definition,
            security_group,
            log_group,
            target_group,
            scaling,
            port,
            container_name,
            path: s.own_path().to_owned(),
        }
    }
}

fn launch_properties(
    launch: Launch,
) -> (Option<Value<String>>, Option<Vec<ecs::service::CapacityProviderStrategyItem>>) {
    let item = |provider: &str, base: Option<u32>, weight: i64| ecs::service::CapacityProviderStrategyItem {
        capacity_provider: Some(provider.into()),
        base: base.map(Value::from),
        weight: Some(weight.into()),
    };
    match launch {
        Launch::Fargate => (Some("FARGATE".into()), None),
        Launch::Spot { base } => {
            (None, Some(vec![item("FARGATE", Some(base), 1), item("FARGATE_SPOT", None, 9)]))
        }
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

/// New tasks start before old ones stop, and a deployment whose tasks keep failing is rolled back.
///
/// Source: [Deployment circuit breaker][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
fn rolling_with_breaker() -> ecs::service::DeploymentConfiguration {
    ecs::service::DeploymentConfiguration {
        minimum_healthy_percent: Some(100.into()),
        maximum_percent: Some(200.into()),
        deployment_circuit_breaker: Some(ecs::service::DeploymentCircuitBreaker {
            enable: Some(true.into()),
            rollback: Some(true.into()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn target_group(
    s: &mut Scope<'_>,
    vpc: &Vpc,
    port: &PortValue,
    check: HealthCheck,
    name: Option<String>,
) -> Handle<elbv2::TargetGroup> {
    check.check(s);
    let attribute = |key: &str, value: &str| elbv2::target_group::TargetGroupAttribute {
        key: Some(key.into()),
        value: Some(value.into()),
    };
    let properties = elbv2::TargetGroup {
        name: name.map(|name| short_name(&name, 32).into()),
        vpc_id: Some(vpc.id()),
        target_type: Some("ip".into()),
        protocol: Some("HTTP".into()),
        port: Some(port.value()),
        health_check_path: Some(check.path.into()),
        health_check_interval_seconds: Some(check.interval.into()),
        health_check_timeout_seconds: Some(check.timeout.into()),
        healthy_threshold_count: Some(check.healthy_threshold.into()),
        unhealthy_threshold_count: Some(check.unhealthy_threshold.into()),
        matcher: Some(elbv2::target_group::Matcher { http_code: Some("200".into()), ..Default::default() }),
        // The default of 300 seconds makes every deployment five minutes longer.
        target_group_attributes: Some(vec![attribute("deregistration_delay.timeout_seconds", "30")]),
        ..Default::default()
    };
    let key = awaited_listener(s.own_path());
    s.awaits(
        &key,
        "DC061",
        "the service has a health check, but no listener forwards to it",
        "forward to it: `alb.listen(s, Listener::http(port!(80)).forward(&service))`",
    );
    s.add("TargetGroup", properties)
}

fn awaited_listener(path: &str) -> String {
    format!("{path}: listener")
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

    /// Takes requests from `alb`, once `listener` (or the rule of one) exists to attach the target group.
    pub(crate) fn attach<L>(&self, s: &mut Scope<'_>, alb: &Alb, listener: Handle<L>) {
        let mut s = s.reopen(&self.path);
        let s = &mut s;
        let Some(target_group) = self.target_group else {
            s.error("DC062", format!("`{}` is forwarded to, but has no health check", self.path))
                .hint("give the service a health check: `.health_check(\"/health\")`");
            return;
        };
        s.settle(&awaited_listener(&self.path));
        // ECS refuses a service whose target group no load balancer uses yet.
        s.depend(self.resource, listener);
        let load_balancers = s[self.resource].load_balancers.get_or_insert_with(Vec::new);
        let first = load_balancers.is_empty();
        if first {
            load_balancers.push(ecs::service::LoadBalancer {
                container_name: Some(self.container_name.as_str().into()),
                container_port: Some(self.port.value()),
                target_group_arn: Some(target_group.into()),
                ..Default::default()
            });
        }
        let group = &self.security_group;
        let rule = alb.security_group.connect(s, group, self.port.clone(), "requests from the load balancer");
        if !first {
            if rule.is_some() {
                s.error("DC063", "the service is forwarded to from two load balancers")
                    .hint("a target group belongs to one load balancer; make a service for each");
            }
            return;
        }
        if let Some(scaling) = &self.scaling {
            scaling.follow_requests(s, alb, target_group, listener);
        }
    }
}
