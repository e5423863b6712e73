//! What is wrong with an app: collected while it is built, reported all at once.

use std::fmt;
use std::panic::Location;

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The template can be deployed, but something in it is likely not what was meant.
    Warning,
    /// The template must not be deployed.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// The line of Rust source where a construct was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceLine {
    /// The file, as the compiler was given it.
    pub file: &'static str,
    /// The line, counted from 1.
    pub line: u32,
}

impl From<&'static Location<'static>> for SourceLine {
    fn from(location: &'static Location<'static>) -> SourceLine {
        SourceLine { file: location.file(), line: location.line() }
    }
}

impl fmt::Display for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One mistake in an app, or one doubt about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// A stable code such as `DC004`; the text may change, the code does not.
    pub code: &'static str,
    /// The construct path that the user wrote, for example `DocuThinkerStack/Backend/TaskDefinition`.
    pub path: String,
    /// The property of the construct, where one is to blame.
    pub property: Option<String>,
    /// Where the construct was made.
    pub location: Option<SourceLine>,
    /// What is wrong, with the value: lowercase, no final period.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Names the property to blame.
    pub fn property(&mut self, property: impl Into<String>) -> &mut Diagnostic {
        self.property = Some(property.into());
        self
    }

    /// Says what to do about it.
    pub fn hint(&mut self, hint: impl Into<String>) -> &mut Diagnostic {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}\n  at {}", self.severity, self.code, self.message, self.path)?;
        if let Some(property) = &self.property {
            write!(f, ".{property}")?;
        }
        if let Some(location) = self.location {
            write!(f, " ({location})")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n\nhint: {hint}")?;
        }
        Ok(())
    }
}
