//! `outputs`: what deployed stacks offer.

pub(in crate::commands) mod check;

use cloud::Output;
use serde::Serialize;
use serde_json::json;

use crate::aws::Aws;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// Print the outputs of deployed stacks
#[derive(Debug, clap::Args)]
pub(crate) struct Outputs {
    /// Only this stack
    stack: Option<String>,

    /// Only this deployed stack, which need not be one of the project
    #[arg(long, value_name = "NAME", conflicts_with = "stack")]
    stack_name: Option<String>,

    /// Ask the addresses among them whether they are well, at their health paths; ends with exit code 1 if one is not
    #[arg(long)]
    check: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    deployed: bool,
    outputs: Vec<Output>,
}

pub(crate) fn run(args: &Outputs, session: &mut Session<'_>) -> Result {
    let stacks: Vec<(String, String, Option<String>, Option<String>)> = match &args.stack_name {
        Some(name) => vec![(name.clone(), name.clone(), None, None)],
        None => session
            .sound(args.stack.as_slice())?
            .stacks
            .into_iter()
            .map(|stack| (stack.id, stack.name, stack.region, stack.account))
            .collect(),
    };
    let one = args.stack.is_some() || args.stack_name.is_some();
    let mut aws = Aws::new(&session.global)?;
    let (mut rows, last) = (Vec::new(), stacks.last().map(|(id, ..)| id.clone()));
    for (id, name, region, account) in stacks {
        let connection = aws.connection(region.as_deref(), account.as_deref(), &mut session.printer)?;
        let outputs = aws.look(cloud::describe_outputs(&connection, &name))?;
        if outputs.is_none() && one {
            let problem = Problem::error("aws/not-deployed", format!("{name} is not deployed"));
            let next = args.stack.as_ref().map(|_| format!("docuthinker deploy {id}"));
            return Err(Failure { next, ..Failure::new(Exit::Blocked, vec![problem]) });
        }
        if outputs.is_none() {
            session.printer.status(&format!("{name} is not deployed"));
        }
        rows.push(Row { name, deployed: outputs.is_some(), outputs: outputs.unwrap_or_default() });
    }
    if !rows.is_empty() && rows.iter().all(|row| !row.deployed) {
        let problem = Problem::error("aws/not-deployed", "nothing of the project is deployed");
        let next = last.map(|id| format!("docuthinker deploy {id}"));
        return Err(Failure { next, ..Failure::new(Exit::Blocked, vec![problem]) });
    }
    let checks = if args.check { Some(checks(&rows, &aws, session)?) } else { None };
    if session.printer.json() {
        let mut value = json!({ "stacks": rows });
        if let (Some(checks), Some(object)) = (&checks, value.as_object_mut()) {
            object.insert("checks".to_owned(), json!(checks));
        }
        session.printer.result_json(&value)?;
    } else if let Some(checks) = &checks {
        let lines: String = checks.iter().map(check::Check::line).collect();
        session.printer.result_in_lines(&lines)?;
    } else {
        let lines: String = rows.iter().map(|row| lines(&row.name, &row.outputs)).collect();
        session.printer.result_as_it_is(&lines)?;
    }
    let well = checks.is_none_or(|checks| checks.iter().all(|check| check.well));
    Ok(if well { Exit::Done } else { Exit::Failed })
}

fn checks(rows: &[Row], aws: &Aws, session: &mut Session<'_>) -> Result<Vec<check::Check>> {
    let images = match session.config() {
        Ok(config) => session.project.images(&config.settings),
        Err(_) => Vec::new(),
    };
    let addresses: Vec<_> =
        rows.iter().flat_map(|row| check::addresses(&row.name, &row.outputs, &images)).collect();
    if addresses.is_empty() {
        let message = "no output of a deployed stack is an address that could be asked";
        return Err(Failure::new(Exit::Blocked, vec![Problem::error("outputs/no-address", message)]));
    }
    check::check(addresses, aws)
}

/// The outputs in lines, as the CDK shows them.
///
/// An export without a description is the work of the app, which made it for another of its stacks; it is only in the
/// JSON view.
pub(crate) fn lines(stack: &str, outputs: &[Output]) -> String {
    let described = |output: &&Output| output.description.as_ref().is_some_and(|text| !text.is_empty());
    let shown = outputs.iter().filter(|output| output.export.is_none() || described(output));
    shown.fold(String::new(), |lines, output| lines + &format!("{stack}.{} = {}\n", output.key, output.value))
}
