//! What guards the front door.

use insta::assert_snapshot;

use super::network::both;

#[test]
fn a_web_acl_that_no_longer_stands_before_something_is_told() {
    let alb = "  Alb: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Scheme: internal}}\n";
    let with = |acl: &str| {
        format!(
            "{alb}  Waf: {{Type: AWS::WAFv2::WebACLAssociation, Properties: {{ResourceArn: !Ref Alb, WebACLArn: {acl}}}}}\n"
        )
    };
    assert_snapshot!(both(&with("a"), alb), @"+ Ingress: ! `Alb` is no longer guarded by a web ACL");
    assert_snapshot!(both(alb, &with("a")), @"- Ingress: ! `Alb` is now guarded by a web ACL");
    assert_snapshot!(both(&with("a"), &with("b")), @"+ Ingress: ? `Alb` gets the web ACL `b`");
    assert_eq!(both(&with("a"), &with("a").replace("Waf:", "Acl:")), "");
    // What is gone needs no guard.
    assert_eq!(both(&with("a"), "  X: {Type: AWS::SNS::Topic}\n"), "");
    let site = |acl: &str, policy: &str, version: &str| {
        format!(
            "  Cdn: {{Type: AWS::CloudFront::Distribution, Properties: {{DistributionConfig: {{{acl}DefaultCacheBehavior: {{ViewerProtocolPolicy: https-only}}, CacheBehaviors: [{{PathPattern: /a, ViewerProtocolPolicy: {policy}}}], ViewerCertificate: {{MinimumProtocolVersion: {version}}}}}}}}}\n"
        )
    };
    let guarded = site("WebACLId: acl, ", "redirect-to-https", "TLSv1.2_2021");
    let open = site("", "allow-all", "TLSv1.1_2016");
    assert_snapshot!(both(&guarded, &open), @"
    + Ingress: ! `Cdn` is no longer guarded by a web ACL
    + Ingress: `Cdn` now answers without encryption for `/a`
    + Ingress: `Cdn` now takes TLS 1.1
    ");
    assert_snapshot!(both(&open, &guarded), @"
    - Ingress: ! `Cdn` is now guarded by a web ACL
    - Ingress: `Cdn` no longer answers without encryption for `/a`
    - Ingress: `Cdn` no longer takes TLS 1.1
    ");
    let only_default =
        guarded.replace("CacheBehaviors: [{PathPattern: /a, ViewerProtocolPolicy: redirect-to-https}], ", "");
    assert_eq!(both(&guarded, &only_default), "");
    assert_snapshot!(both(&only_default, &site("WebACLId: acl, ", "allow-all", "TLSv1.2_2021")),
        @"+ Ingress: `Cdn` now answers without encryption for `/a`");
}

#[test]
fn rules_of_a_web_acl_that_block_less_are_told() {
    let acl = |default: &str, rules: &str| {
        format!(
            "  Acl: {{Type: AWS::WAFv2::WebACL, Properties: {{DefaultAction: {{{default}: {{}}}}, Rules: [{rules}]}}}}\n"
        )
    };
    let rule = |key: &str, action: &str| {
        format!(
            "{{Name: bad, Statement: {{GeoMatchStatement: {{CountryCodes: [XX]}}}}, {key}: {{{action}: {{}}}}}}"
        )
    };
    let block = rule("Action", "Block");
    assert_snapshot!(both(&acl("Block", ""), &acl("Allow", "")),
        @"+ Ingress: ! `Acl` now lets through what none of its rules blocks");
    for less in [rule("Action", "Count"), rule("OverrideAction", "Count"), String::new()] {
        assert_eq!(
            both(&acl("Allow", &block), &acl("Allow", &less)),
            "+ Ingress: rule `bad` of `Acl` no longer blocks\n"
        );
    }
    assert_eq!(
        both(&acl("Allow", &rule("OverrideAction", "None")), &acl("Allow", &rule("OverrideAction", "Count"))),
        "+ Ingress: rule `bad` of `Acl` no longer blocks\n"
    );
    assert_snapshot!(both(&acl("Allow", &rule("Action", "Count")), &acl("Allow", &block)),
        @"- Ingress: rule `bad` of `Acl` now blocks");
    assert_snapshot!(both(&acl("Allow", &block), &acl("Allow", &block.replace("XX", "YY"))),
        @"+ Ingress: ? what rule `bad` of `Acl` blocks becomes another");
    assert_snapshot!(both(&acl("Block", ""), &acl("Block", &rule("Action", "Allow"))),
        @"+ Ingress: rule `bad` of `Acl` now lets through what it fits");
    let allow = rule("Action", "Allow");
    assert_snapshot!(both(&acl("Block", &allow), &acl("Block", &allow.replace("XX", "YY"))),
        @"+ Ingress: ? what rule `bad` of `Acl` lets through becomes another");
    assert_snapshot!(both(&acl("Allow", &block), &acl("Allow", &rule("Action", "Captcha"))),
        @"+ Ingress: ? what rule `bad` of `Acl` blocks becomes another");
    assert_eq!(both("  X: {Type: AWS::SNS::Topic}\n", &acl("Allow", "")), "", "a new one takes nothing away");
}

#[test]
fn a_web_acl_that_stands_there_only_in_some_cases_is_told() {
    let stack = |associations: &[[&str; 3]]| {
        let each = associations.iter().map(|[id, condition, acl]| {
            let condition = if condition.is_empty() { String::new() } else { format!("Condition: {condition}, ") };
            format!(
                "  {id}: {{Type: AWS::WAFv2::WebACLAssociation, {condition}Properties: {{ResourceArn: arn, WebACLArn: {acl}}}}}\n"
            )
        });
        each.collect::<String>()
    };
    let always = stack(&[["A", "", "a"]]);
    let sometimes = stack(&[["A", "Prod", "a"]]);
    assert_snapshot!(both(&always, &sometimes), @"+ Ingress: ! `arn` is no longer guarded by a web ACL in every case");
    assert_snapshot!(both(&sometimes, &always), @"- Ingress: ! `arn` is now guarded by a web ACL in every case");
    assert_snapshot!(both(&sometimes, &stack(&[["A", "Other", "a"]])),
        @"+ Ingress: ? `arn` is no longer guarded by a web ACL in every case");
    let split = always.replace("arn", "!If [Prod, arn, arn]");
    assert_eq!(both(&always, &split), "", "there in both cases");
    assert_eq!(both(&split, &always), "");
    let other = always.replace("WebACLArn: a", "WebACLArn: b").replace("A:", "B:");
    assert_eq!(both(&always, &format!("{always}{other}")), "");
    let site = |acl: &str| {
        format!(
            "  Cdn: {{Type: AWS::CloudFront::Distribution, Properties: {{DistributionConfig: {{WebACLId: {acl}}}}}}}\n"
        )
    };
    assert_snapshot!(both(&site("a"), &site("!If [Prod, a, !Ref AWS::NoValue]")),
        @"+ Ingress: ? `Cdn` gets another web ACL, or in some cases none");
}

#[test]
fn what_a_guard_is_called_may_be_an_expression_or_stand_in_two_branches() {
    let task = |containers: &str| {
        format!(
            "  Task: {{Type: AWS::ECS::TaskDefinition, Properties: {{ContainerDefinitions: {containers}}}}}\n"
        )
    };
    let named = |more: &str| task(&format!("[{{Name: !Sub '${{Env}}-app', User: '7'{more}}}]"));
    assert_snapshot!(both(&named(""), &named(", Privileged: true")),
        @"+ Permission: container `${Env}-app` of `Task` is now privileged: it may do on its host what root may");
    assert_snapshot!(both(&named(""), &named(", Privileged: !Ref P")),
        @"+ Permission: ? the template does not say whether container `${Env}-app` of `Task` is privileged");
    let plain = "{Name: app, User: '7'}";
    let open = "{Name: app, User: '7', Privileged: true}";
    for branches in [[plain, open], [open, plain]] {
        let [yes, no] = branches;
        let both = both(&task(&format!("[{plain}]")), &task(&format!("[!If [Prod, {yes}, {no}]]")));
        assert!(both.contains("is now privileged"), "{both}");
    }
}

fn listener(properties: &str, actions: &str) -> String {
    format!(
        "  Web: {{Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {{{properties}, DefaultActions: [{actions}]}}}}\n"
    )
}

const FORWARD: &str = "{Type: forward, TargetGroupArn: t}";
const REDIRECT: &str = "{Type: redirect, RedirectConfig: {Protocol: HTTPS, StatusCode: HTTP_301}}";

#[test]
fn a_listener_that_asks_for_less_is_told() {
    let signed = format!("{{Type: authenticate-cognito}}, {FORWARD}");
    let https = listener("Protocol: HTTPS, SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06", FORWARD);
    let with_sign_in = https.replace(FORWARD, &signed);
    assert_snapshot!(both(&with_sign_in, &https), @"+ Ingress: ! `Web` no longer asks who comes to sign in");
    assert_snapshot!(both(&https, &with_sign_in), @"- Ingress: ! `Web` now asks who comes to sign in");
    assert_eq!(both(&with_sign_in, &https.replace(FORWARD, "{Type: fixed-response}")), "");
    assert_snapshot!(both(&https, &listener("Protocol: HTTP", FORWARD)),
        @"+ Ingress: `Web` no longer asks for encryption");
    assert_snapshot!(both(&listener("Protocol: HTTP", REDIRECT), &listener("Protocol: HTTP", FORWARD)),
        @"+ Ingress: `Web` no longer asks for encryption");
    assert_eq!(both(&https, &listener("Protocol: HTTP", REDIRECT)), "");
    let older = https.replace("TLS13-1-2-2021-06", "2016-08");
    assert_snapshot!(both(&https, &older), @"+ Ingress: `Web` now takes TLS 1.0");
    assert_snapshot!(both(&older, &https), @"- Ingress: `Web` no longer takes TLS 1.0");
    assert_eq!(both(&https, &https.replace("TLS13-1-2-2021-06", "TLS13-1-2-Res-2021-06")), "");
    assert_snapshot!(both(&https, &https.replace("ELBSecurityPolicy-TLS13-1-2-2021-06", "!Ref Policy")),
        @"+ Ingress: ? `Web` gets another policy of TLS, which may take older versions");
    let by_parameter = https.replace("ELBSecurityPolicy-TLS13-1-2-2021-06", "!Ref Policy");
    assert_snapshot!(both(&by_parameter, &older),
        @"+ Ingress: ? `Web` gets another policy of TLS, which may take older versions");
    assert_eq!(both(&by_parameter, &https.replace("TLS13-1-2-2021-06", "TLS13-1-3-2021-06")), "");
    let rule = |actions: &str| {
        format!(
            "  Rule: {{Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {{ListenerArn: l, Actions: [{actions}]}}}}\n"
        )
    };
    assert_snapshot!(both(&rule(&signed), &rule(FORWARD)), @"+ Ingress: ! `Rule` no longer asks who comes to sign in");
}

#[test]
fn what_containers_may_and_keys_and_recording_are_told() {
    let task = |container: &str| {
        format!(
            "  Task: {{Type: AWS::ECS::TaskDefinition, Properties: {{ContainerDefinitions: [{{Name: app{container}}}]}}}}\n"
        )
    };
    let (plain, root) = (task(", User: '1000'"), task(", Privileged: true, User: 'root:root'"));
    assert_snapshot!(both(&plain, &root), @"
    + Permission: container `app` of `Task` is now privileged: it may do on its host what root may
    + Permission: container `app` of `Task` now runs as root
    ");
    assert_snapshot!(both(&root, &plain), @"
    - Permission: container `app` of `Task` is no longer privileged
    - Permission: container `app` of `Task` no longer runs as root
    ");
    let none = "  X: {Type: AWS::SNS::Topic}\n";
    assert_snapshot!(both(none, &task(", Privileged: true")),
        @"+ Permission: container `app` of `Task` is now privileged: it may do on its host what root may");
    let key = format!("{none}  Key: {{Type: AWS::IAM::AccessKey, Properties: {{UserName: ann}}}}\n");
    assert_snapshot!(both(none, &key), @"+ Permission: `Key` is a new access key of `ann`");
    assert_eq!(both(&key, none), "");
    let service =
        |on: &str| format!("  S: {{Type: AWS::ECS::Service, Properties: {{EnableExecuteCommand: {on}}}}}\n");
    assert_snapshot!(both(&service("false"), &service("true")),
        @"+ Permission: `S` now lets commands be run in its containers");
    let trail =
        |on: &str| format!("  T: {{Type: AWS::CloudTrail::Trail, Properties: {{IsLogging: {on}}}}}\n");
    assert_snapshot!(both(&trail("true"), &trail("false")), @"+ Permission: `T` now records nothing");
    assert_snapshot!(both(&trail("false"), &trail("true")), @"- Permission: `T` no longer records nothing");
}
