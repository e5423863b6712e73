//! The commands, one in each file.

#[cfg(feature = "aws")]
pub(crate) mod backup;
#[cfg(feature = "aws")]
pub(crate) mod bootstrap;
pub(crate) mod ci;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod cost;
#[cfg(feature = "aws")]
pub(crate) mod deploy;
#[cfg(feature = "aws")]
mod deployed;
#[cfg(feature = "aws")]
pub(crate) mod destroy;
#[cfg(feature = "aws")]
pub(crate) mod diagnose;
pub(crate) mod diff;
#[cfg(feature = "aws")]
pub(crate) mod doctor;
#[cfg(feature = "aws")]
pub(crate) mod drift;
#[cfg(feature = "aws")]
mod estate;
#[cfg(feature = "aws")]
pub(crate) mod events;
#[cfg(feature = "aws")]
mod events_text;
#[cfg(feature = "aws")]
pub(crate) mod exec;
mod explain;
#[cfg(feature = "aws")]
pub(crate) mod failover;
pub(crate) mod iam_policy;
#[cfg(feature = "aws")]
pub(crate) mod images;
#[cfg(feature = "aws")]
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod list;
#[cfg(feature = "aws")]
pub(crate) mod local;
#[cfg(feature = "aws")]
pub(crate) mod logs;
#[cfg(feature = "aws")]
pub(crate) mod operate;
#[cfg(feature = "aws")]
pub(crate) mod outputs;
#[cfg(feature = "aws")]
pub(crate) mod redeploy;
#[cfg(feature = "aws")]
pub(crate) mod restore;
#[cfg(feature = "aws")]
pub(crate) mod rollback;
#[cfg(feature = "aws")]
mod rollout;
#[cfg(feature = "aws")]
pub(crate) mod scale;
#[cfg(feature = "aws")]
pub(crate) mod secrets;
#[cfg(feature = "aws")]
pub(crate) mod status;
pub(crate) mod synth;
mod target;
pub(crate) mod validate;
mod value;

use crate::cli::Command;
use crate::problem::Result;
use crate::session::Session;

/// Runs the command that was typed.
pub(crate) fn run(command: &Command, session: &mut Session<'_>) -> Result {
    match command {
        Command::Synth(args) => synth::run(args, session),
        Command::List(args) => list::run(args, session),
        Command::Diff(args) => diff::run(args, session),
        #[cfg(feature = "aws")]
        Command::Drift(args) => drift::run(args, session),
        #[cfg(feature = "aws")]
        Command::Deploy(args) => deploy::run(args, session),
        #[cfg(feature = "aws")]
        Command::Destroy(args) => destroy::run(args, session),
        #[cfg(feature = "aws")]
        Command::Watch(args) => operate::watch(args, session),
        #[cfg(feature = "aws")]
        Command::Cancel(args) => operate::cancel(args, session),
        #[cfg(feature = "aws")]
        Command::Rollback(args) => rollback::run(args, session),
        #[cfg(feature = "aws")]
        Command::Redeploy(args) => redeploy::run(args, session),
        #[cfg(feature = "aws")]
        Command::Scale(args) => scale::run(args, session),
        #[cfg(feature = "aws")]
        Command::Doctor(args) => doctor::run(args, session),
        #[cfg(feature = "aws")]
        Command::Images(args) => images::run(args, session),
        #[cfg(feature = "aws")]
        Command::Import(args) => import::run(args, session),
        #[cfg(feature = "aws")]
        Command::Outputs(args) => outputs::run(args, session),
        #[cfg(feature = "aws")]
        Command::Status(args) => status::run(args, session),
        #[cfg(feature = "aws")]
        Command::Logs(args) => logs::run(args, session),
        #[cfg(feature = "aws")]
        Command::Exec(args) => exec::run(args, session),
        #[cfg(feature = "aws")]
        Command::Events(args) => events::run(args, session),
        #[cfg(feature = "aws")]
        Command::Diagnose(args) => diagnose::run(args, session),
        #[cfg(feature = "aws")]
        Command::Failover(args) => failover::run(args, session),
        #[cfg(feature = "aws")]
        Command::Backup(args) => backup::run(args, session),
        #[cfg(feature = "aws")]
        Command::Restore(args) => restore::run(args, session),
        #[cfg(feature = "aws")]
        Command::Bootstrap(args) => bootstrap::run(args, session),
        #[cfg(feature = "aws")]
        Command::Secrets(args) => secrets::run(args, session),
        #[cfg(feature = "aws")]
        Command::Local(args) => local::run(args, session),
        Command::Validate(args) => validate::run(args, session),
        Command::Cost(args) => cost::run(args, session),
        Command::IamPolicy(args) => iam_policy::run(args, session),
        Command::Config(args) => config::run(args, session),
        Command::Ci(args) => ci::run(args, session),
        Command::Init(args) => init::run(args, session),
        Command::Completions(args) => completions::run(args, session),
    }
}
