//! One pace for all questions that a run asks of an account and region: AWS counts them together, so we do too.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The shortest distance between two questions to AWS while nothing is throttled: ten a second, which the quota of
/// `DescribeStackEvents` bears for one caller. AWS does not publish the quota; its answer to too much is throttling.
const CLOSEST: Duration = Duration::from_millis(100);
/// The longest distance; a run of a hundred stacks still asks each of them every few minutes.
const FARTHEST: Duration = Duration::from_secs(2);
/// The same for what changes something: AWS bears fewer of these, and a single stack needs two or three in all.
const CLOSEST_ORDERS: Duration = Duration::from_millis(250);
/// The longest distance of these.
const FARTHEST_ORDERS: Duration = Duration::from_secs(10);

/// The distance between questions: doubled by throttling, restored slowly by answers.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spacing {
    closest: Duration,
    farthest: Duration,
    now: Duration,
}

impl Spacing {
    fn new(closest: Duration, farthest: Duration) -> Spacing {
        Spacing { closest, farthest, now: closest }
    }

    fn throttled(&mut self) {
        self.now = (self.now * 2).clamp(self.closest.max(Duration::from_millis(1)), self.farthest);
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

/// How many questions may come at once after a time without any: the pages of one answer, for example.
const AT_ONCE: u32 = 5;

impl State {
    /// The next free turn, which is then taken; one that has passed is now.
    fn take(&mut self, now: Instant) -> Instant {
        let owed = self.spacing.now * (AT_ONCE - 1);
        let mine = self.next.max(now.checked_sub(owed).unwrap_or(now));
        self.next = mine + self.spacing.now;
        mine.max(now)
    }
}

/// Hands out turns to ask. Clones share the pace.
#[derive(Debug, Clone)]
pub(crate) struct Pacer(Arc<Mutex<State>>);

impl Pacer {
    /// The pace of questions to AWS, so many times faster; 1 is AWS's own, and `None` stands for a server on this
    /// machine, which nobody shares.
    pub(crate) fn of_questions(times: Option<u32>) -> Pacer {
        Pacer::new(times.map_or(Duration::ZERO, |times| CLOSEST / times), FARTHEST / times.unwrap_or(1))
    }

    /// The same for what changes something.
    pub(crate) fn of_orders(times: Option<u32>) -> Pacer {
        let closest = times.map_or(Duration::ZERO, |times| CLOSEST_ORDERS / times);
        Pacer::new(closest, FARTHEST_ORDERS / times.unwrap_or(1))
    }

    fn new(closest: Duration, farthest: Duration) -> Pacer {
        let spacing = Spacing::new(closest, farthest);
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
            let mut spacing = Spacing::new(CLOSEST, FARTHEST);
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
        let pacer = Pacer::of_questions(Some(1));
        let other = pacer.clone();
        let now = Instant::now();
        let begin = pacer.with(|state| state.next);
        let turns: Vec<_> = (0..4).map(|_| pacer.with(|state| state.take(begin)) - begin).collect();
        assert_eq!(turns, [Duration::ZERO, CLOSEST, CLOSEST * 2, CLOSEST * 3]);
        other.throttled();
        let wider = [pacer.with(|state| state.take(now)), other.with(|state| state.take(now))];
        assert_eq!(wider[1] - wider[0], CLOSEST * 2);
        let much_later = now + Duration::from_mins(1);
        let at_once = (0..7).filter(|_| pacer.with(|state| state.take(much_later)) == much_later).count();
        assert_eq!(at_once, 5, "a few turns are owed, and no more");
    }

    #[tokio::test]
    async fn a_server_on_this_machine_is_asked_at_once() {
        let pacer = Pacer::of_questions(None);
        let now = Instant::now();
        assert_eq!(pacer.with(|state| [state.take(now), state.take(now), state.take(now)]), [now; 3]);
    }
}
