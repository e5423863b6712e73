//! An event as lines with the service in front, or as a line of JSON.

use cloud::LogEvent;
use owo_colors::{AnsiColors, OwoColorize};
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::places::Source;
use crate::problem::Result;
use crate::session::Session;

/// The colours of the services; only an ornament.
const COLOURS: [AnsiColors; 6] = [
    AnsiColors::Cyan,
    AnsiColors::Yellow,
    AnsiColors::Magenta,
    AnsiColors::Green,
    AnsiColors::Blue,
    AnsiColors::Red,
];

/// Shows events.
pub(super) struct Shower {
    /// The label, service and container of each source.
    names: Vec<(String, String, String)>,
    width: usize,
    grep: Option<String>,
    json: bool,
    /// How many events were shown.
    pub(super) shown: usize,
}

impl Shower {
    pub(super) fn new(sources: &[Source], grep: Option<String>, json: bool) -> Shower {
        let names: Vec<_> = sources
            .iter()
            .map(|source| (source.label.clone(), source.service.clone(), source.container.clone()))
            .collect();
        let width = names.iter().map(|(label, _, _)| label.width()).max().unwrap_or_default();
        Shower { names, width, grep, json, shown: 0 }
    }

    /// Shows an event, if it is wanted; `false` if nobody reads any more.
    pub(super) fn show(&mut self, at: usize, event: &LogEvent, session: &mut Session<'_>) -> Result<bool> {
        let wanted = |line: &&String| self.grep.as_ref().is_none_or(|text| line.contains(text.as_str()));
        let lines: Vec<&String> = event.lines.iter().filter(wanted).collect();
        if lines.is_empty() {
            return Ok(true);
        }
        self.shown += 1;
        let text =
            if self.json { self.object(at, event, &lines, session) } else { self.text(at, event, &lines) };
        session.printer.result_is_read(&text)
    }

    fn text(&self, at: usize, event: &LogEvent, lines: &[&String]) -> String {
        let label = &self.names[at].0;
        let padded = format!("{label}{:pad$}", "", pad = self.width - label.width());
        let padded = padded.color(COLOURS[at % COLOURS.len()]).to_string();
        let clock = clock(&event.time.to_string());
        let shown = lines.iter().map(|line| format!("{padded} │ {clock} {line}\n"));
        shown.collect::<Vec<_>>().concat()
    }

    fn object(&self, at: usize, event: &LogEvent, lines: &[&String], session: &Session<'_>) -> String {
        let (_, service, container) = &self.names[at];
        let message: Vec<_> = lines.iter().map(|line| session.printer.without_secrets(line)).collect();
        let object = json!({
            "version": 1,
            "time": event.time,
            "service": service,
            "container": container,
            "task": event.stream.rsplit('/').next(),
            "message": message.join("\n"),
        });
        format!("{object}\n")
    }
}

/// The date and the time of day of a timestamp, to the millisecond: `2026-01-01 10:00:03.250`.
fn clock(time: &str) -> String {
    let plain = time.trim_end_matches('Z').replace('T', " ");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    format!("{whole}.{fraction:0<3.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_times_have_the_same_width() {
        assert_eq!(clock("2026-01-01T10:00:03Z"), "2026-01-01 10:00:03.000");
        assert_eq!(clock("2026-01-01T10:00:03.25Z"), "2026-01-01 10:00:03.250");
        assert_eq!(clock("2026-01-01T10:00:03.123456Z"), "2026-01-01 10:00:03.123");
    }
}
