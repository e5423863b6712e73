//! `validate`: what is wrong with templates, before AWS sees them.

use std::fmt::Write;
use std::path::PathBuf;

use constructs::{Severity as Gravity, SynthesizedStack};
use serde_json::json;
use template::check::{Finding, Severity};

use crate::exit::Exit;
use crate::printer::problem_text;
use crate::problem::{Problem, Result, Severity as Mine};
use crate::session::{self, Session};
use crate::templates;

/// Check templates: references, cycles, limits, and every property
///
/// Every property of every resource is held against the facts of its type: unknown, missing, of the wrong kind, out of
/// range, or not in the form that AWS wants. Everything that is wrong is shown at once; nothing is asked of AWS.
#[derive(Debug, clap::Args)]
pub(crate) struct Validate {
    /// Stacks by name [default: all]
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,

    /// Check the CloudFormation template in this file, YAML or JSON, instead of the project's stacks
    #[arg(long, value_name = "FILE", conflicts_with = "stacks")]
    template: Option<PathBuf>,
}

pub(crate) fn run(args: &Validate, session: &mut Session<'_>) -> Result {
    let (checked, problems) = match &args.template {
        Some(file) => {
            let document = templates::read(file)?;
            let name = file.display().to_string();
            let problems =
                document.check().iter().map(|finding| problem(finding, Place::File(&name))).collect();
            (1, problems)
        }
        None => project(args, session)?,
    };
    show(checked, &problems, session)?;
    let sound = problems.iter().all(|problem| problem.severity == Mine::Warning);
    Ok(if sound { Exit::Done } else { Exit::Refused })
}

/// The mistakes in the code, and those in the templates that came of it.
fn project(args: &Validate, session: &mut Session<'_>) -> Result<(usize, Vec<Problem>)> {
    let synthesis = session.synthesize(&args.stacks)?;
    let mut problems: Vec<Problem> = synthesis
        .diagnostics
        .iter()
        .map(|diagnostic| session::problem(diagnostic, &synthesis.config))
        .collect();
    // A template with mistakes in its code is not finished; its own mistakes would be echoes.
    if synthesis.diagnostics.iter().all(|diagnostic| diagnostic.severity == Gravity::Warning) {
        problems.extend(synthesis.stacks.iter().flat_map(findings));
    }
    problems.sort_by_key(|problem| problem.severity == Mine::Error);
    Ok((synthesis.stacks.len(), problems))
}

/// What is wrong with the template of one of the project's stacks.
pub(crate) fn findings(stack: &SynthesizedStack) -> Vec<Problem> {
    stack.template.check().iter().map(|finding| problem(finding, Place::Stack(stack))).collect()
}

/// What is wrong with a template that is called `name`.
#[cfg(feature = "aws")]
pub(crate) fn findings_of(template: &template::Template, name: &str) -> Vec<Problem> {
    template.check().iter().map(|finding| problem(finding, Place::File(name))).collect()
}

/// Where a template comes from.
enum Place<'a> {
    /// A file of this name.
    File(&'a str),
    /// One of the project's stacks.
    Stack(&'a SynthesizedStack),
}

/// A finding in the form of all problems, at the place where the user wrote what is wrong.
fn problem(finding: &Finding, place: Place<'_>) -> Problem {
    let problem = match finding.severity() {
        Severity::Error => Problem::error(finding.code(), &finding.message),
        Severity::Warning => Problem::warning(finding.code(), &finding.message),
    };
    let mut problem = problem.maybe_hint(finding.hint.clone());
    let path = if finding.path.is_empty() { String::new() } else { format!(" ({})", finding.path) };
    problem = match (place, finding.position) {
        (Place::File(file), Some(position)) => problem.at(format!("{file}:{position}{path}")),
        (Place::File(file), None) => problem.at(format!("{file}{path}")),
        (Place::Stack(stack), _) => {
            let origin = finding.path.resource().and_then(|id| stack.origins.get(id));
            match origin {
                Some(origin) => problem
                    .at(format!("{}/{} ({})", stack.name, origin.path, origin.location))
                    .at(format!("{}{path}", stack.name)),
                None => problem.at(format!("{}{path}", stack.name)),
            }
        }
    };
    problem
}

fn show(checked: usize, problems: &[Problem], session: &mut Session<'_>) -> Result<()> {
    let errors = problems.iter().filter(|problem| problem.severity == Mine::Error).count();
    let warnings = problems.len() - errors;
    if session.printer.json() {
        let view =
            json!({ "templates": checked, "errors": errors, "warnings": warnings, "findings": problems });
        return session.printer.result_json(&view);
    }
    let mut text: String = problems.iter().map(|problem| problem_text(problem) + "\n").collect();
    let counts = [count(checked, "template"), count(errors, "error"), count(warnings, "warning")];
    let _ = writeln!(text, "{}: {}, {}", counts[0], counts[1], counts[2]);
    session.printer.result(&text)
}

fn count(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
