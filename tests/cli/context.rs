//! Every command of ours that a message names has the options of the run: which environment, which AWS. Each run of the
//! command in these tests is held against that; and nothing is written past the one place that adds them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The options that say which settings are meant, and those that say which AWS is.
const SETTINGS: [&str; 6] = ["-e", "--env", "-c", "--context", "--config", "--set"];
const AWS: [&str; 4] = ["--local", "--profile", "--region", "--endpoint-url"];

/// The commands that need no AWS, those that need nothing of the kind, and all others.
const WITHOUT_AWS: &str = "config list synth validate";
const WITHOUT_ALL: &str = "ci completions init local";
const OTHERS: &str = "backup bootstrap cancel deploy destroy diagnose diff doctor drift events exec failover iam-policy \
                      images import logs outputs redeploy restore rollback scale secrets status watch";

/// The commands whose results are not our words, or commands with what each of them needs.
const FOREIGN: [&str; 10] =
    ["ci", "completions", "config", "diff", "exec", "iam-policy", "init", "logs", "restore", "synth"];

/// Holds what a finished command wrote against it.
#[track_caller]
pub(crate) fn hold(command: &Command, stdout: &[u8], stderr: &[u8]) {
    if command.get_program() == env!("CARGO_BIN_EXE_docuthinker") {
        let arguments: Vec<String> =
            command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        hold_arguments(&arguments, stdout, stderr);
    }
}

/// As [`hold`], for a command that was called with these arguments.
#[track_caller]
pub(crate) fn hold_arguments(arguments: &[String], stdout: &[u8], stderr: &[u8]) {
    let names: Vec<&str> = arguments.iter().filter_map(|argument| argument.split('=').next()).collect();
    let given = |options: &[&'static str]| -> Vec<&str> {
        options.iter().copied().filter(|option| names.contains(option)).collect()
    };
    let (settings, aws) = (given(&SETTINGS), given(&AWS));
    // What `init` begins has its options in its files.
    if !given(&["--help", "-h", "init"]).is_empty() {
        return;
    }
    let foreign = !given(&FOREIGN).is_empty();
    for written in [stdout, stderr].into_iter().skip(usize::from(foreign)) {
        let written = String::from_utf8_lossy(written);
        for told in bare(&written) {
            let needed = match name(told) {
                name if is_in(WITHOUT_ALL, name) => Vec::new(),
                _ if told.contains("--template ") => Vec::new(),
                name if is_in(WITHOUT_AWS, name) => settings.clone(),
                _ => [settings.clone(), aws.clone()].concat(),
            };
            let own: Vec<&str> = told.split([' ', '=']).collect();
            let lacks: Vec<&&str> = needed.iter().filter(|option| !own.contains(*option)).collect();
            assert!(
                lacks.is_empty(),
                "{arguments:?} names `docuthinker {told}` without {lacks:?}:\n{written}"
            );
        }
    }
}

/// The commands of ours that a text names without an option in front of them, each with its arguments.
fn bare(text: &str) -> impl Iterator<Item = &str> {
    let named = text.split("docuthinker ").skip(1).filter_map(|rest| rest.split(['`', '\n']).next());
    named.filter(|told| !told.starts_with("validate --list") && is_command(name(told)))
}

/// The name of a command at the beginning of a text.
fn name(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_lowercase() && c != '-').next().unwrap_or_default()
}

fn is_command(name: &str) -> bool {
    [WITHOUT_AWS, WITHOUT_ALL, OTHERS].iter().any(|names| is_in(names, name))
}

fn is_in(names: &str, name: &str) -> bool {
    names.split_whitespace().any(|one| one == name)
}

#[test]
fn what_is_told_is_held_against_the_options_of_the_run() {
    let fails = |arguments: &str, told: &str| {
        let arguments: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
        std::panic::catch_unwind(|| hold_arguments(&arguments, b"", told.as_bytes())).is_err()
    };
    assert!(fails("-e dev status", "hint: docuthinker deploy S"));
    assert!(fails("status --region=eu-west-1", "hint: docuthinker deploy S"));
    assert!(!fails("-e dev status", "hint: docuthinker -e dev deploy S"));
    assert!(!fails("status", "hint: docuthinker deploy S"));
    assert!(!fails("status --local", "hint: docuthinker synth S"));
    assert!(fails("status -c env=dev", "hint: docuthinker synth S"));
}

/// Where our own code is that runs for a user, each file with its text up to its tests.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = ["src", "cloud/src"].map(|folder| root.join(folder)).to_vec();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
                let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                found.push((name, text));
            }
        }
    }
    found.sort();
    found
}

/// What only some files may do, since the options are added on the way that the others take.
const PAST_IT: &[(&str, &[(&str, &str)])] = &[
    (
        "result_as_it_is(",
        &[
            ("src/printer.rs", "is it"),
            ("src/commands/ci.rs", "a file of a CI system"),
            ("src/commands/completions.rs", "a script"),
            ("src/commands/config.rs", "settings and their schema"),
            ("src/commands/deploy.rs", "values of outputs"),
            ("src/commands/diff/form.rs", "adds them to our words, and not to what templates say"),
            ("src/commands/iam_policy.rs", "a policy"),
            ("src/commands/import/vpc.rs", "settings"),
            ("src/commands/outputs.rs", "values of outputs"),
            ("src/commands/restore.rs", "commands with what each stack needs"),
            ("src/commands/status.rs", "adds them before it breaks lines"),
            ("src/commands/synth.rs", "a template"),
            ("src/commands/validate.rs", "reports in forms of others"),
        ],
    ),
    (
        "result_is_read(",
        &[
            ("src/printer.rs", "is it"),
            ("src/commands/logs/show.rs", "what services write"),
            ("src/commands/status/watch.rs", "adds them before"),
        ],
    ),
    (
        "environment_option()",
        &[
            ("src/cli.rs", "is it"),
            ("src/commands/init.rs", "refuses it"),
            ("src/session.rs", "refuses it"),
            ("src/commands/diff/comparison.rs", "tells others what was compared"),
            ("src/commands/restore/steps.rs", "commands with what each stack needs"),
        ],
    ),
];

#[test]
fn only_a_few_files_write_past_the_place_that_adds_the_options() {
    let sources = sources();
    assert!(sources.len() > 200, "{}", sources.len());
    for (call, known) in PAST_IT {
        let callers: BTreeSet<&str> =
            sources.iter().filter(|(_, text)| text.contains(call)).map(|(name, _)| name.as_str()).collect();
        let known: BTreeSet<&str> = known.iter().map(|(name, _)| *name).collect();
        assert_eq!(callers, known, "`{call}`: whoever adds a file says why it needs no options of the run");
    }
}

/// What follows the name of the program where no command is meant.
const NO_COMMAND: &[(&str, &str)] = &[
    ("cloud/src/bootstrap.rs", "puts"),
    ("cloud/src/secrets.rs", "leaves"),
    ("src/commands/init/settings.rs", "chooses"),
    ("src/rules/without_guard.rs", "with"),
];

/// A command with a misspelt name, or with an option in front that the printer does not know, would stay as it is.
#[test]
fn commands_are_named_as_the_printer_finds_them() {
    for (file, text) in sources() {
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for rest in line.split("docuthinker ").skip(1) {
                let own = rest.strip_prefix("-e ").and_then(|rest| Some(rest.split_once(' ')?.1));
                let rest = own.unwrap_or(rest);
                let word = name(rest);
                let known =
                    is_command(word) || word.is_empty() || NO_COMMAND.contains(&(file.as_str(), word));
                assert!(known, "{file}: `docuthinker {word}` is no command of ours: {line}");
            }
        }
    }
}
