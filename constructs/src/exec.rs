//! ECS Exec: commands in a container that runs, by way of Systems Manager, each of them on record.

use crate::declare::aws;
use crate::iam::{Role, Statement};
use crate::l1::ecs::cluster as l1;
use crate::l1::kms;
use crate::log_group::LogGroup;
use crate::resource::Arn;
use crate::scope::Scope;
use crate::value::Value;

/// Where the sessions of ECS Exec are recorded, and with which key they are encrypted besides TLS.
///
/// A recorded session needs `script` and `cat` in the image. What is run, runs as root.
///
/// Source: [Monitor Amazon ECS containers with ECS Exec][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
#[derive(Debug, Clone)]
pub struct Exec {
    log_group: LogGroup,
    key: Option<Value<Arn<kms::Key>>>,
}

impl Exec {
    /// Sessions are recorded in `log_group`.
    pub fn logged_to(log_group: LogGroup) -> Exec {
        Exec { log_group, key: None }
    }

    /// Sessions are encrypted with `key`; whoever opens one needs `kms:GenerateDataKey` on it. The log group must
    /// be encrypted too, or no session starts.
    pub fn key(self, key: impl Into<Value<Arn<kms::Key>>>) -> Exec {
        Exec { key: Some(key.into()), ..self }
    }

    /// What the cluster says of sessions.
    pub(crate) fn configuration(&self) -> l1::ClusterConfiguration {
        let log = l1::ExecuteCommandLogConfiguration {
            cloud_watch_log_group_name: Some(self.log_group.name()),
            cloud_watch_encryption_enabled: self.key.is_some().then(|| true.into()),
            ..Default::default()
        };
        l1::ClusterConfiguration {
            execute_command_configuration: Some(l1::ExecuteCommandConfiguration {
                kms_key_id: self.key.clone(),
                logging: Some("OVERRIDE".into()),
                log_configuration: Some(log),
            }),
            ..Default::default()
        }
    }

    /// Lets a task open the two channels of a session, and record it.
    ///
    /// The channels have no resource. Whether the group is there is asked of all groups.
    pub(crate) fn grant(&self, s: &mut Scope<'_>, task_role: Role) {
        let policy = "Exec";
        let channels = [
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
        ];
        task_role.allow(s, policy, Statement::allow(channels).on_everything());
        let groups = aws::arn("logs", "log-group:*");
        task_role.allow(s, policy, Statement::allow(["logs:DescribeLogGroups"]).on(groups));
        let write = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"];
        task_role.allow(s, policy, Statement::allow(write).on(self.log_group.arn()));
        if let Some(key) = &self.key {
            task_role.allow(s, policy, Statement::allow(["kms:Decrypt"]).on(key));
        }
    }
}
