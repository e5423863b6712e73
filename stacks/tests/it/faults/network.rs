//! Faults with subnets, routes and security groups.

use serde_json::json;

use super::{Fault, PROD};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        row: "F05",
        code: "DT072",
        at: "BackendService",
        stack: PROD,
        make: |draft| {
            let pointer = "/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp";
            draft.set("BackendService", pointer, json!("ENABLED"));
        },
    },
    Fault {
        row: "F06",
        code: "DT071",
        at: "BackendService",
        stack: PROD,
        make: |draft| {
            let public = json!([{"Ref": "VpcPublicSubnet1"}, {"Ref": "VpcPublicSubnet2"}]);
            draft.set("BackendService", "/NetworkConfiguration/AwsvpcConfiguration/Subnets", public);
        },
    },
    Fault {
        row: "F07",
        code: "DT073",
        at: "BackendService",
        stack: PROD,
        make: |draft| {
            draft.set(
                "BackendService",
                "/NetworkConfiguration/AwsvpcConfiguration/SecurityGroups",
                json!([]),
            );
        },
    },
    Fault {
        row: "F30",
        code: "DT061",
        at: "VpcPrivateSubnet2",
        stack: PROD,
        make: |draft| draft.set("VpcPrivateSubnet2", "/CidrBlock", json!("10.0.3.128/25")),
    },
    Fault {
        row: "F31",
        code: "DT062",
        at: "VpcPrivateSubnet2",
        stack: PROD,
        make: |draft| draft.set("VpcPrivateSubnet2", "/CidrBlock", json!("10.1.4.0/24")),
    },
    Fault {
        row: "F32",
        code: "DT009",
        at: "VpcPrivateSubnet2",
        stack: PROD,
        make: |draft| draft.set("VpcPrivateSubnet2", "/CidrBlock", json!("10.0.300.0/24")),
    },
    Fault {
        // No pattern can see what a parameter brings.
        row: "F32",
        code: "DT060",
        at: "VpcPrivateSubnet2",
        stack: PROD,
        make: |draft| {
            draft.0["Parameters"] = json!({"Block": {"Type": "String", "Default": "10.0.300.0/24"}});
            draft.set("VpcPrivateSubnet2", "/CidrBlock", json!({"Ref": "Block"}));
        },
    },
    Fault {
        row: "F48",
        code: "DT075",
        at: "BackendService",
        stack: PROD,
        make: |draft| draft.remove("BackendSecurityGroupFromAlbSecurityGroupPort5000"),
    },
    Fault {
        row: "F50",
        code: "DT071",
        at: "BackendService",
        stack: PROD,
        make: |draft| {
            for zone in ["1", "2"] {
                for part in ["PrivateRoute", "NatGateway", "NatAddress"] {
                    draft.remove(&format!("Vpc{part}{zone}"));
                }
            }
            draft.remove("S3Endpoint");
        },
    },
    Fault {
        row: "F51",
        code: "DT002",
        at: "AlbSecurityGroup",
        stack: PROD,
        make: |draft| {
            draft.remove("BackendSecurityGroupFromAlbSecurityGroupPort5000");
            draft.remove("AlbSecurityGroupToBackendSecurityGroupPort5000");
            let rule = |key: &str, other: &str| json!([{"IpProtocol": "tcp", "FromPort": 5000, "ToPort": 5000, key: {"Fn::GetAtt": [other, "GroupId"]}}]);
            let rules = rule("DestinationSecurityGroupId", "BackendSecurityGroup");
            draft.set("AlbSecurityGroup", "/SecurityGroupEgress", rules);
            let rules = rule("SourceSecurityGroupId", "AlbSecurityGroup");
            draft.set("BackendSecurityGroup", "/SecurityGroupIngress", rules);
        },
    },
];
