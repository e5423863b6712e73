//! What the commands write as JSON is what `schemas/` says: every run of the command in these tests is held against it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::project::Project;

/// The commands without a schema of their own name: the schema that they have instead, or why they have none.
const OTHERS: &[(&str, Form)] = &[
    ("cancel", Form::Schema("operation")),
    ("completions", Form::None("writes a script for a shell")),
    ("exec", Form::None("opens a terminal in a container")),
    ("help", Form::None("is text for people")),
    ("watch", Form::Schema("operation")),
];

/// What a command writes for programs.
#[derive(Clone, Copy)]
enum Form {
    /// What this schema says.
    Schema(&'static str),
    /// Nothing, for this reason.
    None(&'static str),
}

/// The file of a schema.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{name}-1.json"))
}

/// The schema of what the command writes that was called with these arguments, if it was to write JSON that has one.
fn schema_of(arguments: &[&str]) -> Option<PathBuf> {
    let has = |wanted: &str| arguments.contains(&wanted);
    let value_of = |option: &str| {
        let next = arguments.iter().position(|one| *one == option).and_then(|at| arguments.get(at + 1));
        next.copied().or_else(|| arguments.iter().find_map(|one| one.strip_prefix(option)?.strip_prefix('=')))
    };
    let known = |name: &&&str| {
        OTHERS.iter().any(|(other, _)| other == *name)
            || (!name.contains('-') || **name == "iam-policy") && file(name).exists()
    };
    let command = *arguments.iter().find(known)?;
    let own_format = matches!(command, "validate" | "diff") && value_of("--format") == Some("json");
    let lines = command == "logs" && has("--json");
    if value_of("--output") != Some("json") && !own_format && !lines {
        return None;
    }
    let service = has("--service");
    let name = match command {
        // A JSON Schema, which has a standard of its own.
        "config" if has("schema") => return None,
        "events" if has("--scaling") => "scaling",
        "events" if service => "deployments",
        "rollback" if !service => "operation",
        _ => match OTHERS.iter().find(|(other, _)| *other == command) {
            Some((_, Form::Schema(name))) => name,
            Some((_, Form::None(_))) => return None,
            None => command,
        },
    };
    Some(file(name))
}

/// Holds what a finished command wrote to stdout against its schema.
#[track_caller]
pub(crate) fn hold(command: &Command, stdout: &[u8]) {
    if command.get_program() == env!("CARGO_BIN_EXE_docuthinker") {
        let arguments: Vec<String> =
            command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        hold_arguments(&arguments, stdout);
    }
}

/// As [`hold`], for a command that was called with these arguments.
#[track_caller]
pub(crate) fn hold_arguments(arguments: &[String], stdout: &[u8]) {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some(file) = schema_of(&arguments) else { return };
    let schema: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for written in serde_json::Deserializer::from_slice(stdout).into_iter::<Value>() {
        let written = match written {
            Ok(written) => written,
            // It was stopped while it wrote.
            Err(error) if error.is_eof() => return,
            Err(error) => panic!("{arguments:?}: {error}: {}", String::from_utf8_lossy(stdout)),
        };
        // A template, which has a standard of its own.
        if written.get("version").is_none() && arguments.contains(&"synth") {
            return;
        }
        let errors: Vec<String> = validator
            .iter_errors(&written)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{arguments:?} against {}: {errors:#?}\n{written:#}", file.display());
    }
}

/// The commands that the help names.
fn commands() -> Vec<String> {
    let help = Project::new().run(["--help"]).success();
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let rows = list.lines().take_while(|line| line.starts_with("  "));
    rows.filter(|row| !row.starts_with("    "))
        .filter_map(|row| row.split_whitespace().next().map(str::to_owned))
        .collect()
}

#[test]
fn every_command_has_a_schema_for_its_json_or_a_reason_to_have_none() {
    let commands = commands();
    assert!(commands.len() > 8, "{commands:?}");
    let table = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/README.md")).unwrap();
    for command in &commands {
        let form = OTHERS.iter().find(|(name, _)| name == command).map(|(_, form)| *form);
        let schema = match form {
            Some(Form::None(reason)) => {
                assert!(!reason.is_empty());
                continue;
            }
            Some(Form::Schema(name)) => name,
            None => command.as_str(),
        };
        assert!(file(schema).exists(), "`{command}` has no schema `schemas/{schema}-1.json`");
        assert!(
            table.contains(&format!("({schema}-1.json)")),
            "schemas/README.md does not name {schema}-1.json"
        );
    }
}

#[test]
fn every_schema_is_one_and_its_outputs_have_a_version() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    assert!(files.len() > 20, "{files:?}");
    for path in files {
        let schema: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert!(jsonschema::meta::is_valid(&schema), "{}", path.display());
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(schema["$id"].as_str().unwrap().ends_with(&format!("/schemas/{name}")), "{name}");
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert!(!validator.is_valid(&serde_json::json!({})), "{name} takes an output without a version");
        let text = schema.to_string();
        assert!(text.contains("\"version\":{") && text.contains("\"const\":1"), "{name} names no version");
    }
}

#[test]
fn what_is_written_is_held_against_the_schema_of_the_command() {
    let name = |arguments: &str| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        schema_of(&arguments).map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
    };
    assert_eq!(name("list --output json").as_deref(), Some("list-1.json"));
    assert_eq!(name("--output=json --env dev list").as_deref(), Some("list-1.json"));
    assert_eq!(name("events S --service api --output json").as_deref(), Some("deployments-1.json"));
    assert_eq!(name("events S --scaling --service api --output json").as_deref(), Some("scaling-1.json"));
    assert_eq!(name("rollback S --output json").as_deref(), Some("operation-1.json"));
    assert_eq!(name("validate --format json").as_deref(), Some("validate-1.json"));
    assert_eq!(name("validate --format sarif"), None);
    assert_eq!(name("list"), None);
    let other = std::panic::catch_unwind(|| {
        hold_arguments(&["list", "--output", "json"].map(str::to_owned), b"{ \"version\": 2 }");
    });
    assert!(other.is_err());
}
