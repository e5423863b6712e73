//! Backups of file systems: how often, for how long, and where they are kept.

use bon::bon;

use crate::declare::aws;
use crate::iam::{Role, Statement};
use crate::l1::backup::{self, backup_plan as l1, backup_selection};
use crate::l1::{efs, kms};
use crate::resource::{Arn, Handle};
use crate::scope::{RemovalPolicy, Scope};
use crate::sub;
use crate::value::Value;

/// Days that a backup must stay in cold storage.
///
/// Source: [Lifecycle][aws], `DeleteAfterDays`.
///
/// [aws]: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html
pub const COLD_STORAGE_DAYS: u32 = 90;

/// Days that a backup can be kept at most, a hundred years.
pub const MOST_BACKUP_DAYS: u32 = 36_500;

/// An `AWS::Backup::BackupPlan` that backs up file systems once a day, with the vault that the backups are kept
/// in and the role that makes them.
///
/// The role may do this for these file systems and nothing else; restoring needs another role, since it happens
/// rarely and by hand.
#[derive(Debug, Clone, Copy)]
pub struct BackupPlan {
    /// The plan itself, for what this construct has no word for.
    pub resource: Handle<backup::BackupPlan>,
    /// Where the backups are kept. It is never deleted with the stack: AWS refuses to delete a vault that holds
    /// backups, and they are needed most when everything else is gone.
    pub vault: Handle<backup::BackupVault>,
    /// Who makes the backups.
    pub role: Role,
}

#[bon]
impl BackupPlan {
    /// Starts the plan `id`; `build(s)` adds it and its parts to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The name of plan and vault, unique in account and region: 2 to 50 letters, digits and hyphens.
        #[builder(into)]
        name: String,
        /// What is backed up.
        #[builder(with = FromIterator::from_iter)]
        file_systems: Vec<Handle<efs::FileSystem>>,
        /// Days that a backup is kept, 1 to 36,500. Default: 35, so that what was lost within a month comes back.
        #[builder(default = 35)]
        retention_days: u32,
        /// Days after which a backup moves to cold storage, which is cheaper; it must stay there for 90.
        /// Default: it stays where it is.
        cold_storage_after_days: Option<u32>,
        /// The key that encrypts the vault. Default: the account's `aws/backup`.
        #[builder(into)]
        key: Option<Value<Arn<kms::Key>>>,
        /// A vault, in another region or account, that each backup is copied to. Default: none.
        #[builder(into)]
        copy_to: Option<Value<Arn<backup::BackupVault>>>,
        /// When the backup is made, in UTC. Default: each day at 5:00, when few are awake in America and Europe.
        #[builder(default = "cron(0 5 * * ? *)")]
        schedule: &str,
    ) -> BackupPlan {
        let mut s = s.scope(id);
        let s = &mut s;
        check(s, &name, file_systems.len(), retention_days, cold_storage_after_days);
        let vault = s.add(
            "Vault",
            backup::BackupVault {
                backup_vault_name: Some(name.as_str().into()),
                encryption_key_arn: key.clone(),
                ..Default::default()
            },
        );
        s.set_removal_policy(vault, RemovalPolicy::RetainExceptOnCreate);
        let daily = l1::BackupRuleResourceType {
            rule_name: Some("daily".into()),
            target_backup_vault: Some(vault.into()),
            schedule_expression: Some(schedule.into()),
            lifecycle: Some(lifecycle(retention_days, cold_storage_after_days)),
            copy_actions: copy_to.clone().map(|vault| {
                vec![l1::CopyActionResourceType {
                    destination_backup_vault_arn: Some(vault),
                    lifecycle: Some(lifecycle(retention_days, cold_storage_after_days)),
                }]
            }),
            ..Default::default()
        };
        let plan = l1::BackupPlanResourceType {
            backup_plan_name: Some(name.into()),
            backup_plan_rule: Some(vec![daily]),
            ..Default::default()
        };
        let resource = s.add("Plan", backup::BackupPlan { backup_plan: Some(plan), ..Default::default() });
        let role = role(s, vault, &file_systems, key.as_ref(), copy_to.as_ref());
        select(s, resource, role, &file_systems);
        BackupPlan { resource, vault, role }
    }
}

fn lifecycle(retention_days: u32, cold_storage_after_days: Option<u32>) -> l1::LifecycleResourceType {
    l1::LifecycleResourceType {
        delete_after_days: Some(f64::from(retention_days).into()),
        move_to_cold_storage_after_days: cold_storage_after_days.map(|days| f64::from(days).into()),
        ..Default::default()
    }
}

fn select(
    s: &mut Scope<'_>,
    plan: Handle<backup::BackupPlan>,
    role: Role,
    file_systems: &[Handle<efs::FileSystem>],
) {
    let selection = backup_selection::BackupSelectionResourceType {
        selection_name: Some("file-systems".into()),
        iam_role_arn: Some(role.arn()),
        resources: Some(file_systems.iter().map(|files| files.arn().text()).collect()),
        ..Default::default()
    };
    let properties =
        backup::BackupSelection { backup_plan_id: Some(plan.into()), backup_selection: Some(selection) };
    s.add("Selection", properties);
}

/// What AWS's own policy for backups allows, narrowed to these file systems, vaults and this key.
///
/// Source: [AWSBackupServiceRolePolicyForBackup][aws].
///
/// [aws]: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
fn role(
    s: &mut Scope<'_>,
    vault: Handle<backup::BackupVault>,
    file_systems: &[Handle<efs::FileSystem>],
    key: Option<&Value<Arn<kms::Key>>>,
    copy_to: Option<&Value<Arn<backup::BackupVault>>>,
) -> Role {
    let role = Role::named("Role")
        .assumed_by("backup.amazonaws.com")
        .description("makes backups of file systems")
        .build(s);
    let mut allow = |statement| role.allow(s, "Backup", statement);
    for files in file_systems {
        let actions = ["elasticfilesystem:Backup", "elasticfilesystem:DescribeTags"];
        allow(Statement::allow(actions).on(files.arn()));
    }
    let into_vault = ["backup:DescribeBackupVault", "backup:CopyIntoBackupVault"];
    allow(Statement::allow(into_vault).on(vault.backup_vault_arn()));
    if let Some(other) = copy_to {
        allow(Statement::allow(into_vault).on(other));
        let backups = aws::arn("backup", "recovery-point:*");
        allow(Statement::allow(["backup:CopyFromBackupVault"]).on(backups));
        // A copy is encrypted with the other vault's key, which only its own place knows.
        let there: Vec<&str> = other.literal().map(|arn| arn.split(':').collect()).unwrap_or_default();
        if let [_, partition, _, region, account, ..] = there[..] {
            let keys = format!("arn:{partition}:kms:{region}:{account}:key/*");
            allow(Statement::allow(["kms:DescribeKey"]).on(&keys));
            let lend_key = Statement::allow(["kms:CreateGrant"]).on(&keys);
            allow(lend_key.when("Bool", "kms:GrantIsForAWSResource", "true"));
        }
    }
    if let Some(key) = key {
        allow(Statement::allow(["kms:DescribeKey"]).on(key));
        let service = sub!("backup.{}.{}", aws::region(), aws::url_suffix());
        let use_key = Statement::allow(["kms:Decrypt", "kms:GenerateDataKey"]).on(key);
        allow(use_key.when("StringEquals", "kms:ViaService", service));
        let lend_key = Statement::allow(["kms:CreateGrant"]).on(key);
        allow(lend_key.when("Bool", "kms:GrantIsForAWSResource", "true"));
    }
    role
}

/// Source: [CreateBackupVault][aws] for the name.
///
/// [aws]: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html
#[track_caller]
fn check(s: &mut Scope<'_>, name: &str, file_systems: usize, retention: u32, cold: Option<u32>) {
    let valid = (2..=50).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !valid {
        s.error("DC172", format!("`{}` is not a vault's name", name.escape_debug()))
            .property("name")
            .hint("use 2 to 50 letters, digits and hyphens");
    }
    if file_systems == 0 {
        s.error("DC173", "the plan backs up nothing").property("file_systems").hint("name a file system");
    }
    if !(1..=MOST_BACKUP_DAYS).contains(&retention) {
        s.error("DC174", format!("a backup cannot be kept for {retention} days"))
            .property("retention_days")
            .hint("choose 1 to 36500");
    }
    if let Some(cold) = cold
        && (cold == 0 || retention < cold.saturating_add(COLD_STORAGE_DAYS))
    {
        let message =
            format!("{retention} days do not hold {cold} days and {COLD_STORAGE_DAYS} in cold storage");
        s.error("DC175", message)
            .property("cold_storage_after_days")
            .hint("keep backups at least 90 days longer, or move them on an earlier day, from the first on");
    }
}
