//! What a check reports.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::path::{Path, Position};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The template can be deployed, but something in it is not as it should be.
    Warning,
    /// CloudFormation will refuse the template, or fail to make a resource.
    Error,
}

/// Something that is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of mistake it is. Stable, unlike the message.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, with the value that is there.
    pub message: String,
    /// Where in the template.
    pub path: Path,
    /// Where in the file, if the template was read from one.
    pub position: Option<Position>,
    /// What to do.
    pub hint: Option<String>,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal $severity:ident,)+) => {
        /// What kinds of mistakes there are. A code keeps its meaning; one that goes is not used again.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Code] = &[$(Code::$name),+];

            /// The code as it is printed: `DT001`.
            pub fn name(self) -> &'static str {
                match self { $(Code::$name => $code,)+ }
            }

            /// How bad a mistake of this kind is.
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)+ }
            }
        }
    };
}

codes! {
    /// A reference to a name that nothing has.
    UnknownTarget = "DT001" Error,
    /// Resources or conditions that need one another in a circle.
    Cycle = "DT002" Error,
    /// More or longer than CloudFormation allows.
    Limit = "DT003" Error,
    /// A resource type that does not exist.
    UnknownType = "DT004" Error,
    /// A property that the type does not have.
    UnknownProperty = "DT005" Error,
    /// A property that must be given.
    MissingProperty = "DT006" Error,
    /// A value of another kind than the property takes.
    WrongKind = "DT007" Error,
    /// A value that is not one of those allowed.
    NotAllowed = "DT008" Error,
    /// Text that does not have the form that it must have.
    WrongForm = "DT009" Error,
    /// A number that is too small or too large.
    OutOfRange = "DT010" Error,
    /// Text that is too short or too long.
    WrongLength = "DT011" Error,
    /// Too few or too many items or entries, or items that are equal where they must differ.
    WrongCount = "DT012" Error,
    /// A property that only AWS sets.
    ReadOnly = "DT013" Error,
    /// An attribute that the type does not have.
    UnknownAttribute = "DT014" Error,
    /// A logical ID or parameter name with other characters than letters and digits.
    BadName = "DT015" Error,
    /// A template without resources or of an unknown version.
    BadTemplate = "DT016" Error,
    /// A reference that is not possible where it stands.
    MisplacedReference = "DT017" Error,
    /// A function that does not exist, or with arguments that it does not take.
    BadFunction = "DT018" Error,
    /// Properties that do not go together, or of which one is wanted.
    Together = "DT019" Error,
    /// A parameter, mapping or output that contradicts itself.
    BadDeclaration = "DT020" Error,
    /// A value that `DeletionPolicy` or `UpdateReplacePolicy` does not take.
    BadPolicy = "DT021" Error,
    /// A property or type that should not be used any more.
    Deprecated = "DT022" Warning,
    /// A parameter, mapping or condition that nothing uses.
    Unused = "DT023" Warning,
    /// Text with `${Name}` in it, outside of `Fn::Sub`.
    MissingSub = "DT024" Warning,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The message with its path and hint, as on a terminal; the severity and the file are for the caller to add.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.message, self.code)?;
        if !self.path.is_empty() {
            write!(f, "\n  at {}", self.path)?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n\nhint: {hint}")?;
        }
        Ok(())
    }
}
