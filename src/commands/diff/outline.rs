//! What is said of a comparison, and in which order: first what a reviewer asks, then what causes the rest.

use std::collections::{BTreeMap, BTreeSet};

use template::diff::{Action, Changes, Consequence, GivenUpKind};

use super::comparison::Comparison;
use super::page::{Item, Mark, Page, Sheet, Text};
use super::report::{Compared, Report};
use super::sides::Sides;
use super::subject::Subject;
use super::{agreement, causes, given, reviewed, sections, tasks};
use crate::problem::count;

/// The page of all stacks.
pub(super) fn page(report: &Report, comparison: &Comparison) -> Page {
    let Comparison { key, command } = comparison.clone();
    Page { key, command, sheets: report.stacks.iter().map(sheet).collect() }
}

fn sheet(compared: &Compared) -> Sheet {
    let changes = &compared.changes;
    let mut sheet = Sheet {
        stack: compared.name.clone(),
        against: compared.against.clone(),
        counts: if compared.gone {
            vec![(Mark::Note, "missing".to_owned())]
        } else {
            counts(changes, compared.sides.as_ref())
        },
        notes: notes(compared),
        sections: Vec::new(),
    };
    sheet.add(Subject::Refused, given::refusals(changes));
    sheet.add(Subject::Data, reviewed::losses(changes));
    sheet.add(Subject::Protection, given::protection(changes));
    sheet.add(Subject::Names, reviewed::names_in_the_way(changes));
    sheet.add(Subject::Renames, reviewed::renames(compared));
    sheet.add(Subject::Access, reviewed::side(&changes.review.access));
    sheet.add(Subject::Network, reviewed::side(&changes.review.network));
    sheet.add(Subject::Secrets, reviewed::secrets(changes));
    sheet.add(Subject::Tasks, tasks(compared));
    sheet.add(Subject::Resources, causes::resources(changes, compared.sides.as_ref()));
    sheet.add(Subject::Parameters, sections::values(compared));
    sheet.add(Subject::Outputs, sections::outputs(compared));
    sheet.add(Subject::Template, sections::others(compared));
    sheet.add(Subject::Stack, stack(compared));
    #[cfg(feature = "aws")]
    sheet.add(Subject::Drift, compared.drift.as_ref().map(super::drifted::items).unwrap_or_default());
    sheet.add(Subject::Cost, cost(compared));
    sheet.add(Subject::ChangeSet, compared.change_set.as_ref().map(agreement::items).unwrap_or_default());
    if sheet.counts.is_empty() && !sheet.sections.is_empty() {
        sheet.counts.push((Mark::Note, "no differences in the template".to_owned()));
    }
    sheet
}

/// How many resources are touched in which way, the gravest first.
pub(super) fn counts(changes: &Changes, sides: Option<&Sides>) -> Vec<(Mark, String)> {
    let words = match sides {
        Some(sides) => {
            [format!("only in {}", sides.other), "differ".to_owned(), format!("only in {}", sides.own)]
        }
        None => ["removed", "changed", "added"].map(str::to_owned),
    };
    let [removed, differ, added] = words;
    let words = [
        (Mark::Refused, "refused".to_owned()),
        (Mark::Removed, removed),
        (Mark::Replaced, "replaced".to_owned()),
        (Mark::MayReplace, "may be replaced".to_owned()),
        (Mark::Changed, differ),
        (Mark::Added, added),
    ];
    let mut numbers: BTreeMap<Mark, usize> = BTreeMap::new();
    for change in changes.resources.iter().filter(|change| !change.dormant) {
        *numbers.entry(mark(change.action, change.consequence)).or_default() += 1;
    }
    let number = |mark: &Mark| numbers.get(mark).copied().unwrap_or_default();
    let mut counts: Vec<_> = words
        .into_iter()
        .filter(|(mark, _)| number(mark) > 0)
        .map(|(mark, words)| (mark, format!("{} {words}", number(&mark))))
        .collect();
    let given_up = changes.given_up.iter().filter(|one| one.kind == GivenUpKind::Data);
    let giving: BTreeSet<&str> = given_up.map(|one| one.id.as_str()).collect();
    if !giving.is_empty() {
        let verb = if giving.len() == 1 { "gives" } else { "give" };
        counts.push((Mark::Danger, format!("{} {verb} up data", giving.len())));
    }
    if counts.is_empty() && !changes.is_empty() {
        counts.push((Mark::Note, "no resource changes".to_owned()));
    }
    counts
}

/// The mark of what happens to a resource.
pub(super) fn mark(action: Action, consequence: Option<Consequence>) -> Mark {
    match (action, consequence) {
        (Action::Added, _) => Mark::Added,
        (Action::Removed, _) => Mark::Removed,
        (Action::Changed, Some(Consequence::Refused)) => Mark::Refused,
        (Action::Changed, Some(Consequence::Replaces)) => Mark::Replaced,
        (Action::Changed, Some(Consequence::MayReplace)) => Mark::MayReplace,
        (Action::Changed, _) => Mark::Changed,
    }
}

fn notes(compared: &Compared) -> Vec<Text> {
    let mut notes = Vec::new();
    match &compared.status {
        Some(status) => notes.push(
            Text::new()
                .words("the stack is ")
                .words(status.clone())
                .words(", and nothing of it exists: everything is new"),
        ),
        None if !compared.deployed => notes.push(match &compared.against {
            Some(against) => {
                Text::new().words("is not in ").name(against.clone()).words(": everything is new")
            }
            None => Text::new().words("is not deployed: everything is new"),
        }),
        None => {}
    }
    notes.extend(compared.notes.iter().map(|note| Text::of(note)));
    notes
}

/// The services that start tasks or get another number of them, and how long the deployment takes.
fn tasks(compared: &Compared) -> Vec<Item> {
    let rolls = &compared.changes.rolls;
    let counts = compared.changes.task_counts.iter().flat_map(tasks::counted);
    let mut items: Vec<Item> = counts.chain(rolls.iter().map(tasks::roll)).collect();
    let numbers: Option<Vec<(u64, u64)>> = rolls.iter().map(tasks::running).collect();
    if let Some(numbers) = numbers.filter(|numbers| numbers.len() > 1) {
        let (least, most) = numbers.iter().fold((0_u64, 0_u64), |(least, most), one| {
            (least.saturating_add(one.0), most.saturating_add(one.1))
        });
        let tasks = count(usize::try_from(most).unwrap_or(usize::MAX), "task");
        let tasks = if least == most { tasks } else { format!("{least} to {tasks}") };
        let all = format!("{tasks} of {} in all", count(rolls.len(), "service"));
        items.push(Item::new(Mark::Note, Text::new().words(all)));
    }
    if !items.is_empty() {
        items.extend(expected(compared));
    }
    items
}

/// How long the deployment takes.
fn expected(compared: &Compared) -> Option<Item> {
    let expected = compared.expected?;
    let minutes = expected.seconds.div_ceil(60).max(1);
    let from = match expected.operations {
        1 => "as the last deployment took".to_owned(),
        number => format!("as half of the last {number} deployments took or less"),
    };
    let about = count(usize::try_from(minutes).unwrap_or(usize::MAX), "minute");
    let words = format!("a deployment is expected to take about {about}, {from}");
    Some(Item::new(Mark::Note, Text::new().words(words)))
}

/// What concerns the stack as a whole.
fn stack(compared: &Compared) -> Vec<Item> {
    let protection = compared.deletion_protection.map(|on| {
        let (mark, words) = if on { (Mark::Changed, "off → on") } else { (Mark::Caution, "on → off") };
        Item::new(mark, Text::new().words(format!("deletion protection: {words}")))
    });
    // Beside the tasks, where there are any.
    let changes = &compared.changes;
    let alone = changes.rolls.is_empty() && changes.task_counts.is_empty();
    protection.into_iter().chain(expected(compared).filter(|_| alone)).collect()
}

fn cost(compared: &Compared) -> Vec<Item> {
    let Some(cost) = compared.cost else { return Vec::new() };
    let text = Text::new()
        .old(format!("${:.2}", cost.before))
        .words(" → ")
        .new_value(format!("${:.2}", cost.after))
        .words(" a month");
    vec![Item::new(Mark::Note, text)]
}
