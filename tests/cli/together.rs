//! Several commands that work on one stack at the same time, against the emulator.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, Stdio};

use serde_json::{Map, json};

use crate::emulator::Emulator;
use crate::project::Project;

/// A command that runs beside others; what it tells is read line by line.
struct Beside {
    process: Child,
    told: Lines<BufReader<ChildStderr>>,
    so_far: String,
}

impl Beside {
    fn start(project: &Project, arguments: &str) -> Beside {
        let mut command = project.command(arguments.split(' '));
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let told = BufReader::new(process.stderr.take().unwrap()).lines();
        Beside { process, told, so_far: String::new() }
    }

    /// Waits until it has told a line with this text.
    #[track_caller]
    fn until(&mut self, text: &str) {
        for line in self.told.by_ref() {
            let line = line.unwrap();
            self.so_far.extend([line.as_str(), "\n"]);
            if line.contains(text) {
                return;
            }
        }
        panic!("it ended without `{text}`: {}", self.so_far);
    }

    /// Waits for its end: the exit code and everything it told.
    fn end(mut self) -> (Option<i32>, String) {
        for line in self.told {
            self.so_far.extend([line.unwrap().as_str(), "\n"]);
        }
        (self.process.wait().unwrap().code(), self.so_far)
    }
}

/// Writes a template of so many topics.
fn topics(project: &Project, file: &str, number: usize) {
    let topic = |_| json!({ "Type": "AWS::SNS::Topic" });
    let topics: Map<_, _> = (0..number).map(|n| (format!("T{n:02}"), topic(n))).collect();
    project.write(file, json!({ "Resources": topics }).to_string());
}

// L5
#[test]
fn while_an_update_runs_others_are_told_or_wait_and_it_can_be_cancelled_from_elsewhere() {
    // The update takes half a minute, of which this test uses what it needs: what is cancelled early is rolled back early.
    let emulator = Emulator::with_delay(500);
    let project = &emulator.project;
    topics(project, "one.json", 1);
    topics(project, "two.json", 2);
    topics(project, "many.json", 60);
    let deploy = |file: &str| {
        format!("deploy --template {file} --stack-name p --no-validate --no-preflight --local --yes")
    };
    project.run(deploy("one.json").split(' ')).success();

    let mut update = Beside::start(project, &deploy("many.json"));
    // The emulator says so of what an update made, too.
    update.until("UPDATE_COMPLETE");
    let refused = project.run(deploy("two.json").split(' '));
    assert_eq!(refused.code, Some(4), "{refused}");
    assert!(refused.stderr.contains("another operation runs on p: UPDATE_IN_PROGRESS"), "{refused}");
    assert!(refused.stderr.contains("hint: "), "{refused}");
    let mut waiting = Beside::start(project, &format!("{} --wait", deploy("two.json")));
    waiting.until("UPDATE_IN_PROGRESS");
    let watching = Beside::start(project, "watch p --local");

    let cancelled = project.run(["cancel", "p", "--local"]);
    assert_eq!(cancelled.code, Some(0), "{cancelled}");
    let sentence = "the update is cancelled, p is as it was before (UPDATE_ROLLBACK_COMPLETE)";
    assert!(cancelled.stderr.contains(sentence), "{cancelled}");
    let (code, told) = update.end();
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("now: p is UPDATE_ROLLBACK_COMPLETE"), "{told}");
    let (code, told) = waiting.end();
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("p is deployed"), "{told}");
    let (code, told) = watching.end();
    assert!(code.is_some_and(|code| code <= 1), "it saw the rollback, or already the next update: {told}");
    let topics = emulator.query("sns", "2010-03-31", "ListTopics", "TopicArn");
    assert_eq!(topics.len(), 2, "{topics:?}");
}
