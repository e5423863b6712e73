//! Every rule has a template that it catches, one that comes near and is left alone, and a page.

use std::collections::BTreeMap;
use std::path::Path;

use template::check::{Check, Finding, Rule, rules};
use template::{Severity, Template};

/// What is wrong with an example, in the region that its first line names.
fn findings(text: &str) -> Vec<Finding> {
    let document =
        Template::parse_what_fits(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    let region = text.lines().next().and_then(|line| line.strip_prefix("# region: "));
    Check { region, ..Check::default() }.document(&document).findings
}

/// Everything that is wrong with the examples of the rules, so that one run shows all.
fn complaints(look: impl Fn(&Rule) -> Option<String>) -> String {
    rules().into_iter().filter_map(|rule| Some(format!("{rule}: {}\n", look(rule)?))).collect()
}

#[test]
fn every_rule_catches_its_fault_and_nothing_else_is_an_error_there() {
    let wrong = complaints(|rule| {
        let found = findings(rule.fault);
        let other = |finding: &&Finding| finding.severity() == Severity::Error && finding.code() != rule.code;
        match found.iter().find(other) {
            Some(other) => Some(format!("its fault has another error: {other}")),
            None if found.iter().any(|finding| finding.code() == rule.code) => None,
            None => Some("its fault is not found".to_owned()),
        }
    });
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_rule_leaves_its_near_miss_alone() {
    let wrong = complaints(|rule| {
        let found = findings(rule.near);
        let bad = |finding: &&Finding| finding.severity() == Severity::Error || finding.code() == rule.code;
        found.iter().find(bad).map(|finding| format!("found in the near miss: {finding}"))
    });
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_rule_has_a_page() {
    let wrong = complaints(|rule| {
        let long = rule.title().chars().count() > 72;
        let reads = rule.title().len() > 10
            && rule.text().len() > 60
            && rule.page.trim_start().starts_with(char::is_uppercase);
        (long || !reads).then(|| format!("its page is too thin, or its title too long: {}", rule.title()))
    });
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the examples are files")]
fn no_example_is_left_without_a_rule() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut files: BTreeMap<String, usize> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let (code, rest) = name.split_once('.').unwrap();
        assert!(["fault.yaml", "near.yaml"].contains(&rest), "{name}");
        *files.entry(code.to_owned()).or_default() += 1;
    }
    let codes: BTreeMap<String, usize> = rules().iter().map(|rule| (rule.code.to_owned(), 2)).collect();
    assert_eq!(files, codes);
}
