//! `list`: the stacks of the project.

use std::fmt::Write;

use serde::Serialize;

use crate::exit::Exit;
use crate::printer::{stdout_columns, wrapped};
use crate::problem::Result;
use crate::session::Session;

/// List the stacks, in the order in which they are deployed
#[derive(Debug, clap::Args)]
pub(crate) struct List {}

#[derive(Serialize)]
struct View {
    environment: String,
    stacks: Vec<Row>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    stack_name: String,
    description: String,
    depends_on: Vec<String>,
    region: Option<String>,
    resources: Option<usize>,
    /// Only made when it is named.
    on_request: bool,
}

pub(crate) fn run(_: &List, session: &mut Session<'_>) -> Result {
    let synthesis = session.sound(&[])?;
    let mut stacks: Vec<Row> = synthesis
        .stacks
        .into_iter()
        .map(|stack| Row {
            name: stack.id,
            stack_name: stack.name,
            description: stack.template.description.unwrap_or_default(),
            depends_on: stack.depends_on,
            region: stack.region,
            resources: Some(stack.template.resources.len()),
            on_request: false,
        })
        .collect();
    stacks.extend(session.project.on_request().into_iter().map(|(name, description)| Row {
        name: name.to_owned(),
        stack_name: name.to_owned(),
        description: description.to_owned(),
        depends_on: vec![],
        region: None,
        resources: None,
        on_request: true,
    }));
    let view = View { environment: synthesis.config.environment, stacks };
    if session.printer.json() {
        session.printer.result_json(&view)?;
    } else {
        session.printer.result(&text(&view.stacks, stdout_columns()))?;
    }
    Ok(Exit::Done)
}

/// A column of names, and beside it what there is to say, in lines of at most so many columns.
fn text(rows: &[Row], columns: Option<usize>) -> String {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut line = |name: &str, said: &str| {
        let said = wrapped(width + 2, width + 2, said, columns);
        let _ = writeln!(text, "{}", format!("{name:width$}  {said}").trim_end());
    };
    for row in rows {
        line(&row.name, &row.description);
        if !row.depends_on.is_empty() {
            line("", &format!("after {}", row.depends_on.join(", ")));
        }
        if row.on_request {
            line("", &format!("only when named: docuthinker synth {}", row.name));
        }
    }
    text
}
