//! EFS file systems that tasks mount.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::{Model, Value};

pub(super) static LINTS: &[Lint] =
    &[Lint { rule: &NOT_IN_TRANSIT, check: not_in_transit }, Lint { rule: &NO_IAM, check: no_iam }];

rule! {
    /// An EFS access point or IAM authorization without encryption in transit.
    ///
    /// `AuthorizationConfig` goes with `TransitEncryption: ENABLED` only (the default is `DISABLED`), and an access
    /// point allows no `RootDirectory` but `/`: the directory is the access point's own. ECS, and AWS Batch likewise,
    /// refuse the definition otherwise.
    ///
    /// Set `TransitEncryption: ENABLED`, and remove `RootDirectory`.
    ///
    /// Source: [EFSAuthorizationConfig](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSAuthorizationConfig.html).
    pub(super) NOT_IN_TRANSIT = "DT051" Error;
}

/// Every EFS volume of a task or job, with the name that `IAM` has there.
fn volumes<'m>(model: &'m Model<'m>) -> Vec<(Value<'m>, &'static str)> {
    const KINDS: [(&str, &str, &str, &str); 3] = [
        ("AWS::ECS::TaskDefinition", "Volumes", "EFSVolumeConfiguration", "AuthorizationConfig.IAM"),
        (
            "AWS::Batch::JobDefinition",
            "ContainerProperties.Volumes",
            "EfsVolumeConfiguration",
            "AuthorizationConfig.Iam",
        ),
        (
            "AWS::Batch::JobDefinition",
            "ContainerProperties.Volumes",
            "EFSVolumeConfiguration",
            "AuthorizationConfig.Iam",
        ),
    ];
    let mut all = Vec::new();
    for (type_name, list, name, iam) in KINDS {
        for item in model.of_type(type_name) {
            let entries = item.get(list).into_iter().filter_map(|list| list.items()).flatten();
            let known = entries.filter(Value::is_known).flat_map(|volume| volume.get(name));
            all.extend(known.filter(Value::is_known).map(|volume| (volume, iam)));
        }
    }
    all
}

fn not_in_transit(model: &Model<'_>, found: &mut Findings) {
    for (volume, iam) in volumes(model) {
        let points = volume.get("AuthorizationConfig.AccessPointId");
        let points = points.iter().filter(|point| !point.is_absent());
        let with_iam = volume.get(iam).into_iter().filter(|iam| iam.is_text("ENABLED"));
        let mut asks: Vec<_> = points.clone().map(|point| ("an access point", point.clone())).collect();
        asks.extend(with_iam.map(|iam| ("IAM authorization", iam)));
        for transit in volume.get("TransitEncryption") {
            if !transit.is_absent() && !transit.is_text("DISABLED") {
                continue;
            }
            if let Some((what, _)) = asks.iter().find(|(_, value)| value.world().meets(transit.world())) {
                found
                    .at(&transit, format!("the volume has {what}, but no encryption in transit"))
                    .hint("set `TransitEncryption: ENABLED`");
            }
        }
        for root in volume.get("RootDirectory") {
            let Some(text) = root.text().filter(|text| text != "/" && !text.is_empty()) else { continue };
            if points.clone().any(|point| point.world().meets(root.world())) {
                found
                    .at(&root, format!("the volume has an access point, and the root directory `{text}`"))
                    .hint("remove `RootDirectory`: the access point has a directory of its own");
            }
        }
    }
}

rule! {
    /// An EFS mount that does not ask who mounts.
    ///
    /// Without IAM authorization, everything that reaches port 2049 of the file system mounts it, reads and writes:
    /// the task role and the file system's policy have no say, and nothing tells one service from another.
    ///
    /// Set `AuthorizationConfig: {AccessPointId: …, IAM: ENABLED}` with `TransitEncryption: ENABLED`, and allow
    /// `elasticfilesystem:ClientMount` (and `ClientWrite`) to the task role.
    ///
    /// Source: [Using IAM with EFS](https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html),
    /// [EFSAuthorizationConfig](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSAuthorizationConfig.html).
    pub(super) NO_IAM = "DT052" Warning;
}

fn no_iam(model: &Model<'_>, found: &mut Findings) {
    for (volume, iam) in volumes(model) {
        for value in volume.get(iam) {
            if value.is_absent() || value.is_text("DISABLED") {
                found
                    .at(&value, "the file system is mounted without IAM authorization")
                    .hint("set `AuthorizationConfig.IAM` to `ENABLED`, and allow the task role to mount");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::check::lints::testing::found;

    fn volume(code: &str, efs: &str) -> String {
        let volumes = format!("{{Volumes: [{{Name: a, EFSVolumeConfiguration: {{{efs}}}}}]}}");
        found(
            code,
            &format!("Resources: {{Task: {{Type: 'AWS::ECS::TaskDefinition', Properties: {volumes}}}}}"),
        )
    }

    #[test]
    fn an_access_point_needs_encryption_and_its_own_directory() {
        let point = "AuthorizationConfig: {AccessPointId: fsap-1}";
        assert_snapshot!(volume("DT051", &format!("{point}, TransitEncryption: DISABLED")), @"
        the volume has an access point, but no encryption in transit at Resources.Task.Properties.Volumes[0].EFSVolumeConfiguration.TransitEncryption (set `TransitEncryption: ENABLED`)
        ");
        assert_snapshot!(volume("DT051", &format!("{point}, TransitEncryption: ENABLED, RootDirectory: /data")), @"
        the volume has an access point, and the root directory `/data` at Resources.Task.Properties.Volumes[0].EFSVolumeConfiguration.RootDirectory (remove `RootDirectory`: the access point has a directory of its own)
        ");
        assert_snapshot!(volume("DT051", "AuthorizationConfig: {IAM: ENABLED}"), @"
        the volume has IAM authorization, but no encryption in transit at Resources.Task.Properties.Volumes[0].EFSVolumeConfiguration (set `TransitEncryption: ENABLED`)
        ");
        assert_eq!(volume("DT051", "AuthorizationConfig: {IAM: DISABLED}"), "");
        assert_eq!(
            volume("DT051", &format!("{point}, TransitEncryption: !ImportValue a, RootDirectory: /")),
            ""
        );
    }

    #[test]
    fn a_batch_job_mounts_like_a_task() {
        let volumes = "{Volumes: [{Name: a, EfsVolumeConfiguration: {FileSystemId: fs-1}}]}";
        let job = format!("{{Type: container, ContainerProperties: {volumes}}}");
        let text = format!("Resources: {{Job: {{Type: 'AWS::Batch::JobDefinition', Properties: {job}}}}}");
        assert_snapshot!(found("DT052", &text), @"
        the file system is mounted without IAM authorization at Resources.Job.Properties.ContainerProperties.Volumes[0].EfsVolumeConfiguration (set `AuthorizationConfig.IAM` to `ENABLED`, and allow the task role to mount)
        ");
    }
}
