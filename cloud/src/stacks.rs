//! Questions about stacks that change nothing.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_cloudformation::types::{Stack, TemplateStage};
use serde::Serialize;

use crate::connect::Connection;
use crate::engine::progress::Timestamp;
use crate::engine::request::{Output, StackDescription};
use crate::error::CloudError;
use crate::failure::{ApiFailure, Class};
use crate::text::clean;

/// The status of a stack that a change set announced and that was never made.
const ANNOUNCED: &str = "REVIEW_IN_PROGRESS";

/// One row of the list of stacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StackSummary {
    /// The stack's name.
    pub name: String,
    /// In AWS's own words, for example `UPDATE_COMPLETE`.
    pub status: String,
    /// When it was last updated, or created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<Timestamp>,
}

/// A value that one stack offers to the others of its account and region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Export {
    /// Its name, unique in the account and region.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The ARN of the stack that exports it.
    pub stack_id: String,
}

/// A stack with what it was deployed with.
#[derive(Clone, PartialEq, Eq)]
pub struct DeployedStack {
    /// As CloudFormation describes it.
    pub description: StackDescription,
    /// The values of its parameters as CloudFormation tells them: those of parameters with `NoEcho` as asterisks, those
    /// from the Parameter Store by their names there.
    pub parameters: BTreeMap<String, String>,
    /// Its tags, which a deployment must give again.
    pub tags: BTreeMap<String, String>,
    /// What it was allowed to do when it was last deployed, for example `CAPABILITY_NAMED_IAM`.
    pub capabilities: Vec<String>,
    /// The ARN of the role that CloudFormation works with, if it is not the caller's own.
    pub role: Option<String>,
    /// The template as it was sent, YAML or JSON; `None` if the stack was only announced by a change set.
    pub template: Option<String>,
}

/// Shows the names of the parameters and never their values.
impl fmt::Debug for DeployedStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeployedStack")
            .field("description", &self.description)
            .field("template_bytes", &self.template.as_ref().map(String::len))
            .finish_non_exhaustive()
    }
}

/// The stack `name` (or ARN) as CloudFormation describes it; `None` if there is none.
///
/// # Errors
///
/// If AWS cannot be asked.
pub async fn describe(connection: &Connection, name: &str) -> Result<Option<StackDescription>, CloudError> {
    Ok(described(connection, name).await?.map(|(description, _)| description))
}

/// The stack `name` with its parameters and its template; `None` if there is none.
///
/// # Errors
///
/// If AWS cannot be asked.
pub async fn deployed_stack(
    connection: &Connection,
    name: &str,
) -> Result<Option<DeployedStack>, CloudError> {
    let Some((description, stack)) = described(connection, name).await? else { return Ok(None) };
    let template = if description.status == ANNOUNCED {
        None
    } else {
        template_of(connection, &description.stack_id, TemplateStage::Original).await?
    };
    let value = |parameter: &aws_sdk_cloudformation::types::Parameter| {
        Some((parameter.parameter_key()?.to_owned(), parameter.parameter_value()?.to_owned()))
    };
    let parameters = stack.parameters().iter().filter_map(value).collect();
    let tag =
        |tag: &aws_sdk_cloudformation::types::Tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()));
    let tags = stack.tags().iter().filter_map(tag).collect();
    let capabilities = stack.capabilities().iter().map(|one| clean(one.as_str())).collect();
    let role = stack.role_arn().map(clean);
    Ok(Some(DeployedStack { description, parameters, tags, capabilities, role, template }))
}

/// The stack's policy, which says which of its resources an update may change; `None` if it has none.
///
/// # Errors
///
/// If AWS cannot be asked.
pub async fn stack_policy(connection: &Connection, name: &str) -> Result<Option<String>, CloudError> {
    match connection.cloudformation.get_stack_policy().stack_name(name).send().await {
        Ok(answer) => Ok(answer.stack_policy_body.filter(|body| !body.is_empty())),
        Err(error) => absent_or_error(ApiFailure::of("cloudformation:GetStackPolicy", &error)),
    }
}

async fn described(
    connection: &Connection,
    name: &str,
) -> Result<Option<(StackDescription, Stack)>, CloudError> {
    const ACTION: &str = "cloudformation:DescribeStacks";
    match connection.cloudformation.describe_stacks().stack_name(name).send().await {
        Ok(answer) => {
            let stack = answer.stacks.unwrap_or_default().into_iter().next();
            let known = stack.and_then(|stack| Some((description(&stack)?, stack)));
            known.map(Some).ok_or_else(|| ApiFailure::half_an_answer(ACTION).into_error())
        }
        Err(error) => absent_or_error(ApiFailure::of(ACTION, &error)),
    }
}

/// The outputs of the stack `name`; `None` if there is no such stack.
///
/// # Errors
///
/// If AWS cannot be asked.
pub async fn describe_outputs(
    connection: &Connection,
    name: &str,
) -> Result<Option<Vec<Output>>, CloudError> {
    Ok(describe(connection, name).await?.map(|stack| stack.outputs))
}

/// The template of the stack `name` as it was sent, YAML or JSON; `None` if there is no such stack, or if it has been
/// announced by a change set and never been made.
///
/// # Errors
///
/// If AWS cannot be asked.
pub async fn deployed_template(connection: &Connection, name: &str) -> Result<Option<String>, CloudError> {
    template(connection, name, TemplateStage::Original).await
}

/// The template that the change set with this ARN brings, as it was sent; `None` if there is none.
///
/// # Errors
///
/// If AWS cannot be asked.
pub async fn change_set_template(
    connection: &Connection,
    change_set_id: &str,
) -> Result<Option<String>, CloudError> {
    let call = connection.cloudformation.get_template().change_set_name(change_set_id);
    match call.template_stage(TemplateStage::Original).send().await {
        Ok(answer) => Ok(answer.template_body),
        Err(error) => absent_or_error(ApiFailure::of("cloudformation:GetTemplate", &error)),
    }
}

/// As [`deployed_template`], after macros and transforms: what CloudFormation acts on.
///
/// # Errors
///
/// If AWS cannot be asked.
pub async fn processed_template(connection: &Connection, name: &str) -> Result<Option<String>, CloudError> {
    template(connection, name, TemplateStage::Processed).await
}

async fn template(
    connection: &Connection,
    name: &str,
    stage: TemplateStage,
) -> Result<Option<String>, CloudError> {
    match describe(connection, name).await? {
        None => Ok(None),
        Some(stack) if stack.status == ANNOUNCED => Ok(None),
        Some(_) => template_of(connection, name, stage).await,
    }
}

async fn template_of(
    connection: &Connection,
    name: &str,
    stage: TemplateStage,
) -> Result<Option<String>, CloudError> {
    let call = connection.cloudformation.get_template().stack_name(name).template_stage(stage);
    match call.send().await {
        Ok(answer) => Ok(answer.template_body),
        Err(error) => absent_or_error(ApiFailure::of("cloudformation:GetTemplate", &error)),
    }
}

/// All stacks of the account and region that are not deleted, by name.
///
/// # Errors
///
/// If AWS cannot be asked.
pub async fn list_stacks(connection: &Connection) -> Result<Vec<StackSummary>, CloudError> {
    let mut pages = connection.cloudformation.list_stacks().into_paginator().send();
    let mut stacks = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| ApiFailure::of("cloudformation:ListStacks", &error).into_error())?;
        for summary in page.stack_summaries() {
            let status = summary.stack_status().map(|status| clean(status.as_str())).unwrap_or_default();
            if status == "DELETE_COMPLETE" {
                continue;
            }
            let changed = summary.last_updated_time().or(summary.creation_time());
            stacks.push(StackSummary {
                name: summary.stack_name().unwrap_or_default().to_owned(),
                status,
                changed: changed.and_then(timestamp),
            });
        }
    }
    stacks.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(stacks)
}

/// All exports of the account and region, by name.
///
/// # Errors
///
/// If AWS cannot be asked.
pub async fn list_exports(connection: &Connection) -> Result<Vec<Export>, CloudError> {
    let mut pages = connection.cloudformation.list_exports().into_paginator().send();
    let mut exports = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| ApiFailure::of("cloudformation:ListExports", &error).into_error())?;
        exports.extend(page.exports().iter().map(|export| Export {
            name: export.name().unwrap_or_default().to_owned(),
            value: export.value().unwrap_or_default().to_owned(),
            stack_id: export.exporting_stack_id().unwrap_or_default().to_owned(),
        }));
    }
    exports.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(exports)
}

/// Makes CloudFormation refuse to delete the stack `name`, or lets it be deleted again; tells whether that is a change.
///
/// # Errors
///
/// If AWS cannot be asked, or does not allow it.
pub async fn set_termination_protection(
    connection: &Connection,
    name: &str,
    protected: bool,
) -> Result<bool, CloudError> {
    let known = describe(connection, name).await?;
    if known.is_none_or(|stack| stack.termination_protection == protected) {
        return Ok(false);
    }
    let call = connection.cloudformation.update_termination_protection().stack_name(name);
    match call.enable_termination_protection(protected).send().await {
        Ok(_) => Ok(true),
        Err(error) => Err(ApiFailure::of("cloudformation:UpdateTerminationProtection", &error).into_error()),
    }
}

/// The names of the stacks that import `export`; they must let go of it before it can be removed.
///
/// # Errors
///
/// If AWS cannot be asked.
pub async fn importers_of(connection: &Connection, export: &str) -> Result<Vec<String>, CloudError> {
    importers(connection, export).await.map_err(ApiFailure::into_error)
}

/// As [`importers_of`], for the engine, which judges the failure itself.
pub(crate) async fn importers(connection: &Connection, export: &str) -> Result<Vec<String>, ApiFailure> {
    let mut pages = connection.cloudformation.list_imports().export_name(export).into_paginator().send();
    let mut stacks = Vec::new();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => stacks.extend(page.imports().iter().cloned()),
            Err(error) => {
                let failure = ApiFailure::of("cloudformation:ListImports", &error);
                // AWS tells "nobody imports it" as an error.
                if failure.message.contains("is not imported by any stack") || failure.class == Class::Missing
                {
                    return Ok(stacks);
                }
                return Err(failure);
            }
        }
    }
    Ok(stacks)
}

/// A stack that does not exist is an answer, everything else an error.
fn absent_or_error<T>(failure: ApiFailure) -> Result<Option<T>, CloudError> {
    if failure.class == Class::Missing { Ok(None) } else { Err(failure.into_error()) }
}

/// What we tell of a stack. `None` if the answer was mangled: half an XML document gives a stack without an id.
pub(crate) fn description(stack: &Stack) -> Option<StackDescription> {
    Some(StackDescription {
        name: stack.stack_name()?.to_owned(),
        stack_id: stack.stack_id()?.to_owned(),
        status: clean(stack.stack_status()?.as_str()),
        status_reason: stack.stack_status_reason().map(clean),
        created: stack.creation_time().and_then(timestamp),
        updated: stack.last_updated_time().and_then(timestamp),
        termination_protection: stack.enable_termination_protection().unwrap_or(false),
        parameters: stack
            .parameters()
            .iter()
            .filter_map(|p| p.parameter_key().map(ToOwned::to_owned))
            .collect(),
        outputs: stack.outputs().iter().filter_map(output).collect(),
    })
}

fn output(output: &aws_sdk_cloudformation::types::Output) -> Option<Output> {
    Some(Output {
        key: output.output_key()?.to_owned(),
        value: output.output_value().unwrap_or_default().to_owned(),
        description: output.description().map(ToOwned::to_owned),
        export: output.export_name().map(ToOwned::to_owned),
    })
}

/// AWS's time in milliseconds.
pub(crate) fn timestamp(time: &aws_sdk_cloudformation::primitives::DateTime) -> Option<Timestamp> {
    time.to_millis().ok().map(Timestamp)
}
