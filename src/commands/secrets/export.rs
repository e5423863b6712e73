//! `secrets export`: the values in a file, encrypted.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use cloud::secrets::SecretText;
use serde_json::json;
use zeroize::Zeroizing;

use super::known::{KnownSecrets, Secret};
use super::{InStacks, conceal, value};
use crate::aws::{self, Aws};
use crate::exit::Exit;
use crate::files::{self, reason};
use crate::problem::{Failure, Problem, Result, count};
use crate::session::Session;

/// Write the values into a file, encrypted with age
///
/// The file is a JSON object of names and values inside, in the format of `age` (age-encryption.org), which decrypts it. It is
/// for its owner only (mode 0600), never overwrites another, and never stands in a git work tree.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("key").required(true).multiple(true))]
pub(crate) struct Export {
    /// Secrets: names, last parts of names, or logical IDs [default: all of the project]
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// The file, which must not exist yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    #[command(flatten)]
    encryption: Encryption,

    /// Do not encrypt: whoever reads the file has all values
    #[arg(long, group = "key", conflicts_with_all = ["recipient", "recipients_file", "passphrase"])]
    plain_text: bool,

    #[command(flatten)]
    stacks: InStacks,
}

/// For whom values are encrypted. A command that takes these says in a group `key` whether one of them must be given.
#[derive(Debug, clap::Args)]
pub(crate) struct Encryption {
    /// Encrypt for who has the identity of this age recipient, `age1…`; may be given again
    #[arg(long, value_name = "RECIPIENT", group = "key", conflicts_with = "passphrase")]
    recipient: Vec<String>,

    /// Encrypt for the age recipients in this file, one on each line
    #[arg(long, value_name = "FILE", group = "key", conflicts_with = "passphrase")]
    recipients_file: Option<PathBuf>,

    /// Encrypt with a passphrase, which is asked for, or read from standard input if that is no terminal
    #[arg(long, group = "key")]
    passphrase: bool,
}

/// The secrets of a project, encrypted.
pub(crate) struct Encrypted {
    /// An age file with a JSON object of names and values in it; `None` if no secret has a value.
    pub(crate) content: Option<Zeroizing<Vec<u8>>>,
    pub(crate) secrets: Vec<EncryptedSecret>,
    pub(crate) with_passphrase: bool,
}

/// A secret of [`Encrypted`].
pub(crate) struct EncryptedSecret {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) region: String,
    /// The stack that makes it, if it is one of the project's.
    pub(crate) stack: Option<String>,
    pub(crate) has_value: bool,
}

/// How the file is protected.
enum Protection {
    Recipients(Vec<age::x25519::Recipient>),
    Passphrase(SecretText),
    None,
}

/// The values that were read, by name, and the names of the secrets that have none.
#[derive(Default)]
struct Values {
    values: BTreeMap<String, SecretText>,
    without: Vec<String>,
}

pub(super) fn run(args: &Export, session: &mut Session<'_>) -> Result {
    refuse_place(&args.out)?;
    let recipients = args.encryption.recipients()?;
    let mut aws = Aws::new(&session.global)?;
    let estate = KnownSecrets::find(&args.stacks, &mut aws, session)?;
    let secrets = chosen(&args.names, &estate)?;
    let protection = if args.plain_text {
        plain_text(args, secrets.len(), &aws, session)?
    } else {
        args.encryption.protection(recipients, &aws, session)?
    };
    let read = read(&secrets, &aws, session)?;
    if read.values.is_empty() {
        let problem =
            Problem::error("secrets/no-value", "none of the secrets has a value; no file was written");
        return Err(Failure::new(Exit::Blocked, vec![problem]));
    }
    let content = protected(&json_of(&read.values), &protection)?;
    files::write_new(&args.out, &content).map_err(|error| files::unwritable(&args.out, &error))?;
    said(args, &protection, &read.values, &read.without, session)
}

/// All secrets of these stacks and those that their containers read, encrypted for another command that writes the file.
/// `recipients` are those of [`Encryption::recipients`].
pub(crate) fn encrypted(
    stacks: &InStacks,
    encryption: &Encryption,
    recipients: Vec<age::x25519::Recipient>,
    aws: &mut Aws,
    session: &mut Session<'_>,
) -> Result<Encrypted> {
    let estate = KnownSecrets::find(stacks, aws, session)?;
    let protection = encryption.protection(recipients, aws, session)?;
    let all: Vec<&Secret> = estate.secrets.iter().collect();
    let read = read(&all, aws, session)?;
    let content =
        if read.values.is_empty() { None } else { Some(protected(&json_of(&read.values), &protection)?) };
    let secrets = all.into_iter().map(|secret| EncryptedSecret {
        name: secret.name.clone(),
        id: secret.id.clone(),
        region: secret.connection.identity().region.clone(),
        stack: secret.made_by.as_ref().map(|(stack, _)| stack.clone()),
        has_value: !read.without.contains(&secret.name),
    });
    Ok(Encrypted { content, secrets: secrets.collect(), with_passphrase: encryption.passphrase })
}

/// The values of these secrets, which are in nothing that is written from now on.
fn read(secrets: &[&Secret], aws: &Aws, session: &mut Session<'_>) -> Result<Values> {
    let mut read = Values::default();
    for secret in secrets {
        match aws.look(cloud::secrets::secret_value(&secret.connection, &secret.id))? {
            Some(value) => {
                conceal(&value, session);
                // Secrets of two regions may have the same name.
                let known = read.values.contains_key(&secret.name);
                let name = if known { &secret.id } else { &secret.name };
                read.values.insert(name.clone(), value);
            }
            None => read.without.push(secret.name.clone()),
        }
    }
    Ok(read)
}

fn chosen<'e>(names: &[String], estate: &'e KnownSecrets) -> Result<Vec<&'e Secret>> {
    if names.is_empty() {
        return Ok(estate.secrets.iter().collect());
    }
    let (mut chosen, mut failures): (Vec<&Secret>, Vec<Failure>) = (Vec::new(), Vec::new());
    for name in names {
        match estate.called(name) {
            Ok(secret) if chosen.iter().any(|known| known.id == secret.id) => {}
            Ok(secret) => chosen.push(secret),
            Err(failure) => failures.push(failure),
        }
    }
    Failure::all(failures).map_or(Ok(chosen), Err)
}

/// Refuses to write where the file could be lost, replaced or published.
fn refuse_place(out: &Path) -> Result<()> {
    let shown = out.display();
    if fs::symlink_metadata(out).is_ok() {
        let problem =
            Problem::error("file/exists", format!("`{shown}` is there already, and is not overwritten"));
        return Err(Failure::refused(problem.hint("name another file with `--out`")));
    }
    files::must_be_writable(out)?;
    refuse_work_tree(out)
}

/// Refuses a place in a git work tree, for what must not be published. The folder of the place need not be there yet.
pub(crate) fn refuse_work_tree(out: &Path) -> Result<()> {
    let absolute = std::path::absolute(out).map_err(|error| files::unwritable(out, &error))?;
    let there = absolute.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    let folder = fs::canonicalize(there).map_err(|error| files::unwritable(out, &error))?;
    // In a work tree that git itself made for another one, `.git` is a file.
    if let Some(tree) = folder.ancestors().find(|folder| folder.join(".git").exists()) {
        let message = format!("`{}` would stand in the git work tree {}", out.display(), tree.display());
        let problem = Problem::error("secrets/in-git", message);
        return Err(Failure::refused(problem.hint("name a file outside of it with `--out`")));
    }
    Ok(())
}

impl Encryption {
    /// The recipients that are named, or all that is wrong with them.
    pub(crate) fn recipients(&self) -> Result<Vec<age::x25519::Recipient>> {
        let mut wanted: Vec<(String, String)> =
            self.recipient.iter().map(|text| (text.clone(), "`--recipient`".to_owned())).collect();
        if let Some(path) = &self.recipients_file {
            let text = files::read_text(path, "recipients")?;
            for (number, line) in text.lines().map(str::trim).enumerate() {
                if !line.is_empty() && !line.starts_with('#') {
                    wanted.push((line.to_owned(), format!("{}:{}", path.display(), number + 1)));
                }
            }
            if wanted.is_empty() {
                let message = format!("there is no recipient in `{}`", path.display());
                return Err(Failure::usage(Problem::error("usage/recipient", message)));
            }
        }
        let (mut recipients, mut problems) = (Vec::new(), Vec::new());
        for (text, place) in wanted {
            match text.parse::<age::x25519::Recipient>() {
                Ok(recipient) => recipients.push(recipient),
                // What stands there may be an identity, which is secret.
                Err(_) => problems.push(
                    Problem::error("usage/recipient", "an age recipient cannot be read").at(place).hint(
                        "a recipient begins with `age1`; `age-keygen -y KEY_FILE` tells that of an identity",
                    ),
                ),
            }
        }
        if problems.is_empty() { Ok(recipients) } else { Err(Failure::new(Exit::Usage, problems)) }
    }

    /// The recipients, or the passphrase that somebody types.
    fn protection(
        &self,
        recipients: Vec<age::x25519::Recipient>,
        aws: &Aws,
        session: &mut Session<'_>,
    ) -> Result<Protection> {
        if !self.passphrase {
            return Ok(Protection::Recipients(recipients));
        }
        let passphrase = if io::stdin().is_terminal() {
            let first = value::asked("Passphrase (not shown): ", aws)?;
            if value::asked("The same again: ", aws)? != first {
                let problem =
                    Problem::error("secrets/passphrase", "the two passphrases differ; no file was written");
                return Err(Failure::refused(problem));
            }
            first
        } else {
            value::standard_input(aws)?.without_line_break()
        };
        conceal(&passphrase, session);
        if passphrase.expose().is_empty() {
            return Err(Failure::refused(Problem::error("secrets/passphrase", "the passphrase is empty")));
        }
        Ok(Protection::Passphrase(passphrase))
    }
}

/// No protection, once somebody has said that it is meant.
fn plain_text(args: &Export, secrets: usize, aws: &Aws, session: &Session<'_>) -> Result<Protection> {
    let question = format!(
        "Write {} to {} as plain text, for everybody who gets the file to read?",
        count(secrets, "value"),
        args.out.display()
    );
    aws::confirm("`secrets export --plain-text`", &question, session.global.yes, aws)?;
    Ok(Protection::None)
}

/// A JSON object of names and values.
fn json_of(values: &BTreeMap<String, SecretText>) -> Zeroizing<Vec<u8>> {
    let values: BTreeMap<&str, &str> =
        values.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    // JSON writes a character with six at most; with room for all nothing is left behind where it grows.
    let most: usize = values.iter().map(|(name, value)| 6 * (name.len() + value.len()) + 16).sum();
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 16));
    serde_json::to_writer_pretty(&mut *bytes, &values).expect("names and values are text");
    bytes.push(b'\n');
    bytes
}

/// The bytes of the file.
fn protected(content: &[u8], protection: &Protection) -> Result<Zeroizing<Vec<u8>>> {
    let encryptor = match protection {
        Protection::None => return Ok(Zeroizing::new(content.to_vec())),
        Protection::Passphrase(passphrase) => {
            Ok(age::Encryptor::with_user_passphrase(SecretString::from(passphrase.expose().to_owned())))
        }
        Protection::Recipients(recipients) => {
            age::Encryptor::with_recipients(recipients.iter().map(|one| one as &dyn age::Recipient))
        }
    };
    let failed = |reason: String| {
        Failure::new(
            Exit::Failed,
            vec![Problem::error("secrets/encryption", format!("cannot encrypt: {reason}"))],
        )
    };
    let encryptor = encryptor.map_err(|error| failed(error.to_string()))?;
    let mut bytes = Zeroizing::new(Vec::new());
    let written = encryptor.wrap_output(&mut *bytes).and_then(|mut writer| {
        writer.write_all(content)?;
        writer.finish().map(drop)
    });
    written.map_err(|error| failed(reason(&error)))?;
    Ok(bytes)
}

fn said(
    args: &Export,
    protection: &Protection,
    values: &BTreeMap<String, SecretText>,
    without: &[String],
    session: &mut Session<'_>,
) -> Result {
    let names: Vec<&String> = values.keys().collect();
    if session.printer.json() {
        session.printer.result_json(&json!({
            "command": "export",
            "file": args.out,
            "encrypted": !matches!(protection, Protection::None),
            "secrets": names,
            "withoutValue": without,
        }))?;
        return Ok(Exit::Done);
    }
    let shown = args.out.display();
    let mut text = match protection {
        Protection::None => format!("{} in {shown}, not encrypted\n", count(names.len(), "value")),
        Protection::Passphrase(_) => {
            format!("{} in {shown}; to read them: age -d {shown}\n", count(names.len(), "value"))
        }
        Protection::Recipients(_) => {
            format!("{} in {shown}; to read them: age -d -i KEY_FILE {shown}\n", count(names.len(), "value"))
        }
    };
    if !without.is_empty() {
        text += "left out, since they have no value: ";
        text += &without.join(", ");
        text.push('\n');
    }
    session.printer.result(&text)?;
    Ok(Exit::Done)
}
