//! The tasks of services: which are started anew, and how many there are.

use template::diff::{Action, Roll, Scaled, TaskCount, Wanted};

use super::page::{Item, Mark, Text};
use super::sections::within;
use crate::problem::count;

/// How many tasks a service has, at least and at most.
pub(super) fn running(roll: &Roll) -> Option<(u64, u64)> {
    roll.tasks.map(|tasks| (tasks, tasks)).or(roll.scaled.map(|scaled| (scaled.least, scaled.most)))
}

/// A service that starts tasks.
pub(super) fn roll(roll: &Roll) -> Item {
    let tasks = match running(roll) {
        Some((1, 1)) => "its task".to_owned(),
        Some((least, most)) if least == most => format!("its {most} tasks"),
        Some((least, most)) => format!("its {least} to {most} tasks"),
        None => "its tasks".to_owned(),
    };
    let starts = if roll.certain { "starts" } else { "may start" };
    let mut text = Text::new().name(&roll.service).words(format!(" {starts} {tasks} anew"));
    if let Some(definition) = &roll.task_definition {
        text = text.words(": a new revision of ").name(definition);
    } else if let Some(path) = roll.because.first() {
        text = text.words(": ").name(within(path));
    }
    Item::new(Mark::Caution, text)
}

/// A service with another number of tasks, or one that goes.
pub(super) fn counted(change: &TaskCount) -> Vec<Item> {
    if change.action == Action::Removed {
        let tasks = match (change.old.tasks, change.old.scaled) {
            (_, Some(Scaled { least, most })) => format!("its {least} to {most} tasks stop"),
            (Some(1), None) => "its task stops".to_owned(),
            (Some(tasks), None) => format!("its {tasks} tasks stop"),
            (None, None) => "its tasks stop".to_owned(),
        };
        let text = Text::new().name(&change.service).words(format!(" is removed: {tasks}"));
        return vec![Item::new(Mark::Removed, text)];
    }
    let told = change.is_told_another().then(|| another_number(change)).flatten();
    let scaled = change.is_scaled_otherwise().then(|| scaled_otherwise(change));
    told.into_iter().chain(scaled).collect()
}

fn another_number(change: &TaskCount) -> Option<Item> {
    let tasks = change.new.tasks?;
    let known = change.old.tasks.map(|old| format!(" instead of {old}")).unwrap_or_default();
    let by_default = if change.certain { "" } else { " (by default)" };
    let number = number_of(tasks);
    let fewer = change.old.tasks.is_some_and(|old| tasks < old);
    let text = Text::new().name(&change.service);
    let text = if change.new.autoscaled {
        text.words(format!(
            " is told to run {number}{known}{by_default}; after that autoscaling owns the count and keeps it{}",
            bounds(change.new)
        ))
    } else {
        let stops = if tasks == 0 { ": it stops" } else { "" };
        text.words(format!(" runs {number}{known}{by_default}{stops}"))
    };
    Some(Item::new(if fewer { Mark::Caution } else { Mark::Changed }, text))
}

fn scaled_otherwise(change: &TaskCount) -> Item {
    let name = Text::new().name(&change.service);
    match (change.old.autoscaled, change.new.autoscaled) {
        (false, _) => {
            let owns = format!(": from now on autoscaling owns the count and keeps it{}", bounds(change.new));
            Item::new(Mark::Changed, name.words(owns))
        }
        (true, false) => {
            let words =
                format!(": autoscaling no longer owns the count, which it kept{}", bounds(change.old));
            Item::new(Mark::Caution, name.words(words))
        }
        (true, true) => {
            let both = change.old.scaled.zip(change.new.scaled);
            let fewer = both.is_some_and(|(old, new)| new.least < old.least || new.most < old.most);
            let instead = change.old.scaled.map(|old| format!(" instead of {} to {}", old.least, old.most));
            let words =
                format!(": autoscaling keeps it{}{}", bounds(change.new), instead.unwrap_or_default());
            Item::new(if fewer { Mark::Caution } else { Mark::Changed }, name.words(words))
        }
    }
}

/// Between which numbers autoscaling keeps the tasks, if that is known.
fn bounds(wanted: Wanted) -> String {
    let Some(Scaled { least, most }) = wanted.scaled else { return String::new() };
    format!(" between {least} and {}", number_of(most))
}

fn number_of(tasks: u64) -> String {
    count(usize::try_from(tasks).unwrap_or(usize::MAX), "task")
}
