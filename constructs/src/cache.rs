//! `ElastiCache`: a cache that speaks Redis's protocol.

use bon::bon;

use crate::data_store::{Home, Instances};
use crate::l1::elasticache::replication_group as l1;
use crate::l1::{elasticache, kms, secretsmanager};
use crate::log_group::LogGroup;
use crate::resource::{Arn, Handle};
use crate::scope::{RemovalPolicy, Scope};
use crate::security_group::SecurityGroup;
use crate::units::Retention;
use crate::value::Value;
use crate::vpc::Vpc;
use crate::{port, retention, sub};

const INSTANCES: Instances =
    Instances { class_argument: "node_type", count_argument: "nodes", prefix: "cache.", most: 6 };

/// An `AWS::ElastiCache::ReplicationGroup` of Valkey, the open successor of Redis, in private subnets.
///
/// It is encrypted at rest, takes TLS connections with a password only, is backed up daily, and sends its engine and
/// slow logs to CloudWatch. With two nodes or more they stand in different zones, and one takes over from another.
#[derive(Debug, Clone)]
pub struct Cache {
    /// The replication group itself, for what this construct has no word for.
    pub resource: Handle<elasticache::ReplicationGroup>,
    /// The group its nodes belong to.
    pub security_group: SecurityGroup,
    /// The password, made by Secrets Manager.
    pub password: Handle<secretsmanager::Secret>,
}

#[bon]
impl Cache {
    /// Starts the cache `id`; `build(s)` adds it and its parts to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The network.
        vpc: &Vpc,
        /// CPU and memory of a node. Default: `cache.t4g.micro`, the smallest.
        #[builder(default = "cache.t4g.micro")]
        node_type: &str,
        /// How many nodes, 1 to 6: one that writes, others that read and take over. Default: 2.
        #[builder(default = 2)]
        nodes: u32,
        /// The key that encrypts the data, the password and the logs; it is chosen for ever. Default: AWS's own.
        #[builder(into)]
        key: Option<Value<Arn<kms::Key>>>,
        /// How long logs are kept. Default: 30 days.
        #[builder(default = retention!(30))]
        retention: Retention,
        /// What happens to the data when the cache leaves the template. Default: a last snapshot is taken.
        #[builder(default = RemovalPolicy::Snapshot)]
        removal_policy: RemovalPolicy,
    ) -> Cache {
        let mut inner = s.scope(id);
        INSTANCES.check(&mut inner, node_type, nodes);
        let home = Home::build(&mut inner, vpc, &format!("cache {id}"));
        let subnets = elasticache::SubnetGroup {
            description: Some(format!("private subnets of {id}").into()),
            subnet_ids: Some(home.subnets),
            ..Default::default()
        };
        let subnets = inner.add("Subnets", subnets);
        let password = inner.add("Password", password(id, key.clone()));
        // A cache that is made from a snapshot gets a password of its own.
        inner.set_removal_policy(password, RemovalPolicy::Delete);
        let logs = LogGroup::named("Logs")
            .retention(retention)
            .maybe_key(key.clone())
            .removal_policy(RemovalPolicy::Delete)
            .build(&mut inner);
        let several = nodes > 1;
        let group = elasticache::ReplicationGroup {
            replication_group_description: Some(format!("cache {id}").into()),
            engine: Some("valkey".into()),
            engine_version: Some("8.0".into()),
            cache_node_type: Some(node_type.into()),
            num_cache_clusters: Some(nodes.into()),
            automatic_failover_enabled: Some(several.into()),
            multi_az_enabled: Some(several.into()),
            at_rest_encryption_enabled: Some(true.into()),
            kms_key_id: key,
            transit_encryption_enabled: Some(true.into()),
            transit_encryption_mode: Some("required".into()),
            auth_token: Some(sub!("{{{{resolve:secretsmanager:{}}}}}", password.reference())),
            cache_subnet_group_name: Some(subnets.into()),
            security_group_ids: Some([home.security_group.id()].into()),
            port: Some(6379.into()),
            snapshot_retention_limit: Some(7.into()),
            auto_minor_version_upgrade: Some(true.into()),
            log_delivery_configurations: Some(
                ["engine-log", "slow-log"].map(|log| delivery(log, logs.name().text())).to_vec(),
            ),
            ..Default::default()
        };
        let resource = s.add(id, group);
        s.set_removal_policy(resource, removal_policy);
        Cache { resource, security_group: home.security_group, password }
    }
}

/// Letters and digits only: anything else would have to be escaped in an address, and not all is allowed.
///
/// Source: [Authenticating with the AUTH command][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html
fn password(id: &str, key: Option<Value<Arn<kms::Key>>>) -> secretsmanager::Secret {
    secretsmanager::Secret {
        description: Some(format!("Password of the cache {id}").into()),
        kms_key_id: key,
        generate_secret_string: Some(secretsmanager::secret::GenerateSecretString {
            exclude_punctuation: Some(true.into()),
            password_length: Some(64.into()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Source: [Log delivery][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Log_Delivery.html
fn delivery(log: &str, log_group: Value<String>) -> l1::LogDeliveryConfigurationRequest {
    l1::LogDeliveryConfigurationRequest {
        log_type: Some(log.into()),
        log_format: Some("json".into()),
        destination_type: Some("cloudwatch-logs".into()),
        destination_details: Some(l1::DestinationDetails {
            cloud_watch_logs_details: Some(l1::CloudWatchLogsDestinationDetails {
                log_group: Some(log_group),
            }),
            ..Default::default()
        }),
    }
}

impl Cache {
    /// The name under which the node that writes is reached.
    #[must_use]
    pub fn endpoint(&self) -> Value<String> {
        self.resource.primary_end_point_address()
    }

    /// Lets members of `group` reach the cache.
    #[track_caller]
    pub fn allow_from(&self, s: &mut Scope<'_>, group: &SecurityGroup) {
        group.connect(s, &self.security_group, port!(6379), "commands of the cache");
    }
}
