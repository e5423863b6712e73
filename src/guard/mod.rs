//! A team's own rules for templates, written for AWS CloudFormation Guard.
//!
//! [`check`] holds a template against rules files and gives every clause that does not hold as a [`Finding`], and
//! every rules file that cannot be used as a [`Mistake`]. The language of the rules is Guard's, see
//! <https://docs.aws.amazon.com/cfn-guard/latest/ug/writing-rules.html>.
//!
//! The crate `cfn-guard` runs in a process of its own, see `worker.rs`: a rule that refers to itself would
//! otherwise overflow our stack. What it recorded is read in `record.rs`; where that stands in the template and
//! in the rules file is found in `place.rs`.

mod place;
mod record;
#[cfg(test)]
mod tests;
mod worker;

use serde::Serialize;
use template::{Path, Position, Template};

pub(crate) use worker::answer;

/// A file of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RulesFile {
    /// Its name, as the user knows it.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) text: String,
}

/// What came of holding a template against rules files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Outcome {
    /// Every clause that does not hold, in the order of the files and of their rules.
    pub(crate) findings: Vec<Finding>,
    /// Why rules files could not be used, at most one for each.
    pub(crate) mistakes: Vec<Mistake>,
}

/// A clause of a rule that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// The rule's name; Guard calls what stands outside of any rule `default`.
    pub(crate) rule: String,
    /// The message that the rule's author wrote in `<<` and `>>`, or else the same as `fact`.
    pub(crate) message: String,
    /// What is there and what the rule wants, in our words.
    pub(crate) fact: String,
    /// Where in the template, as far as something is there.
    pub(crate) path: Path,
    /// The rules file's name.
    pub(crate) file: String,
    /// Where in the rules file: the message, else the block around the clause, else the rule.
    pub(crate) position: Position,
}

/// Why a rules file could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Mistake {
    /// The rules file's name.
    pub(crate) file: String,
    /// What is wrong.
    pub(crate) message: String,
    /// Where, if Guard says so: it does for syntax, and not for names that do not exist.
    pub(crate) position: Option<Position>,
    /// What to do.
    pub(crate) hint: Option<String>,
}

/// Holds a template against the rules of all files.
pub(crate) fn check(files: &[RulesFile], template: &Template) -> Outcome {
    check_with(files, template, worker::evaluate)
}

/// As [`check`], with the way in which Guard is run.
fn check_with(
    files: &[RulesFile],
    template: &Template,
    evaluate: fn(&RulesFile, &str) -> Result<String, Mistake>,
) -> Outcome {
    let text = template.to_json();
    let tree = serde_json::from_str(&text).unwrap_or_default();
    let mut outcome = Outcome::default();
    for file in files {
        let failed = if nothing_in(&file.text) {
            Err(file.mistake("there is no rule in this file", None))
        } else {
            evaluate(file, &text).and_then(|answer| record::failed_clauses(&answer, file))
        };
        match failed {
            Ok(clauses) => {
                outcome.findings.extend(clauses.into_iter().map(|clause| clause.finding(file, &tree)));
            }
            Err(mistake) => outcome.mistakes.push(mistake),
        }
    }
    outcome
}

/// Whether the text has only comments and white space.
fn nothing_in(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

impl RulesFile {
    /// A mistake in this file as a whole.
    fn mistake(&self, message: impl Into<String>, hint: Option<&str>) -> Mistake {
        Mistake {
            file: self.name.clone(),
            message: message.into(),
            position: None,
            hint: hint.map(str::to_owned),
        }
    }
}
