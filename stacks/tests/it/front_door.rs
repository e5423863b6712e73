//! What stands between callers and services: access logs, firewall, certificate, records, paths and hosts.

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Templates, refused, settings, synth, templates};

/// The settings of a domain whose records and certificate are ours to make.
fn domain() -> Value {
    json!({
        "name": "api.docuthinker.ai",
        "hosted_zone_id": "Z0123456789",
        "alternative_names": ["*.api.docuthinker.ai"],
    })
}

fn output(templates: &Templates, name: &str) -> Value {
    templates.output("DocuThinkerStack", name)["Value"].clone()
}

#[test]
fn requests_are_recorded_for_as_long_as_logs_are_kept() {
    // R082, R289, C-42
    let prod = templates("prod", json!({"logs": {"retention_days": 90}}));
    let attributes = prod.properties("Alb")["LoadBalancerAttributes"].as_array().expect("a list").clone();
    assert!(attributes.contains(&json!({"Key": "access_logs.s3.enabled", "Value": "true"})));
    assert_eq!(prod.properties("AccessLogs")["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"], 90);
    assert_eq!(prod.0["DocuThinkerStack"]["Resources"]["AccessLogs"]["DeletionPolicy"], "Retain");
    assert_eq!(output(&prod, "AccessLogsBucket"), json!({"Ref": "AccessLogs"}));
    let without = templates("prod", json!({"load_balancer": {"access_logs": false}}));
    assert_eq!(without.count("AWS::S3::Bucket"), 0);
}

#[test]
fn a_firewall_stands_before_the_load_balancer() {
    // R184, R357, F16, F17
    let prod = templates("prod", json!({}));
    let waf = prod.properties("Waf");
    assert_eq!((&waf["Name"], &waf["Scope"]), (&json!("docuthinker-waf"), &json!("REGIONAL")));
    assert_eq!(prod.properties("WafAssociation")["ResourceArn"], json!({"Ref": "Alb"}));
    assert_eq!(prod.properties("WafLogs")["LogGroupName"], "aws-waf-logs-docuthinker");
    let redacted = prod.properties("WafLogging")["RedactedFields"].to_string();
    assert!(redacted.contains("authorization") && redacted.contains("cookie"), "{redacted}");
}

#[test]
fn documents_of_any_size_pass_the_firewall() {
    let counted = |templates: &Templates| {
        let rules = templates.properties("Waf")["Rules"].to_string();
        rules.contains("SizeRestrictions_BODY")
    };
    assert!(counted(&templates("prod", json!({}))));
    let strict = json!({"load_balancer": {"waf": {"counted_rules": {"common": []}}}});
    assert!(!counted(&templates("prod", strict)));
    // A rule whose group is not used is no mistake: the default names one.
    let limit_only = json!({"load_balancer": {"waf": {"managed_rules": []}}});
    assert_eq!(templates("prod", limit_only).properties("Waf")["Rules"].as_array().map(Vec::len), Some(1));
}

#[test]
fn development_has_neither_firewall_nor_access_logs() {
    let dev = templates("dev", json!({}));
    assert_eq!((dev.count("AWS::WAFv2::WebACL"), dev.count("AWS::S3::Bucket")), (0, 0));
    let staging = templates("staging", json!({}));
    assert_eq!(staging.properties("Waf")["Name"], "docuthinker-staging-waf");
}

#[test]
fn the_firewall_is_what_the_settings_say() {
    let waf = json!({
        "rate_limit": 100,
        "managed_rules": ["common", "sql_injection"],
        "counted_rules": {"sql_injection": ["SQLi_BODY"]},
        "logging": "everything",
    });
    let prod = templates("prod", json!({"load_balancer": {"waf": waf}}));
    let rules = &prod.properties("Waf")["Rules"];
    let names: Vec<&Value> = rules.as_array().expect("a list").iter().map(|rule| &rule["Name"]).collect();
    assert_eq!(names, ["RateLimit", "CommonRuleSet", "SQLiRuleSet"]);
    assert_eq!(rules[0]["Statement"]["RateBasedStatement"]["Limit"], 100);
    assert!(rules[2].to_string().contains("SQLi_BODY"));
    assert!(prod.properties("WafLogging").get("LoggingFilter").is_none());
    let silent =
        templates("prod", json!({"load_balancer": {"waf": {"logging": "none", "rate_limit": null}}}));
    assert_eq!(silent.count("AWS::WAFv2::LoggingConfiguration"), 0);
    assert_eq!(silent.properties("Waf")["Rules"][0]["Name"], "AmazonIpReputationList");
    let off = templates("prod", json!({"load_balancer": {"waf": {"enabled": false}}}));
    assert_eq!(off.count("AWS::WAFv2::WebACL"), 0);
}

#[test]
fn a_domain_with_a_zone_has_a_certificate_and_a_record() {
    // R078, R083, R187, R188, R285, R286, C-22, C-23, C-38
    let prod = templates("prod", json!({"domain": domain()}));
    let certificate = prod.properties("Certificate");
    assert_eq!(certificate["DomainName"], "api.docuthinker.ai");
    assert_eq!(certificate["SubjectAlternativeNames"], json!(["*.api.docuthinker.ai"]));
    assert_eq!(certificate["DomainValidationOptions"][0]["HostedZoneId"], "Z0123456789");
    for id in ["AlbListener443", "AlbListener8080"] {
        assert_eq!(prod.properties(id)["Certificates"], json!([{"CertificateArn": {"Ref": "Certificate"}}]));
    }
    assert_eq!(prod.properties("AlbListener80")["DefaultActions"][0]["Type"], "redirect");
    let target = &prod.properties("Record")["AliasTarget"];
    assert_eq!(target["HostedZoneId"], json!({"Fn::GetAtt": ["Alb", "CanonicalHostedZoneID"]}));
    assert!(prod.properties("Record").get("Failover").is_none());
    assert_eq!(output(&prod, "BackendURL"), "https://api.docuthinker.ai");
    assert_eq!(output(&prod, "AIMLURL"), "https://api.docuthinker.ai:8080");
}

#[test]
fn a_certificate_that_exists_is_used_for_the_domain() {
    let arn = "arn:aws:acm:us-east-1:123456789012:certificate/1";
    let named = |domain: Value| {
        templates("prod", json!({"domain": domain, "load_balancer": {"certificate_arn": arn}}))
    };
    let zone = named(json!({"name": "api.docuthinker.ai", "hosted_zone_id": "Z0123456789"}));
    assert_eq!(zone.properties("AlbListener443")["Certificates"], json!([{"CertificateArn": arn}]));
    assert_eq!(
        (zone.count("AWS::CertificateManager::Certificate"), zone.count("AWS::Route53::RecordSet")),
        (0, 1)
    );
    let elsewhere = named(json!({"name": "api.docuthinker.ai"}));
    assert_eq!(elsewhere.count("AWS::Route53::RecordSet"), 0);
    assert_eq!(output(&elsewhere, "BackendURL"), "https://api.docuthinker.ai");
}

#[test]
fn two_regions_share_a_name() {
    // R216, R217, F42, C-22, C-24
    for (environment, role, set) in [("prod", "primary", "Primary"), ("dr", "secondary", "Secondary")] {
        let region = templates(environment, json!({"domain": domain(), "failover": role}));
        let dns = &region.0["DocuThinkerDns"]["Resources"];
        let record = &dns["Record"]["Properties"];
        assert_eq!(record["Name"], "api.docuthinker.ai");
        assert_eq!(
            (&record["SetIdentifier"], &record["Failover"]),
            (&json!(set), &json!(role.to_uppercase()))
        );
        assert_eq!(record["AliasTarget"]["EvaluateTargetHealth"], true);
        assert!(record["AliasTarget"]["HostedZoneId"].get("Fn::ImportValue").is_some(), "{record}");
        assert_eq!(record["HealthCheckId"], json!({"Ref": "HealthCheck"}));
        let check = &dns["HealthCheck"]["Properties"]["HealthCheckConfig"];
        assert_eq!((&check["Type"], &check["ResourcePath"]), (&json!("HTTPS"), &json!("/health")));
        assert!(region.0["DocuThinkerStack"]["Resources"].get("Record").is_none());
    }
    assert!(templates("prod", json!({"domain": domain()})).0.get("DocuThinkerDns").is_none());
}

#[test]
fn the_second_stack_of_a_name_comes_last_and_in_the_same_region() {
    let assembly = synth(&settings("dr", json!({"domain": domain(), "failover": "secondary"})));
    let stacks: Vec<(&str, Option<&str>)> =
        assembly.stacks.iter().map(|stack| (stack.id.as_str(), stack.region.as_deref())).collect();
    assert_eq!(stacks[1..], [("DocuThinkerStack", Some("us-west-2")), ("DocuThinkerDns", Some("us-west-2"))]);
}

#[test]
fn paths_lead_to_the_ai_ml_service_without_a_port_of_its_own() {
    // C-03, C-04
    let prod = templates("prod", json!({"load_balancer": {"ai_ml_paths": ["/ai/*", "/embeddings"]}}));
    let rule = prod.properties("AlbListener80Rule1");
    assert_eq!(rule["Conditions"][0]["PathPatternConfig"]["Values"], json!(["/ai/*", "/embeddings"]));
    assert_eq!(rule["Actions"][0]["TargetGroupArn"], json!({"Ref": "AiMlTargetGroup"}));
    assert_eq!(prod.count("AWS::ElasticLoadBalancingV2::Listener"), 1);
    assert!(prod.0["DocuThinkerStack"]["Resources"].get("AlbSecurityGroupFromAnywherePort8080").is_none());
    assert_eq!(output(&prod, "AIMLURL"), json!({"Fn::Sub": "http://${Alb.DNSName}/ai"}));
}

#[test]
fn hosts_lead_to_the_ai_ml_service_and_get_a_record() {
    let hosts = json!({"ai_ml_hosts": ["ai.api.docuthinker.ai"], "ai_ml_paths": ["/ai/*"]});
    let prod = templates("prod", json!({"domain": domain(), "load_balancer": hosts}));
    let rule = prod.properties("AlbListener443Rule2");
    assert_eq!(rule["Conditions"][0]["HostHeaderConfig"]["Values"], json!(["ai.api.docuthinker.ai"]));
    assert_eq!(prod.properties("Recordaiapidocuthinkerai")["Name"], "ai.api.docuthinker.ai");
    assert_eq!(output(&prod, "AIMLURL"), "https://ai.api.docuthinker.ai");
}

#[test]
fn without_a_certificate_everything_is_plain_http() {
    let prod = synth(&settings("prod", json!({})));
    assert_eq!(prod.diagnostics, []);
    let prod = templates("prod", json!({}));
    assert_eq!(prod.properties("AlbListener80")["DefaultActions"][0]["Type"], "forward");
    assert_eq!(prod.count("AWS::Route53::RecordSet"), 0);
}

#[test]
fn network_acls_let_in_the_listeners() {
    // R183
    let ports = |changes: Value| {
        let mut changes = changes;
        changes["network"] = json!({"network_acls": true});
        let prod = templates("prod", changes);
        let resources = prod.0["DocuThinkerStack"]["Resources"].as_object().expect("resources").clone();
        let open = resources.keys().filter_map(|id| id.strip_prefix("NetworkAclsPublicInPort"));
        open.map(|port| port.parse::<u16>().expect("a port")).collect::<Vec<_>>()
    };
    assert_eq!(ports(json!({})), [80, 8080]);
    assert_eq!(ports(json!({"domain": domain()})), [80, 443, 8080]);
    assert_eq!(ports(json!({"load_balancer": {"ai_ml_paths": ["/ai/*"]}})), [80]);
    let off = templates("prod", json!({}));
    assert_eq!(off.count("AWS::EC2::NetworkAcl"), 0);
}

#[test]
fn the_default_network_serves_with_public_subnets_only() {
    // R027, C-39
    let existing = json!({"vpc_id": "vpc-1", "public_subnets": ["subnet-1", "subnet-2"]});
    let dev = templates("dev", json!({"network": {"mode": "public", "existing": existing}}));
    assert_eq!((dev.count("AWS::EC2::VPC"), dev.count("AWS::EC2::Subnet")), (0, 0));
    assert_eq!(dev.properties("Alb")["Subnets"], json!(["subnet-1", "subnet-2"]));
    let network = &dev.properties("BackendService")["NetworkConfiguration"]["AwsvpcConfiguration"];
    assert_eq!(network["Subnets"], json!(["subnet-1", "subnet-2"]));
    assert_eq!(network["AssignPublicIp"], "ENABLED");
    assert_eq!(dev.properties("BackendTargetGroup")["VpcId"], "vpc-1");
    assert_eq!(dev.count("AWS::EFS::MountTarget"), 2);
}

#[test]
fn a_domain_needs_a_zone_or_a_certificate() {
    assert_snapshot!(refused(json!({"domain": {"name": "api.docuthinker.ai"}})), @"
    error[DC010]: `domain.name` is api.docuthinker.ai, but neither `domain.hosted_zone_id` nor `load_balancer.certificate_arn` is set
      at settings.domain.hosted_zone_id

    hint: name the hosted zone, in which a certificate is validated, or a certificate that exists
    ");
}

#[test]
fn alternative_names_are_for_a_certificate_that_is_made() {
    let arn = "arn:aws:acm:us-east-1:123456789012:certificate/1";
    let changes = json!({"domain": domain(), "load_balancer": {"certificate_arn": arn}});
    assert_snapshot!(refused(changes), @"
    error[DC010]: `domain.alternative_names` are for a certificate that is made, but `load_balancer.certificate_arn` names one that exists
      at settings.domain.alternative_names

    hint: leave one of the two out
    ");
}

#[test]
fn failing_over_needs_a_name_and_a_zone() {
    assert_snapshot!(refused(json!({"failover": "primary"})), @"
    error[DC010]: `failover` is primary, but `domain` is not set
      at settings.failover

    hint: give both regions the same `domain`, or leave `failover` out
    ");
    let arn = "arn:aws:acm:us-east-1:123456789012:certificate/1";
    let changes = json!({
        "failover": "secondary",
        "domain": {"name": "api.docuthinker.ai"},
        "load_balancer": {"certificate_arn": arn},
    });
    assert_snapshot!(refused(changes), @"
    error[DC010]: `failover` is secondary, but `domain.hosted_zone_id` is not set
      at settings.failover

    hint: name the hosted zone, in which the two regions' records are made, or leave `failover` out
    ");
}

#[test]
fn names_that_cannot_be_are_refused_at_once() {
    let names = json!({
        "name": "*.docuthinker.ai",
        "hosted_zone_id": "docuthinker.ai",
        "alternative_names": ["docuthinker", "a.docuthinker.ai", "a.docuthinker.ai"],
    });
    assert_snapshot!(refused(json!({"domain": names})), @"
    error[DC010]: `docuthinker.ai` is not the id of a hosted zone
      at settings.domain.hosted_zone_id

    hint: it looks like `Z0123456789ABCDEFGHIJ`

    error[DC010]: `*.docuthinker.ai` is not one name
      at settings.domain.name

    hint: name one under which callers come, and the wildcard in `domain.alternative_names`

    error[DC010]: `docuthinker` is not a domain name
      at settings.domain.alternative_names

    hint: it looks like `api.example.com` or `*.example.com`

    error[DC010]: `a.docuthinker.ai` is named twice
      at settings.domain.alternative_names

    hint: name it once
    ");
    let long = json!({"name": format!("{}.docuthinker.ai", "a".repeat(60)), "hosted_zone_id": "Z0123456789"});
    assert_snapshot!(refused(json!({"domain": long})), @"
    error[DC010]: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.docuthinker.ai` has 75 characters
      at settings.domain.name

    hint: a certificate's first name has 64 at most
    ");
}

#[test]
fn hosts_and_paths_leave_the_backend_its_own() {
    let changes = json!({
        "domain": domain(),
        "load_balancer": {
            "ai_ml_hosts": ["api.docuthinker.ai", "ai.docuthinker.ai", "b..c"],
            "ai_ml_paths": ["/*", "ai", "/1", "/2", "/3", "/4"],
        },
    });
    assert_snapshot!(refused(changes), @r#"
    error[DC010]: `ai` is not a path
      at settings.load_balancer.ai_ml_paths

    hint: begin with a slash, and use letters, digits and _-.$/~"'@:+&, `*` for any text, `?` for any character

    error[DC010]: `/*` leaves nothing to the backend
      at settings.load_balancer.ai_ml_paths

    hint: name the paths of the AI and machine-learning service, for example `/ai/*`

    error[DC010]: 6 paths are more than a rule takes
      at settings.load_balancer.ai_ml_paths

    hint: name 5 at most, with `*` for what they have in common

    error[DC010]: `b..c` is not a domain name
      at settings.load_balancer.ai_ml_hosts

    hint: it looks like `api.example.com` or `*.example.com`

    error[DC010]: `api.docuthinker.ai` would take the name in `domain.name` from the backend
      at settings.load_balancer.ai_ml_hosts

    hint: name another one, for example one below it

    error[DC010]: the certificate is not for `ai.docuthinker.ai`
      at settings.load_balancer.ai_ml_hosts

    hint: add it to `domain.alternative_names`
    "#);
    let hosts: Vec<String> = (1..=6).map(|number| format!("ai{number}.docuthinker.ai")).collect();
    assert_snapshot!(refused(json!({"load_balancer": {"ai_ml_hosts": hosts}})), @"
    error[DC010]: 6 names are more than a rule takes
      at settings.load_balancer.ai_ml_hosts

    hint: name 5 at most
    ");
}

#[test]
fn a_firewall_has_rules() {
    let waf = |waf: Value| refused(json!({"load_balancer": {"waf": waf}}));
    assert_snapshot!(waf(json!({"rate_limit": 9, "managed_rules": ["linux", "linux"]})), @"
    error[DC010]: a group of rules is named twice
      at settings.load_balancer.waf.managed_rules

    hint: name each group once

    error[DC010]: 9 requests in five minutes is not a limit
      at settings.load_balancer.waf.rate_limit

    hint: choose from 10 to 2,000,000,000, or `null` for none
    ");
    assert_snapshot!(waf(json!({"rate_limit": null, "managed_rules": []})), @"
    error[DC010]: the firewall has no rules
      at settings.load_balancer.waf.managed_rules

    hint: name a group, give a limit, or switch `load_balancer.waf.enabled` off
    ");
    assert_eq!(waf(json!({"enabled": false, "rate_limit": 9})), "");
}

#[test]
fn an_existing_network_keeps_its_own_acls() {
    let existing = json!({"vpc_id": "vpc-1", "public_subnets": ["s-1", "s-2"]});
    let network = json!({"mode": "public", "network_acls": true, "existing": existing});
    assert_snapshot!(refused(json!({"network": network})), @"
    error[DC010]: `network.network_acls` is on, but `network.existing` names a network that has its own
      at settings.network.network_acls

    hint: make the network ACLs where the network is made, or leave `network.existing` out
    ");
}

fn doors() -> impl Strategy<Value = Value> {
    let hosts = prop::sample::subsequence(vec!["ai.api.docuthinker.ai", "ml.api.docuthinker.ai"], 0..=2);
    let paths = prop::sample::subsequence(vec!["/ai/*", "/ml/*", "/v?/embed"], 0..=3);
    let groups = prop::sample::subsequence(
        vec![
            "common",
            "known_bad_inputs",
            "sql_injection",
            "ip_reputation",
            "anonymous_ip",
            "linux",
            "posix",
        ],
        1..=7,
    );
    let logging = prop::sample::select(vec!["none", "matched", "everything"]);
    let failover = prop::option::of(prop::sample::select(vec!["primary", "secondary"]));
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (hosts, paths, groups, logging, failover, flags, prop::option::of(10_u32..=2_000_000_000)).prop_map(
        |(hosts, paths, groups, logging, failover, (domain_too, acls, waf), limit)| {
            let waf =
                json!({"enabled": waf, "rate_limit": limit, "managed_rules": groups, "logging": logging});
            json!({
                "network": {"network_acls": acls},
                "domain": if domain_too { domain() } else { Value::Null },
                "failover": if domain_too { json!(failover) } else { Value::Null },
                "load_balancer": {"ai_ml_hosts": hosts, "ai_ml_paths": paths, "waf": waf},
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_front_door_gives_clean_templates(changes in doors()) {
        let assembly = synth(&settings("prod", changes));
        prop_assert!(!assembly.has_errors(), "{:?}", assembly.diagnostics);
        for stack in &assembly.stacks {
            let findings: Vec<String> =
                stack.template.check().iter().map(|finding| format!("{}: {}", finding.path, finding.message)).collect();
            prop_assert!(findings.is_empty(), "{}: {}", stack.name, findings.join("\n"));
            prop_assert!(stack.template.graph().cycles().is_empty());
        }
    }
}
