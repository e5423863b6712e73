//! Compresses the facts: neighbouring types in a block, all blocks sharing one trained dictionary.

use anyhow::{Context, Result};
use template::facts::{Block, ResourceFacts, assemble, encode};
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

/// The dictionary's size. Measured: with half of it the blocks grow by as much as it shrinks; twice as much
/// shrinks them by less than it costs.
const DICTIONARY: usize = 64 * 1024;

/// How much a block holds, unpacked; a larger type has one of its own.
///
/// Measured, for the table and for the first look at the forty types of a usual template in a release build:
/// 4 KiB a block 878 KB and 1.9 ms, 6 KiB 856 KB and 2.1 ms, 16 KiB 803 KB and 3 ms.
const BLOCK: usize = 4 * 1024;

/// The best that zstd offers without a larger window.
const LEVEL: i32 = 19;

/// The table's bytes.
pub(crate) fn table(regions: &[String], facts: &[ResourceFacts]) -> Result<Vec<u8>> {
    let mut encoded = Vec::new();
    for each in facts {
        encoded.push(encode(each).with_context(|| format!("encoding the facts of {}", each.type_name))?);
    }
    let dictionary = zstd::dict::from_samples(&encoded, DICTIONARY).context("training the dictionary")?;
    let mut compressor = Compressor::with_dictionary(LEVEL, &dictionary)?;
    // The table's index knows the lengths, and the package's checksum covers the bytes.
    for flag in [CParameter::ContentSizeFlag(false), CParameter::ChecksumFlag(false)] {
        compressor.set_parameter(flag)?;
    }
    let mut blocks = Vec::new();
    let mut open = (Vec::new(), Vec::new());
    for (each, bytes) in facts.iter().zip(&encoded) {
        if !open.0.is_empty() && open.0.len() + bytes.len() > BLOCK {
            blocks.push(block(&mut compressor, std::mem::take(&mut open))?);
        }
        open.1.push((each.type_name.to_owned(), open.0.len()));
        open.0.extend(bytes);
    }
    blocks.push(block(&mut compressor, open)?);
    Ok(assemble(regions, &dictionary, &blocks))
}

fn block(compressor: &mut Compressor<'_>, (bytes, types): (Vec<u8>, Vec<(String, usize)>)) -> Result<Block> {
    Ok(Block { frame: compressor.compress(&bytes)?, unpacked: bytes.len(), types })
}
