//! What is watched: alarms, the dashboard, the budget, and backups of what the stack holds.

use constructs::l1::elbv2::TargetGroup;
use constructs::l1::sns;
use constructs::{
    Alarm, Alb, Arn, BackupPlan, Budget, Cluster, Dashboard, FargateService, FileSystem, Handle, Key,
    Measure, Metric, MissingData, Scope, Threshold, Topic, Value, Widget, aws, sub,
};

use crate::plan::{Plan, ServicePlan};
use crate::settings::AlarmSettings;

/// What is watched, and who is told.
pub(super) struct Watched<'a> {
    pub(super) alb: &'a Alb,
    pub(super) cluster: Cluster,
    pub(super) services: [WatchedService<'a>; 2],
    /// Where alarms and the budget tell of themselves.
    pub(super) topic: Topic,
}

/// A service that is watched.
pub(super) struct WatchedService<'a> {
    id: &'static str,
    name: &'static str,
    plan: &'a ServicePlan,
    service: &'a FargateService,
    /// Where its tasks are registered: two groups where a deployment moves from one to the other.
    target_groups: Vec<Handle<TargetGroup>>,
}

/// Adds what the settings ask for.
pub(super) fn watch(s: &mut Scope<'_>, plan: &Plan, watched: &Watched<'_>) {
    let alarms = plan.watch.alarms.as_ref().map(|limits| Alarms::add(s, plan, watched, limits));
    if plan.watch.dashboard {
        dashboard(s, plan, watched, alarms.as_ref());
    }
    if let Some(budget) = &plan.watch.budget {
        Budget::named("Budget")
            .monthly_usd(budget.monthly_usd)
            .emails(&budget.emails)
            .topic(watched.topic.arn())
            .maybe_tag(budget.tag.as_ref().map(|(key, value)| (key.as_str(), value.as_str())))
            .build(s);
    }
}

/// Backs up the files under a plan of their own, if the settings ask for one.
pub(super) fn back_up(s: &mut Scope<'_>, plan: &Plan, files: &FileSystem, key: Option<Key>) {
    let Some(backup) = &plan.watch.backup else { return };
    BackupPlan::named("Backups")
        .name(format!("{}-backups", plan.name))
        .file_systems([files.resource])
        .retention_days(backup.retention_days)
        .maybe_cold_storage_after_days(backup.cold_storage_after_days)
        .maybe_copy_to(backup.copy_to.clone())
        .maybe_key(key)
        .build(s);
}

impl<'a> WatchedService<'a> {
    pub(super) fn new(
        id: &'static str,
        name: &'static str,
        plan: &'a ServicePlan,
        service: &'a FargateService,
    ) -> Self {
        let target_groups = service.target_group().into_iter().chain(service.alternate_target_group());
        WatchedService { id, name, plan, service, target_groups: target_groups.collect() }
    }

    /// A metric of each of its target groups.
    fn each(&self, alb: &Alb, metric: fn(&Alb, Handle<TargetGroup>) -> Metric) -> Vec<Metric> {
        self.target_groups.iter().map(|group| metric(alb, *group)).collect()
    }
}

/// How bad it is that an alarm goes off. The description begins with it, for whoever sorts the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Urgency {
    /// Callers are failing now. It is also told when that is over.
    Critical,
    /// Something is not as it should be.
    Warning,
}

/// An alarm to be added.
struct Row {
    id: &'static str,
    name: &'static str,
    urgency: Urgency,
    says: String,
    metric: Measure,
    when: Threshold,
    periods: u32,
    missing: MissingData,
}

impl Row {
    fn add(self, s: &mut Scope<'_>, prefix: &str, topic: &Value<Arn<sns::Topic>>) -> Alarm {
        let urgency = if self.urgency == Urgency::Critical { "critical" } else { "warning" };
        Alarm::named(self.id)
            .name(format!("{prefix}-{}", self.name))
            .description(format!("{urgency}: {}", self.says))
            .metric(self.metric)
            .when(self.when)
            .evaluation_periods(self.periods)
            .missing_data(self.missing)
            .actions([topic.clone()])
            .ok_actions((self.urgency == Urgency::Critical).then(|| topic.clone()))
            .build(s)
    }
}

struct Alarms {
    all: Vec<Alarm>,
}

impl Alarms {
    /// The seed has an alarm `docuthinker-high-cpu` and one `docuthinker-high-errors`; there are two services,
    /// so that each has its own, with its name in the middle.
    fn add(s: &mut Scope<'_>, plan: &Plan, watched: &Watched<'_>, limits: &AlarmSettings) -> Alarms {
        let topic = watched.topic.arn();
        let mut all = Vec::new();
        for service in &watched.services {
            let mut s = s.scope(service.id);
            let prefix = format!("{}-{}", plan.name, service.name);
            let [use_rows @ .., no_tasks] = service.rows(watched, limits);
            all.extend(use_rows.map(|row| row.add(&mut s, &prefix, &topic)));
            let no_tasks = no_tasks.add(&mut s, &prefix, &topic);
            // Before the first deployment is done there are no tasks, and nobody needs to hear it.
            s.depend(no_tasks.resource, service.service.resource);
            all.push(no_tasks);
            let errors = service.server_errors(watched, limits).add(&mut s, &prefix, &topic);
            if service.plan.deployment_alarms {
                // It knows the load balancer and the target groups and not the service, which may so refer to it.
                service.service.watch_deployments(&mut s, [errors.name()]);
            }
            all.push(errors);
        }
        let row = load_balancer_errors(watched, limits);
        all.push(row.add(&mut s.scope("Alb"), &plan.name, &topic));
        Alarms { all }
    }
}

impl WatchedService<'_> {
    /// The rows of the seed's table, but for the server errors.
    fn rows(&self, watched: &Watched<'_>, limits: &AlarmSettings) -> [Row; 6] {
        let Watched { alb, cluster, .. } = watched;
        let (name, service) = (self.name, self.service);
        [
            Row {
                id: "HighCpuAlarm",
                name: "high-cpu",
                urgency: Urgency::Warning,
                says: format!("{name} uses more than {} % of its CPU", limits.cpu_percent),
                metric: Metric::service_cpu(*cluster, service).into(),
                when: Threshold::Above(limits.cpu_percent.into()),
                periods: 2,
                missing: MissingData::Missing,
            },
            Row {
                id: "HighMemoryAlarm",
                name: "high-memory",
                urgency: Urgency::Warning,
                says: format!("{name} uses more than {} % of its memory", limits.memory_percent),
                metric: Metric::service_memory(*cluster, service).into(),
                when: Threshold::Above(limits.memory_percent.into()),
                periods: 2,
                missing: MissingData::Missing,
            },
            Row {
                id: "SlowAlarm",
                name: "slow",
                urgency: Urgency::Warning,
                says: format!("{name} lets 1 of 20 wait longer than {} s", limits.response_time_seconds),
                // Two groups are never asked at the same time for long: the slower one counts.
                metric: Measure::maximum(self.each(alb, Metric::response_time)),
                when: Threshold::Above(limits.response_time_seconds),
                periods: 2,
                missing: MissingData::NotBreaching,
            },
            Row {
                id: "UnhealthyAlarm",
                name: "unhealthy",
                urgency: Urgency::Warning,
                says: format!("a task of {name} fails its health checks"),
                metric: Measure::sum(self.each(alb, Metric::unhealthy_hosts)),
                when: Threshold::Above(0.0),
                // Each deployment makes a task unhealthy for a moment; three minutes are no moment.
                periods: 3,
                missing: MissingData::NotBreaching,
            },
            Row {
                id: "ClientErrorsAlarm",
                name: "client-errors",
                urgency: Urgency::Warning,
                says: format!(
                    "{name} refuses more than {} requests a minute",
                    limits.client_errors_per_minute
                ),
                metric: Measure::sum(self.each(alb, Metric::client_errors)),
                when: Threshold::Above(limits.client_errors_per_minute.into()),
                periods: 1,
                missing: MissingData::NotBreaching,
            },
            Row {
                id: "NoTasksAlarm",
                name: "no-tasks",
                urgency: Urgency::Critical,
                says: format!("no task of {name} is healthy"),
                metric: Measure::sum(self.each(alb, Metric::healthy_hosts)),
                when: Threshold::Below(1.0),
                periods: 1,
                // Nothing is recorded while no task is registered.
                missing: MissingData::Breaching,
            },
        ]
    }

    fn server_errors(&self, watched: &Watched<'_>, limits: &AlarmSettings) -> Row {
        let errors = limits.server_errors_per_minute;
        Row {
            id: "HighErrorsAlarm",
            name: "high-errors",
            urgency: Urgency::Critical,
            says: format!("{} fails more than {errors} requests a minute", self.name),
            metric: Measure::sum(self.each(watched.alb, Metric::server_errors)),
            when: Threshold::Above(errors.into()),
            periods: 1,
            missing: MissingData::NotBreaching,
        }
    }
}

/// What fails before it reaches a service: no target counts it.
fn load_balancer_errors(watched: &Watched<'_>, limits: &AlarmSettings) -> Row {
    let errors = limits.server_errors_per_minute;
    Row {
        id: "HighErrorsAlarm",
        name: "high-errors",
        urgency: Urgency::Critical,
        says: format!("the load balancer fails more than {errors} requests a minute"),
        metric: Metric::load_balancer_errors(watched.alb).into(),
        when: Threshold::Above(errors.into()),
        periods: 1,
        missing: MissingData::NotBreaching,
    }
}

/// The name holds the region: dashboards belong to the account, and the second region has one too.
fn dashboard(s: &mut Scope<'_>, plan: &Plan, watched: &Watched<'_>, alarms: Option<&Alarms>) {
    let Watched { alb, cluster, services, .. } = watched;
    let of = |metric: fn(&Alb, Handle<TargetGroup>) -> Metric| {
        services.iter().flat_map(move |service| {
            service.each(alb, metric).into_iter().map(|metric| metric.label(service.name))
        })
    };
    let used = |metric: fn(Cluster, &FargateService) -> Metric| {
        services.iter().map(move |service| metric(*cluster, service.service).label(service.name))
    };
    let graph = |title: &str, metrics: Vec<Metric>, limit: fn(&AlarmSettings) -> f64| {
        let graph = Widget::graph(title, metrics);
        plan.watch.alarms.as_ref().map_or(graph.clone(), |limits| graph.line(limit(limits)))
    };
    let text = format!(
        "# {}\nMade by CloudFormation: what is changed here goes with the next deployment.",
        plan.name
    );
    let mut top = vec![Widget::text(text)];
    if let Some(alarms) = alarms {
        top.push(Widget::alarms("Alarms", alarms.all.iter().copied()));
    }
    let load_balancer = Metric::load_balancer_errors(alb).label("load balancer");
    Dashboard::named("Dashboard")
        .name(sub!("{}-{}", &plan.name, aws::region()))
        .rows([
            top,
            vec![
                graph("CPU, %", used(Metric::service_cpu).collect(), |limits| limits.cpu_percent.into()),
                graph("Memory, %", used(Metric::service_memory).collect(), |limits| {
                    limits.memory_percent.into()
                }),
                graph("Response time, slowest 5 %, s", of(Metric::response_time).collect(), |limits| {
                    limits.response_time_seconds
                }),
                Widget::graph("Requests a minute", of(Metric::requests)),
            ],
            vec![
                Widget::graph("Healthy tasks", of(Metric::healthy_hosts)),
                Widget::graph("Unhealthy tasks", of(Metric::unhealthy_hosts)),
                graph("4XX a minute", of(Metric::client_errors).collect(), |limits| {
                    limits.client_errors_per_minute.into()
                }),
                graph("5XX a minute", of(Metric::server_errors).chain([load_balancer]).collect(), |limits| {
                    limits.server_errors_per_minute.into()
                }),
            ],
        ])
        .build(s);
}
