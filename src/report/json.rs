//! A report for programs.

use serde::Serialize;

use crate::report::{AllowedItem, Item, Report};

#[derive(Serialize)]
struct View<'a> {
    version: u32,
    templates: usize,
    errors: usize,
    warnings: usize,
    findings: &'a [Item],
    allowed: &'a [AllowedItem],
}

/// Everything that is wrong and everything that is allowed, with counts.
pub(super) fn write(report: &Report) -> String {
    let (errors, warnings) = report.counts();
    let view = View {
        version: 1,
        templates: report.templates,
        errors,
        warnings,
        findings: &report.found,
        allowed: &report.allowed,
    };
    let text = serde_json::to_string_pretty(&view).expect("a view of ours has text keys and finite numbers");
    format!("{text}\n")
}
