//! Words for what AWS tells: states, times, tasks. All text from outside loses what a terminal would obey.

use std::fmt::Write as _;
use std::time::Duration;

use cloud::{Phase, ServiceState, StoppedTask, Timestamp};

/// What a status means for the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// Nothing has happened to it yet.
    Waiting,
    /// Something is being done to it. Also every status that we do not know: it is never an end.
    Busy,
    /// It is as it should be.
    Good,
    /// It failed.
    Bad,
    /// It was given up because something else failed, or taken back.
    TakenBack,
}

impl Mood {
    /// The symbol that stands beside the word, so that colour is never needed.
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Mood::Waiting => "·",
            Mood::Busy => "▸",
            Mood::Good => "✓",
            Mood::Bad => "✗",
            Mood::TakenBack => "↺",
        }
    }
}

/// The mood of a resource's or stack's status, by its ending; `reason` tells a cancellation from a failure.
pub(super) fn mood(status: &str, reason: Option<&str>) -> Mood {
    if status.ends_with("_IN_PROGRESS") {
        Mood::Busy
    } else if status.ends_with("_FAILED") {
        if is_cancellation(reason) { Mood::TakenBack } else { Mood::Bad }
    } else if status.ends_with("ROLLBACK_COMPLETE") {
        Mood::TakenBack
    } else if status.ends_with("_COMPLETE") || status == "DELETE_SKIPPED" {
        Mood::Good
    } else {
        Mood::Busy
    }
}

/// Whether a resource only failed because another one did.
pub(super) fn is_cancellation(reason: Option<&str>) -> bool {
    reason.is_some_and(|reason| reason.to_ascii_lowercase().contains("cancelled"))
}

/// A status as a word; one that we do not know stays as AWS says it.
pub(super) fn status_word(status: &str, mood: Mood) -> String {
    let word = match status {
        "CREATE_IN_PROGRESS" => "creating",
        "CREATE_COMPLETE" => "created",
        "UPDATE_IN_PROGRESS" => "updating",
        "UPDATE_COMPLETE" => "updated",
        "DELETE_IN_PROGRESS" => "deleting",
        "DELETE_COMPLETE" => "deleted",
        "DELETE_SKIPPED" => "left in the account",
        "IMPORT_IN_PROGRESS" => "importing",
        "IMPORT_COMPLETE" => "imported",
        "ROLLBACK_IN_PROGRESS" | "UPDATE_ROLLBACK_IN_PROGRESS" => "rolling back",
        "ROLLBACK_COMPLETE" | "UPDATE_ROLLBACK_COMPLETE" => "rolled back",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" | "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS" => {
            "removing what was replaced"
        }
        "CREATE_FAILED" | "UPDATE_FAILED" | "DELETE_FAILED" if mood == Mood::TakenBack => "cancelled",
        "CREATE_FAILED" => "not created",
        "UPDATE_FAILED" => "not updated",
        "DELETE_FAILED" => "not deleted",
        other => return plain(other),
    };
    word.to_owned()
}

/// What the engine is doing.
pub(super) const fn phase_text(phase: Phase) -> &'static str {
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

/// A length of time: `3s`, `1m04s`, `2h05m`.
pub(crate) fn time_text(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}m"),
    }
}

/// The time between two moments of AWS's clock; nothing if they are in the wrong order.
pub(super) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(to.0.saturating_sub(from.0)).unwrap_or_default())
}

/// How long it will still take, by how long it took before.
pub(super) fn left_text(total: Duration, operations: usize, spent: Duration) -> String {
    let left = total.saturating_sub(spent);
    let (count, before) = (operations, if operations == 1 { "deployment" } else { "deployments" });
    if left.is_zero() {
        return format!("longer than usual: {count} earlier {before} took about {}", about(total));
    }
    format!("about {} left, going by {count} earlier {before}", about(left))
}

/// Rounded up to what an estimate can know: 10 seconds, then minutes.
fn about(time: Duration) -> String {
    let seconds = time.as_millis().div_ceil(1000);
    if seconds <= 50 {
        format!("{} s", seconds.div_ceil(10) * 10)
    } else {
        format!("{} min", seconds.div_ceil(60))
    }
}

/// How a service's deployments stand, the newest first; one line each.
pub(super) fn service_lines(state: &ServiceState) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for deployment in &state.deployments {
        let mut line = format!("{} of {} tasks running", deployment.running, deployment.desired);
        if deployment.pending > 0 {
            let _ = write!(line, ", {} starting", deployment.pending);
        }
        if deployment.failed > 0 {
            let _ = write!(line, ", {} failed", deployment.failed);
        }
        let rollout = deployment.rollout.as_deref().map(|word| plain(word).to_lowercase().replace('_', " "));
        let which = if deployment.status == "PRIMARY" {
            "new".to_owned()
        } else {
            plain(&deployment.status).to_lowercase()
        };
        let revision = plain(deployment.task_definition.rsplit('/').next().unwrap_or_default());
        let rollout = rollout.map(|rollout| format!(", {rollout}")).unwrap_or_default();
        lines.push(format!("{line} ({which} deployment of {revision}{rollout})"));
        if deployment.rollout.as_deref() == Some("FAILED")
            && let Some(reason) = &deployment.rollout_reason
        {
            lines.push(plain(reason));
        }
    }
    lines
}

/// Why a task stopped, with the end of its containers' logs.
pub(super) fn task_lines(task: &StoppedTask) -> Vec<String> {
    let code = task.code.as_ref().map(|code| format!(" ({})", plain(code))).unwrap_or_default();
    let reason = task.reason.as_deref().map_or_else(|| "ECS gives no reason".to_owned(), plain);
    let mut lines = vec![format!("a task stopped: {reason}{code}")];
    for container in &task.containers {
        let exit = container.exit_code.map(|code| format!("exit code {code}"));
        let why: Vec<String> = exit.into_iter().chain(container.reason.as_deref().map(plain)).collect();
        if !why.is_empty() {
            lines.push(format!("  container {}: {}", plain(&container.name), why.join(": ")));
        } else if !container.log.is_empty() {
            lines.push(format!("  container {}", plain(&container.name)));
        }
        lines.extend(container.log.iter().map(|line| format!("  | {}", plain(line))));
    }
    lines
}

/// Text from AWS in one line, without anything that a terminal would obey.
///
/// The engine has cleaned it already; this is the last door before the terminal.
pub(super) fn plain(text: &str) -> String {
    let obeyed = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if obeyed(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_we_do_not_know_is_shown_as_it_is_and_is_no_end() {
        let status = "HYPER_DEPLOYING";
        assert_eq!((mood(status, None), status_word(status, Mood::Busy).as_str()), (Mood::Busy, status));
        assert_eq!(mood("HYPER_DEPLOY_FAILED", None), Mood::Bad);
        assert_eq!(mood("HYPER_DEPLOY_COMPLETE", None), Mood::Good);
    }

    // L8
    #[test]
    fn a_cancellation_is_no_failure() {
        let reason = Some("Resource creation cancelled");
        assert_eq!(mood("CREATE_FAILED", reason), Mood::TakenBack);
        assert_eq!(status_word("CREATE_FAILED", Mood::TakenBack), "cancelled");
        assert_eq!(mood("UPDATE_ROLLBACK_COMPLETE", None), Mood::TakenBack);
    }

    #[test]
    fn times_are_short() {
        let text = |seconds| time_text(Duration::from_secs(seconds));
        assert_eq!([text(0), text(59), text(64), text(7_500)], ["0s", "59s", "1m04s", "2h05m"]);
    }

    #[test]
    fn an_estimate_is_rounded_up_and_says_when_it_is_over() {
        let left = |spent| left_text(Duration::from_mins(5), 4, Duration::from_secs(spent));
        assert_eq!(left(130), "about 3 min left, going by 4 earlier deployments");
        assert_eq!(left(265), "about 40 s left, going by 4 earlier deployments");
        assert_eq!(left(300), "longer than usual: 4 earlier deployments took about 5 min");
        let once = left_text(Duration::from_mins(1), 1, Duration::from_secs(90));
        assert_eq!(once, "longer than usual: 1 earlier deployment took about 1 min");
    }

    // S9
    #[test]
    fn nothing_that_a_terminal_obeys_remains() {
        assert_eq!(plain("a\u{1b}[2J\u{9b}31m\nb\u{202e}c"), "a [2J 31m b c");
    }
}
