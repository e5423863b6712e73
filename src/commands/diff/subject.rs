//! What the sections of a page are about.

/// What a section is about, what a reviewer asks first before all else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Refused,
    Data,
    Protection,
    Names,
    Renames,
    Access,
    Network,
    Secrets,
    Tasks,
    Resources,
    Parameters,
    Outputs,
    Template,
    Stack,
    #[cfg(feature = "aws")]
    Drift,
    Cost,
    ChangeSet,
}

impl Subject {
    /// The title of its section.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Subject::Refused => "Refused by CloudFormation",
            Subject::Data => "Data at risk",
            Subject::Protection => "Protection given up",
            Subject::Names => "Names in the way",
            Subject::Renames => "Renamed?",
            Subject::Access => "Access",
            Subject::Network => "Network",
            Subject::Secrets => "Secrets",
            Subject::Tasks => "Tasks",
            Subject::Resources => "Resources",
            Subject::Parameters => "Parameters",
            Subject::Outputs => "Outputs",
            Subject::Template => "Template",
            Subject::Stack => "Stack",
            #[cfg(feature = "aws")]
            Subject::Drift => "Drift",
            Subject::Cost => "Cost",
            Subject::ChangeSet => "Change set",
        }
    }
}
