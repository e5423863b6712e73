//! Writes what the table's reader reads. For `cargo xtask codegen`.

use serde::Serialize;

/// Neighbouring entries, compressed together.
pub struct Block {
    /// The compressed bytes.
    pub frame: Vec<u8>,
    /// Their length when unpacked.
    pub unpacked: usize,
    /// The entries in it: the name, and where the entry starts when unpacked.
    pub entries: Vec<(String, usize)>,
}

/// The facts of one type or service as they are stored.
///
/// # Errors
///
/// If a text or list is longer than the format can hold, which nothing of AWS comes near.
pub fn encode(facts: &impl Serialize) -> Result<Vec<u8>, postcard::Error> {
    postcard::to_allocvec(facts)
}

/// Builds a table. The entries must be sorted by name, across all blocks.
///
/// # Panics
///
/// If the table were larger than 4 GiB.
pub fn assemble(regions: &[String], dictionary: &[u8], blocks: &[Block]) -> Vec<u8> {
    let regions = regions.join("\n");
    let mut bytes = super::MAGIC.to_vec();
    let mut push = |number: usize| {
        let number = u32::try_from(number).expect("the table is far smaller than 4 GiB");
        bytes.extend(number.to_le_bytes());
    };
    push(blocks.iter().map(|block| block.entries.len()).sum());
    push(blocks.len());
    push(regions.len());
    push(dictionary.len());
    let mut names = 0;
    for (at, block) in blocks.iter().enumerate() {
        for (name, start) in &block.entries {
            names += name.len();
            push(names);
            push(at);
            push(*start);
        }
    }
    let mut end = 0;
    for block in blocks {
        end += block.frame.len();
        push(end);
        push(block.unpacked);
    }
    bytes.extend(regions.as_bytes());
    bytes.extend(blocks.iter().flat_map(|block| &block.entries).flat_map(|(name, _)| name.as_bytes()));
    bytes.extend(dictionary);
    bytes.extend(blocks.iter().flat_map(|block| &block.frame));
    bytes
}
