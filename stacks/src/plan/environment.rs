//! A service's environment variables, understood: none of them is a credential.

use std::collections::BTreeMap;

use crate::settings::{ServiceSettings, Settings};

use super::Reader;

/// The variables that both services read from secrets.
const SECRETS: [&str; 3] = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"];

/// The words that end the name of a credential.
const CREDENTIALS: [&str; 4] = ["KEY", "TOKEN", "SECRET", "PASSWORD"];

impl Reader<'_> {
    /// The variables that may stand in a template, where everybody who may describe tasks reads them. The others are
    /// reported and left out; what they hold is in no message.
    pub(super) fn environment(
        &mut self,
        service_key: &str,
        service: &ServiceSettings,
        settings: &Settings,
    ) -> BTreeMap<String, String> {
        let mut plain = BTreeMap::new();
        for (name, value) in &service.environment {
            let message = if is_secrets_own(service_key, name, settings) {
                format!("`{name}` is read from a secret")
            } else if is_credentials_name(name) {
                format!("`{name}` is named like a credential, but is a plain variable")
            } else if is_credential(value) {
                format!("`{name}` holds what looks like a credential, but is a plain variable")
            } else {
                plain.insert(name.clone(), value.clone());
                continue;
            };
            let key = format!("{service_key}.environment.{name}");
            self.refuse_if(true, &key, message, "store it in Secrets Manager and give it as a secret");
        }
        plain
    }
}

/// Whether the service reads the variable from one of the stack's secrets.
fn is_secrets_own(service_key: &str, name: &str, settings: &Settings) -> bool {
    let own: &[&str] = match service_key {
        "backend" => &["MONGODB_URI", "REDIS_URL"],
        _ if settings.sync.chroma_secret => &["DOCUTHINKER_NEO4J_URI", "DOCUTHINKER_CHROMA_DIR"],
        _ => &["DOCUTHINKER_NEO4J_URI"],
    };
    SECRETS.contains(&name) || own.contains(&name)
}

fn is_credentials_name(name: &str) -> bool {
    let last = name.rsplit('_').next().unwrap_or(name);
    CREDENTIALS.iter().any(|word| last.eq_ignore_ascii_case(word))
}

fn is_credential(value: &str) -> bool {
    value.contains("-----BEGIN")
        || words(value).any(|word| is_api_key(word) || is_access_key(word))
        || value.match_indices("://").any(|(at, colon)| has_password(&value[at + colon.len()..]))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
}

/// A key of OpenAI or Anthropic (`sk-…`) or of Google (`AIza…`); `sk-SK` is a language.
fn is_api_key(word: &str) -> bool {
    (word.starts_with("sk-") && word.len() >= 16) || (word.starts_with("AIza") && word.len() == 39)
}

/// Source: [IAM identifiers][aws].
///
/// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
fn is_access_key(word: &str) -> bool {
    (word.starts_with("AKIA") || word.starts_with("ASIA"))
        && word.len() == 20
        && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// Whether what follows a URI's `://` names a user's password before the host.
fn has_password(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or(rest);
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    user.and_then(|user| user.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
}
