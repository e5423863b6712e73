//! `images pin`: what was pushed is what the settings say.

use cloud::ImageName;
use serde::Serialize;
use serde_json::json;

use super::build::tags;
use super::chosen::chosen;
use super::resolve::{Resolved, Wanted, resolve};
use super::source::Origin;
use crate::aws::Aws;
use crate::config::{self, Change, Written};
use crate::problem::{Problem, Result};
use crate::session::Session;

/// Write the digests of images into the configuration file
///
/// Asks ECR which image a tag means now, and writes its digest below the environment in docuthinker.yaml; everything else in
/// the file stays as it is, comments too. A file that is not there is made.
#[derive(Debug, clap::Args)]
pub(crate) struct Pin {
    /// Images by name, each with its tag or digest if it is not that of `--tag`: `backend=v2.0` [default: all]
    #[arg(value_name = "IMAGE[=TAG]")]
    images: Vec<String>,

    #[command(flatten)]
    origin: Origin,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    image: String,
    place: String,
    tag: Option<String>,
    digest: String,
    before: Option<String>,
    changed: bool,
}

pub(super) fn run(args: &Pin, session: &mut Session<'_>) -> Result<()> {
    let wanted = wanted(args, session)?;
    let mut aws = Aws::new(&session.global)?;
    let resolved = resolve(&wanted, &mut aws, session)?;
    let change = |one: &Resolved| Change {
        setting: one.placed.image.setting.clone(),
        value: one.digest.clone().into(),
    };
    let changes: Vec<Change> = resolved.iter().map(change).collect();
    let request = session.global.request()?;
    let (file, written) = config::write(&request, &changes)?;
    warn_of_overrides(&resolved, session)?;
    let rows: Vec<Row> = resolved.iter().zip(written).map(|(one, written)| row(one, written)).collect();
    if session.printer.json() {
        return session.printer.result_json(&json!({ "file": file, "pinned": rows }));
    }
    let line = |row: &Row| {
        let tag = row.tag.as_ref().map(|tag| format!(" ({tag})")).unwrap_or_default();
        let before = row.before.as_deref().unwrap_or("not set");
        let what = if row.changed {
            format!("{before} → {}{tag}", row.digest)
        } else {
            format!("{}{tag} already", row.digest)
        };
        format!("{}: {} = {what}\n", file.display(), row.place)
    };
    session.printer.result_in_lines(&rows.iter().map(line).collect::<String>())
}

fn row(one: &Resolved, written: Written) -> Row {
    let tag = match &one.name {
        ImageName::Tag(tag) => Some(tag.clone()),
        ImageName::Digest(_) => None,
    };
    let before = written.before.as_ref().map(config::in_a_line);
    let changed = before.as_ref() != Some(&one.digest);
    Row {
        image: one.placed.image.container.clone(),
        place: written.place,
        tag,
        digest: one.digest.clone(),
        before,
        changed,
    }
}

/// Those that are named without a tag have that of the commit, or of `--tag`.
fn wanted(args: &Pin, session: &mut Session<'_>) -> Result<Vec<Wanted>> {
    let (with, without): (Vec<&String>, Vec<&String>) =
        args.images.iter().partition(|text| text.contains('='));
    let mut wanted = Vec::new();
    for text in with {
        let read = super::resolve::wanted(text).map_err(|why| {
            crate::problem::Failure::usage(Problem::error("usage/image", format!("`{text}`: {why}")))
        })?;
        wanted.push(read);
    }
    if !args.images.is_empty() && without.is_empty() {
        return Ok(wanted);
    }
    let names: Vec<String> = without.into_iter().cloned().collect();
    let images = chosen(&names, session)?.images;
    let source = args.origin.find();
    let rest = images.iter().zip(tags(&images, |image| source.sound_tag(image))?);
    wanted.extend(
        rest.map(|(image, tag)| Wanted { image: image.container.clone(), name: ImageName::Tag(tag.name) }),
    );
    Ok(wanted)
}

/// A variable or `--set` counts more than the file.
fn warn_of_overrides(resolved: &[Resolved], session: &mut Session<'_>) -> Result<()> {
    let config = session.config()?;
    for one in resolved {
        let setting = &one.placed.image.setting;
        let path: Vec<String> = setting.split('.').map(str::to_owned).collect();
        let counts = path.iter().try_fold(&config.settings, |at, key| at.get(key));
        if counts.and_then(serde_json::Value::as_str) != Some(&one.digest) {
            let message =
                format!("the file is not what counts for `{setting}` in this run: {}", config.source(&path));
            session.printer.problem(&Problem::warning("images/overridden", message));
        }
    }
    Ok(())
}
