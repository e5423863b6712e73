//! Templates from files.

use std::path::Path;

use template::{Document, ReadErrors};

use crate::exit::Exit;
use crate::files;
use crate::problem::{Failure, Problem, Result};

/// Reads the CloudFormation template in `file`, YAML or JSON; all mistakes at once.
pub(crate) fn read(file: &Path) -> Result<Document> {
    let text = files::read_text(file, "template")?;
    parse(&text, &file.display().to_string())
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
        Problem::error("template/unreadable", error.problem.to_string())
            .at(place)
            .excerpt(text, line as usize, column as usize)
            .maybe_hint(error.problem.hint())
    };
    errors.errors.iter().map(problem).collect()
}
