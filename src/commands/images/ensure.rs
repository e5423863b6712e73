//! `images ensure`: repositories that are there.

use cloud::RepositoryState;
use serde::Serialize;
use serde_json::json;

use super::chosen::{Placed, chosen};
use crate::aws::{self, Aws};
use crate::commands::deploy;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// Make sure that the images' repositories are there
///
/// Where one is missing, the stack that makes it is deployed, as `docuthinker deploy` does it: with its questions, unless
/// `--yes` answers them.
#[derive(Debug, clap::Args)]
pub(crate) struct Ensure {
    /// Images by name [default: all]
    #[arg(value_name = "IMAGE")]
    images: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    image: &'a str,
    repository: &'a str,
    region: &'a str,
    uri: &'a str,
    immutable: bool,
    state: &'static str,
}

pub(super) fn run(args: &Ensure, session: &mut Session<'_>) -> Result<()> {
    let chosen = chosen(&args.images, session)?;
    let mut aws = Aws::new(&session.global)?;
    let placed = chosen.placed(&mut aws, session)?;
    let found = ensure(&placed, &mut aws, session)?;
    let rows: Vec<Row<'_>> = placed
        .iter()
        .zip(&found)
        .map(|(placed, (repository, made))| Row {
            image: &placed.image.container,
            repository: placed.repository(),
            region: placed.region(),
            uri: &repository.uri,
            immutable: repository.immutable,
            state: if *made { "made" } else { "there" },
        })
        .collect();
    if session.printer.json() {
        return session.printer.result_json(&json!({ "repositories": rows }));
    }
    let line = |row: &Row<'_>| {
        let what = if row.state == "made" { "was made" } else { "is there" };
        let tags = if row.immutable { "a tag stays with its image" } else { "tags can move" };
        format!("{} in {} {what}; {tags}\n", row.repository, row.region)
    };
    session.printer.result_in_lines(&rows.iter().map(line).collect::<String>())
}

/// The repositories of the images, and whether each had to be made.
pub(super) fn ensure(
    placed: &[Placed],
    aws: &mut Aws,
    session: &mut Session<'_>,
) -> Result<Vec<(RepositoryState, bool)>> {
    let before = look(placed, aws)?;
    let missing: Vec<&Placed> =
        placed.iter().zip(&before).filter(|(_, found)| found.is_none()).map(|(placed, _)| placed).collect();
    if !missing.is_empty() {
        let names: Vec<String> =
            missing.iter().map(|placed| format!("{} in {}", placed.repository(), placed.region())).collect();
        let stacks = deploys_first(missing.iter().map(|placed| &placed.image));
        let stacks_text = stacks.join(" ");
        session.printer.status(&format!(
            "not there: {}; deploys what makes it: docuthinker deploy {stacks_text}",
            names.join(", ")
        ));
        deploy::stacks(&stacks, aws, session)?;
    }
    let after = if missing.is_empty() { before.clone() } else { look(placed, aws)? };
    let mut problems = Vec::new();
    let mut found = Vec::new();
    for ((placed, before), after) in placed.iter().zip(before).zip(after) {
        match after {
            Some(repository) => found.push((repository, before.is_none())),
            None => problems.push(still_missing(placed)),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(Failure::new(Exit::Blocked, problems)) }
}

/// The stacks that make the repositories of these images, each once.
pub(in crate::commands) fn deploys_first<'a>(
    images: impl IntoIterator<Item = &'a crate::project::BuiltImage>,
) -> Vec<String> {
    let mut stacks: Vec<String> = Vec::new();
    for image in images {
        if !stacks.contains(&image.repository_stack) {
            stacks.push(image.repository_stack.clone());
        }
    }
    stacks
}

/// The repositories as they are now.
fn look(placed: &[Placed], aws: &Aws) -> Result<Vec<Option<RepositoryState>>> {
    let questions = placed.iter().map(|placed| cloud::repository(&placed.connection, placed.repository()));
    let answers = aws.unless_interrupted(aws::together(questions))?;
    answers.into_iter().map(|answer| answer.map_err(|error| aws::failure(&error))).collect()
}

/// CloudFormation does not make again what was deleted behind its back.
fn still_missing(placed: &Placed) -> Problem {
    let stack = &placed.image.repository_stack;
    let message = format!(
        "{stack} is deployed, and its repository {} is not in {}: it was removed by hand",
        placed.repository(),
        placed.region()
    );
    Problem::error("images/no-repository", message).hint(format!("docuthinker drift {stack}"))
}
