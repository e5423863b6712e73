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

/// What becomes of a deployed resource that is removed.
pub(crate) fn fate_of_removed(old: &Resource) -> Fate {
    fate(old.deletion_policy.as_ref(), default_deletion(old))
}

/// What becomes of the old one of a resource that is replaced. The new template's policy is the one in force when it is
/// cleaned up.
pub(crate) fn fate_of_replaced(new: &Resource) -> Fate {
    fate(new.update_replace_policy.as_ref(), Fate::Deleted)
}

fn fate(policy: Option<&Node>, default: Fate) -> Fate {
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
