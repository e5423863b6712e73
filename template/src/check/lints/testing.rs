//! What the tests of lints share.

use crate::check::Finding;
use crate::document::Template;

#[track_caller]
fn findings(text: &str) -> Vec<Finding> {
    Template::parse(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}\n{text}")).check()
}

/// The codes of all findings, most important last.
#[track_caller]
pub(super) fn codes(text: &str) -> Vec<String> {
    findings(text).iter().map(|finding| finding.code().to_owned()).collect()
}

/// The findings of one rule, each on a line of its own: the message, the place and what to do.
#[track_caller]
pub(super) fn found(code: &str, text: &str) -> String {
    let line = |finding: &Finding| {
        let hint = finding.hint.as_ref().map_or(String::new(), |hint| format!(" ({hint})"));
        format!("{} at {}{hint}\n", finding.message, finding.path)
    };
    findings(text).iter().filter(|finding| finding.code() == code).map(line).collect()
}

/// The findings whose code begins with `prefix`, each on a line of its own: the code, the message and the place.
#[track_caller]
pub(super) fn shown(text: &str, prefix: &str) -> String {
    let line = |finding: &Finding| format!("{} {} at {}\n", finding.code(), finding.message, finding.path);
    let of = |finding: &&Finding| finding.code().starts_with(prefix);
    Template::parse(text, "t.yaml")
        .unwrap_or_else(|errors| panic!("{errors}\n{text}"))
        .template
        .check()
        .iter()
        .filter(of)
        .map(line)
        .collect()
}
