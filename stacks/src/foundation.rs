//! What must exist before a task starts: repositories for its images, secrets for its credentials.

use constructs::{Repository, Scope, Secret, Stack};

use crate::exceptions;
use crate::plan::Plan;

/// The stack `DocuThinkerFoundation`.
#[derive(Debug, Clone)]
pub struct Foundation {
    /// Images of the backend.
    pub backend_images: Repository,
    /// Images of the AI and machine-learning service.
    pub ai_ml_images: Repository,
    /// Credentials.
    pub secrets: Secrets,
}

/// One secret for each credential, so that each can be granted, rotated and audited alone.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// The OpenAI API key.
    pub openai: Secret,
    /// The Anthropic API key.
    pub anthropic: Secret,
    /// The Google AI API key.
    pub google: Secret,
    /// The address of the knowledge graph, with its password.
    pub neo4j: Secret,
    /// The address of the vector store, where it is a server.
    pub chroma: Secret,
    /// The address of MongoDB, with its password.
    pub mongodb: Secret,
    /// The address of Redis, with its password.
    pub redis: Secret,
}

impl Stack for Foundation {
    type Settings = Plan;

    fn build(s: &mut Scope<'_>, plan: &Plan) -> Foundation {
        let repository = |s: &mut Scope<'_>, id: &str, name: &str| {
            Repository::named(id)
                .name(format!("{}-{name}", plan.name))
                .keep(plan.foundation.keep_images)
                .mutable_tags(plan.foundation.allow_latest.then(|| "latest".to_owned()))
                .removal_policy(plan.removal)
                .build(s)
        };
        let foundation = Foundation {
            backend_images: repository(s, "BackendRepository", "backend"),
            ai_ml_images: repository(s, "AiMlRepository", "ai-ml"),
            secrets: Secrets::build(s, plan),
        };
        exceptions::accept(s);
        foundation
    }
}

impl Secrets {
    fn build(s: &mut Scope<'_>, plan: &Plan) -> Secrets {
        let mut secret = |id: &str, name: &str, description: &str| {
            let name = format!("{}/{name}", plan.foundation.secret_prefix);
            if plan.foundation.existing_secrets {
                return Secret::existing_named(s, name);
            }
            Secret::named(id).name(name).description(description).removal_policy(plan.removal).build(s)
        };
        Secrets {
            openai: secret("OpenAiSecret", "openai", "OpenAI API key"),
            anthropic: secret("AnthropicSecret", "anthropic", "Anthropic API key"),
            google: secret("GoogleSecret", "google", "Google AI API key"),
            neo4j: secret("Neo4jSecret", "neo4j", "Neo4j address with user and password"),
            chroma: secret("ChromaSecret", "chroma", "Chroma address, where the vector store is a server"),
            mongodb: secret("MongoDbSecret", "mongodb", "MongoDB address with user and password"),
            redis: secret("RedisSecret", "redis", "Redis address with password"),
        }
    }
}
