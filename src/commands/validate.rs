//! `validate`: what is wrong with templates, before AWS sees them.

use std::path::PathBuf;

use constructs::Severity;

use crate::checks::{Checks, Subject};
use crate::exit::Exit;
use crate::printer::stdout_columns;
use crate::problem::{Failure, Problem, Result};
use crate::report::ReportFormat;
use crate::session::Session;
use crate::templates;

/// Find what is wrong with templates, before AWS sees them
///
/// Every property of every resource is held against the facts of its type, and the resources against one another:
/// networks, security groups, load balancers, services, roles. Everything that is wrong is shown at once; nothing is
/// asked of AWS. Ends with 3 if there are errors. What is meant can be allowed, with a reason: in the code, in the
/// template's metadata, or in docuthinker.yaml.
#[derive(Debug, clap::Args)]
pub(crate) struct Validate {
    /// Stacks by name [default: all]
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,

    /// Check the CloudFormation templates in these files, YAML or JSON, instead of the project's stacks; `-` is stdin
    #[arg(long = "template", value_name = "FILE", num_args = 1.., conflicts_with = "stacks")]
    templates: Vec<PathBuf>,

    /// Form of the report [default: text]
    #[arg(long, value_enum)]
    format: Option<ReportFormat>,

    /// End with 3 also if there are only warnings
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,

    /// Show each of many warnings of one rule, not only the first
    #[arg(long)]
    all: bool,

    /// File with rules for AWS CloudFormation Guard, or folder with such files; may be given again
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,

    /// Explain the rule with this code, for example `DT017`, and check nothing
    #[arg(long, value_name = "CODE", conflicts_with_all = ["stacks", "templates", "format", "deny", "all", "list"])]
    explain: Option<String>,

    /// List all rules with their codes, and check nothing
    #[arg(long, conflicts_with_all = ["stacks", "templates", "format", "deny", "all"])]
    list: bool,
}

/// What is not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Deny {
    /// Anything that is found
    Warnings,
}

pub(crate) fn run(args: &Validate, session: &mut Session<'_>) -> Result {
    let mut checks = Checks::new(session, &args.rules)?;
    if let Some(code) = &args.explain {
        return super::explain::run(code, &checks.known_rules(), session);
    }
    if args.list {
        return super::explain::list(&checks.known_rules(), session);
    }
    let format = format(args, session)?;
    let rules = checks.known_rules();
    let all = if args.templates.is_empty() {
        stacks(args, &mut checks, session)? && args.stacks.is_empty()
    } else {
        session.refuse_settings()?;
        if args.templates.iter().filter(|file| templates::is_stdin(file)).count() > 1 {
            return Err(templates::stdin_twice());
        }
        for file in &args.templates {
            match templates::read_all_problems(file) {
                Ok(file) => {
                    checks.check(Subject::File(&file))?;
                    // Taking a large template apart again would only cost time: the process ends soon.
                    std::mem::forget(file);
                }
                Err(problems) => checks.add_unreadable(&templates::name(file), problems),
            }
        }
        false
    };
    let mut report = checks.report(all);
    report.deny_warnings |= args.deny == Some(Deny::Warnings);
    report.shows_each = args.all;
    report.columns = stdout_columns();
    session.printer.result_as_it_is(&report.write(format, &rules))?;
    for allowed in &report.allowed {
        let problem = &allowed.item.problem;
        let place = problem.at.first().map(String::as_str).unwrap_or_default();
        session.printer.detail(&format!("allowed: {} at {place}: {}", problem.code, allowed.reason));
    }
    Ok(if report.is_refused() { Exit::Refused } else { Exit::Done })
}

/// The form of the report, which two options can name.
fn format(args: &Validate, session: &Session<'_>) -> Result<ReportFormat> {
    match args.format {
        None if session.printer.json() => Ok(ReportFormat::Json),
        None => Ok(ReportFormat::Text),
        Some(format) if session.printer.json() && format != ReportFormat::Json => {
            let message = "`--format` and `--output json` name two forms of the report";
            Err(Failure::usage(Problem::error("usage/format", message).hint("leave out `--output`")))
        }
        Some(format) => Ok(format),
    }
}

/// The mistakes in the code, and those in the templates that came of it. Gives whether the templates were checked.
fn stacks(args: &Validate, checks: &mut Checks, session: &mut Session<'_>) -> Result<bool> {
    let synthesis = session.synthesize(&args.stacks)?;
    checks.add(&synthesis.diagnostics, &synthesis.config);
    // A template with mistakes in its code is not finished; its own mistakes would be echoes.
    if synthesis.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        checks.leave_unchecked(synthesis.stacks.len());
        return Ok(false);
    }
    synthesis.stacks.iter().try_for_each(|stack| checks.check(Subject::Stack(stack)))?;
    Ok(true)
}
