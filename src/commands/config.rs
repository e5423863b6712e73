//! `config`: the settings, where they come from, and what they may be.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::config::{self, Config as Loaded};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result, suggestion};
use crate::session::Session;

/// Show the settings and where they come from
#[derive(Debug, clap::Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    command: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    /// Print all settings of the environment, as YAML
    Show,
    /// Say where each value comes from
    Explain {
        /// Only this setting and what is below it, for example `backend`
        key: Option<String>,
    },
    /// Print the JSON Schema of docuthinker.yaml, for editors
    Schema,
}

pub(crate) fn run(args: &Config, session: &mut Session<'_>) -> Result {
    match &args.command {
        Subcommand::Show => show(session)?,
        Subcommand::Explain { key } => explain(key.as_deref(), session)?,
        Subcommand::Schema => {
            let schema = serde_json::to_string_pretty(&config::file_schema(&session.project.schema()))
                .expect("a schema has text keys");
            session.printer.result_as_it_is(&format!("{schema}\n"))?;
        }
    }
    Ok(Exit::Done)
}

fn show(session: &mut Session<'_>) -> Result<()> {
    let config = session.config()?;
    if session.printer.json() {
        session.printer.leave_context();
        return session
            .printer
            .result_json(&json!({ "environment": config.environment, "settings": config.settings }));
    }
    session.printer.result_as_it_is(&config::to_yaml(&config.settings))
}

fn explain(key: Option<&str>, session: &mut Session<'_>) -> Result<()> {
    let config = session.config()?;
    let path: Vec<String> = key.map(|key| key.split('.').map(str::to_owned).collect()).unwrap_or_default();
    // How templates are checked is no setting, but it comes from the same file.
    let mut all = config.settings.clone();
    if let (Some(section), Some(all)) = (config.written_validation(), all.as_object_mut()) {
        all.insert("validate".to_owned(), section.clone());
    }
    let below = find(&all, &path)?;
    let mut rows = Vec::new();
    leaves(&config, below, &mut path.clone(), &mut rows);
    if session.printer.json() {
        session.printer.leave_context();
        let values: Vec<Value> = rows
            .iter()
            .map(|(key, value, source)| json!({ "key": key, "value": value, "source": source }))
            .collect();
        return session.printer.result_json(&json!({ "environment": config.environment, "values": values }));
    }
    let mut text = String::new();
    let rows: Vec<(String, String)> =
        rows.into_iter().map(|(key, value, source)| (format!("{key} = {value}"), source)).collect();
    let width = rows.iter().map(|(left, _)| left.chars().count()).max().unwrap_or(0).min(60);
    for (left, source) in rows {
        let _ = writeln!(text, "{left:width$}  # {source}");
    }
    session.printer.result_as_it_is(&text)
}

/// The value at `path`.
fn find<'a>(settings: &'a Value, path: &[String]) -> Result<&'a Value> {
    let mut value = settings;
    for (depth, key) in path.iter().enumerate() {
        value = value.get(key).ok_or_else(|| {
            let known = value.as_object();
            let names = known.iter().flat_map(|all| all.keys().map(String::as_str));
            let shown = path[..=depth].join(".");
            let problem = Problem::error("usage/unknown-key", format!("there is no setting `{shown}`"));
            let hint = suggestion(key, names)
                .unwrap_or_else(|| format!("`{}` is a single value", path[..depth].join(".")));
            Failure::usage(problem.hint(hint))
        })?;
    }
    Ok(value)
}

/// Every value that is not a mapping, with its key and source.
fn leaves(config: &Loaded, value: &Value, path: &mut Vec<String>, rows: &mut Vec<(String, Value, String)>) {
    match value.as_object() {
        Some(map) if !map.is_empty() => {
            for (key, inner) in map {
                path.push(key.clone());
                leaves(config, inner, path, rows);
                path.pop();
            }
        }
        _ => rows.push((path.join("."), value.clone(), config.source(path))),
    }
}
