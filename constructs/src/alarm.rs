//! CloudWatch alarms: when a number says that somebody must know, and who is told.

use bon::bon;

use crate::l1::cloudwatch::{self, alarm as l1};
use crate::l1::sns;
use crate::metric::{Measure, Metric, Statistic};
use crate::resource::{Arn, Handle};
use crate::scope::Scope;
use crate::value::{List, Value};

/// The values that set an alarm off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Threshold {
    /// Greater than this.
    Above(f64),
    /// This or greater.
    AtLeast(f64),
    /// Less than this.
    Below(f64),
    /// This or less.
    AtMost(f64),
}

impl Threshold {
    /// The value that a metric is compared with.
    pub fn value(self) -> f64 {
        match self {
            Threshold::Above(value)
            | Threshold::AtLeast(value)
            | Threshold::Below(value)
            | Threshold::AtMost(value) => value,
        }
    }

    fn operator(self) -> &'static str {
        match self {
            Threshold::Above(_) => "GreaterThanThreshold",
            Threshold::AtLeast(_) => "GreaterThanOrEqualToThreshold",
            Threshold::Below(_) => "LessThanThreshold",
            Threshold::AtMost(_) => "LessThanOrEqualToThreshold",
        }
    }
}

/// What it means that a period has no data.
///
/// Source: [How alarms treat missing data][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingData {
    /// Something is wrong: for what is recorded all the time while all is well.
    Breaching,
    /// All is well: for what is recorded only when something happens, such as errors.
    NotBreaching,
    /// Nothing is known, and the alarm stays what it was.
    Ignore,
    /// Nothing is known, and the alarm says so.
    Missing,
}

impl MissingData {
    fn name(self) -> &'static str {
        match self {
            MissingData::Breaching => "breaching",
            MissingData::NotBreaching => "notBreaching",
            MissingData::Ignore => "ignore",
            MissingData::Missing => "missing",
        }
    }
}

/// An `AWS::CloudWatch::Alarm`.
#[derive(Debug, Clone, Copy)]
pub struct Alarm {
    /// The alarm itself, for what this construct has no word for.
    pub resource: Handle<cloudwatch::Alarm>,
}

#[bon]
impl Alarm {
    /// Starts the alarm `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The name, for example `docuthinker-backend-high-cpu`. Default: a name that CloudFormation makes.
        #[builder(into)]
        name: Option<Value<String>>,
        /// What is wrong when it goes off, for those who are told, at most 1,024 characters.
        #[builder(into)]
        description: Option<Value<String>>,
        /// What it watches.
        #[builder(into)]
        metric: Measure,
        /// The values that set it off.
        when: Threshold,
        /// How many of the last periods are looked at. Default: 1.
        #[builder(default = 1)]
        evaluation_periods: u32,
        /// How many of them must have such a value. Default: all.
        datapoints_to_alarm: Option<u32>,
        /// What it means that a period has no data. There is no default: only who knows the metric can say.
        missing_data: MissingData,
        /// Topics that are told when it goes off, five at most. Default: none, for an alarm that only stops
        /// deployments.
        #[builder(default, with = FromIterator::from_iter)]
        actions: Vec<Value<Arn<sns::Topic>>>,
        /// Topics that are told when all is well again, five at most. Default: none.
        #[builder(default, with = FromIterator::from_iter)]
        ok_actions: Vec<Value<Arn<sns::Topic>>>,
    ) -> Alarm {
        {
            let mut s = s.scope(id);
            check_measure(&mut s, &metric);
            check_window(&mut s, &metric, evaluation_periods, datapoints_to_alarm);
            if !when.value().is_finite() {
                s.error("DC166", format!("{} is no threshold", when.value()))
                    .property("when")
                    .hint("choose a number");
            }
            check_actions(&mut s, "actions", actions.len());
            check_actions(&mut s, "ok_actions", ok_actions.len());
        }
        let mut properties = cloudwatch::Alarm {
            alarm_name: name,
            alarm_description: description,
            comparison_operator: Some(when.operator().into()),
            threshold: Some(when.value().into()),
            evaluation_periods: Some(evaluation_periods.into()),
            datapoints_to_alarm: datapoints_to_alarm.map(Value::from),
            treat_missing_data: Some(missing_data.name().into()),
            alarm_actions: topics(&actions),
            ok_actions: topics(&ok_actions),
            ..Default::default()
        };
        watch(&mut properties, metric);
        Alarm { resource: s.add(id, properties) }
    }
}

impl Alarm {
    /// The alarm's name, by which deployments and composite alarms refer to it.
    #[must_use]
    pub fn name(self) -> Value<cloudwatch::AlarmName> {
        self.resource.reference()
    }

    /// The alarm's ARN.
    #[must_use]
    pub fn arn(self) -> Value<Arn<cloudwatch::Alarm>> {
        self.resource.arn()
    }
}

fn topics(arns: &[Value<Arn<sns::Topic>>]) -> Option<List<String>> {
    (!arns.is_empty()).then(|| arns.iter().map(Value::text).collect())
}

fn watch(properties: &mut cloudwatch::Alarm, measure: Measure) {
    match measure {
        Measure::Metric(metric) => {
            let statistic = metric.statistic.name().into();
            match metric.statistic {
                Statistic::Percentile(_) => properties.extended_statistic = Some(statistic),
                _ => properties.statistic = Some(statistic),
            }
            properties.period = Some(metric.period.into());
            properties.unit = metric.unit.map(|unit| unit.name().into());
            properties.namespace = Some(metric.namespace.into());
            properties.metric_name = Some(metric.name.into());
            properties.dimensions = dimensions(metric.dimensions);
        }
        Measure::Math { expression, metrics } => {
            let result = l1::MetricDataQuery {
                id: Some("result".into()),
                expression: Some(expression.into()),
                ..Default::default()
            };
            let queries = metrics.into_iter().enumerate().map(|(index, metric)| query(index + 1, metric));
            properties.metrics = Some(std::iter::once(result).chain(queries).collect());
        }
    }
}

fn query(number: usize, metric: Metric) -> l1::MetricDataQuery {
    l1::MetricDataQuery {
        id: Some(format!("m{number}").into()),
        metric_stat: Some(l1::MetricStat {
            metric: Some(l1::Metric {
                namespace: Some(metric.namespace.into()),
                metric_name: Some(metric.name.into()),
                dimensions: dimensions(metric.dimensions),
            }),
            period: Some(metric.period.into()),
            stat: Some(metric.statistic.name().into()),
            unit: metric.unit.map(|unit| unit.name().into()),
        }),
        // The alarm compares what is returned, and that must be one thing.
        return_data: Some(false.into()),
        ..Default::default()
    }
}

fn dimensions(dimensions: Vec<(String, Value<String>)>) -> Option<Vec<l1::Dimension>> {
    let each = |(name, value): (String, _)| l1::Dimension { name: Some(name.into()), value: Some(value) };
    (!dimensions.is_empty()).then(|| dimensions.into_iter().map(each).collect())
}

/// Source: [Using metric math][aws]: an alarm on an expression sees ten metrics at most.
///
/// [aws]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
#[track_caller]
fn check_measure(s: &mut Scope<'_>, measure: &Measure) {
    let metrics = measure.metrics();
    if !(1..=10).contains(&metrics.len()) {
        s.error("DC162", format!("an alarm cannot watch {} metrics", metrics.len()))
            .property("metric")
            .hint("give it one to ten");
    }
    for metric in metrics {
        metric.check(s);
    }
    if let Some(other) = metrics.iter().find(|metric| metric.period != metrics[0].period) {
        let message = format!(
            "`{}` is looked at every {} s, and `{}` every {} s",
            metrics[0].name, metrics[0].period, other.name, other.period
        );
        s.error("DC163", message).property("metric").hint("give the metrics of an expression one period");
    }
}

/// Source: [PutMetricAlarm][aws]: an alarm looks back a day, or seven days if its periods have an hour or more.
///
/// [aws]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
#[track_caller]
fn check_window(s: &mut Scope<'_>, measure: &Measure, periods: u32, datapoints: Option<u32>) {
    const DAY: u64 = 86_400;
    let period = measure.metrics().first().map_or(0, |metric| metric.period);
    let most = if period < 3600 { DAY } else { 7 * DAY };
    let window = u64::from(period) * u64::from(periods);
    if periods == 0 {
        s.error("DC164", "an alarm that looks at no period never goes off")
            .property("evaluation_periods")
            .hint("choose 1 or more");
    } else if window > most {
        s.error("DC164", format!("{periods} periods of {period} s are {window} s, more than {most}"))
            .property("evaluation_periods")
            .hint("look back a day at most, or seven days with periods of an hour or more");
    }
    if let Some(datapoints) = datapoints
        && !(1..=periods.max(1)).contains(&datapoints)
    {
        s.error("DC165", format!("there are not {datapoints} of {periods} periods"))
            .property("datapoints_to_alarm")
            .hint("choose 1 up to the number of periods that are looked at");
    }
}

/// Source: [PutMetricAlarm][aws], `AlarmActions`.
///
/// [aws]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
#[track_caller]
fn check_actions(s: &mut Scope<'_>, property: &str, count: usize) {
    if count > 5 {
        s.error("DC167", format!("{count} topics are more than an alarm can tell"))
            .property(property)
            .hint("name five at most; a topic has as many subscribers as you like");
    }
}
