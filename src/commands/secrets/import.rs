//! `secrets import`: the values of a file of variables, each to the secret that containers read it from.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use cloud::secrets::SecretText;
use serde::Serialize;
use serde_json::json;

use super::env_file::{self, Entry};
use super::known::KnownSecrets;
use super::sealed::Sealed;
use super::value::private_file;
use super::{InStacks, conceal, put, redeploy, restart_text};
use crate::aws::{self, Aws};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result, count};
use crate::session::Session;

/// The most that is read of a file, in bytes.
const MOST_BYTES: usize = 1024 * 1024;

/// Store the values of a file of variables
///
/// The file has a `KEY=VALUE` on each line. The variables that containers read from secrets say where each value goes. What goes
/// where is shown by name and asked about; a value that is stored already is not stored again.
///
/// With `--identity` or `--passphrase` it is a file that `secrets export` or `backup` wrote, opened here and nowhere else.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// The file, which nobody but its owner may read (mode 0600), unless it is encrypted
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    sealed: Sealed,

    /// Leave out variables that no container reads from a secret, or secrets that are not there, instead of refusing the file
    #[arg(long)]
    skip_unknown: bool,

    #[command(flatten)]
    stacks: InStacks,
}

/// What becomes of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Its value is another one than that which is stored.
    Changed,
    /// Its value is stored already.
    Unchanged,
    /// It has no value.
    Empty,
    /// No container reads it.
    Unknown,
}

/// A variable of the file, by name.
#[derive(Serialize)]
struct Row {
    variable: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    state: State,
    /// The secret's place among all.
    #[serde(skip)]
    at: usize,
}

pub(super) fn run(args: &Import, session: &mut Session<'_>) -> Result {
    if args.sealed.is_meant() {
        return whole_secrets(args, session);
    }
    let entries = entries(args)?;
    for entry in &entries {
        conceal(&entry.value, session);
    }
    let mut aws = Aws::new(&session.global)?;
    let estate = KnownSecrets::find(&args.stacks, &mut aws, session)?;
    estate.warn_of_unread(session);
    let mut rows = rows(&entries, &estate, args.skip_unknown)?;
    let values = compare(&mut rows, &entries, &estate, &aws, session)?;
    store(&rows, values, &estate, &aws, session)
}

/// Stores what an encrypted file has, each value to the secret of its name.
fn whole_secrets(args: &Import, session: &mut Session<'_>) -> Result {
    let mut aws = Aws::new(&session.global)?;
    let values = args.sealed.values(&args.file, &aws, session)?;
    for value in values.values() {
        conceal(value, session);
    }
    let estate = KnownSecrets::find(&args.stacks, &mut aws, session)?;
    estate.warn_of_unread(session);
    let (mut rows, mut to_store, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    let known: Vec<Names<'_>> =
        estate.secrets.iter().map(|secret| (secret.id.as_str(), secret.keys_in_files())).collect();
    for (name, value) in values {
        let row = |state, secret: Option<usize>| Row {
            variable: name.clone(),
            secret: secret.map(|at| estate.secrets[at].name.clone()),
            key: None,
            state,
            at: secret.unwrap_or_default(),
        };
        match called(&name, &known) {
            Ok(Some(at)) => {
                let secret = &estate.secrets[at];
                let before = aws.look(cloud::secrets::secret_value(&secret.connection, &secret.id))?;
                let same = before.as_ref() == Some(&value);
                rows.push(row(if same { State::Unchanged } else { State::Changed }, Some(at)));
                if !same {
                    to_store.push((at, value));
                }
            }
            Ok(None) if args.skip_unknown => rows.push(row(State::Unknown, None)),
            Err(failure) => failures.extend(failure.problems),
            Ok(None) => {
                let problem =
                    Problem::error("secrets/unknown-secret", format!("the project has no secret {name}"));
                failures.push(problem.hint("to leave it out, add `--skip-unknown`"));
            }
        }
    }
    if !failures.is_empty() {
        return Err(Failure::new(Exit::Refused, failures));
    }
    store(&rows, to_store, &estate, &aws, session)
}

/// The id of a secret, and what else it may be called in a file.
type Names<'a> = (&'a str, [String; 3]);

/// Which of the secrets is called so in an encrypted file, by its place among all; it must be one.
fn called(key: &str, known: &[Names<'_>]) -> Result<Option<usize>> {
    let is_called = |(id, keys): &Names<'_>| *id == key || keys.iter().any(|one| one == key);
    let mut found: Vec<usize> = Vec::new();
    for at in (0..known.len()).filter(|at| is_called(&known[*at])) {
        // Two with the same account, region and name are one and the same: a container may read it by an earlier ARN.
        if !found.iter().any(|one| known[*one].1[2] == known[at].1[2]) {
            found.push(at);
        }
    }
    if found.len() < 2 {
        return Ok(found.first().copied());
    }
    let all = found.iter().map(|at| known[*at].0);
    let message = format!("several secrets are called {key}: {}", all.collect::<Vec<_>>().join(", "));
    let hint = "the file does not say which one is meant: name its stack with `--stack`, and its region with `--region`";
    Err(Failure::refused(Problem::error("secrets/ambiguous", message).hint(hint)))
}

/// Stores the values, once somebody has said yes, and tells what came of it.
fn store(
    rows: &[Row],
    values: Vec<(usize, SecretText)>,
    estate: &KnownSecrets,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result {
    let changes = rows.iter().filter(|row| row.state == State::Changed).count();
    if changes > 0 {
        session.printer.asked(&table(rows));
        aws::confirm(
            "`secrets import`",
            &format!("Store {}?", count(changes, "value")),
            session.global.yes,
            aws,
        )?;
    }
    let (mut stored, mut failures) = (Vec::new(), Vec::new());
    for (at, value) in values {
        let secret = &estate.secrets[at];
        match put::put(secret, &value, aws) {
            Ok(version) => stored.push((at, version)),
            Err(failure) => {
                let interrupted = failure.exit == Exit::Interrupted;
                failures.push(failure);
                if interrupted {
                    break;
                }
            }
        }
    }
    if failures.is_empty() || !stored.is_empty() {
        said(rows, &stored, estate, session)?;
    }
    Failure::all(failures).map_or(Ok(Exit::Done), Err)
}

/// The variables of the file, each of them once.
fn entries(args: &Import) -> Result<Vec<Entry>> {
    let text = private_file(&args.file, MOST_BYTES)?;
    let place = |line: usize| format!("{}:{line}", args.file.display());
    let entries = env_file::read(text.expose()).map_err(|wrong| {
        let problem = |wrong: &env_file::Wrong| {
            let message = format!("a line of the file cannot be read: {}", wrong.why);
            Problem::error("secrets/env-file", message).at(place(wrong.line))
        };
        Failure::new(Exit::Refused, wrong.iter().map(problem).collect())
    })?;
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut problems = Vec::new();
    for entry in &entries {
        if let Some(first) = seen.insert(&entry.key, entry.line) {
            let message = format!("{} is there twice", entry.key);
            problems.push(Problem::error("secrets/env-file", message).at(place(first)).at(place(entry.line)));
        }
    }
    if problems.is_empty() { Ok(entries) } else { Err(Failure::new(Exit::Refused, problems)) }
}

/// Where each variable goes.
fn rows(entries: &[Entry], estate: &KnownSecrets, skip_unknown: bool) -> Result<Vec<Row>> {
    let mut targets: BTreeMap<&str, Vec<(usize, Option<&str>)>> = BTreeMap::new();
    for (at, secret) in estate.secrets.iter().enumerate() {
        for one in &secret.uses {
            let known = targets.entry(&one.variable).or_default();
            let target = (at, one.key.as_deref());
            if !known.contains(&target) {
                known.push(target);
            }
        }
    }
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for entry in entries {
        let empty = entry.value.expose().is_empty();
        let found = targets.get(entry.key.as_str()).map_or(&[][..], Vec::as_slice);
        let row = |state, secret: Option<usize>, key: Option<&str>| Row {
            variable: entry.key.clone(),
            secret: secret.map(|at| estate.secrets[at].name.clone()),
            key: key.map(str::to_owned),
            state,
            at: secret.unwrap_or_default(),
        };
        match found {
            [(at, key)] if empty => rows.push(row(State::Empty, Some(*at), *key)),
            [(at, key)] => rows.push(row(State::Changed, Some(*at), *key)),
            [] if skip_unknown => rows.push(row(State::Unknown, None, None)),
            [] => problems.push(unknown(entry, &targets)),
            several => {
                let names = several.iter().map(|(at, _)| estate.secrets[*at].name.as_str());
                let names = names.collect::<Vec<_>>().join(", ");
                let message = format!("{} is read from several secrets: {names}", entry.key);
                let hint =
                    "store each of them with `docuthinker secrets put`, and take the line out of the file";
                problems.push(Problem::error("secrets/ambiguous", message).hint(hint));
            }
        }
    }
    problems.extend(conflicts(&rows));
    if problems.is_empty() { Ok(rows) } else { Err(Failure::new(Exit::Refused, problems)) }
}

fn unknown(entry: &Entry, targets: &BTreeMap<&str, Vec<(usize, Option<&str>)>>) -> Problem {
    let message = format!("no container reads {} from a secret", entry.key);
    let near = crate::problem::nearest(&entry.key, targets.keys().copied());
    let hint = match near {
        Some(near) => format!("did you mean {near}? To leave it out, add `--skip-unknown`"),
        None => "to leave it out, add `--skip-unknown`".to_owned(),
    };
    Problem::error("secrets/unknown-variable", message).hint(hint)
}

/// Several variables for one and the same value.
fn conflicts(rows: &[Row]) -> Vec<Problem> {
    let mut by_secret: BTreeMap<usize, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.state == State::Changed) {
        by_secret.entry(row.at).or_default().push(row);
    }
    let mut problems = Vec::new();
    for rows in by_secret.values().filter(|rows| rows.len() > 1) {
        let keys: std::collections::BTreeSet<_> = rows.iter().map(|row| &row.key).collect();
        if keys.len() < rows.len() || rows.iter().any(|row| row.key.is_none()) {
            let names: Vec<&str> = rows.iter().map(|row| row.variable.as_str()).collect();
            let secret = rows[0].secret.as_deref().unwrap_or_default();
            let message = format!("{} would be the same value of {secret}", names.join(" and "));
            problems
                .push(Problem::error("secrets/conflict", message).hint("leave all but one out of the file"));
        }
    }
    problems
}

/// Says of each row whether its value is stored already; the values to store, by secret.
fn compare(
    rows: &mut [Row],
    entries: &[Entry],
    estate: &KnownSecrets,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<Vec<(usize, SecretText)>> {
    let values: BTreeMap<&str, &SecretText> =
        entries.iter().map(|entry| (entry.key.as_str(), &entry.value)).collect();
    let mut secrets: Vec<usize> =
        rows.iter().filter(|row| row.state == State::Changed).map(|row| row.at).collect();
    secrets.sort_unstable();
    secrets.dedup();
    let mut to_store = Vec::new();
    for at in secrets {
        let secret = &estate.secrets[at];
        let before = aws.look(cloud::secrets::secret_value(&secret.connection, &secret.id))?;
        let mine = rows.iter_mut().filter(|row| row.at == at && row.state == State::Changed);
        let mut mine: Vec<&mut Row> = mine.collect();
        if let [row] = mine.as_mut_slice()
            && row.key.is_none()
        {
            let value = values[row.variable.as_str()];
            if before.as_ref() == Some(value) {
                row.state = State::Unchanged;
            } else {
                to_store.push((at, value.clone()));
            }
            continue;
        }
        let mut object = put::object(secret, before.as_ref(), session)?;
        let mut changed = false;
        for row in mine {
            let (key, value) = (row.key.as_deref().unwrap_or_default(), values[row.variable.as_str()]);
            if object.field(key) == Some(value.expose()) {
                row.state = State::Unchanged;
            } else {
                object.set(key, value);
                changed = true;
            }
        }
        if changed {
            to_store.push((at, object.text()));
        }
    }
    Ok(to_store)
}

fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.variable.len()).max().unwrap_or_default();
    let mut text = String::new();
    for row in rows {
        let key = row.key.as_ref().map(|key| format!(", {key}")).unwrap_or_default();
        let what = match (&row.secret, row.state) {
            (Some(secret), State::Changed) if *secret == row.variable => "→ the value in the file".to_owned(),
            (Some(secret), State::Unchanged) if *secret == row.variable => {
                "= has this value already".to_owned()
            }
            (Some(secret), State::Changed) => format!("→ {secret}{key}"),
            (Some(secret), State::Unchanged) => format!("= {secret}{key}, which has this value already"),
            (Some(secret), _) => format!("- {secret}{key}: left out, there is no value"),
            (None, _) => "- left out: no secret is of that name, and no container reads it".to_owned(),
        };
        let _ = writeln!(text, "  {:width$}  {what}", row.variable);
    }
    text.trim_end().to_owned()
}

fn said(
    rows: &[Row],
    stored: &[(usize, String)],
    estate: &KnownSecrets,
    session: &mut Session<'_>,
) -> Result<()> {
    let mut services: Vec<String> = Vec::new();
    for service in stored.iter().flat_map(|(at, _)| estate.secrets[*at].services()) {
        if !services.contains(&service) {
            services.push(service);
        }
    }
    if session.printer.json() {
        let versions: Vec<_> = stored
            .iter()
            .map(|(at, version)| json!({ "name": estate.secrets[*at].name, "versionId": version }))
            .collect();
        return session.printer.result_json(&json!({
            "command": "import",
            "variables": rows,
            "stored": versions,
            "restart": services,
            "next": redeploy(&services),
        }));
    }
    if stored.is_empty() {
        let text = "nothing was stored: what the file has is stored already, or left out\n";
        return session.printer.result_in_lines(&format!("{}\n{text}", table(rows)));
    }
    let mut then = restart_text(&services);
    if stored.len() > 1 {
        then = then.replacen("reads it", "reads them", 1).replacen("read it", "read them", 1);
    }
    let mut text = String::new();
    for (at, version) in stored {
        let _ = writeln!(text, "stored a new value of {}, version {version}", estate.secrets[*at].name);
    }
    session.printer.result_in_lines(&(text + &then))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_an_encrypted_file_goes_to_no_other_secret_of_the_same_name() {
        let forms = |region: &str| ["key".to_owned(), format!("{region}/key"), format!("1/{region}/key")];
        let known = [("arn:a", forms("a")), ("arn:b", forms("b")), ("arn:b-earlier", forms("b"))];
        for (key, at) in [("a/key", 0), ("b/key", 1), ("1/b/key", 1), ("arn:b-earlier", 2)] {
            assert_eq!(called(key, &known).ok().flatten(), Some(at), "{key}");
        }
        assert_eq!(called("c/key", &known).ok(), Some(None));
        assert_eq!(called("key", &known[1..]).ok().flatten(), Some(0), "an earlier file has names only");
        let failure = called("key", &known).expect_err("it may be either");
        assert_eq!(failure.problems[0].message, "several secrets are called key: arn:a, arn:b");
    }
}
