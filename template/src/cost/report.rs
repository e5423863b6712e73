//! What a month costs, as data.

use serde::Serialize;

use super::money::{Amount, Band, Money};
use super::prices::Grade;
use super::usage::Assumed;

/// The hours of a month, as AWS's own calculator counts them.
pub const HOURS: u64 = 730;

/// What stacks cost in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The regions whose prices were taken.
    pub regions: Vec<&'static str>,
    /// The hours that a month is taken to have.
    pub hours: u64,
    /// The dates of the oldest and the newest price in it, if there is any.
    pub prices: Option<Dates>,
    /// The sum of all services.
    pub total: Band<Money>,
    /// What is priced, by service.
    pub services: Vec<Service>,
    /// The tasks on Fargate, by service.
    pub tasks: Vec<Tasks>,
    /// What is not priced, each with a reason.
    pub not_priced: Vec<NotPriced>,
    /// Types of resources for which this knows no price.
    pub unknown_types: Vec<Count>,
    /// Types of resources that cost nothing by themselves.
    pub free_types: Vec<Count>,
    /// What was assumed.
    pub assumed: Vec<Assumed>,
    /// What to know besides.
    pub notes: Vec<String>,
}

/// From when prices are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Dates {
    /// The oldest: a year, or a year and a month.
    pub oldest: &'static str,
    /// The newest.
    pub newest: &'static str,
}

/// What is billed by one of AWS's services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// Its name.
    pub name: &'static str,
    /// The sum of its lines.
    pub month: Band<Money>,
    /// What is billed.
    pub lines: Vec<Line>,
}

/// One thing that is billed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// What it is.
    pub what: String,
    /// How much of it.
    pub quantity: Band<Amount>,
    /// What it is counted in.
    pub unit: &'static str,
    /// What one costs.
    pub unit_price: UnitPrice,
    /// Quantity times price, in whole cents.
    pub month: Band<Money>,
    /// Whether the price, or what it is counted by, is not sure.
    pub estimate: bool,
    /// The resources that it is for.
    pub resources: Vec<String>,
}

/// The price of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnitPrice {
    /// In US dollars, as a decimal number.
    pub usd: String,
    /// How sure it is.
    pub grade: Grade,
    /// The year, or the year and month, that it is of.
    pub date: &'static str,
    /// Where it was read.
    pub source: &'static str,
    /// AWS's name of it in a bill, if that was found.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub usage_type: &'static str,
}

/// How many tasks an ECS service runs on Fargate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tasks {
    /// The service.
    pub service: String,
    /// How many.
    pub tasks: Band<Amount>,
    /// Virtual CPUs of one.
    pub vcpu: Amount,
    /// Memory of one.
    pub gb: Amount,
    /// Whether it runs on ARM.
    pub arm: bool,
    /// Whether some of them are on Spot.
    pub spot: bool,
}

/// Something that is billed and not in the sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotPriced {
    /// The resource.
    pub resource: String,
    /// Its type.
    pub type_name: String,
    /// Why.
    pub why: String,
}

/// How many resources of a type there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// The type.
    pub type_name: String,
    /// How many.
    pub count: usize,
}

impl Report {
    /// What a service costs; nothing if it is not in the report.
    pub fn service(&self, name: &str) -> Band<Money> {
        let found = self.services.iter().find(|service| service.name == name);
        found.map(|service| service.month).unwrap_or_default()
    }

    /// Whether a sum in it rests on something that is not sure.
    pub fn has_estimates(&self) -> bool {
        self.services.iter().flat_map(|service| &service.lines).any(|line| line.estimate)
    }
}
