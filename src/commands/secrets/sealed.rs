//! What `secrets export` and `backup` wrote, opened again.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use age::armor::ArmoredReader;
use age::secrecy::SecretString;
use cloud::secrets::SecretText;
use zeroize::Zeroizing;

use super::{conceal, value};
use crate::aws::Aws;
use crate::files::{self, reason};
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// The most that is read of an encrypted file, in bytes: a thousand secrets of the greatest size.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// How an encrypted file is opened, if the file is one.
#[derive(Debug, clap::Args)]
pub(super) struct Sealed {
    /// The file is what `secrets export` or `backup` wrote, encrypted for an identity in this file: each value goes to the
    /// secret that it is of
    #[arg(long, value_name = "KEY_FILE", conflicts_with = "passphrase")]
    identity: Option<PathBuf>,

    /// The file is what `secrets export` or `backup` wrote with a passphrase, which is asked for, or read from standard
    /// input if that is no terminal
    #[arg(long)]
    passphrase: bool,
}

/// What can be said of an age file without its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Whether it is encrypted with a passphrase, and not for recipients.
    pub(crate) with_passphrase: bool,
}

/// The header of an age file; `None` if it is none.
pub(crate) fn header(content: &[u8]) -> Option<Header> {
    let decryptor = age::Decryptor::new_buffered(ArmoredReader::new(content)).ok()?;
    Some(Header { with_passphrase: decryptor.is_scrypt() })
}

impl Sealed {
    /// Whether the file is meant to be encrypted.
    pub(super) fn is_meant(&self) -> bool {
        self.passphrase || self.identity.is_some()
    }

    /// The values in `file`, by the names of their secrets.
    pub(super) fn values(
        &self,
        file: &Path,
        aws: &Aws,
        session: &mut Session<'_>,
    ) -> Result<BTreeMap<String, SecretText>> {
        let content = files::read_bytes(file, MOST_BYTES).map_err(|error| unopened(file, &reason(&error)))?;
        let Some(header) = header(&content) else {
            return Err(unopened(file, "it is no age file").into());
        };
        if header.with_passphrase != self.passphrase {
            let with = if header.with_passphrase { "`--passphrase`" } else { "`--identity KEY_FILE`" };
            let problem = unopened(file, "it is encrypted in another way");
            return Err(problem.hint(format!("open it with {with}")).into());
        }
        let decrypted = if let Some(path) = &self.identity {
            let identities = identities(path)?;
            decrypt(&content, identities.iter().map(|one| one as &dyn age::Identity))
        } else {
            let passphrase = passphrase(false, aws, session)?;
            let identity = age::scrypt::Identity::new(SecretString::from(passphrase.expose().to_owned()));
            decrypt(&content, std::iter::once(&identity as &dyn age::Identity))
        };
        let decrypted = decrypted.map_err(|why| unopened(file, &why))?;
        let values: BTreeMap<String, String> = serde_json::from_slice(&decrypted)
            .map_err(|_| unopened(file, "what is in it is no object of names and values"))?;
        Ok(values.into_iter().map(|(name, value)| (name, SecretText::new(value))).collect())
    }
}

fn unopened(file: &Path, why: &str) -> Problem {
    Problem::error("secrets/unopened", format!("cannot open `{}`: {why}", file.display()))
}

fn decrypt<'i>(
    content: &[u8],
    identities: impl Iterator<Item = &'i dyn age::Identity>,
) -> std::result::Result<Zeroizing<Vec<u8>>, String> {
    let decryptor =
        age::Decryptor::new_buffered(ArmoredReader::new(content)).map_err(|error| error.to_string())?;
    let mut reader = decryptor.decrypt(identities).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => "it is encrypted for somebody else".to_owned(),
        age::DecryptError::DecryptionFailed => "the passphrase is another one".to_owned(),
        other => other.to_string(),
    })?;
    // What is in it is never longer; with room for all of it nothing is left behind where it grows.
    let mut bytes = Zeroizing::new(Vec::with_capacity(content.len()));
    reader.read_to_end(&mut bytes).map_err(|error| reason(&error))?;
    Ok(bytes)
}

/// The passphrase that somebody types, twice if it is a new one, or that comes on standard input.
pub(super) fn passphrase(new: bool, aws: &Aws, session: &mut Session<'_>) -> Result<SecretText> {
    let passphrase = if io::stdin().is_terminal() {
        let typed = value::asked("Passphrase (not shown): ", aws)?;
        if new && value::asked("The same again: ", aws)? != typed {
            let problem =
                Problem::error("secrets/passphrase", "the two passphrases differ; no file was written");
            return Err(Failure::refused(problem));
        }
        typed
    } else {
        value::standard_input(aws)?.without_line_break()
    };
    conceal(&passphrase, session);
    Ok(passphrase)
}

/// The identities in a file of age, which nobody but its owner may read.
fn identities(path: &Path) -> Result<Vec<age::x25519::Identity>> {
    let text = value::private_file(path, 1024 * 1024)?;
    let lines = text.expose().lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let identities: Vec<_> = lines.filter_map(|line| line.parse().ok()).collect();
    if identities.is_empty() {
        let message = format!("there is no age identity in `{}`", path.display());
        let problem = Problem::error("secrets/identity", message);
        return Err(Failure::refused(problem.hint("an identity begins with `AGE-SECRET-KEY-1`")));
    }
    Ok(identities)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_file_is_known_by_its_header() {
        let identity = age::x25519::Identity::generate();
        let sealed = age::encrypt(&identity.to_public(), b"x").expect("it can be encrypted");
        assert_eq!(header(&sealed), Some(Header { with_passphrase: false }));
        assert_eq!(header(b"{\"name\":\"value\"}"), None);
        assert_eq!(header(&sealed[..20]), None);
        assert!(decrypt(&sealed, std::iter::once(&identity as &dyn age::Identity)).is_ok());
        let other = age::x25519::Identity::generate();
        let opened = decrypt(&sealed, std::iter::once(&other as &dyn age::Identity));
        assert_eq!(opened.unwrap_err(), "it is encrypted for somebody else");
    }
}
