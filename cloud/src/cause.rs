//! Which of many failures is the one that everything else follows from.
//!
//! When a resource fails, CloudFormation stops the others and tells each of them as a failure, too; and a stack that is
//! nested in another fails once for the resource inside, once for itself and once as a resource of the other. So the
//! cause is the first failure that is none of these echoes.

use crate::engine::progress::ResourceEvent;

/// The type of a stack, also of one that is a resource of another.
const STACK: &str = "AWS::CloudFormation::Stack";

/// The first failure among `events`, oldest first, that is not the echo of another one; `root` is the ARN of the stack
/// that is worked on. If there are only echoes, the first of them.
pub(crate) fn cause<'a>(events: &'a [ResourceEvent], root: &str) -> Option<&'a ResourceEvent> {
    failures(events, root)
        .into_iter()
        .next()
        .or_else(|| events.iter().find(|event| is_failure(event) && !is_about_a_stack(event, root)))
}

/// Every resource among `events` that failed by itself, in their order: without the stacks that failed because of one,
/// and without what CloudFormation stopped.
pub(crate) fn failures<'a>(events: &'a [ResourceEvent], root: &str) -> Vec<&'a ResourceEvent> {
    let own: Vec<&ResourceEvent> = events
        .iter()
        .filter(|event| is_failure(event) && !is_about_a_stack(event, root) && !is_echo(event))
        .collect();
    let inside = |stack: &str| own.iter().any(|event| event.stack_id == stack);
    own.iter().filter(|event| !nested_stack(event).is_some_and(inside)).copied().collect()
}

/// Whether the event tells of a stack and not of one of its resources.
pub(crate) fn is_about_a_stack(event: &ResourceEvent, root: &str) -> bool {
    event.physical_id.as_deref().is_some_and(|id| id == root || id == event.stack_id)
}

/// The ARN of the stack that is a resource of another, if the event tells of one.
pub(crate) fn nested_stack(event: &ResourceEvent) -> Option<&str> {
    let id = event.physical_id.as_deref()?;
    (event.resource_type == STACK && id != event.stack_id && id.starts_with("arn:")).then_some(id)
}

fn is_failure(event: &ResourceEvent) -> bool {
    event.status.ends_with("_FAILED")
}

/// CloudFormation says `Resource creation cancelled` (or update, or deletion) of what it stopped. A reason that only
/// mentions a cancellation, such as a transaction that a database cancelled, is a failure like any other.
fn is_echo(event: &ResourceEvent) -> bool {
    let reason = event.reason.as_deref().unwrap_or_default().trim_end_matches('.').to_lowercase();
    reason.starts_with("resource ") && (reason.ends_with("cancelled") || reason.ends_with("canceled"))
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::progress::Timestamp;

    pub(crate) const ROOT: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/S/1";
    pub(crate) const INNER: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/S-Inner-X/2";

    /// An event of the stack `stack` at second `at`; `S` is the stack itself.
    pub(crate) fn event(at: i64, stack: &str, id: &str, status: &str, reason: &str) -> ResourceEvent {
        let (physical_id, resource_type) = match id {
            "S" => (stack.to_owned(), STACK),
            "Inner" => (INNER.to_owned(), STACK),
            _ => (format!("{id}-physical"), "AWS::X::Y"),
        };
        ResourceEvent {
            id: format!("{at}-{id}-{status}-{stack}"),
            stack_id: stack.to_owned(),
            time: Timestamp(at * 1000),
            logical_id: id.to_owned(),
            physical_id: Some(physical_id),
            resource_type: resource_type.to_owned(),
            status: status.to_owned(),
            reason: (!reason.is_empty()).then(|| reason.to_owned()),
            operation_id: None,
            token: None,
        }
    }

    // L8
    #[test]
    fn what_was_cancelled_and_the_stack_itself_are_not_the_cause() {
        let events = [
            event(1, ROOT, "A", "CREATE_FAILED", "Resource creation cancelled"),
            event(2, ROOT, "B", "CREATE_FAILED", "the name is taken"),
            event(3, ROOT, "S", "CREATE_FAILED", "The following resource(s) failed to create: [A, B]."),
        ];
        assert_eq!(cause(&events, ROOT).unwrap().logical_id, "B");
        assert_eq!(failures(&events, ROOT).len(), 1);
    }

    // L8, A16
    #[test]
    fn the_cause_in_a_nested_stack_is_the_resource_inside_it() {
        let embedded = "Embedded stack arn:… was not successfully created";
        let events = [
            event(1, INNER, "Topic", "CREATE_FAILED", "the name is taken"),
            event(2, INNER, "S", "CREATE_FAILED", "The following resource(s) failed to create: [Topic]."),
            event(3, ROOT, "Inner", "CREATE_FAILED", embedded),
        ];
        let found = cause(&events, ROOT).unwrap();
        assert_eq!((found.stack_id.as_str(), found.logical_id.as_str()), (INNER, "Topic"));
        assert_eq!(failures(&events, ROOT), [&events[0]]);
        assert_eq!(cause(&events[2..], ROOT).unwrap().logical_id, "Inner", "nothing inside was read");
    }

    // L8
    #[test]
    fn a_reason_that_only_mentions_a_cancellation_is_a_cause() {
        let reason = "Transaction cancelled, please refer cancellation reasons for specific reasons";
        let events = [
            event(1, ROOT, "Table", "UPDATE_FAILED", reason),
            event(2, ROOT, "B", "UPDATE_FAILED", "in use"),
        ];
        assert_eq!(cause(&events, ROOT).unwrap().logical_id, "Table");
    }

    // L8
    #[test]
    fn if_all_failures_are_cancellations_the_first_is_the_cause() {
        let events = [
            event(1, ROOT, "A", "UPDATE_FAILED", "Resource update cancelled"),
            event(2, ROOT, "B", "UPDATE_FAILED", "Resource update cancelled"),
        ];
        assert_eq!(cause(&events, ROOT).unwrap().logical_id, "A");
        assert!(failures(&events, ROOT).is_empty());
    }

    proptest! {
        /// The rule in other words: no echo and no stack, unless there is nothing else; and nothing of the kind before it.
        // L8
        #[test]
        fn the_cause_is_the_first_failure_that_is_no_echo(kinds in prop::collection::vec(
            ("[A-C]|S|Inner", any::<bool>(), "CREATE_FAILED|CREATE_COMPLETE|DELETE_FAILED",
             "in use|Resource creation cancelled|Resource update cancelled[.]|"), 0..30,
        )) {
            let events: Vec<_> = kinds
                .iter()
                .enumerate()
                .map(|(at, (id, inside, status, reason))| {
                    let stack = if *inside && id != "Inner" { INNER } else { ROOT };
                    event(i64::try_from(at).unwrap(), stack, id, status, reason)
                })
                .collect();
            let own = |event: &&ResourceEvent| {
                event.status.ends_with("FAILED")
                    && event.logical_id != "S"
                    && !event.reason.as_deref().unwrap_or_default().contains("cancelled")
            };
            let inside = events.iter().filter(own).any(|event| event.stack_id == INNER);
            let expected = events
                .iter()
                .filter(own)
                .find(|event| event.logical_id != "Inner" || !inside)
                .or_else(|| events.iter().find(|event| event.status.ends_with("FAILED") && event.logical_id != "S"));
            prop_assert_eq!(cause(&events, ROOT), expected);
        }
    }
}
