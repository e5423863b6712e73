//! What the tests of lints share.

use crate::document::Template;

/// The codes of all findings, most important last.
#[track_caller]
pub(super) fn codes(text: &str) -> Vec<String> {
    let document = Template::parse(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    document.check().iter().map(|finding| finding.code().to_owned()).collect()
}
