//! What a month of stacks costs: list prices times what the templates declare and what is assumed of their use.
//!
//! A value that is not known gives no sum and no guess: it is told as not priced, with the reason. Where autoscaling
//! decides how many tasks there are, the sum is a [`Band`]. Every figure has its date and how sure it is.
//!
//! ```
//! use std::collections::BTreeMap;
//! use template::cost::{Region, Stack, Usage, cost};
//!
//! let text = r#"
//! Resources:
//!   Key: {Type: AWS::SecretsManager::Secret}
//!   Topic: {Type: AWS::SNS::Topic}
//! "#;
//! let template = template::Template::parse(text, "t.yaml").expect("it is well-formed").template;
//! let parameters = BTreeMap::new();
//! let stack = Stack::new("Web", &template, &parameters, Region::UsEast1);
//! let report = cost(&[stack], &Usage::default());
//! assert_eq!(report.total.expected.to_string(), "$0.40");
//! assert_eq!(report.unknown_types[0].type_name, "AWS::SNS::Topic");
//! ```

mod compare;
mod edge;
mod fargate;
mod kinds;
mod money;
mod network;
mod observe;
mod prices;
mod report;
mod settle;
mod sheet;
mod standing;
mod store;
mod usage;
mod view;
mod what_if;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use compare::{Difference, LineDifference, compare};
pub use money::{Amount, Band, Money};
pub use prices::{Grade, Region};
pub use report::{Count, Dates, HOURS, Line, NotPriced, Report, Service, Tasks, UnitPrice};
pub use standing::{Standing, standing};
pub use usage::{ASSUMPTIONS, Assumed, Assumption, Usage, UsageError};
pub use what_if::{Applied, Outcome, WhatIf, what_if};

use self::settle::Settled;
use self::sheet::Sheet;
use self::view::Thing;
use crate::document::Template;
use crate::model::Model;

/// A stack whose cost is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Stack<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its template.
    pub template: &'a Template,
    /// The values that are given for parameters; the others have their defaults.
    pub parameters: &'a BTreeMap<String, String>,
    /// The region that it is deployed to, if it is another one than that of the prices.
    pub region: Option<&'a str>,
    /// The region whose prices are taken.
    pub prices: Region,
}

impl<'a> Stack<'a> {
    /// A stack that is deployed to the region whose prices are taken.
    pub fn new(
        name: &'a str,
        template: &'a Template,
        parameters: &'a BTreeMap<String, String>,
        prices: Region,
    ) -> Stack<'a> {
        Stack { name, template, parameters, region: None, prices }
    }
}

/// What no report has in it.
pub const LEFT_OUT: [&str; 3] = [
    "free tiers are not taken off, but for data out (free_out_gb) and CloudFront (free_cdn_gb)",
    "each line is rounded to cents, as in a bill; taxes, support and Savings Plans are not in it",
    "what is outside of these templates is not in it: databases, model APIs and frontends of other vendors",
];

/// What the stacks cost together in a month. What is assumed of the use is for all of them.
pub fn cost(stacks: &[Stack<'_>], usage: &Usage) -> Report {
    let settled: Vec<Settled> = stacks.iter().map(Settled::of).collect();
    priced(&settled, usage)
}

fn priced(stacks: &[Settled], usage: &Usage) -> Report {
    let mut sheet = Sheet::new(usage, stacks);
    for stack in stacks {
        let model = Model::new(&stack.template);
        for item in model.resources() {
            let thing = Thing { item, stack };
            match stack.uncertain.get(item.id()) {
                Some(why) => sheet.not_priced(thing, why.clone()),
                None => kinds::price(thing, &mut sheet),
            }
        }
        stack.notes.iter().for_each(|note| sheet.note(format!("`{}` {note}", stack.name)));
    }
    observe::by_use(&mut sheet);
    observe::dashboards(&mut sheet);
    store::by_use(&mut sheet);
    edge::by_use(&mut sheet);
    let mut regions: Vec<Region> = stacks.iter().map(|stack| stack.region).collect();
    regions.sort_unstable();
    regions.dedup();
    if regions.contains(&Region::UsWest2) {
        sheet.note("where no figure of us-west-2 was found, that of us-east-1 is taken");
    }
    Report { regions: regions.into_iter().map(Region::name).collect(), ..sheet.report() }
}
