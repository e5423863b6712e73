//! `import`: what exists in AWS becomes settings, so that nobody types ids.

mod choose;
mod list;
mod text;
mod view;
mod vpc;
mod write;

use crate::exit::Exit;
use crate::problem::Result;
use crate::session::Session;

/// Take what exists in AWS into the settings
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Vpc(vpc::Vpc),
}

pub(crate) fn run(args: &Import, session: &mut Session<'_>) -> Result {
    let What::Vpc(args) = &args.what;
    vpc::run(args, session)?;
    Ok(Exit::Done)
}
