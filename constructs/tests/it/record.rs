//! Records of a load balancer, and the health check behind them.

use constructs::{
    Alb, App, DnsHealthCheck, DomainName, FailoverRole, Record, Scope, StackOptions, Tier, Value, Vpc, cidr,
};
use insta::assert_snapshot;

use crate::{diagnostics, resource};

fn alb(s: &mut Scope<'_>) -> Alb {
    let blocks = [cidr!("10.0.1.0/24"), cidr!("10.0.2.0/24")];
    let vpc = Vpc::named("Vpc").cidr(cidr!("10.0.0.0/16")).tiers([Tier::public(blocks)]).build(s);
    Alb::named("Alb").vpc(&vpc).build(s)
}

fn name() -> DomainName {
    DomainName::new("api.docuthinker.ai").expect("a domain name")
}

#[test]
fn a_record_asks_the_load_balancer_for_its_zone() {
    // F42, C-22
    let yaml = resource("Record", |s| {
        let alb = alb(s);
        Record::named("Record").name(&name()).hosted_zone(Value::known("Z0123456789")).to(&alb).build(s);
    });
    assert_snapshot!(yaml, @"
    Record:
      Type: AWS::Route53::RecordSet
      Properties:
        Name: api.docuthinker.ai
        Type: A
        AliasTarget:
          DNSName: !GetAtt Alb.DNSName
          HostedZoneId: !GetAtt Alb.CanonicalHostedZoneID
          EvaluateTargetHealth: true
        HostedZoneId: Z0123456789
    ");
}

#[test]
fn a_primary_record_fails_over_on_what_callers_see() {
    // R216, C-23, C-24
    let yaml = resource("Record", |s| {
        let alb = alb(s);
        let check = DnsHealthCheck::named("HealthCheck").of(&alb).build(s);
        Record::named("Record")
            .name(&name())
            .hosted_zone(Value::known("Z0123456789"))
            .to(&alb)
            .failover(FailoverRole::Primary)
            .health_check(check)
            .build(s);
    });
    assert_snapshot!(yaml, @"
    Record:
      Type: AWS::Route53::RecordSet
      Properties:
        Name: api.docuthinker.ai
        Type: A
        AliasTarget:
          DNSName: !GetAtt Alb.DNSName
          HostedZoneId: !GetAtt Alb.CanonicalHostedZoneID
          EvaluateTargetHealth: true
        Failover: PRIMARY
        HealthCheckId: !Ref HealthCheck
        HostedZoneId: Z0123456789
        SetIdentifier: Primary
    ");
}

#[test]
fn a_health_check_asks_over_https() {
    let yaml = resource("HealthCheck", |s| {
        let alb = alb(s);
        DnsHealthCheck::named("HealthCheck")
            .of(&alb)
            .path("/ready")
            .interval_seconds(10)
            .threshold(2)
            .build(s);
    });
    assert_snapshot!(yaml, @"
    HealthCheck:
      Type: AWS::Route53::HealthCheck
      Properties:
        HealthCheckConfig:
          Type: HTTPS
          EnableSNI: true
          FailureThreshold: 2
          FullyQualifiedDomainName: !GetAtt Alb.DNSName
          Port: 443
          RequestInterval: 10
          ResourcePath: /ready
    ");
}

#[test]
fn what_route_53_would_refuse_is_said_at_once() {
    let found = diagnostics(|s| {
        let alb = alb(s);
        DnsHealthCheck::named("HealthCheck")
            .of(&alb)
            .path("health")
            .interval_seconds(20)
            .threshold(11)
            .build(s);
        Record::named("Record")
            .name(&name())
            .hosted_zone(Value::known("Z0123456789"))
            .to(&alb)
            .failover(FailoverRole::Primary)
            .build(s);
    });
    assert_snapshot!(found, @"
    error[DC114]: `health` is not a path that can be asked for
      at Test/HealthCheck.path (constructs/tests/it/record.rs:)

    hint: begin it with a slash, 255 characters at most

    error[DC115]: Route 53 does not check every 20 seconds
      at Test/HealthCheck.interval_seconds (constructs/tests/it/record.rs:)

    hint: choose 30, or 10 for a dollar more a month

    error[DC116]: health cannot change after 11 answers
      at Test/HealthCheck.threshold (constructs/tests/it/record.rs:)

    hint: choose from 1 to 10

    error[DC113]: nothing tells whether callers reach what the primary record leads to
      at Test/Record.health_check (constructs/tests/it/record.rs:)

    hint: give it a `DnsHealthCheck` of the same load balancer
    ");
}

#[test]
fn a_record_in_another_stack_imports_the_load_balancers_name_and_zone() {
    let mut app = App::new();
    let alb = app.with_stack(StackOptions::named("Main"), alb);
    app.with_stack(StackOptions::named("Dns"), |s| {
        Record::named("Record").name(&name()).hosted_zone(Value::known("Z0123456789")).to(&alb).build(s);
    });
    let assembly = app.synth();
    assert_eq!(assembly.diagnostics, []);
    assert_eq!(assembly.stacks[0].template.outputs.len(), 2);
    assert_eq!(assembly.stacks[1].template.to_yaml().matches("!ImportValue").count(), 2);
}
