//! SNS topics: where alarms and budgets tell people what is wrong.

use bon::bon;

use crate::declare::aws;
use crate::email::is_email;
use crate::iam::{Statement, add_statement, policy_document};
use crate::key::Key;
use crate::l1::sns;
use crate::resource::{Arn, Handle};
use crate::scope::Scope;
use crate::sub;
use crate::text::IntoText;
use crate::value::Value;

/// An `AWS::SNS::Topic` that CloudWatch alarms of this account publish to, over TLS only, and that people
/// subscribe to.
///
/// With a key of the customer's own its messages are encrypted at rest. Without one they are not: the only other
/// key is `aws/sns`, whose policy cannot be changed and does not let CloudWatch in, so that every alarm would be
/// lost without a word.
///
/// Source: [Encrypted topics receive no messages from CloudWatch alarms][aws].
///
/// [aws]: https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger
#[derive(Debug, Clone, Copy)]
pub struct Topic {
    /// The topic itself, for what this construct has no word for.
    pub resource: Handle<sns::Topic>,
    policy: Handle<sns::TopicPolicy>,
    key: Option<Key>,
}

#[bon]
impl Topic {
    /// Starts the topic `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The name, for example `docuthinker-alarms`. Default: a name that CloudFormation makes.
        #[builder(into)]
        name: Option<Value<String>>,
        /// The key that encrypts messages at rest; its policy is told of every publisher. Default: none.
        key: Option<Key>,
        /// Who is written to. Each address gets a message first, and others only once it has confirmed it.
        #[builder(default, with = FromIterator::from_iter)]
        emails: Vec<String>,
    ) -> Topic {
        let properties =
            sns::Topic { topic_name: name, kms_master_key_id: key.map(Key::arn), ..Default::default() };
        let resource = s.add(id, properties);
        let mut inner = s.scope(id);
        let policy = inner.add(
            "Policy",
            sns::TopicPolicy {
                topics: Some([resource.reference()].into()),
                policy_document: Some(policy_document([only_encrypted(resource)])),
            },
        );
        for email in emails {
            check_email(&mut inner, &email);
            // Named after the address, so that another one's removal does not ask this one to confirm again.
            let letters: String = email.chars().filter(char::is_ascii_alphanumeric).collect();
            let subscription = sns::Subscription {
                topic_arn: Some(resource.into()),
                protocol: Some("email".into()),
                endpoint: Some(email.into()),
                ..Default::default()
            };
            inner.add(&format!("Email{letters}"), subscription);
        }
        let topic = Topic { resource, policy, key };
        let alarms = aws::arn("cloudwatch", "alarm:*");
        topic.allow_publisher(s, "cloudwatch.amazonaws.com", alarms);
        topic
    }
}

/// SNS takes no other check than this one before it writes to an address.
#[track_caller]
fn check_email(s: &mut Scope<'_>, email: &str) {
    if !is_email(email) {
        s.error("DC142", format!("`{}` is not an email address", email.escape_debug()))
            .property("emails")
            .hint("write `name@example.com`");
    }
}

/// Refuses what is published without TLS.
///
/// Source: [Amazon SNS security best practices][aws].
///
/// [aws]: https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html
fn only_encrypted(topic: Handle<sns::Topic>) -> Statement {
    Statement::without_tls(["sns:Publish"]).for_principal("*").on(topic.reference())
}

impl Topic {
    /// The topic's ARN.
    #[must_use]
    pub fn arn(self) -> Value<Arn<sns::Topic>> {
        self.resource.reference()
    }

    /// The key that encrypts its messages. What publishes to the topic must be able to use it.
    #[must_use]
    pub fn key(self) -> Option<Key> {
        self.key
    }

    /// Lets budgets of this account publish to the topic.
    ///
    /// Source: [Creating an Amazon SNS topic for budget notifications][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
    pub fn allow_budgets(self, s: &mut Scope<'_>) {
        let budgets = sub!("arn:{}:budgets::{}:*", aws::partition(), aws::account_id());
        self.allow_publisher(s, "budgets.amazonaws.com", budgets);
    }

    /// Lets `service`, for example `backup.amazonaws.com`, publish to the topic when it does so for a resource of
    /// this account whose ARN is like `source`.
    pub fn allow_publisher(self, s: &mut Scope<'_>, service: &str, source: impl IntoText) {
        let statement = Statement::allow(["sns:Publish"])
            .for_service(service)
            .on(self.arn())
            .when("StringEquals", "aws:SourceAccount", aws::account_id())
            .when("ArnLike", "aws:SourceArn", source);
        if let Some(policy) = &mut s[self.policy].policy_document {
            add_statement(policy, statement);
        }
        if let Some(key) = self.key {
            key.allow_publisher(s, service);
        }
    }
}
