//! Faults with how services are deployed and scaled.

use serde_json::json;

use super::{EVERYTHING, Fault, PROD};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        row: "F08",
        code: "DT094",
        at: "BackendService",
        stack: PROD,
        make: |draft| draft.set("BackendService", "/DesiredCount", json!(2)),
    },
    Fault {
        row: "F09",
        code: "DT031",
        at: "BackendService",
        stack: PROD,
        make: |draft| draft.unset("BackendService", "/DeploymentConfiguration/DeploymentCircuitBreaker"),
    },
    Fault {
        row: "F29",
        code: "DT095",
        at: "BackendRequestScaling",
        stack: PROD,
        make: |draft| {
            let pointer =
                "/TargetTrackingScalingPolicyConfiguration/PredefinedMetricSpecification/ResourceLabel";
            draft.set("BackendRequestScaling", pointer, json!({"Fn::Sub": "${Alb}/${BackendTargetGroup}"}));
        },
    },
    Fault {
        row: "F33",
        code: "DT037",
        at: "BackendService",
        stack: PROD,
        make: |draft| {
            let strategy = json!([{"CapacityProvider": "FARGATE", "Base": 1, "Weight": 1}]);
            draft.set("BackendService", "/CapacityProviderStrategy", strategy);
        },
    },
    Fault {
        row: "F34",
        code: "DT038",
        at: "BackendService",
        stack: PROD,
        make: |draft| {
            draft.unset("BackendService", "/LaunchType");
            let strategy = json!([{"CapacityProvider": "FARGATE_SPOT", "Base": 0, "Weight": 1}]);
            draft.set("BackendService", "/CapacityProviderStrategy", strategy);
        },
    },
    Fault {
        row: "F37",
        code: "DT086",
        at: "BackendService",
        stack: PROD,
        make: |draft| draft.stop_waiting("BackendService", "AlbListener80"),
    },
    Fault {
        row: "F38",
        code: "DT100",
        at: "BackendHighCpuAlarm",
        stack: PROD,
        make: |draft| {
            draft.unset("BackendService", "/ServiceName");
            draft.set("BackendHighCpuAlarm", "/Dimensions/1/Value", json!("backend-service"));
        },
    },
    Fault {
        row: "F38",
        code: "DT100",
        at: "BackendHighCpuAlarm",
        stack: PROD,
        make: |draft| draft.set("BackendHighCpuAlarm", "/Dimensions/1/Value", json!("docuthinker-backend")),
    },
    Fault {
        row: "F39",
        code: "DT033",
        at: "BackendService",
        stack: PROD,
        make: |draft| {
            draft.unset("BackendService", "/DeploymentConfiguration/DeploymentCircuitBreaker");
            draft.set("BackendService", "/DeploymentConfiguration/Strategy", json!("BLUE_GREEN"));
        },
    },
    Fault {
        row: "F40",
        code: "DT032",
        at: "BackendService",
        stack: PROD,
        make: |draft| draft.set("BackendService", "/DeploymentController", json!({"Type": "CODE_DEPLOY"})),
    },
    Fault {
        row: "F41",
        code: "DT034",
        at: "AiMlService",
        stack: EVERYTHING,
        make: |draft| {
            draft.set("AiMlService", "/DeploymentConfiguration/BakeTimeInMinutes", json!(1440));
            let pointer = "/DeploymentConfiguration/CanaryConfiguration/CanaryBakeTimeInMinutes";
            draft.set("AiMlService", pointer, json!(1440));
        },
    },
    Fault {
        // The target group of this service warms up.
        row: "F49",
        code: "DT036",
        at: "AiMlService",
        stack: EVERYTHING,
        make: |draft| draft.unset("AiMlService", "/HealthCheckGracePeriodSeconds"),
    },
];
