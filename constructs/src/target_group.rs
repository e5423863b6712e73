//! Target groups: the tasks that a load balancer sends requests to, and how it finds out which can take them.

use bon::bon;

use crate::l1::elbv2;
use crate::l1::elbv2::target_group::{Matcher, TargetGroupAttribute};
use crate::name::short_name;
use crate::resource::Handle;
use crate::scope::Scope;
use crate::units::PortValue;
use crate::vpc::Vpc;

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

/// An `AWS::ElasticLoadBalancingV2::TargetGroup` of tasks that speak HTTP.
#[derive(Debug, Clone, Copy)]
pub struct TargetGroup {
    /// The target group itself, for what this construct has no word for.
    pub resource: Handle<elbv2::TargetGroup>,
}

#[bon]
impl TargetGroup {
    /// Starts the target group `id`; `build(s)` adds it to the scope.
    ///
    /// Source: [Target group attributes][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The network that the tasks stand in.
        vpc: &Vpc,
        /// The port that the tasks listen on.
        #[builder(into)]
        port: PortValue,
        /// How the load balancer finds out that a task is healthy.
        #[builder(into)]
        health_check: HealthCheck,
        /// The name, at most 32 characters; a longer one is shortened with a hash. Default: a name that
        /// CloudFormation makes.
        #[builder(into)]
        name: Option<String>,
        /// Seconds in which a task that leaves may finish what it was asked, 0 to 3600. Default: 30, since the
        /// 300 of AWS make every deployment five minutes longer.
        #[builder(default = 30)]
        deregistration_delay: u16,
        /// Seconds for which a caller comes back to the same task, by a cookie of the load balancer, 1 to
        /// 604800 (seven days). Default: any task takes any request.
        sticky_for: Option<u32>,
        /// Seconds over which a new task gets its full share of requests, 30 to 900. Default: at once.
        slow_start: Option<u16>,
    ) -> TargetGroup {
        health_check.check(s);
        check_times(s, deregistration_delay, sticky_for, slow_start);
        let mut attributes =
            vec![attribute("deregistration_delay.timeout_seconds", &deregistration_delay.to_string())];
        if let Some(seconds) = sticky_for {
            attributes.push(attribute("stickiness.enabled", "true"));
            attributes.push(attribute("stickiness.type", "lb_cookie"));
            attributes.push(attribute("stickiness.lb_cookie.duration_seconds", &seconds.to_string()));
        }
        if let Some(seconds) = slow_start {
            attributes.push(attribute("slow_start.duration_seconds", &seconds.to_string()));
        }
        let properties = elbv2::TargetGroup {
            name: name.map(|name| short_name(&name, 32).into()),
            vpc_id: Some(vpc.id()),
            target_type: Some("ip".into()),
            protocol: Some("HTTP".into()),
            port: Some(port.value()),
            health_check_path: Some(health_check.path.into()),
            health_check_interval_seconds: Some(health_check.interval.into()),
            health_check_timeout_seconds: Some(health_check.timeout.into()),
            healthy_threshold_count: Some(health_check.healthy_threshold.into()),
            unhealthy_threshold_count: Some(health_check.unhealthy_threshold.into()),
            matcher: Some(Matcher { http_code: Some("200".into()), ..Default::default() }),
            target_group_attributes: Some(attributes),
            ..Default::default()
        };
        TargetGroup { resource: s.add(id, properties) }
    }
}

fn attribute(key: &str, value: &str) -> TargetGroupAttribute {
    TargetGroupAttribute { key: Some(key.into()), value: Some(value.into()) }
}

fn check_times(s: &mut Scope<'_>, delay: u16, sticky_for: Option<u32>, slow_start: Option<u16>) {
    if delay > 3600 {
        s.error("DC120", format!("{delay} seconds are too long to wait for a task that leaves"))
            .property("deregistration_delay")
            .hint("choose 0 to 3600");
    }
    if let Some(seconds) = sticky_for.filter(|seconds| !(1..=604_800).contains(seconds)) {
        s.error("DC120", format!("{seconds} seconds are no time for sticky sessions"))
            .property("sticky_for")
            .hint("choose 1 to 604800, which are seven days");
    }
    if let Some(seconds) = slow_start.filter(|seconds| !(30..=900).contains(seconds)) {
        s.error("DC120", format!("{seconds} seconds are no slow start"))
            .property("slow_start")
            .hint("choose 30 to 900, or leave it out");
    }
}

/// What all target groups of a service have in common.
#[derive(Debug)]
pub(crate) struct Targets<'a> {
    pub(crate) vpc: &'a Vpc,
    pub(crate) port: PortValue,
    pub(crate) health_check: Option<HealthCheck>,
    pub(crate) name: Option<String>,
    pub(crate) deregistration_delay: u16,
    pub(crate) sticky_for: Option<u32>,
    pub(crate) slow_start: Option<u16>,
}

impl Targets<'_> {
    /// The target group `id`, whose name ends in `suffix`; none for a service without a health check.
    pub(crate) fn group(&self, s: &mut Scope<'_>, id: &str, suffix: &str) -> Option<TargetGroup> {
        let health_check = self.health_check.clone()?;
        let group = TargetGroup::named(id)
            .vpc(self.vpc)
            .port(self.port.clone())
            .health_check(health_check)
            .maybe_name(self.name.as_ref().map(|name| format!("{name}{suffix}")))
            .deregistration_delay(self.deregistration_delay)
            .maybe_sticky_for(self.sticky_for)
            .maybe_slow_start(self.slow_start)
            .build(s);
        Some(group)
    }
}
