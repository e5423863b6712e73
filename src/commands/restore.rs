//! `restore`: explains how to go back to a backup. It changes nothing itself.

mod compare;
mod steps;
mod text;

use std::path::PathBuf;

use serde::Serialize;

use self::compare::Now;
use self::steps::{Gap, Step};
use super::backup::form::{Entry, StackRecord, in_order};
use super::backup::read::Backup;
use crate::aws::Aws;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result, suggestion};
use crate::session::Session;

/// Tell how to go back to a backup: what differs, and the commands in their order
///
/// The checksums of the backup are looked at first. Then each stack is compared with what is deployed: one that is as it was
/// needs nothing. For the others come numbered steps with the commands that do it, in the order of the stacks' exports and
/// imports, and what no backup can give back. Nothing is changed: it is you who runs the commands.
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// The folder of the backup
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,

    /// Only these stacks of it
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,
}

/// A stack of the backup.
struct Kept {
    entry: Entry,
    record: StackRecord,
}

/// What is told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    folder: PathBuf,
    made: String,
    tool: String,
    stacks: Vec<StackView>,
    steps: Vec<Step>,
    not_in_the_backup: Vec<Gap>,
}

/// A stack beside what is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct StackView {
    name: String,
    region: String,
    #[serde(flatten)]
    now: Now,
}

pub(crate) fn run(args: &Restore, session: &mut Session<'_>) -> Result {
    let backup = Backup::open(&args.folder)?;
    refuse_damage(&backup)?;
    let kept = chosen(&backup, &args.stacks)?;
    let mut aws = Aws::new(&session.global)?;
    let found = compare::compare(&backup, kept, &mut aws, session)?;
    let valueless = compare::valueless(&backup, &found, &mut aws, session)?;
    let (mut steps, gaps) = steps::steps(&backup, &found, &valueless, session)?;
    // The steps' own commands have what they need, each for its stack.
    for note in steps.iter_mut().flat_map(|step| &mut step.notes) {
        *note = session.printer.in_context(note).into_owned();
    }
    let stacks = found.iter().map(|one| StackView {
        name: one.kept.record.name.clone(),
        region: one.kept.record.region.clone(),
        now: one.now.clone(),
    });
    let view = View {
        folder: backup.folder.clone(),
        made: backup.manifest.made.clone(),
        tool: backup.manifest.tool.clone(),
        stacks: stacks.collect(),
        steps,
        not_in_the_backup: gaps,
    };
    if session.printer.json() {
        session.printer.result_json(&view)?;
    } else {
        let text = text::page(&view, crate::printer::stdout_columns());
        session.printer.result_as_it_is(&text)?;
    }
    Ok(Exit::Done)
}

/// What was changed after it was written is no ground to go back to.
fn refuse_damage(backup: &Backup) -> Result<()> {
    let wrong = backup.wrong();
    if wrong.is_empty() {
        return Ok(());
    }
    let problem = |one: &super::backup::read::Wrong| {
        Problem::error("backup/damaged", format!("{} {}", one.path, one.says))
    };
    let mut problems: Vec<Problem> = wrong.iter().map(problem).collect();
    if let Some(last) = problems.last_mut() {
        last.hint = Some("take another backup: this one is not as it was written".to_owned());
    }
    Err(Failure::new(Exit::Refused, problems))
}

/// The stacks that are meant, each after those that it depends on.
fn chosen(backup: &Backup, names: &[String]) -> Result<Vec<Kept>> {
    let entries = &backup.manifest.stacks;
    let unknown = names.iter().filter(|name| entries.iter().all(|entry| entry.name != **name));
    let problems: Vec<Problem> = unknown
        .map(|name| {
            let problem = Problem::error("usage/unknown-stack", format!("the backup has no stack `{name}`"));
            problem.maybe_hint(suggestion(name, entries.iter().map(|entry| entry.name.as_str())))
        })
        .collect();
    if !problems.is_empty() {
        return Err(Failure::new(Exit::Usage, problems));
    }
    let mut kept = Vec::new();
    for entry in entries.iter().filter(|entry| names.is_empty() || names.contains(&entry.name)) {
        kept.push(Kept { record: backup.record(entry)?, entry: entry.clone() });
    }
    Ok(in_order(kept, |one| &one.record))
}
