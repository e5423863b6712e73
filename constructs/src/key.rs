//! KMS keys of the customer's own: who may use them, and for what.

use bon::bon;

use crate::declare::aws;
use crate::iam::{Statement, add_statement, policy_document};
use crate::l1::kms;
use crate::resource::{Arn, Handle};
use crate::scope::{RemovalPolicy, Scope};
use crate::sub;
use crate::value::Value;

/// An `AWS::KMS::Key` with an alias: symmetric, of one region, rotated every year.
///
/// Its policy gives the account the right to decide by IAM policies who may use it, and services only what
/// `allow_…` adds, each for resources of this account alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The key itself, for what this construct has no word for.
    pub resource: Handle<kms::Key>,
}

#[bon]
impl Key {
    /// Starts the key `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The name that people find the key by, without `alias/`, for example `docuthinker`. Default: none.
        alias: Option<&str>,
        /// What the key is for.
        #[builder(into)]
        description: Option<Value<String>>,
        /// Days between a deletion and its effect, 7 to 30, in which it can be taken back. Default: 30, since
        /// what a deleted key has encrypted is lost.
        #[builder(default = 30)]
        pending_window_in_days: u32,
        /// What happens to the key when it leaves the template. Default: it is kept, unless the deployment that
        /// creates the key fails.
        #[builder(default = RemovalPolicy::RetainExceptOnCreate)]
        removal_policy: RemovalPolicy,
    ) -> Key {
        let properties = kms::Key {
            description,
            enable_key_rotation: Some(true.into()),
            pending_window_in_days: Some(pending_window_in_days.into()),
            key_policy: Some(policy_document([account_decides()])),
            ..Default::default()
        };
        let resource = s.add(id, properties);
        s.set_removal_policy(resource, removal_policy);
        let mut s = s.scope(id);
        check_window(&mut s, pending_window_in_days);
        if let Some(alias) = alias {
            check_alias(&mut s, alias);
            let alias = kms::Alias {
                alias_name: Some(format!("alias/{alias}").into()),
                target_key_id: Some(resource.into()),
            };
            // Never kept: a name that stays behind would stop the stack from being created again.
            s.add("Alias", alias);
        }
        Key { resource }
    }
}

/// Source: [AWS::KMS::Key][aws], `PendingWindowInDays`.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
#[track_caller]
fn check_window(s: &mut Scope<'_>, days: u32) {
    if !(7..=30).contains(&days) {
        s.error("DC140", format!("a deleted key cannot wait for {days} days"))
            .property("pending_window_in_days")
            .hint("choose 7 to 30 days");
    }
}

/// Source: [AWS::KMS::Alias][aws], `AliasName`.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-alias.html
#[track_caller]
fn check_alias(s: &mut Scope<'_>, alias: &str) {
    let letters = alias.chars().all(|c| c.is_ascii_alphanumeric() || "/_-".contains(c));
    if alias.is_empty() || alias.len() > 250 || !letters || alias.starts_with("aws/") {
        s.error("DC141", format!("`{alias}` cannot be the alias of a key"))
            .property("alias")
            .hint("letters, digits and /_- can stand in it, 250 at most; `aws/` is kept for AWS's own keys");
    }
}

/// Lets IAM policies of the account decide who may do what with the key; it lets nobody do anything by itself,
/// and keeps the key from becoming one that nobody can manage.
///
/// These are all the actions there are for a symmetric key of one region whose material KMS makes. `*` stands
/// for the key that has the policy; no other resource can stand there.
///
/// Source: [Default key policy][default] and [key policy elements][elements].
///
/// [default]: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
/// [elements]: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
fn account_decides() -> Statement {
    let actions = [
        "CancelKeyDeletion",
        "CreateAlias",
        "CreateGrant",
        "Decrypt",
        "DeleteAlias",
        "DescribeKey",
        "DisableKey",
        "DisableKeyRotation",
        "EnableKey",
        "EnableKeyRotation",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GetKeyPolicy",
        "GetKeyRotationStatus",
        "ListGrants",
        "ListKeyPolicies",
        "ListKeyRotations",
        "ListResourceTags",
        "PutKeyPolicy",
        "ReEncryptFrom",
        "ReEncryptTo",
        "RetireGrant",
        "RevokeGrant",
        "RotateKeyOnDemand",
        "ScheduleKeyDeletion",
        "TagResource",
        "UntagResource",
        "UpdateAlias",
        "UpdateKeyDescription",
    ];
    Statement::allow(actions.map(|action| format!("kms:{action}")))
        .for_principal(sub!("arn:{}:iam::{}:root", aws::partition(), aws::account_id()))
        .on_everything()
}

impl Key {
    /// The key's ARN.
    #[must_use]
    pub fn arn(self) -> Value<Arn<kms::Key>> {
        self.resource.arn()
    }

    /// Lets CloudWatch Logs encrypt the log groups of this account and region whose names match one of
    /// `names`, in which `*` stands for anything: `/ecs/docuthinker-*`.
    ///
    /// A log group refers to the key and is made after it, policy included, in whichever stack.
    ///
    /// Source: [Encrypt log data in CloudWatch Logs using AWS KMS][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    pub fn allow_logs<N: AsRef<str>>(self, s: &mut Scope<'_>, names: impl IntoIterator<Item = N>) {
        let actions = [
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
            "kms:GenerateDataKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:DescribeKey",
        ];
        let mut statement = Statement::allow(actions)
            .for_service(sub!("logs.{}.{}", aws::region(), aws::url_suffix()))
            .on_everything();
        for name in names {
            let group = aws::arn("logs", sub!("log-group:{}", name.as_ref()));
            statement = statement.when("ArnLike", "kms:EncryptionContext:aws:logs:arn", group);
        }
        self.allow(s, statement);
    }

    /// Lets `service`, for example `backup.amazonaws.com`, publish to topics that the key encrypts, for this
    /// account alone. Which of its resources may do so is for the policy of the topic to say.
    ///
    /// Source: [Managing encryption keys of Amazon SNS topics][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    pub fn allow_publisher(self, s: &mut Scope<'_>, service: &str) {
        let statement = Statement::allow(["kms:Decrypt", "kms:GenerateDataKey"])
            .for_service(service)
            .on_everything()
            .when("StringEquals", "aws:SourceAccount", aws::account_id());
        self.allow(s, statement);
    }

    /// Adds a statement to the key's policy, for what this construct has no word for.
    pub fn allow(self, s: &mut Scope<'_>, statement: Statement) {
        if let Some(policy) = &mut s[self.resource].key_policy {
            add_statement(policy, statement);
        }
    }
}

impl From<Key> for Value<Arn<kms::Key>> {
    fn from(key: Key) -> Value<Arn<kms::Key>> {
        key.arn()
    }
}
