//! What becomes of a resource that a stack gives up.

use super::Fate;
use crate::document::Resource;
use crate::node::Node;

/// What becomes of a resource without a policy: databases leave a snapshot behind, all else is deleted.
///
/// Source: [DeletionPolicy attribute][aws], on the default for `AWS::RDS::DBCluster`, and for
/// `AWS::RDS::DBInstance` without `DBClusterIdentifier`.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
fn default_deletion(resource: &Resource) -> Fate {
    match resource.type_name.as_str() {
        "AWS::RDS::DBCluster" => Fate::Snapshot,
        "AWS::RDS::DBInstance" if !resource.properties.contains_key("DBClusterIdentifier") => Fate::Snapshot,
        _ => Fate::Deleted,
    }
}

/// What the policy of a deployed resource that is removed says.
pub(crate) fn policy_of_removed(old: &Resource) -> Fate {
    policy(old.deletion_policy.as_ref(), default_deletion(old))
}

/// What the policy of a resource that is replaced says of the old one. The new template's policy is the one in force
/// when it is cleaned up.
pub(crate) fn policy_of_replaced(new: &Resource) -> Fate {
    policy(new.update_replace_policy.as_ref(), Fate::Deleted)
}

fn policy(policy: Option<&Node>, default: Fate) -> Fate {
    match policy {
        None => default,
        Some(Node::String(policy)) => match policy.as_str() {
            "Retain" | "RetainExceptOnCreate" => Fate::Retained,
            "Snapshot" => Fate::Snapshot,
            _ => Fate::Deleted,
        },
        Some(_) => Fate::Unknown,
    }
}

/// What becomes of a deployed resource that is removed.
pub(super) fn fate_of_removed(old: &Resource) -> Fate {
    in_truth(policy_of_removed(old), old)
}

/// What becomes of the old one of a resource that is replaced.
pub(super) fn fate_of_replaced(old: &Resource, new: &Resource) -> Fate {
    in_truth(policy_of_replaced(new), old)
}

/// What becomes of a resource that its policy gives up: AWS may refuse to delete it. What is deployed counts, whatever
/// a new template says.
pub(crate) fn in_truth(policy: Fate, deployed: &Resource) -> Fate {
    match policy {
        Fate::Deleted | Fate::Snapshot if protection(deployed).is_some() => Fate::Protected,
        Fate::Deleted if must_be_empty(deployed) => Fate::DeletedIfEmpty,
        other => other,
    }
}

/// The properties by which services refuse a deletion, whatever the type.
///
/// Sources, one for each name and value: [`AWS::RDS::DBInstance`][rds] and the clusters of RDS, DocumentDB and Neptune,
/// [`AWS::EKS::Cluster`][eks]; [`AWS::Cognito::UserPool`][cognito] (`ACTIVE`); [`AWS::DynamoDB::Table`][dynamodb];
/// [`AWS::NetworkFirewall::Firewall`][firewall]; [`AWS::EC2::Instance`][ec2].
///
/// [rds]: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html
/// [eks]: https://docs.aws.amazon.com/eks/latest/userguide/deletion-protection.html
/// [cognito]: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-deletion-protection.html
/// [dynamodb]: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html
/// [firewall]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-networkfirewall-firewall.html
/// [ec2]: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_ChangingDisableAPITermination.html
const PROTECTIONS: [&str; 4] =
    ["DeletionProtection", "DeletionProtectionEnabled", "DeleteProtection", "DisableApiTermination"];

/// The attribute of a load balancer that does the same.
///
/// Source: [Deletion protection][aws].
///
/// [aws]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
const OF_LOAD_BALANCER: &str = "deletion_protection.enabled";

/// The property by which AWS refuses to delete the resource, if it certainly is on.
pub(crate) fn protection(resource: &Resource) -> Option<&'static str> {
    let on =
        |node: &Node| node.scalar_text().is_some_and(|text| matches!(&*text, "true" | "ACTIVE" | "ENABLED"));
    let properties = &resource.properties;
    if let Some(name) = PROTECTIONS.into_iter().find(|name| properties.get(name).is_some_and(on)) {
        return Some(name);
    }
    let items = |name: &str| properties.get(name).and_then(Node::as_list).unwrap_or_default();
    let entry = |node: &Node, name: &str| node.as_map().and_then(|map| map.get(name)).cloned();
    let balancer = items("LoadBalancerAttributes").iter().any(|item| {
        entry(item, "Key").is_some_and(|key| key.as_str() == Some(OF_LOAD_BALANCER))
            && entry(item, "Value").is_some_and(|value| on(&value))
    });
    if balancer {
        return Some("LoadBalancerAttributes");
    }
    let global = resource.type_name == "AWS::DynamoDB::GlobalTable";
    let replica = |item: &Node| entry(item, "DeletionProtectionEnabled").is_some_and(|value| on(&value));
    (global && items("Replicas").iter().any(replica)).then_some("Replicas")
}

/// Whether AWS deletes such a resource only if nothing is in it.
///
/// Source: the errors of [S3][s3] (`BucketNotEmpty`), also of [directory buckets][express] and [table buckets][tables],
/// [ECR][ecr] (`RepositoryNotEmptyException`, unless [`EmptyOnDelete`][empty] is on), [Backup][backup] and
/// [Route 53][route53] (`HostedZoneNotEmpty`, for records besides those that a zone is made with).
///
/// [s3]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html
/// [express]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html
/// [tables]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_s3Buckets_DeleteTableBucket.html
/// [ecr]: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepository.html
/// [empty]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-repository.html
/// [backup]: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DeleteBackupVault.html
/// [route53]: https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteHostedZone.html
fn must_be_empty(resource: &Resource) -> bool {
    match resource.type_name.as_str() {
        "AWS::S3::Bucket"
        | "AWS::S3Express::DirectoryBucket"
        | "AWS::S3Tables::TableBucket"
        | "AWS::ECR::PublicRepository"
        | "AWS::Backup::BackupVault"
        | "AWS::Route53::HostedZone" => true,
        "AWS::ECR::Repository" => {
            let empties = resource.properties.get("EmptyOnDelete");
            // An expression may be on.
            empties.is_none_or(|node| node.scalar_text().is_some_and(|text| text != "true"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Template;

    #[track_caller]
    fn removed(resource: &str) -> Fate {
        let text = format!("Resources: {{R: {resource}}}");
        let template = Template::parse(&text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).template;
        fate_of_removed(&template.resources["R"])
    }

    #[test]
    fn aws_refuses_to_delete_what_is_protected() {
        for (kind, properties) in [
            ("DynamoDB::Table", "DeletionProtectionEnabled: true"),
            (
                "DynamoDB::GlobalTable",
                "Replicas: [{Region: a}, {Region: b, DeletionProtectionEnabled: 'true'}]",
            ),
            ("RDS::DBInstance", "DeletionProtection: true"),
            ("Neptune::DBCluster", "DeletionProtection: true"),
            ("Cognito::UserPool", "DeletionProtection: ACTIVE"),
            ("EKS::Cluster", "DeletionProtection: true"),
            (
                "ElasticLoadBalancingV2::LoadBalancer",
                "LoadBalancerAttributes: [{Key: deletion_protection.enabled, Value: 'true'}]",
            ),
        ] {
            let fate =
                |properties: &str| removed(&format!("{{Type: AWS::{kind}, Properties: {{{properties}}}}}"));
            assert_eq!(fate(properties), Fate::Protected, "{kind}");
            assert_ne!(
                fate(&properties.replace("true", "false").replace("ACTIVE", "INACTIVE")),
                Fate::Protected
            );
        }
        let policy = |policy: &str| {
            let properties = "Properties: {DeletionProtection: true}";
            removed(&format!("{{Type: AWS::RDS::DBInstance, DeletionPolicy: {policy}, {properties}}}"))
        };
        assert_eq!((policy("Delete"), policy("Retain")), (Fate::Protected, Fate::Retained));
        assert_eq!(policy("!If [A, Delete, Retain]"), Fate::Unknown);
    }

    #[test]
    fn what_must_be_empty_is_deleted_only_then() {
        assert_eq!(removed("{Type: AWS::S3::Bucket}"), Fate::DeletedIfEmpty);
        let repository = |empties: &str| {
            removed(&format!("{{Type: AWS::ECR::Repository, Properties: {{EmptyOnDelete: {empties}}}}}"))
        };
        assert_eq!((repository("true"), repository("false")), (Fate::Deleted, Fate::DeletedIfEmpty));
        assert_eq!(repository("!Ref Empty"), Fate::Deleted, "it may be so");
        assert_eq!(removed("{Type: AWS::S3::Bucket, DeletionPolicy: Retain}"), Fate::Retained);
        assert_eq!(removed("{Type: AWS::SQS::Queue}"), Fate::Deleted);
    }
}
