//! Any settings that are accepted give templates without mistakes.

use std::collections::BTreeSet;

use constructs::{Assembly, Severity};
use proptest::prelude::*;
use serde_json::{Value, json};
use stacks::Settings;
use template::Template;

use crate::support::{everything, settings, synth};

fn service() -> impl Strategy<Value = Value> {
    let sizes = prop::sample::select(vec![(256, 512), (512, 1024), (1024, 4096), (32768, 61440)]);
    let strategies = prop::sample::select(vec!["rolling", "blue_green", "linear", "canary"]);
    (sizes, 1_u32..5, 0_u32..6, prop::option::of(1_u32..3), any::<bool>(), 1_u16..=65_535, strategies)
        .prop_map(|((cpu, memory), min, more, spot_base, arm, port, strategy)| {
            let requests = (strategy == "rolling").then_some(1000);
            let architecture = if arm { "arm64" } else { "x86_64" };
            json!({
                "cpu": cpu,
                "memory": memory,
                "port": port,
                "architecture": architecture,
                "spot": spot_base.map(|base| json!({"base": base})),
                "scaling": {"min": min, "max": min + more, "requests": requests},
                "deployment": {"strategy": strategy},
            })
        })
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
    let cluster = (any::<bool>(), prop::sample::select(vec!["none", "adot"]));
    (modes, nat, endpoints, certificate, flags, cluster, service(), service(), "[a-z]([a-z0-9]|-[a-z0-9]){0,12}").prop_map(
        |(
            mode,
            nat,
            endpoints,
            certificate,
            (logs, graph, vector, existing, delete),
            (exec, tracing),
            backend,
            ai_ml,
            name,
        )| {
            // Without any way out the settings are refused.
            let nat = if endpoints.len() < 5 && nat == "none" { "single" } else { nat };
            let tracing = if nat == "none" && mode == "private" { "none" } else { tracing };
            let removal = if delete { "delete" } else { "retain" };
            json!({
                "name": name,
                "removal": removal,
                "network": {"mode": mode, "nat": nat, "interface_endpoints": endpoints, "flow_logs": logs},
                "load_balancer": {"certificate_arn": certificate},
                "cluster": {"exec": exec, "tracing": tracing},
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

/// Whether AWS offers no narrower resource than all for each of the actions.
fn knows_no_resource(actions: &Value) -> bool {
    const ALL: [&str; 14] = [
        "ecr:GetAuthorizationToken",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:GetSamplingStatisticSummaries",
    ];
    let known = |action: &Value| action.as_str().is_some_and(|action| ALL.contains(&action));
    actions.as_array().map_or_else(|| known(actions), |actions| actions.iter().all(known))
}

/// Production with any parts of the example that turns everything on.
fn parts() -> impl Strategy<Value = Settings> {
    let everything = serde_json::to_value(everything()).expect("settings are JSON");
    let names: Vec<String> = everything.as_object().expect("an object").keys().cloned().collect();
    let count = names.len();
    prop::sample::subsequence(names, 0..=count).prop_map(move |names| {
        let chosen = names.into_iter().map(|name| (name.clone(), everything[name].clone())).collect();
        settings("prod", Value::Object(chosen))
    })
}

fn is_clean(assembly: &Assembly) -> Result<(), TestCaseError> {
    for stack in &assembly.stacks {
        let findings: Vec<String> = stack.template.check().iter().map(ToString::to_string).collect();
        prop_assert!(findings.is_empty(), "{}: {}", stack.name, findings.join("\n"));
        prop_assert!(stack.template.graph().cycles().is_empty());
        prop_assert!(stack.template.resources.len() <= 500);
    }
    Ok(())
}

/// No wildcard action, no wildcard resource but where AWS offers nothing narrower, and only the load
/// balancer is open to the world.
fn is_narrow(assembly: &Assembly) -> Result<(), TestCaseError> {
    for stack in &assembly.stacks {
        // What is denied may be as wide as it likes.
        let statements = statements(&stack.template).into_iter();
        for (type_name, statement) in statements.filter(|(_, statement)| statement["Effect"] == "Allow") {
            let actions = statement["Action"].to_string();
            prop_assert!(!actions.contains('*'), "{statement}");
            let everything = |resource: &Value| resource == "*";
            let resources = &statement["Resource"];
            let wide =
                everything(resources) || resources.as_array().is_some_and(|all| all.iter().any(everything));
            // In the policy of a key, and only there, `*` is the key itself.
            let narrow = !wide || type_name == "AWS::KMS::Key";
            prop_assert!(narrow || knows_no_resource(&statement["Action"]), "{statement}");
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
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn accepted_settings_give_clean_templates(changes in changes()) {
        let assembly = synth(&settings("prod", changes));
        prop_assert!(!assembly.has_errors(), "{:?}", assembly.diagnostics);
        is_clean(&assembly)?;
    }

    // S6, S7
    #[test]
    fn nothing_is_wider_than_it_must_be(changes in changes()) {
        // R178
        is_narrow(&synth(&settings("prod", changes)))?;
    }

    /// What does not go together is refused as settings, by their names, and never found later by a construct.
    #[test]
    fn parts_of_everything_are_refused_as_settings_or_give_clean_templates(settings in parts()) {
        let assembly = synth(&settings);
        if assembly.has_errors() {
            let later: Vec<String> = assembly
                .diagnostics
                .iter()
                .filter(|found| found.severity == Severity::Error && found.code != "DC010")
                .map(ToString::to_string)
                .collect();
            prop_assert!(later.is_empty(), "{}", later.join("\n\n"));
            return Ok(());
        }
        is_clean(&assembly)?;
        is_narrow(&assembly)?;
    }
}
