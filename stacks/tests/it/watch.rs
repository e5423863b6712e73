//! Alarms, the dashboard, the budget and backups: the rows of the seed's table of metrics, each by its number.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::mistakes::refused;
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
    // R148, R156, C-29
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

/// The body of the dashboard, each part on a line of its own.
fn body(stack: &Templates) -> String {
    let body = stack.properties("Dashboard")["DashboardBody"]["Fn::Sub"].as_str().expect("a text");
    assert!(body.len() < 5 * 1024, "{} bytes", body.len());
    let body: Value = serde_json::from_str(body).expect("JSON");
    serde_json::to_string_pretty(&body["widgets"]).expect("JSON")
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
    assert_snapshot!("dashboard", body);
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

#[test]
fn limits_that_cannot_be_are_refused() {
    let alarms = json!({
        "cpu_percent": 0, "memory_percent": 100, "response_time_seconds": 0.0,
        "client_errors_per_minute": 1_000_001, "server_errors_per_minute": 2_000_000,
    });
    assert_snapshot!(refused(json!({"watch": {"alarms": alarms}})), @"
    error[DC010]: 0 percent are no limit for use
      at settings.watch.alarms.cpu_percent

    hint: choose 1 to 99 percent

    error[DC010]: 100 percent are no limit for use
      at settings.watch.alarms.memory_percent

    hint: choose 1 to 99 percent

    error[DC010]: 0 seconds are no time to answer in
      at settings.watch.alarms.response_time_seconds

    hint: choose 0.001 to 4000 seconds; the seed's 1000 ms are 1.0

    error[DC010]: 1000001 errors a minute would never be reached
      at settings.watch.alarms.client_errors_per_minute

    hint: choose 0 to 1000000; to switch alarms off, set `watch.alarms.enabled`

    error[DC010]: 2000000 errors a minute would never be reached
      at settings.watch.alarms.server_errors_per_minute

    hint: choose 0 to 1000000; to switch alarms off, set `watch.alarms.enabled`
    ");
    assert_eq!(refused(json!({"watch": {"alarms": {"enabled": false, "cpu_percent": 0}}})), "");
}

#[test]
fn an_alarm_lies_above_what_scaling_keeps() {
    let changes = json!({"watch": {"alarms": {"cpu_percent": 70}}, "ai_ml": {"scaling": {"memory": 90}}});
    assert_snapshot!(refused(changes), @"
    error[DC010]: `watch.alarms.cpu_percent` is 70, not above `backend.scaling.cpu`, which is 70
      at settings.watch.alarms.cpu_percent

    hint: raise the alarm's limit above what the scaling keeps, or let the scaling keep less

    error[DC010]: `watch.alarms.cpu_percent` is 70, not above `ai_ml.scaling.cpu`, which is 70
      at settings.watch.alarms.cpu_percent

    hint: raise the alarm's limit above what the scaling keeps, or let the scaling keep less

    error[DC010]: `watch.alarms.memory_percent` is 85, not above `ai_ml.scaling.memory`, which is 90
      at settings.watch.alarms.memory_percent

    hint: raise the alarm's limit above what the scaling keeps, or let the scaling keep less
    ");
}

#[test]
fn a_budget_that_cannot_be_is_refused() {
    let budget = json!({"monthly_usd": 0, "emails": ["ops@example.com", "ops"], "tag": "Team"});
    assert_snapshot!(refused(json!({"watch": {"budget": budget}})), @"
    error[DC010]: a budget of 0 dollars is always spent
      at settings.watch.budget.monthly_usd

    hint: choose what a month may cost, in US dollars

    error[DC010]: `ops` is not an e-mail address
      at settings.watch.budget.emails[1]

    hint: it looks like `ops@example.com`

    error[DC010]: `watch.budget.tag` is `Team`, which `tags` does not have
      at settings.watch.budget.tag

    hint: choose one of Environment, Project, or add the tag
    ");
    let many: Vec<String> = (0..11).map(|at| format!("ops{at}@example.com")).collect();
    let many = json!({"monthly_usd": 5, "emails": many});
    assert!(refused(json!({"watch": {"budget": many}})).contains("11 e-mail addresses are more than"));
}

#[test]
fn a_backup_that_cannot_be_is_refused() {
    let backup = json!({"retention_days": 100, "cold_storage_after_days": 11, "copy_to_vault_arn": "vault"});
    let changes = json!({"watch": {"backup": backup}, "sync": {"vector": false}});
    assert_snapshot!(refused(changes), @"
    error[DC010]: `watch.backup` is set, but `sync.vector` is off: there is nothing to back up
      at settings.watch.backup

    hint: switch `sync.vector` on, or leave `watch.backup` out

    error[DC010]: `watch.backup.cold_storage_after_days` is 11, not 90 days before `watch.backup.retention_days`, which is 100
      at settings.watch.backup.cold_storage_after_days

    hint: AWS keeps a backup in cold storage for 90 days at least; move it on day 1 or later, or keep it longer

    error[DC010]: `vault` is not the ARN of a backup vault
      at settings.watch.backup.copy_to_vault_arn

    hint: it looks like `arn:aws:backup:us-west-2:123456789012:backup-vault:docuthinker`
    ");
    let same = "arn:aws:backup:us-east-1:123456789012:backup-vault:copies";
    let backup = json!({"retention_days": 0, "cold_storage_after_days": 0, "copy_to_vault_arn": same});
    assert_snapshot!(refused(json!({"watch": {"backup": backup}})), @"
    error[DC010]: a backup cannot be kept for 0 days
      at settings.watch.backup.retention_days

    hint: choose 1 to 36500 days

    error[DC010]: the vault is in us-east-1, where the backups are already
      at settings.watch.backup.copy_to_vault_arn

    hint: name a vault of another region: what ends this region would end the copies too
    ");
}

#[test]
fn every_mistake_is_found_in_one_run() {
    let changes = json!({"watch": {
        "alarms": {"cpu_percent": 0},
        "budget": {"monthly_usd": 0, "emails": ["ops@example.com"]},
        "backup": {"retention_days": 0},
    }});
    assert_eq!(synth(&settings("prod", changes)).diagnostics.len(), 3);
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
