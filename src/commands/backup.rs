//! `backup`: what is deployed, as files from which it can be deployed again.

mod check;
mod folder;
pub(super) mod form;
pub(super) mod images;
mod look;
pub(super) mod nested;
pub(super) mod read;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use cloud::Timestamp;
use serde_json::json;

use self::form::Manifest;
use self::look::Taken;
use super::estate::InStacks;
use super::secrets::{self, Encryption, KnownSecrets};
use crate::aws::Aws;
use crate::exit::Exit;
use crate::problem::{Printable, Result, count};
use crate::session::Session;
use crate::shell;

pub(super) use check::{mistakes, need};

/// Where backups go if nothing is said.
const BACKUPS: &str = "backups";

/// Keep what is deployed in a folder: templates, parameters, outputs, digests of images
///
/// Of each deployed stack: the template as CloudFormation has it, with those of its nested stacks, its parameters (those with `NoEcho` by name only, since AWS
/// tells nobody their values), outputs, tags, capabilities, policy, the digests of the images that run, and which of its
/// resources hold data. The data itself is in no backup, and the values of secrets only with `--include-secrets`, encrypted
/// with age.
///
/// All files are for their owner only (mode 0600). `manifest.json` has their checksums and is written last: a folder without
/// it is an unfinished backup. `docuthinker restore` tells how to go back to it.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("key").multiple(true).requires("include_secrets"))]
pub(crate) struct Backup {
    /// Stacks: those of the project by name, or any deployed one by name or ARN [default: all of the project]
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,

    /// The folder, which must not exist yet [default: backups/ and the time]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,

    /// Keep the values of secrets too, encrypted; the folder must then stand outside of git work trees
    #[arg(long, requires = "key")]
    include_secrets: bool,

    #[command(flatten)]
    encryption: Encryption,

    /// Make no backup, but look whether the one in this folder is whole: checksums, templates, images in ECR, encryption.
    /// Ends with exit code 1 if it is not
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["stacks", "out", "include_secrets"])]
    check: Option<PathBuf>,

    /// With `--check`: do not ask ECR whether it still has the images
    #[arg(long, requires = "check")]
    offline: bool,
}

pub(crate) fn run(args: &Backup, session: &mut Session<'_>) -> Result {
    if let Some(folder) = &args.check {
        return check::run(folder, args.offline, session);
    }
    // To the second: `2026-01-01T10:00:00Z`.
    let made = Timestamp(Timestamp::now().0 / 1000 * 1000).to_string();
    let folder = args.out.clone().unwrap_or_else(|| Path::new(BACKUPS).join(made.replace(':', "")));
    folder::refuse_existing(&folder)?;
    if args.include_secrets {
        secrets::refuse_work_tree(&folder, "folder")?;
    }
    let recipients = args.encryption.recipients()?;
    let environment = session.global.request()?.environment_name();
    let mut aws = Aws::new(&session.global)?;
    let stacks = InStacks::named(args.stacks.clone());
    let (places, others) = stacks.places_and_others(&mut aws, session)?;
    for (other, _) in &others {
        session.printer.status(&format!("{} is not deployed, and not in the backup", other.label()));
    }
    let taken = look::look(&places, &aws, session)?;
    let encrypted = if args.include_secrets {
        let known = KnownSecrets::read(places, &others, &aws)?;
        known.warn_of_unread(session);
        Some(secrets::encrypted(&known, &args.encryption, recipients, &aws, session)?)
    } else {
        None
    };
    // Encrypting with a passphrase takes a while, in which nobody asks whether it is still wanted.
    aws.unless_interrupted(std::future::ready(()))?;
    let contents = folder::contents(&taken, encrypted, environment, made);
    folder::write(&folder, &contents)?;
    said(&folder, &contents.manifest, &taken, session)?;
    Ok(Exit::Done)
}

fn said(folder: &Path, manifest: &Manifest, taken: &[Taken], session: &mut Session<'_>) -> Result<()> {
    let check = shell::command(&["docuthinker", "backup", "--check", &folder.to_string_lossy()]);
    if session.printer.json() {
        let stacks: Vec<_> = taken.iter().map(|one| &one.record).collect();
        return session.printer.result_json(&json!({
            "command": "backup",
            "folder": folder,
            "manifest": manifest,
            "stacks": stacks,
            "next": check,
        }));
    }
    let mut text = format!("backup of {} in {}\n", count(taken.len(), "stack"), folder.display());
    for (entry, one) in manifest.stacks.iter().zip(taken) {
        let record = &one.record;
        let file = entry.template.rsplit('/').next().unwrap_or_default();
        let mut parts = vec![file.to_owned(), count(record.parameters.len(), "parameter")];
        parts.push(count(record.outputs.len(), "output"));
        if !record.images.is_empty() {
            parts.push(count(record.images.len(), "image"));
        }
        if !entry.nested.is_empty() {
            parts.push(count(entry.nested.len(), "template") + " of nested stacks");
        }
        let _ = writeln!(text, "  {}: {}", record.name, parts.join(", "));
    }
    if let Some(secrets) = &manifest.secrets {
        let values = secrets.secrets.iter().filter(|secret| secret.has_value).count();
        let _ = match &secrets.file {
            Some(file) => writeln!(text, "  {file}: {} of secrets, encrypted", count(values, "value")),
            None => writeln!(text, "  no secret has a value"),
        };
        let without = secrets.secrets.iter().filter(|secret| !secret.has_value);
        let without: Vec<&str> = without.map(|secret| secret.name.as_str()).collect();
        if !without.is_empty() {
            let _ = writeln!(text, "  left out, since they have no value: {}", without.join(", "));
        }
    }
    text += &not_in_it(manifest, taken);
    let _ = writeln!(text, "whether it stays whole: {check}");
    session.printer.result_in_lines(&text)
}

/// What a restore needs besides.
fn not_in_it(manifest: &Manifest, taken: &[Taken]) -> String {
    let mut text = String::new();
    let mut line = |what: String| {
        let _ = writeln!(text, "  {what}");
    };
    for record in taken.iter().map(|one| &one.record) {
        let hidden = record.hidden();
        if !hidden.is_empty() {
            let values = if hidden.len() == 1 { "value" } else { "values" };
            line(format!("the {values} of {} of {} (NoEcho)", hidden.join(", "), record.name));
        }
        let data = record.stateful.iter().filter(|one| !one.is_secret());
        for one in data {
            line(format!("{} of {}: {}", one.logical_id, record.name, one.holds));
        }
        let values = record.stateful.iter().filter(|one| one.is_secret()).count();
        if values > 0 && manifest.secrets.is_none() {
            line(format!("the values of {} of {}", count(values, "secret"), record.name));
        }
        for image in record.images.iter().filter(|image| image.digest.is_none()) {
            line(format!("the digest of {} in {}", Printable(&image.image), image.service));
        }
    }
    if text.is_empty() { text } else { format!("not in it:\n{text}") }
}
