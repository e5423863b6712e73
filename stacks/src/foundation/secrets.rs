//! The credentials, and the secrets that hold them.

use constructs::{Key, Scope, Secret, SecretValue, Value};

use crate::plan::{ALL, Plan};
use crate::settings::SecretLayout;

/// The credentials: each a secret of its own, or a field of the one secret.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// The OpenAI API key.
    pub openai: SecretValue,
    /// The Anthropic API key.
    pub anthropic: SecretValue,
    /// The Google AI API key.
    pub google: SecretValue,
    /// The address of the knowledge graph, with its password.
    pub neo4j: SecretValue,
    /// The address of the vector store, where it is a server.
    pub chroma: SecretValue,
    /// The address of MongoDB, with its password.
    pub mongodb: SecretValue,
    /// The address of Redis, with its password.
    pub redis: SecretValue,
}

impl Secrets {
    pub(super) fn build(s: &mut Scope<'_>, plan: &Plan, key: Option<Key>) -> Secrets {
        match plan.foundation.secrets.layout {
            SecretLayout::Separate => Secrets::separate(s, plan, key),
            SecretLayout::SingleJson => Secrets::single(s, plan, key),
        }
    }

    fn separate(s: &mut Scope<'_>, plan: &Plan, key: Option<Key>) -> Secrets {
        let mut value = |id: &str, name: &str, description: &str| {
            let full = format!("{}/{name}", plan.foundation.secrets.prefix);
            SecretValue::from(&secret(s, plan, key, id, name, &full, description))
        };
        Secrets {
            openai: value("OpenAiSecret", "openai", "OpenAI API key"),
            anthropic: value("AnthropicSecret", "anthropic", "Anthropic API key"),
            google: value("GoogleSecret", "google", "Google AI API key"),
            neo4j: value("Neo4jSecret", "neo4j", "Neo4j address with user and password"),
            chroma: value("ChromaSecret", "chroma", "Chroma address, where the vector store is a server"),
            mongodb: value("MongoDbSecret", "mongodb", "MongoDB address with user and password"),
            redis: value("RedisSecret", "redis", "Redis address with password"),
        }
    }

    /// The fields are named as the variables that containers get.
    fn single(s: &mut Scope<'_>, plan: &Plan, key: Option<Key>) -> Secrets {
        let prefix = &plan.foundation.secrets.prefix;
        let all = secret(s, plan, key, "Secret", ALL, prefix, "All credentials: a JSON object of variables");
        Secrets {
            openai: all.field("OPENAI_API_KEY"),
            anthropic: all.field("ANTHROPIC_API_KEY"),
            google: all.field("GOOGLE_API_KEY"),
            neo4j: all.field("DOCUTHINKER_NEO4J_URI"),
            chroma: all.field("DOCUTHINKER_CHROMA_DIR"),
            mongodb: all.field("MONGODB_URI"),
            redis: all.field("REDIS_URL"),
        }
    }
}

/// The secret that settings call `name`: made here, or existing already.
fn secret(
    s: &mut Scope<'_>,
    plan: &Plan,
    key: Option<Key>,
    id: &str,
    name: &str,
    full_name: &str,
    description: &str,
) -> Secret {
    let secrets = &plan.foundation.secrets;
    if secrets.existing {
        let secret = match secrets.arns.get(name) {
            Some(arn) => Secret::existing(Value::known(arn)),
            None => Secret::existing_named(s, full_name),
        };
        return match &secrets.key_arn {
            Some(key) => secret.encrypted_with(Value::known(key)),
            None => secret,
        };
    }
    let secret = Secret::named(id)
        .name(full_name)
        .description(description)
        .maybe_key(key)
        .replicas(secrets.replica.iter().cloned())
        .removal_policy(plan.removal)
        .build(s);
    if let Some(rotation) =
        secrets.rotation.as_ref().filter(|rotation| rotation.secrets.iter().any(|it| it == name))
    {
        secret.rotate(s, &format!("{id}Rotation"), rotation.lambda_arn.as_str(), rotation.days);
    }
    secret
}
