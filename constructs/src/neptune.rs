//! Neptune: a graph database.

use bon::bon;
use serde_json::json;

use crate::data_store::{Home, Instances, check_backups};
use crate::declare::aws;
use crate::iam::{Role, Statement};
use crate::l1::{kms, neptune};
use crate::resource::{Arn, Handle};
use crate::scope::{RemovalPolicy, Scope};
use crate::security_group::SecurityGroup;
use crate::value::Value;
use crate::vpc::Vpc;
use crate::{port, sub};

const INSTANCES: Instances =
    Instances { class_argument: "instance_class", count_argument: "instances", prefix: "db.", most: 16 };

/// An `AWS::Neptune::DBCluster` with its instances, in private subnets.
///
/// It is encrypted, takes TLS connections only, is backed up daily, and sends its audit log to CloudWatch. There is
/// no password: IAM decides who may query, so requests must be signed.
#[derive(Debug, Clone)]
pub struct Neptune {
    /// The cluster itself, for what this construct has no word for.
    pub resource: Handle<neptune::DbCluster>,
    /// The group its instances belong to.
    pub security_group: SecurityGroup,
}

#[bon]
impl Neptune {
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
        /// The key that encrypts the data; it is chosen for ever. Default: AWS's own.
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
    ) -> Neptune {
        let mut inner = s.scope(id);
        INSTANCES.check(&mut inner, instance_class, instances);
        check_backups(&mut inner, backup_retention_days);
        let home = Home::build(&mut inner, vpc, &format!("graph database {id}"));
        let subnets = neptune::DbSubnetGroup {
            db_subnet_group_description: Some(format!("private subnets of {id}").into()),
            subnet_ids: Some(home.subnets),
            ..Default::default()
        };
        let subnets = inner.add("Subnets", subnets);
        let parameters = parameters(&mut inner, id);
        let cluster = neptune::DbCluster {
            engine_version: Some(ENGINE.0.into()),
            iam_auth_enabled: Some(true.into()),
            storage_encrypted: Some(true.into()),
            kms_key_id: key,
            db_cluster_parameter_group_name: Some(parameters),
            db_subnet_group_name: Some(subnets.into()),
            vpc_security_group_ids: Some([home.security_group.id()].into()),
            db_port: Some(8182.into()),
            backup_retention_period: Some(backup_retention_days.into()),
            copy_tags_to_snapshot: Some(true.into()),
            deletion_protection: Some(deletion_protection.into()),
            enable_cloudwatch_logs_exports: Some(["audit"].into()),
            ..Default::default()
        };
        let resource = s.add(id, cluster);
        s.set_removal_policy(resource, removal_policy);
        let mut s = s.scope(id);
        for number in 1..=instances {
            let instance = neptune::DbInstance {
                db_cluster_identifier: Some(resource.into()),
                db_instance_class: Some(instance_class.into()),
                auto_minor_version_upgrade: Some(true.into()),
                ..Default::default()
            };
            s.add(&format!("Instance{number}"), instance);
        }
        Neptune { resource, security_group: home.security_group }
    }
}

/// The engine, and the family that the parameters of its clusters belong to.
///
/// Source: [Amazon Neptune parameter groups][aws].
///
/// [aws]: https://docs.aws.amazon.com/neptune/latest/userguide/parameter-groups.html
const ENGINE: (&str, &str) = ("1.4.5.1", "neptune1.4");

/// Logs are exported only if the engine writes them.
///
/// Source: [Publishing Neptune logs to CloudWatch Logs][aws].
///
/// [aws]: https://docs.aws.amazon.com/neptune/latest/userguide/cloudwatch-logs.html
fn parameters(s: &mut Scope<'_>, id: &str) -> Value<String> {
    let properties = json!({
        "Description": format!("audit log of {id}"),
        "Family": ENGINE.1,
        "Parameters": {"neptune_enable_audit_log": "1"},
    });
    s.add_raw("Parameters", "AWS::Neptune::DBClusterParameterGroup", properties).raw_reference()
}

impl Neptune {
    /// The name under which the instance that writes is reached.
    #[must_use]
    pub fn endpoint(&self) -> Value<String> {
        self.resource.endpoint()
    }

    /// Lets members of `group` reach the database.
    #[track_caller]
    pub fn allow_from(&self, s: &mut Scope<'_>, group: &SecurityGroup) {
        group.connect(s, &self.security_group, port!(8182), "queries of the graph database");
    }

    /// Lets `role` query the database, reading and writing, and nothing else about it.
    ///
    /// Source: [IAM data-access policies of Amazon Neptune][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/neptune/latest/userguide/iam-data-access-policies.html
    pub fn grant_query(&self, s: &mut Scope<'_>, role: Role) {
        let actions =
            ["ReadDataViaQuery", "WriteDataViaQuery", "DeleteDataViaQuery", "GetQueryStatus", "CancelQuery"];
        let data = aws::arn("neptune-db", sub!("{}/*", self.resource.cluster_resource_id()));
        let statement = Statement::allow(actions.map(|action| format!("neptune-db:{action}"))).on(data);
        role.allow(s, "Graph", statement);
    }
}
