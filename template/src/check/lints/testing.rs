//! Checking a template in a test of a lint.

use crate::document::Template;

/// The findings whose code begins with `prefix`, one a line.
pub(super) fn found(text: &str, prefix: &str) -> String {
    let document = Template::parse(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    let all = document.template.check();
    let shown = all.iter().filter(|finding| finding.code().starts_with(prefix));
    let lines = shown.map(|finding| format!("{} {} at {}\n", finding.code(), finding.message, finding.path));
    lines.collect::<Vec<_>>().concat()
}
