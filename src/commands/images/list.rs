//! `images list`: what the repositories hold, what the settings declare, and what the services run.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cloud::{Findings, StoredImage};
use serde::Serialize;
use serde_json::json;

use super::chosen::{Chosen, Placed, chosen};
use crate::aws::{self, Aws};
use crate::problem::{Printable, Problem, Result};
use crate::project::BuiltImage;
use crate::session::Session;

/// List the images in the repositories, newest first
///
/// Says which one the settings declare and which one the deployed stack's task definition names.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Images by name [default: all]
    #[arg(value_name = "IMAGE")]
    images: Vec<String>,

    /// How many of each repository are shown, beside those that are declared or deployed
    #[arg(long, value_name = "NUMBER", default_value = "10")]
    limit: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    image: String,
    repository: String,
    region: String,
    /// Whether there is such a repository.
    exists: bool,
    /// What the settings say: a tag or a digest.
    declared: Option<String>,
    /// What the deployed task definition says: a tag or a digest.
    deployed: Option<String>,
    /// How many images there are that are not shown.
    more: usize,
    images: Vec<Row>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    #[serde(flatten)]
    image: StoredImage,
    declared: bool,
    deployed: bool,
    /// What a scan found, by severity; none if there was no scan.
    findings: Findings,
}

pub(super) fn run(args: &List, session: &mut Session<'_>) -> Result<()> {
    let chosen = chosen(&args.images, session)?;
    let mut aws = Aws::new(&session.global)?;
    let placed = chosen.placed(&mut aws, session)?;
    let deployed = deployed(&chosen, &mut aws, session)?;
    let mut views = Vec::new();
    for (placed, deployed) in placed.iter().zip(deployed) {
        let declared = chosen.declared(&placed.image).map(str::to_owned);
        views.push(view(placed, declared, deployed, args.limit, &aws, session)?);
    }
    if session.printer.json() {
        return session.printer.result_json(&json!({ "repositories": views }));
    }
    let text: Vec<String> = views.iter().map(text).collect();
    session.printer.result_in_lines(&text.join("\n"))
}

fn view(
    placed: &Placed,
    declared: Option<String>,
    deployed: Option<String>,
    limit: usize,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<View> {
    let stored = aws.look(cloud::stored_images(&placed.connection, placed.repository()))?;
    let (exists, stored) = (stored.is_some(), stored.unwrap_or_default());
    let is = |image: &StoredImage, name: Option<&String>| {
        name.is_some_and(|name| image.digest == *name || image.tags.contains(name))
    };
    let all = stored.len();
    let mut rows: Vec<Row> = stored
        .into_iter()
        .enumerate()
        .map(|(at, image)| (at, is(&image, declared.as_ref()), is(&image, deployed.as_ref()), image))
        .filter(|(at, declared, deployed, _)| *at < limit || *declared || *deployed)
        .map(|(_, declared, deployed, image)| Row { image, declared, deployed, findings: None })
        .collect();
    findings(placed, &mut rows, aws, session)?;
    Ok(View {
        image: placed.image.container.clone(),
        repository: placed.repository().to_owned(),
        region: placed.region().to_owned(),
        exists,
        declared,
        deployed,
        more: all - rows.len(),
        images: rows,
    })
}

/// Adds what scans found; who may not see it is told so once.
fn findings(placed: &Placed, rows: &mut [Row], aws: &Aws, session: &mut Session<'_>) -> Result<()> {
    let ask = |row: &Row| row.image.digest.clone();
    let digests: Vec<String> = rows.iter().map(ask).collect();
    let questions =
        digests.iter().map(|digest| cloud::image_findings(&placed.connection, placed.repository(), digest));
    let answers = aws.unless_interrupted(aws::together(questions))?;
    let mut untold = None;
    for (row, answer) in rows.iter_mut().zip(answers) {
        match answer {
            Ok(findings) => row.findings = findings,
            Err(error) => untold = Some(error.to_string()),
        }
    }
    if let Some(why) = untold {
        let message = format!("what scans of {} found is not known: {why}", placed.repository());
        session.printer.problem(&Problem::warning("images/findings", message));
    }
    Ok(())
}

/// A deployed stack and the way to it.
type Found = Option<(cloud::Connection, cloud::Inventory)>;

/// For each image, what the task definition of its deployed stack names: a tag or a digest.
fn deployed(chosen: &Chosen, aws: &mut Aws, session: &mut Session<'_>) -> Result<Vec<Option<String>>> {
    let mut known: BTreeMap<String, Found> = BTreeMap::new();
    let mut all = Vec::new();
    for image in &chosen.images {
        if !known.contains_key(&image.stack) {
            let found = inventory(chosen, image, aws, session)?;
            known.insert(image.stack.clone(), found);
        }
        let found = known.get(&image.stack).and_then(Option::as_ref);
        let named = found.and_then(|(connection, inventory)| {
            Some((connection, inventory.physical_id(&image.task_definition)?))
        });
        all.push(match named {
            Some((connection, arn)) => in_task_definition(image, connection, arn, aws, session)?,
            None => None,
        });
    }
    Ok(all)
}

fn inventory(chosen: &Chosen, image: &BuiltImage, aws: &mut Aws, session: &mut Session<'_>) -> Result<Found> {
    let stack = chosen.synthesis.stacks.iter().find(|stack| stack.name == image.stack);
    let (region, account) =
        stack.map_or((None, None), |stack| (stack.region.as_deref(), stack.account.as_deref()));
    let connection = aws.connection(region, account, &mut session.printer)?;
    match aws.unless_interrupted(cloud::inventory(&connection, &image.stack))? {
        Ok(inventory) => Ok(inventory.map(|inventory| (connection, inventory))),
        Err(error) => {
            unknown(&image.stack, &error.to_string(), session);
            Ok(None)
        }
    }
}

fn in_task_definition(
    image: &BuiltImage,
    connection: &cloud::Connection,
    arn: &str,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<Option<String>> {
    match aws.unless_interrupted(cloud::task_definition(connection, arn))? {
        Ok(found) => {
            let containers = found.map(|found| found.containers).unwrap_or_default();
            let own = containers.iter().find(|container| container.name == image.container);
            Ok(own.and_then(|container| version(&container.image)).map(str::to_owned))
        }
        Err(error) => {
            unknown(&image.container, &error.to_string(), session);
            Ok(None)
        }
    }
}

fn unknown(what: &str, why: &str, session: &mut Session<'_>) {
    let message = format!("what {what} runs is not known: {why}");
    session.printer.problem(&Problem::warning("images/deployed", message));
}

/// The tag or digest in an image's full name.
fn version(name: &str) -> Option<&str> {
    match name.split_once('@') {
        Some((_, digest)) => Some(digest),
        None => name.rsplit('/').next()?.split_once(':').map(|(_, tag)| tag),
    }
}

fn text(view: &View) -> String {
    let mut text = format!("{} in {}: ", view.repository, view.region);
    if !view.exists {
        return format!("{text}not there; docuthinker images ensure {}\n", view.image);
    }
    let all = view.images.len() + view.more;
    let _ = match all {
        0 => writeln!(text, "no images; docuthinker images push {}", view.image),
        _ => writeln!(text, "{}", crate::problem::count(all, "image")),
    };
    for row in &view.images {
        text += &row_text(row);
    }
    if view.more > 0 {
        let _ = writeln!(text, "  and {} more: --limit {all}", view.more);
    }
    for (name, what) in
        [(&view.declared, "the settings declare"), (&view.deployed, "the deployed stack runs")]
    {
        let is_shown = |name: &String| {
            view.images.iter().any(|row| row.image.digest == *name || row.image.tags.contains(name))
        };
        if let Some(name) = name.as_ref().filter(|name| !is_shown(name)) {
            let _ = writeln!(text, "  {what} {}, which is not there", Printable(name));
        }
    }
    text
}

/// Three lines, which fit 80 columns whatever the tags are.
fn row_text(row: &Row) -> String {
    let image = &row.image;
    let tags = if image.tags.is_empty() { "no tag".to_owned() } else { image.tags.join(", ") };
    let marks: Vec<&str> = [(row.declared, "declared"), (row.deployed, "deployed")]
        .into_iter()
        .filter_map(|(is, word)| is.then_some(word))
        .collect();
    let marks = if marks.is_empty() { String::new() } else { format!("  ({})", marks.join(", ")) };
    let mut facts: Vec<String> = Vec::new();
    facts.extend(image.pushed.map(|pushed| format!("pushed {pushed}")));
    facts.extend(image.bytes.map(size));
    facts.extend(row.findings.as_ref().map(found));
    format!("  {}{marks}\n    {}\n    {}\n", Printable(&tags), image.digest, facts.join(", "))
}

/// In megabytes of a million bytes, as ECR's console shows them.
fn size(bytes: i64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

fn found(findings: &BTreeMap<String, i32>) -> String {
    const ORDER: [&str; 4] = ["CRITICAL", "HIGH", "MEDIUM", "LOW"];
    let named = ORDER.iter().filter_map(|severity| {
        let count = findings.get(*severity).filter(|count| **count > 0)?;
        Some(format!("{count} {}", severity.to_lowercase()))
    });
    let mut parts: Vec<String> = named.collect();
    let others: i32 = findings
        .iter()
        .filter(|(severity, _)| !ORDER.contains(&severity.as_str()))
        .map(|(_, count)| count)
        .sum();
    if others > 0 {
        parts.push(format!("{others} other"));
    }
    if parts.is_empty() { "scan: nothing found".to_owned() } else { format!("scan: {}", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_an_image_is_its_tag_or_digest() {
        assert_eq!(version("1.dkr.ecr.x.amazonaws.com/r:v1"), Some("v1"));
        assert_eq!(version("1.dkr.ecr.x.amazonaws.com/a/r@sha256:1f"), Some("sha256:1f"));
        assert_eq!(version("127.0.0.1:5000/r:v1"), Some("v1"));
        assert_eq!(version("127.0.0.1:5000/r"), None);
    }

    #[test]
    fn findings_are_told_by_weight() {
        let findings = |all: &[(&str, i32)]| {
            found(&all.iter().map(|(severity, count)| ((*severity).to_owned(), *count)).collect())
        };
        assert_eq!(findings(&[]), "scan: nothing found");
        assert_eq!(
            findings(&[("LOW", 3), ("CRITICAL", 1), ("UNDEFINED", 2), ("HIGH", 0)]),
            "scan: 1 critical, 3 low, 2 other"
        );
    }
}
