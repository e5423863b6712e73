//! Faults with the load balancer and with what stands before it.

use serde_json::json;

use super::{DNS, EVERYTHING, Fault, PROD};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        row: "F16",
        code: "DT092",
        at: "WafAssociation",
        stack: PROD,
        make: |draft| draft.set("Waf", "/Scope", json!("CLOUDFRONT")),
    },
    Fault { row: "F17", code: "DT093", at: "Waf", stack: PROD, make: |draft| draft.remove("WafAssociation") },
    Fault {
        row: "F18",
        code: "DT080",
        at: "AlbListener80",
        stack: EVERYTHING,
        make: |draft| {
            let forward = json!([{"Type": "forward", "TargetGroupArn": {"Ref": "BackendTargetGroup"}}]);
            draft.set("AlbListener80", "/DefaultActions", forward);
        },
    },
    Fault {
        row: "F19",
        code: "DT081",
        at: "AlbListener443",
        stack: EVERYTHING,
        make: |draft| draft.set("AlbListener443", "/SslPolicy", json!("ELBSecurityPolicy-2016-08")),
    },
    Fault {
        row: "F42",
        code: "DT105",
        at: "Record",
        stack: DNS,
        make: |draft| {
            // The zone of another region.
            draft.set(
                "Record",
                "/AliasTarget/DNSName",
                json!("docuthinker-alb-123456789.us-west-2.elb.amazonaws.com"),
            );
            draft.set("Record", "/AliasTarget/HostedZoneId", json!("Z35SXDOTRQ7X7K"));
        },
    },
    Fault {
        // The name comes from another stack, which may be in any region.
        row: "F42",
        code: "DT106",
        at: "Record",
        stack: DNS,
        make: |draft| draft.set("Record", "/AliasTarget/HostedZoneId", json!("Z35SXDOTRQ7X7K")),
    },
    Fault {
        row: "F44",
        code: "DT084",
        at: "AlbListener443Rule1",
        stack: EVERYTHING,
        make: |draft| draft.set("AlbListener443RuleForAll", "/Priority", json!(1)),
    },
    Fault {
        row: "F45",
        code: "DT088",
        at: "BackendService",
        stack: PROD,
        make: |draft| draft.set("BackendTargetGroup", "/TargetType", json!("instance")),
    },
    Fault {
        row: "F46",
        code: "DT089",
        at: "BackendTargetGroup",
        stack: PROD,
        make: |draft| draft.set("BackendTargetGroup", "/HealthCheckTimeoutSeconds", json!(30)),
    },
    Fault {
        row: "F47",
        code: "DT077",
        at: "Alb",
        stack: PROD,
        make: |draft| draft.set("Alb", "/Subnets", json!([{"Ref": "VpcPublicSubnet1"}])),
    },
];
