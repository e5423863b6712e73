//! The forms in which a comparison is written.

use super::report::Report;
use super::terminal::Terminal;
use super::{html, markdown, outline};
use crate::printer::stdout_columns;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// The form of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// For people, on a terminal
    Text,
    /// For programs: schemas/diff-1.json says what is in it
    Json,
    /// For a comment on a pull request: below 65,000 characters, details folded
    Markdown,
    /// One page for a browser, which needs nothing else
    Html,
}

/// The form that the options name.
pub(super) fn chosen(format: Option<Form>, session: &Session<'_>) -> Result<Form> {
    match format {
        None if session.printer.json() => Ok(Form::Json),
        None => Ok(Form::Text),
        Some(form) if session.printer.json() && form != Form::Json => {
            let message = "`--format` and `--output json` name two forms of the result";
            Err(Failure::usage(Problem::error("usage/format", message).hint("leave out `--output`")))
        }
        Some(form) => Ok(form),
    }
}

/// Writes the report to stdout.
pub(super) fn write(report: &Report, form: Form, expand: bool, session: &mut Session<'_>) -> Result<()> {
    let text = match form {
        Form::Json => return session.printer.result_json(report),
        Form::Text => Terminal { expand, columns: stdout_columns() }.draw(&outline::page(report)),
        Form::Markdown => markdown::write(&outline::page(report)),
        Form::Html => html::write(&outline::page(report)),
    };
    session.printer.result(&text)
}
