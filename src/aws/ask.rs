//! Asking whoever sits at the terminal.

use std::io::{self, IsTerminal, Write as _};
use std::sync::{Mutex, PoisonError};

use cloud::Cancel;
use tokio::task::JoinHandle;

use super::Aws;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result};

/// The thread that waits for a line of stdin, if a question ended before somebody answered it: the next question takes
/// its line. Two threads would both wait, and the first would swallow the answer to the second.
static READER: Mutex<Option<JoinHandle<Option<String>>>> = Mutex::new(None);

/// Asks on stderr and reads a line from stdin; `None` if there is none, or if somebody wants to stop.
///
/// Reading happens in a thread of its own, since it cannot be interrupted.
pub(crate) async fn ask(question: String, cancel: &Cancel) -> Option<String> {
    say(&question);
    let known = READER.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut reader = Unread(Some(known.unwrap_or_else(|| tokio::task::spawn_blocking(read_line))));
    let answer = tokio::select! {
        answer = reader.line() => answer,
        () = cancel.cancelled() => None,
    };
    if answer.is_none() {
        // What follows must not stand in the line of the question.
        say("\n");
    }
    answer
}

fn read_line() -> Option<String> {
    let mut line = String::new();
    match io::stdin().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line),
    }
}

/// A reader that goes back to where the next question finds it, unless its line has come.
struct Unread(Option<JoinHandle<Option<String>>>);

impl Unread {
    async fn line(&mut self) -> Option<String> {
        let line = match &mut self.0 {
            Some(reader) => reader.await.ok().flatten(),
            None => None,
        };
        self.0 = None;
        line
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        if let Some(reader) = self.0.take() {
            *READER.lock().unwrap_or_else(PoisonError::into_inner) = Some(reader);
        }
    }
}

pub(super) fn say(text: &str) {
    let mut err = io::stderr();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// Whether an answer is yes.
pub(super) fn is_yes(answer: &str) -> bool {
    matches!(answer.trim(), "y" | "Y" | "yes" | "Yes" | "YES")
}

/// Refuses to go on where a question would come and nobody is there to answer it.
pub(crate) fn require_an_answer(yes: bool, what: &str) -> Result<()> {
    if yes || (std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Ok(());
    }
    let problem =
        Problem::error("usage/nobody-to-ask", format!("{what} needs an answer, and this is no terminal"))
            .hint("to go on without a question, add `--yes`");
    Err(Failure::refused(problem))
}

/// Asks whether something more is to be done, where somebody can answer. Anything but yes, and nobody to ask, is no.
pub(crate) fn offer(question: &str, aws: &Aws) -> bool {
    if require_an_answer(false, "").is_err() {
        return false;
    }
    aws.run(ask(format!("{question} [y/N] "), aws.cancel())).is_some_and(|answer| is_yes(&answer))
}

/// Asks a question of `what`, unless it is answered with `yes` in advance. Anything but yes ends the command.
pub(crate) fn confirm(what: &str, question: &str, yes: bool, aws: &Aws) -> Result<()> {
    if yes {
        return Ok(());
    }
    require_an_answer(false, what)?;
    let answer = aws.run(ask(format!("{question} [y/N] "), aws.cancel()));
    if answer.is_some_and(|answer| is_yes(&answer)) {
        return Ok(());
    }
    let interrupted = aws.cancel().is_cancelled();
    let (exit, code) =
        if interrupted { (Exit::Interrupted, "aws/interrupted") } else { (Exit::Refused, "usage/declined") };
    Err(Failure::new(exit, vec![Problem::error(code, "not approved; nothing was changed")]))
}
