//! What the file says about `validate`: what is allowed, further rules, and how strict it is.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::check::check;
use super::layers::{Request, TextFile, read_file};
use super::schema::{self, Node};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::report::Place;

/// The section of the file.
pub(crate) const SECTION: &str = "validate";

/// How templates are checked; the section `validate` of the file.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Validation {
    /// Whether a warning stops a command as an error does. Default: no.
    pub(crate) deny_warnings: bool,
    /// Files with rules for AWS CloudFormation Guard, or folders with such files, beside this file.
    pub(crate) rules: Vec<String>,
    /// Findings that are meant.
    pub(crate) allow: Vec<Allow>,
    /// The folder of the file, which the names in `rules` start from.
    #[serde(skip)]
    pub(crate) folder: std::path::PathBuf,
}

/// Findings that are meant, and why.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(rename = "DocuthinkerAllowance")]
#[serde(deny_unknown_fields)]
pub(crate) struct Allow {
    /// The code of the rule: `DT042`.
    pub(crate) code: String,
    /// Why its findings do no harm.
    pub(crate) reason: String,
    /// The stack that it holds for, or the file of a template. Default: all.
    #[serde(default)]
    pub(crate) stack: Option<String>,
    /// The environment that it holds for. Default: all.
    #[serde(default)]
    pub(crate) environment: Option<String>,
    /// The logical IDs of the resources that it holds for. Default: all.
    #[serde(default)]
    pub(crate) resources: Vec<String>,
    /// Where it stands in the file.
    #[serde(skip)]
    pub(crate) place: Option<Place>,
}

/// Reads only this section of the file: templates that are no stack of the project need no settings.
///
/// # Errors
///
/// All mistakes of the section at once.
pub(crate) fn load(request: &Request) -> Result<Validation> {
    let (file, content) = read_file(request.file.as_deref())?;
    let Some(section) = content.get(SECTION) else { return Ok(Validation::default()) };
    let schema = schema::of_file(&Value::Bool(true));
    let mistakes = check(&serde_json::json!({ SECTION: section }), Node::root(&schema));
    let problems: Vec<Problem> =
        mistakes.into_iter().map(|mistake| TextFile::problem(file.as_ref(), mistake)).collect();
    if !problems.is_empty() {
        return Err(Failure::new(Exit::Refused, problems));
    }
    read(&content, file.as_ref())
}

/// The section of a file whose keys and types are right.
fn read(content: &Value, file: Option<&TextFile>) -> Result<Validation> {
    let Some(section) = content.get(SECTION) else { return Ok(Validation::default()) };
    let mut validation: Validation = serde_path_to_error::deserialize(section).map_err(|error| {
        let inner = error.path().iter().map(|step| step.to_string().trim_matches(['[', ']']).to_owned());
        let path: Vec<String> = std::iter::once(SECTION.to_owned()).chain(inner).collect();
        let message = format!("`{}`: {}", path.join("."), error.inner());
        let problem = Problem::error("config/wrong-value", message);
        match file.and_then(|file| file.place(&path)) {
            Some(place) => problem.at(place),
            None => problem,
        }
    })?;
    for (number, allow) in validation.allow.iter_mut().enumerate() {
        let path = [SECTION, "allow", &number.to_string()].map(str::to_owned);
        allow.place = file.and_then(|file| file.position(&path)).map(|(file, line, column)| Place {
            file,
            line,
            column: Some(column),
            end_column: None,
        });
    }
    validation.folder = file.and_then(|file| file.path.parent()).map(Into::into).unwrap_or_default();
    Ok(validation)
}
