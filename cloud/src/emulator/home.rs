//! The emulator's folder: what is where, who holds the lock, which process runs.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{Emulator, health};
use crate::error::{CloudError, Kind};
use crate::text::{clean, shorten};

/// The files of the launcher, part of this binary.
const LAUNCHER: &str = include_str!("launcher.py");
const RESOURCES: &str = include_str!("resources.py");
const RECORDS: &str = include_str!("records.py");
/// How many lines of the log are shown when the emulator died.
const LOG_LINES: usize = 8;

/// A folder of our own, readable by nobody else.
#[derive(Debug)]
pub(crate) struct Home {
    path: PathBuf,
}

impl Home {
    /// Opens the folder, and makes it if it is missing.
    pub(crate) fn open(path: &Path) -> Result<Home, CloudError> {
        let path = std::path::absolute(path).map_err(|error| trouble("find", path, &error))?;
        private_folder(&path).map_err(|error| trouble("make", &path, &error))?;
        Ok(Home { path })
    }

    /// The log of the emulator that was started last.
    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("emulator.log")
    }

    /// The file in which the launcher writes who and where it is.
    pub(crate) fn state(&self) -> PathBuf {
        self.path.join("emulator.json")
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until nobody else starts or stops the emulator. The lock ends with the value, or with the process.
    pub(crate) fn lock(&self) -> Result<File, CloudError> {
        lock(&self.path.join("emulator.lock"))
    }

    /// The emulator that was remembered, if it is the one that answers on its port.
    pub(crate) fn running(&self) -> Result<Option<Emulator>, CloudError> {
        let path = self.state();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(trouble("read", &path, &error)),
        };
        // Whatever else is written there is not ours, and stands for nothing that runs.
        let Ok(emulator) = serde_json::from_str::<Emulator>(&text) else { return Ok(None) };
        let answer = health::ask(emulator.port);
        let is_ours =
            answer.is_some_and(|answer| answer.token == emulator.token && answer.pid == emulator.pid);
        Ok(is_ours.then_some(emulator))
    }

    /// Forgets the process that ran.
    pub(crate) fn forget(&self) -> Result<(), CloudError> {
        let path = self.state();
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(trouble("remove", &path, &error))
            }
            _ => Ok(()),
        }
    }

    /// Writes the launcher beside the environment, and tells where.
    pub(crate) fn write_launcher(&self) -> Result<PathBuf, CloudError> {
        let folder = self.path.join("launcher");
        private_folder(&folder).map_err(|error| trouble("make", &folder, &error))?;
        let files = [("launcher.py", LAUNCHER), ("resources.py", RESOURCES), ("records.py", RECORDS)];
        for (name, text) in files {
            let path = &folder.join(name);
            replace(path, text.as_bytes()).map_err(|error| trouble("write", path, &error))?;
        }
        Ok(folder.join("launcher.py"))
    }

    /// A new, empty log.
    pub(crate) fn fresh_log(&self) -> Result<File, CloudError> {
        let path = self.log();
        let file = private_file(&path).map_err(|error| trouble("open", &path, &error))?;
        file.set_len(0).map_err(|error| trouble("empty", &path, &error))?;
        Ok(file)
    }

    /// The last lines of the log, safe to show.
    pub(crate) fn log_end(&self) -> String {
        let end = last_bytes(&self.log(), 4096).unwrap_or_default();
        let lines: Vec<_> =
            end.lines().map(|line| shorten(&clean(line), 300)).filter(|l| !l.is_empty()).collect();
        let last = lines.len().saturating_sub(LOG_LINES);
        if lines.is_empty() { "its log is empty".to_owned() } else { lines[last..].join("\n") }
    }
}

/// Waits for the lock of this file.
pub(super) fn lock(path: &Path) -> Result<File, CloudError> {
    let file = private_file(path).map_err(|error| trouble("open", path, &error))?;
    file.lock().map_err(|error| trouble("lock", path, &error))?;
    Ok(file)
}

fn last_bytes(path: &Path, count: i64) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() > count.unsigned_abs() {
        file.seek(SeekFrom::End(-count))?;
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A folder that only we can read, whatever the umask.
fn private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A file that only we can read, made if it is missing.
fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes a file so that a reader sees either the old one or the new one, never half of it.
fn replace(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut file = private_file(&new)?;
    file.set_len(0)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(new, path)
}

/// A file of ours that we cannot use.
pub(super) fn trouble(verb: &str, path: &Path, error: &std::io::Error) -> CloudError {
    CloudError::new(Kind::Refused, format!("cannot {verb} {}: {error}", path.display()))
        .next("make the folder writable, or choose another one with XDG_CACHE_HOME")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remember(home: &Home, port: u16) {
        let state = serde_json::json!({ "port": port, "pid": 1, "version": "v", "log": "l", "token": "t" });
        replace(&home.state(), state.to_string().as_bytes()).unwrap();
    }

    #[test]
    fn a_remembered_process_that_does_not_answer_is_not_running() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        remember(&home, port);
        assert_eq!(home.running().unwrap(), None);
    }

    #[test]
    fn a_state_file_full_of_rubbish_stands_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        fs::write(home.state(), "{\"port\": \"rubbish").unwrap();
        assert_eq!(home.running().unwrap(), None);
    }

    // S4
    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_what_is_ours() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(&folder.path().join("a/b")).unwrap();
        remember(&home, 1);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&home.state()), 0o600);
        assert_eq!(mode(home.path()), 0o700);
    }

    #[test]
    fn shows_the_end_of_the_log_without_what_drives_a_terminal() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        assert_eq!(home.log_end(), "its log is empty");
        let lines: Vec<String> = (0..20).map(|n| format!("line {n} \u{1b}[31m")).collect();
        fs::write(home.log(), lines.join("\n")).unwrap();
        let end = home.log_end();
        assert!(end.starts_with("line 12") && end.ends_with("line 19 [31m"), "{end}");
    }
}
