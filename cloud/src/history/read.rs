//! A stack's history, read from AWS.

use std::collections::{BTreeSet, VecDeque};

use aws_sdk_cloudformation::types::StackEvent;
use serde::Serialize;

use super::PastOperation;
use super::group::group;
use crate::cause::nested_stack;
use crate::connect::Connection;
use crate::engine::api;
use crate::engine::progress::{ResourceEvent, Timestamp};
use crate::engine::request::StackDescription;
use crate::error::{CloudError, Kind};
use crate::failure::ApiFailure;
use crate::stacks::describe;
use crate::text::{clean, stack_name};

/// How far back a history is read. CloudFormation keeps events for 90 days and tells 100 at a time.
///
/// Source: [DescribeStackEvents][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// How many pages of events are read of each stack.
    pub pages: usize,
    /// How many nested stacks are followed.
    pub nested: usize,
}

impl Reach {
    /// What is enough to know how long operations take: no nested stacks.
    pub const OUTLINE: Reach = Reach { pages: 10, nested: 0 };
    /// The operations of the last weeks.
    pub const RECENT: Reach = Reach { pages: 10, nested: 20 };
    /// As much as CloudFormation keeps, but not without end.
    pub const ALL: Reach = Reach { pages: 500, nested: 200 };
}

/// A stack and what was done to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// The stack's name.
    pub name: String,
    /// The stack's ARN.
    pub stack_id: String,
    /// Its status now; none if it cannot be described any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Newest first.
    pub operations: Vec<PastOperation>,
    /// Whether there are older events that were not read.
    pub cut: bool,
    /// What could not be read, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The hooks that failed; their results say why.
    #[serde(skip)]
    pub(crate) hooks: Vec<FailedHook>,
}

/// A hook that said no to a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FailedHook {
    /// When.
    pub(crate) time: Timestamp,
    /// The resource's logical id.
    pub(crate) logical_id: String,
    /// The hook's type name.
    pub(crate) hook: String,
    /// What CloudFormation says of it.
    pub(crate) reason: String,
    /// Whether it only warns.
    pub(crate) warning: bool,
    /// The id of its result.
    pub(crate) result: Option<String>,
}

/// What was done to the stack `stack`, a name or an ARN; a deleted stack is found by its ARN only.
///
/// # Errors
///
/// [`Kind::Refused`] if there is no such stack; otherwise if AWS cannot be asked.
pub async fn history(connection: &Connection, stack: &str, reach: Reach) -> Result<History, CloudError> {
    let known = describe(connection, stack).await?;
    let stack_id = match &known {
        Some(known) => known.stack_id.clone(),
        None if stack.starts_with("arn:") => stack.to_owned(),
        None => return Err(unknown(stack)),
    };
    let root = read(connection, &stack_id, reach.pages, None).await;
    let Some(failure) = &root.failure else {
        return Ok(completed(connection, known, stack_id, root, reach).await);
    };
    if root.events.is_empty() {
        return Err(if failure.class == crate::failure::Class::Missing {
            unknown(stack)
        } else {
            failure.clone().into_error()
        });
    }
    Ok(completed(connection, known, stack_id, root, reach).await)
}

fn unknown(stack: &str) -> CloudError {
    CloudError::new(Kind::Refused, format!("{stack} is not deployed")).next(
        "a deleted stack is found by its ARN, which this shows: \
         aws cloudformation list-stacks --stack-status-filter DELETE_COMPLETE",
    )
}

/// Adds what happened in the nested stacks, and puts it all together.
async fn completed(
    connection: &Connection,
    known: Option<StackDescription>,
    stack_id: String,
    root: Pages,
    reach: Reach,
) -> History {
    let oldest = root.events.iter().map(|event| event.time).min();
    let mut notes: Vec<String> =
        root.failure.as_ref().map(|failure| note(&stack_id, failure)).into_iter().collect();
    let (mut events, mut hooks, mut cut) = (root.events, root.hooks, root.cut);
    let mut known_stacks = BTreeSet::from([stack_id.clone()]);
    let mut waiting: VecDeque<String> = nested_in(&events, &mut known_stacks);
    for _ in 0..reach.nested {
        let Some(nested) = waiting.pop_front() else { break };
        let pages = read(connection, &nested, reach.pages, oldest).await;
        notes.extend(pages.failure.as_ref().map(|failure| note(&nested, failure)));
        waiting.extend(nested_in(&pages.events, &mut known_stacks));
        events.extend(pages.events);
        hooks.extend(pages.hooks);
        cut |= pages.cut;
    }
    if reach.nested > 0 && !waiting.is_empty() {
        notes.push(format!("{} nested stacks were not looked into", waiting.len()));
    }
    hooks.sort_by_key(|hook| hook.time);
    History {
        name: known.as_ref().map_or_else(|| stack_name(&stack_id).to_owned(), |known| known.name.clone()),
        status: known.map(|known| known.status),
        operations: group(events, &stack_id),
        stack_id,
        cut,
        notes,
        hooks,
    }
}

/// The stacks nested in those whose events these are, each once.
fn nested_in(events: &[ResourceEvent], known: &mut BTreeSet<String>) -> VecDeque<String> {
    let nested = events.iter().filter_map(nested_stack);
    nested.filter(|stack| known.insert((*stack).to_owned())).map(ToOwned::to_owned).collect()
}

fn note(stack: &str, failure: &ApiFailure) -> String {
    format!("a part of the events of {} could not be read: {}", stack_name(stack), failure.message)
}

/// The pages of one stack's events, newest first, as far as they could be read.
struct Pages {
    events: Vec<ResourceEvent>,
    hooks: Vec<FailedHook>,
    /// Whether there are more.
    cut: bool,
    failure: Option<ApiFailure>,
}

/// Reads at most `pages` pages, and none that is older than `since`.
async fn read(connection: &Connection, stack: &str, pages: usize, since: Option<Timestamp>) -> Pages {
    let mut read = Pages { events: vec![], hooks: vec![], cut: false, failure: None };
    let mut token = None;
    for _ in 0..pages {
        let call = connection.cloudformation.describe_stack_events().stack_name(stack).set_next_token(token);
        let page = match call.send().await {
            Ok(page) => page,
            Err(error) => {
                read.failure = Some(ApiFailure::of("cloudformation:DescribeStackEvents", &error));
                return read;
            }
        };
        read.events.extend(page.stack_events().iter().filter_map(api::event));
        read.hooks.extend(page.stack_events().iter().filter_map(failed_hook));
        token = page.next_token().map(ToOwned::to_owned);
        let old = since.is_some_and(|since| read.events.last().is_some_and(|last| last.time < since));
        if token.is_none() || old {
            return read;
        }
    }
    read.cut = true;
    read
}

/// The hook that failed in this event, if one did.
fn failed_hook(event: &StackEvent) -> Option<FailedHook> {
    let status = event.hook_status()?.as_str();
    status.ends_with("FAILED").then(|| FailedHook {
        time: event.timestamp().and_then(crate::stacks::timestamp).unwrap_or(Timestamp(0)),
        logical_id: event.logical_resource_id().map(clean).unwrap_or_default(),
        hook: event.hook_type().map(clean).unwrap_or_default(),
        reason: event.hook_status_reason().map(clean).unwrap_or_default(),
        warning: event.hook_failure_mode().is_some_and(|mode| mode.as_str() == "WARN"),
        result: event.hook_invocation_id().map(ToOwned::to_owned),
    })
}
