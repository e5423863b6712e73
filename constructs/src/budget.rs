//! Cost budgets: who is told before a month costs more than it should.

use bon::bon;
use template::Node;

use crate::email::is_email;
use crate::l1::budgets::{self, budget as l1};
use crate::l1::sns;
use crate::resource::{Arn, Handle};
use crate::scope::Scope;
use crate::value::Value;

/// An `AWS::Budgets::Budget` of costs in US dollars a month.
///
/// It tells when 80 % are spent, when all is spent, and when AWS expects that all will be: by then little can
/// be done about the month, but the next one can be cheaper. It counts the whole account unless it is told a
/// tag, which must be activated for cost allocation first.
///
/// Source: [Managing your costs with AWS Budgets][aws].
///
/// [aws]: https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// The budget itself, for what this construct has no word for.
    pub resource: Handle<budgets::Budget>,
}

#[bon]
impl Budget {
    /// Starts the budget `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The name, unique in the account. Default: a name that CloudFormation makes, so that a change of who
        /// is told, which replaces the budget, does not meet the name of the old one.
        #[builder(into)]
        name: Option<Value<String>>,
        /// US dollars that a month may cost.
        monthly_usd: u32,
        /// Who is told by e-mail, ten at most.
        #[builder(default, with = |emails: impl IntoIterator<Item = impl Into<String>>| {
            emails.into_iter().map(Into::into).collect()
        })]
        emails: Vec<String>,
        /// A topic that is told. Its policy must let `budgets.amazonaws.com` publish, and so must the policy
        /// of its key.
        #[builder(into)]
        topic: Option<Value<Arn<sns::Topic>>>,
        /// Counts only what has this tag, by key and value. Default: the whole account.
        #[builder(with = |key: &str, value: &str| (key.to_owned(), value.to_owned()))]
        tag: Option<(String, String)>,
    ) -> Budget {
        check(&mut s.scope(id), monthly_usd, &emails, topic.is_some());
        let subscribers = subscribers(&emails, topic.as_ref());
        let notify = |kind: &str, percent: i32| l1::NotificationWithSubscribers {
            notification: Some(l1::Notification {
                notification_type: Some(kind.into()),
                comparison_operator: Some("GREATER_THAN".into()),
                threshold: Some(percent.into()),
                threshold_type: Some("PERCENTAGE".into()),
            }),
            subscribers: Some(subscribers.clone()),
        };
        let properties = budgets::Budget {
            budget: Some(l1::BudgetData {
                budget_name: name,
                budget_type: Some("COST".into()),
                time_unit: Some("MONTHLY".into()),
                budget_limit: Some(l1::Spend {
                    amount: Some(f64::from(monthly_usd).into()),
                    unit: Some("USD".into()),
                }),
                cost_filters: tag.map(|(key, value)| only(&key, &value)),
                ..Default::default()
            }),
            notifications_with_subscribers: Some(vec![
                notify("ACTUAL", 80),
                notify("ACTUAL", 100),
                notify("FORECASTED", 100),
            ]),
            ..Default::default()
        };
        Budget { resource: s.add(id, properties) }
    }
}

/// Source: [CostFilters][aws], `TagKeyValue`: a tag that users gave is written `user:key$value`.
///
/// [aws]: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html
fn only(key: &str, value: &str) -> Node {
    let filter = Node::List(vec![format!("user:{key}${value}").into()]);
    Node::Map([("TagKeyValue".to_owned(), filter)].into_iter().collect())
}

fn subscribers(emails: &[String], topic: Option<&Value<Arn<sns::Topic>>>) -> Vec<l1::Subscriber> {
    let subscriber = |kind: &str, address: Value<String>| l1::Subscriber {
        subscription_type: Some(kind.into()),
        address: Some(address),
    };
    let topic = topic.map(|topic| subscriber("SNS", topic.text()));
    emails.iter().map(|email| subscriber("EMAIL", email.into())).chain(topic).collect()
}

/// Source: [NotificationWithSubscribers][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-budgets-budget-notificationwithsubscribers.html
#[track_caller]
fn check(s: &mut Scope<'_>, monthly_usd: u32, emails: &[String], topic: bool) {
    if monthly_usd == 0 {
        s.error("DC170", "a budget of 0 dollars is always spent")
            .property("monthly_usd")
            .hint("choose what a month may cost");
    }
    if emails.is_empty() && !topic {
        s.error("DC171", "nobody is told when the budget is spent")
            .property("emails")
            .hint("name an e-mail address or a topic");
    }
    if emails.len() > 10 {
        s.error("DC171", format!("{} e-mail addresses are more than a budget can tell", emails.len()))
            .property("emails")
            .hint("name ten at most, or a topic, which has as many subscribers as you like");
    }
    for email in emails.iter().filter(|email| !is_email(email)) {
        s.error("DC171", format!("`{}` is not an e-mail address", email.escape_debug()))
            .property("emails")
            .hint("it looks like `ops@example.com`");
    }
}
