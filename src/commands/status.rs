//! `status`: how what is deployed is doing, on one screen.

pub(in crate::commands) mod look;
pub(in crate::commands) mod text;
pub(in crate::commands) mod view;
mod watch;

use std::time::Duration;

use crate::aws::Aws;
use crate::commands::estate::{self, InStacks, Place};
use crate::exit::Exit;
use crate::problem::Result;
use crate::session::Session;

use look::Wanted;
use view::Status;

/// Show how the deployed services are doing, on one screen
///
/// Of each stack: its state and its last changes; the project's that are not deployed have a line. Of each service: how many tasks run, its deployments, the health of its
/// targets with AWS's reasons, the image that runs, and where it is not as declared: image, secrets, count. Then the alarms
/// and the addresses. `!` marks what is not well, `?` what could not be looked at. All times are UTC, by AWS's clock.
#[derive(Debug, clap::Args)]
pub(crate) struct StatusArgs {
    /// Services, for example `backend` [default: all of the deployed stacks]
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,

    #[command(flatten)]
    in_stacks: InStacks,

    /// Look again every 5 seconds until Ctrl-C: drawn anew on a terminal, elsewhere as lines of what changed
    #[arg(short, long)]
    watch: bool,

    /// Tell of each task: its state and health, the revision of its task definition, its address and its tags
    #[arg(long)]
    tasks: bool,

    /// Tell how much CPU and memory each service used, from CloudWatch, which AWS bills by the question: during the last hour, or
    /// for example `--metrics=24h`
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "1h",
        value_parser = window, conflicts_with = "watch")]
    metrics: Option<Duration>,

    /// End with exit code 1 if something is not well, or could not be looked at
    #[arg(long, conflicts_with = "watch")]
    exit_code: bool,
}

pub(crate) fn run(args: &StatusArgs, session: &mut Session<'_>) -> Result {
    let mut aws = Aws::new(&session.global)?;
    let (mut places, mut others) = args.in_stacks.places_and_others(&mut aws, session)?;
    let wanted = wanted(args, &places, session)?;
    if args.watch {
        return watch::watch(&mut places, &mut others, &wanted, &aws, session);
    }
    let status = aws.unless_interrupted(look::look(&places, &others, &wanted))?;
    show(&status, session)?;
    Ok(if args.exit_code && !status.well { Exit::Failed } else { Exit::Done })
}

/// For how long what services use is told.
fn window(text: &str) -> std::result::Result<Duration, String> {
    let (shortest, longest) = (Duration::from_mins(5), Duration::from_hours(15 * 24));
    let time = super::target::duration(text)?;
    let fits = (shortest..=longest).contains(&time);
    fits.then_some(time).ok_or_else(|| "CloudWatch tells of `5m` to `360h`".to_owned())
}

/// What is looked at: all services, those that are named with their stacks otherwise.
fn wanted(args: &StatusArgs, places: &[Place], session: &mut Session<'_>) -> Result<Wanted> {
    // A template from elsewhere has no settings, and a project whose settings are wrong was refused before.
    let (images, settings) = match session.config() {
        Ok(config) => (session.project.images(&config.settings), config.settings),
        Err(_) => (Vec::new(), serde_json::Value::Null),
    };
    let services = match args.services.as_slice() {
        [] => None,
        names => Some(estate::services(places, names)?),
    };
    Ok(Wanted { services, images, settings, tasks: args.tasks, usage: args.metrics })
}

fn show(status: &Status, session: &mut Session<'_>) -> Result<()> {
    if session.printer.json() {
        return session.printer.result_json(status);
    }
    let printer = &mut session.printer;
    let told = |text: &str| printer.in_context(text).into_owned();
    let text = text::screen(status, crate::printer::stdout_columns(), &told);
    printer.result_as_it_is(&text)
}
