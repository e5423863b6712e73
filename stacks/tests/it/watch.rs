//! Alarms, the dashboard, the budget and backups: the rows of the seed's table of metrics, each by its number.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Templates, settings, synth, templates};

const SERVICES: [(&str, &str); 2] = [("Backend", "backend"), ("AiMl", "ai-ml")];

/// What an alarm is set to, without its names.
fn alarm(stack: &Templates, id: &str) -> Value {
    let alarm = stack.properties(id);
    json!([
        alarm["Namespace"],
        alarm["MetricName"],
        alarm["Statistic"].as_str().or(alarm["ExtendedStatistic"].as_str()),
        alarm["ComparisonOperator"],
        alarm["Threshold"],
        alarm["Unit"],
        alarm["Period"],
        alarm["EvaluationPeriods"],
        alarm["TreatMissingData"],
    ])
}

fn attribute(resource: &str, name: &str) -> Value {
    json!({"Fn::GetAtt": [resource, name]})
}

/// Both services have the alarm, on their own names in ECS.
#[track_caller]
fn of_services(id: &str, name: &str, expected: &Value) {
    let prod = templates("prod", json!({}));
    for (service, short) in SERVICES {
        let id = format!("{service}{id}");
        assert_eq!(&alarm(&prod, &id), expected);
        let properties = prod.properties(&id);
        assert_eq!(properties["AlarmName"], format!("docuthinker-{short}-{name}"));
        let dimensions = json!([
            {"Name": "ClusterName", "Value": {"Ref": "Cluster"}},
            {"Name": "ServiceName", "Value": attribute(&format!("{service}Service"), "Name")},
        ]);
        assert_eq!(properties["Dimensions"], dimensions, "F38, C-29");
        told(&prod, properties);
    }
}

/// Both services have the alarm, on their own target groups.
#[track_caller]
fn of_target_groups(id: &str, name: &str, expected: &Value) {
    let prod = templates("prod", json!({}));
    for (service, short) in SERVICES {
        let id = format!("{service}{id}");
        assert_eq!(&alarm(&prod, &id), expected);
        let properties = prod.properties(&id);
        assert_eq!(properties["AlarmName"], format!("docuthinker-{short}-{name}"));
        let group = format!("{service}TargetGroup");
        let dimensions = json!([
            {"Name": "LoadBalancer", "Value": attribute("Alb", "LoadBalancerFullName")},
            {"Name": "TargetGroup", "Value": attribute(&group, "TargetGroupFullName")},
        ]);
        assert_eq!(properties["Dimensions"], dimensions, "F29, C-17");
        told(&prod, properties);
    }
}

/// An alarm tells somebody wherever there is a topic.
#[track_caller]
fn told(stack: &Templates, alarm: &Value) {
    let topic = stack.count("AWS::SNS::Topic") > 0;
    assert_eq!(alarm["AlarmActions"].as_array().is_some_and(|actions| !actions.is_empty()), topic, "C-18");
}

#[test]
fn cpu_use_above_eighty_percent_sets_an_alarm_off() {
    // R148, R156, R280, C-29
    let expected = json!([
        "AWS/ECS",
        "CPUUtilization",
        "Average",
        "GreaterThanThreshold",
        80,
        "Percent",
        300,
        2,
        "missing",
    ]);
    of_services("HighCpuAlarm", "high-cpu", &expected);
}

#[test]
fn memory_use_above_eighty_five_percent_sets_an_alarm_off() {
    // R149
    let expected = json!([
        "AWS/ECS",
        "MemoryUtilization",
        "Average",
        "GreaterThanThreshold",
        85,
        "Percent",
        300,
        2,
        "missing",
    ]);
    of_services("HighMemoryAlarm", "high-memory", &expected);
}

#[test]
fn answers_after_more_than_one_second_set_an_alarm_off() {
    // R150, C-19: the metric is in seconds
    let expected = json!([
        "AWS/ApplicationELB",
        "TargetResponseTime",
        "p95",
        "GreaterThanThreshold",
        1,
        "Seconds",
        300,
        2,
        "notBreaching",
    ]);
    of_target_groups("SlowAlarm", "slow", &expected);
}

#[test]
fn less_than_one_healthy_task_sets_an_alarm_off() {
    // R151, C-20: nothing is recorded when no task is registered, so that no data is an outage too
    let expected = json!([
        "AWS/ApplicationELB",
        "HealthyHostCount",
        "Maximum",
        "LessThanThreshold",
        1,
        null,
        60,
        1,
        "breaching",
    ]);
    of_target_groups("NoTasksAlarm", "no-tasks", &expected);
    let prod = templates("prod", json!({}));
    let waits = &prod.0["DocuThinkerStack"]["Resources"]["BackendNoTasksAlarm"]["DependsOn"];
    assert_eq!(*waits, json!("BackendService"), "the first deployment wakes nobody");
}

#[test]
fn an_unhealthy_task_sets_an_alarm_off_after_three_minutes() {
    // R152, C-20: a deployment alone does not
    let expected = json!([
        "AWS/ApplicationELB",
        "UnHealthyHostCount",
        "Minimum",
        "GreaterThanThreshold",
        0,
        null,
        60,
        3,
        "notBreaching",
    ]);
    of_target_groups("UnhealthyAlarm", "unhealthy", &expected);
}

#[test]
fn more_than_a_hundred_client_errors_a_minute_set_an_alarm_off() {
    // R154, C-17
    let expected = json!([
        "AWS/ApplicationELB",
        "HTTPCode_Target_4XX_Count",
        "Sum",
        "GreaterThanThreshold",
        100,
        null,
        60,
        1,
        "notBreaching",
    ]);
    of_target_groups("ClientErrorsAlarm", "client-errors", &expected);
}

#[test]
fn more_than_ten_server_errors_a_minute_set_an_alarm_off() {
    // R155, R157, C-17
    let expected = json!([
        "AWS/ApplicationELB",
        "HTTPCode_Target_5XX_Count",
        "Sum",
        "GreaterThanThreshold",
        10,
        null,
        60,
        1,
        "notBreaching",
    ]);
    of_target_groups("HighErrorsAlarm", "high-errors", &expected);
    let prod = templates("prod", json!({}));
    let alarm = prod.properties("BackendHighErrorsAlarm").to_string();
    assert!(!alarm.contains("BackendService"), "deployments of the service may look at the alarm");
}

#[test]
fn errors_of_the_load_balancer_itself_set_an_alarm_off() {
    // R155, R157: requests that no target got
    let prod = templates("prod", json!({}));
    let expected = json!([
        "AWS/ApplicationELB",
        "HTTPCode_ELB_5XX_Count",
        "Sum",
        "GreaterThanThreshold",
        10,
        null,
        60,
        1,
        "notBreaching",
    ]);
    assert_eq!(alarm(&prod, "AlbHighErrorsAlarm"), expected);
    let properties = prod.properties("AlbHighErrorsAlarm");
    assert_eq!(
        properties["Dimensions"],
        json!([{"Name": "LoadBalancer", "Value": attribute("Alb", "LoadBalancerFullName")}])
    );
    told(&prod, properties);
}

#[test]
fn limits_are_settings() {
    // R148 to R157
    let alarms = json!({
        "cpu_percent": 90, "memory_percent": 95, "response_time_seconds": 2.5,
        "client_errors_per_minute": 500, "server_errors_per_minute": 0,
    });
    let prod = templates("prod", json!({"watch": {"alarms": alarms}}));
    let limits = ["HighCpu", "HighMemory", "Slow", "ClientErrors", "HighErrors"]
        .map(|id| prod.properties(&format!("AiMl{id}Alarm"))["Threshold"].clone());
    assert_eq!(limits, [json!(90), json!(95), json!(2.5), json!(500), json!(0)]);
}

#[test]
fn who_is_watched_is_a_setting_of_the_environment() {
    // R358
    let count = |environment: &str, changes: Value| {
        let stacks = templates(environment, changes);
        (stacks.count("AWS::CloudWatch::Alarm"), stacks.count("AWS::CloudWatch::Dashboard"))
    };
    for watched in ["prod", "dr", "staging"] {
        assert_eq!(count(watched, json!({})), (15, 1), "{watched}");
    }
    assert_eq!(count("dev", json!({})), (0, 0));
    assert_eq!(count("prod", json!({"watch": {"alarms": {"enabled": false}}})), (0, 1));
    assert_eq!(count("prod", json!({"watch": {"dashboard": false}})), (15, 0));
}

#[test]
fn names_of_environments_never_meet() {
    let staging = templates("staging", json!({}));
    assert_eq!(staging.properties("AlbHighErrorsAlarm")["AlarmName"], "docuthinker-staging-high-errors");
    // Dashboards belong to the account: those of two regions must differ.
    let name = json!({"Fn::Sub": "docuthinker-${AWS::Region}"});
    assert_eq!(templates("dr", json!({})).properties("Dashboard")["DashboardName"], name);
}

/// The body of the dashboard, each metric and alarm on a line of its own.
fn body(stack: &Templates) -> String {
    let body = stack.properties("Dashboard")["DashboardBody"]["Fn::Sub"].as_str().expect("a text");
    assert!(body.len() < 5 * 1024, "{} bytes", body.len());
    let body: Value = serde_json::from_str(body).expect("JSON");
    let widgets = body["widgets"].as_array().expect("a list");
    let shown = |widget: &Value| {
        let properties = &widget["properties"];
        let place = ["x", "y", "width", "height"].map(|key| widget[key].to_string()).join(",");
        let lines = ["alarms", "metrics"].map(|key| properties[key].as_array().cloned().unwrap_or_default());
        let mut properties = properties.clone();
        for key in ["alarms", "metrics"] {
            properties.as_object_mut().expect("a map").remove(key);
        }
        let lines = lines.concat().iter().fold(String::new(), |text, line| text + "\n  " + &line.to_string());
        format!("{} at {place}: {properties}{lines}", widget["type"])
    };
    widgets.iter().map(shown).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_dashboard_shows_every_metric_of_the_table() {
    // R148 to R155, R160, R161
    let prod = templates("prod", json!({}));
    let body = body(&prod);
    for metric in [
        "CPUUtilization",
        "MemoryUtilization",
        "TargetResponseTime",
        "HealthyHostCount",
        "UnHealthyHostCount",
        "RequestCount",
        "HTTPCode_Target_4XX_Count",
        "HTTPCode_Target_5XX_Count",
        "HTTPCode_ELB_5XX_Count",
    ] {
        assert!(body.contains(&format!("\"{metric}\"")), "{metric}");
    }
    assert_eq!(body.matches("Alarm.Arn}").count(), 15, "every alarm");
    assert_eq!(prod.count("AWS::CloudWatch::Alarm"), 15);
    // R153: requests have no limit and no alarm.
    assert!(!prod.0.to_string().contains(r#""MetricName":"RequestCount""#));
    assert_snapshot!(body, @r##"
    "text" at 0,0,12,2: {"markdown":"# docuthinker\nMade by CloudFormation: what is changed here goes with the next deployment."}
    "alarm" at 12,0,12,4: {"title":"Alarms"}
      "${BackendHighCpuAlarm.Arn}"
      "${BackendHighMemoryAlarm.Arn}"
      "${BackendSlowAlarm.Arn}"
      "${BackendUnhealthyAlarm.Arn}"
      "${BackendClientErrorsAlarm.Arn}"
      "${BackendNoTasksAlarm.Arn}"
      "${BackendHighErrorsAlarm.Arn}"
      "${AiMlHighCpuAlarm.Arn}"
      "${AiMlHighMemoryAlarm.Arn}"
      "${AiMlSlowAlarm.Arn}"
      "${AiMlUnhealthyAlarm.Arn}"
      "${AiMlClientErrorsAlarm.Arn}"
      "${AiMlNoTasksAlarm.Arn}"
      "${AiMlHighErrorsAlarm.Arn}"
      "${AlbHighErrorsAlarm.Arn}"
    "metric" at 0,4,6,6: {"title":"CPU, %","region":"${AWS::Region}","stat":"Average","period":300,"annotations":{"horizontal":[{"value":80}]}}
      ["AWS/ECS","CPUUtilization","ClusterName","${Cluster}","ServiceName","${BackendService.Name}",{"label":"backend"}]
      [".",".",".",".",".","${AiMlService.Name}",{"label":"ai-ml"}]
    "metric" at 6,4,6,6: {"title":"Memory, %","region":"${AWS::Region}","stat":"Average","period":300,"annotations":{"horizontal":[{"value":85}]}}
      ["AWS/ECS","MemoryUtilization","ClusterName","${Cluster}","ServiceName","${BackendService.Name}",{"label":"backend"}]
      [".",".",".",".",".","${AiMlService.Name}",{"label":"ai-ml"}]
    "metric" at 12,4,6,6: {"title":"Response time, slowest 5 %, s","region":"${AWS::Region}","stat":"p95","period":300,"annotations":{"horizontal":[{"value":1}]}}
      ["AWS/ApplicationELB","TargetResponseTime","LoadBalancer","${Alb.LoadBalancerFullName}","TargetGroup","${BackendTargetGroup.TargetGroupFullName}",{"label":"backend"}]
      [".",".",".",".",".","${AiMlTargetGroup.TargetGroupFullName}",{"label":"ai-ml"}]
    "metric" at 18,4,6,6: {"title":"Requests a minute","region":"${AWS::Region}","stat":"Sum","period":60}
      ["AWS/ApplicationELB","RequestCount","LoadBalancer","${Alb.LoadBalancerFullName}","TargetGroup","${BackendTargetGroup.TargetGroupFullName}",{"label":"backend"}]
      [".",".",".",".",".","${AiMlTargetGroup.TargetGroupFullName}",{"label":"ai-ml"}]
    "metric" at 0,10,6,6: {"title":"Healthy tasks","region":"${AWS::Region}","stat":"Maximum","period":60}
      ["AWS/ApplicationELB","HealthyHostCount","LoadBalancer","${Alb.LoadBalancerFullName}","TargetGroup","${BackendTargetGroup.TargetGroupFullName}",{"label":"backend"}]
      [".",".",".",".",".","${AiMlTargetGroup.TargetGroupFullName}",{"label":"ai-ml"}]
    "metric" at 6,10,6,6: {"title":"Unhealthy tasks","region":"${AWS::Region}","stat":"Minimum","period":60}
      ["AWS/ApplicationELB","UnHealthyHostCount","LoadBalancer","${Alb.LoadBalancerFullName}","TargetGroup","${BackendTargetGroup.TargetGroupFullName}",{"label":"backend"}]
      [".",".",".",".",".","${AiMlTargetGroup.TargetGroupFullName}",{"label":"ai-ml"}]
    "metric" at 12,10,6,6: {"title":"4XX a minute","region":"${AWS::Region}","stat":"Sum","period":60,"annotations":{"horizontal":[{"value":100}]}}
      ["AWS/ApplicationELB","HTTPCode_Target_4XX_Count","LoadBalancer","${Alb.LoadBalancerFullName}","TargetGroup","${BackendTargetGroup.TargetGroupFullName}",{"label":"backend"}]
      [".",".",".",".",".","${AiMlTargetGroup.TargetGroupFullName}",{"label":"ai-ml"}]
    "metric" at 18,10,6,6: {"title":"5XX a minute","region":"${AWS::Region}","stat":"Sum","period":60,"annotations":{"horizontal":[{"value":10}]}}
      ["AWS/ApplicationELB","HTTPCode_Target_5XX_Count","LoadBalancer","${Alb.LoadBalancerFullName}","TargetGroup","${BackendTargetGroup.TargetGroupFullName}",{"label":"backend"}]
      [".",".",".",".",".","${AiMlTargetGroup.TargetGroupFullName}",{"label":"ai-ml"}]
      [".","HTTPCode_ELB_5XX_Count",".",".",{"label":"load balancer"}]
    "##);
}

#[test]
fn a_dashboard_without_alarms_has_no_lines() {
    let prod = templates("prod", json!({"watch": {"alarms": {"enabled": false}}}));
    let body = body(&prod);
    assert!(!body.contains("annotations") && !body.contains("alarm"), "{body}");
}

#[test]
fn a_budget_counts_what_the_settings_say() {
    let budget = json!({"monthly_usd": 400, "emails": ["ops@example.com"], "tag": "Project"});
    let prod = templates("prod", json!({"watch": {"budget": budget}}));
    let budget = prod.properties("Budget");
    assert_eq!(budget["Budget"]["BudgetLimit"], json!({"Amount": 400, "Unit": "USD"}));
    assert_eq!(budget["Budget"]["CostFilters"], json!({"TagKeyValue": ["user:Project$DocuThinker"]}));
    let notifications = budget["NotificationsWithSubscribers"].as_array().expect("a list");
    let thresholds: Vec<String> = notifications
        .iter()
        .map(|one| {
            format!("{} {}", one["Notification"]["NotificationType"], one["Notification"]["Threshold"])
        })
        .collect();
    assert_eq!(thresholds, ["\"ACTUAL\" 80", "\"ACTUAL\" 100", "\"FORECASTED\" 100"]);
    assert_eq!(templates("prod", json!({})).count("AWS::Budgets::Budget"), 0);
}

#[test]
fn the_vector_store_can_be_backed_up_under_a_plan_of_its_own() {
    // C-25, R223
    let vault = "arn:aws:backup:us-west-2:123456789012:backup-vault:copies";
    let backup = json!({"retention_days": 400, "cold_storage_after_days": 30, "copy_to_vault_arn": vault});
    let prod = templates("prod", json!({"watch": {"backup": backup}}));
    let rule = &prod.properties("BackupsPlan")["BackupPlan"]["BackupPlanRule"][0];
    assert_eq!(rule["Lifecycle"], json!({"DeleteAfterDays": 400, "MoveToColdStorageAfterDays": 30}));
    assert_eq!(rule["CopyActions"][0]["DestinationBackupVaultArn"], vault);
    let selection = &prod.properties("BackupsSelection")["BackupSelection"];
    assert_eq!(selection["Resources"], json!([attribute("Chroma", "Arn")]));
    assert_eq!(prod.properties("BackupsVault")["BackupVaultName"], "docuthinker-backups");
    assert_eq!(templates("prod", json!({})).count("AWS::Backup::BackupPlan"), 0);
}

// S6, S7: no action is a wildcard, and no resource either
#[test]
fn all_of_it_together_is_a_clean_template() {
    let vault = "arn:aws:backup:us-west-2:123456789012:backup-vault:copies";
    let everything = json!({"watch": {
        "budget": {"monthly_usd": 400, "emails": ["ops@example.com"], "tag": "Project"},
        "backup": {"retention_days": 400, "cold_storage_after_days": 30, "copy_to_vault_arn": vault},
    }});
    for stack in synth(&settings("prod", everything)).stacks {
        let findings: Vec<String> = stack.template.check().iter().map(ToString::to_string).collect();
        assert_eq!(findings, [""; 0]);
        assert!(stack.template.graph().cycles().is_empty());
        let Some(role) = stack.template.resources.get("BackupsRole") else { continue };
        let statements = role.properties["Policies"].as_list().expect("policies")[0].clone();
        let statements = serde_json::to_string(&statements).expect("JSON");
        assert!(!statements.contains(r#""*""#), "{statements}");
    }
}

#[test]
fn every_alarm_tells_the_topic_and_critical_ones_also_when_it_is_over() {
    // R358, C-18, C-20
    let prod = templates("prod", json!({}));
    let alarms: Vec<(&String, &Value)> = prod.0["DocuThinkerStack"]["Resources"]
        .as_object()
        .expect("resources")
        .iter()
        .filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm")
        .collect();
    assert_eq!(alarms.len(), 15);
    for (id, alarm) in alarms {
        let alarm = &alarm["Properties"];
        assert_eq!(alarm["AlarmActions"].as_array().map(Vec::len), Some(1), "{id}");
        let description = alarm["AlarmDescription"].as_str().expect("text");
        let critical = description.starts_with("critical: ");
        assert!(critical || description.starts_with("warning: "), "{description}");
        assert_eq!(!alarm["OKActions"].is_null(), critical, "{id}");
        assert_eq!(critical, id.ends_with("NoTasksAlarm") || id.ends_with("HighErrorsAlarm"), "{id}");
    }
}

#[test]
fn alarms_see_both_target_groups_of_a_service_and_deployments_see_the_alarms() {
    // C-14, R316
    let backend = json!({"deployment": {"strategy": "blue_green"}, "scaling": {"requests": null}});
    let shifted = templates("prod", json!({"backend": backend}));
    for (id, expression) in [
        ("BackendSlowAlarm", "MAX(METRICS())"),
        ("BackendNoTasksAlarm", "m1+m2"),
        ("BackendUnhealthyAlarm", "m1+m2"),
        ("BackendClientErrorsAlarm", "m1+m2"),
        ("BackendHighErrorsAlarm", "m1+m2"),
    ] {
        let metrics = shifted.properties(id)["Metrics"].as_array().expect("a list");
        assert_eq!((metrics.len(), &metrics[0]["Expression"]), (3, &json!(expression)), "{id}");
    }
    assert!(shifted.properties("AiMlSlowAlarm").get("Metrics").is_none());
    for service in ["Backend", "AiMl"] {
        let configuration = &shifted.properties(&format!("{service}Service"))["DeploymentConfiguration"];
        let names = json!([{"Ref": format!("{service}HighErrorsAlarm")}]);
        assert_eq!(configuration["Alarms"], json!({"AlarmNames": names, "Enable": true, "Rollback": true}));
    }
}
