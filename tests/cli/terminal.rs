//! Colours and pipes: what reaches a terminal, and what reaches a file.

use std::process::Command;

use crate::project::{Outcome, Project};

fn colourful(outcome: &Outcome) -> bool {
    format!("{outcome}").contains('\u{1b}')
}

#[test]
fn colours_follow_the_conventions() {
    let wrong = ["list", "--set", "nothing=1"];
    let with = |variables: &[(&str, &str)], arguments: &[&str]| {
        let project = Project::new();
        let mut command = project.command(wrong.iter().chain(arguments));
        let output = command.env_remove("NO_COLOR").envs(variables.iter().copied()).output().unwrap();
        String::from_utf8(output.stderr).unwrap().contains('\u{1b}')
    };
    assert!(!with(&[], &[]), "a pipe is no terminal");
    assert!(with(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(
        !with(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]),
        "who does not want colours is asked first"
    );
    assert!(with(&[("NO_COLOR", "1")], &["--color", "always"]), "the option is nearer than a variable");
    assert!(!with(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
}

// S9
#[test]
fn nothing_that_a_terminal_obeys_comes_from_files_or_arguments() {
    let project = Project::with_config("defaults:\n  \"a\\e[2Jb\": 1\n");
    let outcome = project.run(["list", "--set", "x\u{1b}]0;title\u{7}=1"]);
    assert!(!colourful(&outcome) && !outcome.stderr.contains('\u{7}'), "{outcome}");
    assert!(outcome.stderr.contains(r"\u{1b}"), "{outcome}");
}

// C4
#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    for arguments in ["synth DocuThinkerStack", "completions bash", "--help"] {
        let project = Project::new();
        let script = format!("'{}' {arguments} | head -n 1", env!("CARGO_BIN_EXE_docuthinker"));
        let mut command = Command::new("bash");
        let output =
            command.args(["-o", "pipefail", "-c", &script]).current_dir(project.path()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), stderr.as_ref()), (Some(0), ""), "{arguments}");
    }
}

#[test]
fn quiet_leaves_results_and_errors() {
    let project = Project::new().variable("DOCUTHINKER_REGON", "eu-west-1");
    let usual = project.run(["list"]);
    assert!(usual.stderr.contains("did you mean `DOCUTHINKER_REGION`?"), "{usual}");
    let quiet = project.run(["list", "--quiet"]);
    assert_eq!((quiet.stdout, quiet.stderr.as_str()), (usual.stdout, ""));
}
