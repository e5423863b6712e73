//! What the file says about `validate`: what is allowed, further rules, and how strict it is.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::check::{Mistake, check};
use super::layers::{DEFAULT_ENVIRONMENT, Request, TextFile, read_file};
use super::schema::{self, Node};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result, suggestion};
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

/// Reads only this section of the file: templates that are no stack of the project need no settings. `built_in` are the
/// environments that there are without a file.
///
/// # Errors
///
/// All mistakes of the section at once.
pub(crate) fn load(request: &Request, built_in: &[&str]) -> Result<Validation> {
    let (file, content) = read_file(request.file.as_deref())?;
    let Some(section) = content.get(SECTION) else { return Ok(Validation::default()) };
    let schema = schema::of_file(&Value::Bool(true));
    let mistakes = check(&serde_json::json!({ SECTION: section }), Node::root(&schema));
    let mistakes = if mistakes.is_empty() { wrong_allowances(&content, built_in) } else { mistakes };
    let problems: Vec<Problem> =
        mistakes.into_iter().map(|mistake| TextFile::problem(file.as_ref(), mistake)).collect();
    if !problems.is_empty() {
        return Err(Failure::new(Exit::Refused, problems));
    }
    read(&content, file.as_ref())
}

/// What the types of the keys do not tell: what is missing or empty, and environments that do not exist.
fn wrong_allowances(content: &Value, built_in: &[&str]) -> Vec<Mistake> {
    let own = content.get("environments").and_then(Value::as_object);
    let mut known = vec![DEFAULT_ENVIRONMENT];
    known.extend(built_in.iter().filter(|name| **name != DEFAULT_ENVIRONMENT));
    known.extend(own.into_iter().flat_map(|all| all.keys().map(String::as_str)));
    let all = content.pointer("/validate/allow").and_then(Value::as_array);
    let all = all.into_iter().flatten().enumerate();
    all.flat_map(|(number, allow)| wrong_allowance(number, allow, &known)).collect()
}

fn wrong_allowance(number: usize, allow: &Value, environments: &[&str]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut mistake = |key: Option<&str>, code, message: String, hint: Option<String>| {
        let mut path = [SECTION, "allow", &number.to_string()].map(str::to_owned).to_vec();
        path.extend(key.map(str::to_owned));
        mistakes.push(Mistake { path, code, message, hint });
    };
    let needed = [
        ("code", "name the rule whose findings are meant: `code: DT042`"),
        ("reason", "say in a few words why the finding does no harm: `reason: …`"),
    ];
    for (key, hint) in needed {
        let hint = Some(hint.to_owned());
        match allow.get(key).map(Value::as_str) {
            None => mistake(None, "config/missing-key", format!("an allowance needs `{key}`"), hint),
            Some(Some(text)) if text.trim().is_empty() => {
                mistake(
                    Some(key),
                    "config/wrong-value",
                    format!("the `{key}` of an allowance is empty"),
                    hint,
                );
            }
            Some(_) => {}
        }
    }
    if allow.get("resources").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        let hint =
            "name the resources that it holds for, or remove the key to allow it everywhere".to_owned();
        mistake(
            Some("resources"),
            "config/wrong-value",
            "`resources` names no resource".to_owned(),
            Some(hint),
        );
    }
    if let Some(name) = allow.get("environment").and_then(Value::as_str)
        && !environments.contains(&name)
    {
        let hint = suggestion(name, environments.iter().copied());
        mistake(
            Some("environment"),
            "config/unknown-environment",
            format!("no environment is named `{name}`"),
            hint,
        );
    }
    mistakes
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
