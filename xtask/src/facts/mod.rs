//! Makes the tables of facts about every resource type and every IAM action.

mod attributes;
mod convert;
mod iam;
mod overlay;
mod pattern;
mod resource;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde::Serialize;
use template::facts::{assemble, encode};

use crate::codegen::Output;
use crate::sources::Sources;

const FOLDER: &str = "template/src/facts";

/// The tables, and beside them a note of what they were made from.
pub(crate) fn outputs(sources: &Sources) -> Result<Vec<Output>> {
    let names: BTreeSet<&String> = sources.spec.resources.keys().chain(sources.lint.schemas.keys()).collect();
    let mut facts = Vec::new();
    for name in names {
        facts.push(resource::facts(name, sources)?);
    }
    let services = iam::services(sources, &facts)?;
    let types = table(&sources.lint.regions, facts.iter().map(|facts| (facts.type_name, facts)))?;
    let actions = table(&[], services.iter().map(|service| (service.prefix, service)))?;
    let mut note = crate::codegen::header("#");
    let _ = writeln!(note, "# {} resource types, {} bytes", facts.len(), types.len());
    let count: usize = services.iter().map(|service| service.actions.len()).sum();
    let _ = writeln!(note, "# {count} IAM actions of {} services, {} bytes", services.len(), actions.len());
    Ok(vec![
        Output::bytes(format!("{FOLDER}/facts.bin"), types),
        Output::bytes(format!("{FOLDER}/iam.bin"), actions),
        Output::bytes(format!("{FOLDER}/facts.txt"), note.into_bytes()),
    ])
}

/// The table's bytes, of entries sorted by name.
fn table<'a, T: Serialize + 'a>(
    regions: &[String],
    entries: impl Iterator<Item = (&'a str, &'a T)>,
) -> Result<Vec<u8>> {
    let stored = |(name, facts): (&'a str, &'a T)| {
        Ok((name, encode(facts).with_context(|| format!("encoding the facts of {name}"))?))
    };
    Ok(assemble(regions, &entries.map(stored).collect::<Result<Vec<_>>>()?))
}

/// Keeps a text until the tool ends: the facts' texts are those of the embedded table, which is never dropped.
pub(crate) fn text(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}
