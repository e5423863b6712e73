//! `backup --check`: whether a backup is whole, and whether what it needs is still there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use cloud::preflight::{self, ImageNeed, Need, State as Found};
use serde::Serialize;
use serde_json::json;
use template::requirements::{Version, registry_image};

use super::form::{Image, StackRecord};
use super::read::Backup;
use crate::aws::Aws;
use crate::checks::{Checks, Subject};
use crate::commands::secrets;
use crate::exit::Exit;
use crate::problem::{Failure, Printable, Result, Severity, count};
use crate::session::Session;
use crate::shell;
use crate::templates::{self, TemplateFile};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Ok,
    Bad,
    /// It could not be looked at.
    Unknown,
    /// It was not looked at on purpose.
    Skipped,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    state: State,
    what: String,
    says: String,
}

impl Row {
    fn new(state: State, what: impl Into<String>, says: impl Into<String>) -> Row {
        Row { state, what: what.into(), says: says.into() }
    }
}

pub(super) fn run(folder: &Path, offline: bool, session: &mut Session<'_>) -> Result {
    let backup = match Backup::open(folder) {
        Ok(backup) => backup,
        // A backup that is not whole is what was asked about.
        Err(failure) if folder.is_dir() => return Err(Failure { exit: Exit::Failed, ..failure }),
        Err(failure) => return Err(failure),
    };
    let mut rows = files(&backup);
    let mut records = Vec::new();
    for entry in &backup.manifest.stacks {
        match backup.record(entry) {
            Ok(record) => records.push(record),
            Err(failure) => rows.extend(
                failure.problems.iter().map(|problem| Row::new(State::Bad, &entry.stack, &problem.message)),
            ),
        }
        rows.push(template(&backup, &entry.name, &entry.template, session)?);
        for nested in &entry.nested {
            rows.push(template(&backup, &entry.name, &nested.template, session)?);
        }
    }
    rows.extend(secrets_file(&backup));
    let asked = images(&records, offline, session);
    let failure = match asked {
        Ok(found) => {
            rows.extend(found);
            None
        }
        Err(failure) => {
            rows.push(Row::new(State::Unknown, "images", "could not be looked at"));
            Some(failure)
        }
    };
    show(&backup, &rows, session)?;
    match failure {
        Some(failure) => Err(failure),
        None if rows.iter().any(|row| matches!(row.state, State::Bad | State::Unknown)) => Ok(Exit::Failed),
        None => Ok(Exit::Done),
    }
}

fn files(backup: &Backup) -> Vec<Row> {
    let wrong = backup.wrong();
    if wrong.is_empty() {
        let number = backup.manifest.files.len();
        return vec![Row::new(State::Ok, "files", format!("{number} as they were written (SHA-256)"))];
    }
    wrong.into_iter().map(|one| Row::new(State::Bad, one.path, one.says)).collect()
}

fn template(backup: &Backup, stack: &str, template: &str, session: &Session<'_>) -> Result<Row> {
    let bad = |says: String| Ok(Row::new(State::Bad, template, says));
    let Some(path) = backup.path(template) else { return bad("is no place in a backup".to_owned()) };
    let file = match templates::read(&path) {
        Ok(file) => TemplateFile { stack: Some(stack.to_owned()), ..file },
        Err(failure) => {
            let why = failure.problems.last().map(|problem| problem.message.clone());
            return bad(format!("cannot be read: {}", why.unwrap_or_default()));
        }
    };
    let mistakes = mistakes(&file, session)?;
    if mistakes.is_empty() {
        let number = count(file.document.template.resources.len(), "resource");
        return Ok(Row::new(State::Ok, template, format!("{number}, no mistakes")));
    }
    let shows = shell::command(&["docuthinker", "validate", "--template", &path.to_string_lossy()]);
    bad(format!("{} ({}): `{shows}` shows them", count(mistakes.len(), "mistake"), mistakes.join(", ")))
}

/// The codes of the mistakes in a template for which `deploy` would refuse it.
pub(in crate::commands) fn mistakes(file: &TemplateFile, session: &Session<'_>) -> Result<Vec<String>> {
    let mut checks = Checks::new(session, &[])?;
    checks.check(Subject::File(file))?;
    let report = checks.report(false);
    let stops = |severity| severity == Severity::Error || report.deny_warnings;
    let found = report.found.iter().filter(|item| stops(item.problem.severity));
    Ok(found.map(|item| item.problem.code.to_owned()).collect())
}

fn secrets_file(backup: &Backup) -> Option<Row> {
    let kept = backup.manifest.secrets.as_ref()?;
    let Some(file) = &kept.file else {
        return Some(Row::new(State::Ok, "secrets", "no secret had a value"));
    };
    // Why it cannot be read is told among the files.
    let bytes = backup.bytes(file).ok()?;
    let values = kept.secrets.iter().filter(|secret| secret.has_value).count();
    Some(match secrets::header(&bytes) {
        Some(header) if header.with_passphrase == kept.with_passphrase => {
            let how = if header.with_passphrase { "with a passphrase" } else { "for recipients" };
            Row::new(State::Ok, file, format!("{}, encrypted {how} (age)", count(values, "value")))
        }
        Some(_) => Row::new(State::Bad, file, "is encrypted in another way than the manifest says"),
        None => Row::new(State::Bad, file, "is no age file"),
    })
}

/// Asks ECR whether it still has the images. Other registries are not asked.
fn images(records: &[StackRecord], offline: bool, session: &mut Session<'_>) -> Result<Vec<Row>> {
    let all = records.iter().flat_map(|record| &record.images).count();
    if all == 0 {
        return Ok(Vec::new());
    }
    if offline {
        return Ok(vec![Row::new(
            State::Skipped,
            "images",
            format!("{} not looked at", count(all, "image")),
        )]);
    }
    let mut rows = Vec::new();
    let mut aws = Aws::new(&session.global)?;
    let (mut there, mut foreign) = (0, 0);
    for (place, needs) in by_place(records) {
        foreign += needs.foreign;
        if needs.images.is_empty() {
            continue;
        }
        let connection = aws.connection(Some(&place.1), Some(&place.0), &mut session.printer)?;
        if connection.is_local() {
            rows.push(Row::new(State::Skipped, "images", "the emulator has none that are real"));
            continue;
        }
        let asked: Vec<Need> = needs.images.values().cloned().map(Need::Image).collect();
        for check in aws.unless_interrupted(preflight::check(&connection, &asked))? {
            match check.state {
                Found::Missing => rows.push(Row::new(State::Bad, "images", check.what)),
                Found::Unknown => {
                    let says = format!("{}: {}", check.what, check.reason.unwrap_or_default());
                    rows.push(Row::new(State::Unknown, "images", says));
                }
                _ => there += 1,
            }
        }
    }
    if there > 0 {
        rows.push(Row::new(State::Ok, "images", format!("{there} still in ECR, by digest")));
    }
    if foreign > 0 {
        let says =
            format!("{} of other registries, or without a digest, not looked at", count(foreign, "image"));
        rows.push(Row::new(State::Skipped, "images", says));
    }
    Ok(rows)
}

/// What is asked in one account and region.
#[derive(Default)]
struct Needs {
    /// By digest and repository.
    images: BTreeMap<String, ImageNeed>,
    foreign: usize,
}

fn by_place(records: &[StackRecord]) -> BTreeMap<(String, String), Needs> {
    let mut places: BTreeMap<(String, String), Needs> = BTreeMap::new();
    for record in records {
        let needs = places.entry((record.account.clone(), record.region.clone())).or_default();
        for image in &record.images {
            match need(image) {
                Some(need) => {
                    needs.images.insert(need.uri.clone(), need);
                }
                None => needs.foreign += 1,
            }
        }
    }
    places
}

/// The image by its digest, if it is one of ECR's.
pub(in crate::commands) fn need(image: &Image) -> Option<ImageNeed> {
    let digest = image.digest.as_ref()?;
    let known = registry_image(&format!("{}@{digest}", image.repository))?;
    let Version::Digest(digest) = known.version else { return None };
    Some(ImageNeed {
        uri: known.uri,
        registry: known.registry,
        region: known.region,
        repository: known.repository,
        tag: None,
        digest: Some(digest),
        architecture: None,
    })
}

fn show(backup: &Backup, rows: &[Row], session: &mut Session<'_>) -> Result<()> {
    let whole = rows.iter().all(|row| matches!(row.state, State::Ok | State::Skipped));
    let manifest = &backup.manifest;
    if session.printer.json() {
        return session.printer.result_json(&json!({
            "command": "check",
            "folder": backup.folder,
            "made": manifest.made,
            "whole": whole,
            "rows": rows,
        }));
    }
    let mut text = format!(
        "backup of {} at {} by {}, in {}\n",
        count(manifest.stacks.len(), "stack"),
        Printable(&manifest.made),
        Printable(&manifest.tool),
        backup.folder.display()
    );
    for row in rows {
        let mark = match row.state {
            State::Ok => "  ",
            State::Bad => "! ",
            State::Unknown => "? ",
            State::Skipped => "- ",
        };
        let _ = writeln!(text, "{mark}{}: {}", Printable(&row.what), Printable(&row.says));
    }
    text += &verdict(rows, whole);
    session.printer.result_in_lines(&text)
}

/// In one line, how the backup is.
fn verdict(rows: &[Row], whole: bool) -> String {
    let skipped = rows.iter().filter(|row| row.state == State::Skipped);
    let skipped: Vec<&str> = skipped.map(|row| row.what.as_str()).collect();
    match (whole, skipped.is_empty()) {
        (false, _) => "it is not whole, or not all could be looked at\n".to_owned(),
        (true, true) => "it is whole\n".to_owned(),
        (true, false) => format!("what was looked at is whole; not looked at: {}\n", skipped.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_looked_at_is_not_called_whole() {
        let row = |state, what: &str| Row::new(state, what, "");
        let files = row(State::Ok, "files");
        assert_eq!(verdict(std::slice::from_ref(&files), true), "it is whole\n");
        let skipped = [files, row(State::Skipped, "images")];
        assert_eq!(verdict(&skipped, true), "what was looked at is whole; not looked at: images\n");
        assert!(verdict(&skipped, false).starts_with("it is not whole"));
    }
}
