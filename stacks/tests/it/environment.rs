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

    hint: store it in Secrets Manager and name it in `backend.secrets`

    error[DC010]: `OPENAI_API_KEY` is read from a secret of the stack
      at settings.backend.environment.OPENAI_API_KEY

    hint: store its value in that secret

    error[DC010]: `REDIS_URL` is read from a secret of the stack
      at settings.backend.environment.REDIS_URL

    hint: store its value in that secret

    error[DC010]: `SESSION_SECRET` is named like a credential, but is a plain variable
      at settings.backend.environment.SESSION_SECRET

    hint: store it in Secrets Manager and name it in `backend.secrets`

    error[DC010]: `DOCUTHINKER_NEO4J_URI` is read from a secret of the stack
      at settings.ai_ml.environment.DOCUTHINKER_NEO4J_URI

    hint: store its value in that secret
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
        "PUBLIC_KEY": "spki",
        "SORT_KEY": "created",
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

#[test]
fn a_service_reads_secrets_of_ones_own() {
    // R054, R112
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:mail-AbCdEf";
    let secrets = json!({"MAIL_PASSWORD": arn, "MAIL_USER": format!("{arn}:user::")});
    let prod = templates("prod", json!({"backend": {"secrets": secrets}}));
    let container = &prod.properties("BackendTaskDefinition")["ContainerDefinitions"][0];
    let given = container["Secrets"].as_array().expect("a list");
    for expected in [
        json!({"Name": "MAIL_PASSWORD", "ValueFrom": arn}),
        json!({"Name": "MAIL_USER", "ValueFrom": format!("{arn}:user::")}),
    ] {
        assert!(given.contains(&expected), "{given:?}");
    }
    let policies = prod.properties("BackendExecutionRole")["Policies"].to_string();
    assert!(policies.contains(&format!("{arn}\"")), "and may read it: {policies}");
}

#[test]
fn a_secret_is_named_by_its_full_arn_in_the_same_region_and_once() {
    let secrets = json!({
        "MAIL_PASSWORD": "mail",
        "MAIL_USER": "arn:aws:secretsmanager:us-west-2:123456789012:secret:mail-AbCdEf",
        "MONGODB_URI": "arn:aws:secretsmanager:us-east-1:123456789012:secret:mine-AbCdEf",
        "LOG_LEVEL": "arn:aws:secretsmanager:us-east-1:123456789012:secret:level-AbCdEf",
    });
    let changes = json!({"backend": {"secrets": secrets, "environment": {"LOG_LEVEL": "info"}}});
    insta::assert_snapshot!(refused(changes), @"
    error[DC010]: `LOG_LEVEL` is in `backend.environment` too
      at settings.backend.secrets.LOG_LEVEL

    hint: leave one of the two out

    error[DC010]: `MAIL_PASSWORD` names no secret in us-east-1 by its full ARN
      at settings.backend.secrets.MAIL_PASSWORD

    hint: it looks like `arn:aws:secretsmanager:us-east-1:123456789012:secret:name-AbCdEf`

    error[DC010]: `MAIL_USER` names no secret in us-east-1 by its full ARN
      at settings.backend.secrets.MAIL_USER

    hint: it looks like `arn:aws:secretsmanager:us-east-1:123456789012:secret:name-AbCdEf`

    error[DC010]: `MONGODB_URI` is read from a secret of the stack
      at settings.backend.secrets.MONGODB_URI

    hint: store its value in that secret, or use another name
    ");
}
