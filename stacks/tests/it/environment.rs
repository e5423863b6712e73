//! Environment variables of the services: credentials do not stand among them.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{refused, templates};

fn variable(name: &str, value: &str) -> String {
    refused(json!({"backend": {"environment": {name: value}}}))
}

#[test]
fn a_credential_is_no_plain_variable() {
    // F20, R178
    let changes = json!({
        "backend": {"environment": {
            "OPENAI_API_KEY": "placeholder",
            "REDIS_URL": "redis://cache:6379",
            "SESSION_SECRET": "correct horse",
            "DATABASE": "mongodb+srv://app:battery@cluster.example.com/db",
        }},
        "ai_ml": {"environment": {"DOCUTHINKER_NEO4J_URI": "neo4j://graph", "REDIS_URL": "redis://cache:6379"}},
    });
    assert_snapshot!(refused(changes), @"
    error[DC010]: `DATABASE` holds what looks like a credential, but is a plain variable
      at settings.backend.environment.DATABASE

    hint: store it in Secrets Manager and give it as a secret

    error[DC010]: `OPENAI_API_KEY` is read from a secret
      at settings.backend.environment.OPENAI_API_KEY

    hint: store it in Secrets Manager and give it as a secret

    error[DC010]: `REDIS_URL` is read from a secret
      at settings.backend.environment.REDIS_URL

    hint: store it in Secrets Manager and give it as a secret

    error[DC010]: `SESSION_SECRET` is named like a credential, but is a plain variable
      at settings.backend.environment.SESSION_SECRET

    hint: store it in Secrets Manager and give it as a secret

    error[DC010]: `DOCUTHINKER_NEO4J_URI` is read from a secret
      at settings.ai_ml.environment.DOCUTHINKER_NEO4J_URI

    hint: store it in Secrets Manager and give it as a secret
    ");
}

#[test]
fn a_credential_is_known_by_its_name_or_value_and_not_shown() {
    // F20, R178
    for name in ["STRIPE_API_KEY", "GITHUB_TOKEN", "JWT_SECRET", "DB_PASSWORD", "PASSWORD", "db_password"] {
        let found = variable(name, "hunter2");
        assert!(found.contains(&format!("settings.backend.environment.{name}")), "{name}: {found}");
        assert!(!found.contains("hunter2"), "{found}");
    }
    for value in [
        "sk-proj-0123456789abcdefghij".to_owned(),
        "sk-ant-api03-0123456789".to_owned(),
        format!("AIza{}", "0".repeat(35)),
        "AKIAIOSFODNN7EXAMPLE".to_owned(),
        "id=ASIAIOSFODNN7EXAMPLE;region=us-east-1".to_owned(),
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE".to_owned(),
        "postgres://app:hunter2@db.example.com:5432/app".to_owned(),
        "redis://:hunter2@cache.example.com".to_owned(),
    ] {
        let found = variable("SETTING", &value);
        assert!(found.contains("`SETTING` holds what looks like a credential"), "{value}: {found}");
        assert!(!found.contains(&value) && !found.contains("hunter2"), "{found}");
    }
}

#[test]
fn what_is_no_credential_is_a_variable() {
    // F20
    let fine = json!({
        "LOG_LEVEL": "info",
        "PUBLIC_KEY_URL": "https://example.com/keys/a@b:c",
        "TOKEN_LIMIT": "4096",
        "KEYBOARD": "qwerty",
        "LANGUAGE": "sk-SK",
        "SHORT": "AKIA",
        "OWNER": "mailto:ops@example.com",
        "PROXY": "http://proxy.example.com:3128",
        "USER_URL": "https://app@example.com/",
    });
    let containers = templates("prod", json!({"backend": {"environment": fine}}));
    let container = &containers.properties("BackendTaskDefinition")["ContainerDefinitions"][0];
    let variables: Vec<Value> = container["Environment"].as_array().expect("variables").clone();
    for (name, value) in fine.as_object().expect("variables") {
        assert!(variables.contains(&json!({"Name": name, "Value": value})), "{name}");
    }
    assert_eq!(variable("NODE_ENV", "staging"), "");
}
