//! What is switched off.

use super::GivenUpKind::{Data, Protection};
use super::{Found, GivenUpKind, Sides, Value, value};

/// What a property does while it has a value.
struct Switch {
    type_name: &'static str,
    path: &'static [&'static str],
    /// The value with which it is on; none if any value will do.
    on: Option<&'static str>,
    kind: GivenUpKind,
    /// What comes of it once it is off.
    what: &'static str,
}

/// Sources: [point-in-time recovery of DynamoDB][dynamodb] (if it is switched on again, nothing from before can be
/// restored) and of [Keyspaces][keyspaces], [automatic backups of EFS][efs] (what is in the backup vault stays there),
/// [versioning][versioning] and [Object Lock][lock] of S3, [Vault Lock][vault] of Backup, [tag mutability][ecr] of ECR.
///
/// [dynamodb]: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
/// [keyspaces]: https://docs.aws.amazon.com/keyspaces/latest/devguide/PointInTimeRecovery_HowItWorks.html
/// [efs]: https://docs.aws.amazon.com/efs/latest/ug/automatic-backups.html
/// [versioning]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/manage-versioning-examples.html
/// [lock]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
/// [vault]: https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
/// [ecr]: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
const SWITCHES: [Switch; 7] = [
    Switch {
        type_name: "AWS::Backup::BackupVault",
        path: &["LockConfiguration"],
        on: None,
        kind: Protection,
        what: "its backups are no longer locked",
    },
    Switch {
        type_name: "AWS::Cassandra::Table",
        path: &["PointInTimeRecoveryEnabled"],
        on: Some("true"),
        kind: Data,
        what: "the backups for point-in-time recovery are given up",
    },
    Switch {
        type_name: "AWS::DynamoDB::Table",
        path: &["PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"],
        on: Some("true"),
        kind: Data,
        what: "the backups for point-in-time recovery are given up",
    },
    Switch {
        type_name: "AWS::ECR::Repository",
        path: &["ImageTagMutability"],
        on: Some("IMMUTABLE"),
        kind: Protection,
        what: "the image behind a tag can become another",
    },
    Switch {
        type_name: "AWS::EFS::FileSystem",
        path: &["BackupPolicy", "Status"],
        on: Some("ENABLED"),
        kind: Protection,
        what: "no more automatic backups are made",
    },
    Switch {
        type_name: "AWS::S3::Bucket",
        path: &["VersioningConfiguration", "Status"],
        on: Some("Enabled"),
        kind: Protection,
        what: "objects that are overwritten or deleted from now on cannot be restored",
    },
    Switch {
        type_name: "AWS::S3::Bucket",
        path: &["ObjectLockConfiguration"],
        on: None,
        kind: Protection,
        what: "new objects are no longer locked",
    },
];

impl Sides<'_> {
    /// What was on and no longer is.
    pub(super) fn switches(self) -> impl Iterator<Item = Found> {
        let own = SWITCHES.iter().filter(move |switch| switch.type_name == self.new.type_name);
        own.filter(move |switch| {
            let [before, after] = [self.old, self.new].map(|side| switch.is_on(&value(side, switch.path)));
            before == Some(true) && after == Some(false)
        })
        .map(|switch| Found::at(switch.kind, switch.what, switch.path))
    }
}

impl Switch {
    /// `None` if only AWS knows.
    fn is_on(&self, value: &Value) -> Option<bool> {
        match (value, self.on) {
            (Value::Absent, _) => Some(false),
            (Value::Plain(_) | Value::Open, None) => Some(true),
            (Value::Open, Some(_)) => None,
            (Value::Plain(node), Some(on)) => Some(node.scalar_text().is_some_and(|text| text == on)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts;

    #[test]
    fn every_switch_is_a_property() {
        for switch in &SWITCHES {
            let facts = facts::resource(switch.type_name).unwrap_or_else(|| panic!("{}", switch.type_name));
            let mut place = Some(facts.properties());
            for name in switch.path {
                place = place.and_then(|place| place.property(name));
            }
            assert!(place.is_some(), "{} {:?}", switch.type_name, switch.path);
        }
    }
}
