//! `outputs`: what deployed stacks offer.

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
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    deployed: bool,
    outputs: Vec<Output>,
}

pub(crate) fn run(args: &Outputs, session: &mut Session<'_>) -> Result {
    let stacks = session.sound(args.stack.as_slice())?.stacks;
    let mut aws = Aws::new(&session.global.aws)?;
    let mut rows = Vec::new();
    for stack in stacks {
        let connection =
            aws.connection(stack.region.as_deref(), stack.account.as_deref(), &mut session.printer)?;
        let outputs = aws.wait(cloud::describe_outputs(&connection, &stack.name))?;
        if outputs.is_none() && args.stack.is_some() {
            let problem = Problem::error("aws/not-deployed", format!("{} is not deployed", stack.name));
            let next = Some(format!("docuthinker deploy {}", stack.id));
            return Err(Failure { next, ..Failure::new(Exit::Blocked, vec![problem]) });
        }
        if outputs.is_none() {
            session.printer.status(&format!("{} is not deployed", stack.name));
        }
        rows.push(Row {
            name: stack.name,
            deployed: outputs.is_some(),
            outputs: outputs.unwrap_or_default(),
        });
    }
    if session.printer.json() {
        session.printer.result_json(&json!({ "stacks": rows }))?;
    } else {
        let lines: String = rows.iter().map(|row| lines(&row.name, &row.outputs)).collect();
        session.printer.result(&lines)?;
    }
    Ok(Exit::Done)
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
