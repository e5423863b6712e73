//! S3 buckets: private, encrypted, reached over TLS only, and emptied by a lifecycle.

use bon::bon;

use crate::declare::aws;
use crate::iam::{Statement, add_statement, policy_document};
use crate::l1::s3::bucket::{
    AbortIncompleteMultipartUpload, BucketEncryption, LifecycleConfiguration, LoggingConfiguration,
    NoncurrentVersionExpiration, OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration,
    Rule, ServerSideEncryptionByDefault, ServerSideEncryptionRule, VersioningConfiguration,
};
use crate::l1::{kms, s3};
use crate::resource::{Arn, Handle};
use crate::scope::{RemovalPolicy, Scope};
use crate::sub;
use crate::value::Value;

/// Days after which the parts of an upload that nobody finished are deleted: they cost and cannot be read.
const UNFINISHED_UPLOAD_DAYS: u16 = 7;

/// Days in which an object that was overwritten, deleted or expired can still be brought back.
const OLD_VERSION_DAYS: u16 = 7;

/// An `AWS::S3::Bucket`, with the policy that refuses every request without TLS.
///
/// Nothing in it can be made public, and all objects belong to the account, whoever wrote them.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    /// The bucket itself, for what this construct has no word for.
    pub resource: Handle<s3::Bucket>,
    /// Its policy. A service that writes to the bucket must wait for it, since no reference says so.
    pub policy: Handle<s3::BucketPolicy>,
}

#[bon]
impl Bucket {
    /// Starts the bucket `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The name, of which there is one in the whole world. Default: a name that CloudFormation makes.
        #[builder(into)]
        name: Option<Value<String>>,
        /// The key that encrypts the objects. Default: S3's own, which costs nothing and which every service
        /// that delivers logs can write with.
        #[builder(into)]
        key: Option<Value<Arn<kms::Key>>>,
        /// Whether overwritten and deleted objects can be brought back. Default: yes.
        #[builder(default = true)]
        versioned: bool,
        /// Days after which objects are deleted; a week later nobody can bring them back. Default: never.
        expire_after_days: Option<u16>,
        /// The bucket in which S3 records the requests to this one; it must be encrypted with S3's own key.
        /// Default: they are not recorded.
        log_to: Option<Bucket>,
        /// What happens to the objects when the bucket leaves the template. Default: they are kept, unless the
        /// deployment that creates the bucket fails. CloudFormation deletes no bucket that has objects in it.
        #[builder(default = RemovalPolicy::RetainExceptOnCreate)]
        removal_policy: RemovalPolicy,
    ) -> Bucket {
        if expire_after_days == Some(0) {
            s.scope(id)
                .error("DC100", "objects cannot expire after 0 days")
                .property("expire_after_days")
                .hint("give 1 or more days, or leave it out to keep objects for ever");
        }
        let properties = s3::Bucket {
            bucket_name: name,
            bucket_encryption: Some(encryption(key)),
            public_access_block_configuration: Some(PublicAccessBlockConfiguration {
                block_public_acls: Some(true.into()),
                block_public_policy: Some(true.into()),
                ignore_public_acls: Some(true.into()),
                restrict_public_buckets: Some(true.into()),
            }),
            ownership_controls: Some(OwnershipControls {
                rules: Some(vec![OwnershipControlsRule {
                    object_ownership: Some("BucketOwnerEnforced".into()),
                }]),
            }),
            versioning_configuration: versioned
                .then(|| VersioningConfiguration { status: Some("Enabled".into()) }),
            lifecycle_configuration: Some(lifecycle(versioned, expire_after_days)),
            ..Default::default()
        };
        let resource = s.add(id, properties);
        s.set_removal_policy(resource, removal_policy);
        let policy = s.scope(id).add(
            "Policy",
            s3::BucketPolicy {
                bucket: Some(resource.into()),
                policy_document: Some(policy_document([tls_only(resource)])),
            },
        );
        let bucket = Bucket { resource, policy };
        if let Some(target) = log_to {
            bucket.log_to(s, target, id);
        }
        bucket
    }
}

fn encryption(key: Option<Value<Arn<kms::Key>>>) -> BucketEncryption {
    let algorithm = if key.is_some() { "aws:kms" } else { "AES256" };
    BucketEncryption {
        server_side_encryption_configuration: Some(vec![ServerSideEncryptionRule {
            // With it S3 asks KMS once in a while instead of for each object.
            bucket_key_enabled: key.is_some().then(|| true.into()),
            server_side_encryption_by_default: Some(ServerSideEncryptionByDefault {
                sse_algorithm: Some(algorithm.into()),
                kms_master_key_id: key,
            }),
            ..Default::default()
        }]),
    }
}

fn lifecycle(versioned: bool, expire_after_days: Option<u16>) -> LifecycleConfiguration {
    LifecycleConfiguration {
        rules: Some(vec![Rule {
            id: Some("Expire".into()),
            status: Some("Enabled".into()),
            expiration_in_days: expire_after_days.map(Value::from),
            noncurrent_version_expiration: (versioned && expire_after_days.is_some()).then(|| {
                NoncurrentVersionExpiration {
                    noncurrent_days: Some(OLD_VERSION_DAYS.into()),
                    ..Default::default()
                }
            }),
            abort_incomplete_multipart_upload: Some(AbortIncompleteMultipartUpload {
                days_after_initiation: Some(UNFINISHED_UPLOAD_DAYS.into()),
            }),
            ..Default::default()
        }]),
        ..Default::default()
    }
}

/// Refuses requests without TLS to the bucket and its objects, whoever makes them.
///
/// Source: [Security best practices for Amazon S3][aws], encryption of data in transit.
///
/// [aws]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
fn tls_only(bucket: Handle<s3::Bucket>) -> Statement {
    Statement::without_tls(["s3:*"]).for_everyone().on(bucket.arn()).on(sub!("{}/*", bucket.arn()))
}

impl Bucket {
    /// The bucket's name.
    #[must_use]
    pub fn name(self) -> Value<s3::BucketName> {
        self.resource.reference()
    }

    /// The bucket's ARN, which does not cover its objects.
    #[must_use]
    pub fn arn(self) -> Value<Arn<s3::Bucket>> {
        self.resource.arn()
    }

    /// What a policy names for all objects of the bucket.
    #[must_use]
    pub fn objects(self) -> Value<String> {
        sub!("{}/*", self.arn())
    }

    /// Adds a statement to the bucket's policy. It must say for whom it is.
    pub fn allow(self, s: &mut Scope<'_>, statement: Statement) {
        if let Some(document) = &mut s[self.policy].policy_document {
            add_statement(document, statement);
        }
    }

    /// Lets S3 record the requests to this bucket in `target`, below `prefix`.
    ///
    /// Source: [Permissions for log delivery][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    fn log_to(self, s: &mut Scope<'_>, target: Bucket, prefix: &str) {
        let statement = Statement::allow(["s3:PutObject"])
            .for_service("logging.s3.amazonaws.com")
            .on(sub!("{}/{}/*", target.arn(), prefix))
            .when("StringEquals", "aws:SourceAccount", aws::account_id())
            .when("ArnLike", "aws:SourceArn", self.arn());
        target.allow(s, statement);
        s[self.resource].logging_configuration = Some(LoggingConfiguration {
            destination_bucket_name: Some(target.name()),
            log_file_prefix: Some(sub!("{}/", prefix)),
            ..Default::default()
        });
    }
}
