//! `images`: from a commit over an image in ECR to the digest that runs.

mod build;
mod chosen;
mod copy;
mod ensure;
mod list;
mod pin;
mod push;
mod registry;
mod resolve;
mod source;

use crate::exit::Exit;
use crate::problem::Result;
use crate::session::Session;

pub(super) use self::ensure::deploys_first;
pub(super) use self::push::build_and_push;
pub(super) use self::resolve::{Wanted, resolve, wanted};

/// Build, push and pin the images that the services run
///
/// Images are called as people call them: `backend`, `ai-ml`. Without names, all are meant. What runs them, ECS, is told a
/// digest, so that what was pushed is what runs: `pin` writes it into the settings, and `deploy --image backend=v2.0` takes
/// it at once.
#[derive(Debug, clap::Args)]
pub(crate) struct Images {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Ensure(ensure::Ensure),
    Login(push::Login),
    Build(build::Build),
    Push(push::Push),
    List(list::List),
    Pin(pin::Pin),
    Copy(copy::Copy),
}

pub(crate) fn run(args: &Images, session: &mut Session<'_>) -> Result {
    match &args.what {
        What::Ensure(args) => ensure::run(args, session)?,
        What::Login(args) => push::login(args, session)?,
        What::Build(args) => build::run(args, session)?,
        What::Push(args) => push::run(args, session)?,
        What::List(args) => list::run(args, session)?,
        What::Pin(args) => pin::run(args, session)?,
        What::Copy(args) => copy::run(args, session)?,
    }
    Ok(Exit::Done)
}
