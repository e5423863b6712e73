//! How services are deployed: strategies, what they exclude, and their test ports.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{both, refused, templates};

#[test]
fn a_service_is_deployed_blue_green() {
    // R287, R313 to R316, C-14, F39, F40
    let changes = json!({
        "deployment": {"strategy": "blue_green", "bake_minutes": 5},
        "scaling": {"requests": null},
        "sticky_seconds": 3600,
    });
    let mut changes = both(&changes);
    changes["backend"]["deployment"]["test_port"] = json!(9000);
    changes["ai_ml"]["deployment"]["test_port"] = json!(9001);
    changes["ai_ml"]["deployment"]["test_from"] = json!(["192.0.2.0/24"]);
    let blue_green = templates("prod", changes);
    assert_snapshot!(serde_json::to_string_pretty(blue_green.properties("BackendService")).unwrap(), @r#"
    {
      "AvailabilityZoneRebalancing": "ENABLED",
      "Cluster": {
        "Ref": "Cluster"
      },
      "DeploymentConfiguration": {
        "Alarms": {
          "AlarmNames": [
            {
              "Ref": "BackendHighErrorsAlarm"
            }
          ],
          "Enable": true,
          "Rollback": true
        },
        "BakeTimeInMinutes": 5,
        "MaximumPercent": 200,
        "MinimumHealthyPercent": 100,
        "Strategy": "BLUE_GREEN"
      },
      "EnableECSManagedTags": true,
      "HealthCheckGracePeriodSeconds": 60,
      "LaunchType": "FARGATE",
      "LoadBalancers": [
        {
          "AdvancedConfiguration": {
            "AlternateTargetGroupArn": {
              "Ref": "BackendAlternateTargetGroup"
            },
            "ProductionListenerRule": {
              "Ref": "AlbListener80RuleForAll"
            },
            "RoleArn": {
              "Fn::GetAtt": [
                "BackendInfrastructureRole",
                "Arn"
              ]
            },
            "TestListenerRule": {
              "Ref": "BackendTestListenerRule"
            }
          },
          "ContainerName": "backend",
          "ContainerPort": 5000,
          "TargetGroupArn": {
            "Ref": "BackendTargetGroup"
          }
        }
      ],
      "NetworkConfiguration": {
        "AwsvpcConfiguration": {
          "AssignPublicIp": "DISABLED",
          "SecurityGroups": [
            {
              "Fn::GetAtt": [
                "BackendSecurityGroup",
                "GroupId"
              ]
            }
          ],
          "Subnets": [
            {
              "Ref": "VpcPrivateSubnet1"
            },
            {
              "Ref": "VpcPrivateSubnet2"
            }
          ]
        }
      },
      "PropagateTags": "SERVICE",
      "ServiceName": "backend-service",
      "TaskDefinition": {
        "Ref": "BackendTaskDefinition"
      }
    }
    "#);
    assert_eq!(blue_green.properties("AlbSecurityGroupFrom1000016Port9000")["CidrIp"], "10.0.0.0/16");
    assert_eq!(blue_green.properties("AlbSecurityGroupFrom19202024Port9001")["CidrIp"], "192.0.2.0/24");
    assert_eq!(blue_green.properties("BackendAlternateTargetGroup")["Name"], "backend-tg-2");
    let rule = &blue_green.properties("AlbListener8080RuleForAll")["Actions"][0]["ForwardConfig"];
    assert_eq!(rule["TargetGroups"].as_array().map(Vec::len), Some(2));
    for (listener, port) in [("BackendTestListener", 9000), ("AiMlTestListener", 9001)] {
        assert_eq!(blue_green.properties(listener)["Port"], port);
    }
}

#[test]
fn a_service_is_deployed_in_steps() {
    // R317, F41
    let linear = json!({"deployment": {"strategy": "linear"}, "scaling": {"requests": null}});
    let canary =
        json!({"deployment": {"strategy": "canary", "canary_percent": 2.5}, "scaling": {"requests": null}});
    let template = templates("prod", json!({"backend": linear, "ai_ml": canary}));
    assert_snapshot!(template.properties("BackendService")["DeploymentConfiguration"], @r#"
    {"Alarms":{"AlarmNames":[{"Ref":"BackendHighErrorsAlarm"}],"Enable":true,"Rollback":true},"BakeTimeInMinutes":15,"LinearConfiguration":{"StepBakeTimeInMinutes":6,"StepPercent":10},"MaximumPercent":200,"MinimumHealthyPercent":100,"Strategy":"LINEAR"}
    "#);
    assert_snapshot!(template.properties("AiMlService")["DeploymentConfiguration"], @r#"
    {"Alarms":{"AlarmNames":[{"Ref":"AiMlHighErrorsAlarm"}],"Enable":true,"Rollback":true},"BakeTimeInMinutes":15,"CanaryConfiguration":{"CanaryBakeTimeInMinutes":10,"CanaryPercent":2.5},"MaximumPercent":200,"MinimumHealthyPercent":100,"Strategy":"CANARY"}
    "#);
}

#[test]
fn what_a_strategy_excludes_is_refused_with_both_names() {
    // C-14, F40, F41
    let wrong = json!({
        "deployment": {
            "strategy": "canary",
            "circuit_breaker": true,
            "canary_percent": 0.05,
            "step_percent": 10.0,
            "bake_minutes": 1440,
            "canary_bake_minutes": 1440,
            "test_port": 8080,
        },
        "sticky_seconds": 60,
    });
    assert_snapshot!(refused(json!({"backend": wrong})), @"
    error[DC010]: `backend.deployment.step_percent` has no effect with `backend.deployment.strategy` canary
      at settings.backend.deployment.step_percent

    hint: leave it out, or choose the strategy that it belongs to

    error[DC010]: `backend.deployment.circuit_breaker` is on, but ECS has none for what `backend.deployment.strategy` shifts
      at settings.backend.deployment.circuit_breaker

    hint: leave it out, and let alarms end the deployment; or choose rolling

    error[DC010]: `backend.scaling.requests` follows one target group, and `backend.deployment.strategy` moves requests between two
      at settings.backend.scaling.requests

    hint: set it to null, and let the service scale on CPU and memory; or choose rolling

    error[DC010]: `backend.sticky_seconds` keeps a caller at one task, and `backend.deployment.strategy` moves callers to and fro
      at settings.backend.sticky_seconds

    hint: choose blue_green, which moves all of them once, or leave it out

    error[DC010]: 0.05 percent of the requests cannot be shifted
      at settings.backend.deployment.canary_percent

    hint: choose 0.1 to 100 in steps of 0.1

    error[DC010]: port 8080 of the load balancer is taken
      at settings.backend.deployment.test_port

    hint: choose a port that nothing else of the load balancer listens on

    error[DC010]: `backend.deployment.canary_bake_minutes` and `backend.deployment.bake_minutes` make a deployment wait for 2880 minutes
      at settings.backend.deployment.canary_bake_minutes

    hint: CloudFormation refuses more than 1980, 33 hours; shorten the canary or the wait after
    ");
    let rolling = json!({"deployment": {"bake_minutes": 5, "test_port": 9000}});
    assert_snapshot!(refused(json!({"backend": rolling})), @"
    error[DC010]: `backend.deployment.bake_minutes` has no effect with `backend.deployment.strategy` rolling
      at settings.backend.deployment.bake_minutes

    hint: leave it out, or choose the strategy that it belongs to

    error[DC010]: `backend.deployment.test_port` has no effect with `backend.deployment.strategy` rolling
      at settings.backend.deployment.test_port

    hint: leave it out, or choose the strategy that it belongs to
    ");
    let linear = json!({
        "deployment": {"strategy": "linear", "step_percent": 3.0, "step_bake_minutes": 60, "test_from": ["10.0.0.0/8"]},
        "scaling": {"requests": null},
    });
    assert_snapshot!(refused(json!({"backend": linear})), @"
    error[DC010]: `backend.deployment.test_from` has no effect with `backend.deployment.strategy` linear
      at settings.backend.deployment.test_from

    hint: name the port with `test_port`, or leave it out

    error[DC010]: `backend.deployment.step_bake_minutes` and `backend.deployment.bake_minutes` make a deployment wait for 1995 minutes
      at settings.backend.deployment.step_bake_minutes

    hint: CloudFormation refuses more than 1980, 33 hours; shorten the steps or the wait after
    ");
}

#[test]
fn a_test_port_belongs_to_one_service_and_is_open_to_somebody() {
    let shift = json!({
        "deployment": {"strategy": "blue_green", "test_port": 9000, "test_from": ["10.0.0.1/8"]},
        "scaling": {"requests": null},
    });
    assert_snapshot!(refused(both(&shift)), @"
    error[DC010]: port 9000 of the load balancer is taken
      at settings.backend.deployment.test_port

    hint: choose a port that nothing else of the load balancer listens on

    error[DC010]: `10.0.0.1/8` has host bits set; the block is `10.0.0.0/8`
      at settings.backend.deployment.test_from[0]

    hint: write `10.0.0.0/8`

    error[DC010]: port 9000 of the load balancer is taken
      at settings.ai_ml.deployment.test_port

    hint: choose a port that nothing else of the load balancer listens on

    error[DC010]: `10.0.0.1/8` has host bits set; the block is `10.0.0.0/8`
      at settings.ai_ml.deployment.test_from[0]

    hint: write `10.0.0.0/8`
    ");
    let existing =
        json!({"vpc_id": "vpc-1", "public_subnets": ["s-1", "s-2"], "private_subnets": ["s-3", "s-4"]});
    let shift = json!({
        "deployment": {"strategy": "blue_green", "test_port": 9000},
        "scaling": {"requests": null},
    });
    assert_snapshot!(refused(json!({"network": {"existing": existing}, "backend": shift})), @"
    error[DC010]: `backend.deployment.test_port` is for the network's addresses, which are not known of `network.existing`
      at settings.backend.deployment.test_port

    hint: name those who may reach it with `backend.deployment.test_from`
    ");
}
