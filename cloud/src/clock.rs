//! How far this machine's clock is from AWS's, which every answer tells.
//!
//! Signatures carry the time, and AWS refuses those that are minutes old or from the future. The SDK learns the
//! difference from the answer and signs the next attempt right; what is left to us is to let it have that attempt, and
//! to find the right words where it does not help.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_sdk_cloudformation::primitives::{DateTime, DateTimeFormat};

/// What to do about a wrong clock.
pub(crate) const FIX: &str =
    "set the clock (for example `sudo timedatectl set-ntp true`), then run the same command again";

/// From which difference on the SDK takes a refused signature for the clock's fault; AWS itself bears 5 minutes.
///
/// Source: [the SDK's interceptor][sdk], and [signature troubleshooting][aws] for the 5 minutes.
///
/// [sdk]: https://docs.rs/aws-runtime/latest/aws_runtime/service_clock_skew/
/// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
const MATTERS: Duration = Duration::from_mins(4);

/// AWS's time less that of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Skew {
    /// How far, in either direction.
    size: Duration,
    /// Whether AWS's clock is ahead, so ours is slow.
    slow: bool,
}

impl Skew {
    /// The difference between an answer's `Date` and our time; `None` if it is no date.
    pub(crate) fn between(date: &str, ours: SystemTime) -> Option<Skew> {
        let theirs = SystemTime::try_from(DateTime::from_str(date, DateTimeFormat::HttpDate).ok()?).ok()?;
        Some(match theirs.duration_since(ours) {
            Ok(size) => Skew { size, slow: true },
            Err(behind) => Skew { size: behind.duration(), slow: false },
        })
    }

    /// Whether it is enough for a signature to be refused.
    pub(crate) fn matters(self) -> bool {
        self.size > MATTERS
    }

    /// So many minutes; negative if our clock is fast.
    #[cfg(test)]
    pub(crate) fn minutes(minutes: i64) -> Skew {
        Skew { size: Duration::from_mins(minutes.unsigned_abs()), slow: minutes >= 0 }
    }
}

impl fmt::Display for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.slow { "slow" } else { "fast" };
        let minutes = (self.size.as_secs() + 30) / 60;
        let s = if minutes == 1 { "" } else { "s" };
        write!(f, "the clock of this machine is {how} by {minutes} minute{s}")
    }
}

/// Whether AWS says this also when only the time of a signature was wrong.
pub(crate) fn may_be_the_clock(code: &str) -> bool {
    [
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "RequestTimeTooSkewed",
        "RequestExpired",
        "RequestInTheFuture",
        "AuthFailure",
    ]
    .contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_how_far_the_clock_is_off() {
        let ours = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let said = |date| Skew::between(date, ours).map(|skew| (skew.to_string(), skew.matters()));
        let slow = "the clock of this machine is slow by 60 minutes".to_owned();
        assert_eq!(said("Sun, 06 Nov 1994 09:49:37 GMT"), Some((slow, true)));
        let fast = "the clock of this machine is fast by 1 minute".to_owned();
        assert_eq!(said("Sun, 06 Nov 1994 08:48:37 GMT"), Some((fast, false)));
        assert_eq!(said("yesterday"), None);
    }
}
