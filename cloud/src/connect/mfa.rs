//! Codes of MFA devices, which the SDK does not ask for: who asks, and the sessions they opened.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_cloudformation::config::Credentials;
use tokio::time::Instant;

/// How long before its end a session is no longer used.
const BEFORE_THE_END: Duration = Duration::from_mins(1);

/// The code of an MFA device is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MfaRequest {
    /// The profile whose role wants it.
    pub profile: String,
    /// The role that is assumed with it.
    pub role_arn: String,
    /// The device: an ARN, or the serial number of a hardware device.
    pub serial: String,
    /// Whether the code that was given before was refused.
    pub refused: bool,
}

/// The code of six digits; `None` if there is nobody to ask, or who is there does not want to answer.
pub type MfaAnswer = Pin<Box<dyn Future<Output = Option<String>> + Send>>;

type Ask = dyn Fn(MfaRequest) -> MfaAnswer + Send + Sync;

/// Who is asked for the codes of MFA devices. The sessions are kept in memory, shared by all clones, and never shown.
#[derive(Clone, Default)]
pub struct Mfa {
    ask: Option<Arc<Ask>>,
    sessions: Arc<Mutex<BTreeMap<(String, String), Session>>>,
    /// Held while somebody is asked, so that several connections do not ask at the same time.
    pub(super) asking: Arc<tokio::sync::Mutex<()>>,
}

struct Session {
    credentials: Credentials,
    opened: Instant,
    ends: Instant,
}

impl Mfa {
    /// Asks with `ask`. Clones of this value share what was answered: a run that hands one on asks once.
    pub fn asking(ask: impl Fn(MfaRequest) -> MfaAnswer + Send + Sync + 'static) -> Mfa {
        Mfa { ask: Some(Arc::new(ask)), ..Mfa::default() }
    }

    /// The code, if somebody answers.
    pub(super) async fn code(&self, request: MfaRequest) -> Option<String> {
        match &self.ask {
            Some(ask) => ask(request).await,
            None => None,
        }
    }

    /// The session of a role that was opened with a device, if it still lasts `now`.
    pub(super) fn session(&self, role_arn: &str, serial: &str, now: Instant) -> Option<Credentials> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.get(&(role_arn.to_owned(), serial.to_owned()))?;
        (now < session.ends).then(|| session.credentials.clone())
    }

    /// Keeps a session, of a role and a device, that was `opened` for this `lifetime`.
    pub(super) fn keep(
        &self,
        (role_arn, serial): (&str, &str),
        credentials: Credentials,
        opened: Instant,
        lifetime: Duration,
    ) {
        let ends = opened + lifetime.saturating_sub(BEFORE_THE_END);
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.insert((role_arn.to_owned(), serial.to_owned()), Session { credentials, opened, ends });
    }

    /// Drops what was opened before `moment`; AWS no longer takes it, whatever our clock says.
    pub(super) fn forget_before(&self, moment: Instant) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.opened > moment);
    }
}

/// Shows whether somebody can be asked, and nothing of a session.
impl fmt::Debug for Mfa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mfa").field("asks", &self.ask.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const ROLE: (&str, &str) = ("role", "device");

    fn keys(secret: &str) -> Credentials {
        Credentials::new("AKIDEXAMPLE", secret, None, None, "test")
    }

    fn opened_at(opened: Instant) -> Mfa {
        let mfa = Mfa::default();
        mfa.keep(ROLE, keys("canary-secret"), opened, HOUR);
        mfa
    }

    // C8
    #[test]
    fn a_session_ends_by_the_time_that_passed_and_not_by_the_clock() {
        let opened = Instant::now();
        let mfa = opened_at(opened);
        let after = |minutes| opened + Duration::from_mins(minutes);
        assert!(mfa.session("role", "device", after(58)).is_some());
        assert!(mfa.session("role", "another device", after(58)).is_none());
        assert!(mfa.session("role", "device", after(60)).is_none());
    }

    // A5
    #[test]
    fn only_sessions_that_aws_refused_are_forgotten() {
        let opened = Instant::now();
        let mfa = opened_at(opened);
        let connected = opened + Duration::from_secs(1);
        mfa.clone().forget_before(connected);
        assert!(mfa.session("role", "device", connected).is_none());
        mfa.keep(ROLE, keys("s"), connected + Duration::from_secs(1), HOUR);
        mfa.forget_before(connected);
        assert!(mfa.session("role", "device", connected).is_some(), "another connection has renewed it");
    }

    #[test]
    fn a_session_is_not_shown() {
        let shown = format!("{:?}", opened_at(Instant::now()));
        assert_eq!(shown, "Mfa { asks: false, .. }");
    }
}
