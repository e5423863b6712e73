//! What a check reports.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::check::{Rule, Severity};
use crate::path::{Path, Position};

/// Something that is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that it breaks.
    pub rule: &'static Rule,
    /// What is wrong, with the value that is there.
    pub message: String,
    /// Where in the template.
    pub path: Path,
    /// Where in the file, if the template was read from one.
    pub position: Option<Position>,
    /// What to do.
    pub hint: Option<String>,
}

impl Finding {
    /// Something that breaks `rule` at `path`.
    pub fn new(rule: &'static Rule, path: &Path, message: impl Into<String>) -> Finding {
        Finding { rule, message: message.into(), path: path.clone(), position: None, hint: None }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.rule.severity
    }

    /// The code of the rule: stable, unlike the message.
    pub fn code(&self) -> &'static str {
        self.rule.code
    }

    /// Says what to do.
    pub fn hint(&mut self, hint: impl Into<String>) -> &mut Finding {
        self.hint = Some(hint.into());
        self
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Finding", 6)?;
        fields.serialize_field("code", self.rule)?;
        fields.serialize_field("severity", &self.severity())?;
        fields.serialize_field("message", &self.message)?;
        fields.serialize_field("path", &self.path)?;
        fields.serialize_field("position", &self.position)?;
        fields.serialize_field("hint", &self.hint)?;
        fields.end()
    }
}

/// The message with its path and hint, as on a terminal; the severity and the file are for the caller to add.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.message, self.code())?;
        if !self.path.is_empty() {
            write!(f, "\n  at {}", self.path)?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n\nhint: {hint}")?;
        }
        Ok(())
    }
}
