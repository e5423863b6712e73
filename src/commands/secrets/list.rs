//! `secrets list`: what is stored, how old it is, and who reads it.

use std::fmt::Write as _;

use cloud::Timestamp;
use cloud::secrets::StoredSecret;
use serde::Serialize;
use serde_json::json;

use super::super::events_text::date;
use super::InStacks;
use super::known::{KnownSecrets, Secret, Use};
use crate::aws::{self, Aws};
use crate::exit::Exit;
use crate::problem::{Failure, Result};
use crate::session::Session;

/// List the secrets: how old each value is, and who reads it
///
/// No value is read for it. The times are UTC, by AWS's clock; AWS tells of a reading only the day.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    stacks: InStacks,
}

/// A secret as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    name: &'a str,
    arn: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_id: Option<&'a str>,
    /// `None` if there is no such secret.
    stored: Option<&'a StoredSecret>,
    users: &'a [Use],
}

pub(super) fn run(args: &List, session: &mut Session<'_>) -> Result {
    let mut aws = Aws::new(&session.global)?;
    let estate = KnownSecrets::find(&args.stacks, &mut aws, session)?;
    let stored = stored(&estate, &aws)?;
    let rows: Vec<Row<'_>> =
        estate.secrets.iter().zip(&stored).map(|(secret, stored)| row(secret, stored.as_ref())).collect();
    if session.printer.json() {
        session.printer.result_json(&json!({ "command": "list", "secrets": rows }))?;
    } else {
        let texts: Vec<String> = rows.iter().map(text).collect();
        session.printer.result_in_lines(&texts.join("\n"))?;
    }
    Failure::all(estate.unread).map_or(Ok(Exit::Done), Err)
}

/// What is stored of each secret, in their order.
pub(super) fn stored(estate: &KnownSecrets, aws: &Aws) -> Result<Vec<Option<StoredSecret>>> {
    let questions =
        estate.secrets.iter().map(|secret| cloud::secrets::stored_secret(&secret.connection, &secret.id));
    let (mut stored, mut failures) = (Vec::new(), Vec::new());
    for answer in aws.unless_interrupted(aws::together(questions))? {
        match answer {
            Ok(answer) => stored.push(answer),
            Err(error) => failures.push(aws::failure(&error)),
        }
    }
    Failure::all(failures).map_or(Ok(stored), Err)
}

fn row<'a>(secret: &'a Secret, stored: Option<&'a StoredSecret>) -> Row<'a> {
    Row {
        name: &secret.name,
        arn: &secret.id,
        stack: secret.made_by.as_ref().map(|(stack, _)| stack.as_str()),
        logical_id: secret.made_by.as_ref().map(|(_, logical)| logical.as_str()),
        stored,
        users: &secret.uses,
    }
}

fn text(row: &Row<'_>) -> String {
    let mut text = format!("{}\n", row.name);
    let mut line = |what: &str, value: String| {
        let _ = writeln!(text, "  {what:9} {value}");
    };
    if let (Some(stack), Some(logical)) = (row.stack, row.logical_id) {
        line("made by", format!("{logical} of {stack}"));
    }
    match row.stored {
        None => line("value", "none: there is no such secret".to_owned()),
        Some(stored) if stored.deleted => {
            line("value", "none: the secret is scheduled for deletion".to_owned());
        }
        Some(StoredSecret { version_id: None, .. }) => line("value", "none".to_owned()),
        Some(stored) => {
            line("value", stored.changed.map_or_else(|| "of unknown age".to_owned(), since));
            line("rotated", rotation(stored));
            line("read", stored.accessed.map_or_else(|| "never".to_owned(), day_of));
        }
    }
    for (number, one) in row.users.iter().enumerate() {
        let key = one.key.as_ref().map(|key| format!(" ({key})")).unwrap_or_default();
        let not_yet = if one.deployed { "" } else { ", not deployed" };
        let what = if number == 0 { "users" } else { "" };
        line(what, format!("{}: {}{key}{not_yet}", one.service, one.variable));
    }
    if row.users.is_empty() {
        line("users", "none".to_owned());
    }
    text
}

fn rotation(stored: &StoredSecret) -> String {
    let last = stored.rotated.map_or_else(|| "never".to_owned(), since);
    match stored.next_rotation {
        Some(next) if stored.rotates => format!("{last}; by AWS again until {}", day_of(next)),
        _ if stored.rotates => format!("{last}; by AWS"),
        _ => last,
    }
}

fn day_of(time: Timestamp) -> String {
    date(time).chars().take(10).collect()
}

/// `2026-01-01 10:00:03 (12 days ago)`.
fn since(time: Timestamp) -> String {
    format!("{} ({})", date(time), ago(Timestamp::now().0 - time.0))
}

/// A time in the past in words; the clocks of this machine and of AWS may differ a little.
fn ago(milliseconds: i64) -> String {
    let (minutes, hours, days) = (milliseconds / 60_000, milliseconds / 3_600_000, milliseconds / 86_400_000);
    let words =
        |number: i64, unit: &str| format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" });
    match (minutes, hours, days) {
        (..=1, _, _) => "just now".to_owned(),
        (..=119, _, _) => words(minutes, "minute"),
        (_, ..=47, _) => words(hours, "hour"),
        (_, _, days) => words(days, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_the_unit_that_people_would_use() {
        let hour = 3_600_000;
        let said = [-5000, 90_000, 3 * 60_000, 2 * hour, 47 * hour, 48 * hour, 400 * 24 * hour].map(ago);
        assert_eq!(
            said,
            [
                "just now",
                "just now",
                "3 minutes ago",
                "2 hours ago",
                "47 hours ago",
                "2 days ago",
                "400 days ago"
            ]
        );
    }
}
