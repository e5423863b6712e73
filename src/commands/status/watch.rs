//! Looking again and again: drawn anew where the terminal allows it, as lines of what changed elsewhere.

use std::collections::BTreeSet;
use std::time::Duration;

use super::look::{Wanted, look};
use super::text::{facts, screen};
use super::view::Status;
use crate::aws::{self, Aws, Screen};
use crate::commands::estate::Place;
use crate::exit::Exit;
use crate::printer::Shown;
use crate::problem::Result;
use crate::session::Session;

/// How often AWS is asked.
const PAUSE: Duration = Duration::from_secs(5);

/// Shows the status until somebody wants to stop, which is how it ends.
pub(super) fn watch(places: &mut [Place], wanted: &Wanted, aws: &Aws, session: &mut Session<'_>) -> Result {
    let mut shown = match session.printer.shows_progress() {
        _ if session.printer.json() => Form::Json(None),
        Shown::Live => Form::Live(Screen::new()),
        Shown::Plain | Shown::Json => Form::Lines(None),
    };
    loop {
        let Ok(status) = aws.unless_interrupted(look(places, wanted)) else { return Ok(Exit::Interrupted) };
        if !shown.show(&status, session)? {
            return Ok(Exit::Done);
        }
        let again = async {
            tokio::time::sleep(PAUSE).await;
            refresh(places).await;
        };
        if aws.unless_interrupted(again).is_err() {
            return Ok(Exit::Interrupted);
        }
    }
}

/// Asks for the stacks anew. What is not answered, or is gone, stays as it was last seen.
async fn refresh(places: &mut [Place]) {
    let questions = places.iter().map(|place| cloud::inventory(&place.connection, &place.stack.name));
    let answers = aws::together(questions.collect::<Vec<_>>()).await;
    for (place, answer) in places.iter_mut().zip(answers) {
        if let Ok(Some(inventory)) = answer {
            place.inventory = inventory;
        }
    }
}

/// How it is shown, with what was shown before.
enum Form {
    Live(Screen),
    Lines(Option<BTreeSet<String>>),
    Json(Option<serde_json::Value>),
}

impl Form {
    /// Shows it; `false` if nobody reads any more.
    fn show(&mut self, status: &Status, session: &mut Session<'_>) -> Result<bool> {
        let printer = &mut session.printer;
        match self {
            Form::Live(drawn) => {
                let (columns, lines) = drawn.room();
                let text = printer.without_secrets(&screen(status, Some(columns))).into_owned();
                let mut picture: Vec<String> = text.lines().map(|line| cut(line, columns)).collect();
                if picture.len() > lines {
                    let hidden = picture.len() + 1 - lines;
                    picture.truncate(lines.saturating_sub(1));
                    picture.push(format!("… {hidden} more lines: make the window higher, or name a service"));
                }
                drawn.draw(&picture);
                Ok(true)
            }
            Form::Lines(before) => {
                let now: Vec<String> = facts(status).iter().map(super::text::Fact::line).collect();
                let text = match before {
                    None => screen(status, crate::printer::stdout_columns()),
                    Some(before) => {
                        let new = now.iter().filter(|line| !before.contains(*line));
                        new.map(|line| format!("{line}\n")).collect::<Vec<_>>().concat()
                    }
                };
                *before = Some(now.into_iter().collect());
                if text.is_empty() { Ok(true) } else { printer.result_is_read(&text) }
            }
            Form::Json(before) => {
                let now = serde_json::to_value(status).unwrap_or_default();
                if before.as_ref() != Some(&now) {
                    printer.result_json(&now)?;
                    *before = Some(now);
                }
                Ok(true)
            }
        }
    }
}

/// The beginning of a line, so that it does not take two.
fn cut(line: &str, columns: usize) -> String {
    use unicode_width::UnicodeWidthChar;
    let mut width = 0;
    let fits = |c: &char| {
        width += c.width().unwrap_or(0);
        width <= columns
    };
    line.chars().take_while(fits).collect()
}
