//! Differences in words and colours, the most dangerous last, where the eye is.

use std::fmt::Write;

use owo_colors::OwoColorize;
use template::diff::{Action, Carried, Change, Changes, Consequence, Fate, ResourceChange, Roll};
use template::{Element, Node, Path, Step};

/// The longest value that is shown whole, in characters.
const LONGEST: usize = 70;

/// What is different in the stack `name`.
pub(crate) fn text(name: &str, deployed: bool, changes: &Changes) -> String {
    if changes.is_empty() {
        return format!("{name}: no differences\n");
    }
    let new = if deployed { "" } else { "is not deployed, so everything is new: " };
    let mut text = format!("{}: {new}{}\n", name.bold(), counts(changes));
    for change in &changes.sections {
        let _ = writeln!(text, "  {}", section(change));
    }
    let mut resources: Vec<&ResourceChange> = changes.resources.iter().collect();
    resources.sort_by_key(|change| weight(change));
    for change in resources {
        let _ = writeln!(text, "  {}", resource(change));
        for part in &change.changes {
            let _ = writeln!(text, "      {}", property(part));
        }
        for part in &change.carried {
            let _ = writeln!(text, "      {}", carried(part));
        }
        for roll in changes.rolls.iter().filter(|roll| roll.service == change.id) {
            let _ = writeln!(text, "      {}", rolls(roll).yellow());
        }
    }
    text
}

/// A reference to something that changes.
fn carried(part: &Carried) -> String {
    let from = match &part.from {
        Element::Resource(id) => part.attribute.as_ref().map_or(id.clone(), |name| format!("{id}.{name}")),
        other => other.name().to_owned(),
    };
    let how = if part.certain { "is another" } else { "may be another" };
    let through =
        part.condition.as_ref().map(|name| format!(", by the condition {name}")).unwrap_or_default();
    let line = format!("{}: {from} {how}{through}", within(&part.path));
    format!("{line}{}", mark(part.consequence))
}

/// A service that starts tasks.
fn rolls(roll: &Roll) -> String {
    let tasks = match roll.tasks {
        Some(1) => "its task".to_owned(),
        Some(number) => format!("its {number} tasks"),
        None => "its tasks".to_owned(),
    };
    let sure = if roll.certain { "starts" } else { "may start" };
    format!("{sure} {tasks} anew")
}

/// How much a change can hurt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Added,
    Changed,
    MaybeReplaced,
    Replaced,
    Removed,
}

fn weight(change: &ResourceChange) -> Weight {
    match (change.action, change.consequence) {
        (Action::Added, _) => Weight::Added,
        (Action::Removed, _) => Weight::Removed,
        (Action::Changed, Some(Consequence::Replaces)) => Weight::Replaced,
        (Action::Changed, Some(Consequence::MayReplace)) => Weight::MaybeReplaced,
        (Action::Changed, _) => Weight::Changed,
    }
}

fn counts(changes: &Changes) -> String {
    let words = [
        (Weight::Added, "added"),
        (Weight::Changed, "changed"),
        (Weight::MaybeReplaced, "perhaps replaced"),
        (Weight::Replaced, "replaced"),
        (Weight::Removed, "removed"),
    ];
    let counted = words.iter().filter_map(|(wanted, word)| {
        let count = changes.resources.iter().filter(|change| weight(change) == *wanted).count();
        (count > 0).then(|| format!("{count} {word}"))
    });
    let all: Vec<String> = counted.collect();
    if all.is_empty() { "no resource".to_owned() } else { all.join(", ") }
}

fn resource(change: &ResourceChange) -> String {
    let what = format!("{} ({})", change.id, change.type_name);
    let fate = fate(change);
    match weight(change) {
        Weight::Added => format!("{} {what}", "+ added".green()),
        Weight::Changed => format!("{} {what}", "~ changed".yellow()),
        Weight::MaybeReplaced => format!("{} {what}{fate}", "~ changed, may be replaced".yellow()),
        Weight::Replaced => format!("{} {what}{fate}", "± replaced".red()),
        Weight::Removed => format!("{} {what}{fate}", "- removed".red()),
    }
}

/// What becomes of a resource that the stack gives up.
fn fate(change: &ResourceChange) -> String {
    let whose = if change.action == Action::Removed { "it" } else { "the old one" };
    match change.fate {
        None => String::new(),
        Some(Fate::Deleted) if change.stateful => {
            format!(": {whose} is {}", "deleted with its data".red().bold())
        }
        Some(Fate::Deleted) => format!(": {whose} is deleted"),
        Some(Fate::Snapshot) => format!(": {whose} is deleted after a snapshot"),
        Some(Fate::Retained) => format!(": {whose} stays in the account"),
        Some(Fate::Unknown) => format!(": what becomes of {whose} depends on a condition"),
    }
}

fn property(change: &Change) -> String {
    let line = values(&within(&change.path), change);
    format!("{line}{}", change.consequence.map(mark).unwrap_or_default())
}

/// The place within a resource: `Resources.Id.Properties` is said by the line above.
fn within(whole: &Path) -> String {
    let mut path = Path::new();
    for step in whole.steps().skip(if is_property(whole) { 3 } else { 2 }) {
        path.push(step);
    }
    path.to_string()
}

fn mark(consequence: Consequence) -> String {
    match consequence {
        Consequence::Replaces => format!("  {}", "(replaces)".red()),
        Consequence::MayReplace => format!("  {}", "(may replace)".yellow()),
        Consequence::Interrupts => format!("  {}", "(interrupts)".yellow()),
        Consequence::UpdateInPlace | Consequence::MayUpdate => String::new(),
    }
}

fn is_property(path: &Path) -> bool {
    matches!(path.steps().nth(2), Some(Step::Key("Properties"))) && path.steps().len() > 3
}

fn section(change: &Change) -> String {
    let mark = match change.action() {
        Action::Added => "+ added".green().to_string(),
        Action::Changed => "~ changed".yellow().to_string(),
        Action::Removed => "- removed".red().to_string(),
    };
    format!("{mark} {}", values(&change.path.to_string(), change))
}

fn values(path: &str, change: &Change) -> String {
    match (&change.old, &change.new) {
        (Some(Node::List(old)), Some(Node::List(new))) => format!("{path}: {}", items(old, new)),
        (Some(old), Some(new)) => format!("{path}: {} → {}", short(old), short(new)),
        (None, Some(new)) => format!("{path}: {}", short(new)),
        (Some(old), None) => format!("{path}: {} → nothing", short(old)),
        (None, None) => path.to_owned(),
    }
}

/// Only the items that one list has and the other has not; their common ones would hide them.
fn items(old: &[Node], new: &[Node]) -> String {
    let gone =
        old.iter().filter(|item| !new.contains(item)).map(|item| format!("{} {}", "-".red(), short(item)));
    let come =
        new.iter().filter(|item| !old.contains(item)).map(|item| format!("{} {}", "+".green(), short(item)));
    let all: Vec<String> = gone.chain(come).collect();
    if all.is_empty() { "the same items in another order".to_owned() } else { all.join(", ") }
}

/// A value in one line; the end of a long one is left out.
fn short(node: &Node) -> String {
    let text = match node {
        Node::String(text) => text.replace('\n', "⏎"),
        other => serde_json::to_string(other).expect("a node has text keys and finite numbers"),
    };
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}
