//! `--fail-on`: which differences a pipeline does not let through.

use serde::Serialize;

use super::report::Report;

/// A kind of differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Anything that is different; the same as `--exit-code`
    Any,
    /// Somebody may do or reach more than before, or that cannot be told: macros and nested stacks make what is not in
    /// the templates
    Broadening,
    /// A resource is replaced or may be, or CloudFormation refuses a change that only a new resource can have
    Replacement,
    /// Something is removed or replaced, or may be, or data is given up; not a new revision of a task definition, a
    /// Lambda version and the like. The same as `deploy --require-approval destructive`
    Destructive,
    /// CloudFormation refuses a change, and nothing of the update is done: another type under the same logical ID, a
    /// property that cannot be updated
    Refused,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Kind; 5] =
        [Kind::Any, Kind::Broadening, Kind::Replacement, Kind::Destructive, Kind::Refused];

    const fn text(self) -> &'static str {
        match self {
            Kind::Any => "something is different",
            Kind::Broadening => "more is allowed than before",
            Kind::Replacement => "resources are replaced, or may be, or cannot be changed so",
            Kind::Destructive => "resources are removed or replaced, or data is given up",
            Kind::Refused => "CloudFormation refuses a change",
        }
    }

    /// The same where the templates do not show whether it is so.
    const fn unclear(self) -> &'static str {
        match self {
            Kind::Broadening => "the templates do not show whether more is allowed than before",
            Kind::Replacement => "the templates do not show whether resources are replaced",
            Kind::Destructive => "the templates do not show whether resources are removed or replaced",
            known => known.text(),
        }
    }
}

/// Why the command ends with 7, in words; nothing if none of the kinds is there.
pub(super) fn reason(report: &Report, kinds: &[Kind]) -> Option<String> {
    let text = |kind: &Kind| if report.shows(*kind) { kind.text() } else { kind.unclear() };
    let found: Vec<&str> = kinds.iter().filter(|kind| report.kinds.contains(kind)).map(text).collect();
    (!found.is_empty()).then(|| found.join("; "))
}
