//! Two reports beside each other.

use serde::Serialize;

use super::money::{Band, Money};
use super::report::{Line, Report};

/// What a service costs more or less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The service.
    pub service: &'static str,
    /// What it costs in a month before.
    pub before: Band<Money>,
    /// And after.
    pub after: Band<Money>,
    /// After without before.
    pub difference: Band<Money>,
    /// The lines that differ.
    pub lines: Vec<LineDifference>,
}

/// What one line costs more or less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LineDifference {
    /// What it is.
    pub what: String,
    /// What it costs in a month before.
    pub before: Band<Money>,
    /// And after.
    pub after: Band<Money>,
    /// Whether one of the two is not sure.
    pub estimate: bool,
}

/// The services whose cost differs, those of `before` first.
pub fn compare(before: &Report, after: &Report) -> Vec<Difference> {
    let old = before.services.iter();
    let new = after.services.iter().filter(|new| old.clone().all(|old| old.name != new.name));
    let names: Vec<&'static str> = old.clone().chain(new).map(|service| service.name).collect();
    let difference = |service: &'static str| {
        let lines = lines(of(before, service), of(after, service));
        let (before, after) = (before.service(service), after.service(service));
        let difference = after.with(before, |after, before| after - before);
        Difference { service, before, after, difference, lines }
    };
    names.into_iter().map(difference).filter(|one| !one.lines.is_empty()).collect()
}

fn of<'r>(report: &'r Report, name: &str) -> &'r [Line] {
    let found = report.services.iter().find(|service| service.name == name);
    found.map_or(&[], |service| &service.lines)
}

fn lines(before: &[Line], after: &[Line]) -> Vec<LineDifference> {
    let same = |one: &Line, other: &Line| one.what == other.what;
    let month = |lines: &[Line], wanted: &Line| -> Band<Money> {
        lines.iter().filter(|line| same(line, wanted)).map(|line| line.month).sum()
    };
    let new = after.iter().filter(|new| !before.iter().any(|old| same(old, new)));
    let pair = |line: &Line| LineDifference {
        what: line.what.clone(),
        before: month(before, line),
        after: month(after, line),
        estimate: before.iter().chain(after).any(|one| same(one, line) && one.estimate),
    };
    before.iter().chain(new).map(pair).filter(|pair| pair.before != pair.after).collect()
}
