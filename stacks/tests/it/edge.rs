//! CloudFront before the load balancer.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{refused, settings, synth, templates};

const ZONE: &str = "Z0123456789ABCDEFGHIJ";

fn edge(changes: Value) -> Value {
    let mut edge = json!({"domain": {"name": "docuthinker.ai", "hosted_zone_id": ZONE}});
    crate::support::merge(&mut edge, changes);
    json!({
        "domain": {"name": "origin.docuthinker.ai", "hosted_zone_id": ZONE},
        "edge": edge,
    })
}

#[test]
fn there_is_no_distribution_unless_it_is_asked_for() {
    // R189, C-40
    for environment in ["prod", "dr", "staging", "dev"] {
        let templates = templates(environment, json!({}));
        assert_eq!(templates.count("AWS::CloudFront::Distribution"), 0);
        assert!(templates.0.get("DocuThinkerEdge").is_none());
    }
}

#[test]
fn callers_reach_the_load_balancer_through_cloudfront() {
    // R002, C-40
    let templates = templates("prod", edge(json!({})));
    let config = &templates.properties("Distribution")["DistributionConfig"];
    assert_eq!(config["Aliases"], json!(["docuthinker.ai"]));
    assert_eq!(config["Origins"][0]["DomainName"], "origin.docuthinker.ai");
    assert_eq!(config["Origins"][0]["CustomOriginConfig"]["OriginProtocolPolicy"], "https-only");
    assert!(config["CacheBehaviors"].is_null());
    assert_eq!(config["WebACLId"], json!({"Fn::GetAtt": ["WebAcl", "Arn"]}));
    assert_eq!(templates.output("DocuThinkerEdge", "EdgeURL")["Value"], "https://docuthinker.ai");
}

#[test]
fn files_are_served_from_a_bucket_that_only_cloudfront_reads() {
    // R013, R189
    let templates = templates("prod", edge(json!({"assets": true, "assets_path": "/files/*"})));
    let config = &templates.properties("Distribution")["DistributionConfig"];
    assert_eq!(config["CacheBehaviors"][0]["PathPattern"], "/files/*");
    assert!(templates.properties("Assets")["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] == true);
    let policy = templates.properties("AssetsPolicy")["PolicyDocument"]["Statement"].to_string();
    assert!(policy.contains("cloudfront.amazonaws.com") && policy.contains("AWS:SourceArn"), "{policy}");
}

#[test]
fn the_web_acl_is_of_cloudfronts_scope_and_writes_a_log() {
    // F16
    let templates = templates("prod", edge(json!({"rate_limit": 500})));
    let acl = templates.properties("WebAcl");
    assert_eq!(acl["Scope"], "CLOUDFRONT");
    assert_eq!(acl["Rules"][0]["Statement"]["RateBasedStatement"]["Limit"], 500);
    let logs = &templates.0["DocuThinkerEdge"]["Resources"]["WafLogs"]["Properties"];
    assert_eq!(logs["LogGroupName"], "aws-waf-logs-docuthinker-edge");
}

#[test]
fn what_is_switched_off_is_not_there() {
    let templates = templates("prod", edge(json!({"waf": false, "access_logs": false})));
    let stack = &templates.0["DocuThinkerEdge"]["Resources"];
    for id in ["WebAcl", "WafLogs", "AccessLogs", "Assets", "DistributionLogDelivery"] {
        assert!(stack[id].is_null(), "{id}");
    }
    assert!(templates.properties("Distribution")["DistributionConfig"]["WebACLId"].is_null());
}

// L21
#[test]
fn the_stack_is_in_us_east_1_wherever_the_load_balancer_is() {
    let mut changes = edge(json!({"assets": true}));
    changes["region"] = json!("eu-west-1");
    let assembly = synth(&settings("prod", changes));
    let stack = assembly.stacks.iter().find(|stack| stack.id == "DocuThinkerEdge").expect("it is configured");
    assert_eq!(stack.region.as_deref(), Some("us-east-1"));
    // A value of a stack in another region cannot be imported.
    assert!(!stack.template.to_json().contains("Fn::ImportValue"));
    assert_eq!(stack.depends_on, ["DocuThinkerStack"], "callers are not sent to a region that failed");
}

#[test]
fn cloudfront_needs_a_name_for_the_load_balancer_that_is_not_its_own() {
    let mut changes = edge(json!({}));
    changes["domain"] = Value::Null;
    assert_snapshot!(refused(changes), @"
    error[DC010]: `edge` is set, but the load balancer has no name of its own, so CloudFront could reach it without TLS only
      at settings.edge

    hint: set `domain`: the load balancer's name, and the certificate for it
    ");
    assert_snapshot!(refused(edge(json!({"domain": {"name": "origin.docuthinker.ai"}}))), @"
    error[DC010]: `edge.domain.name` and `domain.name` are both `origin.docuthinker.ai`
      at settings.edge.domain.name

    hint: give CloudFront the name that callers use, and the load balancer another one: `origin.…`
    ");
}

#[test]
fn settings_that_cloudfront_refuses_are_refused_with_their_keys() {
    let changes = edge(json!({
        "domain": {"name": "*.docuthinker.ai", "hosted_zone_id": "docuthinker.ai"},
        "assets": true,
        "assets_path": "static",
        "rate_limit": 5,
        "origin_timeout_seconds": 0,
    }));
    assert_snapshot!(refused(changes), @"
    error[DC010]: `*.docuthinker.ai` stands for many names
      at settings.edge.domain.name

    hint: name one host, without `*`

    error[DC010]: `docuthinker.ai` is not the id of a hosted zone
      at settings.edge.domain.hosted_zone_id

    hint: it looks like `Z0123456789ABCDEFGHIJ`

    error[DC010]: `edge.origin_timeout_seconds` is 0 seconds
      at settings.edge.origin_timeout_seconds

    hint: choose 1 to 120

    error[DC010]: `static` is not a pattern of paths
      at settings.edge.assets_path

    hint: begin with a slash and a letter; `*` stands for anything: `/static/*`

    error[DC010]: 5 requests in five minutes is not a limit
      at settings.edge.rate_limit

    hint: choose from 10 to 2,000,000,000 requests
    ");
}
