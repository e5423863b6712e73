//! The result as data.

use serde::Serialize;
use template::cost::{Band, Difference, LEFT_OUT, Money, Outcome, Report};

use super::stacks::Chosen;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct View {
    pub(super) environment: Option<String>,
    pub(super) stacks: Vec<StackRow>,
    pub(super) currency: &'static str,
    #[serde(flatten)]
    pub(super) report: Report,
    /// What no report has in it.
    pub(super) left_out: [&'static str; 3],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comparison: Option<Comparison>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) what_if: Vec<WhatIfView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StackRow {
    pub(super) name: String,
    pub(super) region: Option<String>,
    pub(super) prices_of: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Comparison {
    pub(super) against: String,
    pub(super) before: Band<Money>,
    pub(super) after: Band<Money>,
    pub(super) difference: Band<Money>,
    pub(super) services: Vec<Difference>,
    /// What of the other side is not priced.
    pub(super) not_priced_before: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WhatIfView {
    #[serde(flatten)]
    pub(super) outcome: Outcome,
    /// The settings that make the change, where it is one of settings.
    pub(super) settings: Vec<String>,
}

impl View {
    pub(super) fn of(chosen: &Chosen, report: Report) -> View {
        let row = |stack: &super::stacks::Priced| StackRow {
            name: stack.name.clone(),
            region: stack.region.clone(),
            prices_of: stack.prices.name(),
        };
        View {
            environment: chosen.environment.clone(),
            stacks: chosen.each.iter().map(row).collect(),
            currency: "USD",
            report,
            left_out: LEFT_OUT,
            comparison: None,
            what_if: Vec::new(),
        }
    }
}

impl Comparison {
    pub(super) fn of(
        against: String,
        before: Report,
        after: &Report,
        services: Vec<Difference>,
    ) -> Comparison {
        let difference = after.total.with(before.total, |after, before| after - before);
        let not_priced_before = before.not_priced.len();
        let (before, after) = (before.total, after.total);
        Comparison { against, before, after, difference, services, not_priced_before }
    }
}
