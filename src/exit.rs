//! How a command ends: the exit codes, which scripts and CI rely on.

use std::process::ExitCode;

/// The ways in which a command can end.
///
/// The numbers are a contract, the same for every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or there was nothing to do.
    Done,
    /// The operation failed in AWS, or it was rolled back there.
    Failed,
    /// The command line asks for something that does not exist.
    Usage,
    /// Refused before anything was written to AWS: configuration, limits, a guard, nobody to ask.
    Refused,
    /// The stack's state, or somebody else's operation, is in the way.
    Blocked,
    /// Credentials are missing or expired, or a permission is.
    Credentials,
    /// AWS cannot be reached; an operation that was started may still run.
    Unreachable,
    /// Differences were found, and the command was asked to tell by its exit code.
    Different,
    /// Time is up: the operation was cancelled, or goes on without us.
    TimedOut,
    /// Done, but something is left over: a clean-up failed.
    Leftovers,
    /// A bug in this tool.
    Bug,
    /// Interrupted by the user or by the system.
    Interrupted,
}

impl Exit {
    /// The code that the process ends with.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Refused => 3,
            Exit::Blocked => 4,
            Exit::Credentials => 5,
            Exit::Unreachable => 6,
            Exit::Different => 7,
            Exit::TimedOut => 8,
            Exit::Leftovers => 9,
            Exit::Bug => 70,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
