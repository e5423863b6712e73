//! `--fail-on`: which differences a pipeline does not let through.

use serde::Serialize;

use super::report::Report;

/// A kind of differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Anything that is different; the same as `--exit-code`
    Any,
    /// Somebody may do or reach what they could not before
    Broadening,
    /// A resource is replaced, or may be
    Replacement,
    /// A resource is removed, or data is given up
    Destructive,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Kind; 4] = [Kind::Any, Kind::Broadening, Kind::Replacement, Kind::Destructive];

    const fn text(self) -> &'static str {
        match self {
            Kind::Any => "something is different",
            Kind::Broadening => "more is allowed than before",
            Kind::Replacement => "resources are replaced, or may be",
            Kind::Destructive => "resources are removed, or data is given up",
        }
    }
}

/// Why the command ends with 7, in words; nothing if none of the kinds is there.
pub(super) fn reason(report: &Report, kinds: &[Kind]) -> Option<String> {
    let found: Vec<&str> =
        kinds.iter().filter(|kind| report.kinds.contains(kind)).map(|kind| kind.text()).collect();
    (!found.is_empty()).then(|| found.join("; "))
}
