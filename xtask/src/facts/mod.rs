//! Makes the table of facts about every resource type.

mod attributes;
mod convert;
mod overlay;
mod pack;
mod pattern;
mod resource;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Result;

use crate::codegen::Output;
use crate::sources::Sources;

const FOLDER: &str = "template/src/facts";

/// The table, and beside it a note of what it was made from.
pub(crate) fn outputs(sources: &Sources) -> Result<Vec<Output>> {
    let names: BTreeSet<&String> = sources.spec.resources.keys().chain(sources.lint.schemas.keys()).collect();
    let mut facts = Vec::new();
    for name in names {
        facts.push(resource::facts(name, sources)?);
    }
    let table = pack::table(&sources.lint.regions, &facts)?;
    let mut note = crate::codegen::header("#");
    let _ = writeln!(note, "# {} resource types, {} bytes", facts.len(), table.len());
    Ok(vec![
        Output::bytes(format!("{FOLDER}/facts.bin"), table),
        Output::bytes(format!("{FOLDER}/facts.txt"), note.into_bytes()),
    ])
}

/// Keeps a text until the tool ends: the facts' texts are those of an unpacked table, which is never dropped.
pub(crate) fn text(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}
