//! Where a value comes from: the keyboard, standard input or a file. Never an argument, which everybody could read.

use std::fs::{self, File, Metadata};
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use cloud::secrets::{MOST_BYTES, SecretText};
use zeroize::Zeroizing;

use crate::aws::{self, Aws};
use crate::exit::Exit;
use crate::files::reason;
use crate::problem::{Failure, Problem, Result};

/// Where the value is.
#[derive(Debug, clap::Args)]
pub(super) struct Source {
    /// Read the value from this file, which nobody but its owner may read (mode 0600) [default: ask for it, or read it
    /// from standard input if that is no terminal]; one line break at the end is no part of the value
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Source {
    /// Whether something is said about it.
    pub(super) fn is_named(&self) -> bool {
        self.file.is_some()
    }

    /// The value for `name`.
    pub(super) fn read(&self, name: &str, aws: &Aws) -> Result<SecretText> {
        let value = match &self.file {
            Some(path) => private_file(path, MOST_BYTES)?,
            None if io::stdin().is_terminal() => asked(&format!("Value of {name} (not shown): "), aws)?,
            None => standard_input(aws)?,
        };
        let value = value.without_line_break();
        if value.expose().is_empty() {
            return Err(refused("secrets/no-value", "the value is empty; nothing was stored".to_owned()));
        }
        Ok(value)
    }
}

/// What is typed.
pub(super) fn asked(question: &str, aws: &Aws) -> Result<SecretText> {
    if !io::stderr().is_terminal() {
        let problem = Problem::error("usage/nobody-to-ask", "nobody can see the question for the value");
        return Err(Failure::refused(problem.hint("hand the value over on standard input or with `--file`")));
    }
    let answer = aws.run(aws::ask_hidden(question.to_owned(), aws.cancel()))?;
    answer
        .ok_or_else(|| {
            let (exit, code) = if aws.cancel().is_cancelled() {
                (Exit::Interrupted, "aws/interrupted")
            } else {
                (Exit::Refused, "secrets/no-value")
            };
            Failure::new(exit, vec![Problem::error(code, "nothing was typed; nothing was changed")])
        })
        .map(SecretText::without_line_break)
}

/// All that comes on standard input.
pub(super) fn standard_input(aws: &Aws) -> Result<SecretText> {
    let reader = async { tokio::task::spawn_blocking(|| bytes(io::stdin(), MOST_BYTES)).await };
    let bytes = aws.unless_interrupted(reader)?;
    let bytes = bytes.unwrap_or_else(|_| Err(io::Error::other("reading it ended early")));
    let bytes = bytes.map_err(|error| {
        refused("file/unreadable", format!("cannot read standard input: {}", reason(&error)))
    })?;
    text(bytes, "what came on standard input", MOST_BYTES)
}

/// The text in a file that nobody but its owner may read.
pub(super) fn private_file(path: &Path, most: usize) -> Result<SecretText> {
    let shown = path.display();
    let unreadable =
        |error: io::Error| refused("file/unreadable", format!("cannot read `{shown}`: {}", reason(&error)));
    // A FIFO would block for ever.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(refused("file/unreadable", format!("cannot read `{shown}`: it is not a regular file")));
    }
    let file = File::open(path).map_err(unreadable)?;
    if is_open_to_others(&file.metadata().map_err(unreadable)?) {
        let problem = Problem::error("secrets/open-file", format!("others may read `{shown}`"))
            .hint(format!("keep it to yourself with `chmod 600 {shown}`, and run the same command again"));
        return Err(Failure::refused(problem));
    }
    text(bytes(file, most).map_err(unreadable)?, &format!("`{shown}`"), most)
}

#[cfg(unix)]
fn is_open_to_others(file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.mode() & 0o077 != 0
}

/// Other systems have no such modes.
#[cfg(not(unix))]
fn is_open_to_others(_: &Metadata) -> bool {
    false
}

/// What is read, and one byte more than is allowed if there is more.
fn bytes(from: impl Read, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    // With room for all of it nothing is left behind where it grows.
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 2));
    from.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn text(mut bytes: Zeroizing<Vec<u8>>, what: &str, most: usize) -> Result<SecretText> {
    if bytes.len() > most {
        let message = format!("{what} is larger than {} KiB, which is the most", most / 1024);
        return Err(refused("secrets/too-large", message));
    }
    if std::str::from_utf8(&bytes).is_err() {
        return Err(refused("secrets/no-text", format!("{what} is not text in UTF-8")));
    }
    Ok(SecretText::new(String::from_utf8(std::mem::take(&mut *bytes)).unwrap_or_default()))
}

fn refused(code: &'static str, message: String) -> Failure {
    Failure::refused(Problem::error(code, message))
}
