//! A backup as it is on disk. Whoever can write there could have changed it, so nothing in it is believed.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::de::DeserializeOwned;

use super::form::{Entry, Kept, MANIFEST, Manifest, StackRecord, VERSION};
use crate::files::{self, reason};
use crate::problem::{Failure, Problem, Result};

/// The most that is read of a file, in bytes.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// A folder with a manifest.
pub(in crate::commands) struct Backup {
    pub(in crate::commands) folder: PathBuf,
    pub(in crate::commands) manifest: Manifest,
}

/// A file that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::commands) struct Wrong {
    pub(in crate::commands) path: String,
    pub(in crate::commands) says: String,
}

impl Backup {
    /// Opens the folder.
    ///
    /// # Errors
    ///
    /// It is none, or it has no manifest that can be read: the backup was never finished.
    pub(in crate::commands) fn open(folder: &Path) -> Result<Backup> {
        let shown = folder.display();
        let refuse = |code: &'static str, message: String| Failure::refused(Problem::error(code, message));
        if !folder.is_dir() {
            return Err(refuse("backup/absent", format!("`{shown}` is no folder of a backup")));
        }
        let path = folder.join(MANIFEST);
        if fs::symlink_metadata(&path).is_err() {
            let message = format!("`{shown}` has no {MANIFEST}: the backup was interrupted, or is none");
            let problem = Problem::error("backup/unfinished", message);
            return Err(Failure::refused(problem.hint("make another one with `docuthinker backup`")));
        }
        let manifest: Manifest = json(&path)?;
        if manifest.version != VERSION {
            let message =
                format!("the backup has the form {}, and this version reads {VERSION}", manifest.version);
            let hint = format!("it was made by {}", manifest.tool);
            return Err(Failure::refused(Problem::error("backup/version", message).hint(hint)));
        }
        Ok(Backup { folder: folder.to_owned(), manifest })
    }

    /// Every file that is not as the manifest says, is missing, or is none of its files.
    pub(in crate::commands) fn wrong(&self) -> Vec<Wrong> {
        let mut wrong: Vec<Wrong> = self.manifest.files.iter().filter_map(|kept| self.check(kept)).collect();
        let known: BTreeSet<&str> = self.manifest.files.iter().map(|kept| kept.path.as_str()).collect();
        let says = |path: &str, says: &str| Wrong { path: path.to_owned(), says: says.to_owned() };
        for path in self.named().into_iter().filter(|path| !known.contains(path)) {
            wrong.push(says(path, "is named by the manifest without a checksum"));
        }
        for path in found(&self.folder, "", 0) {
            if !known.contains(path.as_str()) && path != MANIFEST {
                wrong.push(says(&path, "is no file of the backup"));
            }
        }
        wrong
    }

    /// The files that the manifest names for a purpose.
    fn named(&self) -> Vec<&str> {
        let mut named = Vec::new();
        for entry in &self.manifest.stacks {
            named.extend([entry.stack.as_str(), entry.template.as_str()]);
            named.extend(entry.parameters.as_deref());
            named.extend(entry.policy.as_deref());
            named.extend(entry.nested.iter().map(|nested| nested.template.as_str()));
        }
        named.extend(self.manifest.secrets.as_ref().and_then(|secrets| secrets.file.as_deref()));
        named
    }

    fn check(&self, kept: &Kept) -> Option<Wrong> {
        let says = match self.bytes(&kept.path) {
            Err(why) => why,
            Ok(bytes) if bytes.len() as u64 != kept.bytes => {
                format!("has {} bytes instead of {}", bytes.len(), kept.bytes)
            }
            Ok(bytes) if cloud::sha256(&bytes) != kept.sha256 => "has been changed (SHA-256)".to_owned(),
            Ok(_) => return None,
        };
        Some(Wrong { path: kept.path.clone(), says })
    }

    /// The bytes of one of its files, or why they cannot be had.
    pub(in crate::commands) fn bytes(&self, path: &str) -> std::result::Result<Vec<u8>, String> {
        let path = self.path(path).ok_or("is no place in a backup")?;
        let why = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => "is missing".to_owned(),
            _ => format!("cannot be read: {}", reason(&error)),
        };
        if !fs::symlink_metadata(&path).map_err(why)?.is_file() {
            return Err("is not a regular file".to_owned());
        }
        files::read_bytes(&path, MOST_BYTES).map_err(why)
    }

    /// Where one of its files is; `None` if the name leads elsewhere.
    pub(in crate::commands) fn path(&self, name: &str) -> Option<PathBuf> {
        let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        (inside && !name.is_empty()).then(|| self.folder.join(name))
    }

    /// What is kept of a stack. Its name must be one that a stack can have: it becomes part of commands.
    pub(in crate::commands) fn record(&self, entry: &Entry) -> Result<StackRecord> {
        let path = self.path(&entry.stack).ok_or_else(|| odd("a name of a file leads out of it"))?;
        let record: StackRecord = json(&path)?;
        if (&record.name, &record.region, &record.account) != (&entry.name, &entry.region, &entry.account) {
            return Err(odd(&format!("`{}` is of another stack than the manifest says", entry.stack)));
        }
        if !template::limits::is_stack_name(&record.name) {
            return Err(odd("no stack can have the name of one in it"));
        }
        Ok(record)
    }
}

fn odd(what: &str) -> Failure {
    Failure::refused(Problem::error("backup/odd", format!("this is no backup: {what}")))
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = files::read_text(path, "backup")?;
    serde_json::from_str(&text).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", path.display());
        Failure::refused(Problem::error("backup/unreadable", message))
    })
}

/// All that is in the folder, by its place below it. A backup has one level of folders.
fn found(folder: &Path, before: &str, depth: usize) -> Vec<String> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && depth < 2 {
            all.extend(found(&entry.path(), &format!("{name}/"), depth + 1));
        } else {
            all.push(name);
        }
    }
    all.sort();
    all
}
