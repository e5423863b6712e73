//! A Python that is missing, too old, incomplete or without a network: each told apart. The Pythons are small scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use cloud::emulator::{self, EmulatorOptions};

/// Set in the child process to the emulator's home; it then starts the emulator and prints what came of it.
const CHILD: &str = "DOCUTHINKER_TEST_HOME";

/// Starts the emulator in a process that finds this script as its only Python; `None`: no Python at all.
#[track_caller]
fn check(script: Option<&str>, expected: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("path");
    fs::create_dir(&path).unwrap();
    if let Some(script) = script {
        let python = path.join("python3");
        fs::write(&python, format!("#!/bin/sh\n{script}")).unwrap();
        fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "python::in_the_child_the_emulator_is_started", "--nocapture"])
        .env_clear()
        .env("PATH", &path)
        .env(CHILD, folder.path().join("home"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    for part in expected {
        assert!(said.contains(part), "no `{part}` in: {said}");
    }
}

/// Does nothing in the parent; `check` runs it with variables of its own.
#[test]
fn in_the_child_the_emulator_is_started() {
    let Some(home) = std::env::var_os(CHILD) else { return };
    let error = emulator::ensure_running(&EmulatorOptions::new(Path::new(&home)), |_| {}).unwrap_err();
    println!("exit {}: {:?}", error.exit_code(), error);
}

/// A Python that makes an environment of itself and then does this.
fn python(then: &str) -> String {
    format!(
        "PATH=/bin:/usr/bin
        case \"$1 $2\" in
            '-c '*) echo 3.11 ;;
            '-m venv') mkdir -p \"$3/bin\" && cp \"$0\" \"$3/bin/python\" ;;
            *) {then} ;;
        esac"
    )
}

#[test]
fn no_python_is_said_with_what_to_install() {
    check(None, &["exit 3", "there is no Python on the PATH", "python3-venv"]);
}

#[test]
fn a_python_that_is_too_old_is_named() {
    check(Some("echo 3.9"), &["exit 3", "needs Python 3.10 or newer; this is 3.9"]);
}

#[test]
fn a_missing_venv_module_is_told_from_other_trouble() {
    let script = "if [ \"$1\" = -c ]; then echo 3.11; else
        echo 'The virtual environment was not created successfully because ensurepip is not available.'; exit 1; fi";
    check(Some(script), &["exit 3", "its `venv` is missing", "sudo apt install python3-venv"]);
}

#[test]
fn no_network_is_said_and_nothing_half_installed_is_used_later() {
    let script = python("echo 'Retrying: NewConnectionError: Name or service not known' >&2; exit 1");
    check(Some(&script), &["exit 3", "is there a network?", "NewConnectionError"]);
}

#[test]
fn an_emulator_that_dies_shows_the_end_of_its_log() {
    let script =
        python("case \"$2\" in pip) exit 0 ;; *) echo 'a private name is missing: x.y'; exit 3 ;; esac");
    check(Some(&script), &["exit 1", "ended as soon as it was started", "a private name is missing: x.y"]);
}
