//! `cost`: what a month of the stacks costs, what a change costs, and what would save.

mod other;
mod stacks;
mod text;
mod view;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use template::cost::{ASSUMPTIONS, Usage, UsageError, WhatIf, compare, cost, what_if};

use self::stacks::Chosen;
use self::view::{Comparison, View};
use super::target::Parameters;
use crate::exit::Exit;
use crate::printer::stdout_columns;
use crate::problem::{Failure, Printable, Problem, Result, nearest};
use crate::session::Session;

/// Tell what a month of the stacks costs
///
/// List prices times what the templates declare and what is assumed of their use. Where autoscaling decides how many
/// tasks there are, the sum has a lower and an upper end. What has no price, or depends on a value that is not known, is
/// listed with the reason and is in no sum. Needs neither AWS nor credentials: the prices are part of the command, of
/// the date that the report tells, for us-east-1 and us-west-2.
#[derive(Debug, clap::Args)]
#[command(after_long_help = assumptions())]
pub(crate) struct Cost {
    /// Stacks by name [default: all]
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,

    /// Price the CloudFormation template in this file, YAML or JSON, instead of the project's stacks; `-` is stdin
    #[arg(long, value_name = "FILE", conflicts_with = "stacks")]
    template: Option<PathBuf>,

    #[command(flatten)]
    parameters: Parameters,

    /// Assume so much use in a month, for example `nat_gb=540`; may be given again
    #[arg(long, value_name = "NAME=VALUE")]
    usage: Vec<String>,

    /// Take the prices of this region [default: the region that the stacks are deployed to]
    #[arg(long, value_name = "REGION")]
    price_region: Option<String>,

    /// Tell what costs more or less than the template in this file, or the templates in this folder; `-` is stdin
    #[arg(long, alias = "diff", value_name = "FILE|FOLDER", conflicts_with = "what_if")]
    against: Option<PathBuf>,

    /// Tell what costs more or less than the stacks of this environment, as they are in the code
    #[arg(long, value_name = "NAME", conflicts_with_all = ["against", "template", "what_if"])]
    against_env: Option<String>,

    /// Tell what these changes would save, each alone and together [default without a value: all, each alone]
    #[arg(
        long,
        value_name = "CHANGE",
        num_args = 0..=1,
        default_missing_value = ALL,
        value_delimiter = ',',
        value_parser = PossibleValuesParser::new(changes())
    )]
    what_if: Vec<String>,
}

/// Every change.
const ALL: &str = "all";

fn changes() -> Vec<&'static str> {
    WhatIf::ALL.into_iter().map(WhatIf::name).chain([ALL]).collect()
}

/// What can be assumed, for the help.
fn assumptions() -> String {
    let mut text =
        "What is assumed of a month, for all stacks together, and changed with --usage:".to_owned();
    for known in ASSUMPTIONS {
        let _ = write!(text, "\n  {:26} {:5}  {}", known.name, known.default, known.what);
    }
    text
}

pub(crate) fn run(args: &Cost, session: &mut Session<'_>) -> Result {
    let usage = usage(&args.usage)?;
    let chosen = stacks::chosen(args, session)?;
    let report = cost(&chosen.stacks(), &usage);
    let mut view = View::of(&chosen, report);
    if let Some(other) = other::of(args, &chosen, session)? {
        let before = cost(&other.stacks(), &usage);
        let differences = compare(&before, &view.report);
        view.comparison = Some(Comparison::of(other.called, before, &view.report, differences));
    }
    if !args.what_if.is_empty() {
        let all = args.what_if.iter().any(|name| name == ALL);
        let named = |change: &WhatIf| all || args.what_if.iter().any(|name| name == change.name());
        let named: Vec<WhatIf> = WhatIf::ALL.into_iter().filter(named).collect();
        view.what_if = what_if(&chosen.stacks(), &usage, &named, !all)
            .into_iter()
            .map(|outcome| view::WhatIfView { settings: chosen.settings(&outcome.name), outcome })
            .collect();
    }
    warn(&chosen, session);
    if session.printer.json() {
        session.printer.result_json(&view)?;
    } else {
        let columns = stdout_columns().unwrap_or(text::WIDTH).clamp(40, text::WIDTH);
        session.printer.result(&Printable(&text::write(&view, columns)).to_string())?;
    }
    Ok(Exit::Done)
}

/// Prices of another region are told apart from those of the own one where nobody can miss it.
fn warn(chosen: &Chosen, session: &mut Session<'_>) {
    for stack in chosen.each.iter().filter(|stack| stack.elsewhere()) {
        let (region, prices) = (stack.region.as_deref().unwrap_or_default(), stack.prices.name());
        let message = format!("`{}` is deployed to {region}, and priced as in {prices}", stack.name);
        let hint = "take the sum as a rough figure: AWS's prices differ by region";
        session.printer.problem(&Problem::warning("cost/other-region", message).hint(hint));
    }
}

/// Reads what is assumed.
fn usage(given: &[String]) -> Result<Usage> {
    let mut usage = Usage::default();
    let mut problems = Vec::new();
    for given in given {
        let Some((name, value)) = given.split_once('=') else {
            problems.push(
                Problem::error("usage/usage", format!("`--usage {given}` is not of the form `NAME=VALUE`"))
                    .hint("write for example `--usage nat_gb=540`"),
            );
            continue;
        };
        match usage.set(name, value) {
            Ok(()) => {}
            Err(UsageError::Unknown) => problems.push(unknown(name)),
            Err(UsageError::NotANumber) => {
                let message = format!("`{value}` is no value of `{name}`");
                let hint = if name == "scaling_percent" { " from 0 to 100" } else { "" };
                let hint = format!("write a decimal number{hint} without a sign, such as `2.5`");
                problems.push(Problem::error("usage/usage", message).hint(hint));
            }
        }
    }
    if problems.is_empty() { Ok(usage) } else { Err(Failure::new(Exit::Usage, problems)) }
}

fn unknown(name: &str) -> Problem {
    let names = ASSUMPTIONS.map(|known| known.name);
    let near = nearest(name, names).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    let all = names.map(|name| format!("`{name}`")).join(", ");
    Problem::error("usage/usage", format!("nothing that is assumed is called `{name}`"))
        .hint(format!("{near}there are {all}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_assumed_is_read_and_all_mistakes_are_told() {
        assert!(usage(&["nat_gb=540".to_owned(), "lcu=0.5".to_owned()]).is_ok());
        let wrong = ["nat-gb=1", "lcu=much", "lcu", "scaling_percent=200"].map(str::to_owned);
        let failure = usage(&wrong).expect_err("all are wrong");
        assert_eq!((failure.exit, failure.problems.len()), (Exit::Usage, 4));
        let hint = failure.problems[0].hint.clone().unwrap_or_default();
        assert!(hint.starts_with("did you mean `nat_gb`? there are `scaling_percent`, `lcu`"), "{hint}");
        assert!(failure.problems[3].hint.clone().unwrap_or_default().contains("from 0 to 100"));
    }
}
