//! Reading a template: YAML with short tags, and JSON.
//!
//! Both become the same tree of values with places; the sections of the template are made from it.

mod error;
mod json;
mod positions;
mod scalar;
mod sections;
mod tree;
mod yaml;

pub use error::{Problem, ReadError, ReadErrors};
pub use positions::Positions;
pub(crate) use sections::{made_output, made_resource};

use crate::document::Template;
use crate::path::{Path, Position};
use tree::Mistake;

use crate::node::Node;

/// The largest file that is read, in bytes: four times of what CloudFormation takes, so that a template
/// which is too large can still be shown, compared and made smaller.
pub const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;

/// The most levels of values inside of values that are read from YAML.
pub const MAX_YAML_DEPTH: usize = 64;

/// The most levels of values inside of values that are read from JSON, where a function call takes a level.
pub const MAX_JSON_DEPTH: usize = 128;

/// The most bytes that all the aliases of a YAML file may stand for.
pub const MAX_ALIAS_BYTES: usize = 1024 * 1024;

/// Of so many keys that stand there twice both values are read, at most.
const MOST_TAKEN_IN: usize = 100;

/// A template that was read, and where its parts stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The template.
    pub template: Template,
    /// The file's name as the caller gave it.
    pub file: String,
    /// The places of its values.
    pub positions: Positions,
    /// What is no part of a template, with the rest read as far as it goes; none after [`Template::parse`].
    pub mistakes: Vec<ReadError>,
}

impl Template {
    /// Reads a template from `text`, which is JSON if it begins with `{` and reads as JSON, and YAML otherwise, as
    /// [CloudFormation][aws] does it. A file that is called `.json` is JSON or a mistake: no other reader would go on.
    ///
    /// Plain YAML scalars mean what they mean to CloudFormation, which speaks YAML 1.1: `true`, `yes` and `on`
    /// are booleans, `2012-10-17` and `1:30` are text. Digits that begin with `0` stay text, although
    /// CloudFormation takes `0123` for an octal number: what is written so is an account number, and nobody
    /// means 83. Anchors, aliases and merge keys are resolved, as `aws cloudformation package` does.
    ///
    /// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ValidateTemplate.html
    ///
    /// # Errors
    ///
    /// [`ReadErrors`] with every mistake that was found: syntax, duplicate keys, unknown tags, and sections and
    /// attributes that do not exist or are of the wrong kind. Whether references, properties and numbers of
    /// things are right is not asked here but by [`Document::check`].
    pub fn parse(text: &str, file_name: &str) -> Result<Document, ReadErrors> {
        let document = Template::parse_what_fits(text, file_name)?;
        if document.mistakes.is_empty() {
            Ok(document)
        } else {
            Err(ReadErrors { errors: document.mistakes })
        }
    }

    /// Like [`Template::parse`], but goes on after a mistake of form: an attribute that is missing or that there is
    /// not, a key that stands there twice. These are the document's `mistakes`, which [`Document::check`] reports; to
    /// anything but a check such a template is of no use.
    ///
    /// # Errors
    ///
    /// [`ReadErrors`] if reading had to stop, as at a mistake of syntax.
    pub fn parse_what_fits(text: &str, file_name: &str) -> Result<Document, ReadErrors> {
        let mut mistakes = Vec::new();
        let Some((node, mut positions)) = read(text, file_name, &mut mistakes) else {
            return Err(errors(mistakes, file_name));
        };
        let template = sections::template(node, &mut positions, &mut mistakes);
        let mistakes = errors(mistakes, file_name).errors;
        Ok(Document { template, file: file_name.to_owned(), positions, mistakes })
    }
}

fn read(text: &str, file_name: &str, mistakes: &mut Vec<Mistake>) -> Option<(Node, Positions)> {
    if text.len() > MAX_FILE_BYTES {
        let problem = Problem::TooLarge { bytes: text.len(), limit: MAX_FILE_BYTES };
        mistakes.push(Mistake { position: Position { line: 1, column: 1 }, path: Path::new(), problem });
        return None;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if is_called_json(file_name) && !text.trim().is_empty() {
        return json::read(text, mistakes);
    }
    let Some(inside) = text.trim_start().strip_prefix('{') else { return in_yaml(text, mistakes) };
    let (mut as_json, mut as_yaml) = (Vec::new(), Vec::new());
    // A YAML file may begin with a flow mapping, which need not be JSON.
    let read = json::read(text, &mut as_json);
    let well_formed = read.is_some();
    let read = read.or_else(|| in_yaml(text, &mut as_yaml));
    // If it is neither, it was meant to be JSON where its first key is in quotes.
    let meant_json = well_formed || (read.is_none() && inside.trim_start().starts_with(['"', '}']));
    mistakes.append(if meant_json { &mut as_json } else { &mut as_yaml });
    read
}

fn in_yaml(text: &str, mistakes: &mut Vec<Mistake>) -> Option<(Node, Positions)> {
    let tree = yaml::read(text, mistakes)?;
    let mut positions = Positions::new(text.len());
    let node = tree.into_node(None, &mut positions);
    Some((node, positions))
}

fn is_called_json(file_name: &str) -> bool {
    file_name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("json"))
}

fn errors(mut mistakes: Vec<Mistake>, file_name: &str) -> ReadErrors {
    mistakes.sort_by_key(|mistake| mistake.position);
    let error = |mistake: Mistake| ReadError {
        file: file_name.to_owned(),
        position: mistake.position,
        path: mistake.path,
        problem: mistake.problem,
    };
    ReadErrors { errors: mistakes.into_iter().map(error).collect() }
}

#[cfg(test)]
mod tests;
