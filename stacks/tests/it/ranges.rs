//! Numbers and names out of range: each is refused once, with its key.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{refused, templates};

#[test]
fn a_health_check_that_cannot_be_is_refused_once() {
    let check = json!({
        "path": "health", "interval": 301, "timeout": 1, "healthy_threshold": 1, "unhealthy_threshold": 11,
        "grace_period": 7201,
    });
    assert_snapshot!(refused(json!({"backend": {"health_check": check}})), @"
    error[DC010]: `health` is not a path
      at settings.backend.health_check.path

    hint: begin it with a slash: `/health`

    error[DC010]: `backend.health_check.interval` is 301 seconds
      at settings.backend.health_check.interval

    hint: choose 5 to 300

    error[DC010]: `backend.health_check.timeout` is 1 second
      at settings.backend.health_check.timeout

    hint: choose 2 to 120

    error[DC010]: `backend.health_check.healthy_threshold` is 1 check
      at settings.backend.health_check.healthy_threshold

    hint: choose 2 to 10

    error[DC010]: `backend.health_check.unhealthy_threshold` is 11 checks
      at settings.backend.health_check.unhealthy_threshold

    hint: choose 2 to 10

    error[DC010]: `backend.health_check.grace_period` is 7201 seconds
      at settings.backend.health_check.grace_period

    hint: choose 0 to 7200
    ");
    let late = json!({"interval": 4, "timeout": 121});
    assert_eq!(refused(json!({"backend": {"health_check": late}})).matches("error[").count(), 2);
    let most = json!({"interval": 300, "timeout": 120, "healthy_threshold": 10, "grace_period": 0});
    assert_eq!(refused(json!({"backend": {"health_check": most}})), "");
}

#[test]
fn a_service_has_one_task_at_most_or_more() {
    assert_snapshot!(refused(json!({"backend": {"scaling": {"min": 0, "max": 0}}})), @"
    error[DC010]: `backend.scaling.max` is 0, so no task would ever run
      at settings.backend.scaling.max

    hint: choose at least 1
    ");
    assert_eq!(refused(json!({"backend": {"scaling": {"max": 0}}})).matches("error[").count(), 1);
    let none = templates("dev", json!({"backend": {"scaling": {"min": 0, "max": 1}}}));
    assert_eq!(none.properties("BackendScalableTarget")["MinCapacity"], 0);
}

#[test]
fn a_wait_of_a_deployment_that_was_refused_is_the_usual_one() {
    let deployment = json!({
        "strategy": "canary", "canary_percent": 0.0, "canary_bake_minutes": 1441, "bake_minutes": 1441,
    });
    let changes = json!({"backend": {"deployment": deployment, "scaling": {"requests": null}}});
    assert_snapshot!(refused(changes), @"
    error[DC010]: 0 percent of the requests cannot be shifted
      at settings.backend.deployment.canary_percent

    hint: choose 0.1 to 100 in steps of 0.1

    error[DC010]: `backend.deployment.canary_bake_minutes` is 1441 minutes
      at settings.backend.deployment.canary_bake_minutes

    hint: choose 0 to 1440

    error[DC010]: `backend.deployment.bake_minutes` is 1441 minutes
      at settings.backend.deployment.bake_minutes

    hint: choose 0 to 1440
    ");
}

#[test]
fn a_name_is_as_the_schema_says() {
    let schema = serde_json::to_value(schemars::schema_for!(stacks::Settings)).expect("a schema is JSON");
    let name = &schema["properties"]["name"];
    assert_eq!((&name["pattern"], &name["maxLength"]), (&json!("^[a-z][a-z0-9]*(-[a-z0-9]+)*$"), &json!(40)));
    for name in ["a", "acme-2-b", &"a".repeat(40)] {
        assert_eq!(refused(json!({"name": name})), "", "{name}");
    }
    for name in ["", "2a", "a--b", "a-", "A", "a_b", &"a".repeat(41)] {
        assert!(refused(json!({"name": name})).contains("settings.name"), "{name}");
    }
}

#[test]
fn every_number_has_a_least_or_a_greatest_value_in_the_schema() {
    let schema = serde_json::to_value(schemars::schema_for!(stacks::Settings)).expect("a schema is JSON");
    let definitions = schema["$defs"].as_object().expect("definitions");
    let mut numbers = 0;
    for (name, definition) in definitions {
        for (key, setting) in definition["properties"].as_object().into_iter().flatten() {
            let kind = setting["type"].to_string();
            if kind.contains("integer") || kind.contains("number") {
                numbers += 1;
                // A minimum of 0 is said of every number without a sign; `scaling.min` has no other bound.
                let bound = setting.get("maximum").is_some() || setting["minimum"] != 0;
                assert!(bound || key == "min", "{name}.{key}: {setting}");
            }
        }
    }
    assert!(numbers > 30, "{numbers}");
}
