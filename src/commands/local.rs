//! `local`: the emulator on this machine.

use std::path::PathBuf;

use cloud::emulator::{self, Emulator};
use serde_json::json;

use crate::aws;
use crate::exit::Exit;
use crate::problem::Result;
use crate::session::Session;

/// Run the emulator, to try everything without an AWS account
///
/// It is an emulator: it answers as AWS does, and nothing behind it is real. It listens on 127.0.0.1 only. With
/// `--local`, every other command uses it instead of AWS.
#[derive(Debug, clap::Args)]
pub(crate) struct Local {
    #[command(subcommand)]
    command: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    /// Start it, unless it runs already
    Start {
        /// Port on 127.0.0.1 [default: any free one]
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
        port: Option<u16>,
        /// Milliseconds that each resource takes
        #[arg(long, value_name = "MS")]
        delay_ms: Option<u32>,
        /// JSON file of failures to inject: `{"create:LogicalId": "reason"}`
        #[arg(long, value_name = "FILE")]
        faults: Option<PathBuf>,
    },
    /// Stop it
    Stop,
    /// Say whether it runs, and where
    Status,
    /// Make it forget everything
    Reset,
}

pub(crate) fn run(args: &Local, session: &mut Session<'_>) -> Result {
    let home = aws::emulator_home()?;
    let failed = |error| aws::failure(&error);
    match &args.command {
        Subcommand::Start { port, delay_ms, faults } => {
            let mut options = aws::emulator_options()?;
            (options.port, options.delay_ms, options.faults) = (*port, *delay_ms, faults.clone());
            let running = aws::start_emulator(&options, &mut session.printer)?;
            show(Some(&running), session)?;
        }
        Subcommand::Status => {
            let running = emulator::status(&home).map_err(failed)?;
            show(running.as_ref(), session)?;
        }
        Subcommand::Stop => {
            let stopped = emulator::stop(&home).map_err(failed)?;
            say(stopped.is_some(), "the emulator is stopped", session)?;
        }
        Subcommand::Reset => {
            let reset = emulator::reset(&home).map_err(failed)?;
            say(reset.is_some(), "the emulator has forgotten everything", session)?;
        }
    }
    Ok(Exit::Done)
}

fn show(running: Option<&Emulator>, session: &mut Session<'_>) -> Result<()> {
    if session.printer.json() {
        let endpoint = running.map(Emulator::endpoint);
        return session.printer.result_json(
            &json!({ "running": running.is_some(), "endpoint": endpoint, "emulator": running }),
        );
    }
    let Some(running) = running else { return session.printer.result("the emulator does not run\n") };
    session.printer.status("an emulator, not AWS; use it with `--local`");
    let text = format!(
        "endpoint  {}\nprocess   {}\nversion   {}\nlog       {}\n",
        running.endpoint(),
        running.pid,
        running.version,
        running.log.display()
    );
    session.printer.result(&text)
}

fn say(done: bool, text: &str, session: &mut Session<'_>) -> Result<()> {
    if session.printer.json() {
        return session.printer.result_json(&json!({ "done": done }));
    }
    session.printer.status(if done { text } else { "the emulator does not run" });
    Ok(())
}
