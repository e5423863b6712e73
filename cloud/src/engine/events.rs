//! The history of one operation, put together from pages that overlap, repeat and arrive out of order.
//!
//! One stack runs one operation at a time, and AWS marks its events twice: with the token of the request that began it
//! and with an `OperationId`. A rollback that CloudFormation begins by itself is an operation of its own and belongs to
//! the one that it undoes. Stacks nested in ours have events of their own, told only under their own ARN.

use std::collections::{BTreeMap, BTreeSet};

use super::progress::{ResourceEvent, Timestamp};
use super::status::{Condition, condition};
use crate::cause;

/// From how many events on the older half of a page shows that everything before it is known.
const SMALL_PAGE: usize = 10;

/// The events of one operation on one stack and on those nested in it: each once, in order.
#[derive(Debug, Clone)]
pub(crate) struct EventLog {
    root: String,
    /// Nothing older belongs to us; a time of AWS's clock.
    since: Option<Timestamp>,
    tokens: BTreeSet<String>,
    operations: BTreeSet<String>,
    /// Events that were read, which says how far to read; and those that were told or are none of ours for good.
    seen: BTreeSet<String>,
    settled: BTreeSet<String>,
    /// When the first event that is surely ours happened.
    begun: Option<Timestamp>,
    /// The stack's own last event, if it was an ending.
    ended: Option<String>,
    /// The nested stacks by ARN, and whether more is to come of them.
    nested: BTreeMap<String, bool>,
    events: Vec<ResourceEvent>,
}

impl EventLog {
    /// The history of the operation that was started with `token` on the stack `root`, not before `since`.
    pub(crate) fn new(root: &str, token: &str, since: Option<Timestamp>) -> EventLog {
        EventLog {
            root: root.to_owned(),
            since,
            tokens: BTreeSet::from([token.to_owned()]),
            operations: BTreeSet::new(),
            seen: BTreeSet::new(),
            settled: BTreeSet::new(),
            begun: None,
            ended: None,
            nested: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    /// The history of the operation that began with this event of the stack itself.
    pub(crate) fn since_event(root: &str, begin: &ResourceEvent) -> EventLog {
        let mut log = EventLog::new(root, begin.token.as_deref().unwrap_or_default(), Some(begin.time));
        log.operations.extend(begin.operation_id.clone());
        log.begun = Some(begin.time);
        log
    }

    /// Forgets events that happened before ours.
    pub(crate) fn ignore(&mut self, events: &[ResourceEvent]) {
        self.seen.extend(events.iter().map(|event| event.id.clone()));
        self.settled.extend(events.iter().map(|event| event.id.clone()));
    }

    /// Counts what happens under this token, too.
    pub(crate) fn expect(&mut self, token: &str) {
        self.tokens.insert(token.to_owned());
    }

    /// Takes in what AWS told of one stack, newest first, and gives back what is new, oldest first.
    pub(crate) fn take(&mut self, newest_first: Vec<ResourceEvent>) -> Vec<ResourceEvent> {
        self.seen.extend(newest_first.iter().map(|event| event.id.clone()));
        let mut fresh: Vec<_> =
            newest_first.into_iter().rev().filter(|event| !self.settled.contains(&event.id)).collect();
        // Stable: events of the same millisecond stay in AWS's order.
        fresh.sort_by_key(|event| event.time);
        fresh.retain(|event| {
            // What is not ours yet may be by the next event.
            let ours = self.is_ours(event) && self.settled.insert(event.id.clone());
            if ours && self.is_root(event) {
                self.ended = Some(event.status.clone()).filter(|status| ends(status));
            }
            ours
        });
        for event in &fresh {
            self.follow_nested(event);
        }
        self.events.extend(fresh.iter().cloned());
        // What came late may be older than the ending that is known.
        self.events.sort_by_key(|event| event.time);
        let own = self.events.iter().rfind(|event| self.is_root(event));
        self.ended = own.map(|event| event.status.clone()).filter(|status| ends(status));
        fresh
    }

    fn is_ours(&mut self, event: &ResourceEvent) -> bool {
        if self.since.is_some_and(|since| event.time < since) {
            return false;
        }
        if self.nested.contains_key(&event.stack_id) {
            // A nested stack has a past of its own.
            return self.began().is_none_or(|begin| event.time >= begin);
        }
        let known_token = event.token.as_ref().is_some_and(|token| self.tokens.contains(token));
        let known_operation = event.operation_id.as_ref().is_some_and(|id| self.operations.contains(id));
        if known_token || known_operation {
            self.begun = Some(self.begun.map_or(event.time, |begun| begun.min(event.time)));
            self.adopt(event);
            return true;
        }
        let while_it_ran = self.begun.is_some_and(|begun| event.time >= begun) && self.ended.is_none();
        if event.operation_id.is_none() {
            // An old or simple endpoint marks little: a stack runs one operation at a time.
            return event.token.is_none() || while_it_ran;
        }
        // What undoes our operation is part of its story, whoever asked for it.
        let undoes = while_it_ran && self.is_root(event) && event.status.ends_with("ROLLBACK_IN_PROGRESS");
        if undoes {
            self.adopt(event);
        }
        undoes
    }

    fn adopt(&mut self, event: &ResourceEvent) {
        self.tokens.extend(event.token.clone());
        self.operations.extend(event.operation_id.clone());
    }

    /// A nested stack is read from when its parent touches it until it tells of its own ending.
    fn follow_nested(&mut self, event: &ResourceEvent) {
        match cause::nested_stack(event).map(str::to_owned) {
            Some(arn) if event.status.ends_with("_IN_PROGRESS") => drop(self.nested.insert(arn, true)),
            Some(arn) => drop(self.nested.entry(arn).or_insert(true)),
            None if cause::is_about_a_stack(event, &self.root) && ends(&event.status) => {
                if let Some(open) = self.nested.get_mut(&event.stack_id) {
                    *open = false;
                }
            }
            None => {}
        }
    }

    /// The nested stacks of which more is to come.
    pub(crate) fn nested_open(&self) -> Vec<String> {
        self.nested.iter().filter(|(_, open)| **open).map(|(arn, _)| arn.clone()).collect()
    }

    /// All nested stacks, open or not.
    pub(crate) fn nested(&self) -> Vec<String> {
        self.nested.keys().cloned().collect()
    }

    /// The status that the stack's own last event tells of.
    pub(crate) fn own_status(&self) -> Option<&str> {
        self.events.iter().rfind(|event| self.is_root(event)).map(|event| event.status.as_str())
    }

    /// Whether a page older than `page` may hold something new.
    pub(crate) fn wants_older(&self, page: &[ResourceEvent]) -> bool {
        let Some(oldest) = page.iter().map(|event| event.time).min() else { return false };
        let begin = self.began();
        if begin.is_some_and(|begin| oldest < begin) {
            return false;
        }
        let known = |event: &ResourceEvent| self.seen.contains(&event.id);
        if begin.is_none() && page.iter().any(known) {
            return false;
        }
        // Neighbours may come in either order; half a page of known events is more than that.
        let half = page.len().div_ceil(2).max(page.len().min(SMALL_PAGE));
        !page[page.len() - half..].iter().all(known)
    }

    /// Whether a page older than `page` may belong to the operation at all, known or not.
    pub(crate) fn reaches_beyond(&self, page: &[ResourceEvent]) -> bool {
        let begin = self.begun.or(self.since);
        begin.is_some_and(|begin| page.iter().all(|event| event.time >= begin))
    }

    /// Whether AWS has told of our operation.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.is_some()
    }

    /// Whether the operation is a rollback that somebody asked for, and not one that undoes what came before it.
    pub(crate) fn began_with_rollback(&self) -> bool {
        let own = self.events.iter().find(|event| self.is_root(event));
        own.is_some_and(|event| event.status.ends_with("ROLLBACK_IN_PROGRESS"))
    }

    /// The ending that the stack's own last event tells of.
    pub(crate) fn ended(&self) -> Option<&str> {
        self.ended.as_deref()
    }

    /// The first failure that is not the echo of another one.
    pub(crate) fn cause(&self) -> Option<&ResourceEvent> {
        cause::cause(&self.events, &self.root)
    }

    /// Every resource that failed by itself, in order.
    pub(crate) fn failures(&self) -> Vec<ResourceEvent> {
        cause::failures(&self.events, &self.root).into_iter().cloned().collect()
    }

    /// The resources whose deletion failed and did not succeed later. Told apart by their physical ids, since a
    /// replaced resource shares its logical id with its successor.
    pub(crate) fn not_deleted(&self) -> Vec<&ResourceEvent> {
        let last: BTreeMap<_, _> = self
            .resources()
            .map(|event| ((&event.stack_id, &event.logical_id, &event.physical_id), event))
            .collect();
        last.into_values().filter(|event| event.status == "DELETE_FAILED").collect()
    }

    /// The resources that were left in the account on purpose.
    pub(crate) fn skipped(&self) -> Vec<&ResourceEvent> {
        self.events.iter().filter(|event| event.status == "DELETE_SKIPPED").collect()
    }

    /// The last event of each resource that something is being done to.
    pub(crate) fn running(&self) -> Vec<&ResourceEvent> {
        let last: BTreeMap<_, _> =
            self.resources().map(|event| ((&event.stack_id, &event.logical_id), event)).collect();
        last.into_values().filter(|event| event.status.ends_with("_IN_PROGRESS")).collect()
    }

    /// Logical ids of the resources that something is being done to.
    pub(crate) fn in_progress(&self) -> Vec<String> {
        self.running().into_iter().map(|event| event.logical_id.clone()).collect()
    }

    /// CloudFormation's id of the operation, if it told one.
    pub(crate) fn operation_id(&self) -> Option<String> {
        self.events.iter().find_map(|event| event.operation_id.clone())
    }

    /// When the operation began, by AWS's clock.
    pub(crate) fn began(&self) -> Option<Timestamp> {
        self.begun.or(self.since)
    }

    /// All events, oldest first.
    pub(crate) fn events(&self) -> &[ResourceEvent] {
        &self.events
    }

    fn resources(&self) -> impl Iterator<Item = &ResourceEvent> {
        self.events.iter().filter(|event| !cause::is_about_a_stack(event, &self.root))
    }

    fn is_root(&self, event: &ResourceEvent) -> bool {
        event.physical_id.as_deref() == Some(self.root.as_str())
    }
}

/// Whether a status ends an operation.
fn ends(status: &str) -> bool {
    !matches!(condition(status), Condition::Running | Condition::Announced | Condition::Unknown)
}

/// The event with which the stack's running operation, or its last one, began: what precedes it is another ending.
/// `newest_first` may be cut off; then there may be none.
pub(crate) fn begin_of_last_operation<'a>(
    newest_first: &'a [ResourceEvent],
    root: &str,
) -> Option<&'a ResourceEvent> {
    let mut begin = None;
    for event in newest_first.iter().filter(|event| event.physical_id.as_deref() == Some(root)) {
        match condition(&event.status) {
            Condition::Running => begin = Some(event),
            // The ending of the operation itself comes before its beginning has been met.
            _ if begin.is_none() && event.status != "REVIEW_IN_PROGRESS" => {}
            _ => return begin,
        }
    }
    begin
}

#[cfg(test)]
mod tests;
