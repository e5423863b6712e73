//! A report for people.

use std::collections::BTreeMap;

use crate::printer::problem_text;
use crate::problem::{Printable, Severity};
use crate::report::{Item, Report};

/// The most warnings of one rule in one template of which each is shown.
const MOST: usize = 5;
/// How many of more warnings than that are shown.
const FIRST: usize = 3;

/// Everything that is wrong, and the counts at the end. Of many warnings of one rule in one template only the first are
/// shown in full, unless each is asked for.
pub(super) fn write(report: &Report) -> String {
    let mut groups: BTreeMap<(&str, &str), Vec<&Item>> = BTreeMap::new();
    for (key, item) in report.found.iter().filter_map(|item| Some((group(item)?, item))) {
        groups.entry(key).or_default().push(item);
    }
    groups.retain(|_, items| items.len() > MOST && !report.shows_each);
    let mut text = String::new();
    let mut shown: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for item in &report.found {
        let many = group(item).and_then(|key| Some((key, groups.get(&key)?)));
        let Some((key, items)) = many else {
            text += &(problem_text(&item.problem, report.columns) + "\n");
            continue;
        };
        let number = shown.entry(key).or_default();
        *number += 1;
        if *number <= FIRST {
            text += &(problem_text(&item.problem, report.columns) + "\n");
        }
        if *number == FIRST {
            text += &(rest(&items[FIRST..]) + "\n");
        }
    }
    text += &report.summary();
    text.push('\n');
    text
}

/// The template and the rule of a warning.
fn group(item: &Item) -> Option<(&str, &str)> {
    let template = item.template.as_deref().filter(|_| item.problem.severity == Severity::Warning)?;
    Some((template, item.problem.code))
}

/// A line for what is not shown in full.
fn rest(items: &[&Item]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for item in items {
        let path = item.path.strip_prefix("Resources.").unwrap_or(&item.path);
        let name = path.split('.').next().unwrap_or_default();
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    let code = items.first().map(|item| item.problem.code).unwrap_or_default();
    let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    format!("and {} more of {code}{} (`--all` shows each)\n", items.len(), Printable(&names))
}
