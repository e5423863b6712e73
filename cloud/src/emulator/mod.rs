//! The local emulator: a stand-in for AWS on this machine, to try everything without an account.
//!
//! It is `ministack` (from `PyPI`) in a private Python environment, started by a launcher of ours that adds the resource types
//! it lacks. It keeps records of resources and runs nothing. It listens on 127.0.0.1 only, lives until it is stopped, and
//! forgets everything then.

mod health;
mod home;
mod install;
mod process;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::error::{CloudError, Kind};
use home::Home;

/// The version of `ministack`; the launcher uses private names of exactly this one.
pub const EMULATOR_VERSION: &str = "1.5.33";
/// How long the emulator may take to answer; it takes about a second.
const START_LIMIT: Duration = Duration::from_mins(1);
/// How long it may take to stop by itself.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// How to run the emulator.
#[derive(Debug, Clone)]
pub struct EmulatorOptions {
    /// The folder of our own that holds its Python environment, its log and its state, for example
    /// `~/.cache/docuthinker`. Made if it is missing.
    pub home: PathBuf,
    /// The port on 127.0.0.1. Default: any free one.
    pub port: Option<u16>,
    /// Milliseconds that each resource takes; for tests, and to see progress.
    /// Default: `DOCUTHINKER_EMULATOR_DELAY_MS`, or 0.
    pub delay_ms: Option<u32>,
    /// The folder of the Python environment, if several homes are to share one. Default:
    /// `DOCUTHINKER_EMULATOR_ENVIRONMENT`, or a folder in `home`.
    pub environment: Option<PathBuf>,
    /// A JSON file of failures to inject, `{"create|update|delete:LogicalId": "reason"}`, read again at each operation.
    /// Default: `DOCUTHINKER_EMULATOR_FAULTS`, or none.
    pub faults: Option<PathBuf>,
}

impl EmulatorOptions {
    /// The defaults that the fields describe.
    pub fn new(home: impl Into<PathBuf>) -> EmulatorOptions {
        EmulatorOptions { home: home.into(), port: None, delay_ms: None, environment: None, faults: None }
    }
}

/// A running emulator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Emulator {
    /// The port on 127.0.0.1.
    pub port: u16,
    /// The process id.
    pub pid: u32,
    /// The version of `ministack`.
    pub version: String,
    /// Where it writes its log.
    pub log: PathBuf,
    /// A random text that only our own process answers with: so another process that has come to the same port or process
    /// id is never taken for it, and never stopped.
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
/// Blocks until the emulator answers; two calls at the same time wait for each other and find the same emulator.
///
/// # Errors
///
/// [`Kind::Refused`] if Python 3.10 or its `venv` module is missing, the packages cannot be fetched, the port is taken, or
/// the emulator runs on another port than the one asked for; [`Kind::Failed`] if it died, with the end of its log.
pub fn ensure_running(
    options: &EmulatorOptions,
    mut progress: impl FnMut(Preparing),
) -> Result<Emulator, CloudError> {
    let home = Home::open(&options.home)?;
    let _lock = home.lock()?;
    if let Some(running) = home.running()? {
        return match options.port {
            Some(port) if port != running.port => Err(other_port(&running, port)),
            _ => Ok(running),
        };
    }
    let python = install::ensure_installed(&environment(&home, options), &mut progress)?;
    progress(Preparing::Starting);
    start(&home, &python, options)
}

/// The running emulator of `home`, if there is one that answers.
///
/// # Errors
///
/// If the state file cannot be read.
pub fn status(home: &Path) -> Result<Option<Emulator>, CloudError> {
    if !home.exists() {
        return Ok(None);
    }
    Home::open(home)?.running()
}

/// Stops the emulator of `home`, and tells which it was; `None` if none was running.
///
/// # Errors
///
/// If it cannot be stopped.
pub fn stop(home: &Path) -> Result<Option<Emulator>, CloudError> {
    if !home.exists() {
        return Ok(None);
    }
    let home = Home::open(home)?;
    let _lock = home.lock()?;
    let Some(emulator) = home.running()? else {
        home.forget()?;
        return Ok(None);
    };
    process::stop(emulator.pid, STOP_LIMIT)?;
    home.forget()?;
    Ok(Some(emulator))
}

/// Makes the emulator forget everything it holds; `None` if none is running.
///
/// # Errors
///
/// If it does not answer.
pub fn reset(home: &Path) -> Result<Option<Emulator>, CloudError> {
    let Some(emulator) = status(home)? else { return Ok(None) };
    match health::post(emulator.port, "/_ministack/reset") {
        Ok(200) => Ok(Some(emulator)),
        Ok(other) => Err(CloudError::new(Kind::Failed, format!("the emulator did not reset: HTTP {other}"))),
        Err(error) => {
            Err(CloudError::new(Kind::Unreachable, format!("the emulator does not answer: {error}")))
        }
    }
}

/// The folder of the Python environment. Its name has the version, so that another version of this program has its own.
fn environment(home: &Home, options: &EmulatorOptions) -> PathBuf {
    let asked = options.environment.clone();
    asked
        .or_else(|| std::env::var_os("DOCUTHINKER_EMULATOR_ENVIRONMENT").map(PathBuf::from))
        .unwrap_or_else(|| home.path().join(format!("emulator-{EMULATOR_VERSION}")))
}

/// Starts the process and waits until it answers.
fn start(home: &Home, python: &Path, options: &EmulatorOptions) -> Result<Emulator, CloudError> {
    let launcher = home.write_launcher()?;
    home.forget()?;
    let token = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
    let mut child = process::spawn(home, python, &launcher, options, &token)?;
    let began = Instant::now();
    while began.elapsed() < START_LIMIT {
        if let Some(emulator) = home.running()?.filter(|emulator| emulator.token == token) {
            return Ok(emulator);
        }
        if let Ok(Some(_)) = child.try_wait() {
            return Err(died(home));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    process::give_up(&mut child);
    let seconds = START_LIMIT.as_secs();
    Err(CloudError::new(Kind::Failed, format!("the emulator did not answer within {seconds} seconds"))
        .state(home.log_end())
        .next(format!("look at {}", home.log().display())))
}

fn died(home: &Home) -> CloudError {
    let end = home.log_end();
    if end.contains("cannot be used") {
        return CloudError::new(Kind::Refused, "the emulator cannot have its port")
            .state(end)
            .next("choose another port with `--port`, or leave it out to take a free one");
    }
    CloudError::new(Kind::Failed, "the emulator ended as soon as it was started")
        .state(end)
        .next(format!("look at {}", home.log().display()))
}

fn other_port(running: &Emulator, asked: u16) -> CloudError {
    CloudError::new(
        Kind::Refused,
        format!("the emulator runs already, on port {} and not on {asked}", running.port),
    )
    .next("docuthinker local stop")
}
