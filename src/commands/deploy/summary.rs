//! How each stack ended, as a table and as JSON, and how the command ends because of it.

use std::fmt::Write as _;
use std::time::Duration;

use owo_colors::OwoColorize;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::one::Deployed;
use crate::aws::time_text;
use crate::exit::Exit;
use crate::problem::{Failure, Printable};

/// One stack at the end of the run.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) region: String,
    /// How long it was worked on; nothing if it never began.
    pub(super) took: Duration,
    pub(super) end: End,
}

/// How one stack ended.
#[derive(Debug)]
pub(super) enum End {
    /// It is as its template says.
    Deployed(Deployed),
    /// It is not, or nobody knows.
    Failed(Failure),
    /// It was not begun, for this reason.
    Skipped(String),
}

/// The word for how a stack ended; a contract, since programs read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Word {
    Done,
    Unchanged,
    Failed,
    Interrupted,
    Skipped,
}

/// A stack as programs see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct View<'a> {
    name: &'a str,
    state: Word,
    region: &'a str,
    duration_seconds: u64,
    #[serde(flatten)]
    outcome: Option<&'a cloud::DeployOutcome>,
    /// The exit code that it alone would have had, if it is not deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl Row {
    fn word(&self) -> Word {
        match &self.end {
            End::Deployed(deployed) if deployed.outcome.changed => Word::Done,
            End::Deployed(_) => Word::Unchanged,
            End::Failed(failure) if failure.exit == Exit::Interrupted => Word::Interrupted,
            End::Failed(_) => Word::Failed,
            End::Skipped(_) => Word::Skipped,
        }
    }

    fn reason(&self) -> Option<&str> {
        match &self.end {
            End::Deployed(_) => None,
            End::Failed(failure) => failure.problems.last().map(|problem| problem.message.as_str()),
            End::Skipped(why) => Some(why),
        }
    }

    /// What came of it, if it is deployed.
    pub(super) fn deployed(&self) -> Option<&Deployed> {
        match &self.end {
            End::Deployed(deployed) => Some(deployed),
            _ => None,
        }
    }

    /// The form for programs.
    pub(super) fn view(&self) -> View<'_> {
        View {
            name: &self.name,
            state: self.word(),
            region: &self.region,
            duration_seconds: self.took.as_secs(),
            outcome: self.deployed().map(|deployed| &deployed.outcome),
            exit: match &self.end {
                End::Failed(failure) => Some(failure.exit.code()),
                _ => None,
            },
            reason: self.reason(),
        }
    }
}

/// A line for each stack: how it ended, its name, its region and how long it took; why, if it was skipped.
pub(super) fn table(rows: &[Row]) -> String {
    let widest = |text: fn(&Row) -> &str| rows.iter().map(|row| text(row).width()).max().unwrap_or_default();
    let (names, regions) = (widest(|row| &row.name), widest(|row| &row.region));
    let mut table = String::new();
    for row in rows {
        let took = if matches!(row.end, End::Skipped(_)) { "-".to_owned() } else { time_text(row.took) };
        let cells = format!("{:names$}  {:regions$}  {took:>6}", row.name, row.region);
        let reason = match &row.end {
            End::Skipped(why) => format!("  {}", Printable(why)),
            // Why a stack failed is told below, at length.
            End::Deployed(_) | End::Failed(_) => String::new(),
        };
        let _ = writeln!(table, "  {}  {}", state_text(row.word()), format!("{cells}{reason}").trim_end());
    }
    table
}

fn state_text(word: Word) -> String {
    match word {
        Word::Done => "✓ done       ".green().to_string(),
        Word::Unchanged => "✓ unchanged  ".green().to_string(),
        Word::Failed => "✗ failed     ".red().to_string(),
        Word::Interrupted => "! interrupted".yellow().to_string(),
        Word::Skipped => "- skipped    ".to_owned(),
    }
}

/// From the gravest to the lightest: what a script must know first if stacks ended in different ways.
///
/// A bug; a failure, which AWS has settled; endings that leave an operation running or unknown (unreachable, time-out,
/// credentials, interrupted); then those in which nothing was changed; leftovers last.
const GRAVEST_FIRST: [Exit; 11] = [
    Exit::Bug,
    Exit::Failed,
    Exit::Unreachable,
    Exit::TimedOut,
    Exit::Credentials,
    Exit::Interrupted,
    Exit::Blocked,
    Exit::Refused,
    Exit::Usage,
    Exit::Leftovers,
    Exit::Done,
];

/// The place of an ending in the order of gravity; 0 is the gravest.
pub(super) fn gravity(exit: Exit) -> usize {
    GRAVEST_FIRST.iter().position(|known| *known == exit).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    fn deployed(name: &str, changed: bool) -> End {
        let outcome = cloud::DeployOutcome {
            stack_id: format!("arn:aws:cloudformation:us-east-1:1:stack/{name}/1"),
            status: "CREATE_COMPLETE".to_owned(),
            changed,
            outputs: vec![],
            leftovers: vec![],
        };
        End::Deployed(Deployed { outcome })
    }

    fn failed(exit: Exit, message: &str) -> End {
        End::Failed(Failure::new(exit, vec![Problem::error("test", message)]))
    }

    fn row(name: &str, region: &str, seconds: u64, end: End) -> Row {
        Row { name: name.to_owned(), region: region.to_owned(), took: Duration::from_secs(seconds), end }
    }

    fn rows() -> Vec<Row> {
        vec![
            row("App", "us-east-1", 64, deployed("App", true)),
            row("Foundation", "us-east-1", 2, deployed("Foundation", false)),
            row("App", "eu-west-1", 3725, failed(Exit::Failed, "the deployment of App failed: \u{1b}no")),
            row("Other", "eu-west-1", 5, failed(Exit::Interrupted, "interrupted")),
            row("Dns", "us-east-1", 0, End::Skipped("App in eu-west-1 failed".to_owned())),
        ]
    }

    // L21
    #[test]
    fn the_table_has_a_line_for_each_stack_and_region() {
        insta::assert_snapshot!(anstream::adapter::strip_str(&table(&rows())), @r"
    ✓ done         App         us-east-1   1m04s
    ✓ unchanged    Foundation  us-east-1      2s
    ✗ failed       App         eu-west-1   1h02m
    ! interrupted  Other       eu-west-1      5s
    - skipped      Dns         us-east-1       -  App in eu-west-1 failed
    ");
    }

    // L21
    #[test]
    fn programs_see_the_state_the_region_and_the_exit_code() {
        let rows = rows();
        let views: Vec<_> = rows[1..3].iter().map(Row::view).collect();
        insta::assert_snapshot!(serde_json::to_string_pretty(&views).unwrap(), @r#"
    [
      {
        "name": "Foundation",
        "state": "unchanged",
        "region": "us-east-1",
        "durationSeconds": 2,
        "stackId": "arn:aws:cloudformation:us-east-1:1:stack/Foundation/1",
        "status": "CREATE_COMPLETE",
        "changed": false,
        "outputs": [],
        "leftovers": []
      },
      {
        "name": "App",
        "state": "failed",
        "region": "eu-west-1",
        "durationSeconds": 3725,
        "exit": 1,
        "reason": "the deployment of App failed: \u001bno"
      }
    ]
    "#);
    }

    #[test]
    fn a_failure_is_graver_than_what_changed_nothing_and_every_ending_has_its_place() {
        assert!(gravity(Exit::Failed) < gravity(Exit::Unreachable));
        assert!(gravity(Exit::Interrupted) < gravity(Exit::Refused));
        assert!(gravity(Exit::Refused) < gravity(Exit::Leftovers));
        let seen: std::collections::BTreeSet<u8> = GRAVEST_FIRST.iter().map(|exit| exit.code()).collect();
        assert_eq!(seen.len(), GRAVEST_FIRST.len());
    }
}
