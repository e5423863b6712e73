//! Scaling of services: how many tasks run, and what the number follows.

use std::ops::RangeInclusive;

use crate::alb::Alb;
use crate::cluster::Cluster;
use crate::l1::application_autoscaling::scaling_policy as l1;
use crate::l1::application_autoscaling::{ScalableTarget, ScalingPolicy};
use crate::l1::{ecs, elbv2};
use crate::resource::Handle;
use crate::scope::Scope;
use crate::sub;
use crate::value::Value;

/// A measure that the number of tasks follows, and the value it is kept at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScalingTarget {
    measure: Measure,
    value: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    Cpu,
    Memory,
    Requests,
}

impl ScalingTarget {
    /// Average CPU use, in percent of what the tasks have.
    pub fn cpu(percent: u32) -> ScalingTarget {
        ScalingTarget { measure: Measure::Cpu, value: percent }
    }

    /// Average memory use, in percent of what the tasks have.
    pub fn memory(percent: u32) -> ScalingTarget {
        ScalingTarget { measure: Measure::Memory, value: percent }
    }

    /// Requests per minute that the load balancer sends to each task.
    pub fn requests(per_target: u32) -> ScalingTarget {
        ScalingTarget { measure: Measure::Requests, value: per_target }
    }

    pub(crate) fn is_requests(self) -> bool {
        self.measure == Measure::Requests
    }
}

impl Measure {
    /// The id of the policy's construct, its name, and the metric's name.
    ///
    /// Source: [PredefinedMetricSpecification][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html
    fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Measure::Cpu => ("CpuScaling", "cpu-target-tracking", "ECSServiceAverageCPUUtilization"),
            Measure::Memory => {
                ("MemoryScaling", "memory-target-tracking", "ECSServiceAverageMemoryUtilization")
            }
            Measure::Requests => ("RequestScaling", "request-target-tracking", "ALBRequestCountPerTarget"),
        }
    }
}

/// How long the number of tasks rests after a step, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cooldown {
    /// After a step in which a task was taken away. Default: 300, since starting one again is slow.
    pub scale_in: u32,
    /// After a step in which a task was added. Default: 60, since load that rises must be met soon.
    pub scale_out: u32,
}

impl Default for Cooldown {
    fn default() -> Cooldown {
        Cooldown { scale_in: 300, scale_out: 60 }
    }
}

/// The scaling of a service.
#[derive(Debug, Clone)]
pub(crate) struct Scaling {
    target: Handle<ScalableTarget>,
    /// Requests per task, to be followed once a load balancer sends some.
    requests: Option<u32>,
    cooldown: Cooldown,
    path: String,
}

impl Scaling {
    pub(crate) fn add(
        s: &mut Scope<'_>,
        cluster: Cluster,
        service: Handle<ecs::Service>,
        tasks: RangeInclusive<u32>,
        targets: &[ScalingTarget],
        cooldown: Cooldown,
    ) -> Scaling {
        check(s, &tasks, targets);
        let properties = ScalableTarget {
            service_namespace: Some("ecs".into()),
            scalable_dimension: Some("ecs:service:DesiredCount".into()),
            resource_id: Some(sub!("service/{}/{}", cluster.name(), service.name())),
            min_capacity: Some((*tasks.start()).into()),
            max_capacity: Some((*tasks.end()).into()),
            ..Default::default()
        };
        let target = s.add("ScalableTarget", properties);
        let requests = targets.iter().find(|target| target.is_requests()).map(|target| target.value);
        let scaling = Scaling { target, requests, cooldown, path: s.own_path().to_owned() };
        for follow in targets.iter().filter(|target| !target.is_requests()) {
            scaling.policy(s, *follow, None);
        }
        if requests.is_some() {
            s.awaits(
                &scaling.awaited(),
                "DC071",
                "the service scales on requests, but no load balancer sends it any",
                "forward to it from a listener, or scale on CPU or memory",
            );
        }
        scaling
    }

    /// Scales on requests, now that it is known which load balancer sends them.
    pub(crate) fn follow_requests<L>(
        &self,
        s: &mut Scope<'_>,
        alb: &Alb,
        target_group: Handle<elbv2::TargetGroup>,
        listener: Handle<L>,
    ) {
        let Some(value) = self.requests else { return };
        s.settle(&self.awaited());
        let label =
            sub!("{}/{}", alb.resource.load_balancer_full_name(), target_group.target_group_full_name());
        let policy = self.policy(s, ScalingTarget::requests(value), Some(label));
        // The metric exists only once the target group is attached.
        s.depend(policy, listener);
    }

    fn awaited(&self) -> String {
        format!("{}: requests", self.path)
    }

    fn policy(
        &self,
        s: &mut Scope<'_>,
        follow: ScalingTarget,
        label: Option<Value<String>>,
    ) -> Handle<ScalingPolicy> {
        let (id, name, metric) = follow.measure.names();
        let properties = ScalingPolicy {
            policy_name: Some(name.into()),
            policy_type: Some("TargetTrackingScaling".into()),
            scaling_target_id: Some(self.target.into()),
            target_tracking_scaling_policy_configuration: Some(
                l1::TargetTrackingScalingPolicyConfiguration {
                    predefined_metric_specification: Some(l1::PredefinedMetricSpecification {
                        predefined_metric_type: Some(metric.into()),
                        resource_label: label,
                    }),
                    target_value: Some(f64::from(follow.value).into()),
                    scale_in_cooldown: Some(self.cooldown.scale_in.into()),
                    scale_out_cooldown: Some(self.cooldown.scale_out.into()),
                    ..Default::default()
                },
            ),
            ..Default::default()
        };
        s.add(id, properties)
    }
}

fn check(s: &mut Scope<'_>, tasks: &RangeInclusive<u32>, targets: &[ScalingTarget]) {
    if tasks.start() > tasks.end() {
        s.error("DC070", format!("at least {} tasks are more than at most {}", tasks.start(), tasks.end()))
            .property("scale")
            .hint("give the lesser number first");
    }
    for target in targets {
        let (percent, most) = (target.measure != Measure::Requests, 100);
        if target.value == 0 || (percent && target.value > most) {
            let (_, name, _) = target.measure.names();
            let hint = if percent { "choose 1 to 100 percent" } else { "choose at least 1 request per task" };
            s.error("DC072", format!("{} is no target for `{name}`", target.value))
                .property("scale")
                .hint(hint);
        }
    }
}
