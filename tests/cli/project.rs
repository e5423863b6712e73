//! A fresh folder in which the built command runs, far from the user's credentials and configuration.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::{context, schemas};

/// A folder with a home of its own.
pub(crate) struct Project {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// How a run ended, with everything it wrote: what snapshots compare.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    folder: PathBuf,
}

impl Project {
    /// An empty folder.
    pub(crate) fn new() -> Project {
        let folder = TempDir::new().expect("the system has a folder for temporary files");
        fs::create_dir(folder.path().join("home")).unwrap();
        fs::create_dir(folder.path().join("work")).unwrap();
        fs::write(folder.path().join("home/empty"), "").unwrap();
        Project { folder, variables: Vec::new() }
    }

    /// An empty folder with a `docuthinker.yaml`.
    pub(crate) fn with_config(text: &str) -> Project {
        let project = Project::new();
        project.write("docuthinker.yaml", text);
        project
    }

    /// Sets a variable of the process's environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Project {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where the command runs.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Writes a file there.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Reads a file there.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// The command with `arguments`, not started yet: no variable of the caller reaches it but the path.
    pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = self.other(env!("CARGO_BIN_EXE_docuthinker"));
        command.args(arguments);
        command
    }

    /// Another program in the same folder, with the same environment.
    pub(crate) fn other(&self, program: &str) -> Command {
        let home = self.folder.path().join("home");
        let mut command = Command::new(program);
        command
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &home)
            .env("NO_COLOR", "1")
            .env("AWS_ACCESS_KEY_ID", "123456789012")
            .env("AWS_SECRET_ACCESS_KEY", "not-a-real-key")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", home.join("empty"))
            .env("AWS_SHARED_CREDENTIALS_FILE", home.join("empty"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs the command without anything to read on stdin.
    #[track_caller]
    pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Outcome {
        let mut command = self.command(arguments);
        let output = command.output().unwrap();
        schemas::hold(&command, &output.stdout);
        context::hold(&command, &output.stdout, &output.stderr);
        self.outcome(output)
    }

    /// How a command of [`Project::command`] ended.
    pub(crate) fn outcome(&self, output: Output) -> Outcome {
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            folder: self.folder.path().to_owned(),
        }
    }
}

impl Outcome {
    /// The text on stdout of a run that must have succeeded.
    #[track_caller]
    pub(crate) fn success(self) -> String {
        assert_eq!(self.code, Some(0), "{self}");
        self.stdout
    }

    /// The object on stdout of a run that must have succeeded.
    #[track_caller]
    pub(crate) fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.success()).unwrap()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        let mut text = format!("exit: {code}\n");
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !stream.is_empty() {
                let _ = write!(text, "--- {name} ---\n{stream}");
            }
        }
        f.write_str(&text.replace(&*self.folder.to_string_lossy(), "[FOLDER]"))
    }
}
