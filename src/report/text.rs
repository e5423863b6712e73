//! A report for people.

use crate::printer::problem_text;
use crate::report::Report;

/// Everything that is wrong, and the counts at the end.
pub(super) fn write(report: &Report) -> String {
    let mut text: String = report.found.iter().map(|item| problem_text(&item.problem) + "\n").collect();
    text += &report.summary();
    text.push('\n');
    text
}
