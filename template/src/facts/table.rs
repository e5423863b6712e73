//! The embedded tables, of resource types and of the services that IAM knows: an index by name, and the facts of each
//! as they are in memory, so that a lookup touches little more than what is asked for.
//!
//! They are not compressed: the program would be 2.9 MB smaller, but to unpack the types of a usual template took longer
//! than to check it, most of that for memory.
//!
//! Layout, all numbers 32 bits, little endian:
//!
//! ```text
//! magic       8 bytes
//! lengths     how many entries, bytes of the regions
//! entries     per entry: end of its name, end of its facts
//! regions     names, separated by line feeds
//! names       sorted, without separators
//! facts       the postcard form of each entry: `ResourceFacts` of types, `IamService` of services
//! ```

use std::sync::OnceLock;

use super::iam::IamService;
use super::resource::ResourceFacts;

pub(super) mod write;

const MAGIC: &[u8; 8] = b"DTFACTS2";

/// What is read at its first use, by its place. Boxed, so that what is never used costs a pointer.
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
    regions: &'static str,
    names: &'static [u8],
    facts: &'static [u8],
}

impl Table {
    fn read(bytes: &'static [u8]) -> Option<Table> {
        let (lengths, rest) = bytes.strip_prefix(MAGIC)?.split_at_checked(2 * 4)?;
        let length = |at| Numbers(lengths).get(at);
        let count = length(0)?;
        let (entries, rest) = rest.split_at_checked(count * 2 * 4)?;
        let entries = Numbers(entries);
        let (regions, rest) = rest.split_at_checked(length(1)?)?;
        let names = if count == 0 { 0 } else { entries.get((count - 1) * 2)? };
        let (names, facts) = rest.split_at_checked(names)?;
        Some(Table { count, entries, regions: str::from_utf8(regions).ok()?, names, facts })
    }

    fn name(&self, at: usize) -> &'static str {
        str::from_utf8(self.name_bytes(at)).unwrap_or_default()
    }

    fn name_bytes(&self, at: usize) -> &'static [u8] {
        self.part(self.names, at, 0).unwrap_or_default()
    }

    /// The stored form of an entry.
    fn bytes(&self, at: usize) -> Option<&'static [u8]> {
        self.part(self.facts, at, 1)
    }

    /// What an entry has of `all`, by the place of its end among the entry's numbers.
    fn part(&self, all: &'static [u8], at: usize, end: usize) -> Option<&'static [u8]> {
        let start = if at == 0 { 0 } else { self.entries.get((at - 1) * 2 + end)? };
        all.get(start..self.entries.get(at * 2 + end)?)
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
        let facts: ResourceFacts = postcard::from_bytes(table.bytes(at)?).ok()?;
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
        let service: IamService = postcard::from_bytes(table.bytes(at)?).ok()?;
        Some(Box::new(IamService { prefix: table.name(at), ..service }))
    };
    all.get(at)?.get_or_init(read).as_deref()
}
