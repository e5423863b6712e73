//! Templates from files.

use std::path::Path;

use template::{Document, ReadErrors};

use crate::exit::Exit;
use crate::files;
use crate::problem::{Failure, Problem, Result};

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

/// Reads the CloudFormation template in `file`, YAML or JSON; all mistakes at once.
pub(crate) fn read(file: &Path) -> Result<TemplateFile> {
    let text = files::read_text(file, "template")?;
    let name = file.display().to_string();
    let document = parse(&text, &name)?;
    Ok(TemplateFile { name, stack: None, text, document })
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
