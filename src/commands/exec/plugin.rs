//! The Session Manager plugin, which talks to the container.

use std::io;
use std::process::Command;

use cloud::{ExecSession, SESSION_VARIABLE, plugin_reads_variable};

use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// What it is called.
pub(super) const NAME: &str = "session-manager-plugin";

/// A plugin that is there.
pub(super) struct Plugin {
    /// Whether the session can be given to it where nobody else on the machine can read it.
    discreet: bool,
}

impl Plugin {
    /// The plugin on the `PATH`, if there is one.
    pub(super) fn find() -> Option<Plugin> {
        let output = Command::new(NAME).arg("--version").stdin(std::process::Stdio::null()).output().ok()?;
        let version = String::from_utf8_lossy(&output.stdout);
        Some(Plugin { discreet: plugin_reads_variable(&version) })
    }

    /// Hands the session over and waits until it has ended. The arguments are those that the [AWS CLI][cli] gives.
    ///
    /// The terminal sends Ctrl-C to both of us; only the plugin is to act on it, so nothing of ours runs meanwhile.
    ///
    /// [cli]: https://github.com/aws/aws-cli/blob/develop/awscli/customizations/sessionmanager.py
    pub(super) fn run(&self, exec: ExecSession, session: &mut Session<'_>) -> Result {
        let mut command = Command::new(NAME);
        if self.discreet {
            command.arg(SESSION_VARIABLE).env(SESSION_VARIABLE, &exec.session);
        } else {
            let message = "this session-manager-plugin takes its token as an argument, which every user of this machine can \
                           see while it runs";
            let hint = "install version 1.2.553.0 or newer";
            session.printer.problem(&Problem::warning("exec/old-plugin", message).hint(hint));
            command.arg(&exec.session);
        }
        let profile = session.global.aws.profile.clone().unwrap_or_default();
        command.args([&exec.region, "StartSession", &profile, &exec.request, &exec.endpoint]);
        let started = command.spawn();
        drop(command);
        drop(exec);
        let status = started.and_then(|mut child| child.wait()).map_err(|error| not_run(&error))?;
        if status.success() {
            return Ok(Exit::Done);
        }
        let how = status.code().map_or_else(|| "by a signal".to_owned(), |code| format!("with {code}"));
        let problem = Problem::error("exec/plugin", format!("{NAME} ended {how}"));
        Err(Failure::new(Exit::Failed, vec![problem]))
    }
}

fn not_run(error: &io::Error) -> Failure {
    Problem::error("exec/plugin", format!("cannot run {NAME}: {}", crate::files::reason(error))).into()
}
