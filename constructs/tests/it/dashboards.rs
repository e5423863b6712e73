//! Dashboards.

use constructs::{Alarm, Dashboard, Metric, MissingData, Scope, Threshold, Widget, aws, sub};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::alarms::{Watched, watched};
use crate::{diagnostics, template};

fn dashboard(s: &mut Scope<'_>) {
    let Watched { cluster, service, alb, group } = watched(s);
    let errors = Metric::server_errors(&alb, group);
    let alarm = Alarm::named("Errors")
        .metric(errors.clone())
        .when(Threshold::Above(10.0))
        .missing_data(MissingData::NotBreaching)
        .build(s);
    Dashboard::named("Dashboard")
        .name(sub!("app-{}", aws::region()))
        .rows([
            vec![Widget::text("# App \"one\" {of} ${two}"), Widget::alarms("Alarms", [alarm]).height(3)],
            vec![
                Widget::graph(
                    "Use",
                    [
                        Metric::service_cpu(cluster, &service).label("CPU"),
                        Metric::service_memory(cluster, &service).label("memory"),
                    ],
                )
                .line(80.0),
                Widget::graph("Errors", [errors, Metric::load_balancer_errors(&alb)]),
                Widget::graph(
                    "Hosts",
                    [Metric::healthy_hosts(&alb, group), Metric::response_time(&alb, group)],
                ),
            ],
        ])
        .build(s);
}

#[test]
#[expect(clippy::too_many_lines, reason = "the body is shown whole")]
fn the_body_is_one_text_with_references() {
    let template = template(dashboard);
    let properties = serde_json::to_value(&template.resources["Dashboard"].properties).expect("JSON");
    assert_eq!(properties["DashboardName"], json!({"Fn::Sub": "app-${AWS::Region}"}));
    let body = properties["DashboardBody"]["Fn::Sub"].as_str().expect("a text without variables of its own");
    let body: Value = serde_json::from_str(body).expect("the body is JSON");
    assert_snapshot!(serde_json::to_string_pretty(&body).expect("JSON"), @r##"
    {
      "widgets": [
        {
          "type": "text",
          "x": 0,
          "y": 0,
          "width": 12,
          "height": 2,
          "properties": {
            "markdown": "# App \"one\" {of} ${!two}"
          }
        },
        {
          "type": "alarm",
          "x": 12,
          "y": 0,
          "width": 12,
          "height": 3,
          "properties": {
            "title": "Alarms",
            "alarms": [
              "${Errors.Arn}"
            ]
          }
        },
        {
          "type": "metric",
          "x": 0,
          "y": 3,
          "width": 8,
          "height": 6,
          "properties": {
            "title": "Use",
            "region": "${AWS::Region}",
            "stat": "Average",
            "period": 300,
            "metrics": [
              [
                "AWS/ECS",
                "CPUUtilization",
                "ClusterName",
                "${Cluster}",
                "ServiceName",
                "${WebService.Name}",
                {
                  "label": "CPU"
                }
              ],
              [
                ".",
                "MemoryUtilization",
                ".",
                ".",
                ".",
                ".",
                {
                  "label": "memory"
                }
              ]
            ],
            "annotations": {
              "horizontal": [
                {
                  "value": 80
                }
              ]
            }
          }
        },
        {
          "type": "metric",
          "x": 8,
          "y": 3,
          "width": 8,
          "height": 6,
          "properties": {
            "title": "Errors",
            "region": "${AWS::Region}",
            "stat": "Sum",
            "period": 60,
            "metrics": [
              [
                "AWS/ApplicationELB",
                "HTTPCode_Target_5XX_Count",
                "LoadBalancer",
                "${Alb.LoadBalancerFullName}",
                "TargetGroup",
                "${WebTargetGroup.TargetGroupFullName}"
              ],
              [
                ".",
                "HTTPCode_ELB_5XX_Count",
                ".",
                "."
              ]
            ]
          }
        },
        {
          "type": "metric",
          "x": 16,
          "y": 3,
          "width": 8,
          "height": 6,
          "properties": {
            "title": "Hosts",
            "region": "${AWS::Region}",
            "stat": "Maximum",
            "period": 60,
            "metrics": [
              [
                "AWS/ApplicationELB",
                "HealthyHostCount",
                "LoadBalancer",
                "${Alb.LoadBalancerFullName}",
                "TargetGroup",
                "${WebTargetGroup.TargetGroupFullName}"
              ],
              [
                ".",
                "TargetResponseTime",
                ".",
                ".",
                ".",
                ".",
                {
                  "stat": "p95",
                  "period": 300
                }
              ]
            ]
          }
        }
      ]
    }
    "##);
}

#[test]
fn the_dashboard_waits_for_what_it_shows() {
    let template = template(dashboard);
    let graph = template.graph();
    assert!(graph.cycles().is_empty());
    // Without a certificate there is no HTTPS, which is what DT080 finds.
    let found = template.check();
    let found: Vec<_> = found.iter().filter(|finding| finding.code() != "DT080").collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn what_a_dashboard_cannot_show_is_refused() {
    let found = diagnostics(|s| {
        let odd = Metric::new("App", "Odd").period(61);
        Dashboard::named("Dashboard")
            .name("my dashboard")
            .rows([vec![], vec![Widget::graph("Odd", [odd])]])
            .build(s);
    });
    assert_snapshot!(found, @"
    error[DC160]: 61 seconds are no period for `Odd`
      at Test/Dashboard.metric.period (constructs/tests/it/dashboards.rs:)

    hint: choose a multiple of 60, or 10, 20 or 30 for a metric recorded that finely

    error[DC168]: `my dashboard` is not a dashboard's name
      at Test/Dashboard.name (constructs/tests/it/dashboards.rs:)

    hint: use letters, digits, hyphens and underscores, 255 at most

    error[DC169]: a row of 0 parts cannot be shown
      at Test/Dashboard.rows[0] (constructs/tests/it/dashboards.rs:)

    hint: put 1 to 24 parts into a row; up to four can be read
    ");
}
