//! Which resources hold something that cannot be made again from a template, and what becomes of it.

use crate::diff::Fate;
use crate::document::Resource;

/// Types with data, keys or names that are lost with the resource, and what is lost.
///
/// What belongs here: what people or programs put into a resource after it was made (files, rows, messages, values,
/// users), keys without which other data cannot be read, and a hosted zone, whose name servers are told to a registrar.
/// A nested stack counts too, since what is in it cannot be seen from outside.
///
/// What does not: what the template says itself and makes again (an `AWS::SSM::Parameter` with its value, an alarm, a
/// topic), members of a cluster, which read the cluster's own storage (`AWS::DocDB::DBInstance`,
/// `AWS::Neptune::DBInstance`, and `AWS::RDS::DBInstance` within a cluster), and instances of EC2, which are made from
/// an image.
///
/// This list, and not what the facts call stateful, says what is guarded, shown and counted as data.
const HOLDS: [(&str, &str); 52] = [
    ("AWS::AmazonMQ::Broker", "its messages"),
    ("AWS::Backup::BackupVault", "its backups"),
    ("AWS::Cassandra::Keyspace", "its tables"),
    ("AWS::Cassandra::Table", "its rows"),
    ("AWS::CloudFormation::Stack", "everything in it"),
    ("AWS::CodeCommit::Repository", "its commits"),
    ("AWS::Cognito::UserPool", "its users"),
    ("AWS::DSQL::Cluster", "its data"),
    ("AWS::DocDB::DBCluster", "its data"),
    ("AWS::DocDBElastic::Cluster", "its data"),
    ("AWS::DynamoDB::GlobalTable", "its items"),
    ("AWS::DynamoDB::Table", "its items"),
    ("AWS::EC2::Volume", "its files"),
    ("AWS::ECR::PublicRepository", "its images"),
    ("AWS::ECR::Repository", "its images"),
    ("AWS::EFS::FileSystem", "its files"),
    ("AWS::EMR::Cluster", "its files"),
    ("AWS::ElastiCache::CacheCluster", "its entries"),
    ("AWS::ElastiCache::ReplicationGroup", "its entries"),
    ("AWS::ElastiCache::ServerlessCache", "its entries"),
    ("AWS::Elasticsearch::Domain", "its documents"),
    ("AWS::FSx::FileSystem", "its files"),
    ("AWS::FSx::Volume", "its files"),
    ("AWS::KMS::Key", "the key to all that it encrypted"),
    ("AWS::KMS::ReplicaKey", "the key to all that it encrypted"),
    ("AWS::Kinesis::Stream", "its records"),
    ("AWS::Lightsail::Database", "its data"),
    ("AWS::Logs::LogGroup", "its logs"),
    ("AWS::MSK::Cluster", "its messages"),
    ("AWS::MSK::ServerlessCluster", "its messages"),
    ("AWS::MemoryDB::Cluster", "its data"),
    ("AWS::Neptune::DBCluster", "its data"),
    ("AWS::NeptuneGraph::Graph", "its data"),
    ("AWS::OpenSearchServerless::Collection", "its documents"),
    ("AWS::OpenSearchService::Domain", "its documents"),
    ("AWS::Organizations::Account", "everything in it"),
    ("AWS::QLDB::Ledger", "its data"),
    ("AWS::RDS::DBCluster", "its data"),
    ("AWS::RDS::DBInstance", "its data"),
    ("AWS::RDS::GlobalCluster", "its data"),
    ("AWS::Redshift::Cluster", "its data"),
    ("AWS::RedshiftServerless::Namespace", "its data"),
    ("AWS::Route53::HostedZone", "its name servers and the records that others made"),
    ("AWS::S3::Bucket", "its objects"),
    ("AWS::S3Express::DirectoryBucket", "its objects"),
    ("AWS::S3Tables::TableBucket", "its tables"),
    ("AWS::SDB::Domain", "its items"),
    ("AWS::SQS::Queue", "its messages"),
    ("AWS::SecretsManager::Secret", "its value"),
    ("AWS::Timestream::Database", "its tables"),
    ("AWS::Timestream::InfluxDBInstance", "its data"),
    ("AWS::Timestream::Table", "its records"),
];

/// What is lost with a resource of this type, in words; `None` if nothing is. `deployed` is the resource as it is in
/// AWS, if that is known.
pub fn holds(type_name: &str, deployed: Option<&Resource>) -> Option<&'static str> {
    let member = |resource: &Resource| {
        type_name == "AWS::RDS::DBInstance" && resource.properties.contains_key("DBClusterIdentifier")
    };
    if deployed.is_some_and(member) {
        return None;
    }
    let at = HOLDS.binary_search_by_key(&type_name, |(name, _)| name).ok()?;
    Some(HOLDS[at].1)
}

/// What the policy of a deployed resource says for when its stack no longer has it. See [`in_truth`].
pub fn when_removed(deployed: &Resource) -> Fate {
    crate::diff::policy_of_removed(deployed)
}

/// What the policy says of the old resource when it is replaced. The new template's policy is the one in force. See
/// [`in_truth`].
pub fn when_replaced(new: &Resource) -> Fate {
    crate::diff::policy_of_replaced(new)
}

/// What becomes of a deployed resource that a policy gives up, since AWS does not delete everything:
/// [`Fate::Protected`] or [`Fate::DeletedIfEmpty`] where it refuses, or may.
pub fn in_truth(policy: Fate, deployed: &Resource) -> Fate {
    crate::diff::in_truth(policy, deployed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts;

    #[test]
    fn the_list_is_sorted_and_its_types_exist() {
        assert!(HOLDS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let retired = ["AWS::QLDB::Ledger", "AWS::SDB::Domain"];
        for (name, _) in HOLDS.iter().filter(|(name, _)| !retired.contains(name)) {
            assert!(facts::resource(name).is_some(), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_made_again_is_more_than_what_aws_calls_data() {
        for name in ["AWS::Organizations::Account", "AWS::EMR::Cluster", "AWS::CodeCommit::Repository"] {
            assert!(holds(name, None).is_some(), "{name}");
        }
    }

    #[test]
    fn a_member_of_a_cluster_holds_nothing_itself() {
        let mut instance = Resource { type_name: "AWS::RDS::DBInstance".to_owned(), ..Resource::default() };
        assert_eq!(holds(&instance.type_name, Some(&instance)), Some("its data"));
        assert_eq!(holds("AWS::RDS::DBInstance", None), Some("its data"), "nobody knows");
        instance.properties.insert("DBClusterIdentifier".to_owned(), "cluster".into());
        assert_eq!(holds("AWS::RDS::DBInstance", Some(&instance)), None);
        assert_eq!(holds("AWS::SSM::Parameter", None), None);
    }
}
