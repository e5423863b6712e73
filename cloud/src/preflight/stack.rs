//! What is around a deployment: the stack as it is, and what other stacks offer.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{ResourceStatus, StackStatus};

use super::Check;
use crate::bootstrap::bucket_name;
use crate::connect::Connection;
use crate::error::CloudError;
use crate::failure::{ApiFailure, Class};
use crate::text::clean;
use crate::{describe, list_exports};

/// A stack as it is deployed, and the exports that it could import.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Around {
    /// The stack's status, if there is a stack.
    pub status: Option<String>,
    /// The names of its parameters, which keep their values.
    pub parameters: Vec<String>,
    /// Its resources that exist: their names or ids in AWS by logical id.
    pub resources: BTreeMap<String, String>,
    /// All exports of the account and region, by name; empty if nobody asked for them.
    pub exports: BTreeMap<String, String>,
}

/// Looks at the stack `name`, and at the exports if `with_exports`.
///
/// # Errors
///
/// If AWS cannot be asked.
pub async fn around(connection: &Connection, name: &str, with_exports: bool) -> Result<Around, CloudError> {
    let mut around = Around::default();
    if with_exports {
        let exports = list_exports(connection).await?.into_iter();
        around.exports = exports.map(|export| (export.name, export.value)).collect();
    }
    let Some(stack) = describe(connection, name).await? else { return Ok(around) };
    // Of a stack whose creation failed nothing is kept: it is deleted and made anew.
    let nothing =
        ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_COMPLETE"];
    if !nothing.contains(&stack.status.as_str()) {
        around.resources = resources(connection, &stack.stack_id).await.map_err(ApiFailure::into_error)?;
        around.parameters = stack.parameters;
    }
    around.status = Some(stack.status);
    Ok(around)
}

/// The resources that exist. One whose deletion was skipped is there, but no longer the stack's.
async fn resources(connection: &Connection, stack: &str) -> Result<BTreeMap<String, String>, ApiFailure> {
    let mut pages =
        connection.cloudformation.list_stack_resources().stack_name(stack).into_paginator().send();
    let mut resources = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| ApiFailure::of("cloudformation:ListStackResources", &error))?;
        for resource in page.stack_resource_summaries() {
            let status = resource.resource_status().map_or("", ResourceStatus::as_str);
            if ["DELETE_COMPLETE", "DELETE_SKIPPED", "CREATE_FAILED"].contains(&status) {
                continue;
            }
            let id = resource.logical_resource_id().map(clean).unwrap_or_default();
            resources.insert(id, resource.physical_resource_id().map(clean).unwrap_or_default());
        }
    }
    Ok(resources)
}

/// Statuses of stacks that count for the quota: all but `DELETE_COMPLETE`.
const COUNTED: [StackStatus; 22] = [
    StackStatus::CreateComplete,
    StackStatus::CreateFailed,
    StackStatus::CreateInProgress,
    StackStatus::DeleteFailed,
    StackStatus::DeleteInProgress,
    StackStatus::ImportComplete,
    StackStatus::ImportInProgress,
    StackStatus::ImportRollbackComplete,
    StackStatus::ImportRollbackFailed,
    StackStatus::ImportRollbackInProgress,
    StackStatus::ReviewInProgress,
    StackStatus::RollbackComplete,
    StackStatus::RollbackFailed,
    StackStatus::RollbackInProgress,
    StackStatus::UpdateComplete,
    StackStatus::UpdateCompleteCleanupInProgress,
    StackStatus::UpdateFailed,
    StackStatus::UpdateInProgress,
    StackStatus::UpdateRollbackComplete,
    StackStatus::UpdateRollbackCompleteCleanupInProgress,
    StackStatus::UpdateRollbackFailed,
    StackStatus::UpdateRollbackInProgress,
];

/// Whether the account may have one more stack in the region. If it may not, AWS says so itself; hence a warning.
///
/// Source: [DescribeAccountLimits][aws] in the CloudFormation API reference.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeAccountLimits.html
pub async fn room_for_a_stack(connection: &Connection) -> Check {
    let what = "the quota of stacks";
    let (limit, number) = match stacks_of_limit(connection).await {
        Ok(Some(known)) => known,
        Ok(None) => return Check::unknown(what, "AWS tells no limit"),
        Err(failure) => return Check::unanswered(what, &failure),
    };
    if number < limit {
        return Check::ok(format!("{number} of at most {limit} stacks are there"));
    }
    Check::warning(
        format!(
            "the account has {number} stacks in the region, and may have {limit}: there is no room for a new one"
        ),
        "delete stacks that are no longer needed, or ask AWS for a higher quota: aws service-quotas \
         list-service-quotas --service-code cloudformation",
    )
}

/// How many stacks there may be, and how many there are.
async fn stacks_of_limit(connection: &Connection) -> Result<Option<(usize, usize)>, ApiFailure> {
    let answer = connection.cloudformation.describe_account_limits().send().await;
    let answer = answer.map_err(|error| ApiFailure::of("cloudformation:DescribeAccountLimits", &error))?;
    let limit = answer.account_limits().iter().find(|limit| limit.name() == Some("StackLimit"));
    let Some(limit) = limit.and_then(|limit| usize::try_from(limit.value()?).ok()) else { return Ok(None) };
    let call = connection.cloudformation.list_stacks().set_stack_status_filter(Some(COUNTED.to_vec()));
    let mut pages = call.into_paginator().send();
    let mut number = 0;
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| ApiFailure::of("cloudformation:ListStacks", &error))?;
        number += page.stack_summaries().len();
    }
    Ok(Some((limit, number)))
}

/// Whether the bucket for large templates is there. The permission for it is [ListBucket][aws]. Only a template of more than 51,200 bytes needs it.
///
/// [aws]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
pub async fn template_bucket(connection: &Connection) -> Check {
    let bucket = bucket_name(connection.identity());
    let what = format!("the bucket {bucket} for large templates");
    let client = &connection.s3;
    match client.head_bucket().bucket(&bucket).send().await {
        Ok(_) => Check::ok(format!("{what} is there")),
        Err(error) => {
            let failure = ApiFailure::of("s3:ListBucket", &error);
            match failure.class {
                Class::Missing => Check::missing(format!("{what} is not there"), "docuthinker bootstrap"),
                _ => Check::unanswered(&what, &failure),
            }
        }
    }
}
