//! `secrets check`: whether what the project declares is stored, and what the tasks that run have is what is stored.

use std::fmt::Write as _;

use cloud::secrets::{SecretObject, StoredSecret};
use cloud::{RunningTask, Timestamp};
use serde::Serialize;
use serde_json::json;

use super::super::estate::short;
use super::known::{KnownSecrets, Secret, Use};
use super::{InStacks, conceal, list, redeploy};
use crate::aws::{self, Aws};
use crate::exit::Exit;
use crate::printer::{stdout_columns, wrapped};
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// Compare the secrets that are declared, stored and used
///
/// What containers read must be there, with a value and the keys that are read. A task reads a value only when it starts, so
/// tasks that are older than the value still have the one before: they are told with the command that restarts them.
///
/// On a terminal it is asked whether they are to be restarted. Ends with 3 if something is missing.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Start new tasks of the services that have an earlier value, and wait until they have taken the place of the old ones
    #[arg(long)]
    redeploy: bool,

    #[command(flatten)]
    stacks: InStacks,
}

/// How it is with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// It has what is read of it, and every task has its value.
    Ok,
    /// Nobody reads it.
    Unused,
    /// Tasks have an earlier value.
    Stale,
    /// A task that starts now would fail.
    Missing,
}

/// What came of it for one secret.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    name: &'a str,
    arn: &'a str,
    state: State,
    /// What is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<String>,
    /// The services with tasks that are older than the value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stale: Vec<String>,
    users: &'a [Use],
}

/// How far further lines of a row stand in at most.
const INDENT: usize = 12;

/// A service, and when the oldest of its tasks started.
type Oldest = (String, Timestamp);

pub(super) fn run(args: &Check, session: &mut Session<'_>) -> Result {
    let mut aws = Aws::new(&session.global)?;
    let estate = KnownSecrets::find(&args.stacks, &mut aws, session)?;
    let stored = list::stored(&estate, &aws)?;
    let oldest = oldest_tasks(&estate, &aws)?;
    let mut rows = Vec::new();
    for (secret, stored) in estate.secrets.iter().zip(&stored) {
        let missing = missing(secret, stored.as_ref(), &aws, session)?;
        rows.push(row(secret, stored.as_ref(), missing, &oldest));
    }
    let mut services: Vec<String> = rows.iter().flat_map(|row| row.stale.clone()).collect();
    services.sort();
    services.dedup();
    show(&rows, &services, args.redeploy, session)?;
    let mut failures = Vec::new();
    failures.extend(restart(args, &rows, services, &estate, &aws, session).err());
    if rows.iter().any(|row| row.state == State::Missing) {
        failures.push(incomplete(&rows));
    }
    failures.extend(estate.unread);
    Failure::all(failures).map_or(Ok(Exit::Done), Err)
}

/// Restarts the services with tasks that have an earlier value, if that is wanted; none that would not find what it reads.
fn restart(
    args: &Check,
    rows: &[Row<'_>],
    mut services: Vec<String>,
    estate: &KnownSecrets,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<()> {
    let lacks = |service: &String| {
        rows.iter().any(|row| row.missing.is_some() && row.users.iter().any(|one| one.service == *service))
    };
    services.retain(|service| !lacks(service));
    if services.is_empty() {
        return Ok(());
    }
    let question = format!("Start new tasks of {} now?", services.join(", "));
    if !args.redeploy && (session.printer.json() || !aws::offer(&question, aws)) {
        return Ok(());
    }
    let chosen = super::super::estate::services(&estate.places, &services)?;
    super::super::redeploy::restart(chosen, &estate.places, super::rotate::TIMEOUT, aws, session).1.map(drop)
}

/// When the oldest task of each service started.
fn oldest_tasks(estate: &KnownSecrets, aws: &Aws) -> Result<Vec<Oldest>> {
    let services = estate.places.iter().flat_map(|place| {
        place.inventory.services().into_iter().map(move |service| (&place.connection, service))
    });
    let questions = services.map(async |(connection, service)| {
        let tasks = cloud::running_tasks(connection, &service).await;
        (short(&service.logical_id), tasks)
    });
    let (mut oldest, mut failures) = (Vec::new(), Vec::new());
    for (name, answer) in aws.unless_interrupted(aws::together(questions))? {
        match answer {
            Ok(tasks) => {
                let started = tasks.iter().filter_map(|task: &RunningTask| task.started).min();
                oldest.extend(started.map(|started| (name, started)));
            }
            Err(error) => failures.push(aws::failure(&error)),
        }
    }
    Failure::all(failures).map_or(Ok(oldest), Err)
}

/// What a task that starts now would not find.
fn missing(
    secret: &Secret,
    stored: Option<&StoredSecret>,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<Option<String>> {
    if secret.uses.is_empty() {
        return Ok(None);
    }
    let why = match stored {
        None => Some("there is no such secret"),
        Some(stored) if stored.deleted => Some("the secret is scheduled for deletion"),
        Some(stored) if stored.version_id.is_none() => Some("it has no value"),
        Some(_) => None,
    };
    // The emulator has a value without a letter where AWS has none. AWS takes no such value, so it need not be read there.
    let tells = !secret.keys().is_empty() || secret.connection.is_local();
    if why.is_some() || !tells {
        return Ok(why.map(str::to_owned));
    }
    let value = aws.look(cloud::secrets::secret_value(&secret.connection, &secret.id))?;
    let Some(value) = value.filter(|value| !value.expose().is_empty()) else {
        return Ok(Some("it has no value".to_owned()));
    };
    conceal(&value, session);
    if secret.keys().is_empty() {
        return Ok(None);
    }
    let Some(object) = SecretObject::parse(&value) else {
        return Ok(Some("its value is no JSON object, and keys of it are read".to_owned()));
    };
    let there: Vec<&str> = object.keys().collect();
    let missing: Vec<&str> = secret.keys().into_iter().filter(|key| !there.contains(key)).collect();
    let keys = if missing.len() == 1 { "key" } else { "keys" };
    Ok((!missing.is_empty()).then(|| format!("its value has no {keys} {}", missing.join(", "))))
}

fn row<'a>(
    secret: &'a Secret,
    stored: Option<&StoredSecret>,
    missing: Option<String>,
    oldest: &[Oldest],
) -> Row<'a> {
    let changed = stored.and_then(|stored| stored.changed);
    let is_stale = |service: &String| {
        let started = oldest.iter().find(|(name, _)| name == service).map(|(_, started)| *started);
        matches!((started, changed), (Some(started), Some(changed)) if started < changed)
    };
    let stale: Vec<String> = secret.services().into_iter().filter(is_stale).collect();
    let judged = match (&missing, stale.is_empty()) {
        (Some(_), _) => State::Missing,
        (None, false) => State::Stale,
        (None, true) if secret.uses.is_empty() => State::Unused,
        (None, true) => State::Ok,
    };
    Row { name: &secret.name, arn: &secret.id, state: judged, missing, stale, users: &secret.uses }
}

/// `restarts`: whether the stale services are restarted in this run.
fn show(rows: &[Row<'_>], services: &[String], restarts: bool, session: &mut Session<'_>) -> Result<()> {
    let next = if restarts { None } else { redeploy(services) };
    if session.printer.json() {
        return session
            .printer
            .result_json(&json!({ "command": "check", "secrets": rows, "restart": services, "next": next }));
    }
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for row in rows {
        let state = match row.state {
            State::Ok => "ok",
            State::Unused => "unused",
            State::Stale => "stale",
            State::Missing => "missing",
        };
        let why = match (&row.missing, row.state) {
            (Some(missing), _) => missing.clone(),
            (None, State::Stale) => format!("tasks of {} have an earlier value", row.stale.join(", ")),
            (None, State::Unused) => "no container reads it".to_owned(),
            (None, _) => readers(row.users),
        };
        let before = format!("{state:7}  {:width$}  ", row.name);
        let why = wrapped(before.len(), before.len().min(INDENT), &why, stdout_columns());
        let _ = writeln!(text, "{before}{why}");
    }
    session.printer.result_in_lines(&text)?;
    if let Some(next) = next {
        let message = format!("tasks of {} are older than a value that they read", services.join(", "));
        session.printer.problem(&Problem::warning("secrets/stale", message).hint(next));
    }
    Ok(())
}

fn readers(users: &[Use]) -> String {
    let mut names: Vec<&str> = users.iter().map(|one| one.service.as_str()).collect();
    names.dedup();
    names.join(", ")
}

fn incomplete(rows: &[Row<'_>]) -> Failure {
    let missing = rows.iter().filter_map(|row| Some((row, row.missing.as_ref()?)));
    let problems = missing.map(|(row, why)| {
        let variables: Vec<String> =
            row.users.iter().map(|one| format!("{}: {}", one.service, one.variable)).collect();
        let mut problem = Problem::error("secrets/missing", format!("{}: {why}", row.name));
        problem.at = variables;
        problem
    });
    let problems: Vec<Problem> = problems.collect();
    let first = rows.iter().find(|row| row.state == State::Missing);
    let next = first.map(|row| format!("docuthinker secrets put {}", row.name));
    Failure { next, ..Failure::new(Exit::Refused, problems) }
}
