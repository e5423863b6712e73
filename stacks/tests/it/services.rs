//! The two services: what can be set of them, and what that makes of the template.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{both, collected, portable, refused, settings, synth, templates};

/// The statements of a role's policies that allow `action`.
fn allowed(role: &Value, action: &str) -> Vec<Value> {
    let policies = role["Policies"].as_array().map(Vec::as_slice).unwrap_or_default();
    let statements = policies
        .iter()
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().expect("statements"));
    let allows = |statement: &&Value| statement["Action"].to_string().contains(&format!("\"{action}\""));
    statements.filter(allows).cloned().collect()
}

#[test]
fn containers_may_use_what_the_seed_lets_them_and_it_can_be_switched_off() {
    // R170 to R175, R178
    let prod = templates("prod", json!({}));
    for role in ["BackendTaskRole", "AiMlTaskRole"] {
        let role = prod.properties(role);
        for (action, resource) in [
            ("s3:GetObject", "arn:${AWS::Partition}:s3:::docuthinker-*/*"),
            ("s3:PutObject", "arn:${AWS::Partition}:s3:::docuthinker-*/*"),
            (
                "dynamodb:Query",
                "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/docuthinker-*",
            ),
            (
                "dynamodb:PutItem",
                "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/docuthinker-*",
            ),
            ("sqs:SendMessage", "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:docuthinker-*"),
        ] {
            let statements = allowed(role, action);
            assert_eq!(statements.len(), 1, "{action}");
            assert_eq!(statements[0]["Resource"], json!({"Fn::Sub": resource}));
        }
        assert!(allowed(role, "ecr:BatchGetImage").is_empty(), "R050: what ECS needs is another role's");
    }
    let dev = templates("dev", json!({"backend": {"permissions": {"s3": false, "sqs": false}}}));
    let role = dev.properties("BackendTaskRole");
    assert!(allowed(role, "s3:GetObject").is_empty() && allowed(role, "sqs:SendMessage").is_empty());
    assert!(
        allowed(role, "dynamodb:Query")[0]["Resource"].to_string().contains("table/docuthinker-dev-*"),
        "environments stay apart"
    );
    let named = templates("dev", json!({"backend": {"permissions": {"prefix": "shared-"}}}));
    assert!(
        allowed(named.properties("BackendTaskRole"), "s3:PutObject")[0].to_string().contains(":::shared-*/*")
    );
}

#[test]
fn exec_is_one_switch_for_cluster_services_and_roles() {
    // R069, C-34, F36
    let exec = templates("prod", json!({"cluster": {"exec": true}}));
    let configuration = &exec.properties("Cluster")["Configuration"]["ExecuteCommandConfiguration"];
    assert_eq!(
        (&configuration["Logging"], &configuration["LogConfiguration"]["CloudWatchLogGroupName"]),
        (&json!("OVERRIDE"), &json!({"Ref": "ExecLogs"}))
    );
    assert_eq!(exec.properties("ExecLogs")["LogGroupName"], "/ecs/docuthinker-exec");
    for service in ["Backend", "AiMl"] {
        assert_eq!(exec.properties(&format!("{service}Service"))["EnableExecuteCommand"], true);
        let channels = allowed(exec.properties(&format!("{service}TaskRole")), "ssmmessages:OpenDataChannel");
        assert_eq!(channels[0]["Action"].as_array().map(Vec::len), Some(4));
        let container = &exec.properties(&format!("{service}TaskDefinition"))["ContainerDefinitions"][0];
        assert_eq!(container["ReadonlyRootFilesystem"], false);
        assert_eq!(container["LinuxParameters"]["InitProcessEnabled"], true);
    }
    assert!(configuration["KmsKeyId"].to_string().contains("ImportValue"), "the key of Foundation");
    assert_eq!(configuration["LogConfiguration"]["CloudWatchEncryptionEnabled"], true);
    assert_eq!(allowed(exec.properties("BackendTaskRole"), "kms:Decrypt").len(), 1);
    let plain = templates("dev", json!({"cluster": {"exec": true}}));
    let configuration = &plain.properties("Cluster")["Configuration"]["ExecuteCommandConfiguration"];
    assert_eq!(configuration.get("KmsKeyId"), None);
    let prod = templates("prod", json!({}));
    assert_eq!(prod.properties("BackendService").get("EnableExecuteCommand"), None);
    assert!(allowed(prod.properties("BackendTaskRole"), "ssmmessages:OpenDataChannel").is_empty());
}

#[test]
fn what_a_closed_network_cannot_reach_is_refused() {
    // R069, F50
    let endpoints = json!(["ecr_api", "ecr_dkr", "logs", "secrets_manager"]);
    let network = json!({"nat": "none", "interface_endpoints": endpoints});
    let cluster = json!({"exec": true, "tracing": "adot"});
    assert_snapshot!(refused(json!({"network": network, "cluster": cluster})), @"
    error[DC010]: `cluster.exec` is on, but with `network.nat` none its sessions reach no container
      at settings.cluster.exec

    hint: add ssm_messages to `network.interface_endpoints`, or switch `cluster.exec` off

    error[DC010]: `cluster.tracing` is on, but with `network.nat` none its image cannot be pulled
      at settings.cluster.tracing

    hint: choose another way out than none, or switch `cluster.tracing` off
    ");
    let endpoints = json!(["ecr_api", "ecr_dkr", "logs", "secrets_manager", "ssm_messages"]);
    let network = json!({"nat": "none", "interface_endpoints": endpoints});
    assert_eq!(refused(json!({"network": network, "cluster": {"exec": true}})), "");
}

#[test]
fn traces_are_taken_by_a_collector_in_each_task() {
    // R068, C-33, C-41
    let traced = templates("prod", json!({"cluster": {"tracing": "adot"}}));
    for service in ["Backend", "AiMl"] {
        let containers = &traced.properties(&format!("{service}TaskDefinition"))["ContainerDefinitions"];
        let (app, collector) = (&containers[0], &containers[1]);
        assert_eq!((&app["Cpu"], &app["MemoryReservation"]), (&json!(448), &json!(896)));
        assert_eq!((&collector["Essential"], &collector["Cpu"]), (&json!(false), &json!(64)));
        assert_eq!(collector["HealthCheck"]["Command"], json!(["CMD", "/healthcheck"]));
        let role = traced.properties(&format!("{service}TaskRole"));
        assert_eq!(allowed(role, "xray:PutTraceSegments")[0]["Resource"], "*");
    }
    let small = json!({"cpu": 256, "memory": 512});
    let xray = json!({"cluster": {"tracing": "xray"}, "backend": small});
    assert_snapshot!(refused(xray), @"
    warning[DC128]: AWS maintains the X-Ray daemon no longer, and ends its support on 2027-02-25
      at DocuThinkerStack/AiMl.tracing (stacks/src/docuthinker/services.rs)

    hint: send traces by OpenTelemetry, and choose the ADOT collector

    warning[DC128]: AWS maintains the X-Ray daemon no longer, and ends its support on 2027-02-25
      at DocuThinkerStack/Backend.tracing (stacks/src/docuthinker/services.rs)

    hint: send traces by OpenTelemetry, and choose the ADOT collector
    ");
}

#[test]
fn spot_has_a_base_and_weights() {
    // R065, C-31, F33, F34
    let spot = both(&json!({"spot": {"base": 2, "weight": 3}}));
    let template = templates("prod", spot);
    for service in ["BackendService", "AiMlService"] {
        let service = template.properties(service);
        assert_eq!(service.get("LaunchType"), None);
        assert_eq!(
            service["CapacityProviderStrategy"],
            json!([{"CapacityProvider": "FARGATE", "Base": 2, "Weight": 1}, {"CapacityProvider": "FARGATE_SPOT", "Weight": 3}])
        );
    }
    assert_snapshot!(refused(json!({"backend": {"spot": {"base": 0, "weight": 1001}}})), @"
    error[DC010]: `backend.spot.base` is 0, but `deletion_protection` is on: AWS may take all tasks of production back at once
      at settings.backend.spot.base

    hint: give it a base of at least 1, or switch the protection off where no users are

    error[DC010]: `backend.spot.weight` is 1001
      at settings.backend.spot.weight

    hint: choose 1 to 1000
    ");
    let seed = json!({"base": 0, "weight": 1, "on_demand_weight": 0});
    assert_snapshot!(refused(json!({"deletion_protection": false, "backend": {"spot": seed}})), @"
    warning[DC122]: no task is sure to be on demand: AWS may take all of them back at once
      at DocuThinkerStack/Backend.launch.base (stacks/src/docuthinker/services.rs)

    hint: give it a base of at least 1
    ");
}

#[test]
fn containers_and_target_groups_are_settings() {
    // R079, R080, R081, R114 to R125, F49
    let changes = json!({
        "health_command": "wget -q -O - http://localhost:5000/health",
        "user": "node",
        "stop_timeout": 60,
        "deregistration_delay": 60,
        "slow_start": 30,
        "sticky_seconds": 86400,
        "log_group": "/ecs/old",
        "health_check": {"grace_period": 120},
    });
    let set = templates("prod", json!({"backend": changes}));
    let container = &set.properties("BackendTaskDefinition")["ContainerDefinitions"][0];
    assert_eq!(
        container["HealthCheck"]["Command"],
        json!(["CMD-SHELL", "wget -q -O - http://localhost:5000/health"])
    );
    assert_eq!((&container["User"], &container["StopTimeout"]), (&json!("node"), &json!(60)));
    assert_eq!(container["LogConfiguration"]["Options"]["awslogs-group"], "/ecs/old");
    assert!(set.0["DocuThinkerStack"]["Resources"].get("BackendLogs").is_none());
    assert_eq!(set.properties("BackendService")["HealthCheckGracePeriodSeconds"], 120);
    assert_eq!(
        set.properties("BackendTargetGroup")["TargetGroupAttributes"],
        json!([
            {"Key": "deregistration_delay.timeout_seconds", "Value": "60"},
            {"Key": "stickiness.enabled", "Value": "true"},
            {"Key": "stickiness.type", "Value": "lb_cookie"},
            {"Key": "stickiness.lb_cookie.duration_seconds", "Value": "86400"},
            {"Key": "slow_start.duration_seconds", "Value": "30"},
        ])
    );
    let prod = templates("prod", json!({}));
    let container = &prod.properties("BackendTaskDefinition")["ContainerDefinitions"][0];
    assert_eq!(container.get("HealthCheck"), None, "no tool is sure to be in the image");
    let wrong = json!({
        "user": "a b",
        "stop_timeout": 121,
        "deregistration_delay": 3601,
        "slow_start": 10,
        "sticky_seconds": 0,
        "log_group": "arn:aws:logs:us-east-1:1:log-group:x",
        "permissions": {"prefix": "*"},
        "scaling": {"cpu": 0, "memory": 101, "requests": 0, "scale_in_cooldown": 3601},
    });
    assert_snapshot!(refused(json!({"backend": wrong})), @"
    error[DC010]: `watch.alarms.memory_percent` is 85, not above `backend.scaling.memory`, which is 101
      at settings.watch.alarms.memory_percent

    hint: raise the alarm's limit above what the scaling keeps, or let the scaling keep less

    error[DC010]: `backend.scaling.cpu` is 0 percent
      at settings.backend.scaling.cpu

    hint: choose 1 to 100

    error[DC010]: `backend.scaling.memory` is 101 percent
      at settings.backend.scaling.memory

    hint: choose 1 to 100

    error[DC010]: 0 requests cannot be kept
      at settings.backend.scaling.requests

    hint: choose at least 1, or null not to follow requests

    error[DC010]: `backend.scaling.scale_in_cooldown` is 3601 seconds
      at settings.backend.scaling.scale_in_cooldown

    hint: choose 0 to 3600

    error[DC010]: `*` cannot begin the name of a bucket
      at settings.backend.permissions.prefix

    hint: begin with a letter or digit; go on with lower-case letters, digits, hyphens and periods

    error[DC010]: `a b` is not a user
      at settings.backend.user

    hint: it looks like `1000:1000` or `node`

    error[DC010]: `backend.stop_timeout` is 121 seconds
      at settings.backend.stop_timeout

    hint: choose 2 to 120

    error[DC010]: `backend.deregistration_delay` is 3601 seconds
      at settings.backend.deregistration_delay

    hint: choose 0 to 3600

    error[DC010]: `backend.slow_start` is 10 seconds
      at settings.backend.slow_start

    hint: choose 30 to 900

    error[DC010]: `backend.sticky_seconds` is 0 seconds
      at settings.backend.sticky_seconds

    hint: choose 1 to 604800

    error[DC010]: `arn:aws:logs:us-east-1:1:log-group:x` is not a log group's name
      at settings.backend.log_group

    hint: give its name, not its ARN: letters, digits and _/.#- up to 512
    ");
}

// L23
#[test]
fn cooldowns_are_settings_and_the_number_of_tasks_is_the_scalings() {
    // R203 to R210, C-15, C-16
    let changes = json!({"scaling": {"scale_in_cooldown": 600, "scale_out_cooldown": 30, "requests": null}});
    let set = templates("prod", both(&changes));
    for service in ["Backend", "AiMl"] {
        assert_eq!(set.properties(&format!("{service}Service")).get("DesiredCount"), None);
        let tracking =
            &set.properties(&format!("{service}MemoryScaling"))["TargetTrackingScalingPolicyConfiguration"];
        assert_eq!((&tracking["ScaleInCooldown"], &tracking["ScaleOutCooldown"]), (&json!(600), &json!(30)));
    }
    assert_eq!(set.count("AWS::ApplicationAutoScaling::ScalingPolicy"), 4);
}

#[test]
fn the_portable_template_is_hardened_like_the_others() {
    // R128 to R139, R176, C-10, F01, F03, F07, F09, F14, F26, F28
    let portable = collected(&portable());
    for (service, family) in [("Backend", "docuthinker-backend"), ("AIML", "docuthinker-ai-ml")] {
        let task = portable.properties(&format!("{service}TaskDefinition"));
        assert_eq!(task["Family"], family);
        assert_ne!(task["TaskRoleArn"], task["ExecutionRoleArn"]);
        let container = &task["ContainerDefinitions"][0];
        assert_eq!(container["ReadonlyRootFilesystem"], true);
        assert_eq!(container["LogConfiguration"]["Options"]["mode"], "non-blocking");
        let role = portable.properties(&format!("{service}ExecutionRole"));
        let resources = &allowed(role, "secretsmanager:GetSecretValue")[0]["Resource"];
        assert!(resources.to_string().contains("/openai-??????"), "{resources}");
        assert_eq!(
            allowed(portable.properties(&format!("{service}TaskRole")), "sqs:SendMessage").len(),
            1,
            "R174"
        );
        let breaker = &portable.properties(&format!("{service}Service"))["DeploymentConfiguration"]["DeploymentCircuitBreaker"];
        assert_eq!(breaker, &json!({"Enable": true, "Rollback": true}));
    }
    assert_eq!(portable.properties("AIMLSecurityGroupFromAlbSecurityGroupPortAIMLPort")["IpProtocol"], "tcp");
    assert_eq!(portable.count("AWS::EFS::MountTarget"), 2);
    assert!(synth(&settings("prod", json!({}))).diagnostics.is_empty());
}
