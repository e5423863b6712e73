//! The embedded table: an index by name, and the facts in small compressed blocks, so that a lookup unpacks
//! little more than the type that is asked for.
//!
//! They are zstd frames, read with a decoder in Rust: C's is half a millisecond faster for forty types and costs
//! every build of this crate most of a minute.
//!
//! Layout, all numbers 32 bits, little endian:
//!
//! ```text
//! magic       8 bytes
//! lengths     how many types, how many blocks, bytes of the regions, bytes of the dictionary
//! types       per type: end of its name, its block, its start in the unpacked block
//! blocks      per block: end of the block, its length when unpacked
//! regions     names, separated by line feeds
//! names       sorted, without separators
//! dictionary  which all blocks share
//! blocks      zstd frames, each holding the postcard form of some neighbouring types' `ResourceFacts`
//! ```

use std::sync::{Mutex, OnceLock, PoisonError};

use ruzstd::decoding::{BlockDecodingStrategy, Dictionary, FrameDecoder};

use super::resource::ResourceFacts;

pub(super) mod write;

static BYTES: &[u8] = include_bytes!("facts.bin");

const MAGIC: &[u8; 8] = b"DTFACTS1";

/// What is unpacked at its first use, by its place. Boxed, so that what is never used costs a pointer.
type Once<T> = Box<[OnceLock<Option<Box<T>>>]>;

/// The parts of the table.
#[derive(Clone, Copy)]
struct Table {
    count: usize,
    types: Numbers,
    block_count: usize,
    blocks: Numbers,
    regions: &'static str,
    names: &'static [u8],
    dictionary: &'static [u8],
    frames: &'static [u8],
}

impl Table {
    /// The embedded table. It is written by the same version of this code, and a test reads every type of it.
    fn get() -> Option<&'static Table> {
        static TABLE: OnceLock<Option<Table>> = OnceLock::new();
        TABLE.get_or_init(|| Table::read(BYTES)).as_ref()
    }

    fn read(bytes: &'static [u8]) -> Option<Table> {
        let (lengths, rest) = bytes.strip_prefix(MAGIC)?.split_at_checked(4 * 4)?;
        let length = |at| Numbers(lengths).get(at);
        let (count, block_count) = (length(0)?, length(1)?);
        let (types, rest) = rest.split_at_checked(count * 3 * 4)?;
        let (blocks, rest) = rest.split_at_checked(block_count * 2 * 4)?;
        let (types, blocks) = (Numbers(types), Numbers(blocks));
        let (regions, rest) = rest.split_at_checked(length(2)?)?;
        let names = if count == 0 { 0 } else { types.get((count - 1) * 3)? };
        let (names, rest) = rest.split_at_checked(names)?;
        let (dictionary, frames) = rest.split_at_checked(length(3)?)?;
        let regions = str::from_utf8(regions).ok()?;
        Some(Table { count, types, block_count, blocks, regions, names, dictionary, frames })
    }

    fn name(&self, at: usize) -> &'static str {
        let start = if at == 0 { Some(0) } else { self.types.get((at - 1) * 3) };
        let name = start.zip(self.types.get(at * 3)).and_then(|(start, end)| self.names.get(start..end));
        name.and_then(|name| str::from_utf8(name).ok()).unwrap_or_default()
    }

    /// Unpacks a block, once.
    fn block(&self, at: usize) -> Option<&'static [u8]> {
        static UNPACKED: OnceLock<Once<[u8]>> = OnceLock::new();
        let all = UNPACKED.get_or_init(|| (0..self.block_count).map(|_| OnceLock::new()).collect());
        all.get(at)?.get_or_init(|| self.unpack(at).map(Vec::into_boxed_slice)).as_deref()
    }

    fn unpack(&self, at: usize) -> Option<Vec<u8>> {
        // Reading the dictionary costs more than unpacking a block.
        static DECODER: OnceLock<Option<Mutex<FrameDecoder>>> = OnceLock::new();
        let decoder = DECODER.get_or_init(|| {
            let mut decoder = FrameDecoder::new();
            decoder.add_dict(Dictionary::decode_dict(self.dictionary).ok()?).ok()?;
            Some(Mutex::new(decoder))
        });
        let mut decoder = decoder.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        let start = if at == 0 { 0 } else { self.blocks.get((at - 1) * 2)? };
        let mut frame = self.frames.get(start..self.blocks.get(at * 2)?)?;
        decoder.init(&mut frame).ok()?;
        decoder.decode_blocks(&mut frame, BlockDecodingStrategy::All).ok()?;
        decoder.collect()
    }

    fn decode(&self, at: usize) -> Option<ResourceFacts> {
        let block = self.block(self.types.get(at * 3 + 1)?)?;
        let (facts, _) = postcard::take_from_bytes(block.get(self.types.get(at * 3 + 2)?..)?).ok()?;
        Some(ResourceFacts { type_name: self.name(at), ..facts })
    }
}

/// 32-bit numbers, little endian.
#[derive(Clone, Copy)]
struct Numbers(&'static [u8]);

impl Numbers {
    fn get(self, at: usize) -> Option<usize> {
        let bytes = self.0.get(at * 4..at * 4 + 4)?;
        usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
    }
}

/// The names of all types, sorted.
pub(super) fn type_names() -> impl ExactSizeIterator<Item = &'static str> {
    let table = Table::get();
    (0..table.map_or(0, |table| table.count)).map(move |at| table.map_or("", |table| table.name(at)))
}

/// The place of a type in the table.
pub(super) fn find(type_name: &str) -> Option<usize> {
    let table = Table::get()?;
    let (mut low, mut high) = (0, table.count);
    while low < high {
        let middle = low.midpoint(high);
        match table.name(middle).cmp(type_name) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Equal => return Some(middle),
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

/// The facts of the type at this place, read once.
pub(super) fn facts(at: usize) -> Option<&'static ResourceFacts> {
    static READ: OnceLock<Once<ResourceFacts>> = OnceLock::new();
    let table = Table::get()?;
    let all = READ.get_or_init(|| (0..table.count).map(|_| OnceLock::new()).collect());
    all.get(at)?.get_or_init(|| table.decode(at).map(Box::new)).as_deref()
}

/// The names of the regions; a region's place is its bit in `ResourceFacts::regions`.
pub(super) fn regions() -> impl Iterator<Item = &'static str> {
    Table::get().into_iter().flat_map(|table| table.regions.lines())
}
