//! DocumentDB: a database that speaks MongoDB's protocol.

use bon::bon;
use serde_json::json;

use crate::data_store::{Home, Instances, check_backups};
use crate::l1::{docdb, kms};
use crate::port;
use crate::resource::{Arn, Handle};
use crate::scope::{RemovalPolicy, Scope};
use crate::security_group::SecurityGroup;
use crate::value::Value;
use crate::vpc::Vpc;

const INSTANCES: Instances =
    Instances { class_argument: "instance_class", count_argument: "instances", prefix: "db.", most: 16 };

/// An `AWS::DocDB::DBCluster` with its instances, in private subnets.
///
/// It is encrypted, takes TLS connections only, is backed up daily, and sends its audit and profiler logs to
/// CloudWatch. Its password is made, kept and rotated by AWS in a secret of Secrets Manager that no template names.
#[derive(Debug, Clone)]
pub struct DocumentDb {
    /// The cluster itself, for what this construct has no word for.
    pub resource: Handle<docdb::DbCluster>,
    /// The group its instances belong to.
    pub security_group: SecurityGroup,
}

#[bon]
impl DocumentDb {
    /// Starts the cluster `id`; `build(s)` adds it and its parts to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The network.
        vpc: &Vpc,
        /// CPU and memory of an instance. Default: `db.t4g.medium`, the smallest.
        #[builder(default = "db.t4g.medium")]
        instance_class: &str,
        /// How many instances, 1 to 16: one that writes, others that read and take over. Default: 2.
        #[builder(default = 2)]
        instances: u32,
        /// The name of the user that may do everything. Default: `docuthinker`.
        #[builder(default = "docuthinker")]
        master_username: &str,
        /// The key that encrypts the data and the password; it is chosen for ever. Default: AWS's own.
        #[builder(into)]
        key: Option<Value<Arn<kms::Key>>>,
        /// Days that the daily backups are kept, 1 to 35. Default: 7.
        #[builder(default = 7)]
        backup_retention_days: u32,
        /// Whether the cluster can be deleted only after that was allowed. Default: yes.
        #[builder(default = true)]
        deletion_protection: bool,
        /// What happens to the data when the cluster leaves the template. Default: a last snapshot is taken.
        #[builder(default = RemovalPolicy::Snapshot)]
        removal_policy: RemovalPolicy,
    ) -> DocumentDb {
        let mut inner = s.scope(id);
        INSTANCES.check(&mut inner, instance_class, instances);
        check_backups(&mut inner, backup_retention_days);
        let home = Home::build(&mut inner, vpc, &format!("document database {id}"));
        let subnets = docdb::DbSubnetGroup {
            db_subnet_group_description: Some(format!("private subnets of {id}").into()),
            subnet_ids: Some(home.subnets),
            ..Default::default()
        };
        let subnets = inner.add("Subnets", subnets);
        let parameters = parameters(&mut inner, id);
        let cluster = docdb::DbCluster {
            engine_version: Some(ENGINE.0.into()),
            master_username: Some(master_username.into()),
            manage_master_user_password: Some(true.into()),
            master_user_secret_kms_key_id: key.clone(),
            storage_encrypted: Some(true.into()),
            kms_key_id: key,
            db_cluster_parameter_group_name: Some(parameters),
            db_subnet_group_name: Some(subnets.into()),
            vpc_security_group_ids: Some([home.security_group.id()].into()),
            port: Some(27017.into()),
            backup_retention_period: Some(backup_retention_days.into()),
            copy_tags_to_snapshot: Some(true.into()),
            deletion_protection: Some(deletion_protection.into()),
            enable_cloudwatch_logs_exports: Some(["audit", "profiler"].into()),
            ..Default::default()
        };
        let resource = s.add(id, cluster);
        s.set_removal_policy(resource, removal_policy);
        let mut s = s.scope(id);
        for number in 1..=instances {
            let instance = docdb::DbInstance {
                db_cluster_identifier: Some(resource.into()),
                db_instance_class: Some(instance_class.into()),
                ..Default::default()
            };
            s.add(&format!("Instance{number}"), instance);
        }
        DocumentDb { resource, security_group: home.security_group }
    }
}

/// The engine, and the family that the parameters of its clusters belong to.
///
/// Source: [Amazon DocumentDB cluster parameter groups][aws].
///
/// [aws]: https://docs.aws.amazon.com/documentdb/latest/developerguide/cluster_parameter_groups.html
const ENGINE: (&str, &str) = ("5.0.0", "docdb5.0");

/// Logs are exported only if the engine writes them.
///
/// Source: [Auditing Amazon DocumentDB events][audit] and [profiling operations][profiler].
///
/// [audit]: https://docs.aws.amazon.com/documentdb/latest/developerguide/event-auditing.html
/// [profiler]: https://docs.aws.amazon.com/documentdb/latest/developerguide/profiling.html
fn parameters(s: &mut Scope<'_>, id: &str) -> Value<String> {
    let properties = json!({
        "Description": format!("TLS and logs of {id}"),
        "Family": ENGINE.1,
        "Parameters": {"tls": "enabled", "audit_logs": "enabled", "profiler": "enabled"},
    });
    s.add_raw("Parameters", "AWS::DocDB::DBClusterParameterGroup", properties).raw_reference()
}

impl DocumentDb {
    /// The name under which the instance that writes is reached.
    #[must_use]
    pub fn endpoint(&self) -> Value<String> {
        self.resource.endpoint()
    }

    /// Lets members of `group` reach the database.
    #[track_caller]
    pub fn allow_from(&self, s: &mut Scope<'_>, group: &SecurityGroup) {
        group.connect(s, &self.security_group, port!(27017), "queries of the document database");
    }
}
