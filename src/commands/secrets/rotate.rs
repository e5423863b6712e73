//! `secrets rotate`: another value for a secret, made by AWS where that is configured.

use std::ffi::OsString;

use super::known::Estate;
use super::put::{refuse_arguments, said, store};
use super::value::Source;
use super::{InStacks, conceal, confirm, order};
use crate::aws::Aws;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// The length of a random value, if nothing else is said.
const LENGTH: u16 = 32;

/// Give a secret another value
///
/// If AWS rotates the secret, it is told to do so now. Otherwise the value is asked for as by `put`, or made of random letters
/// and digits with `--generate`. The services that read it must be restarted then, which is said.
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

    #[command(flatten)]
    source: Source,

    #[command(flatten)]
    stacks: InStacks,
}

pub(super) fn run(args: &Rotate, session: &mut Session<'_>) -> Result {
    refuse_arguments(&args.others, "secrets rotate")?;
    let mut aws = Aws::new(&session.global)?;
    let estate = Estate::find(&args.stacks, &mut aws, session)?;
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
        return said("rotate", Some("aws"), secret, &version, session);
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
        confirm("`secrets rotate --generate`", &question, &aws, session)?;
        (
            aws.look(cloud::secrets::random_value(&secret.connection, args.length.unwrap_or(LENGTH)))?,
            "generated",
        )
    } else {
        (args.source.read(&secret.name, &aws)?, "given")
    };
    conceal(&value, session);
    let version = store(secret, args.field.as_deref(), &value, &aws, session)?;
    said("rotate", Some(by), secret, &version, session)
}
