//! The bucket for templates that are too large to be sent inline, as a small stack of its own.

use serde::Serialize;
use serde_json::json;

use crate::connect::{Connection, Identity};
use crate::engine::cancel::Cancel;
use crate::engine::deploy_stack;
use crate::engine::progress::Progress;
use crate::engine::request::{Decision, DeployRequest, Question};
use crate::error::CloudError;

/// The name of the stack that holds the bucket.
pub const BOOTSTRAP_STACK: &str = "docuthinker-bootstrap";
/// How long an uploaded template is kept; CloudFormation copies it at once.
const DAYS_KEPT: u32 = 30;

/// What `bootstrap` made, or found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bootstrapped {
    /// The bucket's name.
    pub bucket: String,
    /// Whether anything was changed.
    pub changed: bool,
}

/// The bucket's name: one per account and region.
pub(crate) fn bucket_name(identity: &Identity) -> String {
    format!("docuthinker-templates-{}-{}", identity.account, identity.region)
}

/// Makes the bucket for large templates: private, encrypted, reached over TLS only, emptied after 30 days. It is kept
/// when its stack is deleted, since S3 deletes no bucket that holds something.
///
/// # Errors
///
/// As [`deploy_stack`].
pub async fn bootstrap(
    connection: &Connection,
    approve: impl AsyncFnMut(Question) -> Decision,
    progress: impl FnMut(Progress),
    cancel: &Cancel,
) -> Result<Bootstrapped, CloudError> {
    let bucket = bucket_name(connection.identity());
    let request = DeployRequest::new(BOOTSTRAP_STACK, bootstrap_template(connection));
    let outcome = deploy_stack(connection, &request, approve, progress, cancel).await?;
    Ok(Bootstrapped { bucket, changed: outcome.changed })
}

/// The template of the stack that [`bootstrap`] deploys, as JSON.
pub fn bootstrap_template(connection: &Connection) -> String {
    template(&bucket_name(connection.identity()))
}

/// The stack's template. Written by hand, as text, because this crate knows nothing of constructs.
fn template(bucket: &str) -> String {
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Where docuthinker puts templates that are too large to be sent inline",
        "Resources": {
            "TemplateBucket": {
                "Type": "AWS::S3::Bucket",
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": {
                    "BucketName": bucket,
                    "BucketEncryption": {
                        "ServerSideEncryptionConfiguration": [
                            { "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } }
                        ]
                    },
                    "LifecycleConfiguration": {
                        "Rules": [{
                            "Id": "forget-old-templates",
                            "Status": "Enabled",
                            "ExpirationInDays": DAYS_KEPT,
                            "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 1 }
                        }]
                    },
                    "OwnershipControls": { "Rules": [{ "ObjectOwnership": "BucketOwnerEnforced" }] },
                    "PublicAccessBlockConfiguration": {
                        "BlockPublicAcls": true,
                        "BlockPublicPolicy": true,
                        "IgnorePublicAcls": true,
                        "RestrictPublicBuckets": true
                    }
                }
            },
            "TemplateBucketPolicy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {
                    "Bucket": { "Ref": "TemplateBucket" },
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [{
                            "Sid": "OnlyOverTls",
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": [
                                { "Fn::GetAtt": ["TemplateBucket", "Arn"] },
                                { "Fn::Sub": "${TemplateBucket.Arn}/*" }
                            ],
                            "Condition": { "Bool": { "aws:SecureTransport": "false" } }
                        }]
                    }
                }
            }
        },
        "Outputs": { "TemplateBucketName": { "Value": { "Ref": "TemplateBucket" } } }
    })
    .to_string()
}
