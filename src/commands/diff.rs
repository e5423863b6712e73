//! `diff`: what a deployment would change.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;
use template::{Changes, Document, Template};

use super::diff_text;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;
use crate::templates;

/// Show what a deployment would change
///
/// Compares the stacks as they are deployed with the stacks as they are in the code: what is added, changed, replaced
/// and removed, and what becomes of the data. Nothing is changed. With `--against`, a file takes the place of the
/// deployed stack, and nothing is asked of AWS.
#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// Stacks by name [default: all]
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,

    /// Compare with the template in this file instead of the deployed one
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,

    /// Compare the CloudFormation template in this file, YAML or JSON, instead of the project's stacks
    #[arg(long, value_name = "FILE", conflicts_with = "stacks")]
    template: Option<PathBuf>,

    /// Name of the deployed stack that `--template` is for
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "NAME", requires = "template", conflicts_with = "against")]
    stack_name: Option<String>,

    /// End with exit code 7 if there are differences
    #[arg(long)]
    exit_code: bool,
}

/// A stack as the code has it.
struct New {
    name: String,
    template: Template,
    region: Option<String>,
    account: Option<String>,
}

/// What came of the comparison of one stack.
#[derive(Serialize)]
struct Compared {
    name: String,
    /// Whether there is something to compare with; otherwise everything is new.
    deployed: bool,
    changes: Changes,
}

pub(crate) fn run(args: &Diff, session: &mut Session<'_>) -> Result {
    let new = new(args, session)?;
    let compared = match &args.against {
        Some(file) => vec![against_file(file, new)?],
        None => against_deployed(new, session)?,
    };
    let different = compared.iter().any(|stack| !stack.changes.is_empty());
    if session.printer.json() {
        session.printer.result_json(&json!({ "different": different, "stacks": compared }))?;
    } else {
        let text: Vec<String> = compared
            .iter()
            .map(|stack| diff_text::text(&stack.name, stack.deployed, &stack.changes))
            .collect();
        session.printer.result(&text.join("\n"))?;
    }
    Ok(if different && args.exit_code { Exit::Different } else { Exit::Done })
}

fn new(args: &Diff, session: &mut Session<'_>) -> Result<Vec<New>> {
    if let Some(file) = &args.template {
        let Document { template, .. } = templates::read(file)?;
        return Ok(vec![New { name: name_of_file(args)?, template, region: None, account: None }]);
    }
    let stacks = session.sound(&args.stacks)?.stacks.into_iter();
    let new = |stack: constructs::SynthesizedStack| New {
        name: stack.name,
        template: stack.template,
        region: stack.region,
        account: stack.account,
    };
    Ok(stacks.map(new).collect())
}

/// The name of the stack that a template from a file is compared with.
fn name_of_file(args: &Diff) -> Result<String> {
    #[cfg(feature = "aws")]
    if let Some(name) = &args.stack_name {
        return Ok(name.clone());
    }
    if let (Some(file), Some(_)) = (&args.template, &args.against) {
        return Ok(file.display().to_string());
    }
    let problem = Problem::error("usage/no-stack", "`--template` needs something to be compared with")
        .hint("name the deployed stack with `--stack-name`, or a file with `--against`");
    Err(Failure::usage(problem))
}

fn against_file(file: &std::path::Path, new: Vec<New>) -> Result<Compared> {
    let old = templates::read(file)?.template;
    let names: Vec<String> = new.iter().map(|stack| format!("`{}`", stack.name)).collect();
    let Ok([stack]) = <[New; 1]>::try_from(new) else {
        let problem = Problem::error("usage/no-stack", "`--against` compares one stack")
            .hint(format!("name one of {}", names.join(", ")));
        return Err(Failure::usage(problem));
    };
    Ok(Compared { name: stack.name, deployed: true, changes: template::diff(&old, &stack.template) })
}

#[cfg(feature = "aws")]
fn against_deployed(new: Vec<New>, session: &mut Session<'_>) -> Result<Vec<Compared>> {
    let mut aws = crate::aws::Aws::new(&session.global.aws)?;
    let compare = |stack: New| {
        let (region, account) = (stack.region.as_deref(), stack.account.as_deref());
        let connection = aws.connection(region, account, &mut session.printer)?;
        let text = aws.wait(cloud::deployed_template(&connection, &stack.name))?;
        let deployed = text.is_some();
        let old = match text {
            Some(text) => templates::parse(&text, &format!("the deployed {}", stack.name))?.template,
            None => Template::default(),
        };
        Ok(Compared { name: stack.name, deployed, changes: template::diff(&old, &stack.template) })
    };
    new.into_iter().map(compare).collect()
}

#[cfg(not(feature = "aws"))]
fn against_deployed(_: Vec<New>, _: &mut Session<'_>) -> Result<Vec<Compared>> {
    let problem = Problem::error("usage/no-aws", "this build cannot ask AWS for the deployed template")
        .hint("compare with a file (`--against FILE`), or build with the default feature `aws`");
    Err(Failure::usage(problem))
}
