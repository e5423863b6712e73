//! `diff`: what a deployment would change.

mod causes;
mod fail_on;
mod form;
mod html;
mod markdown;
mod outline;
mod page;
mod report;
mod reviewed;
mod sections;
mod terminal;
mod value;

use std::path::PathBuf;

use template::{Changes, Template};

use self::fail_on::Kind;
use self::form::Form;
use self::report::{Compared, Report};
use crate::checks::{Gate, Gated, NOTHING_ASKED, Subject};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::problem::{Failure, Problem, Result};
use crate::redact;
use crate::session::Session;
use crate::templates::{self, TemplateFile};

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

    /// Compare with the template in this file instead of the deployed one; `-` is stdin
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,

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

/// A stack as the code has it.
struct New {
    name: String,
    template: Template,
    region: Option<String>,
    account: Option<String>,
    /// Whether it is to refuse deletion, where the project says so.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only a deployed stack can be protected"))]
    protected: Option<bool>,
}

pub(crate) fn run(args: &Diff, session: &mut Session<'_>) -> Result {
    let form = form::chosen(args.format, session)?;
    let new = new(args, session)?;
    let compared = match &args.against {
        Some(file) => vec![against_file(file, new, session)?],
        None => against_deployed(new, session)?,
    };
    let environment = match &args.template {
        None => Some(session.global.request()?.environment_name()),
        Some(_) => None,
    };
    let report = Report::of(environment, compared);
    form::write(&report, form, args.expand, session)?;
    let mut kinds = args.fail_on.clone();
    kinds.extend(args.exit_code.then_some(Kind::Any));
    let Some(reason) = fail_on::reason(&report, &kinds) else { return Ok(Exit::Done) };
    if !args.exit_code {
        session.printer.status(&format!("ends with 7: {reason}"));
    }
    Ok(Exit::Different)
}

fn new(args: &Diff, session: &mut Session<'_>) -> Result<Vec<New>> {
    if let Some(file) = &args.template {
        let name = name_of_file(args)?;
        session.refuse_settings()?;
        if args.against.as_deref().is_some_and(templates::is_stdin) && templates::is_stdin(file) {
            return Err(templates::stdin_twice());
        }
        let file = TemplateFile { stack: Some(name.clone()), ..templates::read(file)? };
        let gated = Gated { subjects: vec![Subject::File(&file)], all: false, instead: NOTHING_ASKED };
        args.gate.pass(&gated, session)?;
        let template = file.document.template;
        return Ok(vec![New { name, template, region: None, account: None, protected: None }]);
    }
    let stacks = session.sound(&args.stacks)?.stacks;
    let subjects = stacks.iter().map(Subject::Stack).collect();
    args.gate.pass(&Gated { subjects, all: args.stacks.is_empty(), instead: NOTHING_ASKED }, session)?;
    let new = |stack: constructs::SynthesizedStack| New {
        name: stack.name,
        template: stack.template,
        region: stack.region,
        account: stack.account,
        protected: Some(stack.termination_protection),
    };
    Ok(stacks.into_iter().map(new).collect())
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

/// What is different; from now on nothing that is written shows what may be a credential in either template.
fn changes(old: &Template, new: &Template, printer: &mut Printer) -> Changes {
    let changes = template::diff(old, new);
    if !changes.is_empty() {
        printer.conceal([old, new].into_iter().flat_map(redact::secrets_of));
    }
    changes
}

fn against_file(file: &std::path::Path, new: Vec<New>, session: &mut Session<'_>) -> Result<Compared> {
    let old = templates::read(file)?.document.template;
    let names: Vec<String> = new.iter().map(|stack| format!("`{}`", stack.name)).collect();
    let Ok([stack]) = <[New; 1]>::try_from(new) else {
        let problem = Problem::error("usage/no-stack", "`--against` compares one stack")
            .hint(format!("name one of {}", names.join(", ")));
        return Err(Failure::usage(problem));
    };
    let changes = changes(&old, &stack.template, &mut session.printer);
    Ok(Compared { against: Some(templates::name(file)), ..Compared::new(stack.name, changes) })
}

#[cfg(feature = "aws")]
fn against_deployed(new: Vec<New>, session: &mut Session<'_>) -> Result<Vec<Compared>> {
    let mut aws = crate::aws::Aws::new(&session.global)?;
    let compare = |stack: New| {
        let (region, account) = (stack.region.as_deref(), stack.account.as_deref());
        let connection = aws.connection(region, account, &mut session.printer)?;
        let known = aws.look(cloud::describe(&connection, &stack.name))?;
        let empty = known.as_ref().filter(|known| crate::aws::is_empty(known));
        let status = empty.map(|known| known.status.clone());
        let text = match (&known, &status) {
            (Some(_), None) => aws.look(cloud::deployed_template(&connection, &stack.name))?,
            _ => None,
        };
        let deployed = text.is_some();
        let deletion_protection = stack
            .protected
            .filter(|wanted| known.is_some_and(|known| deployed && known.termination_protection != *wanted));
        let old = match text {
            Some(text) => templates::parse(&text, &format!("the deployed {}", stack.name))?.template,
            None => Template::default(),
        };
        let changes = changes(&old, &stack.template, &mut session.printer);
        Ok(Compared { deployed, status, deletion_protection, ..Compared::new(stack.name, changes) })
    };
    new.into_iter().map(compare).collect()
}

#[cfg(not(feature = "aws"))]
fn against_deployed(_: Vec<New>, _: &mut Session<'_>) -> Result<Vec<Compared>> {
    let problem = Problem::error("usage/no-aws", "this build cannot ask AWS for the deployed template")
        .hint("compare with a file (`--against FILE`), or build with the default feature `aws`");
    Err(Failure::usage(problem))
}
