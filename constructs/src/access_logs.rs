//! Access logs of a load balancer: who asked for what, and what came of it, in a bucket.

use crate::alb::{Alb, attribute};
use crate::bucket::Bucket;
use crate::declare::aws;
use crate::iam::Statement;
use crate::scope::Scope;
use crate::sub;

impl Alb {
    /// Writes a line for each request to `bucket`, below `prefix`.
    ///
    /// The load balancer writes a first file as soon as it exists, so it waits for the bucket's policy. That file
    /// also keeps the bucket from being deleted, as CloudFormation tries when the first deployment fails: give
    /// the bucket [`RemovalPolicy::Retain`](crate::RemovalPolicy::Retain). It must be in the load balancer's
    /// region, and encrypted with S3's own key.
    ///
    /// Source: [Enable access logs for your Application Load Balancer][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    #[track_caller]
    pub fn write_access_logs(&self, s: &mut Scope<'_>, bucket: Bucket, prefix: &str) {
        check(&mut s.reopen(self.path()), bucket, prefix);
        let (objects, account) = (sub!("{}/{}", bucket.arn(), prefix), aws::account_id());
        let statement = Statement::allow(["s3:PutObject"])
            .for_service("logdelivery.elasticloadbalancing.amazonaws.com")
            .on(sub!("{}/AWSLogs/{}/*", objects, account));
        bucket.allow(s, statement);
        s[self.resource].load_balancer_attributes.get_or_insert_with(Vec::new).extend([
            attribute("access_logs.s3.enabled", "true"),
            attribute("access_logs.s3.bucket", bucket.name().text()),
            attribute("access_logs.s3.prefix", prefix),
        ]);
        s.depend(self.resource, bucket.policy);
    }
}

#[track_caller]
fn check(s: &mut Scope<'_>, bucket: Bucket, prefix: &str) {
    if prefix.is_empty() || prefix.starts_with('/') || prefix.ends_with('/') || prefix.contains("AWSLogs") {
        s.error("DC109", format!("access logs cannot be written below `{prefix}`"))
            .property("prefix")
            .hint("give a name without a slash at its ends and without `AWSLogs`, which is added");
    }
    let rules = s[bucket.resource].bucket_encryption.as_ref();
    let rules = rules.and_then(|encryption| encryption.server_side_encryption_configuration.as_ref());
    let by_default = rules
        .and_then(|rules| rules.first())
        .and_then(|rule| rule.server_side_encryption_by_default.as_ref());
    if by_default.is_some_and(|by_default| by_default.kms_master_key_id.is_some()) {
        s.error("DC110", "a load balancer cannot write access logs to a bucket with a key of its own")
            .property("bucket")
            .hint("leave the bucket's key out, so that S3's own encrypts it");
    }
}
