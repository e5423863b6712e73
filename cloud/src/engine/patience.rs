//! How long to wait before asking again, and when to give up.

use std::time::Duration;

use super::machine::{Action, Moment};
use super::progress::Progress;
use crate::error::CloudError;
use crate::failure::{ApiFailure, Class};

/// The most that lies between two failed questions: the longest pause and the longest time-out of a call.
const BETWEEN_FAILURES: Duration = Duration::from_mins(1);

/// How often the state is asked for while all is well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// The first pause.
    pub(crate) first: Duration,
    /// The longest pause; each one is half as long again as the one before.
    pub(crate) longest: Duration,
    /// The longest pause while nothing that is in progress can be done.
    pub(crate) idle: Duration,
    /// How often the stack itself is described while its events tell what happens.
    pub(crate) describe_every: Duration,
    /// How often ECS is asked about services that are being deployed.
    pub(crate) services_every: Duration,
    /// The pause after a first failure; each further one doubles it.
    pub(crate) first_after_failure: Duration,
    /// The longest pause after failures.
    pub(crate) longest_after_failure: Duration,
}

impl Pace {
    /// For AWS, whose API allows few questions per second and account. Events are asked for so often that an ending is
    /// known two seconds later in the middle. A pause of more than 20 seconds looks like a hang.
    pub(crate) const AWS: Pace = Pace {
        first: Duration::from_secs(1),
        longest: Duration::from_millis(3300),
        idle: Duration::from_secs(6),
        describe_every: Duration::from_mins(1),
        services_every: Duration::from_secs(15),
        first_after_failure: Duration::from_secs(2),
        longest_after_failure: Duration::from_secs(20),
    };
    /// For a server on this machine, which nobody shares.
    pub(crate) const LOCAL: Pace = Pace {
        first: Duration::from_millis(50),
        longest: Duration::from_millis(200),
        idle: Duration::ZERO,
        describe_every: Duration::from_millis(500),
        services_every: Duration::from_millis(500),
        first_after_failure: Duration::from_millis(100),
        longest_after_failure: Duration::from_secs(2),
    };

    /// The same, so many times faster: for measurements against a test double whose time is.
    pub(crate) fn faster(self, times: u32) -> Pace {
        Pace {
            first: self.first / times,
            longest: self.longest / times,
            idle: self.idle / times,
            describe_every: self.describe_every / times,
            services_every: self.services_every / times,
            first_after_failure: self.first_after_failure / times,
            longest_after_failure: self.longest_after_failure / times,
        }
    }
}

/// The pauses of one operation: steady while all is well, longer and longer while AWS does not answer.
#[derive(Debug, Clone)]
pub(crate) struct Patience {
    pace: Pace,
    grace: Duration,
    pause: Duration,
    failures: u32,
    /// When the network last failed, and for how long it has.
    last_failure: Option<Duration>,
    unreachable_for: Duration,
}

impl Patience {
    /// Pauses of `pace`; network trouble is borne for `grace`, throttling for ever.
    pub(crate) fn new(pace: Pace, grace: Duration) -> Patience {
        Patience {
            pace,
            grace,
            pause: pace.first,
            failures: 0,
            last_failure: None,
            unreachable_for: Duration::ZERO,
        }
    }

    /// AWS answered: the pause until the next question.
    pub(crate) fn after_answer(&mut self, moment: Moment) -> Duration {
        self.answered();
        let pause = self.pause;
        self.pause = (self.pause * 3 / 2).min(self.pace.longest);
        // Up to a tenth less, so that several of us do not ask in step.
        pause.mul_f64(1.0 - moment.dice / 10.0)
    }

    /// The pace that the pauses go by.
    pub(crate) fn pace(&self) -> Pace {
        self.pace
    }

    /// AWS answered.
    pub(crate) fn answered(&mut self) {
        self.failures = 0;
        (self.last_failure, self.unreachable_for) = (None, Duration::ZERO);
    }

    /// A question failed: how to go on, and what to say; or the error, if asking again will not help.
    pub(crate) fn retry(
        &mut self,
        failure: &ApiFailure,
        moment: Moment,
    ) -> Result<(Action, Progress), CloudError> {
        let pause = failure.passes().then(|| self.after_failure(failure, moment)).flatten();
        let Some(retry_in) = pause else { return Err(failure.clone().into_error()) };
        let news = match failure.class {
            Class::Throttled => Progress::Throttled { retry_in },
            _ => Progress::Unreachable { what: failure.message.clone(), retry_in },
        };
        Ok((Action::Sleep(retry_in), news))
    }

    /// AWS did not answer: the pause until the next question, or `None` if the grace time is over.
    pub(crate) fn after_failure(&mut self, failure: &ApiFailure, moment: Moment) -> Option<Duration> {
        if failure.class == Class::Throttled {
            // It is AWS that answers, so the network is fine.
            (self.last_failure, self.unreachable_for) = (None, Duration::ZERO);
        } else {
            let last = self.last_failure.replace(moment.elapsed).unwrap_or(moment.elapsed);
            // A machine that was stopped meanwhile did not ask meanwhile: that time is none of the network's.
            self.unreachable_for += moment.elapsed.saturating_sub(last).min(BETWEEN_FAILURES);
            if self.unreachable_for >= self.grace {
                return None;
            }
        }
        let doubled = self.pace.first_after_failure.saturating_mul(1 << self.failures.min(5));
        let pause = doubled.min(self.pace.longest_after_failure);
        self.failures = self.failures.saturating_add(1);
        // Between a half and the whole, so that several of us do not ask in step.
        Some(pause.mul_f64(0.5 + moment.dice / 2.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment { elapsed: Duration::from_secs(seconds), dice: 1.0, cancelled: false }
    }

    fn failure(class: Class) -> ApiFailure {
        ApiFailure { action: "x:Y", class, code: None, message: "m".into() }
    }

    #[test]
    fn throttling_never_exhausts_it() {
        let mut patience = Patience::new(Pace::AWS, Duration::from_mins(1));
        for second in 0..100_000 {
            let pause = patience.after_failure(&failure(Class::Throttled), at(second)).expect("never fatal");
            assert!(pause <= Pace::AWS.longest_after_failure);
        }
    }

    #[test]
    fn network_trouble_exhausts_it_after_the_grace_time() {
        let mut patience = Patience::new(Pace::AWS, Duration::from_mins(1));
        assert!(patience.after_failure(&failure(Class::Unreachable), at(100)).is_some());
        assert!(patience.after_failure(&failure(Class::Unreachable), at(159)).is_some());
        assert!(patience.after_failure(&failure(Class::Unreachable), at(160)).is_none());
    }

    // C8
    #[test]
    fn the_hours_of_a_machine_that_slept_are_none_of_the_networks() {
        let mut patience = Patience::new(Pace::AWS, Duration::from_mins(15));
        assert!(patience.after_failure(&failure(Class::Unreachable), at(0)).is_some());
        assert!(patience.after_failure(&failure(Class::Unreachable), at(8 * 3600)).is_some());
    }

    #[test]
    fn one_answer_restores_it() {
        let mut patience = Patience::new(Pace::AWS, Duration::from_mins(1));
        assert!(patience.after_failure(&failure(Class::Unreachable), at(0)).is_some());
        assert_eq!(patience.after_answer(at(0)), Duration::from_millis(900));
        assert!(patience.after_failure(&failure(Class::Unreachable), at(3600)).is_some());
    }
}
