//! The emulator's private Python environment, made once, with every package pinned by hash.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::Preparing;
use super::home::{lock, trouble};
use crate::error::{CloudError, Kind};
use crate::text::{clean, sha256, shorten};

/// Every package with the hashes of all its files.
const REQUIREMENTS: &str = include_str!("requirements.txt");
/// The oldest Python that the packages support.
const OLDEST: (u32, u32) = (3, 10);
/// Where a suitable Python may be, best first.
const CANDIDATES: [&str; 7] =
    ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python3.14", "python"];
/// What Python prints to tell its version.
const TELL_VERSION: &str = "import sys; print('%d.%d' % sys.version_info[:2])";

/// The environment's Python; makes the environment if it is missing, unfinished or for other packages.
pub(super) fn ensure_installed(
    environment: &Path,
    progress: &mut impl FnMut(Preparing),
) -> Result<PathBuf, CloudError> {
    let environment =
        std::path::absolute(environment).map_err(|error| trouble("find", environment, &error))?;
    if let Some(parent) = environment.parent() {
        fs::create_dir_all(parent).map_err(|error| trouble("make", parent, &error))?;
    }
    // Several homes may share the environment.
    let _lock = lock(&environment.with_added_extension("lock"))?;
    let python = environment.join("bin").join("python");
    let finished = environment.join("finished");
    let wanted = sha256(REQUIREMENTS);
    if fs::read_to_string(&finished).is_ok_and(|found| found == wanted) && python.exists() {
        return Ok(python);
    }
    let system_python = find_python()?;
    progress(Preparing::Installing);
    if environment.exists() {
        fs::remove_dir_all(&environment).map_err(|error| trouble("remove", &environment, &error))?;
    }
    make_environment(&system_python, &environment)?;
    install_packages(&python, &environment)?;
    fs::write(&finished, wanted).map_err(|error| trouble("write", &finished, &error))?;
    Ok(python)
}

/// The first Python that is new enough.
fn find_python() -> Result<PathBuf, CloudError> {
    let mut too_old = None;
    for candidate in CANDIDATES {
        let Ok(output) = Command::new(candidate).args(["-c", TELL_VERSION]).stdin(Stdio::null()).output()
        else {
            continue;
        };
        match version(&String::from_utf8_lossy(&output.stdout)) {
            Some(version) if version >= OLDEST => return Ok(candidate.into()),
            Some(version) => too_old = too_old.max(Some(version)),
            None => {}
        }
    }
    Err(no_python(too_old))
}

fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn no_python(too_old: Option<(u32, u32)>) -> CloudError {
    let what = match too_old {
        None => "the emulator needs Python 3.10 or newer, and there is no Python on the PATH".to_owned(),
        Some((major, minor)) => format!("the emulator needs Python 3.10 or newer; this is {major}.{minor}"),
    };
    CloudError::new(Kind::Refused, what).state("nothing was installed").next(
        "install Python 3, for example with `sudo apt install python3 python3-venv` or `brew install python`",
    )
}

fn make_environment(python: &Path, environment: &Path) -> Result<(), CloudError> {
    let output = run(Command::new(python).args(["-m", "venv"]).arg(environment))?;
    if output.status.success() {
        return Ok(());
    }
    let said = said(&output);
    if said.contains("ensurepip") || said.contains("No module named venv") {
        return Err(CloudError::new(
            Kind::Refused,
            "this Python cannot make virtual environments: its `venv` is missing",
        )
        .state("nothing was installed")
        .next("install it, on Debian and Ubuntu with `sudo apt install python3-venv`"));
    }
    Err(CloudError::new(Kind::Refused, "the Python environment of the emulator cannot be made")
        .state(last_lines(&said)))
}

fn install_packages(python: &Path, environment: &Path) -> Result<(), CloudError> {
    let requirements = environment.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).map_err(|error| trouble("write", &requirements, &error))?;
    let output = run(Command::new(python)
        .args(["-m", "pip", "install", "--require-hashes", "--no-deps", "--prefer-binary", "--no-input"])
        .args(["--retries", "2"])
        .args(["--disable-pip-version-check", "--quiet", "--requirement"])
        .arg(&requirements))?;
    if output.status.success() { Ok(()) } else { Err(not_installed(&said(&output))) }
}

/// What pip's complaint means.
fn not_installed(said: &str) -> CloudError {
    let no_network =
        ["Max retries exceeded", "NewConnectionError", "NameResolutionError", "Could not find a version"];
    let error = if said.contains("DO NOT MATCH THE HASHES") {
        CloudError::new(Kind::Refused, "a package of the emulator is not the one it was when it was pinned")
            .next("do not use it; check the package index that pip is set to")
    } else if no_network.iter().any(|sign| said.contains(sign)) {
        CloudError::new(Kind::Refused, "the packages of the emulator cannot be fetched; is there a network?")
            .next("check the network, or the package index and the proxy that pip is set to; it is needed only once")
    } else {
        CloudError::new(Kind::Refused, "the packages of the emulator cannot be installed")
            .next("docuthinker local start, to try again")
    };
    error.state(last_lines(said))
}

/// Runs a command of Python's without input.
fn run(command: &mut Command) -> Result<Output, CloudError> {
    command.stdin(Stdio::null()).output().map_err(|error| {
        let program = command.get_program().to_string_lossy().into_owned();
        CloudError::new(Kind::Refused, format!("cannot run {program}: {error}"))
    })
}

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&text).into_owned()
}

fn last_lines(text: &str) -> String {
    let lines: Vec<_> =
        text.lines().map(|line| shorten(&clean(line), 300)).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_pinned_by_version_and_hash() {
        let packages: Vec<_> =
            REQUIREMENTS.lines().filter(|line| !line.starts_with('#') && !line.starts_with(' ')).collect();
        assert!(packages.len() > 15, "{packages:?}");
        for line in packages {
            assert!(line.contains("==") && line.ends_with('\\'), "not pinned: {line}");
        }
        assert!(REQUIREMENTS.contains(&format!("ministack=={}", super::super::EMULATOR_VERSION)));
    }

    #[test]
    fn compares_versions_as_numbers() {
        assert!(version("3.9\n") < Some(OLDEST));
        assert!(version("3.10") >= Some(OLDEST));
        assert_eq!(version("Python was not found"), None);
    }

    #[test]
    fn tells_a_missing_network_from_a_changed_package() {
        let offline =
            not_installed("WARNING: Retrying ... NewConnectionError\nERROR: No matching distribution");
        assert!(offline.to_string().contains("is there a network"), "{offline}");
        let changed =
            not_installed("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE");
        assert!(changed.to_string().contains("not the one"), "{changed}");
        assert_eq!(changed.exit_code(), 3);
    }
}
