//! The result for people: tables that fit into 80 columns.

use std::fmt::Write as _;

use template::cost::{Amount, Band, Line, Money, Report, Service, Tasks};

use super::view::{Comparison, View, WhatIfView};
use crate::printer::wrapped;

/// The columns of a table.
pub(super) const WIDTH: usize = 80;

/// What is above the sums with the most tasks.
const MOST: &str = "most tasks";

/// What stands before the numbers.
const WHAT: usize = 32;

/// The whole result: a comparison and what-ifs are told without the lines that they rest on.
pub(super) fn write(view: &View, columns: usize) -> String {
    let mut text = Sheet { text: String::new(), columns };
    text.head(view);
    match &view.comparison {
        Some(comparison) => text.comparison(comparison),
        None if view.what_if.is_empty() => text.table(&view.report),
        None => text.what_if(&view.what_if),
    }
    text.assumed(&view.report);
    text.not_priced(&view.report);
    text.foot(view);
    text.text
}

struct Sheet {
    text: String,
    columns: usize,
}

impl Sheet {
    /// A line in words, as many lines as it takes.
    fn say(&mut self, indent: usize, said: &str) {
        let text = wrapped(indent, indent + 2, said, Some(self.columns));
        let _ = writeln!(self.text, "{:indent$}{text}", "");
    }

    fn head(&mut self, view: &View) {
        let names: Vec<&str> = view.stacks.iter().map(|stack| stack.name.as_str()).collect();
        let total = view.report.total;
        let regions = view.report.regions.iter().map(|region| (*region).to_owned());
        let of: Vec<String> = view.environment.iter().cloned().chain(regions).collect();
        let about = if view.report.has_estimates() { "about " } else { "" };
        let (names, of, month) = (names.join(", "), of.join(", "), total.expected);
        self.say(0, &format!("{names} ({of}): {about}{month} a month"));
        if !total.is_point() {
            let (least, most) = (total.least, total.most);
            let spot = view.report.tasks.iter().any(|tasks| tasks.spot);
            let why = if spot { "autoscaling and the price of Spot have" } else { "autoscaling has" };
            self.say(0, &format!("Between {least} and {most}, as {why} it"));
        }
    }

    fn table(&mut self, report: &Report) {
        let most = report.services.iter().any(|service| !service.month.is_point());
        let last = if most { MOST } else { "" };
        self.text.push('\n');
        self.row("", &["quantity", "price", "a month", last]);
        for service in &report.services {
            self.row(service.name, &["", "", &service.month.expected.to_string(), &upper(service.month)]);
            if service.name == "Fargate" {
                report.tasks.iter().for_each(|tasks| self.say(2, &tasks_of(tasks)));
            }
            self.lines(service);
        }
        self.row("Total", &["", "", &report.total.expected.to_string(), &upper(report.total)]);
        if report.has_estimates() {
            self.say(0, "~ is an estimate: the price, or how much of it there is, is not sure");
        }
    }

    fn lines(&mut self, service: &Service) {
        for line in &service.lines {
            let month = if line.estimate {
                format!("~{}", line.month.expected)
            } else {
                line.month.expected.to_string()
            };
            let cells = [&quantity(line), line.unit_price.usd.as_str(), &month, &upper(line.month)];
            self.row(&format!("  {}", line.what), &cells);
        }
    }

    /// A row of a table; what is too long stands in a line of its own.
    fn row(&mut self, what: &str, [first, second, third, fourth]: &[&str; 4]) {
        let what = if what.chars().count() >= WHAT {
            let _ = writeln!(self.text, "{what}");
            ""
        } else {
            what
        };
        let row = format!("{what:WHAT$}{first:>16}{second:>10}{third:>11}{fourth:>11}");
        let _ = writeln!(self.text, "{}", row.trim_end());
    }

    fn comparison(&mut self, comparison: &Comparison) {
        self.text.push('\n');
        self.say(0, &format!("Compared with {}:", comparison.against));
        if comparison.services.is_empty() {
            return self.say(2, "it costs the same");
        }
        let money = |money: Money| money.to_string();
        let last = if comparison.services.iter().all(|one| one.difference.is_point()) { "" } else { MOST };
        self.row("", &["before", "after", "more", last]);
        for service in &comparison.services {
            let (before, after) = (service.before.expected, service.after.expected);
            let (more, most) = (signed(service.difference.expected), at_most(service.difference));
            self.row(service.service, &[&money(before), &money(after), &more, &most]);
            for line in &service.lines {
                let (before, after) = (line.before.expected, line.after.expected);
                let difference = line.after.with(line.before, |after, before| after - before);
                let (more, most) = (signed(difference.expected), at_most(difference));
                self.row(&format!("  {}", line.what), &[&money(before), &money(after), &more, &most]);
            }
        }
        let (before, after) = (comparison.before.expected, comparison.after.expected);
        let difference = comparison.difference;
        self.row(
            "Total",
            &[&money(before), &money(after), &signed(difference.expected), &at_most(difference)],
        );
        if comparison.not_priced_before > 0 {
            self.say(
                0,
                &format!("(of the other side {} parts are not priced)", comparison.not_priced_before),
            );
        }
    }

    fn what_if(&mut self, all: &[WhatIfView]) {
        self.text.push('\n');
        let mut savings =
            all.iter().filter_map(|one| one.outcome.applied.as_ref()).map(|applied| applied.saving);
        let last = if savings.any(|saving| !saving.is_point()) { MOST } else { "" };
        self.row("What if", &["", "a month", "saves", last]);
        for WhatIfView { outcome, settings } in all {
            let cells = outcome.applied.as_ref().map_or_else(
                || [String::new(), "-".to_owned(), "-".to_owned(), String::new()],
                |applied| {
                    let about = if applied.estimate { "~" } else { "" };
                    let (total, saving) = (applied.total.expected, applied.saving.expected);
                    let most = upper(applied.saving);
                    [String::new(), format!("{about}{total}"), format!("{about}{saving}"), most]
                },
            );
            self.row(&format!("  {}", outcome.name), &cells.each_ref().map(String::as_str));
            self.say(6, &outcome.what);
            outcome.why_not.iter().for_each(|why| self.say(6, why));
            outcome.notes.iter().for_each(|note| self.say(6, note));
            if !settings.is_empty() {
                self.say(6, &format!("settings: {}", settings.join(", ")));
            }
        }
        if all.iter().any(|one| one.outcome.applied.as_ref().is_some_and(|applied| applied.estimate)) {
            self.say(0, "~ is an estimate: a price in it is not sure");
        }
    }

    fn assumed(&mut self, report: &Report) {
        if report.assumed.is_empty() {
            return;
        }
        self.text.push('\n');
        self.say(0, "Assumed of a month; another value is given with --usage NAME=VALUE:");
        for one in &report.assumed {
            let mark = if one.given { " (given)" } else { "" };
            let value = one.value.to_string();
            let before = format!("{:26} {value:>6}  ", one.name);
            let text = format!("{}{mark}", one.what);
            let text = wrapped(2 + before.len(), 2 + before.len(), &text, Some(self.columns));
            let _ = writeln!(self.text, "  {before}{text}");
        }
    }

    fn not_priced(&mut self, report: &Report) {
        if report.not_priced.is_empty() && report.unknown_types.is_empty() {
            return;
        }
        self.text.push('\n');
        self.say(0, "Not priced, and in no sum:");
        for one in &report.not_priced {
            self.say(2, &format!("{} ({}): {}", one.resource, short(&one.type_name), one.why));
        }
        let counts: Vec<String> = report
            .unknown_types
            .iter()
            .map(|one| format!("{} {}", one.count, short(&one.type_name)))
            .collect();
        if report.not_priced.iter().any(|one| one.why.ends_with("has no value")) {
            self.say(2, "(a value is given with --parameter NAME=VALUE)");
        }
        if !counts.is_empty() {
            self.say(2, &format!("types without a price here: {}", counts.join(", ")));
        }
    }

    fn foot(&mut self, view: &View) {
        self.text.push('\n');
        let report = &view.report;
        if let Some(dates) = report.prices {
            let (oldest, newest) = (dates.oldest, dates.newest);
            let dates = if oldest == newest { oldest.to_owned() } else { format!("{oldest} to {newest}") };
            self.say(
                0,
                &format!(
                    "Prices are list prices in US dollars, of {dates}; AWS's own pages hold. A month has {} hours.",
                    report.hours
                ),
            );
        }
        let notes = report.notes.iter().map(String::as_str).chain(view.left_out);
        notes.for_each(|note| self.say(0, &format!("- {note}")));
    }
}

/// The type without the vendor.
fn short(type_name: &str) -> &str {
    type_name.strip_prefix("AWS::").unwrap_or(type_name)
}

/// How much, with three places at most.
fn quantity(line: &Line) -> String {
    let number = line.quantity.expected.rounded();
    if line.unit == "each" { number.to_string() } else { format!("{number} {}", line.unit) }
}

/// The upper end, where it is another one.
fn upper(month: Band<Money>) -> String {
    if month.is_point() { String::new() } else { month.most.to_string() }
}

/// The upper end of a difference, where it is another one.
fn at_most(difference: Band<Money>) -> String {
    if difference.is_point() { String::new() } else { signed(difference.most) }
}

fn signed(money: Money) -> String {
    if money > Money::default() { format!("+{money}") } else { money.to_string() }
}

fn tasks_of(tasks: &Tasks) -> String {
    let Tasks { service, tasks: Band { least, expected, most }, vcpu, gb, arm, spot } = tasks;
    let number = if least == most { least.to_string() } else { format!("{least} to {most}") };
    let now = if expected == least { String::new() } else { format!(", {expected} expected") };
    let noun = if *most == Amount::whole(1) { "task" } else { "tasks" };
    let arm = if *arm { ", ARM" } else { "" };
    let spot = if *spot { ", partly on Spot" } else { "" };
    format!("{service}: {number} {noun}{now} of {vcpu} vCPU and {gb} GB{arm}{spot}")
}
