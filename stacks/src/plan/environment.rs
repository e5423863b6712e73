//! A service's environment variables, understood: none of them is a credential.

use std::collections::BTreeMap;

use crate::settings::{ServiceSettings, Settings};

use super::Reader;

/// The variables that both services read from secrets.
const SECRETS: [&str; 3] = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"];

/// The words that end the name of a credential.
const CREDENTIALS: [&str; 3] = ["TOKEN", "SECRET", "PASSWORD"];

/// What stands before a `KEY` that is a credential; a `PUBLIC_KEY` or a `SORT_KEY` is none.
const SECRET_KEYS: [&str; 7] = ["ACCESS", "API", "AUTH", "ENCRYPTION", "PRIVATE", "SECRET", "SIGNING"];

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
            let own = is_secrets_own(service_key, name, settings);
            let message = if own {
                format!("`{name}` is read from a secret of the stack")
            } else if is_credentials_name(name) {
                format!("`{name}` is named like a credential, but is a plain variable")
            } else if is_credential(value) {
                format!("`{name}` holds what looks like a credential, but is a plain variable")
            } else {
                plain.insert(name.clone(), value.clone());
                continue;
            };
            let key = format!("{service_key}.environment.{name}");
            let hint = if own {
                "store its value in that secret".to_owned()
            } else {
                format!("store it in Secrets Manager and name it in `{service_key}.secrets`")
            };
            self.refuse_if(true, &key, message, &hint);
        }
        plain
    }
}

impl Reader<'_> {
    /// The variables that are read from secrets of the user's.
    pub(super) fn secret_variables(
        &mut self,
        service_key: &str,
        service: &ServiceSettings,
        settings: &Settings,
    ) -> BTreeMap<String, (String, Option<String>)> {
        let mut variables = BTreeMap::new();
        for (name, from) in &service.secrets {
            let key = format!("{service_key}.secrets.{name}");
            if is_secrets_own(service_key, name, settings) {
                let message = format!("`{name}` is read from a secret of the stack");
                self.refuse_if(true, &key, message, "store its value in that secret, or use another name");
            } else if service.environment.contains_key(name) {
                let message = format!("`{name}` is in `{service_key}.environment` too");
                self.refuse_if(true, &key, message, "leave one of the two out");
            } else if let Some(secret) = secret_and_field(from, &settings.region) {
                variables.insert(name.clone(), secret);
            } else {
                let hint = format!(
                    "it looks like `arn:aws:secretsmanager:{}:123456789012:secret:name-AbCdEf`",
                    settings.region
                );
                let message = format!("`{name}` names no secret in {} by its full ARN", settings.region);
                self.refuse_if(true, &key, message, &hint);
            }
        }
        variables
    }
}

/// The ARN of a secret of the region, and the field of its JSON that is meant.
fn secret_and_field(text: &str, here: &str) -> Option<(String, Option<String>)> {
    let parts: Vec<&str> = text.split(':').collect();
    let ["arn", _, "secretsmanager", region, account, "secret", name, field @ ..] = &parts[..] else {
        return None;
    };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let is_full = name.rsplit_once('-').is_some_and(|(_, end)| end.len() == 6);
    if *region != here || !is_account || !is_full {
        return None;
    }
    let field = match field {
        [] => None,
        [field] | [field, "", ""] if !field.is_empty() => Some((*field).to_owned()),
        _ => return None,
    };
    Some((parts[..7].join(":"), field))
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
    let upper = name.to_ascii_uppercase();
    let mut words = upper.rsplit('_');
    match words.next() {
        Some("KEY" | "APIKEY") => words.next().is_none_or(|kind| SECRET_KEYS.contains(&kind)),
        Some(last) => CREDENTIALS.contains(&last),
        None => false,
    }
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
