//! Buckets: private, encrypted, TLS only, emptied by a lifecycle.

use constructs::{Bucket, RemovalPolicy, Statement, Value};
use insta::assert_snapshot;

use crate::{diagnostics, resource, template};

#[test]
fn a_bucket_is_private_encrypted_and_versioned() {
    let yaml = resource("Logs", |s| {
        Bucket::named("Logs").expire_after_days(90).build(s);
    });
    assert_snapshot!(yaml, @"
    Logs:
      Type: AWS::S3::Bucket
      DeletionPolicy: RetainExceptOnCreate
      UpdateReplacePolicy: Retain
      Properties:
        BucketEncryption:
          ServerSideEncryptionConfiguration:
            - ServerSideEncryptionByDefault:
                SSEAlgorithm: AES256
        LifecycleConfiguration:
          Rules:
            - Status: Enabled
              AbortIncompleteMultipartUpload:
                DaysAfterInitiation: 7
              ExpirationInDays: 90
              Id: Expire
              NoncurrentVersionExpiration:
                NoncurrentDays: 7
        OwnershipControls:
          Rules:
            - ObjectOwnership: BucketOwnerEnforced
        PublicAccessBlockConfiguration:
          BlockPublicAcls: true
          BlockPublicPolicy: true
          IgnorePublicAcls: true
          RestrictPublicBuckets: true
        VersioningConfiguration:
          Status: Enabled
    ");
}

#[test]
fn nobody_reaches_a_bucket_without_tls() {
    let yaml = resource("LogsPolicy", |s| {
        let bucket = Bucket::named("Logs").build(s);
        let write = Statement::allow(["s3:PutObject"]).for_service("delivery.example.com");
        bucket.allow(s, write.on(bucket.objects()));
    });
    assert_snapshot!(yaml, @r#"
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
                Service: delivery.example.com
              Action: s3:PutObject
              Resource: !Sub ${Logs.Arn}/*
    "#);
}

#[test]
fn without_expiry_objects_stay_but_unfinished_uploads_do_not() {
    let template = template(|s| {
        Bucket::named("Files").removal_policy(RemovalPolicy::Retain).build(s);
    });
    let files = &template.resources["Files"];
    let rules = serde_json::to_string(&files.properties["LifecycleConfiguration"]).unwrap();
    assert!(!rules.contains("ExpirationInDays") && rules.contains("DaysAfterInitiation"), "{rules}");
    assert_eq!(files.deletion_policy, Some("Retain".into()));
}

#[test]
fn a_key_of_ones_own_is_asked_once_in_a_while() {
    let template = template(|s| {
        Bucket::named("Files").key(Value::known("arn:aws:kms:us-east-1:123456789012:key/1")).build(s);
    });
    let encryption =
        serde_json::to_string(&template.resources["Files"].properties["BucketEncryption"]).unwrap();
    assert!(
        encryption.contains("aws:kms") && encryption.contains(r#""BucketKeyEnabled":true"#),
        "{encryption}"
    );
}

#[test]
fn requests_to_a_bucket_are_recorded_in_another() {
    let template = template(|s| {
        let logs = Bucket::named("Logs").build(s);
        Bucket::named("Files").log_to(logs).build(s);
    });
    let logging =
        serde_json::to_string(&template.resources["Files"].properties["LoggingConfiguration"]).unwrap();
    assert_eq!(logging, r#"{"DestinationBucketName":{"Ref":"Logs"},"LogFilePrefix":"Files/"}"#);
    let policy = serde_json::to_string(&template.resources["LogsPolicy"].properties).unwrap();
    assert!(
        policy.contains("logging.s3.amazonaws.com") && policy.contains("${Logs.Arn}/Files/*"),
        "{policy}"
    );
    assert!(template.graph().cycles().is_empty());
}

#[test]
fn objects_cannot_expire_at_once() {
    let found = diagnostics(|s| {
        Bucket::named("Logs").expire_after_days(0).build(s);
    });
    assert_snapshot!(found, @"
    error[DC100]: objects cannot expire after 0 days
      at Test/Logs.expire_after_days (constructs/tests/it/bucket.rs:)

    hint: give 1 or more days, or leave it out to keep objects for ever
    ");
}
