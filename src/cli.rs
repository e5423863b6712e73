//! The command line, as clap sees it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands;
use crate::config::Request;
use crate::context::{About, Context};
use crate::printer::{Color, Format, Printer, Verbosity};
use crate::problem::{Failure, Problem, Result};

/// Typed AWS infrastructure: write stacks in Rust, see what a deployment would change, deploy
#[derive(Debug, Parser)]
#[command(
    name = "docuthinker",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = AFTER_HELP
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[cfg(feature = "aws")]
const AFTER_HELP: &str = "To try everything without an AWS account: docuthinker deploy --all --local";
#[cfg(not(feature = "aws"))]
const AFTER_HELP: &str = "This build has no AWS support, so the commands that talk to AWS \
                          are missing. Build with the default feature `aws` to have them.";

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Global {
    /// Environment whose settings are used, or `DOCUTHINKER_ENV` [default: prod]
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(crate) env: Option<String>,

    /// Environment as CDK users type it: `env=NAME`
    #[arg(short = 'c', long = "context", global = true, value_name = "env=NAME")]
    context: Vec<String>,

    /// Configuration file, or `DOCUTHINKER_CONFIG` [default: docuthinker.yaml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Set one setting, for example `backend.memory=2048`; may be given again
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    sets: Vec<String>,

    #[cfg(feature = "aws")]
    #[command(flatten)]
    pub(crate) aws: crate::aws::Options,

    /// Form of the result: `text` for people, or `json`, a contract with a version field
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        value_name = "FORM"
    )]
    pub(crate) output: Format,

    /// As `--output json`
    #[arg(long, global = true, hide = true, conflicts_with = "output")]
    json: bool,

    /// When to use colours: `auto`, `always` or `never`
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        value_name = "WHEN"
    )]
    color: Color,

    /// Say nothing but results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,

    /// Say also how things are done
    #[arg(short, long, global = true)]
    verbose: bool,

    /// Answer every question with yes
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
}

impl Global {
    /// What the command line and the process's environment say about the configuration.
    pub(crate) fn request(&self) -> Result<Request> {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("DOCUTHINKER_"))
            .collect();
        Ok(Request {
            file: self.config.clone().or_else(|| variable("DOCUTHINKER_CONFIG").map(PathBuf::from)),
            environment: self.environment()?,
            sets: self.sets.clone(),
            variables,
        })
    }

    /// As if `--set setting=value` were given after all others.
    #[cfg(feature = "aws")]
    pub(crate) fn set(&mut self, setting: &str, value: &str) {
        self.sets.push(format!("{setting}={value}"));
    }

    /// The same options for another environment: `--set` and what else chooses settings is for the chosen one.
    #[cfg(feature = "aws")]
    pub(crate) fn in_environment(&self, name: &str) -> Global {
        Global { env: Some(name.to_owned()), context: Vec::new(), sets: Vec::new(), ..self.clone() }
    }

    /// The arguments of `--set`.
    pub(crate) fn sets(&self) -> &[String] {
        &self.sets
    }

    /// The option that names an environment, as the words that were given.
    pub(crate) fn environment_option(&self) -> Option<[String; 2]> {
        let named = self.env.as_ref().map(|name| ["-e".to_owned(), name.clone()]);
        named.or_else(|| self.context.first().map(|context| ["-c".to_owned(), context.clone()]))
    }

    /// The option that names the file of settings, as it was given.
    #[cfg(feature = "aws")]
    pub(crate) fn config_option(&self) -> Option<[String; 2]> {
        let file = self.config.as_ref()?;
        Some(["--config".to_owned(), file.to_string_lossy().into_owned()])
    }

    /// What the commands have in common that this run tells somebody to type.
    fn context(&self) -> Context {
        let mut context = Context::default();
        if let Some([option, value]) = self.environment_option() {
            let names: &[&str] = if option == "-c" { &["-c", "-e", "--env"] } else { &["-e", "-c", "--env"] };
            context.add(About::Environment, names, Some(value));
        }
        if let Some(file) = &self.config {
            context.add(About::File, &["--config"], Some(file.to_string_lossy().into_owned()));
        }
        self.sets.iter().for_each(|given| context.add_setting(given));
        #[cfg(feature = "aws")]
        self.aws.add_to(&mut context);
        context
    }

    fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }

    /// A printer on the process's own streams, as these options want it.
    pub(crate) fn printer(&self) -> Printer {
        let format = if self.json { Format::Json } else { self.output };
        #[cfg_attr(
            not(feature = "aws"),
            expect(unused_mut, reason = "only a build that knows AWS has progress")
        )]
        let mut printer = Printer::new(format, self.color, self.verbosity(), self.context());
        #[cfg(feature = "aws")]
        printer.show_progress(self.aws.progress);
        printer
    }

    fn environment(&self) -> Result<Option<String>> {
        let named = variable("DOCUTHINKER_ENV").and_then(|name| name.into_string().ok());
        let mut from_context: Option<String> = None;
        for context in &self.context {
            let Some(name) = context.strip_prefix("env=") else {
                let problem = Problem::error("usage/context", format!("`-c {context}` is not known")).hint(
                    "`-c env=NAME` chooses the environment; single settings are set with `--set KEY=VALUE`",
                );
                return Err(Failure::usage(problem));
            };
            let before = self.env.as_deref().or(from_context.as_deref()).filter(|before| *before != name);
            if let Some(before) = before {
                let message = format!("two environments are chosen: `{before}` and `{name}`");
                return Err(Failure::usage(
                    Problem::error("usage/context", message).hint("name one of them"),
                ));
            }
            from_context = Some(name.to_owned());
        }
        Ok(self.env.clone().or(from_context).or(named))
    }
}

/// A variable of the process. An empty one is none: CI systems hand on so what nobody gave.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// What can be done. Only the chosen command's arguments are made: to make those of all takes longer than the rest of a
/// start. The lines here are for the list of commands, and the same as the first of each command's own help.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Write the CloudFormation templates
    Synth(commands::synth::Synth),
    /// List the stacks, in the order in which they are deployed
    List(commands::list::List),
    /// Find what is wrong with templates, before AWS sees them
    Validate(commands::validate::Validate),
    /// Show what a deployment would change
    Diff(commands::diff::Diff),
    /// Show what was changed in AWS besides CloudFormation
    #[cfg(feature = "aws")]
    Drift(commands::drift::Drift),
    /// Deploy stacks, after showing what would change
    #[cfg(feature = "aws")]
    Deploy(commands::deploy::Deploy),
    /// Delete stacks, after asking for their names
    #[cfg(feature = "aws")]
    Destroy(commands::destroy::Destroy),
    /// Follow what runs on a stack, and end as that operation ends
    #[cfg(feature = "aws")]
    #[command(alias = "wait")]
    Watch(commands::operate::Watch),
    /// Cancel the update that runs on a stack; CloudFormation rolls it back
    #[cfg(feature = "aws")]
    Cancel(commands::operate::Cancel),
    /// Roll back a failed operation of a stack, or a service to an earlier deployment
    #[cfg(feature = "aws")]
    Rollback(commands::rollback::Rollback),
    /// Start new tasks of what services run, and wait until they have taken the place of the old ones
    #[cfg(feature = "aws")]
    Redeploy(commands::redeploy::Redeploy),
    /// Change how many tasks a service runs, and wait until they do
    #[cfg(feature = "aws")]
    Scale(commands::scale::Scale),
    /// Check that everything is there that a deployment needs
    #[cfg(feature = "aws")]
    Doctor(commands::doctor::Doctor),
    /// Build, push and pin the images that the services run
    #[cfg(feature = "aws")]
    Images(commands::images::Images),
    /// Take what exists in AWS into the settings
    #[cfg(feature = "aws")]
    Import(commands::import::Import),
    /// Print the outputs of deployed stacks
    #[cfg(feature = "aws")]
    Outputs(commands::outputs::Outputs),
    /// Show how the deployed services are doing, on one screen
    #[cfg(feature = "aws")]
    Status(commands::status::StatusArgs),
    /// Show what the services write: all of them in order of time
    #[cfg(feature = "aws")]
    Logs(commands::logs::Logs),
    /// Run a command in a container of a service, with a terminal
    #[cfg(feature = "aws")]
    Exec(commands::exec::Exec),
    /// Show what was done to a stack: its past operations, and the story of one of them
    #[cfg(feature = "aws")]
    #[command(alias = "history")]
    Events(commands::events::Events),
    /// Explain the last failure of a stack, or what a running operation waits for
    #[cfg(feature = "aws")]
    Diagnose(commands::diagnose::Diagnose),
    /// Look whether the second region could take over
    #[cfg(feature = "aws")]
    Failover(commands::failover::Failover),
    /// Keep what is deployed in a folder: templates, parameters, outputs, digests of images
    #[cfg(feature = "aws")]
    Backup(commands::backup::Backup),
    /// Tell how to go back to a backup: what differs, and the commands in their order
    #[cfg(feature = "aws")]
    Restore(commands::restore::Restore),
    /// Make the bucket for templates that are too large to be sent inline
    #[cfg(feature = "aws")]
    Bootstrap(commands::bootstrap::Bootstrap),
    /// Store, look at, rotate and export the project's secrets
    #[cfg(feature = "aws")]
    Secrets(commands::secrets::Secrets),
    /// Run the emulator, to try everything without an AWS account
    #[cfg(feature = "aws")]
    Local(commands::local::Local),
    /// Tell what a month of the stacks costs
    Cost(commands::cost::Cost),
    /// Print the least IAM policy with which the stacks can be deployed, updated and destroyed
    IamPolicy(commands::iam_policy::IamPolicy),
    /// Show the settings and where they come from
    Config(commands::config::Config),
    /// Start a new project
    Init(commands::init::Init),
    /// Write the files of a CI system that test, build and deploy the project
    Ci(commands::ci::Ci),
    /// Print a script that completes this command in a shell
    Completions(commands::completions::Completions),
}

#[cfg(all(test, feature = "aws"))]
mod guide;

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[cfg(feature = "aws")]
    #[test]
    fn other_names_of_what_is_there_are_taken() {
        for line in ["outputs --json", "status --json", "history S --service api", "wait S"] {
            assert!(Cli::try_parse_from(format!("docuthinker {line}").split(' ')).is_ok(), "{line}");
        }
        assert!(Cli::try_parse_from(["docuthinker", "list", "--json", "--output", "text"]).is_err());
    }

    #[test]
    fn the_list_says_of_each_command_what_its_own_help_begins_with() {
        let listed = Cli::command();
        let mut made = listed.clone();
        made.build();
        for command in listed.get_subcommands() {
            let own = made.find_subcommand(command.get_name()).and_then(clap::Command::get_about);
            assert!(command.get_about().is_some());
            assert_eq!(command.get_about(), own);
        }
    }
}
