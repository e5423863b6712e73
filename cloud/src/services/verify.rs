//! After CloudFormation's success: do the services run what the stack declares?
//!
//! With the deployment circuit breaker's rollback, ECS goes back to the last revision that worked, the service is stable,
//! and CloudFormation may take that for success ([reported here][one] and [here][other]).
//!
//! [one]: https://github.com/aws/containers-roadmap/issues/1205
//! [other]: https://github.com/aws-actions/amazon-ecs-deploy-task-definition/pull/860

use std::collections::BTreeMap;

use super::{Arn, ServiceDeployment, ServiceRef, ServiceState, StoppedTask};
use crate::engine::request::StackResource;
use crate::error::{CloudError, Kind};
use crate::failure::ApiFailure;

/// A service that does not run what its stack declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The service's logical id.
    pub(crate) logical_id: String,
    /// The ARN of the task definition that the stack declares.
    pub(crate) declared: String,
    /// The ARN of the task definition that ECS aims at.
    pub(crate) actual: String,
    /// What tells that the deployment did not succeed, apart from the two ARNs.
    pub(crate) reason: Option<String>,
}

/// The services among the stack's resources, to be looked at.
pub(crate) fn services(resources: &[StackResource]) -> Vec<ServiceRef> {
    let services = resources.iter().filter(|resource| resource.resource_type == "AWS::ECS::Service");
    services
        .filter_map(|service| ServiceRef::of(&service.logical_id, service.physical_id.as_deref()?))
        .collect()
}

/// The services whose primary deployment is not the declared one. `failed` are the deployments of the operation that were
/// seen to fail, by service ARN.
///
/// Left alone: a service whose family of task definitions is not in the stack, and one without deployments (external
/// controllers use task sets). A rollout that is still in progress is fine: it is baking, or old tasks are draining.
pub(crate) fn differences(
    resources: &[StackResource],
    states: &[ServiceState],
    failed: &BTreeMap<String, ServiceDeployment>,
) -> Vec<Difference> {
    let mut declared: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for resource in resources.iter().filter(|one| one.resource_type == "AWS::ECS::TaskDefinition") {
        if let Some((arn, family)) = resource.physical_id.as_deref().and_then(|id| Some((id, family(id)?))) {
            declared.entry(family).or_default().push(arn);
        }
    }
    let judge = |state: &ServiceState| {
        let primary = state.primary()?;
        let revisions = declared.get(family(&primary.task_definition)?)?;
        let reason = unsuccessful(primary, failed.get(&state.service));
        let runs = revisions.contains(&primary.task_definition.as_str());
        (!runs || reason.is_some()).then(|| Difference {
            logical_id: state.logical_id.clone(),
            declared: revisions.join(" or "),
            actual: primary.task_definition.clone(),
            reason,
        })
    };
    states.iter().filter_map(judge).collect()
}

/// Why the primary deployment is no success, whatever it runs.
fn unsuccessful(primary: &ServiceDeployment, failed: Option<&ServiceDeployment>) -> Option<String> {
    let said = primary.rollout_reason.as_deref().unwrap_or_default();
    if primary.rollout.as_deref() == Some("FAILED") {
        let why = if said.is_empty() { "no reason given" } else { said };
        return Some(format!("its rollout failed: {why}"));
    }
    let lower = said.to_ascii_lowercase();
    if lower.contains("rolling back") || lower.contains("rolled back") {
        return Some(said.to_owned());
    }
    let failed = failed.filter(|failed| failed.id != primary.id)?;
    let why = failed.rollout_reason.as_deref().unwrap_or("no reason given");
    Some(format!("the deployment {} failed and was replaced by {}: {why}", failed.id, primary.id))
}

/// The family of a task definition's ARN.
fn family(arn: &str) -> Option<&str> {
    let (family, _revision) = Arn::parse(arn)?.resource.strip_prefix("task-definition/")?.rsplit_once(':')?;
    Some(family)
}

/// The differences in words; `None` if there are none. `tasks` are those that stopped on the way.
pub(crate) fn refusal(stack: &str, differences: &[Difference], tasks: &[StoppedTask]) -> Option<CloudError> {
    let first = differences.first()?;
    let ids: Vec<&str> = differences.iter().map(|difference| difference.logical_id.as_str()).collect();
    let (ids, run) = match ids.as_slice() {
        [one] => ((*one).to_owned(), "does not run"),
        all => (all.join(", "), "do not run"),
    };
    let what = format!("CloudFormation calls {stack} deployed, but {ids} {run} what it declares");
    let state = differences.iter().map(in_words).collect::<Vec<_>>().join("; ");
    let error = CloudError::new(Kind::Failed, what)
        .state(state)
        .next(format!("correct what makes the tasks of {} stop, then deploy again", first.logical_id));
    Some(error.with(|report| {
        report.stack = Some(stack.to_owned());
        report.tasks = tasks.to_vec();
    }))
}

fn in_words(difference: &Difference) -> String {
    let Difference { logical_id, declared, actual, reason } = difference;
    let reason =
        reason.as_deref().map(|reason| format!(" ({})", reason.trim_end_matches('.'))).unwrap_or_default();
    if declared == actual {
        format!("{logical_id} is at {actual}{reason}")
    } else {
        format!("{logical_id} is at {actual}, declared is {declared}{reason}")
    }
}

/// That nobody looked, which leaves the success as it is.
pub(crate) fn unverified(failure: &ApiFailure) -> String {
    format!("{}: whether the services run the new revision was not verified", super::watch::unable(failure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Class;
    use crate::services::samples::{API, deployment, revision, service, task};

    fn resource(kind: &str, id: &str, physical_id: &str) -> StackResource {
        StackResource {
            logical_id: id.to_owned(),
            resource_type: format!("AWS::ECS::{kind}"),
            physical_id: Some(physical_id.to_owned()),
        }
    }

    /// A stack that declares revision 2.
    fn stack() -> Vec<StackResource> {
        vec![resource("Service", "Api", API), resource("TaskDefinition", "Task", &revision(2))]
    }

    fn primary(number: u32, rollout: &str, reason: &str) -> ServiceDeployment {
        let mut primary = deployment("new", "PRIMARY", number, 5);
        primary.rollout = Some(rollout.to_owned());
        primary.rollout_reason = (!reason.is_empty()).then(|| reason.to_owned());
        primary
    }

    fn of(primary: ServiceDeployment) -> Vec<Difference> {
        differences(&stack(), &[service(vec![primary])], &BTreeMap::new())
    }

    // L11
    #[test]
    fn the_declared_revision_is_a_success_at_any_stage_but_failure() {
        assert_eq!(of(primary(2, "COMPLETED", "ECS deployment ecs-svc/new completed.")), []);
        assert_eq!(of(primary(2, "IN_PROGRESS", "ECS deployment ecs-svc/new in progress.")), []);
        let mut unused = primary(2, "COMPLETED", "");
        unused.desired = 0;
        assert_eq!(of(unused), []);
        let mut untold = primary(2, "", "");
        untold.rollout = None;
        assert_eq!(of(untold), []);
    }

    // L11
    #[test]
    fn another_revision_is_a_failure_although_everything_is_stable() {
        let [difference] = &of(primary(1, "COMPLETED", "ECS deployment ecs-svc/new completed."))[..] else {
            panic!("one difference");
        };
        assert_eq!((&difference.actual, &difference.declared), (&revision(1), &revision(2)));
        assert_eq!(difference.reason, None);
    }

    // L11
    #[test]
    fn a_failed_rollout_and_a_rollback_are_failures_of_any_revision() {
        let table = [
            ("FAILED", "tasks failed to start.", "its rollout failed: tasks failed to start."),
            ("FAILED", "", "its rollout failed: no reason given"),
            (
                "IN_PROGRESS",
                "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/0.",
                "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/0.",
            ),
        ];
        for (rollout, said, expected) in table {
            let found = of(primary(2, rollout, said));
            assert_eq!(found[0].reason.as_deref(), Some(expected));
        }
    }

    // L11
    #[test]
    fn a_deployment_that_failed_on_the_way_is_not_forgotten() {
        let mut failed = deployment("first", "ACTIVE", 2, 1);
        failed.rollout_reason = Some("tasks failed to start.".to_owned());
        let failed = BTreeMap::from([(API.to_owned(), failed)]);
        let state = [service(vec![primary(2, "COMPLETED", "")])];
        let found = differences(&stack(), &state, &failed);
        let expected =
            "the deployment ecs-svc/first failed and was replaced by ecs-svc/new: tasks failed to start.";
        assert_eq!(found[0].reason.as_deref(), Some(expected));
        let same = BTreeMap::from([(API.to_owned(), deployment("new", "PRIMARY", 2, 5))]);
        assert_eq!(differences(&stack(), &state, &same), []);
    }

    // L11
    #[test]
    fn what_the_stack_does_not_declare_is_left_alone() {
        let mut foreign = primary(1, "COMPLETED", "");
        foreign.task_definition = revision(1).replace("/api:", "/other:");
        assert_eq!(of(foreign), []);
        // External controllers.
        assert_eq!(differences(&stack(), &[service(Vec::new())], &BTreeMap::new()), []);
        let mut two = stack();
        two.push(resource("TaskDefinition", "Migration", &revision(1)));
        assert_eq!(differences(&two, &[service(vec![primary(1, "COMPLETED", "")])], &BTreeMap::new()), []);
    }

    #[test]
    fn services_are_found_among_the_resources() {
        let mut resources = stack();
        resources.push(resource("Service", "Short", "arn:aws:ecs:us-east-1:123456789012:service/short"));
        resources.push(StackResource { physical_id: None, ..resource("Service", "New", "") });
        let found = services(&resources);
        assert_eq!(found.iter().map(|service| service.arn.as_str()).collect::<Vec<_>>(), [API]);
    }

    // L11
    #[test]
    fn the_refusal_names_both_revisions_the_reason_and_the_tasks() {
        let found = of(primary(1, "IN_PROGRESS", "circuit breaker: rolling back to deploymentId ecs-svc/0."));
        let error = refusal("Shop", &found, &[task(1, "Essential container in task exited")]).unwrap();
        let report = error.report();
        assert_eq!(error.exit_code(), 1);
        assert_eq!(report.what, "CloudFormation calls Shop deployed, but Api does not run what it declares");
        let expected = format!(
            "Api is at {}, declared is {} (circuit breaker: rolling back to deploymentId ecs-svc/0)",
            revision(1),
            revision(2)
        );
        assert_eq!(report.state, Some(expected));
        assert_eq!((report.tasks.len(), report.stack.as_deref()), (1, Some("Shop")));
        assert_eq!(refusal("Shop", &[], &[]), None);
    }

    // A6, L11
    #[test]
    fn without_the_permission_to_look_it_is_said_that_nothing_was_verified() {
        let failure = ApiFailure {
            action: "ecs:DescribeServices",
            class: Class::Denied,
            code: None,
            message: "no".to_owned(),
        };
        let expected = "not allowed to look at ECS (ecs:DescribeServices): whether the services run the new \
                        revision was not verified";
        assert_eq!(unverified(&failure), expected);
    }
}
