//! Compresses facts: neighbouring types or services in a block, all blocks sharing one trained dictionary.

use anyhow::{Context, Result};
use serde::Serialize;
use template::facts::{Block, assemble, encode};
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

/// How a table is packed.
#[derive(Clone, Copy)]
pub(crate) struct Packing {
    /// The dictionary's size; 0 for none.
    dictionary: usize,
    /// How much a block holds, unpacked; a larger entry has one of its own.
    block: usize,
}

/// The resource types.
///
/// The dictionary, measured: with half of it the blocks grow by as much as it shrinks; twice as much shrinks them
/// by less than it costs. The blocks, measured for the table and for the first look at the forty types of a usual
/// template in a release build: 4 KiB a block 878 KB and 1.9 ms, 6 KiB 856 KB and 2.1 ms, 16 KiB 803 KB and 3 ms.
pub(crate) const TYPES: Packing = Packing { dictionary: 64 * 1024, block: 4 * 1024 };

/// The services.
pub(crate) const SERVICES: Packing = Packing { dictionary: 8 * 1024, block: 4 * 1024 };

/// The best that zstd offers without a larger window.
const LEVEL: i32 = 19;

/// The table's bytes, of entries sorted by name.
pub(crate) fn table<'a, T: Serialize + 'a>(
    regions: &[String],
    entries: impl Iterator<Item = (&'a str, &'a T)>,
    packing: Packing,
) -> Result<Vec<u8>> {
    let mut encoded = Vec::new();
    for (name, facts) in entries {
        encoded.push((name, encode(facts).with_context(|| format!("encoding the facts of {name}"))?));
    }
    let dictionary = if packing.dictionary == 0 {
        vec![]
    } else {
        let samples: Vec<_> = encoded.iter().map(|(_, bytes)| bytes).collect();
        zstd::dict::from_samples(&samples, packing.dictionary).context("training the dictionary")?
    };
    let mut compressor = Compressor::with_dictionary(LEVEL, &dictionary)?;
    // The table's index knows the lengths, and the package's checksum covers the bytes.
    for flag in [CParameter::ContentSizeFlag(false), CParameter::ChecksumFlag(false)] {
        compressor.set_parameter(flag)?;
    }
    let mut blocks = Vec::new();
    let mut open = (Vec::new(), Vec::new());
    for (name, bytes) in &encoded {
        if !open.0.is_empty() && open.0.len() + bytes.len() > packing.block {
            blocks.push(block(&mut compressor, std::mem::take(&mut open))?);
        }
        open.1.push(((*name).to_owned(), open.0.len()));
        open.0.extend(bytes);
    }
    blocks.push(block(&mut compressor, open)?);
    Ok(assemble(regions, &dictionary, &blocks))
}

fn block(
    compressor: &mut Compressor<'_>,
    (bytes, entries): (Vec<u8>, Vec<(String, usize)>),
) -> Result<Block> {
    Ok(Block { frame: compressor.compress(&bytes)?, unpacked: bytes.len(), entries })
}
