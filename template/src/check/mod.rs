//! Everything that can be known to be wrong with a template before AWS sees it, all at once.
//!
//! What is not known is not reported: the value of a function call, what a macro brings, a type of somebody
//! else. The facts about types and properties are those of [`facts`](crate::facts).

mod basics;
mod choices;
mod finding;
mod functions;
mod identity;
mod lint;
mod lints;
mod policy;
mod properties;
mod references;
mod rule;
mod seen;
mod structure;
mod value;

pub use finding::Finding;
pub use lint::{Findings, Lint, Located};
pub use rule::{Rule, Severity};

use std::collections::BTreeMap;

use regex::Regex;

use crate::document::Template;
use crate::model::Model;
use crate::path::Path;
use crate::read::Document;

impl Template {
    /// What is wrong with the template, most important last. Nothing is left out because of something else.
    ///
    /// ```
    /// let text = "Resources:\n  Vpc:\n    Type: AWS::EC2::VPC\n    Properties:\n      CidrBlok: 10.0.0.0/16\n";
    /// let document = template::Template::parse(text, "vpc.yaml").expect("the file is well-formed");
    /// let findings = document.check();
    /// let finding = findings.last().expect("the property is misspelt");
    /// assert_eq!(finding.message, "AWS::EC2::VPC has no property `CidrBlok`");
    /// assert_eq!(finding.hint.as_deref(), Some("did you mean `CidrBlock`?"));
    /// assert_eq!(finding.position.expect("it was read from a file").to_string(), "5:7");
    /// ```
    pub fn check(&self) -> Vec<Finding> {
        self.check_in(None)
    }

    /// Like [`Template::check`], for the region that the template is deployed to.
    pub fn check_in(&self, region: Option<&str>) -> Vec<Finding> {
        let model = Model::new(self).in_region(region);
        let mut checker =
            Checker { template: self, model: &model, findings: Vec::new(), patterns: BTreeMap::new() };
        checker.structure();
        checker.functions();
        checker.references();
        checker.properties();
        checker.outputs_exist();
        let mut findings = checker.findings;
        // A macro of somebody else may give any meaning to anything.
        if !self.has_foreign_macros() {
            findings.extend(lints::all().flat_map(|lint| lint.findings(&model)));
        }
        // Stable, so that findings of one severity stay in the order of the checks and sections.
        findings.sort_by_key(Finding::severity);
        findings
    }
}

/// Every rule, in the order of the codes.
pub fn rules() -> Vec<&'static Rule> {
    let mut all: Vec<_> = [basics::ALL, identity::ALL]
        .into_iter()
        .flatten()
        .copied()
        .chain(lints::all().map(|lint| lint.rule))
        .collect();
    all.sort_by_key(|rule| rule.code);
    all
}

impl Document {
    /// What is wrong with the template, each with its place in the file, most important last.
    pub fn check(&self) -> Vec<Finding> {
        let mut findings = self.template.check();
        for finding in &mut findings {
            finding.position = Some(self.positions.of(&finding.path));
        }
        findings.sort_by_key(|finding| (finding.severity(), finding.position));
        findings
    }
}

struct Checker<'m> {
    template: &'m Template,
    model: &'m Model<'m>,
    findings: Vec<Finding>,
    /// Patterns that were needed before: making one costs far more than using it. `None` is one that the
    /// engine does not know, which then restricts nothing.
    patterns: BTreeMap<&'static str, Option<Regex>>,
}

impl Checker<'_> {
    fn find(&mut self, rule: &'static Rule, path: &Path, message: impl Into<String>, hint: Option<String>) {
        self.findings.push(Finding {
            rule,
            message: message.into(),
            path: path.clone(),
            position: None,
            hint,
        });
    }

    fn matches(&mut self, pattern: &'static str, text: &str) -> bool {
        let regex = self.patterns.entry(pattern).or_insert_with(|| Regex::new(pattern).ok());
        regex.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

/// `did you mean …?`, if there is something near.
fn did_you_mean(nearest: Option<&str>) -> Option<String> {
    nearest.map(|nearest| format!("did you mean `{nearest}`?"))
}

/// Some words of a list, for a hint that fits on a line or two.
fn choose_one_of<'w>(words: impl ExactSizeIterator<Item = &'w str>) -> Option<String> {
    const MOST: usize = 12;
    let count = words.len();
    let shown = words.take(MOST).collect::<Vec<_>>().join(", ");
    match count {
        0 => None,
        1 => Some(format!("it can only be {shown}")),
        2..=MOST => Some(format!("choose one of {shown}")),
        _ => Some(format!("choose one of {shown} and {} more", count - MOST)),
    }
}

/// Text for a message, cut if it is long.
fn shown(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
