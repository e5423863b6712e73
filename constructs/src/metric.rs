//! CloudWatch metrics: which number is meant, and how its values of a period become one.

use crate::alb::Alb;
use crate::cluster::Cluster;
use crate::fargate_service::FargateService;
use crate::l1::elbv2;
use crate::resource::Handle;
use crate::scope::Scope;
use crate::value::Value;

/// How the values of a period become one.
///
/// Source: [Statistics definitions][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// Their mean.
    Average,
    /// The least of them.
    Minimum,
    /// The greatest of them.
    Maximum,
    /// All of them together.
    Sum,
    /// How many they are.
    SampleCount,
    /// The value that this many percent of them do not exceed, 0 to 100.
    Percentile(u8),
}

impl Statistic {
    /// The name in CloudWatch: `Average`, or `p95`.
    pub(crate) fn name(self) -> String {
        match self {
            Statistic::Average => "Average".to_owned(),
            Statistic::Minimum => "Minimum".to_owned(),
            Statistic::Maximum => "Maximum".to_owned(),
            Statistic::Sum => "Sum".to_owned(),
            Statistic::SampleCount => "SampleCount".to_owned(),
            Statistic::Percentile(percent) => format!("p{percent}"),
        }
    }
}

/// What a metric's values count.
///
/// An alarm that names another unit than the metric is recorded in finds no data and never fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Percent.
    Percent,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Unit::Seconds => "Seconds",
            Unit::Percent => "Percent",
        }
    }
}

/// A metric of CloudWatch with the statistic and the period it is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) dimensions: Vec<(String, Value<String>)>,
    pub(crate) statistic: Statistic,
    pub(crate) period: u32,
    pub(crate) unit: Option<Unit>,
    pub(crate) label: Option<String>,
}

impl Metric {
    /// The metric `name` of `namespace`: its average over five minutes, in whatever unit it is recorded.
    pub fn new(namespace: &str, name: &str) -> Metric {
        Metric {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: Vec::new(),
            statistic: Statistic::Average,
            period: 300,
            unit: None,
            label: None,
        }
    }

    /// Of the resource that `name` says: `ServiceName`. A metric has the dimensions it was recorded with, no
    /// fewer and no more.
    pub fn dimension<T>(mut self, name: &str, value: impl Into<Value<T>>) -> Metric {
        self.dimensions.push((name.to_owned(), value.into().text()));
        self
    }

    /// How the values of a period become one.
    pub fn statistic(mut self, statistic: Statistic) -> Metric {
        self.statistic = statistic;
        self
    }

    /// The seconds of a period: 10, 20 or 30 for metrics recorded that finely, else a multiple of 60.
    pub fn period(mut self, seconds: u32) -> Metric {
        self.period = seconds;
        self
    }

    /// The unit it is recorded in. Only for units that the documentation of the metric names.
    pub fn unit(mut self, unit: Unit) -> Metric {
        self.unit = Some(unit);
        self
    }

    /// What a graph calls it. Default: the metric's name.
    pub fn label(mut self, label: &str) -> Metric {
        self.label = Some(label.to_owned());
        self
    }

    /// Reports what CloudWatch would refuse.
    ///
    /// Source: [PutMetricAlarm][aws], `Period`.
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    #[track_caller]
    pub(crate) fn check(&self, s: &mut Scope<'_>) {
        if !([10, 20, 30].contains(&self.period) || (self.period > 0 && self.period.is_multiple_of(60))) {
            s.error("DC160", format!("{} seconds are no period for `{}`", self.period, self.name))
                .property("metric.period")
                .hint("choose a multiple of 60, or 10, 20 or 30 for a metric recorded that finely");
        }
        if let Statistic::Percentile(percent @ 101..) = self.statistic {
            s.error("DC161", format!("there is no percentile {percent} of `{}`", self.name))
                .property("metric.statistic")
                .hint("choose 0 to 100");
        }
    }
}

/// What ECS records of a service. Every minute, for the service as a whole.
///
/// Source: [Amazon ECS service utilization metrics][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service_utilization.html
impl Metric {
    /// CPU use of the service's tasks, in percent of what they have.
    pub fn service_cpu(cluster: Cluster, service: &FargateService) -> Metric {
        Metric::service("CPUUtilization", cluster, service)
    }

    /// Memory use of the service's tasks, in percent of what they have.
    pub fn service_memory(cluster: Cluster, service: &FargateService) -> Metric {
        Metric::service("MemoryUtilization", cluster, service)
    }

    /// The names are read from the resources, never written: an alarm on a name that no service has says
    /// nothing for ever.
    fn service(name: &str, cluster: Cluster, service: &FargateService) -> Metric {
        Metric::new("AWS/ECS", name)
            .dimension("ClusterName", cluster.name())
            .dimension("ServiceName", service.name())
            .unit(Unit::Percent)
    }
}

/// What a load balancer records, of itself and of a target group behind it. Every minute.
///
/// Source: [CloudWatch metrics for your Application Load Balancer][aws], also for which statistic is of use.
///
/// [aws]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
impl Metric {
    /// Seconds until a target begins to answer: the slowest twentieth, which an average would hide.
    pub fn response_time(alb: &Alb, group: Handle<elbv2::TargetGroup>) -> Metric {
        Metric::target("TargetResponseTime", alb, group)
            .statistic(Statistic::Percentile(95))
            .period(300)
            .unit(Unit::Seconds)
    }

    /// Targets that can take requests, as the node of the load balancer counts that sees most. Nothing is
    /// recorded while no target is registered.
    pub fn healthy_hosts(alb: &Alb, group: Handle<elbv2::TargetGroup>) -> Metric {
        Metric::target("HealthyHostCount", alb, group).statistic(Statistic::Maximum)
    }

    /// Targets that fail their health checks, as the node of the load balancer counts that sees fewest.
    pub fn unhealthy_hosts(alb: &Alb, group: Handle<elbv2::TargetGroup>) -> Metric {
        Metric::target("UnHealthyHostCount", alb, group).statistic(Statistic::Minimum)
    }

    /// Requests that were sent to a target.
    pub fn requests(alb: &Alb, group: Handle<elbv2::TargetGroup>) -> Metric {
        Metric::target("RequestCount", alb, group)
    }

    /// Answers of targets with a code from 400 to 499.
    pub fn client_errors(alb: &Alb, group: Handle<elbv2::TargetGroup>) -> Metric {
        Metric::target("HTTPCode_Target_4XX_Count", alb, group)
    }

    /// Answers of targets with a code from 500 to 599.
    pub fn server_errors(alb: &Alb, group: Handle<elbv2::TargetGroup>) -> Metric {
        Metric::target("HTTPCode_Target_5XX_Count", alb, group)
    }

    /// Answers with a code from 500 to 599 that no target gave, but the load balancer, for instance since
    /// there was no healthy target.
    pub fn load_balancer_errors(alb: &Alb) -> Metric {
        Metric::new("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count")
            .dimension("LoadBalancer", alb.resource.load_balancer_full_name())
            .statistic(Statistic::Sum)
            .period(60)
    }

    fn target(name: &str, alb: &Alb, group: Handle<elbv2::TargetGroup>) -> Metric {
        Metric::new("AWS/ApplicationELB", name)
            .dimension("LoadBalancer", alb.resource.load_balancer_full_name())
            .dimension("TargetGroup", group.target_group_full_name())
            .statistic(Statistic::Sum)
            .period(60)
    }
}

/// What an alarm watches: one metric, or a number made of several.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// One metric.
    Metric(Metric),
    /// What an expression makes of metrics, which it calls `m1`, `m2` and so on.
    Math {
        /// The expression, for example `100*m1/m2`.
        expression: String,
        /// What stands in it.
        metrics: Vec<Metric>,
    },
}

impl From<Metric> for Measure {
    fn from(metric: Metric) -> Measure {
        Measure::Metric(metric)
    }
}

impl Measure {
    /// All the metrics together. One without data counts as 0, unless none has any.
    ///
    /// For what is recorded in several places, as the requests of a service that has two target groups, of
    /// which one at a time is in use. Source: [metric math][aws], "basic arithmetic functions".
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    pub fn sum(metrics: impl IntoIterator<Item = Metric>) -> Measure {
        let terms = |count| (1..=count).map(|at| format!("m{at}")).collect::<Vec<_>>().join("+");
        Measure::of(metrics, terms)
    }

    /// The greatest of the metrics.
    pub fn maximum(metrics: impl IntoIterator<Item = Metric>) -> Measure {
        Measure::of(metrics, |_| "MAX(METRICS())".to_owned())
    }

    fn of(metrics: impl IntoIterator<Item = Metric>, expression: impl Fn(usize) -> String) -> Measure {
        let mut metrics: Vec<Metric> = metrics.into_iter().collect();
        if metrics.len() == 1 {
            return Measure::Metric(metrics.remove(0));
        }
        Measure::Math { expression: expression(metrics.len()), metrics }
    }

    pub(crate) fn metrics(&self) -> &[Metric] {
        match self {
            Measure::Metric(metric) => std::slice::from_ref(metric),
            Measure::Math { metrics, .. } => metrics,
        }
    }
}
