//! Alarms: whether they watch what exists, can be evaluated, and tell somebody.

use std::collections::BTreeMap;

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::naming::Match;
use crate::model::{Item, Model, Value};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &NO_SUCH_NAME, check: no_such_name },
    Lint { rule: &NO_NAME, check: no_name },
    Lint { rule: &PERIODS, check: periods },
    Lint { rule: &RETURN_DATA, check: return_data },
    Lint { rule: &TELLS_NOBODY, check: tells_nobody },
];

rule! {
    /// An alarm on a name that nothing in the template has.
    ///
    /// A service without `ServiceName` gets a name with random letters, and a load balancer always does, so one that
    /// is written down is not its name. The metric of a name that nothing has gets no data: the alarm stays at
    /// `INSUFFICIENT_DATA` and never fires, which looks like health until the first outage.
    ///
    /// Take the name from the resource: `!GetAtt Service.Name`, `!Ref Cluster`, `!GetAtt Alb.LoadBalancerFullName`.
    ///
    /// Source: [CloudWatch metrics of Amazon ECS](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html).
    pub(super) NO_SUCH_NAME = "DT100" Warning;
}

rule! {
    /// An alarm whose dimension is not the name that the metric has.
    ///
    /// Metrics are found by the exact value of each dimension. For load balancers and target groups that is the full
    /// name (`app/name/id`, `targetgroup/name/id`), for ECS services and queues the name; the ARN or URL that `Ref`
    /// gives for them finds nothing, and the alarm never has any data.
    ///
    /// Use the attribute that the hint names.
    ///
    /// Source: [metrics of application load balancers](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html#load-balancer-metric-dimensions-alb),
    /// [of Amazon ECS](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html),
    /// [of Amazon SQS](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html).
    pub(super) NO_NAME = "DT101" Error;
}

rule! {
    /// An alarm whose periods do not fit together.
    ///
    /// CloudWatch refuses a period other than 10, 20 or 30 seconds or whole minutes, more datapoints to alarm than
    /// there are periods, and an alarm that looks back for more than a day (a week, if its period is an hour or more).
    ///
    /// Correct the numbers.
    ///
    /// Source: [PutMetricAlarm](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html).
    pub(super) PERIODS = "DT102" Error;
}

rule! {
    /// An alarm on several metrics of which not exactly one is watched.
    ///
    /// In `Metrics` one entry is what the alarm compares with its threshold, and the others are only there to compute
    /// it from. That one has `ReturnData: true`, which is also the default; CloudWatch refuses an alarm with none or
    /// with several. An alarm on an anomaly, which has a `ThresholdMetricId`, is another thing.
    ///
    /// Set `ReturnData: false` for all the others.
    ///
    /// Source: [PutMetricAlarm](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html).
    pub(super) RETURN_DATA = "DT103" Error;
}

rule! {
    /// An alarm that tells nobody.
    ///
    /// Nothing is done when the alarm fires, and nothing else in the template looks at it: it is only seen by whoever
    /// opens the console at the right moment.
    ///
    /// Set `AlarmActions` to a topic, or use the alarm: in a composite alarm, in the deployment alarms of a service,
    /// on a dashboard.
    ///
    /// Source: [AWS::CloudWatch::Alarm](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html).
    pub(super) TELLS_NOBODY = "DT104" Warning;
}

/// A dimension that names a resource.
struct Naming {
    namespaces: &'static [&'static str],
    dimension: &'static str,
    type_name: &'static str,
    /// What gives the dimension's value: an attribute, or `Ref`.
    attribute: Option<&'static str>,
    /// What the value starts with, where AWS makes it.
    start: &'static [&'static str],
}

const ECS: &[&str] = &["AWS/ECS", "ECS/ContainerInsights"];
const ELB: &[&str] = &["AWS/ApplicationELB", "AWS/NetworkELB", "AWS/GatewayELB"];

/// What the dimensions of AWS's own metrics are called and hold; see the pages' sources.
const NAMINGS: &[Naming] = &[
    naming(ECS, "ServiceName", "AWS::ECS::Service", Some("Name"), &[]),
    naming(ECS, "ClusterName", "AWS::ECS::Cluster", None, &[]),
    naming(
        ELB,
        "LoadBalancer",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        Some("LoadBalancerFullName"),
        &["app/", "net/", "gwy/"],
    ),
    naming(
        ELB,
        "TargetGroup",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        Some("TargetGroupFullName"),
        &["targetgroup/"],
    ),
    naming(&["AWS/SQS"], "QueueName", "AWS::SQS::Queue", Some("QueueName"), &[]),
    naming(&["AWS/SNS"], "TopicName", "AWS::SNS::Topic", Some("TopicName"), &[]),
    naming(&["AWS/Lambda"], "FunctionName", "AWS::Lambda::Function", None, &[]),
    naming(&["AWS/DynamoDB"], "TableName", "AWS::DynamoDB::Table", None, &[]),
];

const fn naming(
    namespaces: &'static [&'static str],
    dimension: &'static str,
    type_name: &'static str,
    attribute: Option<&'static str>,
    start: &'static [&'static str],
) -> Naming {
    Naming { namespaces, dimension, type_name, attribute, start }
}

/// The dimensions of an alarm that name a resource, each with its value.
fn named(alarm: Item<'_>) -> Vec<(&'static Naming, Value<'_>)> {
    let mut all = Vec::new();
    let queries = alarm.get("Metrics").into_iter().filter_map(|list| list.items()).flatten();
    // Another account has resources of its own.
    let own = queries.filter(|query| query.get("AccountId").iter().all(Value::is_absent));
    let metrics = own.flat_map(|query| query.get("MetricStat.Metric"));
    for metric in metrics.chain([alarm.properties()]) {
        let namespaces = metric.get("Namespace");
        let dimensions = metric.get("Dimensions").into_iter().filter_map(|list| list.items()).flatten();
        for dimension in dimensions {
            let names = dimension.get("Name");
            for naming in NAMINGS {
                let is_name = names.iter().any(|name| name.is_text(naming.dimension));
                let is_here =
                    |namespace: &Value<'_>| naming.namespaces.iter().any(|own| namespace.is_text(own));
                if is_name && namespaces.iter().any(is_here) {
                    all.extend(dimension.get("Value").into_iter().map(|value| (naming, value)));
                }
            }
        }
    }
    all
}

fn alarms<'m>(model: &'m Model<'m>) -> impl Iterator<Item = Item<'m>> {
    model.of_type("AWS::CloudWatch::Alarm")
}

fn no_such_name(model: &Model<'_>, found: &mut Findings) {
    if !model.is_closed() {
        return;
    }
    let names: BTreeMap<_, _> = NAMINGS
        .iter()
        // The property is named like the dimension; for a full name there is none.
        .map(|naming| (naming.dimension, model.names(naming.type_name, naming.dimension)))
        .collect();
    for (naming, value) in alarms(model).flat_map(named) {
        // Of others a template may well have one, and watch another that is made elsewhere.
        if naming.namespaces != ECS && naming.start.is_empty() {
            continue;
        }
        let Some(name) = value.text().filter(|name| !name.is_empty()) else { continue };
        if names.get(naming.dimension).and_then(|names| names.has(&name)) == Some(Match::No) {
            let type_name = naming.type_name;
            found
                .at(&value, format!("no {type_name} of this template is named `{name}`"))
                .hint(format!("take the name from the resource: {}", right(naming, None)));
        }
    }
}

fn no_name(model: &Model<'_>, found: &mut Findings) {
    for (naming, value) in alarms(model).flat_map(named) {
        let target = value.target().filter(|target| target.item.is(naming.type_name));
        let dimension = naming.dimension;
        if let Some(target) = target.filter(|target| target.attribute != naming.attribute) {
            found
                .at(&value, format!("`{target}` is not what metrics have as `{dimension}`"))
                .hint(format!("write {}", right(naming, Some(target.item.id()))));
        } else if let Some(text) = value.text().filter(|text| !text.is_empty()) {
            let starts = naming.start.is_empty() || naming.start.iter().any(|start| text.starts_with(start));
            if !starts || text.starts_with("arn:") {
                found
                    .at(&value, format!("`{text}` is not what metrics have as `{dimension}`"))
                    .hint(format!("write {}", right(naming, None)));
            }
        }
    }
}

/// What gives the value of a dimension.
fn right(naming: &Naming, id: Option<&str>) -> String {
    let id = id.or_else(|| naming.type_name.rsplit("::").next()).unwrap_or_default();
    match naming.attribute {
        Some(attribute) => format!("`!GetAtt {id}.{attribute}`"),
        None => format!("`!Ref {id}`"),
    }
}

/// How far an alarm may look back, in seconds, with periods below an hour and with longer ones.
///
/// Source: [PutMetricAlarm](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html).
const MOST_SECONDS: (f64, f64) = (86_400.0, 604_800.0);

fn periods(model: &Model<'_>, found: &mut Findings) {
    for alarm in alarms(model) {
        let counts = alarm.get("EvaluationPeriods");
        for needed in alarm.get("DatapointsToAlarm") {
            let Some(points) = needed.number() else { continue };
            for count in counts.iter().filter(|count| count.world().meets(needed.world())) {
                if let Some(count) = count.number().filter(|count| points > *count) {
                    found
                        .at(
                            &needed,
                            format!("{points} datapoints are needed, but only {count} periods looked at"),
                        )
                        .hint("let `DatapointsToAlarm` be at most `EvaluationPeriods`");
                }
            }
        }
        for period in alarm.get("Period") {
            let Some(seconds) = period.number() else { continue };
            if !is_period(seconds) {
                found
                    .at(&period, format!("there is no period of {seconds} s"))
                    .hint("choose 10, 20, 30 or a multiple of 60");
                continue;
            }
            let most = if seconds < 3600.0 { MOST_SECONDS.0 } else { MOST_SECONDS.1 };
            for count in counts.iter().filter(|count| count.world().meets(period.world())) {
                if let Some(number) = count.number().filter(|count| count * seconds > most) {
                    found
                        .at(count, format!("{number} periods of {seconds} s are more than {most} s"))
                        .hint("look at fewer periods");
                }
            }
        }
    }
}

fn is_period(seconds: f64) -> bool {
    [10.0, 20.0, 30.0].contains(&seconds) || (seconds >= 60.0 && seconds % 60.0 == 0.0)
}

fn return_data(model: &Model<'_>, found: &mut Findings) {
    // An alarm on an anomaly compares a metric with a band, and both return data.
    let compares = |alarm: &Item<'_>| alarm.get("ThresholdMetricId").iter().all(Value::is_absent);
    for list in alarms(model).filter(compares).flat_map(|alarm| alarm.get("Metrics")) {
        if list.is_absent() {
            continue;
        }
        let Some(queries) = list.items().filter(|queries| !queries.is_empty()) else { continue };
        let watched: Option<Vec<bool>> = queries.iter().map(is_watched).collect();
        let Some(watched) = watched else { continue };
        let count = watched.iter().filter(|watched| **watched).count();
        if count != 1 {
            found
                .at(&list, format!("{count} of the metrics return data to the alarm"))
                .hint("leave `ReturnData` true for one of them, and set it to false for the others");
        }
    }
}

/// Whether the alarm is about this metric; `None` if that depends on something.
fn is_watched(query: &Value<'_>) -> Option<bool> {
    match query.get("ReturnData").as_slice() {
        _ if !query.world().is_any() || !query.is_known() => None,
        [value] if value.is_absent() => Some(true),
        [value] => value.boolean(),
        _ => None,
    }
}

fn tells_nobody(model: &Model<'_>, found: &mut Findings) {
    let names = names_in_use(model);
    let is_heard = hears_alarms(model);
    for alarm in alarms(model) {
        let acts = ["AlarmActions", "OKActions", "InsufficientDataActions"]
            .iter()
            .flat_map(|property| alarm.get(property))
            .any(|list| list.items().is_none_or(|items| !items.is_empty()));
        let is_off =
            alarm.get("ActionsEnabled").iter().any(|on| on.boolean() != Some(true) && !on.is_absent());
        if is_off {
            continue;
        }
        let own = alarm.get("AlarmName").into_iter().flat_map(|name| name.texts());
        let mut own = own.map(|name| name.to_string());
        let is_named = own.any(|own| names.iter().any(|name| name.contains(&own)));
        if !acts && !is_named && !is_heard && model.referrers(alarm.id()).next().is_none() {
            found
                .at(&alarm, "nobody is told when this alarm fires")
                .hint("set `AlarmActions` to a topic that somebody reads");
        }
    }
}

/// Whether a rule of `EventBridge` may listen for alarms.
fn hears_alarms(model: &Model<'_>) -> bool {
    let sources = model.of_type("AWS::Events::Rule").flat_map(|rule| rule.get("EventPattern.source"));
    let mut all = sources.map(|source| source.items());
    all.any(|items| items.is_none_or(|items| items.iter().any(|item| item.is_text("aws.cloudwatch"))))
}

/// What names alarms: composite alarms, deployments that an alarm stops.
fn names_in_use(model: &Model<'_>) -> Vec<String> {
    const PLACES: &[(&str, &str)] = &[
        ("AWS::CloudWatch::CompositeAlarm", "AlarmRule"),
        ("AWS::ECS::Service", "DeploymentConfiguration.Alarms.AlarmNames"),
    ];
    let mut all = Vec::new();
    for (type_name, place) in PLACES {
        let values = model.of_type(type_name).flat_map(|item| item.get(place));
        let items = values.filter_map(|value| value.items()).flatten();
        all.extend(items.flat_map(|item| item.texts()).map(|text| text.to_string()));
    }
    all
}

#[cfg(test)]
mod tests {
    use crate::check::lints::testing::codes;

    fn alarm(properties: &str, more: &str) -> Vec<String> {
        codes(&format!(
            "
Resources:
  Service: {{Type: AWS::ECS::Service, Properties: {{TaskDefinition: web}}}}
  Alb: {{Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {{Subnets: [subnet-1, subnet-2]}}}}
  Queue: {{Type: AWS::SQS::Queue}}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: {{EvaluationPeriods: 3, ComparisonOperator: GreaterThanThreshold, Threshold: 1, {properties}}}
{more}"
        ))
    }

    const TOLD: &str = "AlarmActions: [arn:aws:sns:eu-west-1:111122223333:t]";

    fn dimension(namespace: &str, name: &str, value: &str) -> Vec<String> {
        let metric =
            format!("Namespace: {namespace}, MetricName: M, Dimensions: [{{Name: {name}, Value: {value}}}]");
        let single = alarm(&format!("{TOLD}, {metric}, Statistic: Sum, Period: 60"), "");
        let query = format!("{{Id: m, MetricStat: {{Stat: Sum, Period: 60, Metric: {{{metric}}}}}}}");
        assert_eq!(single, alarm(&format!("{TOLD}, Metrics: [{query}]"), ""));
        single.into_iter().filter(|code| code == "DT100" || code == "DT101").collect()
    }

    #[test]
    fn a_dimension_is_compared_wherever_it_stands() {
        assert_eq!(dimension("AWS/ECS", "ServiceName", "backend"), ["DT100"]);
        assert_eq!(dimension("AWS/ECS", "ServiceName", "!Ref Service"), ["DT101"]);
        assert!(dimension("AWS/ECS", "ServiceName", "!GetAtt Service.Name").is_empty());
        assert!(dimension("AWS/ECS", "ClusterName", "production").is_empty(), "no cluster is made here");
        assert_eq!(dimension("AWS/ApplicationELB", "LoadBalancer", "web"), ["DT100", "DT101"]);
        assert_eq!(dimension("AWS/ApplicationELB", "LoadBalancer", "app/web/50dc6c495c0c9188"), ["DT100"]);
        assert_eq!(dimension("AWS/SQS", "QueueName", "!Ref Queue"), ["DT101"]);
        assert!(dimension("AWS/SQS", "QueueName", "other").is_empty());
        assert!(dimension("Own", "ServiceName", "backend").is_empty());
    }

    #[test]
    fn an_alarm_is_used_by_name_or_heard() {
        let silent = "AlarmName: cpu, Namespace: Own, MetricName: M, Statistic: Sum, Period: 60";
        let untold = "DT104".to_owned();
        assert!(alarm(silent, "").contains(&untold));
        let composite =
            "  All: {Type: AWS::CloudWatch::CompositeAlarm, Properties: {AlarmRule: ALARM(cpu)}}\n";
        assert!(!alarm(silent, composite).contains(&untold));
        let rule =
            "  Rule: {Type: AWS::Events::Rule, Properties: {EventPattern: {source: [aws.cloudwatch]}}}\n";
        assert!(!alarm(silent, rule).contains(&untold));
    }

    #[test]
    fn an_alarm_looks_back_for_a_day_or_a_week() {
        let has = |period: u32| {
            let metric = format!("{TOLD}, Namespace: Own, MetricName: M, Statistic: Sum, Period: {period}");
            alarm(&metric, "").contains(&"DT102".to_owned())
        };
        assert!(has(45) && has(90));
        assert!(!has(10) && !has(3600) && !has(86_400));
        assert!(has(259_200), "three times three days");
    }
}
