//! Alarms, and the metrics they watch.

use constructs::l1::elbv2::TargetGroup;
use constructs::{
    Alarm, Alb, Cluster, FargateService, Handle, Image, Listener, LogGroup, Measure, Metric, MissingData,
    Scope, Statistic, Threshold, Tier, Unit, Value, Vpc, cidr, fargate, port,
};
use insta::assert_snapshot;

use crate::{diagnostics, resource, template};

pub(crate) struct Watched {
    pub(crate) cluster: Cluster,
    pub(crate) service: FargateService,
    pub(crate) alb: Alb,
    pub(crate) group: Handle<TargetGroup>,
}

pub(crate) fn watched(s: &mut Scope<'_>) -> Watched {
    let vpc = Vpc::named("Vpc")
        .cidr(cidr!("10.0.0.0/16"))
        .tiers([
            Tier::public([cidr!("10.0.1.0/24"), cidr!("10.0.2.0/24")]),
            Tier::private([cidr!("10.0.3.0/24"), cidr!("10.0.4.0/24")]),
        ])
        .build(s);
    let cluster = Cluster::named("Cluster").build(s);
    let log_group = LogGroup::named("Logs").build(s);
    let service = FargateService::named("Web")
        .cluster(cluster)
        .vpc(&vpc)
        .size(fargate!(512, 1024))
        .image(Image::registry("example.com/app:v1"))
        .port(port!(5000))
        .health_check("/health")
        .log_group(log_group)
        .build(s);
    let alb = Alb::named("Alb").vpc(&vpc).build(s);
    alb.listen(s, Listener::http(port!(80)).forward(&service));
    let group = service.target_group().expect("it has a health check");
    Watched { cluster, service, alb, group }
}

fn topic() -> Value<constructs::Arn<constructs::l1::sns::Topic>> {
    Value::known("arn:aws:sns:us-east-1:123456789012:ops")
}

fn metric() -> Metric {
    Metric::new("AWS/SQS", "ApproximateAgeOfOldestMessage")
}

#[test]
fn an_alarm_says_all_that_cloudwatch_would_otherwise_assume() {
    // R156
    let yaml = resource("HighCpu", |s| {
        let Watched { cluster, service, .. } = watched(s);
        Alarm::named("HighCpu")
            .name("docuthinker-high-cpu")
            .description("CPU use is above 80 %")
            .metric(Metric::service_cpu(cluster, &service))
            .when(Threshold::Above(80.0))
            .evaluation_periods(2)
            .missing_data(MissingData::Missing)
            .actions([topic()])
            .ok_actions([topic()])
            .build(s);
    });
    assert_snapshot!(yaml, @"
    HighCpu:
      Type: AWS::CloudWatch::Alarm
      Properties:
        AlarmActions:
          - arn:aws:sns:us-east-1:123456789012:ops
        AlarmDescription: CPU use is above 80 %
        AlarmName: docuthinker-high-cpu
        ComparisonOperator: GreaterThanThreshold
        Dimensions:
          - Name: ClusterName
            Value: !Ref Cluster
          - Name: ServiceName
            Value: !GetAtt WebService.Name
        EvaluationPeriods: 2
        MetricName: CPUUtilization
        Namespace: AWS/ECS
        OKActions:
          - arn:aws:sns:us-east-1:123456789012:ops
        Period: 300
        Statistic: Average
        Threshold: 80
        TreatMissingData: missing
        Unit: Percent
    ");
}

#[test]
fn names_of_services_and_load_balancers_are_read_from_them() {
    // F29, F38, C-17, C-29
    let template = template(|s| {
        let Watched { cluster, service, alb, group } = watched(s);
        let metrics = [
            ("Memory", Metric::service_memory(cluster, &service)),
            ("Errors", Metric::server_errors(&alb, group)),
            ("FrontErrors", Metric::load_balancer_errors(&alb)),
        ];
        for (id, metric) in metrics {
            Alarm::named(id)
                .metric(metric)
                .when(Threshold::AtLeast(1.0))
                .missing_data(MissingData::NotBreaching)
                .build(s);
        }
    });
    let dimensions = |id: &str| {
        let dimensions = &template.resources[id].properties["Dimensions"];
        serde_json::to_string(dimensions).expect("properties are JSON")
    };
    assert_snapshot!(dimensions("Memory"), @r#"[{"Name":"ClusterName","Value":{"Ref":"Cluster"}},{"Name":"ServiceName","Value":{"Fn::GetAtt":["WebService","Name"]}}]"#);
    assert_snapshot!(dimensions("Errors"), @r#"[{"Name":"LoadBalancer","Value":{"Fn::GetAtt":["Alb","LoadBalancerFullName"]}},{"Name":"TargetGroup","Value":{"Fn::GetAtt":["WebTargetGroup","TargetGroupFullName"]}}]"#);
    assert_snapshot!(dimensions("FrontErrors"), @r#"[{"Name":"LoadBalancer","Value":{"Fn::GetAtt":["Alb","LoadBalancerFullName"]}}]"#);
}

#[test]
fn response_times_are_seconds() {
    // C-19
    let yaml = resource("Slow", |s| {
        let Watched { alb, group, .. } = watched(s);
        Alarm::named("Slow")
            .metric(Metric::response_time(&alb, group))
            .when(Threshold::Above(1.5))
            .evaluation_periods(3)
            .datapoints_to_alarm(2)
            .missing_data(MissingData::Ignore)
            .build(s);
    });
    assert_snapshot!(yaml, @"
    Slow:
      Type: AWS::CloudWatch::Alarm
      Properties:
        ComparisonOperator: GreaterThanThreshold
        DatapointsToAlarm: 2
        Dimensions:
          - Name: LoadBalancer
            Value: !GetAtt Alb.LoadBalancerFullName
          - Name: TargetGroup
            Value: !GetAtt WebTargetGroup.TargetGroupFullName
        EvaluationPeriods: 3
        ExtendedStatistic: p95
        MetricName: TargetResponseTime
        Namespace: AWS/ApplicationELB
        Period: 300
        Threshold: 1.5
        TreatMissingData: ignore
        Unit: Seconds
    ");
}

#[test]
fn two_target_groups_can_be_watched_as_one() {
    let yaml = resource("Errors", |s| {
        let Watched { alb, group, .. } = watched(s);
        let other = s.add("Green", TargetGroup::default());
        Alarm::named("Errors")
            .metric(Measure::sum([group, other].map(|group| Metric::server_errors(&alb, group))))
            .when(Threshold::Above(10.0))
            .missing_data(MissingData::NotBreaching)
            .build(s);
    });
    assert_snapshot!(yaml, @"
    Errors:
      Type: AWS::CloudWatch::Alarm
      Properties:
        ComparisonOperator: GreaterThanThreshold
        EvaluationPeriods: 1
        Metrics:
          - Id: result
            Expression: m1+m2
          - Id: m1
            MetricStat:
              Metric:
                Dimensions:
                  - Name: LoadBalancer
                    Value: !GetAtt Alb.LoadBalancerFullName
                  - Name: TargetGroup
                    Value: !GetAtt WebTargetGroup.TargetGroupFullName
                MetricName: HTTPCode_Target_5XX_Count
                Namespace: AWS/ApplicationELB
              Period: 60
              Stat: Sum
            ReturnData: false
          - Id: m2
            MetricStat:
              Metric:
                Dimensions:
                  - Name: LoadBalancer
                    Value: !GetAtt Alb.LoadBalancerFullName
                  - Name: TargetGroup
                    Value: !GetAtt Green.TargetGroupFullName
                MetricName: HTTPCode_Target_5XX_Count
                Namespace: AWS/ApplicationELB
              Period: 60
              Stat: Sum
            ReturnData: false
        Threshold: 10
        TreatMissingData: notBreaching
    ");
}

#[test]
fn one_metric_needs_no_expression() {
    assert_eq!(Measure::sum([metric()]), Measure::Metric(metric()));
    assert_eq!(Measure::maximum([metric()]), Measure::Metric(metric()));
    let two = Measure::maximum([metric(), metric().statistic(Statistic::Maximum)]);
    assert!(matches!(two, Measure::Math { expression, .. } if expression == "MAX(METRICS())"));
}

#[test]
fn every_comparison_and_treatment_has_its_name() {
    let template = template(|s| {
        for (id, when, missing) in [
            ("A", Threshold::Above(1.0), MissingData::Breaching),
            ("B", Threshold::AtLeast(1.0), MissingData::NotBreaching),
            ("C", Threshold::Below(1.0), MissingData::Ignore),
            ("D", Threshold::AtMost(1.0), MissingData::Missing),
        ] {
            let metric = metric().statistic(Statistic::SampleCount).period(10).unit(Unit::Seconds);
            Alarm::named(id).metric(metric).when(when).missing_data(missing).build(s);
        }
    });
    let found: Vec<String> = template
        .resources
        .values()
        .map(|alarm| {
            let text = |key: &str| alarm.properties[key].as_str().expect("text").to_owned();
            format!("{} {}", text("ComparisonOperator"), text("TreatMissingData"))
        })
        .collect();
    assert_eq!(
        found,
        [
            "GreaterThanThreshold breaching",
            "GreaterThanOrEqualToThreshold notBreaching",
            "LessThanThreshold ignore",
            "LessThanOrEqualToThreshold missing",
        ]
    );
}

fn refused(metric: impl Into<Measure>, periods: u32, datapoints: Option<u32>) -> String {
    diagnostics(|s| {
        Alarm::named("Old")
            .metric(metric)
            .when(Threshold::Above(60.0))
            .evaluation_periods(periods)
            .maybe_datapoints_to_alarm(datapoints)
            .missing_data(MissingData::NotBreaching)
            .build(s);
    })
}

#[test]
fn a_period_that_cloudwatch_does_not_know_is_refused() {
    for period in [10, 20, 30, 60, 300, 3600, 86_400] {
        assert_eq!(refused(metric().period(period), 1, None), "", "{period}");
    }
    for period in [0, 15, 59, 90] {
        let message = format!("error[DC160]: {period} seconds are no period");
        assert!(refused(metric().period(period), 1, None).starts_with(&message), "{period}");
    }
    assert_snapshot!(refused(metric().period(90), 1, None), @"
    error[DC160]: 90 seconds are no period for `ApproximateAgeOfOldestMessage`
      at Test/Old.metric.period (constructs/tests/it/alarms.rs:)

    hint: choose a multiple of 60, or 10, 20 or 30 for a metric recorded that finely
    ");
}

#[test]
fn an_alarm_looks_back_a_day_or_seven() {
    assert_eq!(refused(metric().period(300), 288, None), "");
    assert_snapshot!(refused(metric().period(300), 289, None), @"
    error[DC164]: 289 periods of 300 s are 86700 s, more than 86400
      at Test/Old.evaluation_periods (constructs/tests/it/alarms.rs:)

    hint: look back a day at most, or seven days with periods of an hour or more
    ");
    assert_eq!(refused(metric().period(3600), 168, None), "");
    assert_snapshot!(refused(metric().period(3600), 169, None), @"
    error[DC164]: 169 periods of 3600 s are 608400 s, more than 604800
      at Test/Old.evaluation_periods (constructs/tests/it/alarms.rs:)

    hint: look back a day at most, or seven days with periods of an hour or more
    ");
    assert_snapshot!(refused(metric(), 0, None), @"
    error[DC164]: an alarm that looks at no period never goes off
      at Test/Old.evaluation_periods (constructs/tests/it/alarms.rs:)

    hint: choose 1 or more
    ");
}

#[test]
fn no_more_datapoints_can_breach_than_are_looked_at() {
    assert_eq!(refused(metric(), 3, Some(3)), "");
    assert_snapshot!(refused(metric(), 3, Some(4)), @"
    error[DC165]: there are not 4 of 3 periods
      at Test/Old.datapoints_to_alarm (constructs/tests/it/alarms.rs:)

    hint: choose 1 up to the number of periods that are looked at
    ");
    assert!(refused(metric(), 3, Some(0)).contains("DC165"));
}

#[test]
fn an_expression_has_one_to_ten_metrics_of_one_period() {
    assert_snapshot!(refused(Measure::sum([]), 1, None), @"
    error[DC162]: an alarm cannot watch 0 metrics
      at Test/Old.metric (constructs/tests/it/alarms.rs:)

    hint: give it one to ten
    ");
    assert!(refused(Measure::sum(vec![metric(); 11]), 1, None).contains("cannot watch 11 metrics"));
    assert_snapshot!(refused(Measure::sum([metric(), metric().period(60)]), 1, None), @"
    error[DC163]: `ApproximateAgeOfOldestMessage` is looked at every 300 s, and `ApproximateAgeOfOldestMessage` every 60 s
      at Test/Old.metric (constructs/tests/it/alarms.rs:)

    hint: give the metrics of an expression one period
    ");
}

#[test]
fn other_values_that_cannot_be_are_refused() {
    let found = diagnostics(|s| {
        Alarm::named("Alarm")
            .metric(metric().statistic(Statistic::Percentile(101)))
            .when(Threshold::Below(f64::NAN))
            .missing_data(MissingData::Missing)
            .actions(vec![topic(); 6])
            .build(s);
    });
    assert_snapshot!(found, @"
    error[DC161]: there is no percentile 101 of `ApproximateAgeOfOldestMessage`
      at Test/Alarm.metric.statistic (constructs/tests/it/alarms.rs:)

    hint: choose 0 to 100

    error[DC166]: NaN is no threshold
      at Test/Alarm.when (constructs/tests/it/alarms.rs:)

    hint: choose a number

    error[DC167]: 6 topics are more than an alarm can tell
      at Test/Alarm.actions (constructs/tests/it/alarms.rs:)

    hint: name five at most; a topic has as many subscribers as you like
    ");
}
