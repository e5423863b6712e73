//! `completions`: scripts for shells.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::Exit;
use crate::problem::Result;
use crate::session::Session;

/// Print a script that completes this command in a shell
///
/// For bash, for example: docuthinker completions bash > ~/.local/share/bash-completion/completions/docuthinker
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Completions, session: &mut Session<'_>) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "docuthinker", &mut script);
    session.printer.result_as_it_is(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
