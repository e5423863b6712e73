//! The secrets of Secrets Manager: what is known of each, and its value, which nothing here shows.

mod value;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use serde::Serialize;

use crate::connect::Connection;
use crate::engine::progress::Timestamp;
use crate::error::{CloudError, Kind};
use crate::failure::ApiFailure;
use crate::stacks::timestamp;
use crate::text::clean;

pub use value::{MOST_BYTES, SecretObject, SecretText};

/// The stage of the version that is read where nothing else is said.
const CURRENT: &str = "AWSCURRENT";

/// What Secrets Manager tells of a secret without telling its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredSecret {
    /// Its ARN, with the six characters at its end.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The id of the version at the stage `AWSCURRENT`; `None` if it has no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// When that version was made. A version that was made earlier and became the current one again is as old as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<Timestamp>,
    /// When it was last rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotated: Option<Timestamp>,
    /// The day on which its value was last read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accessed: Option<Timestamp>,
    /// Whether AWS rotates it.
    pub rotates: bool,
    /// When AWS rotates it next, at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_rotation: Option<Timestamp>,
    /// Whether it is scheduled for deletion, and cannot be read.
    pub deleted: bool,
}

/// The secret with this name or ARN; `None` if there is none. Its value is not read.
///
/// Sources: [DescribeSecret][describe] and [ListSecretVersionIds][versions] in the Secrets Manager API reference.
///
/// # Errors
///
/// A question was not answered.
///
/// [describe]: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
/// [versions]: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecretVersionIds.html
pub async fn stored_secret(connection: &Connection, id: &str) -> Result<Option<StoredSecret>, CloudError> {
    let client = client(connection, id);
    let answer = match client.describe_secret().secret_id(id).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let failure = ApiFailure::of("secretsmanager:DescribeSecret", &error);
            return if failure.is_absent() { Ok(None) } else { Err(failure.into_error()) };
        }
    };
    let version = current_version(&answer);
    let changed = match &version {
        Some(version) => made(&client, id, version).await?,
        None => None,
    };
    Ok(Some(StoredSecret {
        arn: answer.arn().map_or_else(|| id.to_owned(), clean),
        name: answer.name().map_or_else(|| id.to_owned(), clean),
        version_id: version,
        changed,
        rotated: answer.last_rotated_date().and_then(timestamp),
        accessed: answer.last_accessed_date().and_then(timestamp),
        rotates: answer.rotation_enabled() == Some(true),
        next_rotation: answer.next_rotation_date().and_then(timestamp),
        deleted: answer.deleted_date().is_some(),
    }))
}

fn current_version(answer: &DescribeSecretOutput) -> Option<String> {
    let mut versions = answer.version_ids_to_stages()?.iter();
    let is_current = |stages: &Vec<String>| stages.iter().any(|stage| stage == CURRENT);
    versions.find(|(_, stages)| is_current(stages)).map(|(id, _)| clean(id))
}

/// When a version was made.
async fn made(client: &Client, id: &str, version: &str) -> Result<Option<Timestamp>, CloudError> {
    let mut pages = client.list_secret_version_ids().secret_id(id).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| ApiFailure::of("secretsmanager:ListSecretVersionIds", &error).into_error())?;
        let found = page.versions().iter().find(|known| known.version_id() == Some(version));
        if let Some(found) = found {
            return Ok(found.created_date().and_then(timestamp));
        }
    }
    Ok(None)
}

/// The current value of a secret; `None` if there is no such secret, or it has no value.
///
/// # Errors
///
/// The question was not answered; [`Kind::Refused`] if the value is binary.
pub async fn secret_value(connection: &Connection, id: &str) -> Result<Option<SecretText>, CloudError> {
    match client(connection, id).get_secret_value().secret_id(id).send().await {
        Ok(answer) => match answer.secret_string {
            // AWS takes no empty value; an emulator may have one.
            Some(text) => Ok(Some(SecretText::new(text)).filter(|value| !value.expose().is_empty())),
            None => Err(CloudError::new(Kind::Refused, format!("the value of the secret {id} is binary"))
                .next("docuthinker leaves binary values alone; use the AWS CLI for it")),
        },
        Err(error) => match ApiFailure::of("secretsmanager:GetSecretValue", &error) {
            failure if failure.is_absent() => Ok(None),
            failure => Err(failure.into_error()),
        },
    }
}

/// Gives a secret a new value, which is read from now on; the id of its version.
///
/// The same [token][aws] in every try makes a repetition harmless: it would be the same version.
///
/// # Errors
///
/// AWS did not take the value, or nobody knows whether it did.
///
/// [aws]: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
pub async fn put_secret_value(
    connection: &Connection,
    id: &str,
    value: &SecretText,
) -> Result<String, CloudError> {
    let token = token();
    let call = client(connection, id).put_secret_value().secret_id(id).secret_string(value.expose());
    match call.client_request_token(&token).send().await {
        Ok(answer) => Ok(answer.version_id().map_or(token, clean)),
        Err(error) => Err(ApiFailure::of("secretsmanager:PutSecretValue", &error).into_error()),
    }
}

/// Lets AWS rotate a secret as it is [configured][aws]; the id of the version that is being made. The rotation goes on
/// after the answer.
///
/// # Errors
///
/// AWS refused it, for example since nothing is configured or another rotation is in progress.
///
/// [aws]: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
pub async fn rotate_secret(connection: &Connection, id: &str) -> Result<String, CloudError> {
    let token = token();
    let call = client(connection, id).rotate_secret().secret_id(id).client_request_token(&token);
    match call.send().await {
        Ok(answer) => Ok(answer.version_id().map_or(token, clean)),
        Err(error) => Err(ApiFailure::of("secretsmanager:RotateSecret", &error).into_error()),
    }
}

/// So many random letters and digits, which fit into addresses too.
///
/// # Errors
///
/// The question was not answered.
pub async fn random_value(connection: &Connection, length: u16) -> Result<SecretText, CloudError> {
    let call = connection.secrets().get_random_password().password_length(i64::from(length));
    match call.exclude_punctuation(true).send().await {
        Ok(answer) => answer
            .random_password
            .map(SecretText::new)
            .ok_or_else(|| CloudError::new(Kind::Failed, "AWS gave no random password")),
        Err(error) => Err(ApiFailure::of("secretsmanager:GetRandomPassword", &error).into_error()),
    }
}

/// A client for the region that the ARN names, or else for the connection's.
fn client(connection: &Connection, id: &str) -> Client {
    let region = id.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(2));
    match region {
        Some(region) if region != connection.identity().region => Client::new(&connection.config_in(region)),
        _ => connection.secrets(),
    }
}

/// What identifies one order: 32 characters, the fewest that are allowed.
fn token() -> String {
    format!("{:032x}", fastrand::u128(..))
}
