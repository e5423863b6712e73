//! `secrets export`: the values in a file, encrypted.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use age::armor::{ArmoredWriter, Format};
use age::secrecy::SecretString;
use cloud::secrets::SecretText;
use serde_json::json;
use zeroize::Zeroizing;

use super::known::{KnownSecrets, Secret};
use super::sealed::passphrase;
use super::{InStacks, conceal};
use crate::aws::{self, Aws};
use crate::commands::backup::form::Secret as KeptSecret;
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

    /// Write the encrypted file as text, which goes through mails and tickets; `secrets import` and `age` read both forms
    #[arg(long, conflicts_with = "plain_text")]
    armor: bool,

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
pub(in crate::commands) struct Encrypted {
    /// An age file with a JSON object of names and values in it; `None` if no secret has a value.
    pub(in crate::commands) content: Option<Zeroizing<Vec<u8>>>,
    pub(in crate::commands) secrets: Vec<KeptSecret>,
    pub(in crate::commands) with_passphrase: bool,
}

/// How the file is protected.
enum Protection {
    Recipients(Vec<age::x25519::Recipient>),
    Passphrase(SecretText),
    None,
}

/// The values that were read, by what their secrets are called in the file, and the secrets that have none.
#[derive(Default)]
struct Values {
    values: BTreeMap<String, SecretText>,
    without: Vec<Without>,
}

/// A secret that has no value.
struct Without {
    id: String,
    /// What it would be called in the file.
    key: String,
}

pub(super) fn run(args: &Export, session: &mut Session<'_>) -> Result {
    refuse_place(&args.out)?;
    let recipients = args.encryption.recipients()?;
    let mut aws = Aws::new(&session.global)?;
    let estate = KnownSecrets::find(&args.stacks, &mut aws, session)?;
    estate.warn_of_unread(session);
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
    let form = if args.armor { Format::AsciiArmor } else { Format::Binary };
    let content = protected(&json_of(&read.values), &protection, form)?;
    files::write_new(&args.out, &content).map_err(|error| files::unwritable(&args.out, &error))?;
    let without: Vec<&str> = read.without.iter().map(|without| without.key.as_str()).collect();
    said(args, &protection, &read.values, &without, session)
}

/// All these secrets, encrypted for another command that writes the file. Without any nobody is asked for a passphrase.
/// `recipients` are those of [`Encryption::recipients`].
pub(in crate::commands) fn encrypted(
    estate: &KnownSecrets,
    encryption: &Encryption,
    recipients: Vec<age::x25519::Recipient>,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<Encrypted> {
    let with_passphrase = encryption.passphrase;
    if estate.secrets.is_empty() {
        return Ok(Encrypted { content: None, secrets: Vec::new(), with_passphrase });
    }
    let protection = encryption.protection(recipients, aws, session)?;
    let all: Vec<&Secret> = estate.secrets.iter().collect();
    let read = read(&all, aws, session)?;
    let content = if read.values.is_empty() {
        None
    } else {
        Some(protected(&json_of(&read.values), &protection, Format::Binary)?)
    };
    let secrets = all.into_iter().map(|secret| KeptSecret {
        name: secret.name.clone(),
        id: secret.id.clone(),
        region: secret.place().1.to_owned(),
        stack: secret.made_by.as_ref().map(|(stack, _)| stack.clone()),
        has_value: !read.without.iter().any(|without| without.id == secret.id),
    });
    Ok(Encrypted { content, secrets: secrets.collect(), with_passphrase })
}

/// The values of these secrets, which are in nothing that is written from now on.
fn read(secrets: &[&Secret], aws: &Aws, session: &mut Session<'_>) -> Result<Values> {
    let mut read = Values::default();
    let all: Vec<[String; 3]> = secrets.iter().map(|secret| secret.keys_in_files()).collect();
    for (secret, key) in secrets.iter().zip(keys(&all)) {
        match aws.look(cloud::secrets::secret_value(&secret.connection, &secret.id))? {
            // The emulator keeps a value without a letter for a secret that was never given one.
            Some(value) if !value.expose().is_empty() => {
                conceal(&value, session);
                read.values.insert(key, value);
            }
            _ => read.without.push(Without { id: secret.id.clone(), key }),
        }
    }
    Ok(read)
}

/// What each of these secrets is called in the file: by its name, and by its region besides where several have that name.
fn keys(all: &[[String; 3]]) -> Vec<String> {
    let key = |mine: &[String; 3]| {
        // The longest says account, region and name, so those with the same are one and the same secret.
        let others = all.iter().filter(|other| other[2] != mine[2]).flatten();
        let is_free = |key: &&String| !others.clone().any(|other| other == *key);
        mine.iter().find(is_free).unwrap_or(&mine[2]).clone()
    };
    all.iter().map(key).collect()
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
    refuse_work_tree(out, "file")
}

/// Refuses a place in a git work tree, for what must not be published and is a `kind` (`file`, `folder`). The folder of the
/// place need not be there yet.
pub(crate) fn refuse_work_tree(out: &Path, kind: &str) -> Result<()> {
    let absolute = std::path::absolute(out).map_err(|error| files::unwritable(out, &error))?;
    let there = absolute.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    let folder = fs::canonicalize(there).map_err(|error| files::unwritable(out, &error))?;
    // In a work tree that git itself made for another one, `.git` is a file.
    if let Some(tree) = folder.ancestors().find(|folder| folder.join(".git").exists()) {
        let message = format!("`{}` would stand in the git work tree {}", out.display(), tree.display());
        let problem = Problem::error("secrets/in-git", message);
        return Err(Failure::refused(problem.hint(format!("name a {kind} outside of it with `--out`"))));
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
        let passphrase = passphrase(true, aws, session)?;
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

/// The bytes of the file; `form` is that of an encrypted one.
fn protected(content: &[u8], protection: &Protection, form: Format) -> Result<Zeroizing<Vec<u8>>> {
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
    let written = ArmoredWriter::wrap_output(&mut *bytes, form)
        .and_then(|writer| encryptor.wrap_output(writer))
        .and_then(|mut writer| {
            writer.write_all(content)?;
            writer.finish()?.finish().map(drop)
        });
    written.map_err(|error| failed(reason(&error)))?;
    Ok(bytes)
}

fn said(
    args: &Export,
    protection: &Protection,
    values: &BTreeMap<String, SecretText>,
    without: &[&str],
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
    session.printer.result_in_lines(&text)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(region: &str, name: &str) -> [String; 3] {
        [name.to_owned(), format!("{region}/{name}"), format!("1/{region}/{name}")]
    }

    #[test]
    fn each_of_two_secrets_of_one_name_is_called_by_its_region_too() {
        assert_eq!(keys(&[forms("a", "app/key"), forms("a", "app/other")]), ["app/key", "app/other"]);
        let two = [forms("a", "key"), forms("b", "key"), forms("b", "other")];
        assert_eq!(keys(&two), ["a/key", "b/key", "other"]);
        let odd = [forms("a", "key"), forms("b", "key"), forms("b", "a/key")];
        assert_eq!(keys(&odd), ["1/a/key", "b/key", "b/a/key"]);
        // One and the same, by an earlier ARN.
        assert_eq!(keys(&[forms("a", "key"), forms("a", "key")]), ["key", "key"]);
    }
}
