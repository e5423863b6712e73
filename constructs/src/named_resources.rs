//! Buckets, tables and queues that others make, known by how their names begin.

use crate::declare::aws;
use crate::iam::{Role, Statement};
use crate::scope::Scope;
use crate::sub;

/// Buckets, tables and queues of this account whose names begin alike, for example with `docuthinker-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedResources {
    prefix: String,
}

const POLICY: &str = "Resources";

impl NamedResources {
    /// Those whose names begin with `prefix`.
    pub fn begin_with(prefix: impl Into<String>) -> NamedResources {
        NamedResources { prefix: prefix.into() }
    }

    /// Lets `role` read and write objects of the buckets. Names of buckets belong to the whole world: only this
    /// account's are meant.
    pub fn grant_objects(&self, s: &mut Scope<'_>, role: Role) {
        let objects = sub!("arn:{}:s3:::{}*/*", aws::partition(), &self.prefix);
        let statement = Statement::allow(["s3:GetObject", "s3:PutObject"]).on(objects).when(
            "StringEquals",
            "aws:ResourceAccount",
            aws::account_id(),
        );
        role.allow(s, POLICY, statement);
    }

    /// Lets `role` query the tables and put items into them.
    pub fn grant_tables(&self, s: &mut Scope<'_>, role: Role) {
        let tables = aws::arn("dynamodb", sub!("table/{}*", &self.prefix));
        role.allow(s, POLICY, Statement::allow(["dynamodb:Query", "dynamodb:PutItem"]).on(tables));
    }

    /// Lets `role` send messages to the queues.
    pub fn grant_queues(&self, s: &mut Scope<'_>, role: Role) {
        let queues = aws::arn("sqs", sub!("{}*", &self.prefix));
        role.allow(s, POLICY, Statement::allow(["sqs:SendMessage"]).on(queues));
    }
}
