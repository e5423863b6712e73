//! What was scaled, as lines: one for each activity, oldest first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cloud::{NotScaled, ScalingActivity, Timestamp};
use unicode_width::UnicodeWidthStr as _;

use super::Scaled;
use crate::commands::events_text::{date, length};
use crate::printer::wrapped;
use crate::problem::{Printable, count};

/// A line, which may stand for several activities that say the same.
struct Row<'a> {
    began: Timestamp,
    label: &'a str,
    text: String,
    is_bad: bool,
    times: usize,
    last: Timestamp,
}

/// The activities of all services in order of time, in lines of at most so many columns if the number is given.
pub(super) fn lines(all: &[Scaled<'_>], columns: Option<usize>) -> String {
    let labels = labels(all);
    let width = labels.iter().map(|label| label.width()).max().unwrap_or_default();
    let mut text = String::new();
    for row in rows(all, &labels) {
        let mark = if row.is_bad { "! " } else { "  " };
        let pad = width - row.label.width();
        let before = format!("{mark}{}  {}{:pad$}  ", date(row.began), Printable(row.label), "");
        let again = match row.times {
            1 => String::new(),
            times => format!(" ({times} times, the last at {})", date(row.last)),
        };
        let said = format!("{}{again}", row.text);
        let said = wrapped(before.width(), before.width(), &Printable(&said).to_string(), columns);
        let _ = writeln!(text, "{before}{said}");
    }
    text
}

/// What the services are called: with their stacks if there are several.
fn labels(all: &[Scaled<'_>]) -> Vec<String> {
    let stack = |one: &Scaled<'_>| one.place.stack.label().to_owned();
    let several = all.iter().any(|one| stack(one) != stack(&all[0]));
    let label = |one: &Scaled<'_>| {
        if several { format!("{} {}", stack(one), one.service.name) } else { one.service.name.clone() }
    };
    all.iter().map(label).collect()
}

/// The lines in order. A decision to leave a service as it is comes again as long as its reason lasts: that is one line.
fn rows<'a>(all: &[Scaled<'_>], labels: &'a [String]) -> Vec<Row<'a>> {
    let mut told: Vec<(usize, &ScalingActivity)> = all
        .iter()
        .enumerate()
        .flat_map(|(at, one)| one.told.activities.iter().map(move |activity| (at, activity)))
        .collect();
    told.sort_by_key(|(_, activity)| activity.began);
    let mut rows: Vec<Row<'a>> = Vec::new();
    let mut newest: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, activity) in told {
        let text = said(activity);
        let same = newest.get(&at).copied().filter(|_| !activity.not_scaled.is_empty());
        if let Some(row) = same.map(|row| &mut rows[row]).filter(|row| row.text == text) {
            row.times += 1;
            row.last = activity.began;
            continue;
        }
        newest.insert(at, rows.len());
        rows.push(Row {
            began: activity.began,
            label: &labels[at],
            text,
            is_bad: is_bad(activity),
            times: 1,
            last: activity.began,
        });
    }
    rows
}

/// Whether the service has not got what it needs.
fn is_bad(activity: &ScalingActivity) -> bool {
    if activity.not_scaled.is_empty() {
        return matches!(activity.status.as_str(), "Failed" | "Unfulfilled");
    }
    activity.not_scaled.iter().any(|reason| reason.code == "AlreadyAtMaxCapacity")
}

/// What was done, or not, and why.
fn said(activity: &ScalingActivity) -> String {
    let why = match activity.why.as_str() {
        "" => String::new(),
        why => format!(": {why}"),
    };
    if !activity.not_scaled.is_empty() {
        let reasons: Vec<String> = activity.not_scaled.iter().map(NotScaled::text).collect();
        return format!("not scaled, {}{why}", reasons.join(", "));
    }
    let what = match activity.to {
        Some(number) => format!("to {}", count(usize::try_from(number).unwrap_or(usize::MAX), "task")),
        None => activity.description.trim_end_matches('.').to_owned(),
    };
    let message = activity.message.as_ref().map(|message| format!(" ({message})")).unwrap_or_default();
    let outcome = match activity.status.as_str() {
        "Successful" => activity.took().map(|took| format!(" in {}", length(took))).unwrap_or_default(),
        "Pending" | "InProgress" => ", in progress".to_owned(),
        "Overridden" => ", overridden by a newer activity".to_owned(),
        "Unfulfilled" => format!(", which ECS did not fulfil{message}"),
        "Failed" => format!(", which failed{message}"),
        other => format!(", {other}{message}"),
    };
    format!("{what}{outcome}{why}")
}

/// What is said where nothing was done.
pub(super) fn nothing(all: &[Scaled<'_>], since: Timestamp) -> String {
    let names: Vec<&str> = all.iter().map(|one| one.service.name.as_str()).collect();
    let scaled = |one: &Scaled<'_>| {
        one.place.inventory.of_type("AWS::ApplicationAutoScaling::ScalableTarget").next().is_some()
    };
    let none = if all.iter().any(scaled) { "" } else { "; no scaling is declared for them" };
    let none = if all.len() == 1 { none.replace("them", "it") } else { none.to_owned() };
    format!("nothing was scaled since {} UTC of {}{none}", date(since), names.join(", "))
}
