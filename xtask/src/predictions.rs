//! `docs/replacement.md`: what we predict of changes, beside CDK's word and that of the documentation.

#[path = "../../template/tests/replacement/cases.rs"]
mod cases;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use cases::Cases;

/// Writes the page; with `check`, fails if it is not as it would be written.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let path = root.join("docs/replacement.md");
    let cases = Cases::load().context("reading the cases in template/tests/replacement")?;
    let faults = cases.faults();
    ensure!(faults.is_empty(), "the cases in template/tests/replacement:\n{}", faults.join("\n"));
    let wanted = cases.page();
    let written = fs::read_to_string(&path).unwrap_or_default();
    if check {
        ensure!(written == wanted, "docs/replacement.md is stale: run `cargo xtask predictions`");
    } else if written != wanted {
        fs::write(&path, wanted).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
