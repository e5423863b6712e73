//! Secrets: whether they are there, have a value, and have the keys that are asked for. Never what the value is.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use serde::de::IgnoredAny;

use super::{Check, Lack, SecretNeed};
use crate::connect::Connection;
use crate::failure::ApiFailure;
use crate::text::clean;

/// What a secret's value is, as far as we want to know it.
enum Keys {
    /// No JSON object.
    None,
    /// A JSON object with these keys.
    Names(BTreeSet<String>),
}

/// A question for the secret; a second one for the value only if keys of it are needed.
///
/// Source: [DescribeSecret][aws] in the Secrets Manager API reference.
///
/// [aws]: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
pub(super) async fn look(connection: &Connection, secret: &SecretNeed) -> Check {
    let what = format!("the secret {}", secret.id);
    let client = aws_sdk_secretsmanager::Client::new(&connection.config_in(&secret.region));
    let answer = match client.describe_secret().secret_id(&secret.id).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let failure = ApiFailure::of("secretsmanager:DescribeSecret", &error);
            return if failure.is_absent() { not_there(secret) } else { Check::unanswered(&what, &failure) };
        }
    };
    if let Some(wrong) = without_value(secret, &answer) {
        return wrong;
    }
    if secret.keys.is_empty() {
        return Check::ok(format!("{what} has a value"));
    }
    let mut call = client.get_secret_value().secret_id(&secret.id);
    match &secret.version {
        Some(version) => call = call.version_id(version),
        None => call = call.version_stage(&secret.stage),
    }
    match call.send().await {
        Ok(answer) => judged(secret, &keys(answer.secret_string)),
        Err(error) => {
            let keys = secret.keys.iter().cloned().collect::<Vec<_>>().join(", ");
            let failure = ApiFailure::of("secretsmanager:GetSecretValue", &error);
            Check::unanswered(&format!("the keys of {what} ({keys})"), &failure)
        }
    }
}

fn not_there(secret: &SecretNeed) -> Check {
    let (id, region) = (&secret.id, &secret.region);
    let fix = if id.starts_with("arn:") {
        format!("aws secretsmanager list-secrets --region {region}, and correct the ARN")
    } else {
        format!(
            "aws secretsmanager create-secret --name {id} --secret-string file://value.txt --region {region}"
        )
    };
    Check::missing(format!("the secret {id} is not there"), fix)
}

/// What is wrong with the secret if it has no value that could be read.
fn without_value(secret: &SecretNeed, answer: &DescribeSecretOutput) -> Option<Check> {
    let (id, region) = (&secret.id, &secret.region);
    if answer.deleted_date().is_some() {
        return Some(Check::missing(
            format!("the secret {id} is scheduled for deletion"),
            format!("aws secretsmanager restore-secret --secret-id {id} --region {region}"),
        ));
    }
    let versions = answer.version_ids_to_stages();
    let has = match &secret.version {
        Some(version) => versions.is_some_and(|versions| versions.contains_key(version)),
        None => versions.is_some_and(|all| all.values().any(|stages| stages.contains(&secret.stage))),
    };
    if has {
        return None;
    }
    let what = match (&secret.version, secret.stage.as_str()) {
        (Some(version), _) => format!("the secret {id} has no version {version}"),
        (None, "AWSCURRENT") => format!("the secret {id} has no value"),
        (None, stage) => format!("the secret {id} has no version at the stage {stage}"),
    };
    let put = format!(
        "aws secretsmanager put-secret-value --secret-id {id} --secret-string file://value.txt --region {region}"
    );
    let check = Check::missing(what, put);
    let current = secret.version.is_none() && secret.stage == "AWSCURRENT";
    Some(if current { check.lacking(Lack::Value) } else { check })
}

/// The names of the keys. The value itself is overwritten as soon as they are read.
fn keys(value: Option<String>) -> Keys {
    let mut bytes = value.unwrap_or_default().into_bytes();
    #[expect(
        clippy::zero_sized_map_values,
        reason = "serde reads the keys of a map, and the values are ignored"
    )]
    let parsed: Result<BTreeMap<String, IgnoredAny>, _> = serde_json::from_slice(&bytes);
    bytes.fill(0);
    // So that the compiler does not leave out what nobody reads.
    black_box(&bytes);
    parsed.map_or(Keys::None, |map| Keys::Names(map.into_keys().collect()))
}

fn judged(secret: &SecretNeed, keys: &Keys) -> Check {
    let (id, region) = (&secret.id, &secret.region);
    let put = format!(
        "aws secretsmanager put-secret-value --secret-id {id} --secret-string file://value.json --region {region}"
    );
    match keys {
        Keys::None => Check::missing(
            format!("the value of the secret {id} is no JSON object, and keys of it are needed"),
            put,
        )
        .lacking(Lack::Value),
        Keys::Names(names) => {
            let missing: Vec<String> = secret.keys.difference(names).map(|key| clean(key)).collect();
            if missing.is_empty() {
                return Check::ok(format!("the secret {id} has a value with the needed keys"));
            }
            let (keys, them) = (missing.join("`, `"), if missing.len() == 1 { "key" } else { "keys" });
            Check::missing(
                format!("the secret {id} has no {them} `{keys}`"),
                format!("store the whole object again: {put}"),
            )
            .lacking(Lack::Keys(missing))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_value_only_the_names_of_its_keys_are_kept() {
        let Keys::Names(names) = keys(Some(r#"{"user":"canary","nested":{"canary":1}}"#.to_owned())) else {
            panic!("it is an object");
        };
        assert_eq!(names, ["nested", "user"].map(str::to_owned).into());
        assert!(matches!(keys(Some("canary".to_owned())), Keys::None));
        assert!(matches!(keys(None), Keys::None));
    }
}
