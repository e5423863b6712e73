//! Access logs of a load balancer.

use constructs::{Alb, Bucket, Scope, Tier, Value, Vpc, cidr};
use insta::assert_snapshot;

use crate::{diagnostics, resource, template};

fn alb(s: &mut Scope<'_>) -> Alb {
    let blocks = [cidr!("10.0.1.0/24"), cidr!("10.0.2.0/24")];
    let vpc = Vpc::named("Vpc").cidr(cidr!("10.0.0.0/16")).tiers([Tier::public(blocks)]).build(s);
    Alb::named("Alb").vpc(&vpc).build(s)
}

fn logged(s: &mut Scope<'_>) {
    let alb = alb(s);
    let bucket = Bucket::named("Logs").build(s);
    alb.write_access_logs(s, bucket, "alb");
}

#[test]
fn a_load_balancer_writes_below_its_prefix_and_nowhere_else() {
    // R082, C-42
    assert_snapshot!(resource("LogsPolicy", logged), @r#"
    LogsPolicy:
      Type: AWS::S3::BucketPolicy
      Properties:
        Bucket: !Ref Logs
        PolicyDocument:
          Version: "2012-10-17"
          Statement:
            - Effect: Deny
              Principal: "*"
              Action: s3:*
              Resource:
                - !GetAtt Logs.Arn
                - !Sub ${Logs.Arn}/*
              Condition:
                Bool:
                  aws:SecureTransport: "false"
            - Effect: Allow
              Principal:
                Service: logdelivery.elasticloadbalancing.amazonaws.com
              Action: s3:PutObject
              Resource: !Sub ${Logs.Arn}/alb/AWSLogs/${AWS::AccountId}/*
    "#);
}

#[test]
fn a_load_balancer_waits_until_it_may_write() {
    let template = template(logged);
    let alb = &template.resources["Alb"];
    assert!(alb.depends_on.contains(&"LogsPolicy".to_owned()), "{:?}", alb.depends_on);
    let attributes = serde_json::to_string(&alb.properties["LoadBalancerAttributes"]).unwrap();
    for attribute in [
        r#"{"Key":"access_logs.s3.enabled","Value":"true"}"#,
        r#"{"Key":"access_logs.s3.bucket","Value":{"Ref":"Logs"}}"#,
        r#"{"Key":"access_logs.s3.prefix","Value":"alb"}"#,
    ] {
        assert!(attributes.contains(attribute), "{attributes}");
    }
    assert!(template.graph().cycles().is_empty());
}

#[test]
fn a_bucket_that_a_load_balancer_cannot_write_to_is_refused() {
    let found = diagnostics(|s| {
        let alb = alb(s);
        let key = Value::known("arn:aws:kms:us-east-1:123456789012:key/1");
        let bucket = Bucket::named("Logs").key(key).build(s);
        alb.write_access_logs(s, bucket, "alb/AWSLogs");
    });
    assert_snapshot!(found, @"
    error[DC109]: access logs cannot be written below `alb/AWSLogs`
      at Test/Alb.prefix (constructs/tests/it/access_logs.rs:)

    hint: give a name without a slash at its ends and without `AWSLogs`, which is added

    error[DC110]: a load balancer cannot write access logs to a bucket with a key of its own
      at Test/Alb.bucket (constructs/tests/it/access_logs.rs:)

    hint: leave the bucket's key out, so that S3's own encrypts it
    ");
}
