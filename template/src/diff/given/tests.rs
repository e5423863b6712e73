//! What is given up by a change of one property.

use super::GivenUpKind::{self, Data, Protection};
use crate::diff::{Options, diff, diff_with};
use crate::document::Template;

#[track_caller]
fn template(text: &str) -> Template {
    Template::parse(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).template
}

/// What a resource gives up whose properties become others.
#[track_caller]
fn gives_up(kind: &str, old: &str, new: &str) -> Vec<(GivenUpKind, String)> {
    let of = |properties: &str| {
        template(&format!(
            "Resources: {{R: {{Type: 'AWS::{kind}', Properties: {{Tags: [], {properties}}}}}}}"
        ))
    };
    let changes = diff(&of(old), &of(new));
    changes.given_up.into_iter().map(|one| (one.kind, one.what)).collect()
}

#[track_caller]
fn one(kind: &str, old: &str, new: &str) -> (GivenUpKind, String) {
    let mut all = gives_up(kind, old, new);
    assert_eq!(all.len(), 1, "{kind} {old} → {new}: {all:?}");
    assert_eq!(gives_up(kind, new, old), [], "{kind} {new} → {old}");
    all.remove(0)
}

fn data(what: &str) -> (GivenUpKind, String) {
    (Data, what.to_owned())
}

fn protection(what: &str) -> (GivenUpKind, String) {
    (Protection, what.to_owned())
}

#[test]
fn what_is_older_than_a_shortened_period_is_deleted() {
    let logs = |old: &str, new: &str| one("Logs::LogGroup", old, new);
    assert_eq!(
        logs("RetentionInDays: 30", "RetentionInDays: 7"),
        data("log events older than 7 days are deleted")
    );
    assert_eq!(logs("", "RetentionInDays: 1"), data("log events older than 1 day are deleted"));
    let backups = one("RDS::DBInstance", "BackupRetentionPeriod: 7", "BackupRetentionPeriod: 0");
    assert_eq!(backups, data("all automated backups are deleted"));
    let messages = one("SQS::Queue", "DelaySeconds: 1", "DelaySeconds: 1, MessageRetentionPeriod: 60");
    assert_eq!(messages, data("messages older than 60 seconds are deleted"));
    let records = one("Kinesis::Stream", "RetentionPeriodHours: 48", "RetentionPeriodHours: 24");
    assert_eq!(records, data("records older than 24 hours are deleted"));
    let snapshots =
        one("ElastiCache::ReplicationGroup", "SnapshotRetentionLimit: 5", "SnapshotRetentionLimit: 0");
    assert_eq!(snapshots, protection("no more automatic snapshots are made"));
    let key = one("KMS::Key", "Enabled: true", "Enabled: true, PendingWindowInDays: 7");
    assert_eq!(key, protection("deleted keys are kept for 7 days only"));
}

#[test]
fn a_number_that_is_not_known_gives_up_nothing() {
    assert_eq!(gives_up("RDS::DBInstance", "BackupRetentionPeriod: 7", ""), [], "RDS may keep it");
    assert_eq!(gives_up("Logs::LogGroup", "RetentionInDays: 7", "RetentionInDays: !ImportValue Days"), []);
    let member = "DBClusterIdentifier: c, BackupRetentionPeriod:";
    assert_eq!(gives_up("RDS::DBInstance", &format!("{member} 7"), &format!("{member} 1")), []);
}

#[test]
fn the_values_of_parameters_count() {
    let text = |days: u8| {
        format!(
            "Parameters: {{Days: {{Type: Number, Default: {days}}}}}
Resources: {{R: {{Type: AWS::Logs::LogGroup, Properties: {{RetentionInDays: !Ref Days}}}}}}"
        )
    };
    let (old, new) = (template(&text(30)), template(&text(7)));
    assert_eq!(diff(&old, &new).given_up[0].what, "log events older than 7 days are deleted");
    let given = |days: &str| [("Days".to_owned(), days.to_owned())].into();
    let options = Options { old: given("30"), new: given("60"), ..Options::default() };
    assert_eq!(diff_with(&old, &new, &options).given_up, []);
}

#[test]
fn what_is_switched_off_is_given_up() {
    let recovery =
        |on: &str| format!("PointInTimeRecoverySpecification: {{PointInTimeRecoveryEnabled: {on}}}");
    let lost = data("the backups for point-in-time recovery are given up");
    assert_eq!(one("DynamoDB::Table", &recovery("true"), &recovery("false")), lost);
    assert_eq!(one("DynamoDB::Table", &recovery("true"), ""), lost);
    let backups =
        one("EFS::FileSystem", "BackupPolicy: {Status: ENABLED}", "BackupPolicy: {Status: DISABLED}");
    assert_eq!(backups, protection("no more automatic backups are made"));
    let versions = |status: &str| format!("VersioningConfiguration: {{Status: {status}}}");
    let suspended = one("S3::Bucket", &versions("Enabled"), &versions("Suspended"));
    assert_eq!(
        suspended,
        protection("objects that are overwritten or deleted from now on cannot be restored")
    );
}

#[test]
fn a_deletion_protection_that_goes_is_told() {
    let off = protection("its deletion protection is off: AWS no longer refuses to delete it");
    for (kind, on, without) in [
        ("DynamoDB::Table", "DeletionProtectionEnabled: true", "DeletionProtectionEnabled: false"),
        ("RDS::DBCluster", "DeletionProtection: true", ""),
        ("Cognito::UserPool", "DeletionProtection: ACTIVE", "DeletionProtection: INACTIVE"),
        (
            "ElasticLoadBalancingV2::LoadBalancer",
            "LoadBalancerAttributes: [{Key: deletion_protection.enabled, Value: 'true'}]",
            "LoadBalancerAttributes: [{Key: deletion_protection.enabled, Value: 'false'}]",
        ),
    ] {
        assert_eq!(one(kind, on, without), off, "{kind}");
    }
    assert_eq!(
        gives_up("RDS::DBCluster", "DeletionProtection: true", "DeletionProtection: !ImportValue On"),
        []
    );
}

#[test]
fn a_lifecycle_that_deletes_more_or_sooner_gives_up_objects() {
    let rules = |rules: &str| format!("LifecycleConfiguration: {{Rules: [{rules}]}}");
    let days = |days: u8| rules(&format!("{{Status: Enabled, ExpirationInDays: {days}}}"));
    let bucket = |old: &str, new: &str| one("S3::Bucket", old, new);
    assert_eq!(bucket("", &days(30)), data("objects older than 30 days are deleted"));
    assert_eq!(bucket(&days(30), &days(7)), data("objects older than 7 days are deleted"));
    let prefix = rules("{Status: Enabled, Prefix: tmp/, ExpirationInDays: 1}");
    assert_eq!(bucket("", &prefix), data("objects older than 1 day that the rule is for are deleted"));
    assert_eq!(gives_up("S3::Bucket", &days(1), &prefix), [], "all of it was deleted as soon");
    let off = rules("{Status: Disabled, ExpirationInDays: 1}");
    assert_eq!(gives_up("S3::Bucket", "", &off), []);
    let versions = "VersioningConfiguration: {Status: Enabled}, ";
    let noncurrent = rules("{Status: Enabled, NoncurrentVersionExpiration: {NoncurrentDays: 9}}");
    let found = gives_up("S3::Bucket", versions, &format!("{versions}{noncurrent}"));
    assert_eq!(found, [data("noncurrent versions older than 9 days are deleted")]);
    let found = gives_up("S3::Bucket", versions, &format!("{versions}{}", days(30)));
    assert_eq!(found, [protection("objects older than 30 days get a delete marker; their versions stay")]);
}

#[test]
fn images_and_items_that_expire_are_given_up() {
    let policy = |number: u8| {
        format!(
            r#"LifecyclePolicy: {{LifecyclePolicyText: '{{"rules": [{{"rulePriority": 1, "selection": {{"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": {number}}}, "action": {{"type": "expire"}}}}]}}'}}"#
        )
    };
    let expired = data("more images are expired, within 24 hours");
    assert_eq!(one("ECR::Repository", &policy(9), &policy(3)), expired);
    assert_eq!(one("ECR::Repository", "", &policy(9)), expired);
    let ttl = "TimeToLiveSpecification: {Enabled: true, AttributeName: until}";
    assert_eq!(
        one("DynamoDB::Table", "", ttl),
        data("items whose `until` is a time in the past are deleted")
    );
}

#[test]
fn a_policy_that_no_longer_keeps_is_told() {
    let with = |policies: &str| template(&format!("Resources: {{R: {{Type: AWS::SQS::Queue{policies}}}}}"));
    let given_up = |old: &str, new: &str| -> Vec<String> {
        diff(&with(old), &with(new))
            .given_up
            .into_iter()
            .map(|one| format!("{}: {}", one.path, one.what))
            .collect()
    };
    let kept = ", DeletionPolicy: Retain, UpdateReplacePolicy: Retain";
    assert_eq!(
        given_up(kept, ", UpdateReplacePolicy: Delete"),
        [
            "Resources.R.DeletionPolicy: when it is removed, it is deleted instead of kept",
            "Resources.R.UpdateReplacePolicy: when it is replaced, the old one is deleted instead of kept",
        ]
    );
    assert_eq!(given_up("", kept), [""; 0]);
    assert_eq!(given_up(kept, ", DeletionPolicy: !Ref P, UpdateReplacePolicy: Retain"), [""; 0]);
}

#[test]
fn what_is_replaced_gives_up_its_protection_and_no_period() {
    let old = "QueueName: a, MessageRetentionPeriod: 120";
    assert_eq!(gives_up("SQS::Queue", old, "QueueName: b, MessageRetentionPeriod: 60"), []);
    let table = |name: &str, on: &str| format!("TableName: {name}, DeletionProtectionEnabled: {on}");
    assert_eq!(gives_up("DynamoDB::Table", &table("a", "true"), &table("b", "false")).len(), 1);
}
