//! What was found to be billed so far, and the report that comes of it.

use std::collections::{BTreeMap, BTreeSet};

use super::money::{Amount, Band, Money};
use super::prices::Price;
use super::report::{Count, Dates, HOURS, Line, NotPriced, Report, Service, Tasks, UnitPrice};
use super::settle::Settled;
use super::usage::{ASSUMPTIONS, Usage};
use super::view::Thing;

/// Where a line stands in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    Fargate,
    LoadBalancing,
    Nat,
    Addresses,
    Endpoints,
    Transfer,
    Logs,
    CloudWatch,
    Ecr,
    Secrets,
    Keys,
    Efs,
    Waf,
    Dns,
    Cdn,
}

impl Group {
    fn name(self) -> &'static str {
        match self {
            Group::Fargate => "Fargate",
            Group::LoadBalancing => "Load balancers",
            Group::Nat => "NAT gateways",
            Group::Addresses => "Public IPv4 addresses",
            Group::Endpoints => "VPC endpoints",
            Group::Transfer => "Data transfer",
            Group::Logs => "CloudWatch Logs",
            Group::CloudWatch => "CloudWatch",
            Group::Ecr => "ECR",
            Group::Secrets => "Secrets Manager",
            Group::Keys => "KMS",
            Group::Efs => "EFS",
            Group::Waf => "WAF",
            Group::Dns => "Route 53",
            Group::Cdn => "CloudFront",
        }
    }
}

/// What is billed by how much it is used: one line for all resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Use {
    Nat,
    Endpoint,
    Out,
    CrossZone,
    Log,
    RareLog,
    FlowLog,
    FlowLogToS3,
    WafLog,
    Ecr,
    Secret,
    Key,
    Efs,
    EfsOneZone,
    Waf,
    Dns,
    Cdn,
    Dashboard,
}

/// A log group, as far as it says what is stored.
pub(super) struct Kept {
    pub(super) what: Use,
    pub(super) days: Option<u64>,
    pub(super) resource: String,
}

/// One thing that is billed.
pub(super) struct Entry {
    group: Group,
    what: String,
    price: &'static Price,
    /// Of the price, in hundredths.
    percent: Band<u64>,
    quantity: Band<Amount>,
    resources: Vec<String>,
}

/// All that was found.
pub(super) struct Sheet<'u> {
    usage: &'u Usage,
    /// Whether resources are named with their stack.
    several: bool,
    /// Logical IDs that more than one stack has.
    shared: BTreeSet<String>,
    entries: Vec<Entry>,
    pub(super) uses: BTreeMap<Use, Vec<String>>,
    pub(super) kept: Vec<Kept>,
    tasks: Vec<Tasks>,
    not_priced: Vec<NotPriced>,
    unknown: BTreeMap<String, usize>,
    free: BTreeMap<String, usize>,
    assumed: BTreeSet<&'static str>,
    pub(super) notes: Vec<String>,
}

const WHOLE: u64 = 100;

impl<'u> Sheet<'u> {
    pub(super) fn new(usage: &'u Usage, stacks: &[Settled]) -> Sheet<'u> {
        let ids = stacks.iter().flat_map(|stack| stack.template.resources.keys());
        let mut seen = BTreeSet::new();
        let shared = ids.filter(|id| !seen.insert(*id)).cloned().collect();
        Sheet {
            usage,
            several: stacks.len() > 1,
            shared,
            entries: Vec::new(),
            uses: BTreeMap::new(),
            kept: Vec::new(),
            tasks: Vec::new(),
            not_priced: Vec::new(),
            unknown: BTreeMap::new(),
            free: BTreeMap::new(),
            assumed: BTreeSet::new(),
            notes: Vec::new(),
        }
    }

    /// What a resource is called in words: by its ID, unless several stacks have it.
    pub(super) fn label(&self, thing: Thing<'_>) -> String {
        let (stack, id) = thing.name();
        if self.shared.contains(&id) { format!("{stack}/{id}") } else { id }
    }

    /// What a resource is called.
    pub(super) fn name(&self, thing: Thing<'_>) -> String {
        let (stack, id) = thing.name();
        if self.several { format!("{stack}/{id}") } else { id }
    }

    /// Adds what is billed for a resource; the same of another one is the same line.
    pub(super) fn add(
        &mut self,
        thing: Thing<'_>,
        group: Group,
        what: &str,
        price: &'static Price,
        quantity: Amount,
    ) {
        let resources = vec![self.name(thing)];
        self.add_use(group, what, price, quantity, resources);
    }

    /// As [`Sheet::add`], for each hour of the month.
    pub(super) fn add_hours(
        &mut self,
        thing: Thing<'_>,
        group: Group,
        what: &str,
        price: &'static Price,
        number: Band<Amount>,
    ) {
        self.add_hours_at(thing, group, what, (price, Band::same(WHOLE)), number);
    }

    /// As [`Sheet::add_hours`], at so many hundredths of the price.
    pub(super) fn add_hours_at(
        &mut self,
        thing: Thing<'_>,
        group: Group,
        what: &str,
        (price, percent): (&'static Price, Band<u64>),
        number: Band<Amount>,
    ) {
        let (what, resources) = (what.to_owned(), vec![self.name(thing)]);
        self.put(Entry { group, what, price, percent, quantity: number.map(hours), resources });
    }

    /// Adds what all that is used in this way costs together.
    pub(super) fn add_use(
        &mut self,
        group: Group,
        what: &str,
        price: &'static Price,
        quantity: Amount,
        resources: Vec<String>,
    ) {
        let (percent, quantity) = (Band::same(WHOLE), Band::same(quantity));
        self.put(Entry { group, what: what.to_owned(), price, percent, quantity, resources });
    }

    fn put(&mut self, entry: Entry) {
        let same = |known: &&mut Entry| {
            known.group == entry.group
                && known.what == entry.what
                && std::ptr::eq(known.price, entry.price)
                && known.percent == entry.percent
        };
        match self.entries.iter_mut().find(same) {
            Some(known) => {
                known.quantity = known.quantity.with(entry.quantity, Amount::plus);
                known.resources.extend(entry.resources);
            }
            None => self.entries.push(entry),
        }
    }

    /// The resource is billed by how much it is used in this way.
    pub(super) fn uses(&mut self, thing: Thing<'_>, how: Use) {
        let name = self.name(thing);
        self.uses.entry(how).or_default().push(name);
    }

    /// What is assumed of the use; the report says so.
    pub(super) fn assume(&mut self, name: &'static str) -> Amount {
        self.assumed.insert(name);
        self.usage.get(name)
    }

    /// The part of what is assumed that is used in this way, where others share it: by how many resources use it so.
    pub(super) fn share(&mut self, name: &'static str, how: Use, ways: &[Use]) -> Amount {
        let number = |how: &Use| Amount::whole(self.uses.get(how).map_or(0, Vec::len) as u64);
        let all = ways.iter().map(number).fold(Amount::default(), Amount::plus);
        let own = number(&how);
        self.assume(name).part(own, all)
    }

    pub(super) fn tasks(&mut self, tasks: Tasks) {
        self.tasks.push(tasks);
    }

    pub(super) fn not_priced(&mut self, thing: Thing<'_>, why: impl Into<String>) {
        let resource = self.name(thing);
        self.not_priced_as(resource, thing.item.type_name(), why);
    }

    /// As [`Sheet::not_priced`], for a resource of which the name is known.
    pub(super) fn not_priced_as(&mut self, resource: String, type_name: &str, why: impl Into<String>) {
        self.not_priced.push(NotPriced { resource, type_name: type_name.to_owned(), why: why.into() });
    }

    pub(super) fn unknown(&mut self, type_name: &str) {
        *self.unknown.entry(type_name.to_owned()).or_default() += 1;
    }

    pub(super) fn free(&mut self, type_name: &str) {
        *self.free.entry(type_name.to_owned()).or_default() += 1;
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The report, without its regions.
    pub(super) fn report(mut self) -> Report {
        self.entries.sort_by_key(|entry| entry.group);
        let mut services: Vec<Service> = Vec::new();
        let dates: BTreeSet<&'static str> = self.entries.iter().map(|entry| entry.price.date).collect();
        for entry in self.entries {
            let name = entry.group.name();
            let line = line(entry);
            match services.last_mut().filter(|service| service.name == name) {
                Some(service) => service.lines.push(line),
                None => services.push(Service { name, month: Band::default(), lines: vec![line] }),
            }
        }
        for service in &mut services {
            service.month = service.lines.iter().map(|line| line.month).sum();
        }
        let used = ASSUMPTIONS.iter().filter(|known| self.assumed.contains(known.name));
        let counts = |all: BTreeMap<String, usize>| -> Vec<Count> {
            all.into_iter().map(|(type_name, count)| Count { type_name, count }).collect()
        };
        Report {
            regions: Vec::new(),
            hours: HOURS,
            prices: dates.first().zip(dates.last()).map(|(oldest, newest)| Dates { oldest, newest }),
            total: services.iter().map(|service| service.month).sum(),
            services,
            tasks: self.tasks,
            not_priced: self.not_priced,
            unknown_types: counts(self.unknown),
            free_types: counts(self.free),
            assumed: used.map(|known| self.usage.assumed(known)).collect(),
            notes: self.notes,
        }
    }
}

fn hours(number: Amount) -> Amount {
    number.times(Amount::whole(HOURS))
}

fn line(entry: Entry) -> Line {
    let Entry { what, price, percent, quantity, mut resources, .. } = entry;
    resources.dedup();
    let nanos = percent.map(|percent| price.nanos * percent / WHOLE);
    let is_derived = percent != Band::same(WHOLE);
    let grade = if is_derived { super::Grade::C } else { price.grade };
    Line {
        what,
        quantity,
        unit: price.unit,
        unit_price: UnitPrice {
            usd: dollars(nanos.expected),
            grade,
            date: price.date,
            source: if is_derived { SPOT } else { price.source },
            usage_type: if is_derived { "" } else { price.usage_type },
        },
        month: quantity.with(nanos, Money::of),
        estimate: grade.is_estimate(),
        resources,
    }
}

const SPOT: &str =
    "60 % off the price on demand, between 50 and 70 %; it follows supply, and nobody promises it";

/// Billionths of a dollar as a decimal number of dollars.
fn dollars(nanos: u64) -> String {
    let (whole, places) = (nanos / 1_000_000_000, format!("{:09}", nanos % 1_000_000_000));
    let places = places.trim_end_matches('0');
    format!("{whole}.{places:0<2}")
}
