//! The history of one operation, put together from pages that overlap, repeat and arrive out of order.

use std::collections::{BTreeMap, BTreeSet};

use super::progress::{ResourceEvent, Timestamp};

/// The events of one operation on one stack: each once, in order.
#[derive(Debug, Clone)]
pub(crate) struct EventLog {
    stack_id: String,
    token: String,
    /// Nothing older belongs to us; a time of AWS's clock.
    since: Option<Timestamp>,
    seen: BTreeSet<String>,
    /// When the first event with our token happened.
    begun: Option<Timestamp>,
    events: Vec<ResourceEvent>,
}

impl EventLog {
    /// The history of the operation that was started with `token` on `stack_id`, not before `since`.
    pub(crate) fn new(stack_id: &str, token: &str, since: Option<Timestamp>) -> EventLog {
        EventLog {
            stack_id: stack_id.to_owned(),
            token: token.to_owned(),
            since,
            seen: BTreeSet::new(),
            begun: None,
            events: Vec::new(),
        }
    }

    /// Forgets events that happened before ours.
    pub(crate) fn ignore(&mut self, events: &[ResourceEvent]) {
        self.seen.extend(events.iter().map(|event| event.id.clone()));
    }

    /// Takes in what AWS told, newest first, and gives back what is new, oldest first.
    pub(crate) fn take(&mut self, newest_first: Vec<ResourceEvent>) -> Vec<ResourceEvent> {
        let mut fresh: Vec<_> =
            newest_first.into_iter().rev().filter(|event| self.seen.insert(event.id.clone())).collect();
        // Stable: events of the same millisecond stay in AWS's order.
        fresh.sort_by_key(|event| event.time);
        fresh.retain(|event| self.is_ours(event));
        self.events.extend(fresh.iter().cloned());
        self.events.sort_by_key(|event| event.time);
        fresh
    }

    /// One stack runs one operation at a time: from our first event on, all are ours; before it, another operation's are
    /// known by their token.
    fn is_ours(&mut self, event: &ResourceEvent) -> bool {
        if self.since.is_some_and(|since| event.time < since) {
            return false;
        }
        match &event.token {
            None => true,
            Some(token) if *token == self.token => {
                self.begun = Some(self.begun.map_or(event.time, |begun| begun.min(event.time)));
                true
            }
            Some(_) => self.begun.is_some_and(|begun| event.time >= begun),
        }
    }

    /// Whether an older page may hold something new.
    pub(crate) fn wants_older(&self, page: &[ResourceEvent]) -> bool {
        let Some(oldest) = page.iter().map(|event| event.time).min() else { return false };
        match self.since {
            Some(since) => oldest >= since && !page.iter().all(|event| self.seen.contains(&event.id)),
            None => !page.iter().any(|event| self.seen.contains(&event.id)),
        }
    }

    /// Whether AWS has told of our operation.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.is_some()
    }

    /// The first failure that is not the echo of another one.
    pub(crate) fn cause(&self) -> Option<&ResourceEvent> {
        let failures = || self.events.iter().filter(|event| self.is_failure(event));
        failures().find(|event| !is_echo(event)).or_else(|| failures().next())
    }

    /// Every resource that failed by itself, in order.
    pub(crate) fn failures(&self) -> Vec<ResourceEvent> {
        self.events.iter().filter(|event| self.is_failure(event) && !is_echo(event)).cloned().collect()
    }

    /// The resources whose deletion failed and did not succeed later. Told apart by their physical ids, since a
    /// replaced resource shares its logical id with its successor.
    pub(crate) fn not_deleted(&self) -> Vec<&ResourceEvent> {
        let last: BTreeMap<_, _> =
            self.resources().map(|event| ((&event.logical_id, &event.physical_id), event)).collect();
        last.into_values().filter(|event| event.status == "DELETE_FAILED").collect()
    }

    /// The resources that were left in the account on purpose.
    pub(crate) fn skipped(&self) -> Vec<&ResourceEvent> {
        self.events.iter().filter(|event| event.status == "DELETE_SKIPPED").collect()
    }

    /// Logical ids of the resources that something is being done to.
    pub(crate) fn in_progress(&self) -> Vec<String> {
        let last: BTreeMap<_, _> = self.resources().map(|event| (&event.logical_id, event)).collect();
        let running = last.into_iter().filter(|(_, event)| event.status.ends_with("_IN_PROGRESS"));
        running.map(|(logical_id, _)| logical_id.clone()).collect()
    }

    /// CloudFormation's id of the operation, if it told one.
    pub(crate) fn operation_id(&self) -> Option<String> {
        self.events.iter().find_map(|event| event.operation_id.clone())
    }

    fn resources(&self) -> impl Iterator<Item = &ResourceEvent> {
        self.events.iter().filter(|event| !self.is_stack(event))
    }

    fn is_failure(&self, event: &ResourceEvent) -> bool {
        event.status.ends_with("_FAILED") && !self.is_stack(event)
    }

    fn is_stack(&self, event: &ResourceEvent) -> bool {
        event.physical_id.as_deref() == Some(self.stack_id.as_str())
    }
}

/// CloudFormation stops what it was doing when something else fails, and reports that as a failure, too.
fn is_echo(event: &ResourceEvent) -> bool {
    event.reason.as_deref().is_some_and(|reason| reason.to_lowercase().contains("cancelled"))
}

#[cfg(test)]
mod tests;
