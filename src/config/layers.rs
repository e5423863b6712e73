//! Putting the layers together, and remembering which of them each value came from.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::check::{Mistake, check};
use super::overrides::{self, Override};
use super::schema::{self, Node};
use super::validation::SECTION;
use super::yaml;
use crate::exit::Exit;
use crate::files;
use crate::problem::{Failure, Problem, Result, suggestion};
use crate::project::AnyProject;

/// The configuration file that is read if nobody names one.
pub(crate) const DEFAULT_FILE: &str = "docuthinker.yaml";
/// A file that was surely meant to be [`DEFAULT_FILE`].
const MISNAMED_FILE: &str = "docuthinker.yml";
/// The environment if nobody names one.
pub(crate) const DEFAULT_ENVIRONMENT: &str = "prod";

/// What the command line and the process's environment say about the configuration.
#[derive(Debug, Default)]
pub(crate) struct Request {
    /// The file, if one is named.
    pub(crate) file: Option<PathBuf>,
    /// The environment's name.
    pub(crate) environment: Option<String>,
    /// The arguments of `--set`.
    pub(crate) sets: Vec<String>,
    /// The process's variables whose names begin with `DOCUTHINKER_`.
    pub(crate) variables: Vec<(String, String)>,
}

impl Request {
    /// The environment's name, also if nobody names it.
    pub(crate) fn environment_name(&self) -> String {
        self.environment.clone().unwrap_or_else(|| DEFAULT_ENVIRONMENT.to_owned())
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The settings type's own default.
    BuiltIn,
    /// The overlay of a built-in environment.
    Environment(String),
    /// What the project gives an environment of the user's own.
    OwnEnvironment(String),
    /// The file; the path leads from its top.
    File(Vec<String>),
    /// A variable of the process, by name.
    Variable(String),
    /// `--set`, with its argument.
    Flag(String),
}

/// The settings of one environment, with all layers merged.
pub(crate) struct Config {
    /// The environment's name.
    pub(crate) environment: String,
    /// All settings.
    pub(crate) settings: Value,
    /// What is odd but no mistake.
    pub(crate) warnings: Vec<Problem>,
    /// The section that says how templates are checked, as it is written.
    section: Option<Value>,
    sources: BTreeMap<Vec<String>, Source>,
    file: Option<TextFile>,
}

/// The file's name and its text.
pub(super) struct TextFile {
    pub(super) path: PathBuf,
    text: String,
}

impl TextFile {
    /// The place of the value at `path`, as the user knows it.
    pub(super) fn place(&self, path: &[String]) -> Option<String> {
        let (file, line, column) = self.position(path)?;
        Some(format!("{file}:{line}:{column}"))
    }

    /// The file, line and column of the value at `path`.
    pub(super) fn position(&self, path: &[String]) -> Option<(String, usize, usize)> {
        let (line, column) = yaml::position(&self.text, path)?;
        Some((self.path.display().to_string(), line, column))
    }

    /// A mistake that was found in the file.
    pub(super) fn problem(file: Option<&TextFile>, mistake: Mistake) -> Problem {
        let place = file.and_then(|file| file.place(&mistake.path));
        let hint = match mistake.path.as_slice() {
            [top] if mistake.code == "config/unknown-key" && top != "default" && top != "environment" => {
                let keys = "the file has three keys, `defaults`, `environments` and `validate`";
                mistake
                    .hint
                    .filter(|hint| hint.starts_with("did you mean"))
                    .or_else(|| Some(format!("{keys}; settings go below the first two")))
            }
            _ => mistake.hint,
        };
        let problem = Problem::error(mistake.code, mistake.message).maybe_hint(hint);
        match place {
            Some(place) if mistake.path.len() > 1 => {
                problem.at(format!("{place} ({})", mistake.path.join(".")))
            }
            Some(place) => problem.at(place),
            None => problem,
        }
    }
}

/// Reads and merges all layers.
///
/// # Errors
///
/// All mistakes of all layers at once.
pub(crate) fn load(project: &dyn AnyProject, request: &Request) -> Result<Config> {
    let (file, content) = read_file(request.file.as_deref())?;
    // The schema takes longer to make than everything else here together, and is rarely needed.
    let schema = if file.is_some() || !request.sets.is_empty() || !request.variables.is_empty() {
        schema::of_file(&project.schema())
    } else {
        Value::Bool(true)
    };
    let settings_schema = Node::root(&schema).at(&["defaults".to_owned()]).unwrap_or(Node::root(&schema));
    let mut warnings = overrides::misspelt(&request.variables, settings_schema);
    if file.is_none() && Path::new(MISNAMED_FILE).exists() {
        let message = format!("`{MISNAMED_FILE}` is not read");
        warnings.push(
            Problem::warning("config/misnamed", message).hint(format!("rename it to `{DEFAULT_FILE}`")),
        );
    }
    let environment = request.environment_name();
    let mut config = Config {
        environment,
        settings: project.defaults(),
        warnings,
        section: content.get(SECTION).cloned(),
        sources: BTreeMap::new(),
        file,
    };
    let mut refused: Vec<Problem> = check(&content, Node::root(&schema))
        .into_iter()
        .map(|mistake| TextFile::problem(config.file.as_ref(), mistake))
        .collect();
    if refused.is_empty() {
        config.merge_file(project, &content)?;
    }
    for variable in overrides::from_variables(&request.variables, settings_schema) {
        let source = Source::Variable(variable.written.clone());
        refused.extend(config.merge_override(&variable, &source, settings_schema));
    }
    let mut misused = Vec::new();
    for written in &request.sets {
        let flag = overrides::from_flag(written, settings_schema)?;
        misused.extend(config.merge_override(&flag, &Source::Flag(written.clone()), settings_schema));
    }
    if !refused.is_empty() || !misused.is_empty() {
        let exit = if refused.is_empty() { Exit::Usage } else { Exit::Refused };
        return Err(Failure::new(exit, [misused, refused].concat()));
    }
    match project.check(&config.settings) {
        Ok(()) => Ok(config),
        Err((path, message)) => Err(config.refusal(&path, message)),
    }
}

/// The names of the environments that there are: those that are built in, then those of the file.
///
/// # Errors
///
/// The file cannot be read.
#[cfg(feature = "aws")]
pub(crate) fn environments(project: &dyn AnyProject, request: &Request) -> Result<Vec<String>> {
    let (_, content) = read_file(request.file.as_deref())?;
    Ok(names(project, &content))
}

fn names(project: &dyn AnyProject, content: &Value) -> Vec<String> {
    let built_in = project.environments().into_iter().map(|(name, _)| name.to_owned());
    let own = content.get("environments").and_then(Value::as_object);
    let own = own.into_iter().flat_map(|all| all.keys().cloned());
    let mut names = vec![DEFAULT_ENVIRONMENT.to_owned()];
    for name in built_in.chain(own) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The file's text, if there is a file, and its content.
pub(super) fn read_file(named: Option<&Path>) -> Result<(Option<TextFile>, Value)> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    let missing = |error: io::Error| error.kind() == io::ErrorKind::NotFound;
    if named.is_none() && std::fs::symlink_metadata(path).is_err_and(missing) {
        return Ok((None, Value::Object(Map::new())));
    }
    let text = files::read_text(path, "configuration")?;
    let content = yaml::parse(&text).map_err(|error| {
        let place = format!("{}:{}:{}", path.display(), error.line, error.column);
        Problem::error("config/syntax", error.message).at(place).excerpt(&text, error.line, error.column)
    })?;
    let content = if content.is_null() { Value::Object(Map::new()) } else { content };
    Ok((Some(TextFile { path: path.to_owned(), text }), content))
}

impl Config {
    /// The section `validate` as it is written, unless a setting has the same name.
    pub(crate) fn written_validation(&self) -> Option<&Value> {
        self.section.as_ref().filter(|_| self.settings.get(SECTION).is_none())
    }

    /// The place that the value at `path` came from, as the user knows it.
    pub(crate) fn source(&self, path: &[String]) -> String {
        if path.first().is_some_and(|first| first == SECTION) && self.written_validation().is_some() {
            let place = self.file.as_ref().and_then(|file| file.place(path));
            return place.unwrap_or_else(|| DEFAULT_FILE.to_owned());
        }
        let nearest = (0..=path.len()).rev().find_map(|n| self.sources.get(&path[..n]));
        match nearest.unwrap_or(&Source::BuiltIn) {
            Source::BuiltIn => "built-in default".to_owned(),
            Source::Environment(name) => format!("built-in environment `{name}`"),
            Source::OwnEnvironment(name) => format!("name of the environment `{name}`"),
            Source::File(top) => {
                let full = Config::in_section(top, path);
                let file = self.file.as_ref();
                let place = file.and_then(|file| file.place(&full).or_else(|| file.place(top)));
                place.unwrap_or_else(|| DEFAULT_FILE.to_owned())
            }
            Source::Variable(name) => format!("variable {name}"),
            Source::Flag(written) => format!("--set {written}"),
        }
    }

    /// The file, line and column that the value at `path` was written at, if it comes from the file.
    pub(crate) fn position(&self, path: &[String]) -> Option<(String, usize, usize)> {
        let nearest = (0..=path.len()).rev().find_map(|n| self.sources.get(&path[..n]));
        let Some(Source::File(top)) = nearest else { return None };
        let file = self.file.as_ref()?;
        file.position(&Config::in_section(top, path)).or_else(|| file.position(top))
    }

    /// The path in the file of a value that may be inside of what the file gives at `top` as a whole.
    fn in_section(top: &[String], path: &[String]) -> Vec<String> {
        let section = if top.first().is_some_and(|first| first == "environments") { 2 } else { 1 };
        [&top[..section], path].concat()
    }

    fn merge_file(&mut self, project: &dyn AnyProject, content: &Value) -> Result<()> {
        let built_in = project.environments();
        let own = content.get("environments").and_then(Value::as_object);
        let name = self.environment.clone();
        let overlay = built_in.iter().find(|(known, _)| *known == name).map(|(_, overlay)| overlay);
        let in_file = own.and_then(|all| all.get(&name));
        if overlay.is_none() && in_file.is_none() && name != DEFAULT_ENVIRONMENT {
            let names = names(project, content);
            let names = names.iter().map(String::as_str);
            let problem =
                Problem::error("config/unknown-environment", format!("no environment is named `{name}`"))
                    .maybe_hint(suggestion(&name, names));
            return Err(Failure::usage(problem));
        }
        // What keeps environments apart (a name, a region) comes after what they share.
        if let Some(defaults) = content.get("defaults") {
            self.merge(defaults, &Source::File(vec!["defaults".to_owned()]));
        }
        match overlay {
            Some(overlay) => self.merge(overlay, &Source::Environment(name.clone())),
            None if name == DEFAULT_ENVIRONMENT => {}
            None => self.merge(&project.other_environment(&name), &Source::OwnEnvironment(name.clone())),
        }
        if let Some(in_file) = in_file {
            self.merge(in_file, &Source::File(vec!["environments".to_owned(), name]));
        }
        Ok(())
    }

    fn merge_override(&mut self, given: &Override, source: &Source, settings: Node<'_>) -> Vec<Problem> {
        let layer = given.layer();
        let place = match source {
            Source::Flag(written) => format!("--set {written}"),
            _ => format!("variable {}", given.written),
        };
        let mistakes = check(&layer, settings);
        if mistakes.is_empty() {
            self.merge(&layer, source);
        }
        let problem = |mistake: Mistake| {
            Problem::error(mistake.code, mistake.message).at(place.clone()).maybe_hint(mistake.hint)
        };
        mistakes.into_iter().map(problem).collect()
    }

    fn merge(&mut self, layer: &Value, source: &Source) {
        let mut settings = std::mem::take(&mut self.settings);
        self.merge_value(&mut settings, layer, source, &mut Vec::new());
        self.settings = settings;
    }

    fn merge_value(&mut self, under: &mut Value, over: &Value, source: &Source, path: &mut Vec<String>) {
        if let (Value::Object(under), Value::Object(over)) = (&mut *under, over) {
            for (key, value) in over {
                path.push(key.clone());
                self.merge_value(under.entry(key).or_insert(Value::Null), value, source, path);
                path.pop();
            }
            return;
        }
        *under = over.clone();
        self.sources.retain(|known, _| !known.starts_with(path));
        let source = match source {
            Source::File(section) => Source::File([section.as_slice(), path.as_slice()].concat()),
            other => other.clone(),
        };
        self.sources.insert(path.clone(), source);
    }

    /// The refusal of a value that has the right type and is wrong all the same.
    pub(crate) fn refusal(&self, path: &[String], message: String) -> Failure {
        let message = if path.is_empty() { message } else { format!("`{}`: {message}", path.join(".")) };
        Problem::error("config/wrong-value", message).at(self.source(path)).into()
    }
}
