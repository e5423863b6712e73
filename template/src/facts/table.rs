//! The embedded tables, of resource types and of the services that IAM knows: an index by name, and the facts in
//! small compressed blocks, so that a lookup unpacks little more than what is asked for.
//!
//! They are zstd frames, read with a decoder in Rust: C's is half a millisecond faster for forty types and costs
//! every build of this crate most of a minute.
//!
//! Layout, all numbers 32 bits, little endian:
//!
//! ```text
//! magic       8 bytes
//! lengths     how many entries, how many blocks, bytes of the regions, bytes of the dictionary
//! entries     per entry: end of its name, its block, its start in the unpacked block
//! blocks      per block: end of the block, its length when unpacked
//! regions     names, separated by line feeds
//! names       sorted, without separators
//! dictionary  which all blocks share, if there is one
//! blocks      zstd frames, each holding the postcard form of some neighbouring entries: `ResourceFacts` of types,
//!             `IamService` of services
//! ```

use std::sync::{Mutex, OnceLock, PoisonError};

use ruzstd::decoding::{BlockDecodingStrategy, Dictionary, FrameDecoder};

use super::iam::IamService;
use super::resource::ResourceFacts;

pub(super) mod write;

const MAGIC: &[u8; 8] = b"DTFACTS1";

/// What is unpacked at its first use, by its place. Boxed, so that what is never used costs a pointer.
type Once<T> = Box<[OnceLock<Option<Box<T>>>]>;

/// The table of resource types. It is written by the same version of this code, and a test reads all of it.
fn resource_types() -> Option<&'static Table> {
    static TABLE: OnceLock<Option<Table>> = OnceLock::new();
    TABLE.get_or_init(|| Table::read(include_bytes!("facts.bin"))).as_ref()
}

/// The table of the services that IAM knows. As above.
fn services() -> Option<&'static Table> {
    static TABLE: OnceLock<Option<Table>> = OnceLock::new();
    TABLE.get_or_init(|| Table::read(include_bytes!("iam.bin"))).as_ref()
}

/// The parts of a table.
struct Table {
    count: usize,
    entries: Numbers,
    blocks: Numbers,
    regions: &'static str,
    names: &'static [u8],
    dictionary: &'static [u8],
    frames: &'static [u8],
    /// Reading the dictionary costs more than unpacking a block.
    decoder: OnceLock<Option<Mutex<FrameDecoder>>>,
    unpacked: Once<[u8]>,
}

impl Table {
    fn read(bytes: &'static [u8]) -> Option<Table> {
        let (lengths, rest) = bytes.strip_prefix(MAGIC)?.split_at_checked(4 * 4)?;
        let length = |at| Numbers(lengths).get(at);
        let (count, block_count) = (length(0)?, length(1)?);
        let (entries, rest) = rest.split_at_checked(count * 3 * 4)?;
        let (blocks, rest) = rest.split_at_checked(block_count * 2 * 4)?;
        let (entries, blocks) = (Numbers(entries), Numbers(blocks));
        let (regions, rest) = rest.split_at_checked(length(2)?)?;
        let names = if count == 0 { 0 } else { entries.get((count - 1) * 3)? };
        let (names, rest) = rest.split_at_checked(names)?;
        let (dictionary, frames) = rest.split_at_checked(length(3)?)?;
        let regions = str::from_utf8(regions).ok()?;
        let unpacked = (0..block_count).map(|_| OnceLock::new()).collect();
        let decoder = OnceLock::new();
        Some(Table { count, entries, blocks, regions, names, dictionary, frames, decoder, unpacked })
    }

    fn name(&self, at: usize) -> &'static str {
        str::from_utf8(self.name_bytes(at)).unwrap_or_default()
    }

    fn name_bytes(&self, at: usize) -> &'static [u8] {
        let start = if at == 0 { Some(0) } else { self.entries.get((at - 1) * 3) };
        let name = start.zip(self.entries.get(at * 3)).and_then(|(start, end)| self.names.get(start..end));
        name.unwrap_or_default()
    }

    /// The place of the entry `name`.
    fn find(&self, name: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low.midpoint(high);
            match self.name_bytes(middle).cmp(name.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The stored form of an entry, and what follows it.
    fn bytes(&'static self, at: usize) -> Option<&'static [u8]> {
        self.block(self.entries.get(at * 3 + 1)?)?.get(self.entries.get(at * 3 + 2)?..)
    }

    /// Unpacks a block, once.
    fn block(&'static self, at: usize) -> Option<&'static [u8]> {
        let block = self.unpacked.get(at)?;
        block.get_or_init(|| self.unpack(at).map(Vec::into_boxed_slice)).as_deref()
    }

    fn unpack(&self, at: usize) -> Option<Vec<u8>> {
        let decoder = self.decoder.get_or_init(|| {
            let mut decoder = FrameDecoder::new();
            if !self.dictionary.is_empty() {
                decoder.add_dict(Dictionary::decode_dict(self.dictionary).ok()?).ok()?;
            }
            Some(Mutex::new(decoder))
        });
        let mut decoder = decoder.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        let start = if at == 0 { 0 } else { self.blocks.get((at - 1) * 2)? };
        let mut frame = self.frames.get(start..self.blocks.get(at * 2)?)?;
        decoder.init(&mut frame).ok()?;
        decoder.decode_blocks(&mut frame, BlockDecodingStrategy::All).ok()?;
        decoder.collect()
    }

    fn names(table: Option<&'static Table>) -> impl ExactSizeIterator<Item = &'static str> {
        (0..table.map_or(0, |table| table.count)).map(move |at| table.map_or("", |table| table.name(at)))
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
    Table::names(resource_types())
}

/// The place of a type in the table.
pub(super) fn find(type_name: &str) -> Option<usize> {
    resource_types()?.find(type_name)
}

/// The facts of the type at this place, read once.
pub(super) fn facts(at: usize) -> Option<&'static ResourceFacts> {
    static READ: OnceLock<Once<ResourceFacts>> = OnceLock::new();
    let table = resource_types()?;
    let all = READ.get_or_init(|| (0..table.count).map(|_| OnceLock::new()).collect());
    let read = || {
        let (facts, _) = postcard::take_from_bytes(table.bytes(at)?).ok()?;
        Some(Box::new(ResourceFacts { type_name: table.name(at), ..facts }))
    };
    all.get(at)?.get_or_init(read).as_deref()
}

/// The names of the regions; a region's place is its bit in `ResourceFacts::regions`.
pub(super) fn regions() -> impl Iterator<Item = &'static str> {
    resource_types().into_iter().flat_map(|table| table.regions.lines())
}

/// The prefixes of all services' actions, sorted.
pub(super) fn service_names() -> impl ExactSizeIterator<Item = &'static str> {
    Table::names(services())
}

/// The service whose actions have this prefix, read once.
pub(super) fn service(prefix: &str) -> Option<&'static IamService> {
    static READ: OnceLock<Once<IamService>> = OnceLock::new();
    let table = services()?;
    let at = table.find(prefix)?;
    let all = READ.get_or_init(|| (0..table.count).map(|_| OnceLock::new()).collect());
    let read = || {
        let (service, _) = postcard::take_from_bytes(table.bytes(at)?).ok()?;
        Some(Box::new(IamService { prefix: table.name(at), ..service }))
    };
    all.get(at)?.get_or_init(read).as_deref()
}
