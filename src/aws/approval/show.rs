//! A change set in words: what is allowed more and what goes on top, then the rest.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cloud::{Change, ChangeSet};
use constructs::SynthesizedStack;
use owo_colors::OwoColorize;
use template::Fate;
use template::diff::{GivenUp, GivenUpKind};
use template::security::{SecurityChange, SecurityKind};

use super::judge::{How, Judgement, Loss, fate_in_set, goes};
use crate::problem::{Printable, count};

/// More lines than this of one kind are counted by type instead.
const MOST_LINES: usize = 40;
/// So many of the wide ones are shown of a new stack, where all is new.
const MOST_WIDE: usize = 12;

/// The change set and what was found out about it.
pub(crate) fn changes_text(
    set: &ChangeSet,
    judgement: &Judgement,
    stack: Option<&SynthesizedStack>,
) -> String {
    let mut text = if set.creates_stack {
        format!("{} will be created, with {}:\n", set.stack, count(set.changes.len(), "resource"))
    } else {
        format!("{} will be changed:\n", set.stack)
    };
    text += &security_text(&judgement.security, set.creates_stack, stack);
    text += &given_up_text(&judgement.given_up);
    let groups = [
        (Group::Removed, "removed"),
        (Group::Replaced, "replaced"),
        (Group::MayBeReplaced, "changed, and may be replaced"),
        (Group::Changed, "changed"),
        (Group::Added, "added"),
    ];
    for (group, title) in groups {
        let changes: Vec<&Change> = set.changes.iter().filter(|change| Group::of(change) == group).collect();
        text += &group_text(group, title, &changes, &judgement.losses, stack);
    }
    if set.changes.is_empty() {
        text += "  no resource; only outputs, tags or other attributes\n";
    }
    text
}

/// What is left of a stack that has to be deleted first.
pub(crate) fn recreation_text(stack: &str, status: &str, resources: &[(String, String)]) -> String {
    let mut text = format!("{stack} is {status}: it was never created wholly, and must be deleted first.\n");
    for (id, type_name) in resources {
        let _ = writeln!(text, "  {} {id} ({type_name})", "- removed".red());
    }
    text
}

/// Where a resource comes from: its construct and the line of the source, as problems show it.
pub(crate) fn place(id: &str, stack: Option<&SynthesizedStack>) -> Option<String> {
    let stack = stack?;
    let origin = stack.origins.get(id)?;
    Some(format!("{}/{} ({})", stack.name, origin.path, origin.location))
}

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Removed,
    Replaced,
    MayBeReplaced,
    Changed,
    Added,
}

impl Group {
    fn of(change: &Change) -> Group {
        match (goes(change), change.action.as_str()) {
            (Some(How::Removed), _) => Group::Removed,
            (Some(How::Replaced), _) => Group::Replaced,
            (Some(How::MayBeReplaced), _) => Group::MayBeReplaced,
            (None, "Add" | "Import") => Group::Added,
            (None, _) => Group::Changed,
        }
    }

    fn sign(self) -> String {
        match self {
            Group::Removed => "-".red().to_string(),
            Group::Replaced => "±".red().to_string(),
            Group::MayBeReplaced => "±".yellow().to_string(),
            Group::Changed => "~".yellow().to_string(),
            Group::Added => "+".green().to_string(),
        }
    }

    fn title(self, title: &str) -> String {
        match self {
            Group::Removed | Group::Replaced => title.red().bold().to_string(),
            Group::MayBeReplaced | Group::Changed => title.yellow().bold().to_string(),
            Group::Added => title.green().bold().to_string(),
        }
    }
}

fn group_text(
    group: Group,
    title: &str,
    changes: &[&Change],
    losses: &[Loss],
    stack: Option<&SynthesizedStack>,
) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let mut text = format!("  {} ({}):\n", group.title(title), changes.len());
    // What goes is never left out.
    if changes.len() > MOST_LINES && matches!(group, Group::Added | Group::Changed) {
        for (type_name, number) in by_type(changes) {
            let _ = writeln!(text, "    {} {number} {}", group.sign(), Printable(type_name));
        }
        return text;
    }
    for change in changes {
        let loss = losses.iter().find(|loss| loss.id == change.path());
        let _ = writeln!(text, "    {} {}", group.sign(), Printable(&line(change, loss, stack)));
    }
    text
}

/// How many there are of each type, the most first.
fn by_type<'a>(changes: &[&'a Change]) -> Vec<(&'a str, usize)> {
    let mut types: BTreeMap<&str, usize> = BTreeMap::new();
    for change in changes {
        *types.entry(&change.resource_type).or_default() += 1;
    }
    let mut types: Vec<_> = types.into_iter().collect();
    types.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    types
}

/// `FileSystem (AWS::EFS::FileSystem, at Data/FileSystem): Encrypted; the old one is deleted with its files`
fn line(change: &Change, loss: Option<&Loss>, stack: Option<&SynthesizedStack>) -> String {
    let path = change.path();
    // A nested stack has a template of its own, of which nobody knows where it comes from.
    let origin = stack.and_then(|stack| stack.origins.get(&path));
    let at = origin
        .filter(|origin| origin.path != path)
        .map(|origin| format!(", at {}", origin.path))
        .unwrap_or_default();
    let mut line = format!("{path} ({}{at})", change.resource_type);
    if change.action == "Import" {
        line += ", which exists already and is taken in";
    }
    let parts = parts(change);
    if !parts.is_empty() {
        let _ = write!(line, ": {}", parts.join(", "));
    }
    if let Some(how) = goes(change) {
        let _ = write!(line, "; {}", fate_text(change, how, loss));
    }
    line
}

/// The properties that change, those first for which the resource is replaced.
fn parts(change: &Change) -> Vec<String> {
    let replaces = |recreation: Option<&str>| match recreation {
        Some("Always") => 0,
        Some("Conditionally") => 1,
        _ => 2,
    };
    let mut parts: Vec<(u8, &str)> = change
        .details
        .iter()
        .map(|detail| {
            let name = detail.name.as_deref().unwrap_or(&detail.attribute);
            (replaces(detail.requires_recreation.as_deref()), name)
        })
        .collect();
    parts.sort_unstable();
    let mut told: Vec<&str> = Vec::new();
    parts.retain(|(_, name)| {
        let new = !told.contains(name);
        told.push(name);
        new
    });
    let words = |(recreation, name): (u8, &str)| match recreation {
        0 => format!("{name} (replaces it)"),
        1 => format!("{name} (may replace it)"),
        _ => name.to_owned(),
    };
    parts.into_iter().map(words).collect()
}

/// What becomes of the resource that is there now.
fn fate_text(change: &Change, how: How, loss: Option<&Loss>) -> String {
    let fate = loss.map(|loss| loss.fate).or_else(|| change.policy_action.as_deref().map(fate_in_set));
    let holds = loss.map(|loss| format!(" with {}", loss.holds)).unwrap_or_default();
    let which = if how == How::Removed { "it" } else { "the old one" };
    match fate {
        Some(Fate::Retained) => format!("{which} stays in the account{holds}, outside of the stack"),
        Some(Fate::Snapshot) => format!("{which} is deleted{holds} after a snapshot"),
        Some(Fate::Deleted) => format!("{which} is deleted{holds}"),
        Some(Fate::DeletedIfEmpty) => {
            format!(
                "{which} is deleted if it is empty, else it stays in the account{holds}, outside of the stack"
            )
        }
        Some(Fate::Protected) => {
            format!(
                "AWS refuses to delete {which}, since its deletion protection is on: it stays in the account{holds}, \
                 outside of the stack"
            )
        }
        Some(Fate::Unknown) | None => format!("what becomes of {which} is not said"),
    }
}

/// Data and protection that resources which stay give up. What goes is never left out.
fn given_up_text(given_up: &[GivenUp]) -> String {
    let kinds =
        [(GivenUpKind::Data, "gives up data"), (GivenUpKind::Protection, "gives up protection of data")];
    let mut text = String::new();
    for (kind, title) in kinds {
        let own: Vec<&GivenUp> = given_up.iter().filter(|one| one.kind == kind).collect();
        if own.is_empty() {
            continue;
        }
        let _ = writeln!(text, "  {} ({}):", title.red().bold(), own.len());
        for one in own {
            let line = format!("`{}` ({}): {}", one.id, one.type_name, one.what);
            let _ = writeln!(text, "    {} {}", "!".red(), Printable(&line));
        }
    }
    text
}

fn security_text(changes: &[SecurityChange], creates: bool, stack: Option<&SynthesizedStack>) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let mut text = format!("  {} ({}):\n", "allows more".red().bold(), changes.len());
    // All that a new stack allows is new: it is counted, and only what is wide is shown.
    let shown: Vec<&SecurityChange> =
        changes.iter().filter(|change| !creates || change.wide || !change.judged).collect();
    if creates {
        let _ = writeln!(text, "    {} {}", "!".red(), in_numbers(changes));
    }
    let most = if creates { MOST_WIDE } else { MOST_LINES };
    for change in shown.iter().take(most) {
        let sign = if change.judged { "!".red().to_string() } else { "?".yellow().to_string() };
        let at = stack
            .and_then(|stack| stack.origins.get(&change.id))
            .map(|origin| format!(" (at {})", origin.path))
            .unwrap_or_default();
        let _ = writeln!(text, "    {sign} {}{}", Printable(&change.what), Printable(&at));
    }
    if shown.len() > most {
        let _ = writeln!(text, "    {} and {} more", "!".red(), shown.len() - most);
    }
    text
}

/// `5 permissions of roles and 2 ways in from the network; those for everybody or everything:`
fn in_numbers(changes: &[SecurityChange]) -> String {
    let kinds = [
        (SecurityKind::Public, "public access"),
        (SecurityKind::Ingress, "way in"),
        (SecurityKind::Permission, "permission"),
        (SecurityKind::Trust, "role that others assume"),
        (SecurityKind::ResourcePolicy, "policy of a resource"),
        (SecurityKind::Egress, "way out"),
    ];
    let numbers = kinds.iter().filter_map(|(kind, what)| {
        let number = changes.iter().filter(|change| change.kind == *kind).count();
        (number > 0).then(|| format!("{number} × {what}"))
    });
    let numbers: Vec<String> = numbers.collect();
    let wide = changes.iter().any(|change| change.wide || !change.judged);
    let wide = if wide { "; for everybody or everything, or not to be judged:" } else { "" };
    format!("all that a new stack allows is new: {}{wide}", numbers.join(", "))
}
