//! What must exist before a task starts: repositories for its images, secrets for its credentials.

mod secrets;

use constructs::{ImageReplication, Key, Repository, Scope, Stack, Topic};

use crate::exceptions;
use crate::plan::Plan;

pub use secrets::Secrets;

/// The stack `DocuThinkerFoundation`.
#[derive(Debug, Clone)]
pub struct Foundation {
    /// What encrypts secrets, images, logs, files, databases and notifications, if each service's own key does not.
    pub key: Option<Key>,
    /// Where alarms and the budget tell people what is wrong.
    pub topic: Topic,
    /// Images of the backend.
    pub backend_images: Repository,
    /// Images of the AI and machine-learning service.
    pub ai_ml_images: Repository,
    /// Credentials.
    pub secrets: Secrets,
}

impl Stack for Foundation {
    type Settings = Plan;

    fn build(s: &mut Scope<'_>, plan: &Plan) -> Foundation {
        let key = plan.foundation.customer_key.then(|| key(s, plan));
        let foundation = Foundation {
            key,
            backend_images: repository(s, plan, key, "BackendRepository", &backend_images(plan)),
            ai_ml_images: repository(s, plan, key, "AiMlRepository", &ai_ml_images(plan)),
            secrets: Secrets::build(s, plan, key),
            topic: Topic::named("Notifications")
                .name(format!("{}-notifications", plan.name))
                .maybe_key(key)
                .emails(plan.foundation.emails.iter().cloned())
                .build(s),
        };
        if let Some(region) = &plan.foundation.image_replica {
            ImageReplication::named("ImageReplication")
                .region(region)
                .repositories([backend_images(plan), ai_ml_images(plan)])
                .build(s);
        }
        if plan.watch.budget.is_some() {
            foundation.topic.allow_budgets(s);
        }
        s.output("NotificationsTopic", foundation.topic.arn(), "Topic to subscribe to for alarms");
        exceptions::accept(s);
        foundation
    }
}

fn key(s: &mut Scope<'_>, plan: &Plan) -> Key {
    let key = Key::named("Key")
        .alias(&plan.name)
        .description(format!("{}: secrets, images, logs, files and notifications", plan.name))
        .removal_policy(plan.removal)
        .build(s);
    key.allow_logs(s, &plan.foundation.log_groups);
    key
}

fn backend_images(plan: &Plan) -> String {
    format!("{}-backend", plan.name)
}

fn ai_ml_images(plan: &Plan) -> String {
    format!("{}-ai-ml", plan.name)
}

fn repository(s: &mut Scope<'_>, plan: &Plan, key: Option<Key>, id: &str, name: &str) -> Repository {
    Repository::named(id)
        .name(name)
        .keep(plan.foundation.keep_images)
        .mutable_tags(plan.foundation.allow_latest.then(|| "latest".to_owned()))
        .maybe_key(key)
        .removal_policy(plan.removal)
        .build(s)
}
