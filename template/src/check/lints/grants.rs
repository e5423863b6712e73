//! Who is let in: trust policies, and the policies of buckets, queues, topics, secrets, keys and repositories.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::iam::{Policy, PolicyKind, Statement};
use crate::model::{Item, Model, Part, Text, Value};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &ANYBODY_ASSUMES, check: anybody_assumes },
    Lint { rule: &NO_SERVICE, check: no_service },
    Lint { rule: &OPEN_TO_ALL, check: open_to_all },
    Lint { rule: &PUBLIC_POLICY, check: public_policy },
    Lint { rule: &OTHER_BUCKET, check: other_bucket },
    Lint { rule: &PUBLIC_BUCKET, check: public_bucket },
];

rule! {
    /// A role that anybody may assume.
    ///
    /// The principal `*` without a condition lets every account of AWS assume the role and do what it may do.
    ///
    /// Name the service, the account or the role that is meant; for a partner's account add the condition
    /// `sts:ExternalId`.
    ///
    /// Source: [AWS JSON policy elements: Principal](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html).
    pub(super) ANYBODY_ASSUMES = "DT122" Warning;
}

rule! {
    /// A service principal that does not exist.
    ///
    /// A service is named by its domain, `ecs-tasks.amazonaws.com`. IAM refuses a policy with another name:
    /// `MalformedPolicyDocument`, invalid principal in policy.
    ///
    /// Write the name as the service's page in its guide gives it.
    ///
    /// Source: [AWS JSON policy elements: Principal](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services).
    pub(super) NO_SERVICE = "DT123" Error;
}

rule! {
    /// A resource that is open to everybody.
    ///
    /// The policy allows its actions to the principal `*` and has no condition: every account of AWS, and for some
    /// services everybody on the internet, may do them.
    ///
    /// Name the accounts, roles or services, or narrow it with a condition such as `aws:SourceArn` or
    /// `aws:PrincipalOrgID`.
    ///
    /// Source: [AWS JSON policy elements: Principal](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-anonymous).
    pub(super) OPEN_TO_ALL = "DT126" Warning;
}

rule! {
    /// A public policy on a bucket that blocks public policies.
    ///
    /// The bucket has `BlockPublicPolicy: true`, and S3 then refuses a policy that lets everybody in: `AccessDenied` for
    /// `s3:PutBucketPolicy`, public policies are blocked by the block public access setting. (Since April 2023 that is the
    /// default of new buckets; where it is not written, an older bucket may still be without it, so nothing is said.)
    ///
    /// Let in whom you mean: a CloudFront distribution by its origin access control, or a role. If the bucket is to be
    /// public, set `BlockPublicPolicy` and `RestrictPublicBuckets` to `false` in its `PublicAccessBlockConfiguration`.
    ///
    /// Source: [Blocking public access](https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html),
    /// [Default settings for new buckets](https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html).
    pub(super) PUBLIC_POLICY = "DT127" Error;
}

rule! {
    /// A bucket policy about another bucket.
    ///
    /// The `Resource` of a bucket's policy can only be that bucket and its objects. S3 refuses all others:
    /// `MalformedPolicy`, policy has invalid resource.
    ///
    /// Use the same bucket in `Bucket` and in `Resource`.
    ///
    /// Source: [Bucket policies](https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html).
    pub(super) OTHER_BUCKET = "DT128" Error;
}

rule! {
    /// A bucket that switches the block of public access off.
    ///
    /// New buckets block public access. One that sets a part of the block to `false` can be opened to the internet by a
    /// policy or an object's ACL, on purpose or not.
    ///
    /// Set all four settings to `true`, or leave the block away, which means the same. Files for the web are better
    /// served by CloudFront from a private bucket.
    ///
    /// Source: [Blocking public access](https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html).
    pub(super) PUBLIC_BUCKET = "DT137" Warning;
}

fn anybody_assumes(model: &Model<'_>, found: &mut Findings) {
    for policy in model.policies().iter().filter(|policy| policy.kind == PolicyKind::Trust) {
        for statement in policy.statements() {
            if let Some(everybody) = statement.everybody()
                && statement.allows()
                && !statement.has_condition()
            {
                found
                    .at(&everybody, format!("everybody may assume the role `{}`", policy.item.id()))
                    .hint("name the service, account or role that is meant");
            }
        }
    }
}

/// Names that are often written for another.
const MISTAKEN: [(&str, &str); 6] = [
    ("ecs-task.amazonaws.com", "ecs-tasks.amazonaws.com"),
    ("ecstasks.amazonaws.com", "ecs-tasks.amazonaws.com"),
    ("lambdas.amazonaws.com", "lambda.amazonaws.com"),
    ("cloudwatch-logs.amazonaws.com", "logs.amazonaws.com"),
    ("event.amazonaws.com", "events.amazonaws.com"),
    ("code-build.amazonaws.com", "codebuild.amazonaws.com"),
];

fn no_service(model: &Model<'_>, found: &mut Findings) {
    for policy in model.policies() {
        for statement in policy.statements() {
            for principal in statement.principals("Service") {
                let Some(name) = principal.text().filter(|name| name != "*") else { continue };
                let meant = MISTAKEN.iter().find(|(known, _)| *known == name).map(|(_, meant)| *meant);
                if meant.is_some() || !name.contains('.') {
                    let meant = meant.map_or_else(|| format!("{name}.amazonaws.com"), str::to_owned);
                    found
                        .at(&principal, format!("there is no service `{name}`"))
                        .hint(format!("did you mean `{meant}`?"));
                }
            }
        }
    }
}

/// Where a statement lets everybody in without a condition.
fn lets_everybody_in<'m>(statement: &Statement<'m>) -> Option<Value<'m>> {
    let is_open = statement.allows() && !statement.has_condition();
    statement.everybody().filter(|_| is_open)
}

fn open_to_all(model: &Model<'_>, found: &mut Findings) {
    for policy in model.policies().iter().filter(|policy| policy.kind == PolicyKind::Resource) {
        // Public buckets have rules of their own; mount targets are only reached from within the network.
        if policy.item.is("AWS::S3::BucketPolicy") || policy.item.is("AWS::EFS::FileSystem") {
            continue;
        }
        for statement in policy.statements() {
            if let Some(everybody) = lets_everybody_in(&statement) {
                found
                    .at(&everybody, format!("`{}` is open to everybody", policy.item.id()))
                    .hint("name the principals, or add a condition such as `aws:SourceArn`");
            }
        }
    }
}

/// The bucket of the template that a bucket policy is for.
fn bucket<'m>(policy: &Policy<'m>) -> Option<Item<'m>> {
    let [value] = policy.item.get("Bucket").try_into().ok()?;
    let value: Value<'m> = value;
    value.target().map(|target| target.item).filter(|item| item.is("AWS::S3::Bucket"))
}

fn public_policy(model: &Model<'_>, found: &mut Findings) {
    for policy in model.policies().iter().filter(|policy| policy.item.is("AWS::S3::BucketPolicy")) {
        let Some(bucket) = bucket(policy) else { continue };
        let setting = bucket.get("PublicAccessBlockConfiguration.BlockPublicPolicy");
        let given = bucket.get("PublicAccessBlockConfiguration");
        for statement in policy.statements() {
            let Some(everybody) = lets_everybody_in(&statement) else { continue };
            let world = everybody.world();
            // A block that is given without this setting does not block policies.
            let blocks = |value: &Value<'_>| value.boolean() == Some(true);
            // What is not written is on for new buckets only, so an old stack may still be right.
            let is_default = given.iter().all(Value::is_absent);
            if !is_default && setting.iter().filter(|value| value.world().meets(world)).all(blocks) {
                found
                    .at(
                        &everybody,
                        format!("the bucket `{}` blocks public policies, and this is one", bucket.id()),
                    )
                    .hint(
                        "name who may come in, or switch the block off in `PublicAccessBlockConfiguration`",
                    );
            }
        }
    }
}

fn other_bucket(model: &Model<'_>, found: &mut Findings) {
    for policy in model.policies().iter().filter(|policy| policy.item.is("AWS::S3::BucketPolicy")) {
        let Some(bucket) = bucket(policy) else { continue };
        for statement in policy.statements() {
            for resource in statement.known("Resource") {
                for text in resource.texts() {
                    let other = resource_bucket(&text).filter(|other| *other != bucket);
                    if let Some(other) = other {
                        found
                            .at(
                                &resource,
                                format!(
                                    "the policy of the bucket `{}` has the bucket `{}` as its resource",
                                    bucket.id(),
                                    other.id()
                                ),
                            )
                            .hint(format!("use `{}`", bucket.id()));
                    }
                }
            }
        }
    }
}

/// The bucket whose ARN the text is, perhaps with a path behind it.
fn resource_bucket<'m>(text: &Text<'m>) -> Option<Item<'m>> {
    let is_bucket = |part: &Part<'m>| match part {
        Part::Target(target) if target.item.is("AWS::S3::Bucket") => Some(*target),
        _ => None,
    };
    let first = text.parts.first().and_then(is_bucket);
    if let Some(target) = first.filter(|target| target.attribute == Some("Arn")) {
        return Some(target.item);
    }
    // `arn:aws:s3:::${Bucket}/…`
    let at =
        text.parts.iter().position(|part| matches!(part, Part::Literal(text) if text.ends_with(":s3:::")))?;
    text.parts.get(at + 1).and_then(is_bucket).map(|target| target.item)
}

fn public_bucket(model: &Model<'_>, found: &mut Findings) {
    const SETTINGS: [&str; 4] = [
        "PublicAccessBlockConfiguration.BlockPublicAcls",
        "PublicAccessBlockConfiguration.BlockPublicPolicy",
        "PublicAccessBlockConfiguration.IgnorePublicAcls",
        "PublicAccessBlockConfiguration.RestrictPublicBuckets",
    ];
    for bucket in model.of_type("AWS::S3::Bucket") {
        // A website is for everybody.
        if bucket.get("WebsiteConfiguration").iter().any(|website| !website.is_absent()) {
            continue;
        }
        for setting in SETTINGS {
            for value in bucket.get(setting).iter().filter(|value| value.boolean() == Some(false)) {
                let name = setting.rsplit('.').next().unwrap_or(setting);
                found
                    .at(
                        value,
                        format!("the bucket `{}` can be made public: `{name}` is `false`", bucket.id()),
                    )
                    .hint("set it to `true`");
            }
        }
    }
}
