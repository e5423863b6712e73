//! The way back for people: short lines, and commands that can be copied.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::compare::Now;
use super::steps::Command;
use super::{StackView, View};
use crate::printer::wrapped;
use crate::problem::{Printable, count};
use crate::shell;

/// The page, in lines of at most so many columns where words and arguments allow it.
pub(super) fn page(view: &View, columns: Option<usize>) -> String {
    let of = format!("backup at {} by {}, in {}", view.made, view.tool, view.folder.display());
    let mut text = indented(0, &of, columns);
    for stack in &view.stacks {
        text += &indented(2, &format!("{}: {}", stack.name, said(stack)), columns);
    }
    if view.steps.is_empty() {
        text += "nothing to do: all is as in the backup, as far as AWS tells\n";
        return text;
    }
    text += "nothing was changed; this is the way back:\n";
    for step in &view.steps {
        let title = format!("{}. {}", step.number, step.title);
        let _ = writeln!(text, "\n{}", wrapped(0, 3, &Printable(&title).to_string(), columns));
        for note in &step.notes {
            text += &indented(3, note, columns);
        }
        for command in &step.commands {
            text += &broken(command, columns);
        }
    }
    if !view.not_in_the_backup.is_empty() {
        text += "\nnot given back by it:\n";
        for gap in &view.not_in_the_backup {
            text += &indented(2, &format!("{} of {}: {}", gap.what, gap.stack, gap.says), columns);
        }
    }
    text
}

/// How a stack is now.
fn said(stack: &StackView) -> String {
    match &stack.now {
        Now::Unchanged => "as in the backup".to_owned(),
        Now::Busy { status } => format!("is being changed ({status})"),
        Now::HalfDeleted { status } => format!("is {status}: a part of it could not be deleted"),
        Now::Missing { status: None, resources } => {
            format!("is not deployed; {} made anew", are(*resources))
        }
        Now::Missing { status: Some(status), resources } => {
            format!("is {status}; {} made anew", are(*resources))
        }
        Now::Changed { resources, parameters, tags, unprotected } => {
            let mut parts = resources.clone();
            if !parameters.is_empty() {
                parts.push(format!("other values of {}", parameters.join(", ")));
            }
            if *tags {
                parts.push("other tags".to_owned());
            }
            if *unprotected {
                parts.push("termination protection".to_owned());
            }
            format!("differs; to go back: {}", parts.join(", "))
        }
    }
}

fn are(resources: usize) -> String {
    let verb = if resources == 1 { "is" } else { "are" };
    format!("{} {verb}", count(resources, "resource"))
}

/// Text in lines, each after so many spaces.
fn indented(indent: usize, text: &str, columns: Option<usize>) -> String {
    let lines = wrapped(indent, indent, &Printable(text).to_string(), columns);
    format!("{:indent$}{lines}\n", "")
}

/// A command in lines that a shell reads as one.
fn broken(command: &Command, columns: Option<usize>) -> String {
    let columns = columns.unwrap_or(usize::MAX);
    let (first, others) = ("   ", "     ");
    let mut text = first.to_owned();
    let mut at = first.len();
    for (number, word) in command.0.iter().map(|word| shell::word(word)).enumerate() {
        // With room for ` \` at the end.
        if number > 0 && at + 1 + word.width() + 2 > columns {
            let _ = write!(text, " \\\n{others}");
            at = others.len();
        } else if number > 0 {
            text.push(' ');
            at += 1;
        }
        text += &Printable(&word).to_string();
        at += word.width();
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
