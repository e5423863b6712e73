//! `outputs`: what deployed stacks offer.

pub(in crate::commands) mod check;

use cloud::Output;
use serde::Serialize;
use serde_json::json;

use super::deployed::Deployed;
use super::estate::not_deployed;
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
    let stacks: Vec<Deployed> = match &args.stack_name {
        Some(name) => {
            vec![Deployed { name: name.clone(), region: None, account: None, synthesized: None }]
        }
        None => session.sound(args.stack.as_slice())?.stacks.into_iter().map(Deployed::of).collect(),
    };
    let mut aws = Aws::new(&session.global)?;
    let (mut rows, mut missing) = (Vec::new(), Vec::new());
    for stack in stacks {
        let (region, account) = (stack.region.as_deref(), stack.account.as_deref());
        let connection = aws.connection(region, account, &mut session.printer)?;
        let outputs = aws.look(cloud::describe_outputs(&connection, &stack.name))?;
        let (name, deployed) = (stack.name.clone(), outputs.is_some());
        rows.push(Row { name, deployed, outputs: outputs.unwrap_or_default() });
        if !deployed {
            missing.push((stack, connection));
        }
    }
    if !missing.is_empty() && missing.len() == rows.len() {
        return Err(not_deployed(&missing));
    }
    for (stack, _) in &missing {
        session.printer.status(&format!("{} is not deployed", stack.label()));
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
