//! Which services an operation is deploying at this moment.

use std::collections::BTreeMap;

use super::ServiceRef;
use crate::engine::progress::ResourceEvent;

/// The services that are being created or updated, also in nested stacks. `events` are the operation's, oldest first.
///
/// A service's first event has no physical id yet, so it is found a moment later. One that is being deleted is left
/// alone: its tasks stop because they shall.
pub(crate) fn in_progress<'a>(events: impl IntoIterator<Item = &'a ResourceEvent>) -> Vec<ServiceRef> {
    let mut services: BTreeMap<(&str, &str), (&str, Option<ServiceRef>)> = BTreeMap::new();
    for event in events.into_iter().filter(|event| event.resource_type == "AWS::ECS::Service") {
        let known = services.entry((&event.stack_id, &event.logical_id)).or_default();
        known.0 = &event.status;
        let named = event.physical_id.as_deref().and_then(|id| ServiceRef::of(&event.logical_id, id));
        known.1 = named.or(known.1.take());
    }
    let deployed = services.into_values().filter(|(status, _)| is_deployed(status));
    deployed.filter_map(|(_, service)| service).collect()
}

fn is_deployed(status: &str) -> bool {
    status.ends_with("_IN_PROGRESS") && !status.starts_with("DELETE_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::progress::Timestamp;

    const API: &str = "arn:aws:ecs:us-east-1:123456789012:service/main/api";
    const NEW: &str = "arn:aws:ecs:us-east-1:123456789012:service/main/api-2";

    fn event(stack: &str, id: &str, physical: Option<&str>, status: &str) -> ResourceEvent {
        ResourceEvent {
            id: String::new(),
            stack_id: stack.to_owned(),
            time: Timestamp(0),
            logical_id: id.to_owned(),
            physical_id: physical.map(ToOwned::to_owned),
            resource_type: "AWS::ECS::Service".to_owned(),
            status: status.to_owned(),
            reason: None,
            operation_id: None,
            token: None,
        }
    }

    #[track_caller]
    fn check(events: &[ResourceEvent], expected: &[&str]) {
        let found = in_progress(events);
        assert_eq!(found.iter().map(|service| service.arn.as_str()).collect::<Vec<_>>(), expected);
    }

    // L9
    #[test]
    fn a_service_is_looked_at_from_its_first_arn_to_its_end() {
        let begun = event("s", "Api", None, "CREATE_IN_PROGRESS");
        let named = event("s", "Api", Some(API), "CREATE_IN_PROGRESS");
        let done = event("s", "Api", Some(API), "CREATE_COMPLETE");
        check(std::slice::from_ref(&begun), &[]);
        check(&[begun.clone(), named.clone()], &[API]);
        check(&[begun, named, done], &[]);
    }

    #[test]
    fn a_rollback_makes_it_a_deployment_again_and_a_deletion_does_not() {
        let failed = event("s", "Api", Some(API), "UPDATE_FAILED");
        let back = event("s", "Api", Some(API), "UPDATE_IN_PROGRESS");
        let deleted = event("s", "Api", Some(API), "DELETE_IN_PROGRESS");
        check(&[failed.clone(), back], &[API]);
        check(&[failed, deleted], &[]);
    }

    #[test]
    fn a_replacement_is_looked_at_instead_of_the_replaced() {
        let old = event("s", "Api", Some(API), "UPDATE_IN_PROGRESS");
        let new = event("s", "Api", Some(NEW), "UPDATE_IN_PROGRESS");
        let silent = event("s", "Api", None, "UPDATE_IN_PROGRESS");
        check(&[old, new, silent], &[NEW]);
    }

    #[test]
    fn nested_stacks_have_services_of_the_same_name() {
        let one = event("parent", "Api", Some(API), "UPDATE_IN_PROGRESS");
        let other = event("child", "Api", Some(NEW), "UPDATE_IN_PROGRESS");
        let mut bucket = event("parent", "Bucket", Some(API), "UPDATE_IN_PROGRESS");
        bucket.resource_type = "AWS::S3::Bucket".to_owned();
        check(&[one, other, bucket], &[NEW, API]);
    }
}
