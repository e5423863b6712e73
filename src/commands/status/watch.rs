//! Looking again and again: drawn anew where the terminal allows it, as lines of what changed elsewhere.

use std::collections::BTreeSet;
use std::time::Duration;

use super::look::{Wanted, look};
use super::text::{Fact, Mark, facts, screen, summary};
use super::view::Status;
use crate::aws::{self, Aws, Screen};
use crate::commands::estate::{Place, Undeployed};
use crate::exit::Exit;
use crate::printer::Shown;
use crate::problem::Result;
use crate::session::Session;

/// How often AWS is asked.
const PAUSE: Duration = Duration::from_secs(5);

/// Shows the status until somebody wants to stop, which is how it ends.
pub(super) fn watch(
    places: &mut Vec<Place>,
    others: &mut Vec<Undeployed>,
    wanted: &Wanted,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result {
    let mut shown = match session.printer.shows_progress() {
        _ if session.printer.json() => Form::Json(None),
        Shown::Live => Form::Live(Screen::new()),
        Shown::Plain | Shown::Json => Form::Lines(None),
    };
    loop {
        let Ok(status) = aws.unless_interrupted(look(places, others, wanted)) else {
            return Ok(Exit::Interrupted);
        };
        if !shown.show(&status, session)? {
            return Ok(Exit::Done);
        }
        let again = async {
            tokio::time::sleep(PAUSE).await;
            refresh(places, others).await;
        };
        if aws.unless_interrupted(again).is_err() {
            return Ok(Exit::Interrupted);
        }
    }
}

/// Asks for the stacks anew. What is not answered, or is gone, stays as it was last seen; what came since is a place too.
async fn refresh(places: &mut Vec<Place>, others: &mut Vec<Undeployed>) {
    let questions = others.iter().map(|(stack, connection)| cloud::inventory(connection, &stack.name));
    let answers = aws::together(questions.collect::<Vec<_>>()).await;
    let asked = std::mem::take(others);
    let mut came = Vec::new();
    for ((stack, connection), answer) in asked.into_iter().zip(answers) {
        match answer {
            Ok(Some(inventory)) => came.push(Place { stack, connection, inventory }),
            _ => others.push((stack, connection)),
        }
    }
    let questions = places.iter().map(|place| cloud::inventory(&place.connection, &place.stack.name));
    let answers = aws::together(questions.collect::<Vec<_>>()).await;
    for (place, answer) in places.iter_mut().zip(answers) {
        if let Ok(Some(inventory)) = answer {
            place.inventory = inventory;
        }
    }
    // At the end: services know their place by its number.
    places.extend(came);
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
                let told = |text: &str| printer.in_context(text).into_owned();
                let text = picture(status, columns, lines, &told);
                let text = printer.without_secrets(&text).into_owned();
                // With the options of the run in it, a command may be too long for a line, and its end must not be lost.
                let text = crate::printer::fitted(&text, Some(columns));
                drawn.draw(&fitted(&text, columns, lines));
                Ok(true)
            }
            Form::Lines(before) => {
                let now: Vec<String> = facts(status).iter().map(Fact::line).collect();
                let told = |text: &str| printer.in_context(text).into_owned();
                let text = match before {
                    None => screen(status, crate::printer::stdout_columns(), &told),
                    Some(before) => {
                        let new = now.iter().filter(|line| !before.contains(*line));
                        new.map(|line| told(line) + "\n").collect::<Vec<_>>().concat()
                    }
                };
                *before = Some(now.into_iter().collect());
                if text.is_empty() { Ok(true) } else { printer.result_is_read(&text) }
            }
            Form::Json(before) => {
                let now = serde_json::to_value(status).unwrap_or_default();
                if before.as_ref() == Some(&now) {
                    return Ok(true);
                }
                let is_read = printer.result_json_is_read(&now)?;
                *before = Some(now);
                Ok(is_read)
            }
        }
    }
}

/// The screen; where it is higher than the window, after what is not well.
fn picture(status: &Status, columns: usize, lines: usize, told: &dyn Fn(&str) -> String) -> String {
    let whole = screen(status, Some(columns), told);
    if whole.lines().count() <= lines {
        return whole;
    }
    let all = facts(status);
    let marked = |mark: Mark| all.iter().filter(move |fact| fact.mark == mark).map(|fact| told(&fact.line()));
    let mut first = vec![summary(status)];
    first.extend(marked(Mark::Bad).chain(marked(Mark::Unknown)));
    format!("{}\n\n{whole}", first.join("\n"))
}

/// As much of a text as there is room for.
fn fitted(text: &str, columns: usize, lines: usize) -> Vec<String> {
    let mut picture: Vec<String> = text.lines().map(|line| cut(line, columns)).collect();
    if picture.len() > lines {
        let hidden = picture.len() + 1 - lines;
        picture.truncate(lines.saturating_sub(1));
        let more = format!("… {hidden} more lines: make the window higher, or name a service");
        picture.push(cut(&more, columns));
    }
    picture
}

/// The beginning of a line, so that it does not take two.
fn cut(line: &str, columns: usize) -> String {
    use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
    if line.width() <= columns {
        return line.to_owned();
    }
    let mut width = 1;
    let fits = |c: &char| {
        width += c.width().unwrap_or(0);
        width <= columns
    };
    line.chars().take_while(fits).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::{bad, well};
    use super::*;

    #[test]
    fn a_short_window_shows_first_what_is_not_well() {
        let shown = fitted(&picture(&bad(), 40, 9, &str::to_owned), 40, 9);
        assert_eq!(shown.len(), 9);
        assert!(shown[0].starts_with("not all is well: ") && shown[8].starts_with("… "), "{shown:?}");
        assert!(shown[1..7].iter().all(|line| line.starts_with("! ") && line.ends_with('…')), "{shown:?}");
        assert!(fitted(&picture(&well(), 40, 9, &str::to_owned), 40, 9)[0].starts_with("all is well"));
        let high = picture(&bad(), 80, 200, &str::to_owned);
        assert_eq!(high, screen(&bad(), Some(80), &str::to_owned));
    }

    #[test]
    fn a_line_that_is_cut_says_so() {
        assert_eq!(cut("(0a1b2c3d)", 10), "(0a1b2c3d)");
        assert_eq!(cut("(0a1b2c3d)", 6), "(0a1b…");
        assert_eq!(cut("一二三", 5), "一二…");
        assert_eq!(cut("一二三", 4), "一…");
    }
}
