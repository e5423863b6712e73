//! `secrets`: what the project keeps in Secrets Manager. Values come in and go out, and are shown nowhere.

mod check;
mod env_file;
mod export;
mod import;
mod known;
mod list;
mod put;
mod rotate;
mod sealed;
mod value;

use cloud::CloudError;
use cloud::secrets::SecretText;

pub(in crate::commands) use export::{Encrypted, encrypted};
pub(crate) use export::{Encryption, refuse_work_tree};
pub(in crate::commands) use known::KnownSecrets;
pub(crate) use known::secret_of;
pub(crate) use sealed::header;

use super::estate::InStacks;
use crate::aws::{self, Aws};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;
use crate::shell;

/// Store, look at, rotate and export the project's secrets
///
/// These are the secrets that the deployed stacks have and those that their containers read. A secret is called by its name
/// (`docuthinker/openai`), by the last part of it (`openai`), or by its logical ID (`OpenAiSecret`).
///
/// A value is never an argument and never shown: it is asked for without an echo, or read from standard input or from a
/// file that only its owner may read.
#[derive(Debug, clap::Args)]
pub(crate) struct Secrets {
    #[command(subcommand)]
    command: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    Put(put::Put),
    Import(import::Import),
    List(list::List),
    Check(check::Check),
    Rotate(rotate::Rotate),
    Export(export::Export),
}

pub(crate) fn run(args: &Secrets, session: &mut Session<'_>) -> Result {
    match &args.command {
        Subcommand::Put(args) => put::run(args, session),
        Subcommand::Import(args) => import::run(args, session),
        Subcommand::List(args) => list::run(args, session),
        Subcommand::Check(args) => check::run(args, session),
        Subcommand::Rotate(args) => rotate::run(args, session),
        Subcommand::Export(args) => export::run(args, session),
    }
}

/// From now on the value is in nothing that is written, and none of the texts in it if it is an object.
fn conceal(value: &SecretText, session: &mut Session<'_>) {
    session.printer.conceal([value.expose().to_owned()]);
    if let Some(object) = cloud::secrets::SecretObject::parse(value) {
        session.printer.conceal(object.texts().into_iter().map(str::to_owned));
    }
}

/// Waits for the answer to what changes the secret `name`, until somebody wants to stop.
fn order<T>(aws: &Aws, name: &str, answer: impl Future<Output = Result<T, CloudError>>) -> Result<T> {
    let Ok(answer) = aws.unless_interrupted(answer) else {
        let message = format!("interrupted; AWS may have taken the new value of {name}, or not");
        let problem = Problem::error("aws/interrupted", message);
        let next = Some("docuthinker secrets list".to_owned());
        return Err(Failure { next, ..Failure::new(Exit::Interrupted, vec![problem]) });
    };
    answer.map_err(|error| aws::failure(&error))
}

/// The command that restarts these services.
fn redeploy(services: &[String]) -> Option<String> {
    if services.is_empty() {
        return None;
    }
    let mut command = vec!["docuthinker".to_owned(), "redeploy".to_owned()];
    command.extend(services.iter().cloned());
    Some(shell::command(&command))
}

/// What is to be said after a value has changed: a task reads it when it starts, and only then.
fn restart_text(services: &[String]) -> String {
    let Some(next) = redeploy(services) else {
        return "no service that runs reads it\n".to_owned();
    };
    let (read, they) = if services.len() == 1 { ("reads", "it") } else { ("read", "them") };
    format!("{} {read} it only when a task starts; to restart {they}:\n  {next}\n", services.join(", "))
}
