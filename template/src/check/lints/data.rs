//! Data at rest: whether it is encrypted, and what becomes of it when its resource goes.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::{Item, Model, Value};
use crate::node::Node;

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &NO_RETENTION, check: no_retention },
    Lint { rule: &NOT_ENCRYPTED, check: not_encrypted },
    Lint { rule: &NO_DELETION_POLICY, check: no_deletion_policy },
    Lint { rule: &NO_REPLACE_POLICY, check: no_replace_policy },
    Lint { rule: &NO_SNAPSHOTS, check: no_snapshots },
];

rule! {
    /// A log group that keeps everything for ever.
    ///
    /// Without `RetentionInDays` no event is ever deleted, and every gigabyte is paid for each month. What is personal
    /// in the logs stays too.
    ///
    /// Give the days after which events may go, for example `RetentionInDays: 30`.
    ///
    /// Source: [AWS::Logs::LogGroup](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html).
    pub(super) NO_RETENTION = "DT132" Warning;
}

rule! {
    /// Data that is not encrypted where it is stored.
    ///
    /// The resource is made without encryption at rest, and for nearly all types that cannot be changed later: the
    /// resource is replaced, and its data with it, or must be copied by hand.
    ///
    /// Set the property to `true` from the beginning. A key of one's own may be named beside it; the key that AWS
    /// manages costs nothing.
    ///
    /// Source: the property's page in the [CloudFormation template reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html);
    /// new Aurora clusters [are always encrypted](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.Encryption.html).
    pub(super) NOT_ENCRYPTED = "DT133" Warning;
}

rule! {
    /// Data that goes with the stack.
    ///
    /// The resource holds data that exist nowhere else, and nothing says what becomes of them: CloudFormation deletes
    /// them with the stack, when the resource is taken out of the template, or when its logical ID is changed.
    ///
    /// Say it: `DeletionPolicy: Retain` (or `Snapshot` where the type has them) keeps the data, `Delete` says that they
    /// may go. `UpdateReplacePolicy` says the same for a replacement.
    ///
    /// Source: [DeletionPolicy attribute](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html).
    pub(super) NO_DELETION_POLICY = "DT134" Warning;
}

rule! {
    /// Data that is kept at a deletion but not at a replacement.
    ///
    /// `DeletionPolicy` says nothing about an update that replaces the resource: the old one, with its data, is deleted
    /// as soon as the new one is there.
    ///
    /// Give `UpdateReplacePolicy` the same value.
    ///
    /// Source: [UpdateReplacePolicy attribute](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html).
    pub(super) NO_REPLACE_POLICY = "DT135" Warning;
}

rule! {
    /// A snapshot of a type that has none.
    ///
    /// Only a few types can be kept as a snapshot. CloudFormation refuses the template: the type does not support
    /// deletion policy Snapshot.
    ///
    /// Use `Retain`.
    ///
    /// Source: [DeletionPolicy attribute](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html).
    pub(super) NO_SNAPSHOTS = "DT136" Error;
}

fn no_retention(model: &Model<'_>, found: &mut Findings) {
    for group in model.of_type("AWS::Logs::LogGroup") {
        // CloudWatch sets the days of this class itself.
        if group.get("LogGroupClass").iter().any(|class| class.is_text("DELIVERY") || class.is_unknown()) {
            continue;
        }
        for days in group.get("RetentionInDays").iter().filter(|days| days.is_absent()) {
            found
                .at(days, format!("the log group `{}` keeps its events for ever", group.id()))
                .hint("give it `RetentionInDays`, for example 30");
        }
    }
}

/// What is stored without encryption unless it is asked for: the type, the property, and whether its absence means
/// no encryption. Where an account can ask for it by itself (volumes), only `false` is certain.
const ENCRYPTION: [(&str, &str, bool); 10] = [
    ("AWS::EFS::FileSystem", "Encrypted", true),
    ("AWS::EC2::Volume", "Encrypted", false),
    ("AWS::RDS::DBInstance", "StorageEncrypted", true),
    ("AWS::RDS::DBCluster", "StorageEncrypted", true),
    ("AWS::DocDB::DBCluster", "StorageEncrypted", true),
    ("AWS::Neptune::DBCluster", "StorageEncrypted", true),
    ("AWS::ElastiCache::ReplicationGroup", "AtRestEncryptionEnabled", true),
    ("AWS::OpenSearchService::Domain", "EncryptionAtRestOptions.Enabled", true),
    ("AWS::Elasticsearch::Domain", "EncryptionAtRestOptions.Enabled", true),
    ("AWS::Redshift::Cluster", "Encrypted", false),
];

fn not_encrypted(model: &Model<'_>, found: &mut Findings) {
    for (type_name, property, absent_is_none) in ENCRYPTION {
        for item in model.of_type(type_name) {
            if takes_it_from_elsewhere(item) {
                continue;
            }
            for value in item.get(property) {
                if value.boolean() == Some(false) || (absent_is_none && value.is_absent()) {
                    found
                        .at(&value, format!("`{}` is not encrypted: `{property}` is not `true`", item.id()))
                        .hint(format!("set `{property}: true` from the beginning"));
                }
            }
        }
    }
}

/// Whether something else decides: the cluster of a database, what it is restored from, an engine that always
/// encrypts.
fn takes_it_from_elsewhere(item: Item<'_>) -> bool {
    const FROM: [&str; 12] = [
        "DBClusterIdentifier",
        "SourceDBInstanceIdentifier",
        "SourceDBClusterIdentifier",
        "SourceDbiResourceId",
        "ReplicationSourceIdentifier",
        "DBSnapshotIdentifier",
        "DBClusterSnapshotIdentifier",
        "SnapshotIdentifier",
        "SourceDBInstanceAutomatedBackupsArn",
        "SnapshotName",
        "SnapshotArns",
        "GlobalReplicationGroupId",
    ];
    let given = |property: &&'static str| item.get(property).iter().any(|value| !value.is_absent());
    if FROM.iter().any(given) {
        return true;
    }
    let engines = item.get("Engine");
    engines.iter().any(|engine| match engine.text() {
        Some(engine) => engine.starts_with("aurora") || engine == "valkey",
        None => engine.is_unknown(),
    })
}

/// The types whose data are lost with them. Left out are those that CloudFormation does not delete while something is
/// in them (buckets, repositories), those that it keeps a snapshot of by itself (databases of RDS), and those whose
/// data can be made again (caches, queues, logs).
const DATA: [&str; 13] = [
    "AWS::EFS::FileSystem",
    "AWS::SecretsManager::Secret",
    "AWS::DynamoDB::Table",
    "AWS::DynamoDB::GlobalTable",
    "AWS::Cognito::UserPool",
    "AWS::DocDB::DBCluster",
    "AWS::Neptune::DBCluster",
    "AWS::OpenSearchService::Domain",
    "AWS::Elasticsearch::Domain",
    "AWS::Redshift::Cluster",
    "AWS::EC2::Volume",
    "AWS::KMS::Key",
    "AWS::MSK::Cluster",
];

fn no_deletion_policy(model: &Model<'_>, found: &mut Findings) {
    for item in DATA.iter().flat_map(|type_name| model.of_type(type_name)) {
        let resource = item.resource();
        if resource.deletion_policy.is_none() && !is_replica(item) {
            found
                .at(&item, format!("`{}` is deleted with all its data when it leaves the stack", item.id()))
                .hint("set `DeletionPolicy` and `UpdateReplacePolicy` to `Retain`, or to `Delete` if that is meant");
        }
    }
}

/// A file system or secret that another one is copied to.
fn is_replica(item: Item<'_>) -> bool {
    let given = |value: &Value<'_>| !value.is_absent();
    item.is("AWS::EC2::Volume") && item.get("SnapshotId").iter().any(given)
}

fn no_replace_policy(model: &Model<'_>, found: &mut Findings) {
    const DATABASES: [&str; 2] = ["AWS::RDS::DBInstance", "AWS::RDS::DBCluster"];
    for item in DATA.iter().chain(&DATABASES).flat_map(|type_name| model.of_type(type_name)) {
        let resource = item.resource();
        let Some(Node::String(policy)) = &resource.deletion_policy else { continue };
        if policy != "Delete" && resource.update_replace_policy.is_none() {
            let kept = if policy == "Snapshot" { "Snapshot" } else { "Retain" };
            found
                .at(&item, format!("`{}` is deleted with its data when an update replaces it", item.id()))
                .hint(format!("set `UpdateReplacePolicy: {kept}` too"));
        }
    }
}

/// The types with snapshots.
const SNAPSHOTS: [&str; 8] = [
    "AWS::DocDB::DBCluster",
    "AWS::EC2::Volume",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Neptune::DBCluster",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
];

fn no_snapshots(model: &Model<'_>, found: &mut Findings) {
    for item in model.resources() {
        let resource = item.resource();
        for (key, policy) in [
            ("DeletionPolicy", &resource.deletion_policy),
            ("UpdateReplacePolicy", &resource.update_replace_policy),
        ] {
            if policy.as_ref().and_then(Node::as_str) == Some("Snapshot")
                && !SNAPSHOTS.contains(&item.type_name())
                && crate::facts::resource(item.type_name()).is_some()
            {
                found
                    .at(&item.path().key(key), format!("{} has no snapshots", item.type_name()))
                    .hint("use `Retain`");
            }
        }
    }
}
