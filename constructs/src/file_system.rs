//! EFS file systems: folders that outlive the tasks that write to them.

use bon::bon;
use template::Node;

use crate::iam::{Role, Statement, policy_document};
use crate::l1::ecs::task_definition as task;
use crate::l1::efs::file_system as l1;
use crate::l1::{ec2, ecs, efs, kms};
use crate::port;
use crate::resource::{Arn, Handle};
use crate::scope::{RemovalPolicy, Scope};
use crate::security_group::{Egress, SecurityGroup};
use crate::value::Value;
use crate::vpc::Vpc;

/// An `AWS::EFS::FileSystem` with an access point and a mount target in each zone where tasks stand.
///
/// It is encrypted, backed up daily, moves files unread for a month to cheaper storage and back when they are read,
/// and lets in only who connects with TLS through the access point with IAM's permission.
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
        /// The key that encrypts the files. It is chosen for ever: another one replaces the file system. Default:
        /// the account's `aws/elasticfilesystem`.
        #[builder(into)]
        key: Option<Value<Arn<kms::Key>>>,
        /// The other region that files are copied to, within minutes; a file system that can only be read is made
        /// there, until replication is ended. Default: none.
        #[builder(into)]
        replica: Option<String>,
        /// Whether AWS Backup takes a copy each day and keeps it for 35 days. Default: yes; switch it off where a
        /// [`BackupPlan`](crate::BackupPlan) takes copies, or there are two.
        #[builder(default = true)]
        automatic_backups: bool,
        /// What happens to the files when the file system leaves the template. Default: they are kept, unless
        /// the deployment that creates the file system fails.
        #[builder(default = RemovalPolicy::RetainExceptOnCreate)]
        removal_policy: RemovalPolicy,
    ) -> FileSystem {
        let properties = efs::FileSystem {
            kms_key_id: key,
            replication_configuration: replication(&mut s.scope(id), replica),
            backup_policy: Some(backup_policy(automatic_backups)),
            ..properties()
        };
        let resource = s.add(id, properties);
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
        lifecycle_policies: Some(vec![
            l1::LifecyclePolicy { transition_to_ia: Some("AFTER_30_DAYS".into()), ..Default::default() },
            l1::LifecyclePolicy {
                transition_to_primary_storage_class: Some("AFTER_1_ACCESS".into()),
                ..Default::default()
            },
        ]),
        ..Default::default()
    }
}

/// Source: [Replicating EFS file systems][aws].
///
/// [aws]: https://docs.aws.amazon.com/efs/latest/ug/efs-replication.html
#[track_caller]
fn replication(s: &mut Scope<'_>, region: Option<String>) -> Option<l1::ReplicationConfiguration> {
    let region = region?;
    if s.region() == Some(&region) {
        s.error("DC147", format!("files cannot be copied from {region} to itself"))
            .property("replica")
            .hint("name another region");
    }
    let destination = l1::ReplicationDestination { region: Some(region.into()), ..Default::default() };
    Some(l1::ReplicationConfiguration { destinations: Some(vec![destination]) })
}

fn backup_policy(automatic: bool) -> l1::BackupPolicy {
    l1::BackupPolicy { status: Some(if automatic { "ENABLED" } else { "DISABLED" }.into()) }
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
    policy_document([Statement::without_tls(actions).for_principal("*")])
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
    /// Mounts the file system at `container_path`, to be read and written by one task at a time; give the result to
    /// a service. A service of several tasks is warned about, unless [`Mount::shared`] or [`Mount::read_only`].
    pub fn mount(&self, container_path: &str) -> Mount {
        Mount { file_system: self.clone(), container_path: container_path.to_owned(), access: Access::One }
    }
}

/// Who writes through a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// One task.
    One,
    /// Several tasks, which keep their writes apart.
    Shared,
    /// Nobody.
    ReadOnly,
}

/// A file system at a place in a container.
#[derive(Debug, Clone)]
pub struct Mount {
    file_system: FileSystem,
    container_path: String,
    access: Access,
}

impl Mount {
    /// Lets several tasks write at once: the program in them keeps their writes apart, since a file system reached
    /// over a network does not. An embedded database such as `SQLite`, which Chroma keeps, relies on file locks.
    ///
    /// Source: [SQLite over a network][sqlite].
    ///
    /// [sqlite]: https://www.sqlite.org/useovernet.html
    #[must_use]
    pub fn shared(mut self) -> Mount {
        self.access = Access::Shared;
        self
    }

    /// Lets the tasks read, and nothing else.
    #[must_use]
    pub fn read_only(mut self) -> Mount {
        self.access = Access::ReadOnly;
        self
    }

    /// Doubts that all tasks of `service` should write; `most` is the end of its scaling, if it scales.
    #[track_caller]
    pub(crate) fn check_writers(&self, s: &mut Scope<'_>, service: Handle<ecs::Service>, most: Option<u32>) {
        let fixed = s[service].desired_count.as_ref().and_then(|count| match count.node() {
            Node::Number(count) => count.as_i64(),
            _ => None,
        });
        let tasks = most.map(i64::from).or(fixed);
        if self.access != Access::One || tasks.is_some_and(|tasks| tasks < 2) {
            return;
        }
        let tasks = tasks.map_or("several".to_owned(), |tasks| format!("up to {tasks}"));
        let message = format!("{tasks} tasks write to `{}` at once", self.container_path);
        s.warn("DC148", message).property("mounts").hint(
            "run one task, mount with `.read_only()`, or say `.shared()` if the program keeps its writes apart",
        );
    }

    /// The volume of the task definition. What is sent is encrypted, and IAM is asked.
    pub(crate) fn volume(&self) -> task::Volume {
        task::Volume {
            name: Some(self.file_system.volume.as_str().into()),
            efs_volume_configuration: Some(task::EfsVolumeConfiguration {
                filesystem_id: Some(self.file_system.resource.into()),
                transit_encryption: Some("ENABLED".into()),
                authorization_config: Some(task::AuthorizationConfig {
                    access_point_id: Some(self.file_system.access_point.into()),
                    iam: Some("ENABLED".into()),
                }),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    pub(crate) fn mount_point(&self) -> task::MountPoint {
        task::MountPoint {
            source_volume: Some(self.file_system.volume.as_str().into()),
            container_path: Some(self.container_path.as_str().into()),
            read_only: Some((self.access == Access::ReadOnly).into()),
        }
    }

    /// Lets `role` read and, where it may, write through the access point, and through nothing else.
    ///
    /// Source: [IAM authorization for Amazon EFS][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
    pub(crate) fn grant(&self, s: &mut Scope<'_>, role: Role) {
        let actions = match self.access {
            Access::ReadOnly => vec!["elasticfilesystem:ClientMount"],
            _ => vec!["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        };
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
