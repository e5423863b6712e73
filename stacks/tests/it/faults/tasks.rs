//! Faults with tasks, their containers and their logs.

use serde_json::json;

use super::{Fault, PROD};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        row: "F04",
        code: "DT030",
        at: "BackendTaskDefinition",
        stack: PROD,
        make: |draft| {
            let pointer = "/ContainerDefinitions/0/Image/Fn::Sub/0";
            draft.set("BackendTaskDefinition", pointer, json!("${Value1}:latest"));
        },
    },
    Fault {
        row: "F23",
        code: "DT039",
        at: "BackendTaskDefinition",
        stack: PROD,
        make: |draft| draft.set("BackendTaskDefinition", "/Memory", json!("8192")),
    },
    Fault {
        row: "F24",
        code: "DT044",
        at: "BackendService",
        stack: PROD,
        make: |draft| draft.set("BackendService", "/LoadBalancers/0/ContainerPort", json!(3000)),
    },
    Fault {
        row: "F25",
        code: "DT045",
        at: "BackendService",
        stack: PROD,
        make: |draft| draft.set("BackendService", "/LoadBalancers/0/ContainerName", json!("api")),
    },
    Fault {
        row: "F26",
        code: "DT056",
        at: "BackendTaskDefinition",
        stack: PROD,
        make: |draft| {
            let pointer = "/ContainerDefinitions/0/LogConfiguration/Options/awslogs-group";
            draft.set("BackendTaskDefinition", pointer, json!("/ecs/backend"));
        },
    },
    Fault {
        row: "F27",
        code: "DT132",
        at: "BackendLogs",
        stack: PROD,
        make: |draft| draft.unset("BackendLogs", "/RetentionInDays"),
    },
    Fault {
        row: "F35",
        code: "DT058",
        at: "BackendTaskDefinition",
        stack: PROD,
        make: |draft| {
            let daemon = json!({
                "Name": "xray-daemon",
                "Image": "amazon/aws-xray-daemon:3.3.14",
                "Essential": false,
                "PortMappings": [{"ContainerPort": 2000, "Protocol": "udp"}],
                "ReadonlyRootFilesystem": true,
                "User": "1000:1000",
            });
            draft.push("BackendTaskDefinition", "/ContainerDefinitions", daemon);
        },
    },
    Fault {
        row: "F52",
        code: "DT059",
        at: "BackendTaskDefinition",
        stack: PROD,
        make: |draft| {
            draft.unset("BackendTaskDefinition", "/ContainerDefinitions/0/User");
            draft.unset("BackendTaskDefinition", "/ContainerDefinitions/0/ReadonlyRootFilesystem");
        },
    },
    Fault {
        row: "F52",
        code: "DT059",
        at: "BackendTaskDefinition",
        stack: PROD,
        make: |draft| {
            draft.set("BackendTaskDefinition", "/ContainerDefinitions/0/User", json!("root"));
            draft.set(
                "BackendTaskDefinition",
                "/ContainerDefinitions/0/ReadonlyRootFilesystem",
                json!(false),
            );
        },
    },
];
