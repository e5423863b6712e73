//! Reading what the user names and writing what the user asked for, never halfway.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};

/// The most that is read of a configuration or template file, in bytes: 4 MiB.
///
/// CloudFormation takes templates of at most 1 MiB; a larger file was named by mistake.
pub(crate) const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// Reads the text file `path`, which the user calls `what` (`configuration`, `template`).
///
/// Only a regular file is opened: a FIFO would block for ever, a device need not end.
pub(crate) fn read_text(path: &Path, what: &str) -> Result<String> {
    let shown = path.display();
    let refuse = |why: String| Failure::from(Problem::error("file/unreadable", why));
    let unreadable = |error: io::Error| {
        let problem = Problem::error(
            "file/unreadable",
            format!("cannot read the {what} file `{shown}`: {}", reason(&error)),
        );
        Failure::from(problem)
    };
    let kind = fs::metadata(path).map_err(unreadable)?;
    if !kind.is_file() {
        let found = if kind.is_dir() { "a folder" } else { "not a regular file" };
        return Err(refuse(format!("cannot read the {what} file `{shown}`: it is {found}")));
    }
    let length = kind.len().min(MOST_BYTES);
    // One more, so that the end is found without making room for more.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    as_text(bytes, &format!("the {what} file `{shown}`"))
}

/// The bytes of a regular file, which must not have more than `most`: nothing is cut off.
#[cfg(feature = "aws")]
pub(crate) fn read_bytes(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // A FIFO would block for ever.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it is larger than {} MiB", most / (1024 * 1024))));
    }
    Ok(bytes)
}

/// Reads the text on stdin, which the user calls `what`.
pub(crate) fn read_stdin(what: &str) -> Result<String> {
    let refuse = |why: String| Failure::from(Problem::error("file/unreadable", why));
    let mut bytes = Vec::new();
    io::stdin()
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| refuse(format!("cannot read the {what} on stdin: {}", reason(&error))))?;
    as_text(bytes, &format!("the {what} on stdin"))
}

/// The text in `bytes`, which are `what`.
fn as_text(bytes: Vec<u8>, what: &str) -> Result<String> {
    let refuse = |why: String| Failure::from(Problem::error("file/unreadable", why));
    if bytes.len() as u64 > MOST_BYTES {
        return Err(refuse(format!("{what} is larger than {} MiB", MOST_BYTES / (1024 * 1024))));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.split(|byte| *byte == b'\n').count();
        refuse(format!("{what} is not text: line {line} is not valid UTF-8"))
    })
}

/// The mode of a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// As the umask says.
    Usual,
    /// Only for its owner (0600).
    Private,
    /// As it is; of a new file as the umask says.
    #[cfg(feature = "aws")]
    Kept,
}

/// Writes `text` to the file `path` all at once: whoever reads it sees the old or the new text, never a part.
///
/// Folders are not made, and an existing `path` must be a regular file: nothing is written through a link.
pub(crate) fn write_atomically(path: &Path, text: &str, access: Access) -> Result<()> {
    must_be_writable(path)?;
    try_write(path, text, access).map_err(|error| unwritable(path, &error))
}

/// Makes the file `path`, which must not be there, for its owner only (mode 0600).
#[cfg(feature = "aws")]
pub(crate) fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a file is of no use.
        let _ = fs::remove_file(path);
    }
    written
}

/// Refuses a `path` that [`write_atomically`] would refuse, as far as that can be known before.
pub(crate) fn must_be_writable(path: &Path) -> Result<()> {
    if let Ok(existing) = fs::symlink_metadata(path)
        && !existing.is_file()
    {
        let found = if existing.is_symlink() { "a symbolic link" } else { "not a regular file" };
        let message = format!("cannot write `{}`: it is {found}", path.display());
        return Err(Problem::error("file/unwritable", message).into());
    }
    if !folder_of(path).is_dir() {
        let message = format!("cannot write `{}`: there is no folder for it", path.display());
        return Err(Problem::error("file/unwritable", message).into());
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// How the names of files that are being written begin and end.
const UNFINISHED: (&str, &str) = (".docuthinker-", ".tmp");

/// Removes what a process that was killed in the middle left in `folder`, which the caller has a lock on.
pub(crate) fn remove_unfinished(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(UNFINISHED.0) && name.ends_with(UNFINISHED.1) {
            // If it cannot go, it is still in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn try_write(path: &Path, text: &str, access: Access) -> io::Result<()> {
    let folder = folder_of(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED.0).suffix(UNFINISHED.1);
    #[cfg(unix)]
    if access != Access::Private {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    #[cfg(feature = "aws")]
    if access == Access::Kept
        && let Ok(existing) = fs::metadata(path)
    {
        file.as_file().set_permissions(existing.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The rename itself is only safe on disk once the folder is; some file systems cannot sync folders.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// The refusal that says why `path` cannot be written.
pub(crate) fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Problem::error("file/unwritable", format!("cannot write `{}`: {}", path.display(), reason(error))).into()
}

/// An exclusive hold on a folder, given up when it is dropped or when the process ends in any way.
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes hold of `folder`, which exists.
    ///
    /// The operating system keeps the lock, so a process that died holds nothing; the file only tells who it is.
    pub(crate) fn take(folder: &Path) -> Result<FolderLock> {
        let path = folder.join(".lock");
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| unwritable(&path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(locked(folder, &mut file)),
            Err(fs::TryLockError::Error(error)) => return Err(unwritable(&path, &error)),
        }
        let pid = std::process::id().to_string();
        file.set_len(0)
            .and_then(|()| file.write_all(pid.as_bytes()))
            .map_err(|error| unwritable(&path, &error))?;
        Ok(FolderLock { _file: file })
    }
}

fn locked(folder: &Path, file: &mut File) -> Failure {
    let mut pid = String::new();
    let known = file.read_to_string(&mut pid).is_ok() && !pid.trim().is_empty();
    let who = if known { format!("process {}", pid.trim()) } else { "another process".to_owned() };
    let problem = Problem::error("output/locked", format!("{who} is writing to `{}`", folder.display()))
        .hint("wait until it has ended, or name another folder with `--out`");
    Failure::new(Exit::Blocked, vec![problem])
}

/// The operating system's reason in the words of our messages: lowercase, without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(all(test, feature = "aws"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_larger_than_allowed_is_refused_and_not_cut() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("file");
        fs::write(&path, "four").expect("it can be written");
        assert_eq!(read_bytes(&path, 4).expect("it has four bytes"), b"four");
        let larger = read_bytes(&path, 3).expect_err("it has more than three");
        assert!(reason(&larger).starts_with("it is larger than"), "{larger}");
        assert!(read_bytes(folder.path(), 4).is_err());
    }
}
