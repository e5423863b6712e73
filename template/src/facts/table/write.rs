//! Writes what the table's reader reads. For `cargo xtask codegen`.

use serde::Serialize;

/// The facts of one type or service as they are stored.
///
/// # Errors
///
/// If a text or list is longer than the format can hold, which nothing of AWS comes near.
pub fn encode(facts: &impl Serialize) -> Result<Vec<u8>, postcard::Error> {
    postcard::to_allocvec(facts)
}

/// Builds a table of names, which must be sorted, each with what is [stored](encode) of it.
///
/// # Panics
///
/// If the table were larger than 4 GiB.
pub fn assemble(regions: &[String], entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let regions = regions.join("\n");
    let mut bytes = super::MAGIC.to_vec();
    let mut push = |number: usize| {
        let number = u32::try_from(number).expect("the table is far smaller than 4 GiB");
        bytes.extend(number.to_le_bytes());
    };
    push(entries.len());
    push(regions.len());
    let (mut names, mut facts) = (0, 0);
    for (name, stored) in entries {
        names += name.len();
        facts += stored.len();
        push(names);
        push(facts);
    }
    bytes.extend(regions.as_bytes());
    bytes.extend(entries.iter().flat_map(|(name, _)| name.as_bytes()));
    bytes.extend(entries.iter().flat_map(|(_, stored)| stored));
    bytes
}
