//! CloudWatch log groups: where a container's output is kept, and for how long.

use bon::bon;

use crate::declare::aws;
use crate::iam::{Role, Statement};
use crate::l1::{kms, logs};
use crate::resource::{Arn, Handle};
use crate::retention;
use crate::scope::{RemovalPolicy, Scope};
use crate::sub;
use crate::units::Retention;
use crate::value::Value;

/// A log group, made by the stack or existing already.
#[derive(Debug, Clone)]
pub struct LogGroup {
    name: Value<logs::LogGroupName>,
    arn: Value<Arn<logs::LogGroup>>,
    /// The log group itself, if the stack owns it.
    pub resource: Option<Handle<logs::LogGroup>>,
}

#[bon]
impl LogGroup {
    /// Starts the log group `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The full name, for example `/ecs/docuthinker-backend`. Default: a name that CloudFormation makes.
        #[builder(into)]
        name: Option<Value<String>>,
        /// How long events are kept before CloudWatch deletes them. Default: 30 days, enough to look back on
        /// the last deployments without paying for storage for ever.
        #[builder(default = retention!(30))]
        retention: Retention,
        /// The key that encrypts the events, in this stack or another; its policy must let CloudWatch Logs use it
        /// for a group of this name ([`Key::allow_logs`](crate::Key::allow_logs)). Default: a key of
        /// CloudWatch's own.
        #[builder(into)]
        key: Option<Value<Arn<kms::Key>>>,
        /// What happens to the events when the log group leaves the template. Default: they are kept, unless
        /// the deployment that creates the group fails.
        #[builder(default = RemovalPolicy::RetainExceptOnCreate)]
        removal_policy: RemovalPolicy,
    ) -> LogGroup {
        let properties = logs::LogGroup {
            log_group_name: name,
            retention_in_days: Some(retention.days().into()),
            kms_key_id: key,
            ..Default::default()
        };
        let resource = s.add(id, properties);
        s.set_removal_policy(resource, removal_policy);
        LogGroup { name: resource.reference(), arn: resource.arn(), resource: Some(resource) }
    }
}

impl LogGroup {
    /// A log group of this account and region that exists. How long it keeps events is its own matter.
    pub fn existing(name: impl Into<String>) -> LogGroup {
        let name = name.into();
        let arn = aws::arn("logs", sub!("log-group:{}:*", &name));
        LogGroup { name: Value::known(name), arn: Value::from_node(arn.into_node()), resource: None }
    }

    /// The log group's name.
    #[must_use]
    pub fn name(&self) -> Value<logs::LogGroupName> {
        self.name.clone()
    }

    /// The log group's ARN, which ends in `:*` and so covers its streams.
    #[must_use]
    pub fn arn(&self) -> Value<Arn<logs::LogGroup>> {
        self.arn.clone()
    }

    /// Lets `role` write to the group: make streams and put events, nothing else.
    pub fn grant_write(&self, s: &mut Scope<'_>, role: Role) {
        let statement = Statement::allow(["logs:CreateLogStream", "logs:PutLogEvents"]).on(self.arn());
        role.allow(s, "Logs", statement);
    }
}
