//! `secrets put`: a new value for one secret.

use std::ffi::OsString;

use cloud::secrets::{MOST_BYTES, SecretObject, SecretText};
use serde_json::json;

use super::known::{KnownSecrets, Secret};
use super::value::Source;
use super::{InStacks, conceal, order, redeploy, restart_text};
use crate::aws::Aws;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// Store a new value of a secret
///
/// Says the id of the new version, and which services must be restarted to read it.
#[derive(Debug, clap::Args)]
pub(crate) struct Put {
    /// The secret: its name, the last part of the name, or its logical ID
    name: String,

    /// What somebody types here may be a value: it is refused without being repeated
    #[arg(hide = true, allow_hyphen_values = true)]
    others: Vec<OsString>,

    /// Change only this key of a value that is a JSON object
    #[arg(long, value_name = "KEY")]
    field: Option<String>,

    #[command(flatten)]
    source: Source,

    #[command(flatten)]
    stacks: InStacks,
}

pub(super) fn run(args: &Put, session: &mut Session<'_>) -> Result {
    refuse_arguments(&args.others, "secrets put")?;
    let mut aws = Aws::new(&session.global)?;
    let estate = KnownSecrets::find(&args.stacks, &mut aws, session)?;
    estate.warn_of_unread(session);
    let secret = estate.called(&args.name)?;
    let what =
        args.field.as_ref().map_or_else(|| secret.name.clone(), |key| format!("{}, {key}", secret.name));
    let value = args.source.read(&what, &aws)?;
    conceal(&value, session);
    let version = store(secret, args.field.as_deref(), &value, &aws, session)?;
    said(&Stored { command: "put", by: None, secret, version: &version, restarts: false }, session)
}

/// A value on the command line is in the history of the shell, and in the list of processes.
pub(super) fn refuse_arguments(others: &[OsString], command: &str) -> Result<()> {
    if others.is_empty() {
        return Ok(());
    }
    let message = format!("`{command}` takes the name of a secret and its options, and nothing else");
    let hint = "what else was typed is not repeated here. If it was a value, others may have read it, so replace it \
                where it is issued; a value is typed when it is asked for, or comes on standard input or with `--file`";
    Err(Failure::usage(Problem::error("usage/value-as-argument", message).hint(hint)))
}

/// Stores a value, or the text at one key of it; the id of the version.
pub(super) fn store(
    secret: &Secret,
    field: Option<&str>,
    value: &SecretText,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<String> {
    let Some(key) = field else { return put(secret, value, aws) };
    let before = aws.look(cloud::secrets::secret_value(&secret.connection, &secret.id))?;
    let mut object = object(secret, before.as_ref(), session)?;
    object.set(key, value);
    put(secret, &object.text(), aws)
}

/// The object that the value of a secret is; an empty one if there is none yet.
pub(super) fn object(
    secret: &Secret,
    value: Option<&SecretText>,
    session: &mut Session<'_>,
) -> Result<SecretObject> {
    let Some(value) = value else { return Ok(SecretObject::default()) };
    conceal(value, session);
    SecretObject::parse(value).ok_or_else(|| {
        let message = format!("the value of {} is no JSON object, so it has no keys", secret.name);
        let hint = "without a key the whole value is replaced";
        Failure::refused(Problem::error("secrets/no-object", message).hint(hint))
    })
}

pub(super) fn put(secret: &Secret, value: &SecretText, aws: &Aws) -> Result<String> {
    if value.expose().len() > MOST_BYTES {
        let message = format!("the value of {} would be larger than {} KiB", secret.name, MOST_BYTES / 1024);
        return Err(Failure::refused(Problem::error("secrets/too-large", message)));
    }
    let call = cloud::secrets::put_secret_value(&secret.connection, &secret.id, value);
    order(aws, &secret.name, call)
}

/// A value that was stored.
pub(super) struct Stored<'a> {
    pub(super) command: &'a str,
    /// Who made the value, where that may differ.
    pub(super) by: Option<&'a str>,
    pub(super) secret: &'a Secret,
    pub(super) version: &'a str,
    /// Whether the services that read it are restarted now.
    pub(super) restarts: bool,
}

/// Says what was stored.
pub(super) fn said(stored: &Stored<'_>, session: &mut Session<'_>) -> Result {
    let Stored { command, by, secret, version, restarts } = *stored;
    let services = secret.services();
    let restarts = restarts && !services.is_empty();
    if session.printer.json() {
        let mut result = json!({
            "command": command,
            "secret": { "name": secret.name, "arn": secret.id },
            "versionId": version,
            "restart": services,
            "next": redeploy(&services).filter(|_| !restarts),
        });
        if let (Some(by), Some(result)) = (by, result.as_object_mut()) {
            result.insert("by".to_owned(), json!(by));
        }
        session.printer.result_json(&result)?;
        return Ok(Exit::Done);
    }
    let begun = if by == Some("aws") { "AWS is rotating" } else { "stored a new value of" };
    let then = if restarts {
        format!("then {} restart, to read it\n", services.join(", "))
    } else {
        restart_text(&services)
    };
    let text = format!("{begun} {}, version {version}\n{then}", secret.name);
    session.printer.result_in_lines(&text)?;
    Ok(Exit::Done)
}
