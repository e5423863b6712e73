//! The engine's words translated into calls of the SDK, and its answers back. No decisions here.

use aws_sdk_cloudformation::config::http::HttpResponse;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::types as aws;

use super::machine::{NewSet, SetIds, SetView};
use super::progress::{ResourceEvent, Timestamp};
use super::request::{Capability, Change, ChangeDetail, DeployRequest, StackDescription, StackResource};
use crate::connect::{ATTEMPTS, Connection};
use crate::failure::{ApiFailure, Class};
use crate::stacks::{description, timestamp};
use crate::template_body::{self, Body};
use crate::text::clean;

/// The stack as it is; `None` if it does not exist.
pub(crate) async fn describe_stack(
    connection: &Connection,
    stack: &str,
) -> Result<Option<StackDescription>, ApiFailure> {
    const ACTION: &str = "cloudformation:DescribeStacks";
    match paced(connection, ACTION, connection.polling.describe_stacks().stack_name(stack).send()).await {
        Ok(answer) => match answer.stacks().first().and_then(description) {
            Some(stack) => Ok(Some(stack)),
            None => Err(ApiFailure::half_an_answer(ACTION)),
        },
        Err(failure) if failure.class == Class::Missing => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// A question that is repeated anyway, when its turn comes in the pace of all questions of this account and region.
pub(crate) async fn paced<T, E>(
    connection: &Connection,
    action: &'static str,
    call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
) -> Result<T, ApiFailure>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    connection.pacer.turn().await;
    let answer = call.await.map_err(|error| ApiFailure::of(action, &error));
    match &answer {
        Ok(_) => connection.pacer.answered(),
        Err(failure) if failure.class == Class::Throttled => connection.pacer.throttled(),
        Err(_) => {}
    }
    answer
}

/// Something that changes AWS, in its turn of all orders of this account and region; again in a later turn while AWS
/// throttles it. The request's token makes all of that one order.
pub(crate) async fn ordered<T, E, F>(
    connection: &Connection,
    action: &'static str,
    call: impl Fn() -> F,
) -> Result<T, ApiFailure>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
{
    let mut tries = 1;
    loop {
        connection.orders.turn().await;
        match call().await.map_err(|error| ApiFailure::of(action, &error)) {
            Err(failure) if failure.class == Class::Throttled => {
                connection.orders.throttled();
                if tries == ATTEMPTS {
                    return Err(failure);
                }
                tries += 1;
            }
            answer => {
                connection.orders.answered();
                return answer;
            }
        }
    }
}

/// Creates a change set of the request.
pub(crate) async fn create_change_set(
    connection: &Connection,
    request: &DeployRequest,
    body: &Body,
    set: &NewSet,
) -> Result<SetIds, ApiFailure> {
    const ACTION: &str = "cloudformation:CreateChangeSet";
    let kind = if set.creates_stack { aws::ChangeSetType::Create } else { aws::ChangeSetType::Update };
    let call = connection
        .ordering
        .create_change_set()
        .stack_name(&request.stack)
        .change_set_name(&set.name)
        .client_token(&set.token)
        .change_set_type(kind)
        .set_include_nested_stacks(set.nested.then_some(true))
        .set_role_arn(request.role_arn.clone())
        .set_capabilities(Some(request.capabilities.iter().copied().map(capability).collect()))
        .set_parameters(Some(parameters(request, &set.keep_parameters)))
        .set_tags(Some(tags(request)));
    let call = match body {
        Body::Inline => call.template_body(&request.template),
        Body::Url(url) => call.template_url(url),
    };
    let answer = ordered(connection, ACTION, || call.clone().send()).await?;
    match (answer.stack_id, answer.id) {
        (Some(stack_id), Some(id)) => Ok(SetIds { stack_id, id }),
        // It was created: the name finds it.
        _ => Ok(SetIds { stack_id: request.stack.clone(), id: set.name.clone() }),
    }
}

fn capability(capability: Capability) -> aws::Capability {
    match capability {
        Capability::NamedIam => aws::Capability::CapabilityNamedIam,
        Capability::AutoExpand => aws::Capability::CapabilityAutoExpand,
    }
}

fn parameters(request: &DeployRequest, keep: &[String]) -> Vec<aws::Parameter> {
    let given = request
        .parameters
        .iter()
        .map(|(name, value)| aws::Parameter::builder().parameter_key(name).parameter_value(value).build());
    let kept = keep
        .iter()
        .map(|name| aws::Parameter::builder().parameter_key(name).use_previous_value(true).build());
    given.chain(kept).collect()
}

fn tags(request: &DeployRequest) -> Vec<aws::Tag> {
    request.tags.iter().map(|(key, value)| aws::Tag::builder().key(key).value(value).build()).collect()
}

/// The change set with the changes of all its pages.
pub(crate) async fn describe_change_set(
    connection: &Connection,
    stack: &str,
    change_set: &str,
) -> Result<SetView, ApiFailure> {
    const ACTION: &str = "cloudformation:DescribeChangeSet";
    let mut token = None;
    let mut changes = Vec::new();
    loop {
        let call = connection.polling.describe_change_set().change_set_name(change_set).set_next_token(token);
        // An ARN says of which stack it is, and CloudFormation wants it said once.
        let call = if change_set.starts_with("arn:") { call } else { call.stack_name(stack) };
        let page = paced(connection, ACTION, call.send()).await?;
        changes.extend(page.changes().iter().filter_map(change));
        token = page.next_token().map(ToOwned::to_owned);
        if token.is_none() {
            let half = || ApiFailure::network(ACTION, "half an answer: it has no status");
            return Ok(SetView {
                ids: SetIds {
                    stack_id: page.stack_id().ok_or_else(half)?.to_owned(),
                    id: page.change_set_id().ok_or_else(half)?.to_owned(),
                },
                status: clean(page.status().ok_or_else(half)?.as_str()),
                reason: page.status_reason().map(clean).unwrap_or_default(),
                execution: page.execution_status().map(|status| clean(status.as_str())).unwrap_or_default(),
                created: page.creation_time().and_then(timestamp),
                changes,
                nested: Vec::new(),
            });
        }
    }
}

fn change(change: &aws::Change) -> Option<Change> {
    let change = change.resource_change()?;
    Some(Change {
        within: String::new(),
        action: clean(change.action()?.as_str()),
        logical_id: clean(change.logical_resource_id()?),
        physical_id: change.physical_resource_id().map(clean),
        resource_type: clean(change.resource_type().unwrap_or_default()),
        replacement: change.replacement().map(|replacement| clean(replacement.as_str())),
        policy_action: change.policy_action().map(|action| clean(action.as_str())),
        change_set_id: change.change_set_id().map(ToOwned::to_owned),
        details: change.details().iter().filter_map(change_detail).collect(),
    })
}

fn change_detail(detail: &aws::ResourceChangeDetail) -> Option<ChangeDetail> {
    let target = detail.target()?;
    Some(ChangeDetail {
        attribute: clean(target.attribute()?.as_str()),
        name: target.name().map(clean),
        requires_recreation: target.requires_recreation().map(|when| clean(when.as_str())),
        source: detail.change_source().map(|source| clean(source.as_str())),
        causing_entity: detail.causing_entity().map(clean),
    })
}

/// The fingerprint of the template that the change set would bring.
pub(crate) async fn template_of(
    connection: &Connection,
    change_set: &str,
) -> Result<Option<String>, ApiFailure> {
    let call = connection
        .polling
        .get_template()
        .change_set_name(change_set)
        .template_stage(aws::TemplateStage::Original);
    let answer = paced(connection, "cloudformation:GetTemplate", call.send()).await?;
    Ok(answer.template_body().and_then(template_body::fingerprint))
}

/// Executes the change set.
pub(crate) async fn execute(
    connection: &Connection,
    change_set: &str,
    token: &str,
) -> Result<(), ApiFailure> {
    let call =
        connection.ordering.execute_change_set().change_set_name(change_set).client_request_token(token);
    ordered(connection, "cloudformation:ExecuteChangeSet", || call.clone().send()).await.map(drop)
}

/// The stack's events, newest first, page by page as long as `wants_older` says so.
pub(crate) async fn events(
    connection: &Connection,
    stack: &str,
    wants_older: impl Fn(&[ResourceEvent], &[ResourceEvent]) -> bool,
) -> Result<Vec<ResourceEvent>, ApiFailure> {
    let mut token = None;
    let mut events = Vec::new();
    loop {
        let call = connection.polling.describe_stack_events().stack_name(stack).set_next_token(token);
        let page = paced(connection, "cloudformation:DescribeStackEvents", call.send()).await?;
        let begin = events.len();
        events.extend(page.stack_events().iter().filter_map(event));
        token = page.next_token().map(ToOwned::to_owned);
        if token.is_none() || !wants_older(&events, &events[begin..]) {
            return Ok(events);
        }
    }
}

/// An event; `None` for half of one.
pub(crate) fn event(event: &aws::StackEvent) -> Option<ResourceEvent> {
    Some(ResourceEvent {
        id: event.event_id()?.to_owned(),
        stack_id: event.stack_id().unwrap_or_default().to_owned(),
        time: event.timestamp().and_then(timestamp).unwrap_or(Timestamp(0)),
        logical_id: clean(event.logical_resource_id()?),
        physical_id: event.physical_resource_id().map(clean).filter(|id| !id.is_empty()),
        resource_type: clean(event.resource_type().unwrap_or_default()),
        status: clean(event.resource_status()?.as_str()),
        reason: event.resource_status_reason().map(clean).filter(|reason| !reason.is_empty()),
        operation_id: event.operation_id().map(clean),
        token: event.client_request_token().map(ToOwned::to_owned).filter(|token| !token.is_empty()),
    })
}

/// Deletes the change set.
pub(crate) async fn delete_change_set(
    connection: &Connection,
    change_set: &str,
    stack: &str,
) -> Result<(), ApiFailure> {
    let call = connection.ordering.delete_change_set().change_set_name(change_set);
    let call = if change_set.starts_with("arn:") { call } else { call.stack_name(stack) };
    ordered(connection, "cloudformation:DeleteChangeSet", || call.clone().send()).await.map(drop)
}

/// The ARNs of the stack's change sets.
pub(crate) async fn list_change_sets(
    connection: &Connection,
    stack: &str,
) -> Result<Vec<String>, ApiFailure> {
    let mut pages = connection.cloudformation.list_change_sets().stack_name(stack).into_paginator().send();
    let mut sets = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| ApiFailure::of("cloudformation:ListChangeSets", &error))?;
        sets.extend(page.summaries().iter().filter_map(|set| set.change_set_id().map(ToOwned::to_owned)));
    }
    Ok(sets)
}

/// The resources that the stack has now.
pub(crate) async fn list_resources(
    connection: &Connection,
    stack: &str,
) -> Result<Vec<StackResource>, ApiFailure> {
    let mut pages =
        connection.cloudformation.list_stack_resources().stack_name(stack).into_paginator().send();
    let mut resources = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| ApiFailure::of("cloudformation:ListStackResources", &error))?;
        let existing = page.stack_resource_summaries().iter().filter(|resource| {
            resource.resource_status().is_none_or(|status| status.as_str() != "DELETE_COMPLETE")
        });
        resources.extend(existing.map(|resource| StackResource {
            logical_id: resource.logical_resource_id().map(clean).unwrap_or_default(),
            resource_type: resource.resource_type().map(clean).unwrap_or_default(),
            physical_id: resource.physical_resource_id().map(clean),
        }));
    }
    Ok(resources)
}

/// Deletes the stack.
pub(crate) async fn delete_stack(
    connection: &Connection,
    stack: &str,
    token: &str,
    retain: &[String],
    role_arn: Option<&str>,
) -> Result<(), ApiFailure> {
    let retain = (!retain.is_empty()).then(|| retain.to_vec());
    let call = connection
        .ordering
        .delete_stack()
        .stack_name(stack)
        .client_request_token(token)
        .set_retain_resources(retain)
        .set_role_arn(role_arn.map(ToOwned::to_owned));
    ordered(connection, "cloudformation:DeleteStack", || call.clone().send()).await.map(drop)
}

/// Cancels the running update.
pub(crate) async fn cancel_update(
    connection: &Connection,
    stack: &str,
    token: &str,
) -> Result<(), ApiFailure> {
    let call = connection.ordering.cancel_update_stack().stack_name(stack).client_request_token(token);
    ordered(connection, "cloudformation:CancelUpdateStack", || call.clone().send()).await.map(drop)
}

/// Rolls back the failed operation that the stack was left with.
pub(crate) async fn roll_back(connection: &Connection, stack: &str, token: &str) -> Result<(), ApiFailure> {
    let call = connection.ordering.rollback_stack().stack_name(stack).client_request_token(token);
    ordered(connection, "cloudformation:RollbackStack", || call.clone().send()).await.map(drop)
}

/// Continues the rollback that failed, without the resources `skip`.
pub(crate) async fn continue_rollback(
    connection: &Connection,
    stack: &str,
    token: &str,
    skip: &[String],
) -> Result<(), ApiFailure> {
    const ACTION: &str = "cloudformation:ContinueUpdateRollback";
    let skip = (!skip.is_empty()).then(|| skip.to_vec());
    let call = connection
        .ordering
        .continue_update_rollback()
        .stack_name(stack)
        .client_request_token(token)
        .set_resources_to_skip(skip);
    ordered(connection, ACTION, || call.clone().send()).await.map(drop)
}
