//! What CloudFormation's checks found: more than the one sentence that the failed operation shows.

use serde::Serialize;

use crate::engine::progress::Timestamp;
use crate::failure::{ApiFailure, Class};
use crate::text::{clean, shorten};

/// How much is shown of what a hook says: Guard rules write reports.
pub(crate) const SHOWN_REASON: usize = 400;

/// Who found something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// CloudFormation's own validation before anything is made.
    Validation,
    /// A hook: a rule that the account's owners have put in front of resources.
    Hook,
    /// The making of a resource.
    Provisioning,
    /// Nobody: this says what could not be looked at.
    Note,
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// Who found it.
    pub check: Check,
    /// The check's name, for example `NAME_CONFLICT_VALIDATION`, or the hook's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it only warns: nothing was stopped because of it.
    pub warning: bool,
    /// The resource's logical id, if it concerns one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logical_id: Option<String>,
    /// The resource's type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// Where in the template: `/Resources/Topic/Properties/TopicName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What is wrong, in AWS's words.
    pub reason: String,
    /// What to do about it, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// A page that explains it, if the hook names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// When it was found.
    #[serde(skip)]
    pub(crate) time: Option<Timestamp>,
    /// CloudFormation's id of the operation in which it was found.
    #[serde(skip)]
    pub(crate) operation_id: Option<String>,
}

impl Detail {
    /// What `check` says, and nothing else yet.
    pub(crate) fn new(check: Check, reason: &str) -> Detail {
        Detail {
            check,
            name: None,
            warning: false,
            logical_id: None,
            resource_type: None,
            path: None,
            reason: shorten(&clean(reason), SHOWN_REASON),
            advice: None,
            link: None,
            time: None,
            operation_id: None,
        }
    }

    /// Says that more could not be seen, and why.
    pub(crate) fn not_seen(failure: &ApiFailure) -> Detail {
        let what = match failure.class {
            Class::Denied => {
                format!("what exactly failed is not shown: no permission for {}", failure.action)
            }
            _ => format!("what exactly failed is not shown: {}: {}", failure.action, failure.message),
        };
        let advice =
            (failure.class == Class::Denied).then(|| format!("ask for the permission {}", failure.action));
        Detail { advice, ..Detail::new(Check::Note, &what) }
    }

    /// Adds what can be done, where the check's name or words tell.
    pub(crate) fn advised(mut self) -> Detail {
        if self.advice.is_none() && self.check == Check::Validation {
            let name = self.name.as_deref().unwrap_or_default();
            self.advice = advice(name, &self.reason.to_lowercase()).map(ToOwned::to_owned);
        }
        self
    }

    /// In one line: the resource, the check, the place and the reason.
    pub fn text(&self) -> String {
        let id = self.logical_id.as_ref().map(|id| match &self.resource_type {
            Some(kind) => format!("{id} ({kind}): "),
            None => format!("{id}: "),
        });
        let path = self.path.as_ref().map(|path| format!(" (at {path})"));
        let name = self.name.as_ref().map(|name| format!(" [{name}]"));
        let warning = if self.warning { "warning: " } else { "" };
        format!(
            "{warning}{}{}{}{}",
            id.unwrap_or_default(),
            self.reason,
            path.unwrap_or_default(),
            name.unwrap_or_default()
        )
    }
}

/// What to do about a validation that failed.
///
/// Source: [the validations of CloudFormation][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
fn advice(name: &str, reason: &str) -> Option<&'static str> {
    if name.contains("NAME_CONFLICT") || reason.contains("already exists") {
        Some(
            "give the resource another name, delete the one that exists, or take it into the stack: \
             `aws cloudformation create-change-set --import-existing-resources` (it needs a DeletionPolicy)",
        )
    } else if name.contains("EMPTINESS") || reason.contains("is not empty") {
        Some("empty it first (`aws s3 rm s3://BUCKET --recursive`, and its old versions), or retain it")
    } else if name.contains("ECR") || reason.contains("contains images") {
        Some("delete its images first, or retain the repository")
    } else if name.contains("QUOTA") || reason.contains("quota") || reason.contains("limit") {
        Some("delete what is no longer needed, or ask for more: `aws service-quotas list-service-quotas`")
    } else if reason.contains("property") || reason.contains("properties") {
        Some("correct the property at its construct")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, reason: &str, expected: &str) {
        let detail = Detail { name: Some(name.into()), ..Detail::new(Check::Validation, reason) }.advised();
        let advice = detail.advice.unwrap_or_default();
        assert!(advice.contains(expected), "{advice}");
    }

    // A22
    #[test]
    fn each_validation_says_what_to_do() {
        let taken = "Resource of type 'AWS::SQS::Queue' with identifier 'q' already exists.";
        check("NAME_CONFLICT_VALIDATION", taken, "--import-existing-resources");
        check("NAME_CONFLICT_VALIDATION", taken, "another name");
        check("BUCKET_EMPTINESS_VALIDATION", "The bucket 'b' is not empty.", "empty it first");
        check("PROPERTY_VALIDATION", "Required property [PolicyName] not found", "correct the property");
        check("SERVICE_QUOTA_VALIDATION", "the quota of VPCs is exceeded", "service-quotas");
    }

    // A6
    #[test]
    fn a_missing_permission_to_look_names_it() {
        let failure = ApiFailure {
            action: "cloudformation:DescribeEvents",
            class: Class::Denied,
            code: None,
            message: "User … is not authorized".into(),
        };
        let detail = Detail::not_seen(&failure);
        assert_eq!(
            detail.text(),
            "what exactly failed is not shown: no permission for cloudformation:DescribeEvents"
        );
        assert_eq!(detail.advice.unwrap(), "ask for the permission cloudformation:DescribeEvents");
    }

    // A23
    #[test]
    fn what_a_hook_says_is_cut() {
        assert_eq!(Detail::new(Check::Hook, &"x".repeat(2000)).reason.chars().count(), SHOWN_REASON + 1);
    }
}
