//! What can be wrong with a file that should be a template.

use std::fmt;

use crate::path::{Path, Position};

/// Everything that is wrong with a file, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadErrors {
    /// The mistakes; there is at least one.
    pub errors: Vec<ReadError>,
}

/// One mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// The file's name as the caller gave it.
    pub file: String,
    /// Where the mistake is.
    pub position: Position,
    /// The way to the mistake, as far as it is known; empty for a syntax error.
    pub path: Path,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file is larger than any template may be.
    #[error("the file has {bytes} bytes, more than the {limit} that are read")]
    TooLarge {
        /// The file's size in bytes.
        bytes: usize,
        /// The largest size in bytes.
        limit: usize,
    },
    /// The file is not YAML or not JSON.
    #[error("{message}")]
    Syntax {
        /// What the parser found.
        message: String,
        /// What to do, if the message tells.
        hint: Option<&'static str>,
    },
    /// The file has no content.
    #[error("the file is empty")]
    Empty,
    /// YAML allows several documents in a file, a template is one.
    #[error("a second document begins here, but a template is one document")]
    SecondDocument,
    /// A key stands twice in one mapping.
    #[error("the key `{key}` is here twice; it stood at {first} already")]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stood first.
        first: Position,
    },
    /// A list or a mapping where a key belongs.
    #[error("a key must be text, but this is {found}")]
    KeyNotText {
        /// What stands there.
        found: &'static str,
    },
    /// A tag that names no function of CloudFormation.
    #[error("there is no function `{tag}`")]
    UnknownTag {
        /// The tag as written.
        tag: String,
        /// The nearest tag that exists.
        nearest: Option<String>,
    },
    /// Values inside of values, more levels than are read.
    #[error("the values are nested deeper than {limit} levels")]
    TooDeep {
        /// The most levels.
        limit: usize,
    },
    /// The aliases of a YAML file stand for too much.
    #[error("the aliases stand for more than {limit} bytes")]
    AliasesTooLarge {
        /// The most bytes.
        limit: usize,
    },
    /// `<<` with something that is not a mapping.
    #[error("`<<` takes a mapping or a list of mappings, but this is {found}")]
    MergeNotMap {
        /// What stands there.
        found: &'static str,
    },
    /// A value of another kind than the place wants.
    #[error("expected {expected}, found {found}")]
    WrongKind {
        /// What belongs there.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A section, or an attribute of a resource, parameter or output, that does not exist.
    #[error("unknown {what} `{key}`")]
    UnknownKey {
        /// `section`, `attribute of a resource`, …
        what: &'static str,
        /// The key as written.
        key: String,
        /// The nearest one that exists.
        nearest: Option<&'static str>,
        /// All that exist.
        known: &'static [&'static str],
    },
    /// An attribute that must be there.
    #[error("{what} needs `{key}`")]
    MissingKey {
        /// `a resource`, `a parameter`, `an output`, …
        what: &'static str,
        /// The attribute that is missing.
        key: &'static str,
    },
}

impl Problem {
    /// The code of the rule that it breaks, if it is about what a template is made of and not about the file.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Problem::TooLarge { .. }
            | Problem::Syntax { .. }
            | Problem::Empty
            | Problem::SecondDocument
            | Problem::TooDeep { .. }
            | Problem::AliasesTooLarge { .. } => None,
            _ => Some(crate::check::code_of_form()),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Problem::TooLarge { .. } => {
                Some("CloudFormation takes templates of at most 1048576 bytes".into())
            }
            Problem::Syntax { hint, .. } => hint.map(str::to_owned),
            Problem::Empty => Some("a template needs at least the section `Resources`".into()),
            Problem::SecondDocument => Some("put the second template into its own file".into()),
            Problem::DuplicateKey { .. } => {
                Some("remove one of the two; other readers would silently take the last".into())
            }
            Problem::UnknownTag { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            Problem::UnknownTag { nearest: None, .. } => {
                Some("quote the value if the exclamation mark belongs to the text".into())
            }
            Problem::UnknownKey { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            Problem::UnknownKey { nearest: None, known, .. } => {
                Some(format!("choose one of {}", known.join(", ")))
            }
            Problem::MissingKey { key: "Type", what: "a resource" } => {
                Some("for example `Type: AWS::EC2::VPC`".into())
            }
            Problem::MissingKey { key: "Type", what: "a parameter" } => {
                Some("for example `Type: String`".into())
            }
            _ => None,
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.position, self.problem)?;
        if !self.path.is_empty() {
            write!(f, "\n  at {}", self.path)?;
        }
        if let Some(hint) = self.problem.hint() {
            write!(f, "\n\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ReadError {}

impl fmt::Display for ReadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, error) in self.errors.iter().enumerate() {
            if place > 0 {
                f.write_str("\n\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ReadErrors {}
