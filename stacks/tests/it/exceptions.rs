//! Which findings of scanners are accepted, with which reason, and which are not.

use constructs::l1::{ec2, ecs, elbv2, iam, s3, secretsmanager};
use constructs::{App, Role, Scope, Secret, StackOptions, Statement};
use insta::assert_snapshot;
use serde_json::{Value, json};
use stacks::exceptions;

use template::check::Check;

use crate::support::{collected, everything, portable, settings, synth, templates};

/// What a stack accepts: the resource, the rule and the reason, a line each.
fn accepted_in(stack: &Value) -> String {
    let mut lines = Vec::new();
    for (id, resource) in stack["Resources"].as_object().expect("resources") {
        let metadata = &resource["Metadata"];
        let lists = [
            ("checkov", "skip", "id", "comment"),
            ("cdk_nag", "rules_to_suppress", "id", "reason"),
            ("docuthinker", "allow", "code", "reason"),
        ];
        for (tool, list, rule, reason) in lists {
            for entry in metadata[tool][list].as_array().into_iter().flatten() {
                lines.push(format!(
                    "{id} {}: {}",
                    entry[rule].as_str().expect("a rule"),
                    entry[reason].as_str().expect("a reason")
                ));
            }
        }
    }
    lines.join("\n")
}

/// What is accepted in a stack of these resources.
fn accepted(build: impl FnOnce(&mut Scope<'_>)) -> String {
    let mut app = App::new();
    app.with_stack(StackOptions::named("Test"), |s| {
        build(s);
        exceptions::accept(s);
    });
    accepted_in(&collected(&app.synth()).0["Test"])
}

#[test]
fn nothing_is_found_in_any_environment_but_what_is_allowed_with_a_reason() {
    // C-38
    let environments = ["prod", "dr", "staging", "dev"].map(|name| synth(&settings(name, json!({}))));
    for assembly in environments.iter().chain([&synth(&everything()), &portable()]) {
        for stack in &assembly.stacks {
            // A stack of its own region, such as CloudFront's, is nowhere else.
            for region in [None, Some("us-east-1"), Some("eu-west-1")] {
                let region = stack.region.as_deref().or(region);
                let report = Check { region, ..Check::default() }.template(&stack.template);
                let found: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
                assert_eq!(found, [""; 0], "{} in {region:?}", stack.name);
                assert!(report.allowed.iter().all(|allowed| allowed.finding.code() == "DT080"));
            }
        }
    }
}

#[test]
fn in_production_each_finding_that_is_meant_has_its_reason() {
    let templates = templates("prod", json!({}));
    let stacks = templates.0.as_object().unwrap();
    assert_snapshot!(stacks.values().map(accepted_in).collect::<Vec<_>>().join("\n"), @"
    OpenAiSecret AwsSolutions-SMG4: issued by a third party
    AnthropicSecret AwsSolutions-SMG4: issued by a third party
    GoogleSecret AwsSolutions-SMG4: issued by a third party
    Neo4jSecret AwsSolutions-SMG4: issued by a third party
    ChromaSecret AwsSolutions-SMG4: issued by a third party
    MongoDbSecret AwsSolutions-SMG4: issued by a third party
    RedisSecret AwsSolutions-SMG4: issued by a third party
    AccessLogs CKV_AWS_18: access logs do not log themselves
    AccessLogs AwsSolutions-S1: access logs do not log themselves
    BackendExecutionRole AwsSolutions-IAM5[Resource::*]: actions without a resource
    BackendTaskDefinition AwsSolutions-ECS2: not credentials; those are Secrets
    AiMlExecutionRole AwsSolutions-IAM5[Resource::*]: actions without a resource
    AiMlTaskDefinition AwsSolutions-ECS2: not credentials; those are Secrets
    AlbSecurityGroupFromAnywherePort80 CKV_AWS_260: public load balancer
    AlbSecurityGroupFromAnywherePort80 AwsSolutions-EC23: public load balancer
    AlbListener80 CKV_AWS_2: no certificate is configured
    AlbListener80 CKV_AWS_103: no certificate is configured
    AlbListener80 DT080: no certificate is configured
    AlbSecurityGroupFromAnywherePort8080 AwsSolutions-EC23: public load balancer
    AlbListener8080 CKV_AWS_2: no certificate is configured
    AlbListener8080 CKV_AWS_103: no certificate is configured
    AlbListener8080 DT080: no certificate is configured
    ");
}

#[test]
fn with_a_certificate_nothing_is_excused_for_plain_http() {
    let certificate = "arn:aws:acm:us-east-1:123456789012:certificate/0";
    let stack = templates("prod", json!({"load_balancer": {"certificate_arn": certificate}})).0;
    let text = accepted_in(&stack["DocuThinkerStack"]);
    assert!(!text.contains("CKV_AWS_2:") && !text.contains("CKV_AWS_103"), "{text}");
    assert!(
        text.contains("AlbSecurityGroupFromAnywherePort443 AwsSolutions-EC23: public load balancer"),
        "{text}"
    );
}

#[test]
fn a_rule_from_everywhere_is_accepted_only_for_a_public_load_balancer() {
    let text = accepted(|s| {
        let mut load_balancer = |id: &str, scheme: &str| {
            let group = s.add(&format!("{id}Group"), ec2::SecurityGroup::default());
            let properties = elbv2::LoadBalancer {
                scheme: Some(scheme.into()),
                security_groups: Some([group.group_id()].into()),
                ..Default::default()
            };
            s.add(id, properties);
            let rule = ec2::SecurityGroupIngress {
                group_id: Some(group.group_id()),
                cidr_ip: Some("0.0.0.0/0".into()),
                from_port: Some(443.into()),
                ..Default::default()
            };
            s.add(&format!("{id}Rule"), rule);
        };
        load_balancer("Public", "internet-facing");
        load_balancer("Internal", "internal");
    });
    assert_eq!(text, "PublicRule AwsSolutions-EC23: public load balancer");
}

#[test]
fn only_the_bucket_that_takes_access_logs_may_go_without_its_own() {
    let text = accepted(|s| {
        let logs = s.add("Logs", s3::Bucket::default());
        s.add("Documents", s3::Bucket::default());
        let attribute = elbv2::load_balancer::LoadBalancerAttribute {
            key: Some("access_logs.s3.bucket".into()),
            value: Some(logs.reference().text()),
        };
        let properties =
            elbv2::LoadBalancer { load_balancer_attributes: Some(vec![attribute]), ..Default::default() };
        s.add("Alb", properties);
    });
    assert_snapshot!(text, @"
    Logs CKV_AWS_18: access logs do not log themselves
    Logs AwsSolutions-S1: access logs do not log themselves
    ");
}

#[test]
fn everything_is_an_accepted_resource_only_of_actions_that_know_no_other() {
    let text = accepted(|s| {
        let mut role = |id: &str, actions: [&str; 2]| {
            let role = Role::named(id).assumed_by("ecs-tasks.amazonaws.com").build(s);
            role.allow(s, "Policy", Statement::allow(actions).on_everything());
        };
        role("Tracing", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]);
        role("Reading", ["xray:PutTraceSegments", "s3:GetObject"]);
        s.add("Plain", iam::Role::default());
    });
    assert_eq!(text, "Tracing AwsSolutions-IAM5[Resource::*]: actions without a resource");
}

#[test]
fn a_secret_that_could_be_rotated_is_not_excused() {
    let text = accepted(|s| {
        Secret::named("Theirs").build(s);
        let generated = secretsmanager::Secret {
            generate_secret_string: Some(secretsmanager::secret::GenerateSecretString::default()),
            ..Default::default()
        };
        s.add("Generated", generated);
        let rotated = Secret::named("Rotated").build(s);
        let schedule =
            secretsmanager::RotationSchedule { secret_id: Some(rotated.arn()), ..Default::default() };
        s.add("Schedule", schedule);
    });
    assert_eq!(text, "Theirs AwsSolutions-SMG4: issued by a third party");
}

#[test]
fn a_task_without_variables_needs_no_excuse() {
    let text = accepted(|s| {
        let container = ecs::task_definition::ContainerDefinition::default();
        let properties =
            ecs::TaskDefinition { container_definitions: Some(vec![container]), ..Default::default() };
        s.add("Task", properties);
    });
    assert_eq!(text, "");
}
