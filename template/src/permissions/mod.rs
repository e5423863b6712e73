//! The least IAM policy of who deploys: what CloudFormation does in the caller's name for every resource of the
//! stacks, and what the command itself calls.
//!
//! ```
//! use template::permissions::{Deployment, deployer_policy};
//!
//! let text = "Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: alarms}}}";
//! let template = template::Template::parse(text, "alarms.yaml").expect("a template").template;
//! let region = Some("eu-west-1");
//! let policy = deployer_policy(&[Deployment { stack: "Alarms", template: &template, region, account: None }]);
//! assert!(policy.to_json().contains("arn:aws:sns:eu-west-1:*:alarms"));
//! ```

mod calls;
mod deployer;
mod looks;
mod names;
mod passed;
mod policy;
mod text;
mod uses;

#[cfg(test)]
mod tests;

pub use calls::{OWN_CALLS, Scope};
pub use deployer::deployer_policy;
pub use policy::{MANAGED_POLICY_CHARACTERS, Policy, Statement};

use crate::document::Template;

/// A template, and where it is deployed.
#[derive(Debug, Clone, Copy)]
pub struct Deployment<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// Its template.
    pub template: &'a Template,
    /// The region, if it is known.
    pub region: Option<&'a str>,
    /// The account, if it is known.
    pub account: Option<&'a str>,
}

impl Deployment<'_> {
    /// The partition that the region belongs to. Source: [ARNs][aws] in the IAM user guide.
    ///
    /// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    fn partition(&self) -> &'static str {
        match self.region {
            Some(region) if region.starts_with("cn-") => "aws-cn",
            Some(region) if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// Whether the template has a resource of one of these types.
    fn has(&self, types: &[&str]) -> bool {
        self.template.resources.values().any(|resource| types.contains(&resource.type_name.as_str()))
    }

    /// A form of ARN with what is known put in.
    fn filled(&self, form: &str) -> String {
        let filled = form.replace("${Partition}", self.partition());
        let filled = filled.replace("${Region}", self.region.unwrap_or("*"));
        let filled = filled.replace("${Account}", self.account.unwrap_or("*"));
        // Some forms have parts of their own.
        let mut parts = filled.split("${");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + "*" + part.split_once('}').map_or("", |(_, rest)| rest))
    }
}
