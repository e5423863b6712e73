//! What happens as plain lines, for pipes, CI and terminals that cannot be drawn on.

use std::iter;
use std::time::Duration;

use cloud::{Progress, ResourceEvent};
use owo_colors::OwoColorize;

use super::picture::Picture;
use super::words::{Mood, left_text, mood, phase_text, plain, service_lines, task_lines, time_text};

/// How many things in progress a sign of life names.
const NAMED: usize = 5;

/// The lines that tell of `progress`, which `picture` has taken in already; none if it is not worth one.
pub(super) fn lines(picture: &Picture, progress: &Progress, now: Duration) -> Vec<String> {
    let name = &picture.label;
    match progress {
        Progress::Phase { phase } => vec![format!("{name}: {}", phase_text(*phase))],
        Progress::Resource(event) => resource(picture, event).into_iter().collect(),
        Progress::Throttled { .. } | Progress::Unreachable { .. } => {
            picture.trouble.iter().map(|trouble| format!("{name}: {trouble}")).collect()
        }
        Progress::Heartbeat { .. } => vec![sign_of_life(picture, now)],
        Progress::Expected { total, operations } => {
            vec![format!("{name}: {}", left_text(*total, *operations, Duration::ZERO))]
        }
        Progress::Service(state) => {
            let place = picture.place(&state.logical_id);
            service_lines(state).into_iter().map(|line| format!("{place}: {line}")).collect()
        }
        lasting => lasting_lines(picture, lasting),
    }
}

/// The lines of what must stay on the screen in every view, since it does not come back: tasks that stopped, notes.
pub(super) fn lasting_lines(picture: &Picture, progress: &Progress) -> Vec<String> {
    match progress {
        Progress::TaskStopped(task) => {
            let mut lines = task_lines(task);
            if let Some(first) = lines.first_mut() {
                *first = format!("{} {}: {first}", Mood::Bad.symbol().red(), picture.place(&task.logical_id));
            }
            lines
        }
        Progress::Repeats { logical_id, reason, times } => {
            let place = picture.place(logical_id);
            let same = format!(
                "{place}: {times} tasks stopped for the same reason, so waiting will not help: {}",
                plain(reason)
            );
            let cancel = format!(
                "  to take the update back, type: docuthinker cancel {}",
                plain(&picture.subject.name)
            );
            // Neither a creation nor what rolls back already can be cancelled.
            let next = picture.is_updating().then_some(cancel);
            iter::once(format!("{} {same}", Mood::Bad.symbol().red())).chain(next).collect()
        }
        Progress::Note { text } => vec![format!("note: {}", plain(text))],
        _ => vec![],
    }
}

/// What is in progress, and for how long.
pub(super) fn sign_of_life(picture: &Picture, now: Duration) -> String {
    let (_, word) = picture.state();
    let busy = picture.in_progress(now);
    let mut names: Vec<String> =
        busy.iter().take(NAMED).map(|(place, took)| format!("{place} ({})", time_text(*took))).collect();
    if busy.len() > NAMED {
        names.push(format!("and {} more", busy.len() - NAMED));
    }
    let waiting =
        if names.is_empty() { String::new() } else { format!("; in progress: {}", names.join(", ")) };
    let left = match (picture.expected, picture.worked(now)) {
        (Some((total, operations)), Some(worked)) => format!("; {}", left_text(total, operations, worked)),
        _ => String::new(),
    };
    format!("{}: {word} for {}{waiting}{left}", picture.label, time_text(picture.took(now)))
}

/// Beginnings would only double the lines: the sign of life tells what is in progress.
fn resource(picture: &Picture, event: &ResourceEvent) -> Option<String> {
    let reason = event.reason.as_deref();
    let begins = event.status.ends_with("_IN_PROGRESS");
    if begins && reason.is_none_or(|reason| reason == "Resource creation Initiated") {
        return None;
    }
    let status = plain(&event.status);
    let status = match mood(&event.status, reason) {
        _ if event.status.contains("ROLLBACK") => status.red().to_string(),
        Mood::Bad => status.red().to_string(),
        Mood::Good => status.green().to_string(),
        _ => status,
    };
    // The clock of AWS, to the second, is what its own logs show too.
    let time = event.time.to_string();
    let time = time.get(11..19).unwrap_or(&time);
    let reason = reason.map(|reason| format!("  {}", plain(reason))).unwrap_or_default();
    let (place, resource_type) = (picture.place_of(event), plain(&event.resource_type));
    Some(format!("{time}  {status}  {place} ({resource_type}){reason}"))
}
