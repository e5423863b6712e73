//! Whether a stop is a failure, and when two failures are the same.

use super::{StoppedContainer, StoppedTask};

/// Stands for what differs from task to task.
const VARYING: &str = "…";
/// Exit codes of a process that was told to end: 128 + SIGKILL and 128 + SIGTERM.
const TOLD_TO_END: [i32; 2] = [137, 143];
/// How ECS begins the reason of the stops that it plans: fewer tasks are wanted, or a newer deployment takes over. See
/// "service scaling event" among the [reasons of stopped tasks][reasons].
///
/// [reasons]: https://repost.aws/knowledge-center/ecs-task-stopped
const PLANNED: &str = "Scaling activity initiated by";
/// How ECS begins the reason of a stop because of a health check, whatever code it has.
const UNHEALTHY: &str = "Task failed";

/// Whether the task stopped because it could not go on, and not because it was asked to.
///
/// [`UserInitiated`][codes] is a person or a program that called `StopTask`.
///
/// [codes]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
pub(crate) fn is_failure(task: &StoppedTask) -> bool {
    let reason = task.reason.as_deref().unwrap_or_default();
    let planned = reason.starts_with(PLANNED);
    let asked = task.code.as_deref() == Some("UserInitiated") && !reason.starts_with(UNHEALTHY);
    !planned && !asked
}

/// What happened to the task, in words that are the same for each task that it happens to.
pub(crate) fn failure(task: &StoppedTask) -> String {
    let reason = normalized(task.reason.as_deref().or(task.code.as_deref()).unwrap_or("no reason given"));
    let mut details: Vec<String> = Vec::new();
    for container in &task.containers {
        if let Some(said) = container.reason.as_deref().map(normalized).filter(|said| *said != reason) {
            details.push(format!("{}: {said}", container.name));
        }
    }
    details.extend(exits(&task.containers));
    // ECS tells the containers in no particular order.
    details.sort();
    if details.is_empty() { reason } else { format!("{reason} ({})", details.join("; ")) }
}

/// The exits that tell something: a container that was only told to end does not, unless there is no other.
fn exits(containers: &[StoppedContainer]) -> Vec<String> {
    let exits = || containers.iter().filter_map(|one| Some((&one.name, one.exit_code?)));
    let own = exits().filter(|(_, code)| *code != 0 && !TOLD_TO_END.contains(code)).collect::<Vec<_>>();
    let bad = exits().filter(|(_, code)| *code != 0).collect::<Vec<_>>();
    let telling = [own, bad, exits().collect()].into_iter().find(|found| !found.is_empty());
    telling.into_iter().flatten().map(|(name, code)| format!("{name} exited with {code}")).collect()
}

/// A reason without what differs from task to task: ids, digests, ARNs, addresses, times.
fn normalized(reason: &str) -> String {
    let mut text = String::new();
    let mut word = String::new();
    let flush = |word: &mut String, text: &mut String| {
        text.push_str(&without_ids(word));
        word.clear();
    };
    for c in reason.chars() {
        if c.is_whitespace() || "()[]{}<>,;\"'`=".contains(c) {
            flush(&mut word, &mut text);
            text.push(c);
        } else {
            word.push(c);
        }
    }
    flush(&mut word, &mut text);
    text
}

/// A word, or what is left of it.
fn without_ids(word: &str) -> String {
    let bare = word.trim_end_matches(['.', ':', '!', '?']);
    let end = &word[bare.len()..];
    if bare.starts_with("arn:") || is_number_like(bare) || is_hexadecimal_id(bare) || is_ipv6(bare) {
        return format!("{VARYING}{end}");
    }
    if let Some((name, _)) = bare.split_once("sha256:") {
        return format!("{name}sha256:{VARYING}{end}");
    }
    let parts = bare.split_inclusive(['/', ':', '@', '_', '|']).map(|part| {
        let id = part.trim_end_matches(['/', ':', '@', '_', '|']);
        if is_hexadecimal_id(id) || is_number_like(id) {
            format!("{VARYING}{}", &part[id.len()..])
        } else {
            part.to_owned()
        }
    });
    format!("{}{end}", parts.collect::<String>())
}

/// Times, dates, IPv4 addresses with or without port, and long numbers.
fn is_number_like(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let separators = word.chars().filter(|c| "-:./+".contains(*c)).count();
    let only = word.chars().all(|c| c.is_ascii_digit() || "-:./+TZ".contains(c));
    only && (digits >= 8 || (digits >= 4 && separators >= 2))
}

/// The id of a task, an interface (`eni-…`), a request (a UUID): at least eight hexadecimal digits, a number among them.
fn is_hexadecimal_id(word: &str) -> bool {
    let id = word.split_once('-').filter(|(kind, _)| is_kind(kind)).map_or(word, |(_, id)| id);
    let digits = id.chars().filter(char::is_ascii_hexdigit).count();
    let only = id.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    only && digits >= 8 && id.contains(|c: char| c.is_ascii_digit())
}

/// Whether this can be the `eni` of `eni-0123456789abcdef0`.
fn is_kind(text: &str) -> bool {
    (1..=8).contains(&text.len()) && text.chars().all(|c| c.is_ascii_lowercase())
}

fn is_ipv6(word: &str) -> bool {
    word.matches(':').count() >= 2
        && word.chars().all(|c| c.is_ascii_hexdigit() || c == ':')
        && word.contains(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::samples::{container, task};

    #[track_caller]
    fn check(reason: &str, expected: &str) {
        assert_eq!(normalized(reason), expected);
        assert_eq!(normalized(expected), expected, "said again");
    }

    // L9
    #[test]
    fn what_differs_from_task_to_task_is_left_out() {
        check(
            "Task failed ELB health checks in (target-group \
             arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/6d0ecf831eec9f09)",
            "Task failed ELB health checks in (target-group …)",
        );
        check(
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref \
             123456789012.dkr.ecr.us-east-1.amazonaws.com/api:v2: not found",
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref \
             123456789012.dkr.ecr.us-east-1.amazonaws.com/api:v2: not found",
        );
        check("api@sha256:0123abcd is gone", "api@sha256:… is gone");
        check(
            "status code: 400, request id: 1f3e0a9c-12ab-34cd-9a0b-0123456789ab",
            "status code: 400, request id: …",
        );
        check("dial tcp 10.0.1.23:443: i/o timeout", "dial tcp …: i/o timeout");
        check("dial tcp [2600:1f18:4:9::1]:443: refused", "dial tcp […]:443: refused");
        check("stopped at 2026-01-02T03:04:05.678Z, or 03:04:05", "stopped at …, or …");
        check("(instance i-0123456789abcdef0) terminated.", "(instance …) terminated.");
        check("task/main/0123456789abcdef0123456789abcdef failed", "task/main/… failed");
        check("(deployment ecs-svc/1234567890123456789)", "(deployment ecs-svc/…)");
    }

    #[test]
    fn what_tells_failures_apart_stays() {
        for reason in [
            "Essential container in task exited",
            "exit status 127, 3 time(s)",
            "decade-old facade: bad face",
        ] {
            check(reason, reason);
        }
    }

    // L9
    #[test]
    fn two_failures_differ_by_the_exit_code_of_who_failed() {
        let exited = |code| {
            let mut stopped = task(1, "Essential container in task exited");
            stopped.containers = vec![container("proxy", Some(137)), container("web", Some(code))];
            failure(&stopped)
        };
        assert_eq!(exited(1), "Essential container in task exited (web exited with 1)");
        assert_eq!(exited(2), "Essential container in task exited (web exited with 2)");
        // Both were told to end, or ran out of memory.
        assert_eq!(
            exited(143),
            "Essential container in task exited (proxy exited with 137; web exited with 143)"
        );
        assert_eq!(exited(0), "Essential container in task exited (proxy exited with 137)");
    }

    #[test]
    fn a_container_says_more_than_its_task_or_nothing() {
        let mut stopped = task(1, "CannotPullContainerError: no such image");
        stopped.containers = vec![container("web", None)];
        stopped.containers[0].reason = Some("CannotPullContainerError: no such image".to_owned());
        assert_eq!(failure(&stopped), "CannotPullContainerError: no such image");
        stopped.containers[0].reason = Some("OutOfMemoryError: container killed".to_owned());
        let both = "CannotPullContainerError: no such image (web: OutOfMemoryError: container killed)";
        assert_eq!(failure(&stopped), both);
        (stopped.reason, stopped.code, stopped.containers) = (None, None, Vec::new());
        assert_eq!(failure(&stopped), "no reason given");
    }

    // L9
    #[test]
    fn a_stop_that_was_asked_for_is_no_failure() {
        let table = [
            ("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/1)", false),
            ("UserInitiated", "Scaling activity initiated by (deployment ecs-svc/1)", false),
            ("UserInitiated", "Task stopped by user", false),
            ("UserInitiated", "Task failed container health checks", true),
            ("ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group x)", true),
            ("EssentialContainerExited", "Essential container in task exited", true),
            ("TaskFailedToStart", "CannotPullContainerError: x", true),
            ("SpotInterruption", "Your Spot Task was interrupted.", true),
        ];
        for (code, reason, expected) in table {
            let mut stopped = task(1, reason);
            stopped.code = Some(code.to_owned());
            assert_eq!(is_failure(&stopped), expected, "{code}: {reason}");
        }
    }
}
