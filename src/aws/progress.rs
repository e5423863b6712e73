//! What happens in AWS, as lines; on a terminal with one more line that tells what is going on now.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use cloud::{Phase, Progress, ResourceEvent};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use owo_colors::OwoColorize;
use serde_json::json;

use crate::printer::Printer;

/// Shows the progress of one stack.
///
/// Shared by the callbacks of the engine, which never run at the same time; hence the cell.
pub(crate) struct Monitor<'a> {
    stack: String,
    /// Whether there is a line that moves.
    live: bool,
    inner: RefCell<Inner<'a>>,
}

struct Inner<'a> {
    printer: &'a mut Printer,
    bar: ProgressBar,
    in_progress: BTreeSet<String>,
    done: usize,
}

impl<'a> Monitor<'a> {
    /// A monitor for `stack` that writes through `printer`.
    pub(crate) fn new(stack: &str, printer: &'a mut Printer) -> Monitor<'a> {
        let live = printer.rewrites_lines();
        let inner = Inner { printer, bar: moving_line(live), in_progress: BTreeSet::new(), done: 0 };
        Monitor { stack: stack.to_owned(), live, inner: RefCell::new(inner) }
    }

    /// Shows what happened.
    pub(crate) fn see(&self, progress: Progress) {
        let mut inner = self.inner.borrow_mut();
        if inner.printer.json() {
            return inner
                .printer
                .line_json(&json!({ "version": 1, "stack": self.stack, "progress": progress }));
        }
        match progress {
            Progress::Phase { phase } => {
                let text = format!("{}: {}", self.stack, phase_text(phase));
                if self.live { inner.bar.set_message(text) } else { inner.say(&text) }
            }
            Progress::Resource(event) => self.see_resource(&mut inner, &event),
            Progress::Throttled { retry_in } => {
                inner
                    .say(&format!("AWS asks to slow down; next question in {} s", retry_in.as_secs().max(1)));
            }
            Progress::Unreachable { what, retry_in } => {
                inner.say(&format!(
                    "AWS cannot be reached ({what}); trying again in {} s",
                    retry_in.as_secs().max(1)
                ));
            }
            Progress::Heartbeat { elapsed, in_progress } if !self.live => {
                let waiting = if in_progress.is_empty() {
                    String::new()
                } else {
                    format!(", waiting for {}", in_progress.join(", "))
                };
                inner.say(&format!("{}: {} s{waiting}", self.stack, elapsed.as_secs()));
            }
            Progress::Heartbeat { .. } => {}
            Progress::Expected { .. }
            | Progress::Service(_)
            | Progress::TaskStopped(_)
            | Progress::Repeats { .. } => {}
            Progress::Note { text } => inner.say(&format!("note: {text}")),
        }
    }

    fn see_resource(&self, inner: &mut Inner<'_>, event: &ResourceEvent) {
        let is_stack = event.logical_id == self.stack;
        if event.status.ends_with("_IN_PROGRESS") {
            if !is_stack {
                inner.in_progress.insert(event.logical_id.clone());
            }
        } else if inner.in_progress.remove(&event.logical_id) {
            inner.done += 1;
        }
        // Beginnings would only double the lines: the moving line or the heartbeat tells what is in progress.
        let begins = event.status.ends_with("_IN_PROGRESS");
        if !begins
            || (event.reason.is_some() && event.reason.as_deref() != Some("Resource creation Initiated"))
        {
            inner.say(&event_text(event));
        }
        let names: Vec<&str> = inner.in_progress.iter().map(String::as_str).collect();
        let message = format!("{}: {} done, in progress: {}", self.stack, inner.done, names.join(", "));
        inner.bar.set_message(message);
    }

    /// Shows text that does not pass by, such as a change set.
    pub(crate) fn show(&self, text: &str) {
        self.inner.borrow_mut().say(text.trim_end());
    }

    /// Whether programs read what is shown.
    pub(crate) fn is_for_programs(&self) -> bool {
        self.inner.borrow().printer.json()
    }

    /// Shows a question as data, where programs read.
    pub(crate) fn show_data(&self, data: &serde_json::Value) {
        let mut inner = self.inner.borrow_mut();
        if inner.printer.json() {
            inner.printer.line_json(&json!({ "version": 1, "stack": self.stack, "asked": data }));
        }
    }

    /// Takes the moving line away, so that a question can be read and answered.
    pub(crate) fn pause(&self) {
        let mut inner = self.inner.borrow_mut();
        inner.bar.finish_and_clear();
        inner.bar = moving_line(false);
    }

    /// Brings the moving line back.
    pub(crate) fn resume(&self) {
        self.inner.borrow_mut().bar = moving_line(self.live);
    }
}

/// A line on stderr that is written again and again; `live` is false where nobody would see it move.
fn moving_line(live: bool) -> ProgressBar {
    if !live {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}").expect("the template is valid");
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

impl Drop for Monitor<'_> {
    fn drop(&mut self) {
        self.inner.get_mut().bar.finish_and_clear();
    }
}

impl Inner<'_> {
    fn say(&mut self, text: &str) {
        let printer = &mut *self.printer;
        self.bar.suspend(|| printer.status(text));
    }
}

fn event_text(event: &ResourceEvent) -> String {
    let status = if event.status.contains("FAILED") || event.status.contains("ROLLBACK") {
        event.status.red().to_string()
    } else if event.status.ends_with("_COMPLETE") {
        event.status.green().to_string()
    } else {
        event.status.clone()
    };
    // The clock of AWS, to the second, is what its own logs show too.
    let time = event.time.to_string();
    let time = time.get(11..19).unwrap_or(&time);
    let reason = event.reason.as_ref().map(|reason| format!("  {reason}")).unwrap_or_default();
    format!("{time}  {status}  {} ({}){reason}", event.logical_id, event.resource_type)
}

const fn phase_text(phase: Phase) -> &'static str {
    match phase {
        Phase::Looking => "looking at the stack as it is",
        Phase::Uploading => "uploading the template",
        Phase::Preparing => "asking CloudFormation what would change",
        Phase::Executing => "deploying",
        Phase::Deleting => "deleting",
        Phase::Cancelling => "cancelling the update",
        Phase::RollingBack => "rolling back",
        Phase::CleaningUp => "cleaning up",
    }
}
