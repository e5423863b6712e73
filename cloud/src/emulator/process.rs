//! The emulator's process: started so that it outlives us, stopped so that it is surely gone.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::EmulatorOptions;
use super::home::{Home, trouble};
use crate::error::{CloudError, Kind};

/// What the emulator may know of our environment. Nothing of AWS's, so that it never sees a real credential.
const PASSED_ON: [&str; 6] = ["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "SYSTEMROOT"];

/// Starts the launcher, in a process group of its own, so that Ctrl-C in our terminal does not reach it.
pub(super) fn spawn(
    home: &Home,
    python: &Path,
    launcher: &Path,
    options: &EmulatorOptions,
    token: &str,
) -> Result<Child, CloudError> {
    let log = home.fresh_log()?;
    let errors = log.try_clone().map_err(|error| trouble("open", &home.log(), &error))?;
    let mut command = Command::new(python);
    command
        .arg(launcher)
        .current_dir(home.path())
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .env_clear()
        .envs(PASSED_ON.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("DOCUTHINKER_EMULATOR_PORT", options.port.unwrap_or(0).to_string())
        .env("DOCUTHINKER_EMULATOR_TOKEN", token)
        .env("DOCUTHINKER_EMULATOR_LOG", home.log())
        .env("DOCUTHINKER_EMULATOR_STATE", home.state());
    let delay = options.delay_ms.map(|delay| delay.to_string().into());
    if let Some(delay) = delay.or_else(|| std::env::var_os("DOCUTHINKER_EMULATOR_DELAY_MS")) {
        command.env("DOCUTHINKER_EMULATOR_DELAY_MS", delay);
    }
    let faults = options.faults.as_ref().map(|faults| faults.clone().into_os_string());
    if let Some(faults) = faults.or_else(|| std::env::var_os("DOCUTHINKER_EMULATOR_FAULTS")) {
        let faults =
            std::path::absolute(&faults).map_err(|error| trouble("find", faults.as_ref(), &error))?;
        command.env("DOCUTHINKER_EMULATOR_FAULTS", faults);
    }
    detach(&mut command);
    command.spawn().map_err(|error| {
        CloudError::new(
            Kind::Failed,
            format!("the emulator cannot be started with {}: {error}", python.display()),
        )
        .next("docuthinker local stop, then try again")
    })
}

#[cfg(unix)]
fn detach(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn detach(_: &mut Command) {}

/// Ends a child that never answered.
pub(super) fn give_up(child: &mut Child) {
    // If it cannot be killed it is gone already.
    drop(child.kill());
    drop(child.wait());
}

/// Asks the process to end, and makes it end if it does not within `limit`. The caller has made sure that it is ours; from
/// then on its id cannot be taken over before it is gone.
#[cfg(unix)]
pub(super) fn stop(pid: u32, limit: Duration) -> Result<(), CloudError> {
    use rustix::process::{Pid, Signal, kill_process};
    let invalid = || CloudError::new(Kind::Failed, format!("{pid} is not the id of a process"));
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(invalid)?;
    for (signal, patience) in [(Signal::TERM, limit), (Signal::KILL, limit)] {
        if let Err(error) = kill_process(pid, signal)
            && is_there(pid)
        {
            return Err(CloudError::new(Kind::Failed, format!("the emulator cannot be stopped: {error}")));
        }
        let began = Instant::now();
        while began.elapsed() < patience {
            if !is_there(pid) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Err(CloudError::new(
        Kind::Failed,
        format!("the emulator (process {}) does not end", pid.as_raw_nonzero()),
    ))
}

#[cfg(not(unix))]
pub(super) fn stop(_: u32, _: Duration) -> Result<(), CloudError> {
    Err(CloudError::new(Kind::Refused, "the emulator runs on Linux and macOS only"))
}

/// Whether the process exists. One that is our own child stays until it has been waited for, so that is done here.
#[cfg(unix)]
fn is_there(pid: rustix::process::Pid) -> bool {
    use rustix::process::{WaitOptions, test_kill_process, waitpid};
    match waitpid(Some(pid), WaitOptions::NOHANG) {
        Ok(Some(_)) => false,
        // Still running, or not our child.
        Ok(None) | Err(_) => test_kill_process(pid).is_ok(),
    }
}
