//! Any settings that are accepted give templates without mistakes.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use template::Template;

use crate::support::{settings, synth};

fn service() -> impl Strategy<Value = Value> {
    let sizes = prop::sample::select(vec![(256, 512), (512, 1024), (1024, 4096), (32768, 61440)]);
    (sizes, 1_u32..5, 0_u32..6, prop::option::of(1_u32..3), any::<bool>(), 1_u16..=65_535).prop_map(
        |((cpu, memory), min, more, spot_base, arm, port)| {
            let architecture = if arm { "arm64" } else { "x86_64" };
            json!({
                "cpu": cpu,
                "memory": memory,
                "port": port,
                "architecture": architecture,
                "spot": spot_base.map(|base| json!({"base": base})),
                "scaling": {"min": min, "max": min + more},
            })
        },
    )
}

fn changes() -> impl Strategy<Value = Value> {
    let modes = prop::sample::select(vec!["private", "public"]);
    let nat = prop::sample::select(vec!["per_zone", "single", "none"]);
    let endpoints = prop::sample::subsequence(
        vec!["ecr_api", "ecr_dkr", "logs", "secrets_manager", "ssm_messages"],
        0..=5,
    );
    let certificate = prop::option::of(Just("arn:aws:acm:us-east-1:123456789012:certificate/1"));
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (modes, nat, endpoints, certificate, flags, service(), service(), "[a-z]([a-z0-9]|-[a-z0-9]){0,12}").prop_map(
        |(
            mode,
            nat,
            endpoints,
            certificate,
            (logs, graph, vector, existing, delete),
            backend,
            ai_ml,
            name,
        )| {
            // Without any way out the settings are refused.
            let nat = if endpoints.len() < 5 && nat == "none" { "single" } else { nat };
            let removal = if delete { "delete" } else { "retain" };
            json!({
                "name": name,
                "removal": removal,
                "network": {"mode": mode, "nat": nat, "interface_endpoints": endpoints, "flow_logs": logs},
                "load_balancer": {"certificate_arn": certificate},
                "sync": {"graph": graph, "vector": vector},
                "secrets": {"existing": existing},
                "backend": backend,
                "ai_ml": ai_ml,
            })
        },
    )
}

/// Every statement of every policy of the template, with the type of the resource that it stands in.
fn statements(template: &Template) -> Vec<(String, Value)> {
    fn collect(value: &Value, into: &mut Vec<Value>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::Array(statements)) = map.get("Statement") {
                    into.extend(statements.iter().cloned());
                }
                map.values().for_each(|value| collect(value, into));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for resource in template.resources.values() {
        let mut own = Vec::new();
        collect(&serde_json::to_value(&resource.properties).expect("properties are JSON"), &mut own);
        found.extend(own.into_iter().map(|statement| (resource.type_name.clone(), statement)));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn accepted_settings_give_clean_templates(changes in changes()) {
        let assembly = synth(&settings("prod", changes));
        prop_assert!(!assembly.has_errors(), "{:?}", assembly.diagnostics);
        for stack in &assembly.stacks {
            let findings: Vec<String> = stack.template.check().iter().map(|finding| format!("{}: {}", finding.path, finding.message)).collect();
            prop_assert!(findings.is_empty(), "{}: {}", stack.name, findings.join("\n"));
            prop_assert!(stack.template.graph().cycles().is_empty());
            prop_assert!(stack.template.to_json_minified().len() < 51_200);
        }
    }

    /// S6, S7: no wildcard action, no wildcard resource but the one that AWS offers no narrower for, and only
    /// the load balancer is open to the world.
    #[test]
    fn nothing_is_wider_than_it_must_be(changes in changes()) {
        let assembly = synth(&settings("prod", changes));
        for stack in &assembly.stacks {
            for (type_name, statement) in statements(&stack.template) {
                let actions = statement["Action"].to_string();
                prop_assert!(!actions.contains('*'), "{statement}");
                // In the policy of a key, and only there, `*` is the key itself.
                let narrow = statement["Resource"] != "*" || type_name == "AWS::KMS::Key";
                prop_assert!(narrow || statement["Action"] == "ecr:GetAuthorizationToken", "{statement}");
            }
            let open: BTreeSet<&str> = stack
                .template
                .resources
                .iter()
                .filter(|(_, resource)| resource.type_name == "AWS::EC2::SecurityGroupIngress")
                .filter(|(_, resource)| resource.properties.get("CidrIp") == Some(&"0.0.0.0/0".into()))
                .map(|(id, _)| id.as_str())
                .collect();
            prop_assert!(open.iter().all(|id| id.starts_with("AlbSecurityGroupFrom")), "{open:?}");
        }
    }
}
