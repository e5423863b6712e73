//! What we say of replacements, beside CDK's word and that of AWS's documentation.

#[path = "replacement/cases.rs"]
mod cases;

use cases::Cases;

fn load() -> Cases {
    Cases::load().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_prediction_is_as_documented_and_every_difference_from_cdk_is_explained() {
    let faults = load().faults();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the page is a file")]
fn the_page_of_predictions_is_that_of_the_cases() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/replacement.md");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == load().page(), "docs/replacement.md is stale: run `cargo xtask predictions`");
}
