//! What a terminal shows, and what is shown where there is none.

use std::process::Stdio;

use endpoint::Scenario;
use rustix::process::Signal;

use super::running::Running;
use super::{Aws, DEPLOY, assert_no_bug, deployed};
use crate::project::Project;
use crate::skip;

/// Deploys and asks.
const ASK: &str = "deploy --template t.json --stack-name S --no-validate";

/// Whether `script` is there, which gives a program a terminal.
#[track_caller]
pub(super) fn can_make_terminals() -> bool {
    skip::are_installed(&["script"])
}

/// Starts the command on a terminal of this size, with these variables. All it writes is in `stdout`.
pub(super) fn on_a_terminal<'a>(
    aws: &'a Aws,
    columns: u16,
    variables: &[(&str, &str)],
    arguments: &str,
) -> Running<'a> {
    on_a_terminal_of(&aws.project, columns, variables, arguments)
}

/// As [`on_a_terminal`], from another folder.
pub(super) fn on_a_terminal_of<'a>(
    project: &'a Project,
    columns: u16,
    variables: &[(&str, &str)],
    arguments: &str,
) -> Running<'a> {
    let binary = env!("CARGO_BIN_EXE_docuthinker");
    let inner = format!("stty cols {columns} rows 24; exec '{binary}' {arguments}");
    let mut command = project.other("script");
    command.args(["-qec", &inner, "/dev/null"]).env_remove("NO_COLOR").env("TERM", "xterm");
    command.envs(variables.iter().copied()).stdin(Stdio::piped());
    Running::start(project, command)
}

/// The text without what only sets colours.
pub(super) fn without_colours(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain += before;
        let end = after.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(after.len());
        if after[end..].starts_with('m') {
            rest = &after[end + 1..];
        } else {
            plain += "\u{1b}[";
            rest = after;
        }
    }
    plain + rest
}

// C6
#[test]
fn on_80_columns_a_tree_is_drawn_again_and_again_and_the_cursor_stays() {
    if !can_make_terminals() {
        return;
    }
    let aws = Aws::new(deployed());
    let shown = on_a_terminal(&aws, 80, &[], DEPLOY).end();
    assert_eq!(shown.code, Some(0), "{shown}");
    assert!(without_colours(&shown.stdout).contains("\u{1b}["), "it is drawn again and again: {shown}");
    assert!(shown.stdout.contains('▸') && shown.stdout.contains("S is deployed"), "{shown}");
    assert!(!shown.stdout.contains("\u{1b}[?25l"), "the cursor is never hidden: {shown}");
}

// C6
#[test]
fn a_narrow_or_dumb_terminal_and_ci_get_lines_that_stay() {
    if !can_make_terminals() {
        return;
    }
    for (columns, variable) in [(20, ("X", "")), (80, ("TERM", "dumb")), (80, ("CI", "true"))] {
        let aws = Aws::new(deployed());
        let shown = on_a_terminal(&aws, columns, &[variable], DEPLOY).end();
        assert_eq!(shown.code, Some(0), "{shown}");
        assert!(!without_colours(&shown.stdout).contains('\u{1b}'), "{variable:?}: {shown}");
        assert!(shown.stdout.contains("UPDATE_COMPLETE") && shown.stdout.contains("is deployed"), "{shown}");
        if variable.0 == "TERM" {
            assert!(!shown.stdout.contains('\u{1b}'), "it has no colours either: {shown}");
        }
    }
}

// C6
#[test]
fn no_color_takes_the_colours_and_leaves_the_tree() {
    if !can_make_terminals() {
        return;
    }
    let aws = Aws::new(deployed());
    let shown = on_a_terminal(&aws, 80, &[("NO_COLOR", "1")], DEPLOY).end();
    assert_eq!(shown.code, Some(0), "{shown}");
    assert_eq!(without_colours(&shown.stdout), shown.stdout, "{shown}");
    assert!(shown.stdout.contains("\u{1b}["), "{shown}");
}

// C6
#[test]
fn a_pipe_gets_no_control_code_whatever_the_terminal_could_do() {
    for variable in [("TERM", "xterm-256color"), ("TERM", "dumb"), ("CI", "true"), ("NO_COLOR", "1")] {
        let aws = Aws::new(deployed());
        let mut command = aws.project.command(DEPLOY.split(' '));
        command.env_remove("NO_COLOR").env(variable.0, variable.1);
        let told = Running::start(&aws.project, command).end();
        assert_eq!(told.code, Some(0), "{told}");
        assert!(!told.to_string().contains('\u{1b}'), "{variable:?}: {told}");
    }
}

// C6
#[test]
fn a_sign_of_life_comes_in_lines_and_as_json() {
    let aws = Aws::new(deployed().hang("Queue"));
    let lines = aws.start(DEPLOY);
    lines.wait_for("UPDATE_COMPLETE  Topic");
    let json = aws.start("watch S --progress json");
    lines.wait_for("in progress: Queue (");
    json.wait_for(r#""event":"heartbeat""#);
    for running in [lines, json] {
        running.signal(Signal::INT);
        let ended = running.end();
        assert_eq!(ended.code, Some(130), "{ended}");
    }
}

// C3
#[test]
fn ctrl_c_at_the_question_leaves_nothing_behind() {
    if !can_make_terminals() {
        return;
    }
    for scenario in [Scenario::new(), deployed()] {
        let aws = Aws::new(scenario);
        let mut deploy = on_a_terminal(&aws, 80, &[], ASK);
        deploy.wait_for("Deploy these changes to S? [y/N]");
        deploy.type_in("\u{3}");
        let ended = deploy.end();
        assert_no_bug(&ended);
        assert_eq!(ended.code, Some(130), "{ended}");
        assert!(ended.stdout.contains("interrupted"), "{ended}");
        assert!(!ended.stdout.contains("\u{1b}[?25l"), "{ended}");
        assert_eq!(aws.endpoint.count("ExecuteChangeSet"), 0);
        aws.assert_nothing_is_left();
    }
}

// C7
#[test]
fn only_yes_deploys_and_no_answer_is_none() {
    if !can_make_terminals() {
        return;
    }
    for (typed, code) in [("y\n", 0), ("n\n", 3), ("\n", 3), ("\u{4}", 3)] {
        let aws = Aws::new(deployed());
        let mut deploy = on_a_terminal(&aws, 80, &[], ASK);
        deploy.wait_for("Deploy these changes to S? [y/N]");
        deploy.type_in(typed);
        let ended = deploy.end();
        assert_eq!(ended.code, Some(code), "{typed:?}: {ended}");
        assert_eq!(aws.endpoint.count("ExecuteChangeSet"), usize::from(code == 0), "{typed:?}: {ended}");
        if code != 0 {
            aws.assert_nothing_is_left();
        }
    }
}

// C7
#[test]
fn with_stdin_closed_and_a_question_to_come_nothing_is_sent() {
    for arguments in [ASK, "destroy --stack-name S"] {
        for streams in ["<&-", "</dev/null", "<&- >&-", "< t.json"] {
            let aws = Aws::new(deployed());
            let mut bash = aws.project.other("bash");
            let binary = env!("CARGO_BIN_EXE_docuthinker");
            bash.args(["-c", &format!("'{binary}' {arguments} {streams}")]);
            let refused = Running::start(&aws.project, bash).end();
            assert_no_bug(&refused);
            assert_eq!(refused.code, Some(3), "{streams}: {refused}");
            assert!(refused.stderr.contains("needs an answer, and this is no terminal"), "{refused}");
            assert_eq!(aws.endpoint.requests(), [], "{arguments} {streams}");
        }
    }
}

// C7
#[test]
fn a_question_that_comes_up_on_the_way_is_refused_and_what_was_prepared_is_removed() {
    let aws = Aws::new(deployed());
    let only_topic = r#"{"Resources":{"Topic":{"Type":"AWS::SNS::Topic"}}}"#;
    aws.project.write("t.json", only_topic);
    let refused = aws.run(&format!("{ASK} --require-approval destructive --allow-replace Queue"));
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("somebody must approve it, and this is no terminal"), "{refused}");
    assert_eq!((aws.endpoint.count("CreateChangeSet"), aws.endpoint.count("ExecuteChangeSet")), (1, 0));
    aws.assert_nothing_is_left();
}
