//! What comes of what was seen, as a value: the JSON of the command, from which its screen is made.

use cloud::Timestamp;
use serde::Serialize;

use super::dns::{self, Takeover};
use super::objectives::{self, Objective, Verdict};
use super::seen::{Seen, Side};
use super::{compare, running};

/// All of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    /// Always: nothing is switched.
    pub(super) dry_run: bool,
    /// Whether nothing is missing and nothing differs.
    pub(super) ready: bool,
    pub(super) primary: Where,
    pub(super) standby: Where,
    /// What was compared.
    pub(super) rows: Vec<Row>,
    /// How long callers would wait if the primary stopped answering.
    pub(super) takeover: Takeover,
    /// What can be said against the targets.
    pub(super) objectives: Vec<Objective>,
    /// All that is not known, in words.
    pub(super) unknowns: Vec<String>,
}

/// An environment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Where {
    pub(super) environment: String,
    pub(super) region: String,
    pub(super) account: String,
}

/// How it is with something that both environments should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Ok,
    /// It could not be looked at.
    Unknown,
    /// It is there, and is not as it should be.
    Differs,
    Missing,
}

/// Something that was compared.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    /// What kind of thing it is: `stacks`, `images`, …
    pub(super) group: &'static str,
    pub(super) name: String,
    pub(super) state: State,
    /// How it is in the primary environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) primary: Option<String>,
    /// How it is in the standby environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) standby: Option<String>,
    /// What makes the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
    /// The command that puts it right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

impl Row {
    /// A row of which nothing bad is known.
    pub(super) fn new(group: &'static str, name: impl Into<String>) -> Row {
        Row {
            group,
            name: name.into(),
            state: State::Ok,
            primary: None,
            standby: None,
            why: None,
            next: None,
        }
    }

    /// How it is in both environments.
    pub(super) fn facts(mut self, primary: impl Into<String>, standby: impl Into<String>) -> Row {
        (self.primary, self.standby) = (Some(primary.into()), Some(standby.into()));
        self
    }

    /// Adds words that change nothing.
    pub(super) fn note(mut self, why: impl Into<String>) -> Row {
        self.why = Some(why.into());
        self
    }

    /// It is not known, and why.
    pub(super) fn unknown(self, why: impl Into<String>) -> Row {
        Row { state: State::Unknown, why: Some(why.into()), ..self }
    }

    /// It is not as it should be, and what puts it right.
    pub(super) fn differs(self, why: impl Into<String>, next: impl Into<String>) -> Row {
        Row { state: State::Differs, why: Some(why.into()), next: Some(next.into()), ..self }
    }

    /// It is not there, and what puts it right.
    pub(super) fn missing(self, why: impl Into<String>, next: impl Into<String>) -> Row {
        Row { state: State::Missing, why: Some(why.into()), next: Some(next.into()), ..self }
    }
}

impl Where {
    fn of(side: &Side) -> Where {
        let Side { environment, region, account, .. } = side;
        Where { environment: environment.clone(), region: region.clone(), account: account.clone() }
    }
}

impl Report {
    /// What comes of what was seen; `now` is the time by which certificates expire.
    pub(super) fn of(seen: &Seen, now: Timestamp) -> Report {
        let mut rows = compare::rows(seen);
        rows.extend(running::rows(seen, now));
        rows.extend(dns::rows(seen));
        let takeover = dns::takeover(seen);
        let objectives = objectives::objectives(seen, &takeover);
        let unknown_rows = rows.iter().filter(|row| row.state == State::Unknown);
        let unknown_rows = unknown_rows
            .map(|row| format!("{} {}: {}", row.group, row.name, row.why.as_deref().unwrap_or("")));
        let unread = [&seen.primary, &seen.standby]
            .into_iter()
            .flat_map(|side| side.unread.iter().map(move |why| format!("{}: {why}", side.environment)));
        let open = objectives.iter().filter(|one| one.verdict == Verdict::Unknown);
        let open = open.map(|one| format!("{} of {}: {}", one.measure.text(), one.scenario, one.basis));
        Report {
            dry_run: true,
            ready: rows.iter().all(|row| matches!(row.state, State::Ok | State::Unknown)),
            primary: Where::of(&seen.primary),
            standby: Where::of(&seen.standby),
            unknowns: unknown_rows.chain(unread).chain(open).collect(),
            rows,
            takeover,
            objectives,
        }
    }
}
