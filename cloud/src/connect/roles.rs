//! Roles of a profile, assumed one after the other, with the code of an MFA device where one is asked for.
//!
//! The SDK assumes roles too, but it knows neither `mfa_serial` nor `duration_seconds`, and goes past `--endpoint-url`.
//! Source: [using an IAM role in the AWS CLI][cli].
//!
//! [cli]: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-role.html

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future;
use aws_sdk_cloudformation::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use tokio::time::Instant;

use super::mfa::{Mfa, MfaRequest};
use super::profile::Role;
use super::source::Source;
use crate::error::{CloudError, Kind};
use crate::failure::{ApiFailure, Class};
use crate::text::clean;

/// How long a session lasts unless the profile says otherwise: AWS's default, in seconds.
const DEFAULT_DURATION: u16 = 3600;
/// How often somebody may mistype a code.
const TRIES: u32 = 3;

/// Gives the credentials of the last role of a chain.
pub(super) struct RoleProvider {
    /// What the first role is assumed with.
    pub(super) base: SharedCredentialsProvider,
    /// In the order in which they are assumed.
    pub(super) roles: Vec<Role>,
    /// For messages.
    pub(super) source: Source,
    /// Region, endpoint and time-outs of STS, without credentials.
    pub(super) config: SdkConfig,
    /// Who is asked for codes.
    pub(super) mfa: Mfa,
}

impl RoleProvider {
    /// Assumes the roles, and asks for codes where no session is open. Later loads ask nobody: they come at any moment.
    pub(super) async fn sign_in(&self) -> Result<Credentials, CloudError> {
        // One connection at a time, so that the second one finds the session that the first has opened.
        let _asking = self.mfa.asking.lock().await;
        self.walk(true).await
    }

    async fn walk(&self, may_ask: bool) -> Result<Credentials, CloudError> {
        // What comes before an open session is not needed any more.
        let held = self.roles.iter().enumerate().rev().find_map(|(index, role)| {
            let session = self.mfa.session(&role.arn, role.mfa_serial.as_ref()?, Instant::now())?;
            Some((session, index + 1))
        });
        let (mut credentials, begin) = if let Some(found) = held {
            found
        } else {
            let base = self.base.provide_credentials().await;
            (base.map_err(|error| self.source.failed(&error))?, 0)
        };
        for role in &self.roles[begin..] {
            credentials = match &role.mfa_serial {
                None => self
                    .assume(role, credentials, None)
                    .await
                    .map_err(|failure| self.refused(role, failure))?,
                Some(serial) => self.open_session(role, serial, credentials, may_ask).await?,
            };
        }
        Ok(credentials)
    }

    /// Asks for the code of the device, again if it was mistyped, and keeps the session.
    async fn open_session(
        &self,
        role: &Role,
        serial: &str,
        source: Credentials,
        may_ask: bool,
    ) -> Result<Credentials, CloudError> {
        let mut refused = false;
        for tries_left in (0..TRIES).rev() {
            let request = MfaRequest {
                profile: clean(&role.profile),
                role_arn: clean(&role.arn),
                serial: clean(serial),
                refused,
            };
            let code = if may_ask { self.mfa.code(request).await } else { None };
            let code = code.map(|code| code.trim().to_owned()).filter(|code| !code.is_empty());
            let Some(code) = code else { return Err(nobody_answered(role, serial)) };
            refused = true;
            if !is_code(&code) {
                continue;
            }
            match self.assume(role, source.clone(), Some((serial, &code))).await {
                Ok(session) => {
                    let lifetime = role.duration.and_then(|seconds| u64::try_from(seconds).ok());
                    let lifetime = Duration::from_secs(lifetime.unwrap_or(u64::from(DEFAULT_DURATION)));
                    self.mfa.keep((&role.arn, serial), session.clone(), Instant::now(), lifetime);
                    return Ok(session);
                }
                Err(failure) if tries_left > 0 && is_wrong_code(&failure) => {}
                Err(failure) => return Err(self.refused(role, failure)),
            }
        }
        let what = format!("none of {TRIES} codes was one of the MFA device {}", clean(serial));
        Err(CloudError::new(Kind::Credentials, what)
            .state("nothing was asked of AWS but the role")
            .next("wait for the device's next code, then run the same command again"))
    }

    /// One role, with its credentials' end as AWS tells it.
    async fn assume(
        &self,
        role: &Role,
        source: Credentials,
        code: Option<(&str, &str)>,
    ) -> Result<Credentials, ApiFailure> {
        const ACTION: &str = "sts:AssumeRole";
        let config =
            self.config.to_builder().credentials_provider(SharedCredentialsProvider::new(source)).build();
        let answer = aws_sdk_sts::Client::new(&config)
            .assume_role()
            .role_arn(&role.arn)
            .role_session_name(role.session_name.clone().unwrap_or_else(session_name))
            .set_external_id(role.external_id.clone())
            .set_duration_seconds(role.duration)
            .set_serial_number(code.map(|(serial, _)| serial.to_owned()))
            .set_token_code(code.map(|(_, code)| code.to_owned()))
            .send()
            .await
            .map_err(|error| ApiFailure::of(ACTION, &error))?;
        let keys = answer.credentials.ok_or_else(|| ApiFailure::network(ACTION, "half an answer"))?;
        let ends = SystemTime::try_from(keys.expiration).ok();
        Ok(Credentials::new(
            keys.access_key_id,
            keys.secret_access_key,
            Some(keys.session_token),
            ends,
            "AssumeRole",
        ))
    }

    fn refused(&self, role: &Role, failure: ApiFailure) -> CloudError {
        match failure.class {
            // The answer of `sts:AssumeRole` names who may not assume what.
            Class::Denied => CloudError::new(
                Kind::Credentials,
                format!(
                    "the role {} of the profile `{}` cannot be assumed: {}",
                    clean(&role.arn),
                    clean(&role.profile),
                    failure.message
                ),
            )
            .state("nothing was changed in AWS")
            .next("see that the role trusts you, and that you may do sts:AssumeRole; a role that wants MFA needs `mfa_serial` in its profile"),
            _ => self.source.refused(failure),
        }
    }
}

impl ProvideCredentials for RoleProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            self.walk(false).await.map_err(CredentialsError::provider_error)
        })
    }
}

/// Shows for whom it is.
impl fmt::Debug for RoleProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleProvider").field("source", &self.source).finish_non_exhaustive()
    }
}

/// What logs show for a profile that names no session.
fn session_name() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    format!("docuthinker-{seconds}")
}

/// Source: `TokenCode` of [AssumeRole][aws].
///
/// [aws]: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
fn is_code(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_wrong_code(failure: &ApiFailure) -> bool {
    failure.class == Class::Denied && failure.message.contains("MultiFactorAuthentication failed")
}

fn nobody_answered(role: &Role, serial: &str) -> CloudError {
    let (profile, serial) = (clean(&role.profile), clean(serial));
    let what =
        format!("the profile `{profile}` needs a code of the MFA device {serial}, and nobody gave one");
    CloudError::new(Kind::Credentials, what).state("nothing was asked of AWS but who we are").next(format!(
        "run this on a terminal and type the code; where there is none, use a profile without `mfa_serial` \
         (IAM Identity Center), or a session from `aws sts get-session-token --serial-number {serial} --token-code CODE`"
    ))
}
