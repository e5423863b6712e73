//! What an account and region have for all stacks: who we are there, what we may do, and how much room there is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use cloud::Connection;
use cloud::preflight::{self, Added, Asked, Check};
use template::Delivery;
use template::permissions::{Deployment, deployer_policy};
use template::requirements::{Known, made_secrets};

use super::Subject;
use crate::aws::{Aws, Row, time_text};
use crate::problem::Result;

/// Credentials that end sooner are told: a deployment may take longer.
const SOON: Duration = Duration::from_mins(15);

/// An account and region.
pub(super) struct Where<'a> {
    pub(super) connection: Connection,
    /// What belongs there, with its place among all stacks.
    pub(super) subjects: Vec<(usize, &'a Subject)>,
}

impl Where<'_> {
    /// Who we are there, and what holds for all of its stacks. `named` says who names the region if AWS's settings do not,
    /// `policy` is the command that prints what a deployer needs.
    pub(super) fn checks(&self, named: &str, policy: &str, aws: &Aws) -> Result<Vec<Row>> {
        let who = self.connection.identity();
        let said = format!("account {} in {}, as {}", who.account, who.region, who.arn);
        let mut checks = vec![Check::ok(said)];
        if self.connection.is_local() {
            return Ok(checks.into_iter().map(Row::of).collect());
        }
        checks.push(self.origin(named));
        checks.extend(self.network());
        let is_large =
            |subject: &Subject| Delivery::of(subject.template.to_json_minified().len()) != Delivery::Inline;
        if self.subjects.iter().any(|(_, subject)| is_large(subject)) {
            checks.push(aws.unless_interrupted(preflight::template_bucket(&self.connection))?);
        }
        let asked = self.asked();
        checks.extend(aws.unless_interrupted(preflight::permissions(&self.connection, &asked, policy))?);
        Ok(checks.into_iter().map(Row::of).collect())
    }

    /// Where the credentials and the region come from.
    fn origin(&self, named: &str) -> Check {
        let origin = self.connection.origin();
        let region = origin.region.as_deref().unwrap_or(named);
        let what = format!("credentials from {}, the region from {region}", origin.credentials);
        let left = origin.expires.map(|end| end.duration_since(SystemTime::now()).unwrap_or_default());
        match left {
            None => Check::ok(what),
            Some(left) if left < SOON => Check::warning(
                format!("{what}; they end in {}, and a deployment may take longer", time_text(left)),
                &origin.renewal,
            ),
            Some(left) => Check::ok(format!("{what}; they last for another {}", time_text(left))),
        }
    }

    /// Nobody needs a network beforehand that the stacks make.
    fn network(&self) -> Option<Check> {
        let makes = |subject: &Subject| {
            subject.template.resources.values().any(|resource| resource.type_name == "AWS::EC2::VPC")
        };
        let (_, makes) = self.subjects.iter().find(|(_, subject)| makes(subject))?;
        Some(Check::ok(format!("no VPC is needed beforehand: {} makes its own", makes.name)))
    }

    /// The names of the secrets that its stacks make: one need not be there for another stack of them.
    pub(super) fn made_secrets(&self) -> BTreeSet<String> {
        let who = self.connection.identity();
        let made = |(_, subject): &(usize, &Subject)| {
            let known = Known {
                region: &who.region,
                account: &who.account,
                stack: &subject.name,
                parameters: &subject.parameters,
                ..Known::default()
            };
            made_secrets(&subject.template, &known)
        };
        self.subjects.iter().flat_map(made).collect()
    }

    /// What `iam-policy` says that a deployer of these stacks must be allowed to do; what is asked of the same resources
    /// under the same conditions is one question.
    fn asked(&self) -> Vec<Asked> {
        let who = self.connection.identity();
        let deployments: Vec<Deployment<'_>> = self
            .subjects
            .iter()
            .map(|(_, subject)| Deployment {
                stack: &subject.name,
                template: &subject.template,
                region: Some(&who.region),
                account: Some(&who.account),
            })
            .collect();
        let mut together: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for statement in deployer_policy(&deployments).statements {
            let context = statement.context().into_iter();
            let context: BTreeMap<String, String> =
                context.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            together.entry((statement.resources, context)).or_default().extend(statement.actions);
        }
        let asked = together.into_iter();
        asked.map(|((resources, context), actions)| Asked { actions, resources, context }).collect()
    }

    /// Whether there is room for what all of its stacks add.
    pub(super) fn quotas(&self, added: &Added, aws: &Aws) -> Result<Vec<Row>> {
        let checks = aws.unless_interrupted(preflight::quotas(&self.connection, added))?;
        Ok(checks.into_iter().map(Row::of).collect())
    }
}
