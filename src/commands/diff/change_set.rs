//! The comparison with a change set that AWS makes for it, and of which nothing is left.

use std::cell::RefCell;

use cloud::{CloudError, Connection, DeployRequest, Preview, Progress};

use super::super::deploy::capabilities;
use super::Outcome;
use super::agreement::{Said, agreement};
use super::deployed::Placed;
use super::new::New;
use super::report::Compared;
use crate::aws::{self, Aws, together};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;

/// Statuses of a stack that can only be deleted: no change set can be made of it.
const ENDED: [&str; 4] = ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"];

/// Adds what AWS says of each stack. Where it does not, the result is still shown, and the failure told after it.
pub(super) fn compare(
    mut compared: Vec<Compared>,
    placed: Vec<Placed>,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<Outcome> {
    let mut asked: Vec<(&mut Compared, &Placed)> = Vec::new();
    for (one, stack) in compared.iter_mut().zip(&placed) {
        let status = stack.known.as_ref().map(|known| known.description.status.as_str());
        match status.filter(|status| ENDED.contains(status)) {
            Some(status) => one.notes.push(format!("AWS makes no change set while it is {status}")),
            None => asked.push((one, stack)),
        }
    }
    let notes = RefCell::new(Vec::new());
    let previews = asked.iter().map(|(_, stack)| preview(&stack.new, &stack.connection, &notes, aws));
    // Not left alone when somebody wants to stop: what was made is removed first.
    let previews = aws.run(together(previews));
    for note in notes.into_inner() {
        session.printer.status(&note);
    }
    let (mut failures, mut leftovers) = (Vec::new(), false);
    for ((one, stack), preview) in asked.into_iter().zip(previews) {
        match preview {
            Ok(preview) => {
                tell(&stack.new.name, &preview, session);
                leftovers |= !preview.leftovers.is_empty();
                let changes = preview.change_set.map(|set| set.changes).unwrap_or_default();
                one.change_set = Some(agreement(&one.changes, changes.iter().map(Said::from).collect()));
            }
            Err(error) => failures.push(aws::failure(&error)),
        }
    }
    if aws.cancel().is_cancelled() {
        let interrupted = Problem::error("aws/interrupted", "interrupted; nothing was changed");
        let told = failures.into_iter().find(|failure| failure.exit == Exit::Interrupted);
        return Err(told.unwrap_or_else(|| Failure::new(Exit::Interrupted, vec![interrupted])));
    }
    Ok(Outcome { compared, failure: Failure::all(failures), leftovers })
}

async fn preview(
    new: &New,
    connection: &Connection,
    notes: &RefCell<Vec<String>>,
    aws: &Aws,
) -> std::result::Result<Preview, CloudError> {
    let request = DeployRequest {
        parameters: new.parameters.clone(),
        tags: new.tags.clone(),
        capabilities: capabilities(&new.template),
        ..DeployRequest::new(&new.name, new.template.to_json_minified())
    };
    let hear = |progress| {
        if let Progress::Note { text } = progress {
            notes.borrow_mut().push(format!("{}: {text}", new.name));
        }
    };
    cloud::preview_stack(connection, &request, hear, aws.cancel()).await
}

/// Says what was done in AWS, since it was more than looking.
fn tell(name: &str, preview: &Preview, session: &mut Session<'_>) {
    for leftover in &preview.leftovers {
        let problem = Problem::warning("deploy/leftover", format!("left over: {leftover}"));
        session.printer.problem(&problem);
    }
    if !preview.leftovers.is_empty() {
        return;
    }
    let made = match &preview.change_set {
        Some(set) => {
            let id = set.change_set_id.split('/').nth(1).unwrap_or(&set.change_set_id);
            let stack = if set.creates_stack { ", and the empty stack that it announced" } else { "" };
            format!("{name}: made and deleted the change set {id}{stack}")
        }
        None => format!("{name}: made and deleted a change set; AWS finds no changes"),
    };
    session.printer.status(&made);
}
