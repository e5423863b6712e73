//! What a check found, in the forms in which people and programs read it.

mod github;
mod json;
mod sarif;
mod text;

use serde::Serialize;
use template::Rule;

use crate::problem::{Problem, Severity, count};

pub(crate) use sarif::fnv;

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people; may change from version to version
    Text,
    /// For programs; a contract with a version field
    Json,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// Annotations that GitHub Actions shows at the lines of a change
    Github,
}

/// What came of checking some templates.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// How many were checked.
    pub(crate) templates: usize,
    /// What is wrong, warnings first and errors last.
    pub(crate) found: Vec<Item>,
    /// What would be wrong if it were not allowed.
    pub(crate) allowed: Vec<AllowedItem>,
    /// Whether warnings stop a command as errors do.
    pub(crate) deny_warnings: bool,
    /// Whether people are shown each of many warnings of one rule.
    pub(crate) shows_each: bool,
    /// The columns of the terminal that people read it on.
    pub(crate) columns: Option<usize>,
}

/// One thing that is wrong with a template, or with the code that makes it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    /// What is wrong, as it is shown to people.
    #[serde(flatten)]
    pub(crate) problem: Problem,
    /// The stack or the file that it is in; nothing where it is about all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) template: Option<String>,
    /// Where in the template: `Resources.Vpc.Properties.CidrBlock`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) path: String,
    /// The path of the construct that it comes from: `DocuThinkerStack/Network/Vpc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) construct: Option<String>,
    /// The place in a file that somebody can edit.
    #[serde(flatten)]
    pub(crate) place: Option<Place>,
    /// The rule that it breaks; the mistakes of constructs have none.
    #[serde(skip)]
    pub(crate) rule: Option<&'static Rule>,
}

impl Item {
    /// An item of which only this is known.
    pub(crate) fn of(problem: Problem) -> Item {
        Item { problem, template: None, path: String::new(), construct: None, place: None, rule: None }
    }
}

/// Something that is wrong and meant.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AllowedItem {
    #[serde(flatten)]
    pub(crate) item: Item,
    /// Why it does no harm.
    pub(crate) reason: String,
    /// Whether the template itself, or the code that makes it, allows it.
    #[serde(skip)]
    pub(crate) in_source: bool,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Place {
    /// The file as the user knows it.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: usize,
    /// The column in characters, from 1, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<usize>,
    /// The column after the last character of the key or value there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_column: Option<usize>,
}

impl Report {
    /// The report in this form, ending with a line break. JSON has its version in front.
    pub(crate) fn write(&self, format: ReportFormat, rules: &[&'static Rule]) -> String {
        match format {
            ReportFormat::Text => text::write(self),
            ReportFormat::Json => json::write(self),
            ReportFormat::Sarif => sarif::write(self, rules),
            ReportFormat::Github => github::write(self),
        }
    }

    /// How many are errors, and how many are warnings.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let errors = self.found.iter().filter(|item| item.problem.severity == Severity::Error).count();
        (errors, self.found.len() - errors)
    }

    /// Whether a command must stop because of it.
    pub(crate) fn is_refused(&self) -> bool {
        let (errors, warnings) = self.counts();
        errors > 0 || (self.deny_warnings && warnings > 0)
    }

    /// The counts in words: `2 templates: 1 error, no warnings, 3 allowed`.
    pub(crate) fn summary(&self) -> String {
        let (errors, warnings) = self.counts();
        let denied = if self.deny_warnings && warnings > 0 { " (denied)" } else { "" };
        let allowed = match self.allowed.len() {
            0 => String::new(),
            number => format!(", {number} allowed"),
        };
        let (templates, errors) = (count(self.templates, "template"), count(errors, "error"));
        format!("{templates}: {errors}, {}{denied}{allowed}", count(warnings, "warning"))
    }
}
