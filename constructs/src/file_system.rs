//! EFS file systems: folders that outlive the tasks that write to them.

use bon::bon;
use template::Node;

use crate::iam::{Role, Statement, policy_document};
use crate::l1::ecs::task_definition as l1;
use crate::l1::{ec2, efs};
use crate::port;
use crate::resource::Handle;
use crate::scope::{RemovalPolicy, Scope};
use crate::security_group::{Egress, SecurityGroup};
use crate::value::Value;
use crate::vpc::Vpc;

/// An `AWS::EFS::FileSystem` with an access point and a mount target in each zone where tasks stand.
///
/// It is encrypted, backed up daily, moves files unread for a month to cheaper storage, and lets in only who
/// connects with TLS through the access point with IAM's permission.
#[derive(Debug, Clone)]
pub struct FileSystem {
    /// The file system itself, for what this construct has no word for.
    pub resource: Handle<efs::FileSystem>,
    /// The folder that tasks see as the root, and the user they are there.
    pub access_point: Handle<efs::AccessPoint>,
    security_group: SecurityGroup,
    mount_targets: Vec<Handle<efs::MountTarget>>,
    volume: String,
}

#[bon]
impl FileSystem {
    /// Starts the file system `id`; `build(s)` adds it and its parts to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The network; a mount target is put into each private subnet, or each public one where there are
        /// no others.
        vpc: &Vpc,
        /// The folder of the file system that tasks see as its root; it is made with the first mount.
        path: &str,
        /// What happens to the files when the file system leaves the template. Default: they are kept, unless
        /// the deployment that creates the file system fails.
        #[builder(default = RemovalPolicy::RetainExceptOnCreate)]
        removal_policy: RemovalPolicy,
    ) -> FileSystem {
        let resource = s.add(id, properties());
        s.set_removal_policy(resource, removal_policy);
        let mut s = s.scope(id);
        let security_group = SecurityGroup::named("SecurityGroup")
            .vpc(vpc)
            .description(&format!("file system {id}"))
            .egress(Egress::Connected)
            .build(&mut s);
        let mount_targets = subnets(&mut s, vpc)
            .into_iter()
            .enumerate()
            .map(|(index, subnet)| {
                let target = efs::MountTarget {
                    file_system_id: Some(resource.into()),
                    subnet_id: Some(subnet),
                    security_groups: Some([security_group.id()].into()),
                    ..Default::default()
                };
                s.add(&format!("MountTarget{}", index + 1), target)
            })
            .collect();
        let access_point = s.add("AccessPoint", access_point(resource, path));
        let volume = id.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        FileSystem { resource, access_point, security_group, mount_targets, volume }
    }
}

/// Source: [AWS::EFS::FileSystem][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-efs-filesystem.html
fn properties() -> efs::FileSystem {
    efs::FileSystem {
        encrypted: Some(true.into()),
        file_system_policy: Some(only_encrypted()),
        // Elastic throughput costs only what is read and written; the other modes must be sized beforehand.
        throughput_mode: Some("elastic".into()),
        backup_policy: Some(efs::file_system::BackupPolicy { status: Some("ENABLED".into()) }),
        lifecycle_policies: Some(vec![efs::file_system::LifecyclePolicy {
            transition_to_ia: Some("AFTER_30_DAYS".into()),
            ..Default::default()
        }]),
        ..Default::default()
    }
}

/// Refuses connections without TLS. That there is a policy at all also ends what holds without one: that
/// whoever reaches a mount target may do everything; from then on IAM decides.
///
/// Source: [Using IAM to control access to file systems][aws].
///
/// [aws]: https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
fn only_encrypted() -> Node {
    let actions = [
        "elasticfilesystem:ClientMount",
        "elasticfilesystem:ClientWrite",
        "elasticfilesystem:ClientRootAccess",
    ];
    let statement = Statement::deny(actions).for_principal("*").when("Bool", "aws:SecureTransport", "false");
    policy_document([statement])
}

/// The folder belongs to user and group 1000, as which containers run by default.
fn access_point(file_system: Handle<efs::FileSystem>, path: &str) -> efs::AccessPoint {
    efs::AccessPoint {
        file_system_id: Some(file_system.into()),
        posix_user: Some(efs::access_point::PosixUser {
            uid: Some("1000".into()),
            gid: Some("1000".into()),
            ..Default::default()
        }),
        root_directory: Some(efs::access_point::RootDirectory {
            path: Some(path.into()),
            creation_info: Some(efs::access_point::CreationInfo {
                owner_uid: Some("1000".into()),
                owner_gid: Some("1000".into()),
                permissions: Some("0750".into()),
            }),
        }),
        ..Default::default()
    }
}

fn subnets(s: &mut Scope<'_>, vpc: &Vpc) -> Vec<Value<ec2::SubnetId>> {
    let Some(subnets) = vpc.subnets(vpc.task_tier()).items().map(<[_]>::to_vec) else {
        s.error("DC080", "the file system needs to know the subnets one by one")
            .property("vpc")
            .hint("name the ids of the subnets instead of a list parameter");
        return Vec::new();
    };
    subnets
}

impl FileSystem {
    /// Mounts the file system at `container_path`; give the result to a service.
    pub fn mount(&self, container_path: &str) -> Mount {
        Mount { file_system: self.clone(), container_path: container_path.to_owned() }
    }
}

/// A file system at a place in a container.
#[derive(Debug, Clone)]
pub struct Mount {
    file_system: FileSystem,
    container_path: String,
}

impl Mount {
    /// The volume of the task definition. What is sent is encrypted, and IAM is asked.
    pub(crate) fn volume(&self) -> l1::Volume {
        l1::Volume {
            name: Some(self.file_system.volume.as_str().into()),
            efs_volume_configuration: Some(l1::EfsVolumeConfiguration {
                filesystem_id: Some(self.file_system.resource.into()),
                transit_encryption: Some("ENABLED".into()),
                authorization_config: Some(l1::AuthorizationConfig {
                    access_point_id: Some(self.file_system.access_point.into()),
                    iam: Some("ENABLED".into()),
                }),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    pub(crate) fn mount_point(&self) -> l1::MountPoint {
        l1::MountPoint {
            source_volume: Some(self.file_system.volume.as_str().into()),
            container_path: Some(self.container_path.as_str().into()),
            read_only: Some(false.into()),
        }
    }

    /// Lets `role` read and write through the access point, and through nothing else.
    ///
    /// Source: [IAM authorization for Amazon EFS][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
    pub(crate) fn grant(&self, s: &mut Scope<'_>, role: Role) {
        let actions = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"];
        let statement = Statement::allow(actions).on(self.file_system.resource.arn()).when(
            "StringEquals",
            "elasticfilesystem:AccessPointArn",
            self.file_system.access_point.arn(),
        );
        role.allow(s, "Files", statement);
    }

    /// Lets tasks in `group` reach the file system, and makes `service` wait until it can be mounted.
    pub(crate) fn connect<R>(&self, s: &mut Scope<'_>, group: &SecurityGroup, service: Handle<R>) {
        let rule =
            group.connect(s, &self.file_system.security_group, port!(2049), "tasks mount the file system");
        if let Some(rule) = rule {
            s.depend(service, rule);
        }
        for target in &self.file_system.mount_targets {
            s.depend(service, *target);
        }
    }
}
