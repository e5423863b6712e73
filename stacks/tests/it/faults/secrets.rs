//! Faults with secrets and with who may read them.

use serde_json::json;

use super::{FOUNDATION, Fault, PROD};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        // The name without the six letters that Secrets Manager puts after it.
        row: "F01",
        code: "DT110",
        at: "BackendTaskDefinition",
        stack: PROD,
        make: |draft| {
            let partial = json!({"Fn::Sub": "arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:docuthinker/openai"});
            draft.set(
                "BackendTaskDefinition",
                "/ContainerDefinitions/0/Secrets/0/ValueFrom",
                partial.clone(),
            );
            draft.statements("BackendExecutionRole", "SecretsAccess")[0]["Resource"][0] = partial;
        },
    },
    Fault {
        row: "F01",
        code: "DT110",
        at: "BackendExecutionRole",
        stack: PROD,
        make: |draft| {
            let partial = "arn:aws:secretsmanager:us-east-1:123456789012:secret:docuthinker/openai";
            draft.set("BackendTaskDefinition", "/ContainerDefinitions/0/Secrets/0/ValueFrom", json!(partial));
            draft.statements("BackendExecutionRole", "SecretsAccess")[0]["Resource"][0] = json!(partial);
        },
    },
    Fault {
        row: "F02",
        code: "DT119",
        at: "BackendExecutionRole",
        stack: PROD,
        make: |draft| {
            draft.statements("BackendExecutionRole", "SecretsAccess")[0]["Resource"] = json!("*");
        },
    },
    Fault {
        row: "F03",
        code: "DT115",
        at: "BackendTaskDefinition",
        stack: PROD,
        make: |draft| {
            let (role, _) = draft.around("BackendExecutionRole", "/Policies");
            let policies = role["Policies"].as_array_mut().expect("policies");
            policies.retain(|policy| policy["PolicyName"] != "SecretsAccess");
        },
    },
    Fault {
        row: "F20",
        code: "DT054",
        at: "BackendTaskDefinition",
        stack: PROD,
        make: |draft| {
            let variable = json!({"Name": "OPENAI_API_KEY", "Value": "correct-horse-battery"});
            draft.push("BackendTaskDefinition", "/ContainerDefinitions/0/Environment", variable);
        },
    },
    Fault {
        // The form of the value gives it away, whatever the name of the variable.
        row: "F20",
        code: "DT053",
        at: "BackendTaskDefinition",
        stack: PROD,
        make: |draft| {
            // Put together, or those who look for keys in repositories find this one.
            let value = format!("sk-{}-{}", "proj", "Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv");
            let variable = json!({"Name": "MODEL", "Value": value});
            draft.push("BackendTaskDefinition", "/ContainerDefinitions/0/Environment", variable);
        },
    },
    Fault {
        row: "F21",
        code: "DT112",
        at: "OpenAiSecret",
        stack: FOUNDATION,
        make: |draft| draft.set("OpenAiSecret", "/SecretString", json!("correct-horse-battery")),
    },
    Fault {
        row: "F22",
        code: "DT113",
        at: "OpenAiKey",
        stack: FOUNDATION,
        make: |draft| {
            draft.0["Parameters"] = json!({"OpenAiKey": {"Type": "String"}});
            draft.set("OpenAiSecret", "/SecretString", json!({"Ref": "OpenAiKey"}));
        },
    },
    Fault {
        row: "F22",
        code: "DT113",
        at: "OpenAiKey",
        stack: PROD,
        make: |draft| {
            draft.0["Parameters"] = json!({"OpenAiKey": {"Type": "String"}});
            let variable = json!({"Name": "OPENAI_API_KEY", "Value": {"Ref": "OpenAiKey"}});
            draft.push("BackendTaskDefinition", "/ContainerDefinitions/0/Environment", variable);
        },
    },
    Fault {
        row: "F28",
        code: "DT057",
        at: "BackendTaskDefinition",
        stack: PROD,
        make: |draft| {
            let role = json!({"Fn::GetAtt": ["BackendExecutionRole", "Arn"]});
            draft.set("BackendTaskDefinition", "/TaskRoleArn", role);
        },
    },
    Fault {
        row: "F36",
        code: "DT118",
        at: "BackendService",
        stack: PROD,
        make: |draft| draft.set("BackendService", "/EnableExecuteCommand", json!(true)),
    },
];
