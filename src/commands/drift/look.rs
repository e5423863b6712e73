//! Asking CloudFormation about all stacks at the same time, and judging what it tells.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cloud::{CloudError, DriftListener, DriftNews, DriftRequest};
use constructs::SynthesizedStack;

use super::super::deployed::Deployed;
use super::view::Compared;
use crate::aws::Aws;
use crate::printer::Printer;
use crate::problem::{Problem, Result};
use crate::session::Session;

/// A stack that is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Its name or ARN.
    pub(crate) name: &'a str,
    pub(crate) region: Option<&'a str>,
    pub(crate) account: Option<&'a str>,
    /// Where its resources come from, if it is one of the project's.
    pub(crate) synthesized: Option<&'a SynthesizedStack>,
}

impl<'a> Asked<'a> {
    pub(crate) fn of(stack: &'a Deployed) -> Asked<'a> {
        Asked {
            name: &stack.name,
            region: stack.region.as_deref(),
            account: stack.account.as_deref(),
            synthesized: stack.synthesized.as_ref(),
        }
    }
}

/// Looks for drift in all `stacks`, each for `timeout` at most; the answers are in their order. What is secret in them is
/// concealed from now on.
///
/// Nothing is changed in AWS, so whoever interrupts it does not wait for it.
pub(crate) fn look(
    stacks: &[Asked<'_>],
    timeout: Duration,
    aws: &mut Aws,
    session: &mut Session<'_>,
) -> Result<Vec<Result<Compared, CloudError>>> {
    let printer = &mut session.printer;
    let mut requests = Vec::new();
    for stack in stacks {
        let connection = aws.connection(stack.region, stack.account, printer)?;
        requests.push(DriftRequest { connection, stack: stack.name.to_owned(), timeout });
    }
    let regions: Vec<String> =
        requests.iter().map(|request| request.connection.identity().region.clone()).collect();
    let listener = listener(session.global.printer());
    let answers = aws.unless_interrupted(cloud::drifts(requests, &listener))?;
    let judged: Vec<_> = answers
        .into_iter()
        .zip(stacks)
        .zip(regions)
        .map(|((answer, stack), region)| {
            answer.map(|found| Compared::of(stack.name, &region, found, stack.synthesized, printer))
        })
        .collect();
    for drifted in judged.iter().flatten() {
        for note in drifted.notes() {
            printer.problem(&Problem::warning("drift/unread", note));
        }
    }
    Ok(judged)
}

/// Says once of each stack what happens to it.
fn listener(printer: Printer) -> DriftListener {
    let (told, printer) = (Mutex::new(Vec::new()), Mutex::new(printer));
    Arc::new(move |news: DriftNews| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.contains(&news) {
            return;
        }
        let text = match &news {
            DriftNews::Looking(stack) => format!("{stack}: CloudFormation compares its resources"),
            DriftNews::Waiting(stack) => {
                format!("{stack}: somebody else's drift detection runs; ours begins when it has ended")
            }
        };
        told.push(news);
        printer.lock().unwrap_or_else(PoisonError::into_inner).status(&text);
    })
}
