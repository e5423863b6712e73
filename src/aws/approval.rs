//! Asking before anything is changed.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use cloud::{Cancel, Change, ChangeSet, Decision, Question};
use owo_colors::OwoColorize;

use super::Monitor;

/// How questions are answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Approval {
    /// With `--yes`, everything is approved.
    pub(crate) yes: bool,
}

impl Approval {
    /// Shows what would happen, and asks unless the answer is known.
    pub(crate) async fn decide(self, question: Question, monitor: &Monitor<'_>, cancel: &Cancel) -> Decision {
        let (text, ask_text) = match &question {
            Question::Changes(set) => (changes_text(set), format!("Deploy these changes to {}?", set.stack)),
            Question::Recreate { stack, status, resources } => {
                (recreate_text(stack, status, resources), format!("Delete {stack} and create it anew?"))
            }
            Question::RollBack { stack, logical_id, reason, times } => (
                format!("{times} tasks of {logical_id} stopped for the same reason: {reason}"),
                format!("Roll {stack} back now?"),
            ),
        };
        monitor.show(&text);
        if self.yes {
            return Decision::Approve;
        }
        monitor.pause();
        let answer = ask(format!("{ask_text} [y/N] "), cancel).await;
        monitor.resume();
        match answer.as_deref() {
            Some(answer) if is_yes(answer) => Decision::Approve,
            Some(_) => Decision::Decline("not approved".to_owned()),
            None => Decision::Decline("nobody answered".to_owned()),
        }
    }

    /// Asks a question of yes or no unless the answer is known.
    pub(crate) async fn confirm(self, question: String, cancel: &Cancel) -> bool {
        self.yes || ask(format!("{question} [y/N] "), cancel).await.as_deref().is_some_and(is_yes)
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim(), "y" | "Y" | "yes" | "Yes")
}

/// Asks on stderr and reads a line from stdin; `None` if there is none, or if somebody wants to stop.
///
/// Reading happens in a thread of its own, since it cannot be interrupted.
pub(crate) async fn ask(question: String, cancel: &Cancel) -> Option<String> {
    let read = move || {
        say(&question);
        let mut line = String::new();
        match io::stdin().read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line),
        }
    };
    let answer = tokio::select! {
        answer = tokio::task::spawn_blocking(read) => answer.ok().flatten(),
        () = cancel.cancelled() => None,
    };
    if answer.is_none() {
        // What follows must not stand in the line of the question.
        say("\n");
    }
    answer
}

fn say(text: &str) {
    let mut err = io::stderr();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// A change set in words, the most dangerous changes last, where the eye is.
fn changes_text(set: &ChangeSet) -> String {
    let mut text = if set.creates_stack {
        format!("{} will be created, with {} resources:\n", set.stack, set.changes.len())
    } else {
        format!("{} will be changed:\n", set.stack)
    };
    let mut changes: Vec<(Weight, &Change)> =
        set.changes.iter().map(|change| (weight(change), change)).collect();
    changes.sort_by_key(|(weight, _)| *weight);
    for (weight, change) in &changes {
        let _ = writeln!(text, "  {}", line(*weight, change));
    }
    if changes.is_empty() {
        text += "  no resource; only outputs, tags or other attributes\n";
    }
    text
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

fn weight(change: &Change) -> Weight {
    match (change.action.as_str(), change.replacement.as_deref()) {
        ("Add" | "Import", _) => Weight::Added,
        ("Remove", _) => Weight::Removed,
        (_, Some("True")) => Weight::Replaced,
        (_, Some("Conditional")) => Weight::MaybeReplaced,
        _ => Weight::Changed,
    }
}

fn line(weight: Weight, change: &Change) -> String {
    let what = format!("{} ({})", change.logical_id, change.resource_type);
    let mut parts: Vec<&str> =
        change.details.iter().map(|detail| detail.name.as_deref().unwrap_or(&detail.attribute)).collect();
    parts.sort_unstable();
    parts.dedup();
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    let policy =
        change.policy_action.as_ref().map(|policy| format!(", the old one: {policy}")).unwrap_or_default();
    match weight {
        Weight::Added => format!("{} {what}", "+ added".green()),
        Weight::Changed => format!("{} {what}{parts}", "~ changed".yellow()),
        Weight::MaybeReplaced => format!("{} {what}{parts}{policy}", "~ changed, may be replaced".yellow()),
        Weight::Replaced => format!("{} {what}{parts}{policy}", "± replaced".red()),
        Weight::Removed => format!("{} {what}{policy}", "- removed".red()),
    }
}

fn recreate_text(stack: &str, status: &str, resources: &[(String, String)]) -> String {
    let mut text = format!("{stack} is {status}: it was never created wholly, and must be deleted first.\n");
    for (id, type_name) in resources {
        let _ = writeln!(text, "  {} {id} ({type_name})", "- removed".red());
    }
    text
}
