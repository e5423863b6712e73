//! Web ACLs: rules, logging, and what they may protect.

use constructs::{
    Alb, App, Cidr, LogGroup, ManagedRules, RateLimit, Scope, StackOptions, Tier, Vpc, WebAcl, WebAclScope,
    cidr,
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use template::Template;

use crate::{diagnostics, resource, template, text};

fn alb(s: &mut Scope<'_>) -> Alb {
    let blocks: [Cidr; 2] = [cidr!("10.0.1.0/24"), cidr!("10.0.2.0/24")];
    let vpc = Vpc::named("Vpc").cidr(cidr!("10.0.0.0/16")).tiers([Tier::public(blocks)]).build(s);
    Alb::named("Alb").vpc(&vpc).build(s)
}

fn properties(template: &Template, id: &str) -> Value {
    serde_json::to_value(&template.resources[id].properties).expect("properties are JSON")
}

#[test]
fn a_web_acl_lets_through_what_no_rule_blocks() {
    // R184, F16, F17
    let yaml = resource("Waf", |s| {
        let acl = WebAcl::named("Waf")
            .scope(WebAclScope::Regional)
            .name("docuthinker-waf")
            .managed_rules([ManagedRules::Common])
            .rate_limit(RateLimit::by_address(2000))
            .build(s);
        let alb = alb(s);
        acl.associate(s, &alb);
    });
    assert_snapshot!(yaml, @"
    Waf:
      Type: AWS::WAFv2::WebACL
      Properties:
        DefaultAction:
          Allow: {}
        Scope: REGIONAL
        VisibilityConfig:
          CloudWatchMetricsEnabled: true
          MetricName: docuthinker-waf
          SampledRequestsEnabled: true
        Name: docuthinker-waf
        Rules:
          - Name: RateLimit
            Priority: 0
            Statement:
              RateBasedStatement:
                AggregateKeyType: IP
                Limit: 2000
                EvaluationWindowSec: 300
            VisibilityConfig:
              CloudWatchMetricsEnabled: true
              MetricName: RateLimit
              SampledRequestsEnabled: true
            Action:
              Block: {}
          - Name: CommonRuleSet
            Priority: 1
            Statement:
              ManagedRuleGroupStatement:
                Name: AWSManagedRulesCommonRuleSet
                VendorName: AWS
                RuleActionOverrides:
                  - ActionToUse:
                      Count: {}
                    Name: SizeRestrictions_BODY
            VisibilityConfig:
              CloudWatchMetricsEnabled: true
              MetricName: CommonRuleSet
              SampledRequestsEnabled: true
            OverrideAction:
              None: {}
    ");
}

#[test]
fn an_association_names_the_load_balancer() {
    let yaml = resource("WafAssociation", |s| {
        let acl = WebAcl::named("Waf").scope(WebAclScope::Regional).build(s);
        let alb = alb(s);
        acl.associate(s, &alb);
    });
    assert_snapshot!(yaml, @"
    WafAssociation:
      Type: AWS::WAFv2::WebACLAssociation
      Properties:
        ResourceArn: !Ref Alb
        WebACLArn: !GetAtt Waf.Arn
    ");
}

#[test]
fn logs_have_no_credentials_in_them() {
    let yaml = resource("WafLogging", |s| {
        let group = LogGroup::named("Logs").name("aws-waf-logs-docuthinker").build(s);
        let acl = WebAcl::named("Waf").scope(WebAclScope::Regional).log_to(group).build(s);
        let alb = alb(s);
        acl.associate(s, &alb);
    });
    assert_snapshot!(yaml, @"
    WafLogging:
      Type: AWS::WAFv2::LoggingConfiguration
      Properties:
        LogDestinationConfigs:
          - !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Logs}
        ResourceArn: !GetAtt Waf.Arn
        LoggingFilter:
          DefaultBehavior: DROP
          Filters:
            - Behavior: KEEP
              Conditions:
                - ActionCondition:
                    Action: BLOCK
                - ActionCondition:
                    Action: COUNT
                - ActionCondition:
                    Action: EXCLUDED_AS_COUNT
              Requirement: MEETS_ANY
        RedactedFields:
          - SingleHeader:
              Name: authorization
          - SingleHeader:
              Name: cookie
    ");
}

#[test]
fn priorities_stay_when_a_rate_limit_is_added() {
    let rules = |limit: Option<RateLimit>| {
        let template = template(|s| {
            WebAcl::named("Waf").scope(WebAclScope::CloudFront).maybe_rate_limit(limit).build(s);
        });
        let rules = properties(&template, "Waf")["Rules"].as_array().unwrap().clone();
        rules.into_iter().map(|rule| (rule["Priority"].clone(), rule["Name"].clone())).collect::<Vec<_>>()
    };
    let (without, with) = (rules(None), rules(Some(RateLimit::by_address(10))));
    assert_eq!(with[0], (json!(0), json!("RateLimit")));
    assert_eq!(with[1..], without[..]);
    assert_eq!(without.last(), Some(&(json!(3), json!("KnownBadInputsRuleSet"))));
}

#[test]
fn behind_a_proxy_callers_are_told_apart_by_header() {
    let template = template(|s| {
        WebAcl::named("Waf")
            .scope(WebAclScope::CloudFront)
            .rate_limit(RateLimit::by_forwarded_address(100))
            .build(s);
    });
    let statement = &properties(&template, "Waf")["Rules"][0]["Statement"]["RateBasedStatement"];
    assert_eq!(statement["AggregateKeyType"], "FORWARDED_IP");
    assert_eq!(statement["ForwardedIPConfig"]["HeaderName"], "X-Forwarded-For");
}

#[test]
fn what_a_web_acl_cannot_be_is_said_at_once() {
    let found = diagnostics(|s| {
        let group = LogGroup::named("Logs").name("/waf").build(s);
        WebAcl::named("Waf")
            .scope(WebAclScope::Regional)
            .name("docuthinker waf")
            .managed_rules([ManagedRules::Linux, ManagedRules::Linux])
            .counted([(ManagedRules::Common, "NoUserAgent_HEADER".to_owned())])
            .rate_limit(RateLimit::by_address(9))
            .log_to(group)
            .build(s);
    });
    assert_snapshot!(found, @"
    error[DC101]: the web ACL protects nothing
      at Test/Waf (constructs/tests/it/web_acl.rs:)

    hint: associate it with a load balancer, or leave it out

    error[DC102]: `docuthinker waf` is not the name of a web ACL
      at Test/Waf.name (constructs/tests/it/web_acl.rs:)

    hint: use letters, digits, `-` and `_`, 128 characters at most

    error[DC104]: 9 requests in five minutes is not a limit
      at Test/Waf.rate_limit (constructs/tests/it/web_acl.rs:)

    hint: choose from 10 to 2,000,000,000 requests

    error[DC105]: `NoUserAgent_HEADER` is to be counted, but its group CommonRuleSet is not used
      at Test/Waf.counted (constructs/tests/it/web_acl.rs:)

    hint: add the group to the managed rules, or leave the rule out

    error[DC106]: the managed rules LinuxRuleSet are named twice
      at Test/Waf.managed_rules (constructs/tests/it/web_acl.rs:)

    hint: name each group once

    error[DC108]: WAF writes to no log group named `/waf`
      at Test/Waf.log_to (constructs/tests/it/web_acl.rs:)

    hint: begin the name of the log group with `aws-waf-logs-`
    ");
}

#[test]
fn a_web_acl_for_cloudfront_is_made_in_us_east_1_and_protects_no_load_balancer() {
    // F16
    let in_region = |region: &str| {
        let mut app = App::new();
        let options = StackOptions { region: Some(region.to_owned()), ..StackOptions::named("Test") };
        app.with_stack(options, |s| {
            let acl = WebAcl::named("Waf").scope(WebAclScope::CloudFront).build(s);
            if region != "us-east-1" {
                let alb = alb(s);
                acl.associate(s, &alb);
            }
        });
        text(&app.synth())
    };
    assert_eq!(in_region("us-east-1"), "");
    assert_snapshot!(in_region("us-west-2"), @"
    error[DC103]: a web ACL for CloudFront cannot be made in us-west-2
      at Test/Waf.scope (constructs/tests/it/web_acl.rs:)

    hint: put it into a stack in us-east-1, or protect the load balancer with a regional one

    error[DC107]: a web ACL for CloudFront cannot protect a load balancer
      at Test/Waf.scope (constructs/tests/it/web_acl.rs:)

    hint: make another one with the scope `Regional`
    ");
}
