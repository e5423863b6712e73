//! What is done with a file that may hold anything.

use std::collections::BTreeMap;

use template::check::{Check, Report, rules};
use template::cost::{Region, Stack, Usage, WhatIf, cost, what_if};
use template::{Document, Position, Template};

/// Reads and checks, as it is with any command and as `validate` does it, which goes on after a mistake of form; all may
/// complain, none may panic. Every complaint has its place in the file.
#[track_caller]
pub(crate) fn survive(text: &str) {
    for name in ["t", "t.json"] {
        named(text, name);
    }
}

#[track_caller]
fn named(text: &str, name: &str) {
    match Template::parse(text, name) {
        Ok(document) => priced(&document.template),
        Err(errors) => assert!(!errors.errors.is_empty()),
    }
    let lines = Lines::of(text);
    match Template::parse_what_fits(text, name) {
        Ok(document) => {
            let anywhere = checked(&document, &lines, None);
            let somewhere = checked(&document, &lines, Some("eu-central-2"));
            told(&document, &anywhere);
            told(&document, &somewhere);
        }
        Err(errors) => {
            assert!(!errors.errors.is_empty());
            for error in &errors.errors {
                lines.have(error.position, &error.to_string());
            }
        }
    }
}

#[track_caller]
fn checked(document: &Document, lines: &Lines, region: Option<&str>) -> Report {
    let report = Check { region, ..Check::default() }.document(document);
    let allowed = report.allowed.iter().map(|allowed| &allowed.finding);
    for finding in report.findings.iter().chain(allowed) {
        let shown = finding.to_string();
        assert!(!finding.message.is_empty() && shown.len() < 20_000, "{shown}");
        let position = finding.position.unwrap_or_else(|| panic!("without a place: {shown}"));
        lines.have(position, &shown);
    }
    report
}

/// Every mistake of form is told, or allowed.
#[track_caller]
fn told(document: &Document, report: &Report) {
    let allowed = report.allowed.iter().map(|allowed| &allowed.finding);
    let found: Vec<_> = report.findings.iter().chain(allowed).collect();
    for mistake in &document.mistakes {
        let is_it = |message: &str| message == mistake.problem.to_string();
        assert!(
            found.iter().any(|finding| finding.path == mistake.path && is_it(&finding.message)),
            "not told: {mistake}"
        );
    }
}

/// The places that an editor can go to: of each line the last column, which is behind its last character.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Lines {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        Lines(text.split('\n').map(|line| line.chars().count() + 1).collect())
    }

    #[track_caller]
    fn have(&self, position: Position, about: &str) {
        let Position { line, column } = position;
        let last = (line as usize).checked_sub(1).and_then(|before| self.0.get(before));
        let last = last.unwrap_or_else(|| panic!("{position} is no line: {about}"));
        assert!((1..=*last).contains(&(column as usize)), "{position} is not in the line: {about}");
    }
}

/// What it costs is computed too, and what would save.
fn priced(template: &Template) {
    let parameters = BTreeMap::new();
    let stack = Stack::new("t", template, &parameters, Region::UsEast1);
    let report = cost(&[stack], &Usage::default());
    let total = report.services.iter().map(|service| service.month).sum();
    assert_eq!(report.total, total);
    what_if(&[stack], &Usage::default(), &WhatIf::ALL, true);
}

/// The examples of all rules: every kind of resource that a rule looks at.
pub(crate) fn samples() -> Vec<&'static str> {
    rules().into_iter().flat_map(|rule| [rule.fault, rule.near]).collect()
}
