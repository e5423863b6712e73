//! What a deployment needs to know before it begins: the template's parameters, and names that nobody else uses.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::patience::Pace;
use super::request::{DeployRequest, OnInterrupt, OnTimeout, StackDescription};
use crate::error::{CloudError, Kind};
use crate::template_body;

/// The largest template that CloudFormation takes at all, in bytes of UTF-8.
/// Source: AWS CloudFormation quotas, "Template body size in an Amazon S3 object".
pub(crate) const LARGEST_TEMPLATE: usize = 1_048_576;
/// The largest template that can be sent inline, in bytes of UTF-8.
/// Source: AWS CloudFormation quotas, "Template body size in a request".
pub(crate) const LARGEST_INLINE_TEMPLATE: usize = 51_200;

/// Names and tokens of one run. They differ in every run, so that two people never delete each other's change set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    /// The change set's name, `docuthinker-<utc>-<8 hex>`.
    pub(crate) change_set: String,
    /// The request token; a repeated call with it does nothing new.
    pub(crate) token: String,
}

/// One deployment, without the template itself and without any parameter's value.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) stack: String,
    pub(crate) names: Names,
    pub(crate) timeout: Option<Duration>,
    pub(crate) on_timeout: OnTimeout,
    pub(crate) on_interrupt: OnInterrupt,
    pub(crate) wait: bool,
    /// Whether the change set goes into the nested stacks.
    pub(crate) nested: bool,
    /// The fingerprint of the template that is sent.
    pub(crate) fingerprint: Option<String>,
    pub(crate) grace: Duration,
    pub(crate) pace: Pace,
    /// The template's parameters, and whether each has a default.
    declared: BTreeMap<String, bool>,
    given: BTreeSet<String>,
}

/// As much of a template as matters here.
#[derive(Deserialize)]
struct TemplateParameters {
    #[serde(default, rename = "Parameters")]
    parameters: BTreeMap<String, TemplateParameter>,
}

#[derive(Deserialize)]
struct TemplateParameter {
    #[serde(default, rename = "Default")]
    default: Option<IgnoredAny>,
}

impl Plan {
    /// Reads the request; refuses what AWS would refuse later.
    pub(crate) fn new(request: &DeployRequest, names: Names, pace: Pace) -> Result<Plan, CloudError> {
        check_stack_name(&request.stack)?;
        check_size(&request.template)?;
        let template: TemplateParameters = serde_json::from_str(&request.template).map_err(|error| {
            refused(&request.stack, format!("the template is not a CloudFormation template in JSON: {error}"))
        })?;
        let declared = template
            .parameters
            .into_iter()
            .map(|(name, parameter)| (name, parameter.default.is_some()))
            .collect();
        let given = request.parameters.keys().cloned().collect();
        let plan = Plan {
            stack: request.stack.clone(),
            names,
            timeout: request.timeout,
            on_timeout: request.on_timeout,
            on_interrupt: request.on_interrupt,
            wait: request.wait,
            nested: request.nested_changes && may_nest(&request.template),
            fingerprint: template_body::fingerprint(&request.template),
            grace: request.grace,
            pace,
            declared,
            given,
        };
        plan.refuse_unknown_parameters()?;
        Ok(plan)
    }

    /// The parameters that keep the value they have in the deployed stack.
    pub(crate) fn kept_parameters(&self, deployed: Option<&StackDescription>) -> Vec<String> {
        let deployed = deployed.map(|stack| stack.parameters.as_slice()).unwrap_or_default();
        let keep = |name: &&String| self.declared.contains_key(*name) && !self.given.contains(*name);
        deployed.iter().filter(keep).cloned().collect()
    }

    /// Refuses if a parameter has no value from anywhere.
    pub(crate) fn refuse_missing_parameters(&self, kept: &[String]) -> Result<(), CloudError> {
        let has_value = |name: &String| self.given.contains(name) || kept.contains(name);
        let missing: Vec<_> = self
            .declared
            .iter()
            .filter(|(name, has_default)| !**has_default && !has_value(name))
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let what = format!("no value for {} {}", plural("parameter", missing.len()), missing.join(", "));
        Err(refused(&self.stack, what).next("give it with `--parameter NAME=VALUE`"))
    }

    fn refuse_unknown_parameters(&self) -> Result<(), CloudError> {
        let unknown: Vec<_> = self
            .given
            .iter()
            .filter(|name| !self.declared.contains_key(*name))
            .map(|name| format!("`{name}`"))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let what =
            format!("the template has no {} {}", plural("parameter", unknown.len()), unknown.join(", "));
        let known: Vec<_> = self.declared.keys().map(|name| format!("`{name}`")).collect();
        let known =
            if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        Err(refused(&self.stack, what).next(known))
    }
}

/// Whether the template has nested stacks, or may come to have some: macros make them (`AWS::Serverless::Application`),
/// and modules may hold them.
///
/// Only then is CloudFormation asked to look into them (`IncludeNestedStacks`): a change set that is made so is removed
/// [in the background][delete], and CloudFormation cannot look into [all][import] that it can deploy. What a loop
/// makes has its type as a text somewhere, so the text tells more than the resources would.
///
/// [delete]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-delete.html
/// [import]: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1212
fn may_nest(template: &str) -> bool {
    ["\"AWS::CloudFormation::Stack\"", "\"Transform\"", "\"Fn::Transform\"", "::MODULE\""]
        .iter()
        .any(|sign| template.contains(sign))
}

/// A refusal before anything was asked of AWS.
pub(crate) fn refused(stack: &str, what: String) -> CloudError {
    CloudError::new(Kind::Refused, what)
        .state("nothing was changed in AWS")
        .with(|report| report.stack = Some(stack.to_owned()))
}

/// CloudFormation's rule for stack names: a letter, then letters, digits and hyphens, 128 characters at most.
fn check_stack_name(name: &str) -> Result<(), CloudError> {
    let mut characters = name.chars();
    let good_start = characters.next().is_some_and(|c| c.is_ascii_alphabetic());
    if good_start && name.len() <= 128 && characters.all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Ok(());
    }
    Err(refused(name, format!("`{name}` cannot be the name of a stack"))
        .next("use a letter, then letters, digits and hyphens, 128 characters at most"))
}

fn check_size(template: &str) -> Result<(), CloudError> {
    if template.len() <= LARGEST_TEMPLATE {
        return Ok(());
    }
    let what =
        format!("the template has {} bytes; CloudFormation takes at most {LARGEST_TEMPLATE}", template.len());
    Err(CloudError::new(Kind::Refused, what)
        .state("nothing was changed in AWS")
        .next("split it into several stacks"))
}

fn plural(word: &str, count: usize) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}
