//! What a deployment needs to find in AWS, looked at before anything is changed.
//!
//! The caller says what is needed, as [`Need`]s; [`check`] looks at all of them at the same time and says of each how
//! it is. Nothing here fails: what could not be looked at is [`State::Unknown`], with the reason.

mod certificates;
mod images;
mod names;
mod networks;
mod permissions;
mod quotas;
mod secrets;
mod simulation;
mod stack;
mod zones;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use crate::connect::Connection;
use crate::failure::{ApiFailure, Class};
use crate::text::denied_action;
use crate::together::together;

pub use certificates::{
    Certificate, DnsRecord, awaited_certificates, certificate, certificate_records, records_in_events,
};
pub use permissions::{Asked, permissions};
pub use quotas::{Added, quotas};
pub use stack::{Around, around, room_for_a_stack, template_bucket};

/// How long one question may take, with its repetitions. It is not worth more: the deployment goes on without.
const PATIENCE: Duration = Duration::from_secs(20);

/// Something that must be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// There is this image in ECR.
    Image(ImageNeed),
    /// There is this secret, with a value.
    Secret(SecretNeed),
    /// There is this certificate, and it is issued.
    Certificate {
        /// The certificate's ARN.
        arn: String,
        /// The region that it must be in.
        region: String,
    },
    /// There is this hosted zone.
    HostedZone {
        /// Its id, without `/hostedzone/`.
        id: String,
    },
    /// There is this VPC.
    Vpc {
        /// Its id.
        id: String,
    },
    /// There is this subnet.
    Subnet {
        /// Its id.
        id: String,
        /// The VPC that it must be in, if one is known.
        vpc: Option<String>,
    },
    /// There is nothing yet of this type that is named so.
    FreeName {
        /// For example `AWS::Logs::LogGroup`.
        type_name: String,
        /// What the Cloud Control API knows the resource by; of a secret its name.
        name: String,
    },
}

/// An image in ECR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageNeed {
    /// The image as a task definition names it.
    pub uri: String,
    /// The account of the registry.
    pub registry: String,
    /// The region of the registry.
    pub region: String,
    /// The name of the repository.
    pub repository: String,
    /// The tag, unless a digest is named.
    pub tag: Option<String>,
    /// The digest, `sha256:…`.
    pub digest: Option<String>,
    /// `amd64` or `arm64`; `None` if any will do, or nobody knows.
    pub architecture: Option<&'static str>,
}

/// A secret of Secrets Manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretNeed {
    /// Its name or ARN.
    pub id: String,
    /// Its region.
    pub region: String,
    /// The keys that its value, a JSON object, must have. The value is read only if there are any.
    pub keys: BTreeSet<String>,
    /// The stage of the version that is meant, mostly `AWSCURRENT`.
    pub stage: String,
    /// The id of the version that is meant, if one is named.
    pub version: Option<String>,
}

/// How it is with a need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it must be.
    Ok,
    /// It could not be looked at.
    Unknown,
    /// It will do, but somebody should look.
    Warning,
    /// Not as it must be; the deployment would fail.
    Missing,
}

/// What exactly is missing, for who knows a better command than AWS's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// The repository of an image.
    Repository,
    /// The image, in a repository that is there.
    Image,
    /// The image is there, for other machines.
    Architecture,
    /// A secret's value.
    Value,
    /// These keys of a secret's value.
    Keys(Vec<String>),
    /// The validation of the certificate with this ARN, which ACM goes on trying.
    Validation(String),
}

/// What came of looking at one need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// How it is.
    pub state: State,
    /// What was looked at, and how it is: lowercase, without a final period, safe to print.
    pub what: String,
    /// Why it could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What to do, where possible as a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// What is missing, where that has a name.
    #[serde(skip)]
    pub lack: Option<Lack>,
}

impl Check {
    /// All is well.
    pub fn ok(what: impl Into<String>) -> Check {
        Check { state: State::Ok, what: what.into(), reason: None, fix: None, lack: None }
    }

    /// It is not as it must be.
    pub fn missing(what: impl Into<String>, fix: impl Into<String>) -> Check {
        let fix = Some(fix.into());
        Check { state: State::Missing, what: what.into(), reason: None, fix, lack: None }
    }

    /// Somebody should look.
    pub fn warning(what: impl Into<String>, fix: impl Into<String>) -> Check {
        Check { state: State::Warning, ..Check::missing(what, fix) }
    }

    /// It could not be looked at.
    pub fn unknown(what: impl Into<String>, reason: impl Into<String>) -> Check {
        let reason = Some(reason.into());
        Check { state: State::Unknown, what: what.into(), reason, fix: None, lack: None }
    }

    /// The same check, with the name of what is missing.
    fn lacking(self, lack: Lack) -> Check {
        Check { lack: Some(lack), ..self }
    }

    /// The same check with what else helps.
    #[must_use]
    pub fn fixed_by(self, fix: impl Into<String>) -> Check {
        Check { fix: Some(fix.into()), ..self }
    }

    /// A question about `what` was not answered.
    fn unanswered(what: &str, failure: &ApiFailure) -> Check {
        let action = failure.action;
        let denied = denied(failure);
        let (reason, fix) = match failure.class {
            Class::Denied => {
                (format!("not allowed to do {denied}"), Some(format!("ask for the permission {denied}")))
            }
            Class::Throttled => (format!("AWS throttles {action}"), None),
            _ => (format!("{action}: {}", failure.message), None),
        };
        Check { fix, ..Check::unknown(what, reason) }
    }
}

/// Looks at all needs at the same time; the answers are in the order of the needs.
///
/// A few read-only calls for each. Of a secret's value only the names of its keys are looked at, and only if the need
/// names keys.
pub async fn check(connection: &Connection, needs: &[Need]) -> Vec<Check> {
    let questions = needs.iter().cloned().map(|need| {
        let connection = connection.clone();
        async move {
            let answer = tokio::time::timeout(PATIENCE, look(&connection, &need)).await;
            let late =
                || Check::unknown(name(&need), format!("no answer within {} seconds", PATIENCE.as_secs()));
            answer.unwrap_or_else(|_| late())
        }
    });
    let answers = together(questions).await;
    let unknown = |need| Check::unknown(name(need), "it was not looked at");
    needs.iter().zip(answers).map(|(need, answer)| answer.unwrap_or_else(|| unknown(need))).collect()
}

async fn look(connection: &Connection, need: &Need) -> Check {
    match need {
        Need::Image(image) => images::look(connection, image).await,
        Need::Secret(secret) => secrets::look(connection, secret).await,
        Need::Certificate { arn, region } => certificates::look(connection, arn, region).await,
        Need::HostedZone { id } => zones::look(connection, id).await,
        Need::Vpc { id } => networks::vpc(connection, id).await,
        Need::Subnet { id, vpc } => networks::subnet(connection, id, vpc.as_deref()).await,
        Need::FreeName { type_name, name } => names::look(connection, type_name, name).await,
    }
}

/// What a need is about, in a few words.
fn name(need: &Need) -> String {
    match need {
        Need::Image(image) => format!("the image {}", image.uri),
        Need::Secret(secret) => format!("the secret {}", secret.id),
        Need::Certificate { arn, .. } => format!("the certificate {arn}"),
        Need::HostedZone { id } => format!("the hosted zone {id}"),
        Need::Vpc { id } => format!("the VPC {id}"),
        Need::Subnet { id, .. } => format!("the subnet {id}"),
        Need::FreeName { type_name, name } => format!("the name {name} ({type_name})"),
    }
}

/// The action that was denied. Cloud Control asks other services in the caller's name, and the one that denies it says
/// so.
fn denied(failure: &ApiFailure) -> &str {
    denied_action(&failure.message).unwrap_or(failure.action)
}
