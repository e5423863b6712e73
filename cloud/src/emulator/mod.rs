//! The local emulator: a stand-in for AWS on this machine, to try everything without an account.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{CloudError, Kind};

/// How to run the emulator.
#[derive(Debug, Clone)]
pub struct EmulatorOptions {
    /// The folder of our own that holds its Python environment, its log and its state, for example
    /// `~/.cache/docuthinker`. Made if it is missing.
    pub home: PathBuf,
    /// The port on 127.0.0.1. Default: any free one.
    pub port: Option<u16>,
    /// Milliseconds that each resource takes. Default: 0. For tests, and to see progress.
    pub delay_ms: u32,
    /// A JSON file of failures to inject, `{"create:LogicalId": "reason"}`; read again at each operation.
    pub faults: Option<PathBuf>,
}

/// A running emulator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Emulator {
    /// The port on 127.0.0.1.
    pub port: u16,
    /// The process id.
    pub pid: u32,
    /// The emulator's version.
    pub version: String,
    /// Where it writes its log.
    pub log: PathBuf,
    /// A random text that only our emulator answers with; so another process on the same port is never taken for it.
    token: String,
}

impl Emulator {
    /// Its address, for example `http://127.0.0.1:40123`.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// What starting the emulator is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preparing {
    /// The Python environment is being made; only the first time. Takes a few seconds and needs the network.
    Installing,
    /// The process is being started.
    Starting,
}

/// Makes sure that the emulator runs, and tells where. The first time it makes its Python environment.
///
/// # Errors
///
/// [`Kind::Refused`] if Python 3.10 or its `venv` module is missing, the port is taken, or the packages cannot be
/// fetched; [`Kind::Failed`] if the emulator died, with the end of its log.
pub fn ensure_running(
    _options: &EmulatorOptions,
    _progress: impl FnMut(Preparing),
) -> Result<Emulator, CloudError> {
    Err(CloudError::new(Kind::Failed, "being written"))
}

/// The running emulator of `home`, if there is one that answers.
///
/// # Errors
///
/// If the state file cannot be read.
pub fn status(_home: &Path) -> Result<Option<Emulator>, CloudError> {
    Err(CloudError::new(Kind::Failed, "being written"))
}

/// Stops the emulator of `home`; `None` if none was running.
///
/// # Errors
///
/// If it cannot be stopped.
pub fn stop(_home: &Path) -> Result<Option<Emulator>, CloudError> {
    Err(CloudError::new(Kind::Failed, "being written"))
}

/// Makes the emulator forget everything; `None` if none is running.
///
/// # Errors
///
/// If it does not answer.
pub fn reset(_home: &Path) -> Result<Option<Emulator>, CloudError> {
    Err(CloudError::new(Kind::Failed, "being written"))
}
