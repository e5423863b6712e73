//! Every pattern in the policies of our own stacks, with the reason why nothing narrower can be written.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::project::Project;

/// Service and resource of each ARN with a `*`, by the reason. What stands before a `*` is compared as a pattern.
const EXPLAINED: &[(&str, &[&str])] = &[
    (
        "AWS makes up the identifier when the resource is made",
        &[
            "acm:certificate/*",
            "application-autoscaling:scalable-target/*",
            "backup:backup-plan:*",
            "cloudfront:distribution/*",
            "cloudfront:origin-access-control/*",
            "cloudfront:response-headers-policy/*",
            "ec2:elastic-ip/*",
            "ec2:internet-gateway/*",
            "ec2:natgateway/*",
            "ec2:network-acl/*",
            "ec2:network-interface/*",
            "ec2:route-table/*",
            "ec2:security-group-rule/*",
            "ec2:security-group/*",
            "ec2:subnet/*",
            "ec2:vpc-endpoint/*",
            "ec2:vpc-flow-log/*",
            "ec2:vpc/*",
            "elasticfilesystem:access-point/*",
            "elasticfilesystem:file-system/*",
            "kms:key/*",
            "logs:delivery:*",
            "route53:change/*",
            "route53:healthcheck/*",
            "route53:hostedzone/*",
            "wafv2:*",
        ],
    ),
    (
        "CloudFormation or the service ends the name with letters of its own",
        &[
            "cloudformation:stack/DocuThinker*/*",
            "elasticloadbalancing:listener-rule/app/*docuthinker*/*",
            "elasticloadbalancing:listener/app/*docuthinker*/*",
            "elasticloadbalancing:loadbalancer/app/*docuthinker*/*",
            "elasticloadbalancing:targetgroup/*-tg*/*",
            "iam:role/DocuThinker*-*",
            "iam:role/DocuThinkerStack-eve*",
            "logs:log-group:DocuThinkerStack-*-*",
            "logs:log-group:DocuThinkerStack-*LogGroup-*",
            "s3:docuthinker*-*",
            "secretsmanager:secret:RedisPassword-*-??????",
            "sns:DocuThinkerPipeline-everything-Approvals-*",
        ],
    ),
    (
        "what belongs to a thing of a known name: revisions, streams, stages, subscriptions, templates",
        &[
            "codepipeline:docuthinker*-pipeline/*",
            "ecs:task-definition/docuthinker*:*",
            "logs:log-group:/*:*",
            "logs:log-group:aws-waf-logs-*:*",
            "s3:docuthinker-templates-*/templates/*",
            "sns:docuthinker*-notifications:*",
        ],
    ),
    (
        "the tasks and deployments of services, which ECS numbers",
        &["ecs:container-instance/*", "ecs:service-deployment/*", "ecs:service-revision/*", "ecs:task/*"],
    ),
    ("the cluster of a service can be made by another stack", &["ecs:service/*/*-service"]),
    (
        "the role that a service makes for itself is named by the service",
        &["iam:role/aws-service-role/*.amazonaws.com/*"],
    ),
    ("composite alarms are shown only to who may see all alarms", &["cloudwatch:alarm:*"]),
    (
        "the handler of a type asks for what the resource could also be given, which has names and ids of its own",
        &[
            "billing:billingview/*",
            "budgets:budget/*",
            "cloudfront:connection-group/*",
            "cloudfront:vpcorigin/*",
            "cloudwatch:dataset/*",
            "codestar-connections:connection/*",
            "ec2:instance/*",
            "ec2:ipam-pool/*",
            "ec2:ipv4pool-ec2/*",
            "ec2:ipv6pool-ec2/*",
            "ec2:transit-gateway-attachment/*",
            "ec2:transit-gateway/*",
            "ec2:vpc-encryption-control/*",
            "ec2:vpn-gateway/*",
            "elasticache:*",
            "firehose:deliverystream/*",
            "lambda:function:*",
            "rds:*",
            "s3:accesspoint/*",
        ],
    ),
];

/// Whether a pattern of the table is this one: without a `*` before its end it must be the same.
fn is_explained(resource: &str) -> bool {
    let known = EXPLAINED.iter().flat_map(|(_, patterns)| *patterns);
    let mut fits = known.filter(|pattern| {
        let family = ["elasticache:*", "rds:*"].contains(pattern);
        let inner = pattern.trim_end_matches('*').contains('*');
        **pattern == resource || ((family || inner) && template::facts::iam_covers(pattern, resource))
    });
    fits.next().is_some()
}

// S6
#[test]
fn every_pattern_in_the_policies_of_our_own_stacks_is_explained() {
    let project = Project::with_config(include_str!("../../../examples/everything.yaml"));
    let mut unexplained = BTreeSet::new();
    for environment in ["prod", "everything"] {
        let command = ["iam-policy", "-e", environment, "--set", "account=123456789012", "--output", "json"];
        let written = project.run(command).json();
        let documents = written["policies"].as_array().unwrap().iter();
        let statements = documents.flat_map(|document| document["Statement"].as_array().unwrap());
        for resource in statements.flat_map(|statement| match &statement["Resource"] {
            Value::Array(all) => all.iter().collect(),
            one => vec![one],
        }) {
            // That these actions take no resource is the statement's own reason; see `--explain`.
            let resource = resource.as_str().unwrap();
            if resource == "*" || !resource.contains('*') {
                continue;
            }
            let parts: Vec<&str> = resource.splitn(6, ':').collect();
            let [_, _, service, region, account, rest] = parts[..] else { panic!("{resource}") };
            let is_placed = !region.contains('*') && !account.contains('*');
            if !is_placed || !is_explained(&format!("{service}:{rest}")) {
                unexplained.insert(resource.to_owned());
            }
        }
    }
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}
