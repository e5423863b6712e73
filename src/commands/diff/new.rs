//! The stacks as they shall be: those of the project, or a template from a file.

use std::collections::BTreeMap;

use constructs::SynthesizedStack;
use template::{Document, Template};

use super::super::target::Parameters;
use super::Diff;
use crate::checks::{Gated, NOTHING_ASKED, Subject};
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;
use crate::templates::{self, TemplateFile};

/// What is compared.
pub(super) struct Stacks {
    /// In the order in which they can be deployed.
    pub(super) each: Vec<New>,
    /// Whether these are all stacks of the project.
    pub(super) all: bool,
    /// The environment that they are made for, unless they come from a file.
    pub(super) environment: Option<String>,
}

/// A stack as the code has it.
pub(super) struct New {
    /// What it is called in the project.
    pub(super) id: String,
    /// What CloudFormation calls it.
    pub(super) name: String,
    pub(super) template: Template,
    /// The values of parameters that a deployment would be given.
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) region: Option<String>,
    pub(super) account: Option<String>,
    /// Whether it is to refuse deletion, where the project says so.
    pub(super) protected: Option<bool>,
    /// Where its resources come from, if it is one of the project's. (Its template is above.)
    pub(super) made: Option<SynthesizedStack>,
}

impl From<SynthesizedStack> for New {
    fn from(mut stack: SynthesizedStack) -> New {
        New {
            id: stack.id.clone(),
            name: stack.name.clone(),
            template: std::mem::take(&mut stack.template),
            parameters: BTreeMap::new(),
            tags: stack.tags.clone().into_iter().collect(),
            region: stack.region.clone(),
            account: stack.account.clone(),
            protected: Some(stack.termination_protection),
            made: Some(stack),
        }
    }
}

/// What the options name, sound and checked.
pub(super) fn stacks(args: &Diff, session: &mut Session<'_>) -> Result<Stacks> {
    let parameters = args.parameters.read()?;
    let mut new = match &args.template {
        Some(_) => from_file(args, session)?,
        None => from_project(args, session)?,
    };
    let templates = new.each.iter_mut().map(|stack| (&stack.template, &mut stack.parameters));
    Parameters::hand_out(&parameters, templates, &mut session.printer)?;
    Ok(new)
}

fn from_project(args: &Diff, session: &mut Session<'_>) -> Result<Stacks> {
    let synthesis = session.sound(&args.stacks)?;
    let subjects = synthesis.stacks.iter().map(Subject::Stack).collect();
    let all = args.stacks.is_empty();
    args.gate.pass(&Gated { subjects, all, instead: NOTHING_ASKED }, session)?;
    let environment = Some(synthesis.config.environment);
    Ok(Stacks { each: synthesis.stacks.into_iter().map(New::from).collect(), all, environment })
}

fn from_file(args: &Diff, session: &mut Session<'_>) -> Result<Stacks> {
    let name = name_of_file(args)?;
    let Some(file) = &args.template else {
        return Ok(Stacks { each: vec![], all: false, environment: None });
    };
    session.refuse_settings()?;
    if args.against.path().is_some_and(templates::is_stdin) && templates::is_stdin(file) {
        return Err(templates::stdin_twice());
    }
    let file = TemplateFile { stack: Some(name.clone()), ..templates::read(file)? };
    let gated = Gated { subjects: vec![Subject::File(&file)], all: false, instead: NOTHING_ASKED };
    args.gate.pass(&gated, session)?;
    let Document { template, positions, .. } = file.document;
    // Taking them apart would only cost time: the process ends soon.
    std::mem::forget(positions);
    let stack = New {
        id: name.clone(),
        name,
        template,
        parameters: BTreeMap::new(),
        tags: BTreeMap::new(),
        region: None,
        account: None,
        protected: None,
        made: None,
    };
    Ok(Stacks { each: vec![stack], all: false, environment: None })
}

/// The name of the stack that a template from a file is compared with.
fn name_of_file(args: &Diff) -> Result<String> {
    #[cfg(feature = "aws")]
    if let Some(name) = &args.stack_name {
        return Ok(name.clone());
    }
    match (&args.template, args.against.path()) {
        (Some(_), Some(old)) if old.is_dir() => {
            let problem = Problem::error("usage/no-stack", "a template from a file is compared with a file")
                .hint(
                    "name the file in the folder, or leave out `--template` to compare the project's stacks",
                );
            Err(Failure::usage(problem))
        }
        (Some(file), Some(_)) => Ok(file.display().to_string()),
        _ => {
            let problem =
                Problem::error("usage/no-stack", "`--template` needs something to be compared with")
                    .hint("name the deployed stack with `--stack-name`, or a file with `--against`");
            Err(Failure::usage(problem))
        }
    }
}
