//! One pace for all questions that a run asks of an account and region: AWS counts them together, so we do too.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The shortest distance between two questions to AWS while nothing is throttled: ten a second, which the quota of
/// `DescribeStackEvents` bears for one caller. AWS does not publish the quota; its answer to too much is throttling.
const CLOSEST: Duration = Duration::from_millis(100);
/// The longest distance; a run of a hundred stacks still asks each of them every few minutes.
const FARTHEST: Duration = Duration::from_secs(2);

/// The distance between questions: doubled by throttling, restored slowly by answers.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spacing {
    closest: Duration,
    now: Duration,
}

impl Spacing {
    fn throttled(&mut self) {
        self.now = (self.now * 2).clamp(self.closest.max(Duration::from_millis(1)), FARTHEST);
    }

    /// A twentieth less: after one doubling it takes fourteen answers to be back.
    fn answered(&mut self) {
        self.now = self.now.mul_f64(0.95).max(self.closest);
    }
}

#[derive(Debug)]
struct State {
    spacing: Spacing,
    next: Instant,
}

impl State {
    /// The next free turn, which is then taken.
    fn take(&mut self, now: Instant) -> Instant {
        let mine = self.next.max(now);
        self.next = mine + self.spacing.now;
        mine
    }
}

/// Hands out turns to ask. Clones share the pace.
#[derive(Debug, Clone)]
pub(crate) struct Pacer(Arc<Mutex<State>>);

impl Pacer {
    /// A pace for AWS, or none for a server on this machine, which nobody shares.
    pub(crate) fn new(local: bool) -> Pacer {
        let closest = if local { Duration::ZERO } else { CLOSEST };
        let spacing = Spacing { closest, now: closest };
        Pacer(Arc::new(Mutex::new(State { spacing, next: Instant::now() })))
    }

    /// Waits for the next turn.
    pub(crate) async fn turn(&self) {
        let mine = self.with(|state| state.take(Instant::now()));
        tokio::time::sleep_until(mine).await;
    }

    /// AWS answered.
    pub(crate) fn answered(&self) {
        self.with(|state| state.spacing.answered());
    }

    /// AWS asks to slow down.
    pub(crate) fn throttled(&self) {
        self.with(|state| state.spacing.throttled());
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_pace_stays_within_its_bounds_and_recovers(answers in prop::collection::vec(any::<bool>(), 0..200)) {
            let mut spacing = Spacing { closest: CLOSEST, now: CLOSEST };
            for throttled in answers {
                if throttled { spacing.throttled() } else { spacing.answered() }
                prop_assert!(spacing.now >= CLOSEST && spacing.now <= FARTHEST);
            }
            for _ in 0..100 {
                spacing.answered();
            }
            prop_assert_eq!(spacing.now, CLOSEST);
        }
    }

    #[tokio::test]
    async fn turns_are_spaced_and_throttling_spaces_them_more() {
        let pacer = Pacer::new(false);
        let other = pacer.clone();
        let now = Instant::now();
        let turns: Vec<_> = (0..4).map(|_| pacer.with(|state| state.take(now)) - now).collect();
        assert_eq!(turns[3].saturating_sub(turns[0]), CLOSEST * 3);
        other.throttled();
        let wider = [pacer.with(|state| state.take(now)), other.with(|state| state.take(now))];
        assert_eq!(wider[1] - wider[0], CLOSEST * 2);
        let much_later = now + Duration::from_mins(1);
        assert_eq!(pacer.with(|state| state.take(much_later)), much_later, "no turn is owed");
    }

    #[tokio::test]
    async fn a_server_on_this_machine_is_asked_at_once() {
        let pacer = Pacer::new(true);
        let now = Instant::now();
        assert_eq!(pacer.with(|state| [state.take(now), state.take(now), state.take(now)]), [now; 3]);
    }
}
