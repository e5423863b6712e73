//! `diff`: what a deployment would change.

mod against;
mod agreement;
mod causes;
#[cfg(feature = "aws")]
mod change_set;
mod comparison;
#[cfg(feature = "aws")]
mod deployed;
#[cfg(feature = "aws")]
mod drifted;
mod environment;
mod fail_on;
mod folder;
mod form;
mod given;
mod html;
mod many;
mod markdown;
mod masked;
mod new;
mod outline;
mod page;
mod report;
mod reviewed;
mod sections;
mod sides;
mod subject;
mod tasks;
mod terminal;

use std::path::PathBuf;

use template::beside;

use self::against::{Against, Old};
use self::comparison::Comparison;
use self::fail_on::Kind;
use self::form::Form;
use self::new::Stacks;
use self::report::{Compared, Report};
use super::target::Parameters;
use crate::checks::Gate;
use crate::exit::Exit;
use crate::problem::{Failure, Result};
use crate::session::Session;
use crate::templates;

/// What is different between two templates; without an old one everything is.
#[cfg(feature = "aws")]
pub(super) use self::against::changes;

pub(super) use self::folder::templates_in;

/// How many resources are touched in which way, in words, the gravest first.
#[cfg(feature = "aws")]
pub(super) fn counted(changes: &template::Changes) -> Vec<String> {
    outline::counts(changes, None).into_iter().map(|(_, words)| words).collect()
}

/// Show what a deployment would change
///
/// Compares the stacks as they are deployed with the stacks as they are in the code: what is added, changed, replaced
/// and removed, and what becomes of the data. Nothing is changed. With `--against`, a file or a folder takes the place
/// of what is deployed, with `--against-env` another environment, and nothing is asked of AWS.
#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// Stacks by name [default: all]
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,

    #[command(flatten)]
    against: Against,

    /// Compare the CloudFormation template in this file, YAML or JSON, instead of the project's stacks; `-` is stdin
    #[arg(long, value_name = "FILE", conflicts_with = "stacks")]
    template: Option<PathBuf>,

    /// Name of the deployed stack that `--template` is for
    #[cfg(feature = "aws")]
    #[arg(
        long,
        value_name = "NAME",
        requires = "template",
        conflicts_with = "against",
        value_parser = super::target::stack_name
    )]
    stack_name: Option<String>,

    #[command(flatten)]
    parameters: Parameters,

    /// Form of the result [default: text]
    #[arg(long, value_enum)]
    format: Option<Form>,

    /// Show also what follows from each cause, which is folded away otherwise
    #[arg(long)]
    expand: bool,

    /// End with exit code 7 if there are differences
    #[arg(long)]
    exit_code: bool,

    /// End with exit code 7 if there are differences of this kind; may be given again
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',')]
    fail_on: Vec<Kind>,

    #[command(flatten)]
    gate: Gate,
}

/// The stacks as they were compared, and why some could not be looked at as was asked.
struct Outcome {
    compared: Vec<Compared>,
    /// Told after the result.
    failure: Option<Failure>,
    /// Whether something of ours stays behind in AWS.
    leftovers: bool,
}

impl From<Vec<Compared>> for Outcome {
    fn from(compared: Vec<Compared>) -> Outcome {
        Outcome { compared, failure: None, leftovers: false }
    }
}

pub(crate) fn run(args: &Diff, session: &mut Session<'_>) -> Result {
    let form = form::chosen(args.format, session)?;
    // Large files are read side by side; stdin would be waited for.
    let file = args.against.file().filter(|file| !templates::is_stdin(file));
    let (old, new) = beside(|| file.map(templates::read), || new::stacks(args, session));
    let new = match new {
        Ok(new) => new,
        Err(failure) => {
            let failures = [Some(failure), old.and_then(Result::err)].into_iter().flatten().collect();
            return Failure::all(failures).map_or(Ok(Exit::Done), Err);
        }
    };
    let comparison = Comparison::of(args, &new, session);
    let environment = new.environment.clone();
    let outcome = match args.against.old() {
        Old::Deployed => deployed(args, new, session)?,
        Old::File(file) => {
            let old = old.unwrap_or_else(|| templates::read(file))?;
            vec![against::file(file, old, new, session)?].into()
        }
        Old::Folder(folder) => folder::compare(folder, new, session)?.into(),
        Old::Environment(name) => environment::compare(name, new, session)?.into(),
    };
    let report = Report::of(environment, outcome.compared);
    form::write(&report, &comparison, form, args.expand, session)?;
    if let Some(failure) = outcome.failure {
        return Err(failure);
    }
    if outcome.leftovers {
        return Ok(Exit::Leftovers);
    }
    Ok(end(args, &report, session))
}

fn end(args: &Diff, report: &Report, session: &mut Session<'_>) -> Exit {
    let mut kinds = args.fail_on.clone();
    kinds.extend(args.exit_code.then_some(Kind::Any));
    let Some(reason) = fail_on::reason(report, &kinds) else { return Exit::Done };
    if !args.exit_code {
        session.printer.status(&format!("ends with 7: {reason}"));
    }
    Exit::Different
}

#[cfg(feature = "aws")]
fn deployed(args: &Diff, new: Stacks, session: &mut Session<'_>) -> Result<Outcome> {
    deployed::compare(new.each, &args.against, session)
}

#[cfg(not(feature = "aws"))]
fn deployed(_: &Diff, _: Stacks, _: &mut Session<'_>) -> Result<Outcome> {
    let problem =
        crate::problem::Problem::error("usage/no-aws", "this build cannot ask AWS for the deployed template")
            .hint("compare with a file (`--against FILE`), or build with the default feature `aws`");
    Err(Failure::usage(problem))
}
