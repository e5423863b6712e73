//! What a rule is: a code, a severity, and a page.

use std::fmt;

use serde::{Serialize, Serializer};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The template can be deployed, but something in it is not as it should be.
    Warning,
    /// CloudFormation will refuse the template, fail to make a resource, or make one that cannot work.
    Error,
}

/// One kind of mistake.
///
/// A code keeps its meaning; one that goes is not used again. An app's own rules are statics too, with codes of
/// their own (`ACME001`).
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The code as it is printed: `DT001`.
    pub code: &'static str,
    /// How bad a mistake of this kind is.
    pub severity: Severity,
    /// The page about it, in Markdown: the first line says in a few words what is wrong, the rest why it matters,
    /// what to do, and where AWS says so.
    pub page: &'static str,
    /// The smallest template with the mistake.
    pub fault: &'static str,
    /// A template that comes near but has not got the mistake.
    pub near: &'static str,
    /// Whether what it finds may be a credential: then whoever shows the place must not show what stands there.
    pub is_secret: bool,
}

impl Rule {
    /// What is wrong, in a few words: the first line of the page, without its period.
    pub fn title(&self) -> &'static str {
        let first = self.page.lines().next().unwrap_or_default().trim();
        first.strip_suffix('.').unwrap_or(first)
    }

    /// The page below its first line.
    pub fn text(&self) -> String {
        let lines = self.page.lines().skip(1).map(|line| line.strip_prefix(' ').unwrap_or(line));
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

/// The code.
impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code)
    }
}

/// Declares a rule: its comment is its page, and its two examples are files.
///
/// ```text
/// rule! {
///     /// What is wrong, in a few words.
///     ///
///     /// Why it matters; what to do.
///     ///
///     /// Source: [title](https://docs.aws.amazon.com/…).
///     pub(super) NAME = "DT031" Warning;
/// }
/// ```
///
/// After the severity, `secret` says that what it finds may be a credential.
macro_rules! rule {
    ($(#[doc = $page:literal])+ $visibility:vis $name:ident = $code:literal $severity:ident $($secret:ident)?;) => {
        $(#[doc = $page])+
        $visibility static $name: $crate::check::Rule = $crate::check::Rule {
            code: $code,
            severity: $crate::check::Severity::$severity,
            page: concat!($($page, "\n"),+),
            fault: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules/", $code, ".fault.yaml")),
            near: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules/", $code, ".near.yaml")),
            is_secret: !matches!(stringify!($($secret)?).as_bytes(), b""),
        };
    };
}
pub(crate) use rule;
