//! What is kept for some time: shortened, what is older is deleted.

use super::GivenUpKind::{Data, Protection};
use super::{Found, GivenUpKind, Sides, Value, value};

/// What is kept for how long.
struct Period {
    type_name: &'static str,
    path: &'static [&'static str],
    /// How long it is kept if nothing is said.
    absent: u64,
    unit: &'static str,
    /// What is kept.
    what: &'static str,
    kind: GivenUpKind,
}

const FOREVER: u64 = u64::MAX;

const fn data(
    type_name: &'static str,
    path: &'static [&'static str],
    absent: u64,
    unit: &'static str,
    what: &'static str,
) -> Period {
    Period { type_name, path, absent, unit, what, kind: Data }
}

const fn later(
    type_name: &'static str,
    path: &'static [&'static str],
    absent: u64,
    what: &'static str,
) -> Period {
    Period { type_name, path, absent, unit: "day", what, kind: Protection }
}

const BACKUPS: &str = "automated backups";
const SNAPSHOTS: &str = "automatic snapshots";

/// Sources: [RDS][rds] (without a retention period, all automated backups are deleted; it says the same of the clusters
/// of DocumentDB and Neptune), [DynamoDB][dynamodb], [Kinesis][kinesis], [CloudWatch Logs][logs] (within 72 hours),
/// [Redshift][redshift] (immediately), [SQS][sqs], [Timestream][timestream], [ElastiCache][elasticache] (which does not
/// say what becomes of snapshots that are there), [KMS][kms].
///
/// [rds]: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups-Deleting.html
/// [dynamodb]: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
/// [kinesis]: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DecreaseStreamRetentionPeriod.html
/// [logs]: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
/// [redshift]: https://docs.aws.amazon.com/redshift/latest/APIReference/API_ModifyCluster.html
/// [sqs]: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
/// [timestream]: https://docs.aws.amazon.com/timestream/latest/developerguide/storage.html
/// [elasticache]: https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyReplicationGroup.html
/// [kms]: https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
const PERIODS: [Period; 14] = [
    data("AWS::DocDB::DBCluster", &["BackupRetentionPeriod"], 1, "day", BACKUPS),
    data(
        "AWS::DynamoDB::Table",
        &["PointInTimeRecoverySpecification", "RecoveryPeriodInDays"],
        35,
        "day",
        "backups for point-in-time recovery",
    ),
    later("AWS::ElastiCache::CacheCluster", &["SnapshotRetentionLimit"], 0, SNAPSHOTS),
    later("AWS::ElastiCache::ReplicationGroup", &["SnapshotRetentionLimit"], 0, SNAPSHOTS),
    later("AWS::KMS::Key", &["PendingWindowInDays"], 30, "deleted keys"),
    data("AWS::Kinesis::Stream", &["RetentionPeriodHours"], 24, "hour", "records"),
    data("AWS::Logs::LogGroup", &["RetentionInDays"], FOREVER, "day", "log events"),
    later("AWS::MemoryDB::Cluster", &["SnapshotRetentionLimit"], 0, SNAPSHOTS),
    data("AWS::Neptune::DBCluster", &["BackupRetentionPeriod"], 1, "day", BACKUPS),
    data("AWS::RDS::DBCluster", &["BackupRetentionPeriod"], 1, "day", BACKUPS),
    data("AWS::RDS::DBInstance", &["BackupRetentionPeriod"], 1, "day", BACKUPS),
    data("AWS::Redshift::Cluster", &["AutomatedSnapshotRetentionPeriod"], 1, "day", "automated snapshots"),
    data("AWS::SQS::Queue", &["MessageRetentionPeriod"], 345_600, "second", "messages"),
    data(
        "AWS::Timestream::Table",
        &["RetentionProperties", "MagneticStoreRetentionPeriodInDays"],
        73_000,
        "day",
        "records",
    ),
];

impl Sides<'_> {
    /// What is kept for a shorter time.
    pub(super) fn periods(self) -> Option<Found> {
        let period = PERIODS.iter().find(|period| period.type_name == self.new.type_name)?;
        // Of a member of a cluster, the cluster's period counts.
        if self.new.properties.contains_key("DBClusterIdentifier")
            && period.type_name == "AWS::RDS::DBInstance"
        {
            return None;
        }
        let number = |node: Value| match node {
            Value::Plain(node) => node.scalar_text()?.parse::<u64>().ok(),
            Value::Absent | Value::Open => None,
        };
        let before = match value(self.old, period.path) {
            Value::Absent => period.absent,
            other => number(other)?,
        };
        let after = number(value(self.new, period.path))?;
        (after < before).then(|| Found::at(period.kind, period.words(after), period.path))
    }
}

impl Period {
    fn words(&self, after: u64) -> String {
        let Period { what, unit, kind, .. } = self;
        let plural = if after == 1 { "" } else { "s" };
        match (kind, after) {
            (Data, 0) => format!("all {what} are deleted"),
            (Data, _) => format!("{what} older than {after} {unit}{plural} are deleted"),
            (Protection, 0) => format!("no more {what} are made"),
            (Protection, _) => format!("{what} are kept for {after} {unit}{plural} only"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts;

    #[test]
    fn every_period_is_a_property() {
        for period in &PERIODS {
            let facts = facts::resource(period.type_name).unwrap_or_else(|| panic!("{}", period.type_name));
            let mut place = Some(facts.properties());
            for name in period.path {
                place = place.and_then(|place| place.property(name));
            }
            assert!(place.is_some(), "{} {:?}", period.type_name, period.path);
        }
    }
}
