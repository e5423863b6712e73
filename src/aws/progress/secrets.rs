//! The seventh promise of the engine: a value that is concealed is in nothing that is written, wherever AWS repeats it.
//!
//! AWS's texts are generated with the value in them as AWS and the engine write it (in one line, as JSON, cut off), and
//! told through the code that shows them: progress, failures, problems, results, questions. A value is made of letters
//! that nothing else is written with, so that a part of it shows as well as the whole.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use cloud::{
    Change, ChangeDetail, ChangeSet, DeployOutcome, Kind, Output, Report, ResourceEvent, ServiceDeployment,
    ServiceState, StoppedContainer, StoppedTask, Timestamp,
};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::aws::failure::told;
use crate::context::Context;
use crate::printer::{Color, Format, ProgressForm, Verbosity};

/// The letters of which values are made. So many of them in a row are a part of one.
const LETTERS: &str = "qxzQXZ";
const TELLING: usize = 4;

/// A text of AWS's with the value in it.
#[derive(Debug, Clone)]
struct Text {
    before: String,
    after: String,
    /// How often JSON is made of it.
    quoted: usize,
    /// Where it is cut off, if it is.
    cut: Option<usize>,
}

/// What is told, by its number, and the texts in it.
type News = (usize, [Text; 2]);

fn value() -> impl Strategy<Value = String> {
    let piece = "[qxzQXZ]{4,9}";
    let between = prop::sample::select(vec![
        "",
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "\"",
        "\\",
        "'",
        "é",
        "…",
        "[…]",
        "\u{1b}[2J",
        "\u{202e}",
        " \" ",
        "/",
        "${",
    ]);
    prop::collection::vec((piece, between.clone()), 1..4).prop_flat_map(move |pieces| {
        let text: String = pieces.iter().flat_map(|(piece, between)| [piece.as_str(), between]).collect();
        between.clone().prop_map(move |first| format!("{first}{text}"))
    })
}

fn text() -> impl Strategy<Value = Text> {
    ("[a-p ,.{]{0,12}", "[a-p ,.}]{0,12}", 0usize..3, prop::option::of(0usize..40))
        .prop_map(|(before, after, quoted, cut)| Text { before, after, quoted, cut })
}

fn news() -> impl Strategy<Value = News> {
    (0usize..12, [text(), text()])
}

impl Text {
    /// The text as `cloud` hands it on.
    fn with(&self, value: &str) -> String {
        let mut value = value.to_owned();
        for _ in 0..self.quoted {
            value = serde_json::to_string(&value).unwrap().trim_start_matches('"').to_owned();
            value.pop();
        }
        let obeyed = |c: char| c.is_control() || c == '\u{202e}';
        let whole = format!("{}{value}{}", self.before, self.after);
        let plain: String = whole.chars().map(|c| if obeyed(c) { ' ' } else { c }).collect();
        let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        match self.cut.and_then(|cut| line.char_indices().nth(cut)) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }
}

/// Both streams.
#[derive(Debug, Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Tells the news through everything that writes, with `form` of progress, and gives back what was written.
fn told_as(form: ProgressForm, columns: fn() -> Option<usize>, value: &str, story: &[News]) -> String {
    let written = Written::default();
    let format = if form == ProgressForm::Json { Format::Json } else { Format::Text };
    let printer = Printer::new(format, Color::Always, Verbosity::Verbose, Context::default());
    let mut printer = printer.into_stream(written.clone(), columns);
    printer.show_progress(form);
    printer.conceal([value.to_owned()]);
    for news in story {
        tell(&mut printer, form, value, news);
    }
    written.text()
}

fn tell(printer: &mut Printer, form: ProgressForm, value: &str, (kind, texts): &News) {
    let [one, other] = texts.each_ref().map(|text| text.with(value));
    match kind {
        0..6 => {
            let trees = show(printer, form, progress(*kind, one, other));
            printer.result(&trees).unwrap();
        }
        6 => printer.failure(&told(&report(&one, &other), None)),
        7 => {
            let mut problem =
                Problem::warning("test", &one).at(&other).hint(format!("say {one} or {other} again"));
            (problem.also, problem.notes) = (vec![one.clone()], vec![other]);
            problem.excerpt = Some(one);
            printer.problem(&problem);
        }
        8 => printer.result_json(&outcome(&one, &other)).unwrap(),
        9 => printer.result(&format!("{one}\n{other}\n")).unwrap(),
        10 => {
            printer.status(&one);
            printer.asked(&other);
            printer.detail(&one);
        }
        _ => {
            let monitor = Monitor::new("S", printer);
            monitor.show_data(&json!({ "changeSet": change_set(&one, &other) }));
            monitor.show_always(&one);
            monitor.say(&other);
        }
    }
}

/// Shows the progress, and gives back the tree in terminals of several sizes.
fn show(printer: &mut Printer, form: ProgressForm, progress: Progress) -> String {
    let view = View::new(printer, vec![Subject { name: "S".to_owned(), ..Subject::default() }]);
    if form == ProgressForm::Live {
        let mut inner = view.inner.borrow_mut();
        // The tree is not drawn on the terminal of the test.
        (inner.shown, inner.paused) = (Shown::Live, true);
    }
    let monitor = view.monitor(0);
    // What a service says of itself stands below its resource.
    monitor.see(event("UPDATE_IN_PROGRESS", "Service", None));
    monitor.see(progress);
    let trees = [20, 60, 200].map(|width| view.inner.borrow().tree(width, 20).join("\n"));
    trees.join("\n")
}

fn event(status: &str, id: &str, reason: Option<String>) -> Progress {
    Progress::Resource(resource(status, id, reason))
}

fn resource(status: &str, id: &str, reason: Option<String>) -> ResourceEvent {
    ResourceEvent {
        id: "1".to_owned(),
        stack_id: "arn:aws:cloudformation:us-east-1:123456789012:stack/S/1".to_owned(),
        time: Timestamp(1_767_225_600_000),
        logical_id: id.to_owned(),
        physical_id: reason.clone(),
        resource_type: "AWS::ECS::Service".to_owned(),
        status: status.to_owned(),
        reason,
        operation_id: None,
        token: None,
    }
}

fn progress(kind: usize, one: String, other: String) -> Progress {
    match kind {
        0 => event("UPDATE_FAILED", "Service", Some(one)),
        1 => Progress::Unreachable { what: one, retry_in: TICK },
        2 => Progress::Service(service(&one, other)),
        3 => Progress::TaskStopped(task(one, other)),
        4 => Progress::Repeats { logical_id: "Service".to_owned(), reason: one, times: 3 },
        _ => Progress::Note { text: one },
    }
}

fn service(revision: &str, why: String) -> ServiceState {
    let deployment = ServiceDeployment {
        id: "ecs-svc/1".to_owned(),
        status: "PRIMARY".to_owned(),
        rollout: Some("FAILED".to_owned()),
        rollout_reason: Some(why.clone()),
        task_definition: format!("arn:aws:ecs:us-east-1:123456789012:task-definition/{revision}:1"),
        desired: 2,
        running: 1,
        pending: 0,
        failed: 1,
        created: None,
    };
    ServiceState {
        logical_id: "Service".to_owned(),
        service: "arn:aws:ecs:us-east-1:123456789012:service/c/s".to_owned(),
        deployments: vec![deployment],
        message: Some(why),
        message_time: None,
    }
}

fn task(why: String, line: String) -> StoppedTask {
    let container = StoppedContainer {
        name: "app".to_owned(),
        exit_code: Some(1),
        reason: Some(line.clone()),
        log: vec![line.clone(), "the end".to_owned(), line.clone()],
        log_note: Some(line),
        log_source: None,
    };
    StoppedTask {
        logical_id: "Service".to_owned(),
        service: "arn:aws:ecs:us-east-1:123456789012:service/c/s".to_owned(),
        deployment: None,
        task: "arn:aws:ecs:us-east-1:123456789012:task/c/1".to_owned(),
        task_definition: "arn:aws:ecs:us-east-1:123456789012:task-definition/f:1".to_owned(),
        stopped: None,
        code: Some("EssentialContainerExited".to_owned()),
        reason: Some(why),
        containers: vec![container],
    }
}

fn report(one: &str, other: &str) -> Report {
    let failed = |id: &str, reason: &str| resource("UPDATE_FAILED", id, Some(reason.to_owned()));
    Report {
        kind: Kind::Failed,
        what: format!("the update of S failed: {one}"),
        state: Some(other.to_owned()),
        next: Some(format!("docuthinker watch {one} and then {other}")),
        stack: Some("S".to_owned()),
        status: Some("UPDATE_ROLLBACK_COMPLETE".to_owned()),
        operation_id: None,
        cause: Some(failed("Service", one)),
        failures: vec![failed("Service", one), failed("Queue", other)],
        blockers: Vec::new(),
        tasks: vec![task(one.to_owned(), other.to_owned())],
        details: Vec::new(),
    }
}

fn outcome(one: &str, other: &str) -> DeployOutcome {
    let output = Output {
        key: "Url".to_owned(),
        value: one.to_owned(),
        description: Some(other.to_owned()),
        export: Some(one.to_owned()),
    };
    DeployOutcome {
        stack_id: "arn:aws:cloudformation:us-east-1:123456789012:stack/S/1".to_owned(),
        status: "UPDATE_COMPLETE".to_owned(),
        changed: true,
        outputs: vec![output],
        leftovers: vec![other.to_owned()],
    }
}

fn change_set(one: &str, other: &str) -> ChangeSet {
    let detail = ChangeDetail {
        attribute: "Properties".to_owned(),
        name: Some(one.to_owned()),
        requires_recreation: Some("Never".to_owned()),
        source: Some("DirectModification".to_owned()),
        causing_entity: Some(other.to_owned()),
    };
    let change = Change {
        action: "Modify".to_owned(),
        logical_id: "Service".to_owned(),
        physical_id: Some(one.to_owned()),
        resource_type: "AWS::ECS::Service".to_owned(),
        replacement: Some("False".to_owned()),
        policy_action: None,
        details: vec![detail],
        within: String::new(),
        change_set_id: None,
    };
    ChangeSet {
        stack: "S".to_owned(),
        stack_id: "arn:aws:cloudformation:us-east-1:123456789012:stack/S/1".to_owned(),
        change_set_id: "arn:aws:cloudformation:us-east-1:123456789012:changeSet/C/1".to_owned(),
        creates_stack: false,
        changes: vec![change],
        nested: Vec::new(),
    }
}

/// The longest run of letters that only a value has.
fn longest_part(written: &str) -> usize {
    let parts = written.split(|c: char| !LETTERS.contains(c));
    parts.map(str::len).max().unwrap_or_default()
}

/// Wide terminals, narrow ones, and none.
const SCREENS: [fn() -> Option<usize>; 3] = [|| None, || Some(80), || Some(20)];

proptest! {
    /// Promise 7, of what is written.
    // S1
    #[test]
    fn nothing_that_is_written_has_a_part_of_a_concealed_value(
        value in value(),
        story in prop::collection::vec(news(), 1..6),
        form in prop::sample::select(vec![ProgressForm::Plain, ProgressForm::Live, ProgressForm::Json]),
        columns in prop::sample::select(&SCREENS[..]),
    ) {
        let written = told_as(form, columns, &value, &story);
        prop_assert!(longest_part(&written) < TELLING, "{written}");
        prop_assert!(!written.is_empty());
    }

    /// A program can read what is told to it, whatever is concealed.
    // S1
    #[test]
    fn lines_of_json_stay_json(value in "[0-9a-z\"{},:]{4,6}", story in prop::collection::vec(news(), 1..8)) {
        let story: Vec<News> = story.into_iter().filter(|(kind, _)| !matches!(kind, 0..6 | 8 | 9)).collect();
        let written = told_as(ProgressForm::Json, || None, &value, &story);
        for line in written.lines() {
            prop_assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line["version"] == 1), "{line}");
        }
    }
}
