//! `logs`: what the services write, all of them in order of time.

mod around;
mod follow;
mod places;
mod show;
pub(in crate::commands) mod when;

use std::time::Duration;

use cloud::LogReader;

use crate::aws::Aws;
use crate::commands::estate::{self, InStacks};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

use places::Source;
use show::Shower;
use when::{When, when};

/// How far back is read, if nothing is said.
const SINCE: Duration = Duration::from_mins(10);

/// Show what the services write: all of them in order of time
///
/// Reads CloudWatch Logs. Control characters are left out, and what looks like a credential is shown as `[…]`. All times are
/// UTC. Following ends with Ctrl-C (exit code 130).
#[derive(Debug, clap::Args)]
pub(crate) struct Logs {
    /// Services, for example `backend` [default: all of the deployed stacks]
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,

    #[command(flatten)]
    in_stacks: InStacks,

    /// Go on with what comes: with CloudWatch's live tail where it is allowed, which AWS bills by the minute
    #[arg(short, long)]
    follow: bool,

    /// With `--follow`: ask every 2 seconds, without a live tail
    #[arg(long, requires = "follow")]
    poll: bool,

    /// Begin this long ago, for example `2h` or `3d`, or at this date and time, as `2026-01-31T10:00:00Z` [default: 10m, before
    /// `--until` if that is given]
    #[arg(long, value_name = "TIME", value_parser = when, conflicts_with_all = ["previous", "around"])]
    since: Option<When>,

    /// End this long ago, or at this date and time [default: now]
    #[arg(long, value_name = "TIME", value_parser = when, conflicts_with_all = ["previous", "around", "follow"])]
    until: Option<When>,

    /// Only lines with this text in them
    #[arg(long, value_name = "TEXT")]
    grep: Option<String>,

    /// Only this task: its ID, or the beginning of it
    #[arg(long, value_name = "ID", conflicts_with = "previous")]
    task: Option<String>,

    /// The task of each service that stopped last, from its beginning
    #[arg(long, conflicts_with_all = ["follow", "around"])]
    previous: bool,

    /// From 2 minutes before this deployment began until 5 minutes after it ended, or now
    ///
    /// Where nobody tells any more when it ended, until 5 minutes after it began.
    ///
    /// `v7` as `events --service` numbers the deployments of a service, `last` for the newest one, or an ID of ECS or CloudFormation,
    /// as `status` and `events` show it, or its beginning.
    #[arg(long, value_name = "DEPLOYMENT", conflicts_with = "follow")]
    around: Option<String>,
}

pub(crate) fn run(args: &Logs, session: &mut Session<'_>) -> Result {
    let mut aws = Aws::new(&session.global)?;
    let places = args.in_stacks.places(&mut aws, session)?;
    let services = estate::services(&places, &args.services)?;
    let asked = aws.unless_interrupted(places::find(args, &places, &services))?;
    let sources = asked.map_err(|error| *error)?;
    for note in &sources.notes {
        session.printer.status(note);
    }
    if sources.all.is_empty() {
        let problem = Problem::error("logs/none", "there is no log to read");
        let hint = sources.notes.last().cloned();
        return Err(Failure::new(Exit::Blocked, vec![problem.maybe_hint(hint)]));
    }
    let json = session.printer.json();
    let mut shower = Shower::new(&sources.all, args.grep.clone(), json);
    let queries: Vec<_> =
        sources.all.iter().map(|source| (source.connection.clone(), source.query.clone())).collect();
    let mut reader = LogReader::new(queries.clone());
    if args.follow {
        return follow::follow(&queries, reader, &mut shower, args.poll, &aws, session);
    }
    loop {
        match aws.look(reader.next())? {
            None => break,
            Some((at, event)) if shower.show(at, &event, session)? => {}
            // Nobody reads any more.
            Some(_) => return Ok(Exit::Done),
        }
    }
    if shower.shown == 0 {
        session.printer.status(&nothing(&sources.all, args.grep.as_deref()));
    }
    Ok(Exit::Done)
}

/// What is said where there was nothing.
fn nothing(sources: &[Source], grep: Option<&str>) -> String {
    let groups: std::collections::BTreeSet<&str> =
        sources.iter().map(|source| source.query.group.as_str()).collect();
    let groups: Vec<&str> = groups.into_iter().collect();
    let with = grep.map(|text| format!(" with `{text}` in it")).unwrap_or_default();
    format!("nothing was written{with} in that time into {}", groups.join(", "))
}
