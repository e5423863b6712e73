//! The commands, one in each file.

pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod list;
pub(crate) mod synth;

use crate::cli::Command;
use crate::problem::Result;
use crate::session::Session;

/// Runs the command that was typed.
pub(crate) fn run(command: &Command, session: &mut Session<'_>) -> Result {
    match command {
        Command::Synth(args) => synth::run(args, session),
        Command::List(args) => list::run(args, session),
        Command::Config(args) => config::run(args, session),
        Command::Completions(args) => completions::run(args, session),
    }
}
