//! Readers that go away, and streams that are closed from the start.

use std::time::Duration;

use endpoint::Scenario;
use rustix::process::Signal;

use super::{Aws, DEPLOY, assert_no_bug, deployed};
use crate::project::Outcome;

/// Runs this line of bash, where `DT` is the command; the exit code is that of the command, whatever reads from it.
fn bash(aws: &Aws, line: &str) -> Outcome {
    let line = line.replace("DT", &format!("'{}'", env!("CARGO_BIN_EXE_docuthinker")));
    let mut command = aws.project.other("bash");
    command.args(["-c", &format!("{line}; exit ${{PIPESTATUS[0]}}")]);
    super::Running::start(&aws.project, command).end()
}

/// What is done with the streams.
const STREAMS: [&str; 9] = [
    "| head -n 1",
    "2>&1 | head -n 1",
    "2>&1 >/dev/null | head -n 1",
    "2>&1 >/dev/null | true",
    ">&-",
    "2>&-",
    ">&- 2>&-",
    "<&- >&- 2>&-",
    "--output json 2>&1 | true",
];

// C4
#[test]
fn a_deployment_goes_on_and_ends_as_it_does_whoever_stops_reading() {
    for streams in STREAMS {
        let aws = Aws::new(deployed());
        let ended = bash(&aws, &format!("DT {DEPLOY} {streams}"));
        assert_no_bug(&ended);
        assert_eq!(ended.code, Some(0), "{streams}: {ended}");
        assert_eq!(aws.status(), "UPDATE_COMPLETE", "{streams}");

        let aws = Aws::new(Scenario::new().fail("Queue", "the name is taken"));
        let ended = bash(&aws, &format!("DT {DEPLOY} {streams}"));
        assert_no_bug(&ended);
        assert_eq!(ended.code, Some(1), "{streams}: {ended}");
        assert_eq!(aws.status(), "ROLLBACK_COMPLETE", "{streams}");
    }
}

// C4
#[test]
fn other_commands_end_as_they_do_whoever_stops_reading() {
    let failed = Aws::new(deployed().fail("Queue", "the name is taken"));
    assert_eq!(failed.run(DEPLOY).code, Some(1));
    for (arguments, code) in [("watch S", 1), ("events S", 0), ("diagnose S", 0), ("outputs", 4)] {
        for streams in STREAMS {
            let ended = bash(&failed, &format!("DT {arguments} {streams}"));
            assert_no_bug(&ended);
            assert_eq!(ended.code, Some(code), "{arguments} {streams}: {ended}");
        }
    }
}

// C4
#[test]
fn the_signal_of_a_broken_pipe_ends_nothing() {
    let aws = Aws::new(deployed().takes("Queue", Duration::from_millis(500)));
    let deploy = aws.start(DEPLOY);
    deploy.wait_for("UPDATE_COMPLETE  Topic");
    deploy.signal(Signal::PIPE);
    let ended = deploy.end();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(aws.status(), "UPDATE_COMPLETE");
}

// C4
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_does_not_undo_the_deployment() {
    let aws = Aws::new(deployed());
    let ended = bash(&aws, &format!("DT {DEPLOY} --output json >/dev/full"));
    assert_no_bug(&ended);
    assert_eq!(ended.code, Some(9), "{ended}");
    assert!(ended.stderr.contains("cannot write the result to stdout"), "{ended}");
    assert_eq!(aws.status(), "UPDATE_COMPLETE");
    let silent = Aws::new(deployed());
    assert_eq!(bash(&silent, &format!("DT {DEPLOY} 2>/dev/full")).code, Some(0));
}
