//! Which events were told, so that none is told twice, whichever way it comes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::LogEvent;

/// Of how many events it is remembered that they were told; far more than come in the time in which they may come again.
pub(super) const REMEMBERED: usize = 60_000;

/// Which events were told, the oldest first.
///
/// An event that was asked for has an id; one of a live tail has none. The same place, stream, time and text mean the same event
/// there, unless a container wrote the same twice in a millisecond: so it is counted how often each way told it, and the
/// more talkative one is right.
#[derive(Default)]
pub(super) struct Told {
    ids: BTreeSet<String>,
    ids_in_order: VecDeque<String>,
    counts: BTreeMap<u64, Counts>,
    in_order: VecDeque<u64>,
}

/// How often an event was told.
#[derive(Default, Clone, Copy)]
struct Counts {
    shown: u32,
    asked: u32,
    live: u32,
}

impl Told {
    /// Whether an event that was asked for is told for the first time.
    pub(super) fn asked(&mut self, place: usize, event: &LogEvent) -> bool {
        if event.id.is_empty() {
            return true;
        }
        if !self.ids.insert(event.id.clone()) {
            return false;
        }
        self.ids_in_order.push_back(event.id.clone());
        if self.ids_in_order.len() > REMEMBERED
            && let Some(oldest) = self.ids_in_order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        self.is_new(place, event, |counts| &mut counts.asked)
    }

    /// Whether an event of a live tail is told for the first time.
    pub(super) fn live(&mut self, place: usize, event: &LogEvent) -> bool {
        self.is_new(place, event, |counts| &mut counts.live)
    }

    fn is_new(&mut self, place: usize, event: &LogEvent, way: impl Fn(&mut Counts) -> &mut u32) -> bool {
        let key = key(place, event);
        if !self.counts.contains_key(&key) {
            self.in_order.push_back(key);
            if self.in_order.len() > REMEMBERED
                && let Some(oldest) = self.in_order.pop_front()
            {
                self.counts.remove(&oldest);
            }
        }
        let counts = self.counts.entry(key).or_default();
        *way(counts) += 1;
        let is_new = *way(counts) > counts.shown;
        counts.shown += u32::from(is_new);
        is_new
    }
}

fn key(place: usize, event: &LogEvent) -> u64 {
    let mut hasher = DefaultHasher::new();
    (place, event.time.0, &event.stream, &event.lines).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::progress::Timestamp;

    fn event(id: &str, text: &str) -> LogEvent {
        LogEvent {
            id: id.to_owned(),
            time: Timestamp(1),
            stream: "s".to_owned(),
            lines: vec![text.to_owned()],
        }
    }

    #[test]
    fn an_event_is_told_once_and_what_is_remembered_has_a_limit() {
        let mut told = Told::default();
        assert!(told.asked(0, &event("a", "x")) && !told.asked(0, &event("a", "x")));
        assert!(
            told.asked(0, &event("", "y")) && told.asked(0, &event("", "y")),
            "without an id nobody knows"
        );
        for number in 0..=REMEMBERED {
            told.asked(0, &event(&number.to_string(), &number.to_string()));
        }
        assert_eq!((told.ids.len(), told.ids_in_order.len()), (REMEMBERED, REMEMBERED));
        assert_eq!((told.counts.len(), told.in_order.len()), (REMEMBERED, REMEMBERED));
        assert!(told.asked(0, &event("a", "x")), "long ago");
    }

    #[test]
    fn an_event_that_comes_both_ways_is_told_once_in_either_order() {
        let mut told = Told::default();
        assert!(told.live(0, &event("", "x")) && !told.asked(0, &event("a", "x")));
        assert!(told.asked(0, &event("b", "y")) && !told.live(0, &event("", "y")));
        assert!(told.live(1, &event("", "x")), "of another place");
    }

    #[test]
    fn what_was_written_twice_in_a_millisecond_is_told_twice() {
        let mut told = Told::default();
        assert!(told.live(0, &event("", "x")));
        assert!(!told.asked(0, &event("a", "x")) && told.asked(0, &event("b", "x")));
        assert!(!told.live(0, &event("", "x")));
        assert!(told.live(0, &event("", "x")), "a third time");
    }
}
