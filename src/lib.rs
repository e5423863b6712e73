//! The command line of an infrastructure project: `synth`, `diff`, `deploy` and their kin.
//!
//! A project is a crate with settings and stacks. It implements [`Project`], and its `main` is one line:
//!
//! ```no_run
//! use constructs::{App, LogGroup, StackOptions};
//! use docuthinker::Project;
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Default, Serialize, Deserialize, JsonSchema)]
//! #[serde(default, deny_unknown_fields)]
//! struct Settings {
//!     /// The service's name.
//!     name: String,
//! }
//!
//! struct Notes;
//!
//! impl Project for Notes {
//!     type Settings = Settings;
//!
//!     fn build(app: &mut App, settings: &Settings) {
//!         app.with_stack(StackOptions::named("Notes"), |s| {
//!             LogGroup::named("Logs").name(format!("/notes/{}", settings.name)).build(s);
//!         });
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     docuthinker::main::<Notes>()
//! }
//! ```
//!
//! The folder `examples/` has such a crate in full.
//!
//! Start reading at [`Project`], then `cli.rs` for what can be typed, then a file of `commands/`: each finds what
//! it works on, calls a library, shows what came of it, and says how the process ends.

#![cfg_attr(not(feature = "aws"), expect(dead_code, reason = "parts that only the commands with AWS use"))]

#[cfg(feature = "aws")]
mod aws;
mod checks;
mod cli;
mod commands;
mod config;
mod context;
mod excerpt;
mod exit;
mod files;
#[cfg(feature = "guard")]
mod guard;
mod printer;
mod problem;
mod project;
mod redact;
mod report;
mod rules;
mod session;
mod shell;
mod templates;
#[cfg(feature = "aws")]
mod tool;

use std::process::ExitCode;

use clap::Parser;

pub use project::{BuiltImage, OnRequest, Project};
/// What rules for templates are made of: see [`Project::lints`].
pub use template::{check, model};

use crate::project::{AnyProject, Erased};
use crate::session::Session;

/// Runs the command line of the project `P` with the process's own arguments, streams and environment.
///
/// The result is the process's exit code: 0 done, 1 failed in AWS, 2 usage, 3 refused before anything was written,
/// 4 blocked, 5 credentials, 6 AWS unreachable, 7 differences found, 8 time-out, 9 leftovers, 70 a bug,
/// 130 interrupted.
pub fn main<P: Project>() -> ExitCode {
    run(&Erased::<P>::new())
}

fn run(project: &dyn AnyProject) -> ExitCode {
    printer::report_panics_as_bugs();
    #[cfg(feature = "guard")]
    if let Some(done) = guard::answer() {
        return done;
    }
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(message) => {
            // Help and version are asked for and go to stdout; if nobody reads them any more, so be it.
            let _ = message.print();
            return if message.use_stderr() { exit::Exit::Usage.into() } else { exit::Exit::Done.into() };
        }
    };
    let printer = cli.global.printer();
    let mut session = Session { project, global: cli.global, printer };
    match commands::run(&cli.command, &mut session) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            session.printer.failure(&failure);
            failure.exit.into()
        }
    }
}
