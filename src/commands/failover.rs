//! `failover`: whether the second region could take over. Nothing is switched by it.

mod compare;
mod declared;
mod dns;
mod look;
mod objectives;
mod report;
mod running;
mod seen;
mod text;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use cloud::Timestamp;

use crate::aws::Aws;
use crate::config;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result, suggestion};
use crate::session::Session;

use report::Report;

/// The standby environment if nobody names one.
const STANDBY: &str = "dr";

/// Look whether the second region could take over
#[derive(Debug, clap::Args)]
pub(crate) struct Failover {
    #[command(subcommand)]
    command: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    Drill(Drill),
}

/// Compare two regions, and say what a failover would take and lose
///
/// The chosen environment (`-e`) is the primary one. Of both: stacks, images, secrets by name and age, services, whether the
/// load balancers answer, certificates, and DNS: its records, and where the name leads now. Then how long callers would wait,
/// and what would be lost, against the targets for the failure of a task, a zone, a region and everything.
///
/// `!` marks what must be put right, with a command that does it, `?` what is not known. Everything is only read. DNS fails over
/// by itself, and goes back by itself once the primary answers again.
///
/// Ends with 3 if something is missing or differs.
#[derive(Debug, clap::Args)]
struct Drill {
    /// Only look: the one form there is, so it must be said
    #[arg(long)]
    dry_run: bool,

    /// The environment that would take over [default: `dr`, if there is one]
    #[arg(long, value_name = "NAME")]
    standby: Option<String>,
}

pub(crate) fn run(args: &Failover, session: &mut Session<'_>) -> Result {
    let Subcommand::Drill(args) = &args.command;
    let (primary, standby) = environments(args, session)?;
    if !args.dry_run {
        let message = "`failover drill` needs `--dry-run`: it looks, and does not switch anything";
        let hint = format!(
            "for a real one, take the stack with the PRIMARY record of `{primary}` out, `docuthinker -e {primary} destroy STACK`: \
             callers then get `{standby}`, until it is deployed again"
        );
        return Err(Failure::usage(Problem::error("usage/dry-run", message).hint(hint)));
    }
    let mut aws = Aws::new(&session.global)?;
    let seen = look::look(&primary, &standby, &mut aws, session)?;
    let report = Report::of(&seen, Timestamp::now());
    show(&report, session)?;
    Ok(if report.ready { Exit::Done } else { Exit::Refused })
}

/// The names of the two environments.
fn environments(args: &Drill, session: &Session<'_>) -> Result<(String, String)> {
    let request = session.global.request()?;
    let known = config::environments(session.project, &request)?;
    let primary = request.environment_name();
    let standby = args.standby.clone().unwrap_or_else(|| STANDBY.to_owned());
    let others = known.iter().filter(|name| **name != primary).map(String::as_str);
    let problem = if standby == primary {
        let message = format!("`{primary}` would take over from itself");
        Problem::error("usage/same-environment", message)
    } else if known.contains(&standby) {
        return Ok((primary, standby));
    } else if args.standby.is_none() {
        let message = format!("there is no environment `{STANDBY}` that could take over");
        Problem::error("usage/no-standby", message)
    } else {
        let message = format!("no environment is named `{standby}`");
        let problem = Problem::error("config/unknown-environment", message);
        return Err(Failure::usage(problem.maybe_hint(suggestion(&standby, others))));
    };
    let names: Vec<String> = others.map(|name| format!("`{name}`")).collect();
    let hint = format!("name another one with `--standby NAME`: {}", names.join(", "));
    Err(Failure::usage(problem.hint(hint)))
}

fn show(report: &Report, session: &mut Session<'_>) -> Result<()> {
    if session.printer.json() {
        return session.printer.result_json(report);
    }
    let text = text::screen(report, crate::printer::stdout_columns());
    session.printer.result(&text)
}
