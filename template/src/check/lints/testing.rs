//! What the tests of lints share.

use crate::check::Finding;
use crate::document::Template;

/// The findings of one rule, each on a line of its own: the message, the place and what to do.
#[track_caller]
pub(super) fn found(code: &str, text: &str) -> String {
    let findings =
        Template::parse(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}\n{text}")).check();
    let line = |finding: &Finding| {
        let hint = finding.hint.as_ref().map_or(String::new(), |hint| format!(" ({hint})"));
        format!("{} at {}{hint}\n", finding.message, finding.path)
    };
    findings.iter().filter(|finding| finding.code() == code).map(line).collect()
}
