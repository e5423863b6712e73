//! The forms in which a comparison is written.

use super::comparison::Comparison;
use super::page::Whose;
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
pub(super) fn write(
    report: &Report,
    comparison: &Comparison,
    form: Form,
    expand: bool,
    session: &mut Session<'_>,
) -> Result<()> {
    if form == Form::Json {
        return session.printer.result_json(report);
    }
    // Before a value is cut or written in another way, in which it would not be known for a secret.
    let shown = |text: &str, whose: Whose| {
        let printer = &session.printer;
        let text = if whose == Whose::Ours { printer.in_context(text) } else { text.into() };
        printer.without_secrets(&text).replace('\n', "⏎")
    };
    let page = outline::page(report, comparison).map(&shown);
    let text = match form {
        Form::Text | Form::Json => Terminal { expand, columns: stdout_columns() }.draw(&page),
        Form::Markdown => markdown::write(&page),
        Form::Html => html::write(&page),
    };
    session.printer.result_as_it_is(&text)
}
