//! What went wrong, as data: the printer makes the text or the JSON of it.

use std::fmt;

use serde::Serialize;

use crate::excerpt::{Mark, excerpt};
use crate::exit::Exit;

/// What a command gives: how it ended, or why it could not go on.
pub(crate) type Result<T = Exit, E = Failure> = std::result::Result<T, E>;

/// How grave a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// The command cannot do what was asked.
    Error,
    /// The command goes on, but somebody should look.
    Warning,
}

/// One thing that is wrong, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// Whether it stops the command.
    pub(crate) severity: Severity,
    /// A stable name, for example `config/unknown-key`.
    pub(crate) code: &'static str,
    /// What is wrong: lowercase, no final period, with the value we got.
    pub(crate) message: String,
    /// Where: places as the user knows them, the most specific first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) at: Vec<String>,
    /// The lines of the file around the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) excerpt: Option<String>,
    /// What else went wrong with it or because of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) also: Vec<String>,
    /// What explains it, in lines that are shown as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

impl Problem {
    /// An error with the stable name `code`.
    pub(crate) fn error(code: &'static str, message: impl Into<String>) -> Problem {
        let message = message.into();
        Problem {
            severity: Severity::Error,
            code,
            message,
            at: vec![],
            excerpt: None,
            also: vec![],
            notes: vec![],
            hint: None,
        }
    }

    /// A warning with the stable name `code`.
    pub(crate) fn warning(code: &'static str, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Warning, ..Problem::error(code, message) }
    }

    /// Adds a place.
    pub(crate) fn at(mut self, place: impl Into<String>) -> Problem {
        self.at.push(place.into());
        self
    }

    /// Shows the lines of `text` around line `line` and points at column `column`, both counted from 1.
    pub(crate) fn excerpt(mut self, text: &str, line: usize, column: usize) -> Problem {
        self.excerpt = excerpt(text, line, column, Mark::Point);
        self
    }

    /// Says what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    /// Says what to do, if anything is known.
    pub(crate) fn maybe_hint(mut self, hint: Option<String>) -> Problem {
        self.hint = hint;
        self
    }
}

/// Why a command could not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// How the process ends.
    pub(crate) exit: Exit,
    /// Everything that is wrong, the most important last.
    pub(crate) problems: Vec<Problem>,
    /// How AWS was left, where AWS was involved. Boxed: most failures never get there.
    pub(crate) aws: Option<Box<AwsState>>,
    /// What to do next, usually one command.
    pub(crate) next: Option<String>,
    /// For programs: what the failure is about, such as the changes that were refused.
    pub(crate) data: Option<Box<serde_json::Value>>,
}

/// How a failed operation left a stack.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AwsState {
    /// The stack's name.
    pub(crate) stack: Option<String>,
    /// The stack's status, in CloudFormation's words.
    pub(crate) status: Option<String>,
    /// What identifies the operation in CloudFormation's events.
    pub(crate) operation_id: Option<String>,
    /// The state in AWS now, in words.
    pub(crate) now: Option<String>,
    /// Everything else that is known, for programs: cause, failures, tasks, details, explanation.
    pub(crate) report: Option<serde_json::Value>,
}

impl Failure {
    /// Several failures as one: it ends as the first does, and every problem is told once, the first failure's last.
    pub(crate) fn all(failures: Vec<Failure>) -> Option<Failure> {
        let mut failures = failures.into_iter();
        let mut first = failures.next()?;
        let mut problems: Vec<Problem> = Vec::new();
        for problem in failures.flat_map(|failure| failure.problems) {
            if !first.problems.contains(&problem) && !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        problems.append(&mut first.problems);
        Some(Failure { problems, ..first })
    }

    /// Several problems that end the command the same way.
    pub(crate) fn new(exit: Exit, problems: Vec<Problem>) -> Failure {
        Failure { exit, problems, aws: None, next: None, data: None }
    }

    /// A mistake on the command line.
    pub(crate) fn usage(problem: Problem) -> Failure {
        Failure::new(Exit::Usage, vec![problem])
    }

    /// A refusal before anything was written to AWS.
    pub(crate) fn refused(problem: Problem) -> Failure {
        Failure::new(Exit::Refused, vec![problem])
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure::refused(problem)
    }
}

/// The name among `names` that `wanted` most likely means, if one is near enough.
pub(crate) fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = wanted.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&lower, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= 0.82)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// `did you mean …?`, or the names there are.
pub(crate) fn suggestion<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    if let Some(name) = nearest(wanted, names.clone()) {
        return Some(format!("did you mean `{name}`?"));
    }
    let all: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match all.len() {
        0 => None,
        1 => Some(format!("the only one is {}", all[0])),
        _ => Some(format!("choose one of {}", all.join(", "))),
    }
}

/// A number of things in words.
pub(crate) fn count(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// Text from AWS, files or arguments without anything that a terminal would obey.
///
/// Control characters, also those of the C1 block, and the marks that reorder text become `\u{…}`.
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            let obeyed = c.is_control() && c != '\n' && c != '\t';
            let reorders =
                matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if obeyed || reorders { write!(f, "{}", c.escape_unicode())? } else { write!(f, "{c}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_a_near_name_or_lists_all() {
        let names = ["DocuThinkerStack", "DocuThinkerFoundation"];
        assert_eq!(suggestion("DocuThinkerStak", names).as_deref(), Some("did you mean `DocuThinkerStack`?"));
        assert_eq!(
            suggestion("xyz", names).as_deref(),
            Some("choose one of `DocuThinkerStack`, `DocuThinkerFoundation`")
        );
    }

    #[test]
    fn escapes_what_a_terminal_would_obey() {
        let text = "ok\u{1b}[2Jgone\u{9b}31m \u{202e}txt";
        assert_eq!(Printable(text).to_string(), "ok\\u{1b}[2Jgone\\u{9b}31m \\u{202e}txt");
    }
}
