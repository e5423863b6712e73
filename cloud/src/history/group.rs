//! Which event belongs to which operation.
//!
//! CloudFormation gives operations an id; older events only have the request token of the caller, and those of the
//! console not even that. So the rows that tell of the stack itself lay out the operations, and everything else is put
//! where its id, its token or its time says.

use std::collections::BTreeSet;

use super::{Outcome, PastOperation};
use crate::cause::is_about_a_stack;
use crate::engine::progress::{ResourceEvent, Timestamp};
use crate::engine::status::{Condition, condition};

/// An operation while its events are gathered.
struct Draft {
    ids: Vec<String>,
    tokens: Vec<String>,
    kind: String,
    began: Timestamp,
    /// Whether its last row says that it has ended.
    settled: bool,
    partial: bool,
    /// Places in the list of all events.
    events: Vec<usize>,
}

/// The operations of the stack with the ARN `root`, newest first, from its events and those of the stacks nested in it.
///
/// The events may come in any order and more than once; where two happened in the same millisecond, the one that AWS
/// lists first, newest first, is the later one. Each event is in exactly one operation.
pub(crate) fn group(events: Vec<ResourceEvent>, root: &str) -> Vec<PastOperation> {
    let events = in_order(events);
    let of_root = |event: &ResourceEvent| event.stack_id.is_empty() || event.stack_id == root;
    let is_row = |event: &ResourceEvent| event.physical_id.as_deref() == Some(root);
    let mut drafts = Vec::new();
    for (at, row) in events.iter().enumerate().filter(|(_, event)| is_row(event)) {
        lay_out(&mut drafts, at, row);
    }
    for (at, event) in events.iter().enumerate().filter(|(_, event)| of_root(event) && !is_row(event)) {
        let place = place_of(&mut drafts, event);
        drafts[place].take(at, event);
    }
    for (at, event) in events.iter().enumerate().filter(|(_, event)| !of_root(event) && !is_row(event)) {
        // A nested stack has operations of its own, which run while that of the stack runs.
        let place = place_in_time(&mut drafts, event);
        drafts[place].events.push(at);
    }
    drafts.sort_by_key(|draft| draft.began);
    let newest = drafts.len().saturating_sub(1);
    let finished =
        drafts.into_iter().enumerate().map(|(n, draft)| draft.finished(&events, root, n == newest));
    let mut operations: Vec<PastOperation> = finished.collect();
    operations.reverse();
    operations
}

/// Each event once, oldest first.
fn in_order(mut events: Vec<ResourceEvent>) -> Vec<ResourceEvent> {
    let mut seen = BTreeSet::new();
    events.retain(|event| seen.insert((event.stack_id.clone(), event.id.clone())));
    events.reverse();
    events.sort_by_key(|event| event.time);
    events
}

/// Puts a row that tells of the stack itself into the operation it belongs to, or begins one.
fn lay_out(drafts: &mut Vec<Draft>, at: usize, row: &ResourceEvent) {
    let known = row.operation_id.as_ref().and_then(|id| with_id(drafts, id));
    let continues = |last: &Draft| {
        let same_token = row.token.as_ref().is_some_and(|token| last.tokens.contains(token));
        if begins(&row.status) {
            same_token && !last.settled && last.kind == kind(&row.status)
        } else {
            // An operation that has not ended is continued by whatever is no beginning: its automatic rollback, too,
            // which has an id of its own, and also a token of its own if somebody cancelled the update.
            !last.settled || same_token
        }
    };
    let last = drafts.len().checked_sub(1).filter(|last| continues(&drafts[*last]));
    let place = known.or(last).unwrap_or_else(|| {
        // The oldest row may be a rollback whose cause was not read.
        let partial = !begins(&row.status) && (drafts.is_empty() || !begins_rollback(&row.status));
        let kind = if partial { unfinished_kind(&row.status) } else { kind(&row.status) };
        drafts.push(Draft::new(kind, row.time, partial));
        drafts.len() - 1
    });
    drafts[place].take(at, row);
    drafts[place].settled = is_settled(&row.status);
}

/// The operation that an event of the stack's own resources belongs to.
fn place_of(drafts: &mut Vec<Draft>, event: &ResourceEvent) -> usize {
    if let Some(place) = event.operation_id.as_ref().and_then(|id| with_id(drafts, id)) {
        return place;
    }
    let by_token = event.token.as_ref().and_then(|token| {
        let has = |draft: &Draft| draft.tokens.contains(token);
        let begun = drafts.iter().rposition(|draft| has(draft) && draft.began <= event.time);
        begun.or_else(|| drafts.iter().position(has))
    });
    let place = by_token.unwrap_or_else(|| place_in_time(drafts, event));
    // Another id is another operation, even if nothing was read of its beginning.
    if event.operation_id.is_some() && !drafts[place].ids.is_empty() {
        drafts.push(Draft::new(UNKNOWN.to_owned(), event.time, true));
        return drafts.len() - 1;
    }
    place
}

/// The operation that was the last to begin before the event; one that was read half, if the event is older than all.
fn place_in_time(drafts: &mut Vec<Draft>, event: &ResourceEvent) -> usize {
    let before = |draft: &(usize, &Draft)| draft.1.began <= event.time;
    if let Some((place, _)) =
        drafts.iter().enumerate().filter(before).max_by_key(|(n, draft)| (draft.began, *n))
    {
        return place;
    }
    match drafts.iter().enumerate().min_by_key(|(_, draft)| draft.began) {
        Some((place, oldest)) if oldest.partial => place,
        _ => {
            drafts.push(Draft::new(UNKNOWN.to_owned(), event.time, true));
            drafts.len() - 1
        }
    }
}

fn with_id(drafts: &[Draft], id: &String) -> Option<usize> {
    drafts.iter().position(|draft| draft.ids.contains(id))
}

/// What an operation is called of which no row was read.
const UNKNOWN: &str = "UNKNOWN";

/// Whether a stack's status begins an operation; a rollback or a clean-up goes on with one.
fn begins(status: &str) -> bool {
    status.ends_with("_IN_PROGRESS") && !status.contains("ROLLBACK") && !status.contains("CLEANUP")
}

/// Whether a stack's status begins a rollback.
fn begins_rollback(status: &str) -> bool {
    status.ends_with("ROLLBACK_IN_PROGRESS")
}

fn is_settled(status: &str) -> bool {
    status.ends_with("_COMPLETE") || status.ends_with("_FAILED")
}

/// What an operation is that begins with this status: its first word, or `ROLLBACK`.
fn kind(status: &str) -> String {
    if begins_rollback(status) { "ROLLBACK".to_owned() } else { unfinished_kind(status) }
}

/// What an operation was in the middle of which this status is: a rollback undoes something.
fn unfinished_kind(status: &str) -> String {
    match status.split('_').next().unwrap_or_default() {
        "" => UNKNOWN.to_owned(),
        "ROLLBACK" => "CREATE".to_owned(),
        word => word.to_owned(),
    }
}

impl Draft {
    fn new(kind: String, began: Timestamp, partial: bool) -> Draft {
        Draft { ids: vec![], tokens: vec![], kind, began, settled: false, partial, events: vec![] }
    }

    fn take(&mut self, at: usize, event: &ResourceEvent) {
        let add = |to: &mut Vec<String>, new: &Option<String>| {
            to.extend(new.iter().filter(|new| !to.contains(new)).cloned().collect::<Vec<_>>());
        };
        add(&mut self.ids, &event.operation_id);
        add(&mut self.tokens, &event.token);
        self.began = self.began.min(event.time);
        self.events.push(at);
    }

    fn finished(mut self, all: &[ResourceEvent], root: &str, newest: bool) -> PastOperation {
        self.events.sort_unstable();
        let events: Vec<ResourceEvent> = self.events.iter().map(|at| all[*at].clone()).collect();
        let began =
            if self.partial { events.first().map_or(self.began, |first| first.time) } else { self.began };
        let row = events.iter().rfind(|event| event.physical_id.as_deref() == Some(root));
        let (status, at) = row.map(|row| (row.status.clone(), row.time)).unzip();
        let failed =
            events.iter().any(|event| event.status.ends_with("_FAILED") && !is_about_a_stack(event, root));
        let operation = PastOperation {
            outcome: outcome(&self.kind, status.as_deref().unwrap_or_default(), newest, failed),
            ended: at.filter(|_| self.settled),
            ids: self.ids,
            token: self.tokens.into_iter().next(),
            kind: self.kind,
            began,
            status,
            partial: self.partial,
            cause: None,
            failures: vec![],
            events,
        };
        operation.judged(root)
    }
}

/// What the stack's last status in an operation of this kind means.
fn outcome(kind: &str, status: &str, newest: bool, failed: bool) -> Outcome {
    match condition(status) {
        Condition::Announced => Outcome::Announced,
        Condition::Succeeded => Outcome::Succeeded,
        Condition::Deleted if kind == "DELETE" => Outcome::Succeeded,
        Condition::RolledBack if kind == "ROLLBACK" => Outcome::Succeeded,
        Condition::RolledBack => Outcome::RolledBack,
        Condition::Failed | Condition::Deleted => Outcome::Failed,
        Condition::Running if newest => Outcome::Running,
        Condition::Running | Condition::Unknown if failed => Outcome::Failed,
        Condition::Running | Condition::Unknown => Outcome::Unknown,
    }
}
