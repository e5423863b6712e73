//! `secrets rotate`: another value for a secret, made by AWS where that is configured.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use super::super::estate::services;
use super::super::redeploy;
use super::known::{KnownSecrets, Secret};
use super::put::{Stored, refuse_arguments, said, store};
use super::value::Source;
use super::{InStacks, conceal, order};
use crate::aws::{self, Aws};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// The length of a random value, if nothing else is said.
const LENGTH: u16 = 32;
/// How long a rotation of AWS's may take before nobody waits for it any more.
const PATIENCE: Duration = Duration::from_mins(10);
/// How long the deployments of the services are followed.
pub(super) const TIMEOUT: Duration = Duration::from_hours(1);

/// Give a secret another value
///
/// If AWS rotates the secret, it is told to do so now. Otherwise the value is asked for as by `put`, or made of random letters
/// and digits with `--generate`. The services that read it must be restarted then, which `--redeploy` does.
#[derive(Debug, clap::Args)]
pub(crate) struct Rotate {
    /// The secret: its name, the last part of the name, or its logical ID
    name: String,

    /// What somebody types here may be a value: it is refused without being repeated
    #[arg(hide = true, allow_hyphen_values = true)]
    others: Vec<OsString>,

    /// Let AWS make up a random value: only for what nobody else issues
    #[arg(long, conflicts_with = "file")]
    generate: bool,

    /// How many letters and digits a random value has [default: 32]
    #[arg(long, value_name = "NUMBER", requires = "generate")]
    #[arg(value_parser = clap::value_parser!(u16).range(16..=4096))]
    length: Option<u16>,

    /// Change only this key of a value that is a JSON object
    #[arg(long, value_name = "KEY")]
    field: Option<String>,

    /// Start new tasks of the services that read it then, and wait until they have taken the place of the old ones
    #[arg(long)]
    redeploy: bool,

    #[command(flatten)]
    source: Source,

    #[command(flatten)]
    stacks: InStacks,
}

pub(super) fn run(args: &Rotate, session: &mut Session<'_>) -> Result {
    refuse_arguments(&args.others, "secrets rotate")?;
    let mut aws = Aws::new(&session.global)?;
    let estate = KnownSecrets::find(&args.stacks, &mut aws, session)?;
    estate.warn_of_unread(session);
    let secret = estate.called(&args.name)?;
    let Some(stored) = aws.look(cloud::secrets::stored_secret(&secret.connection, &secret.id))? else {
        let problem = Problem::error("secrets/missing", format!("the secret {} is not there", secret.name));
        return Err(Failure::new(Exit::Blocked, vec![problem]));
    };
    if stored.rotates {
        if args.generate || args.field.is_some() || args.source.is_named() {
            let message = format!("AWS rotates {}: its function makes the value", secret.name);
            let hint =
                "leave the options for a value out; to store one nevertheless, use `docuthinker secrets put`";
            return Err(Failure::usage(Problem::error("usage/no-effect", message).hint(hint)));
        }
        let call = cloud::secrets::rotate_secret(&secret.connection, &secret.id);
        let version = order(&aws, &secret.name, call)?;
        ending(args, "aws", secret, &version, session)?;
        if args.redeploy && !secret.services().is_empty() {
            wait_for(&version, secret, &aws)?;
        }
        return restart(args, secret, &estate, &aws, session);
    }
    if args.generate && args.field.is_none() && !secret.keys().is_empty() {
        let keys: Vec<&str> = secret.keys().into_iter().collect();
        let message = format!("containers read keys of {}, which a random text does not have", secret.name);
        let hint = format!("say which one is to change with `--field`: {}", keys.join(", "));
        return Err(Failure::usage(Problem::error("usage/field", message).hint(hint)));
    }
    let (value, by) = if args.generate {
        let question =
            format!("{} gets a random value, which helps only if nobody else issues it. Go on?", secret.name);
        aws::confirm("`secrets rotate --generate`", &question, session.global.yes, &aws)?;
        (
            aws.look(cloud::secrets::random_value(&secret.connection, args.length.unwrap_or(LENGTH)))?,
            "generated",
        )
    } else {
        (args.source.read(&secret.name, &aws)?, "given")
    };
    conceal(&value, session);
    let version = store(secret, args.field.as_deref(), &value, &aws, session)?;
    ending(args, by, secret, &version, session)?;
    restart(args, secret, &estate, &aws, session)
}

fn ending(args: &Rotate, by: &str, secret: &Secret, version: &str, session: &mut Session<'_>) -> Result {
    said(&Stored { command: "rotate", by: Some(by), secret, version, restarts: args.redeploy }, session)
}

/// Restarts the services that read the secret, if that is wanted.
fn restart(
    args: &Rotate,
    secret: &Secret,
    estate: &KnownSecrets,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result {
    let names = secret.services();
    if !args.redeploy || names.is_empty() {
        return Ok(Exit::Done);
    }
    let chosen = services(&estate.places, &names)?;
    redeploy::restart(chosen, &estate.places, TIMEOUT, aws, session).1
}

/// Waits until AWS has rotated the secret: a task that starts before reads the earlier value.
fn wait_for(version: &str, secret: &Secret, aws: &Aws) -> Result<()> {
    let began = Instant::now();
    let rotated = async {
        loop {
            let stored = cloud::secrets::stored_secret(&secret.connection, &secret.id).await?;
            if stored.is_some_and(|stored| stored.version_id.as_deref() == Some(version)) {
                return Ok(true);
            }
            if began.elapsed() > PATIENCE {
                return Ok(false);
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    };
    if order(aws, &secret.name, rotated)? {
        return Ok(());
    }
    let message = format!("AWS has not rotated {} within {} minutes", secret.name, PATIENCE.as_secs() / 60);
    let next = "look at the log of its rotation function; no service was restarted".to_owned();
    Err(Failure {
        next: Some(next),
        ..Failure::new(Exit::TimedOut, vec![Problem::error("secrets/rotation", message)])
    })
}
