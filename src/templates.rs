//! Templates from files.

use std::path::Path;

use template::{Document, Position, ReadErrors};

use crate::excerpt::lines;
use crate::exit::Exit;
use crate::files;
use crate::problem::{Failure, Problem, Result};
use crate::redact;

/// A template that was read from a file.
#[derive(Debug, Clone)]
pub(crate) struct TemplateFile {
    /// The file as the user named it.
    pub(crate) name: String,
    /// The stack that it is for, if the user named one.
    pub(crate) stack: Option<String>,
    /// What is in it.
    pub(crate) text: String,
    /// The template.
    pub(crate) document: Document,
}

/// Whether `file` stands for stdin.
pub(crate) fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// The refusal of more than one template on stdin.
pub(crate) fn stdin_twice() -> Failure {
    let problem = Problem::error("usage/stdin", "stdin is named more than once");
    Failure::usage(problem.hint("it has one template; name files for the others"))
}

/// How `file` is called in messages.
pub(crate) fn name(file: &Path) -> String {
    if is_stdin(file) { "stdin".to_owned() } else { file.display().to_string() }
}

fn text(file: &Path) -> Result<String> {
    let text =
        if is_stdin(file) { files::read_stdin("template") } else { files::read_text(file, "template") }?;
    // No editor shows a byte order mark, and no place counts it.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Reads the CloudFormation template in `file`, YAML or JSON, or on stdin if that is `-`; all mistakes at once.
pub(crate) fn read(file: &Path) -> Result<TemplateFile> {
    let (text, name) = (text(file)?, name(file));
    let document = parse(&text, &name)?;
    Ok(TemplateFile { name, stack: None, text, document })
}

/// Reads as much as can be checked of the template in `file`, or tells all that is in the way, each with its place in
/// the file if it has one.
pub(crate) fn read_all_problems(file: &Path) -> Result<TemplateFile, Vec<(Problem, Option<Position>)>> {
    let text = text(file)
        .map_err(|failure| failure.problems.into_iter().map(|problem| (problem, None)).collect::<Vec<_>>())?;
    understood(text, name(file))
}

/// As much as can be checked of the template `text`, which is called `name`, or all that is in the way.
pub(crate) fn understood(
    text: String,
    name: String,
) -> Result<TemplateFile, Vec<(Problem, Option<Position>)>> {
    // After a mistake of form the rest is checked; the check tells of it.
    match template::Template::parse_what_fits(&text, &name) {
        Ok(document) => Ok(TemplateFile { name, stack: None, text, document }),
        Err(errors) => {
            let positions = errors.errors.iter().map(|error| Some(error.position));
            Err(problems(&errors, &text).into_iter().zip(positions).collect())
        }
    }
}

/// Reads the template `text`, which is called `name` in messages.
pub(crate) fn parse(text: &str, name: &str) -> Result<Document> {
    template::Template::parse(text, name)
        .map_err(|errors| Failure::new(Exit::Refused, problems(&errors, text)))
}

fn problems(errors: &ReadErrors, text: &str) -> Vec<Problem> {
    let problem = |error: &template::ReadError| {
        let (line, column) = (error.position.line, error.position.column);
        let place = format!("{}:{}", error.file, error.position);
        let place = if error.path.is_empty() { place } else { format!("{place} ({})", error.path) };
        let code = error.problem.code().unwrap_or("template/unreadable");
        let problem = Problem::error(code, error.problem.to_string()).at(place);
        let secret = |line: &str| redact::may_be_secret(line);
        let mut shown = lines(text).skip((line as usize).saturating_sub(2)).take(2);
        let problem =
            if shown.any(secret) { problem } else { problem.excerpt(text, line as usize, column as usize) };
        problem.maybe_hint(error.problem.hint())
    };
    errors.errors.iter().map(problem).collect()
}
