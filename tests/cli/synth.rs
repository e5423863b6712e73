//! Templates from the command: which files, and always the same bytes.

use std::collections::BTreeMap;
use std::fs;

use crate::project::Project;

/// The files of a folder with their contents.
fn files(project: &Project, folder: &str) -> BTreeMap<String, String> {
    let entries = fs::read_dir(project.path().join(folder)).unwrap().map(Result::unwrap);
    let names = entries.map(|entry| entry.file_name().into_string().unwrap()).filter(|name| name != ".lock");
    names.map(|name| (name.clone(), project.read(&format!("{folder}/{name}")))).collect()
}

// R226
#[test]
fn writes_every_template_and_a_manifest_that_names_them() {
    let project = Project::new();
    let listed = project.run(["synth"]).success();
    let written = files(&project, "docuthinker.out");
    let expected: Vec<String> = listed.lines().map(|line| line.replace("docuthinker.out/", "")).collect();
    assert_eq!(expected.len(), written.len(), "{listed}");
    assert!(expected.iter().all(|name| written.contains_key(name)), "{listed}");
    let manifest: serde_json::Value = serde_json::from_str(&written["manifest.json"]).unwrap();
    assert_eq!(manifest["version"], 1);
    for stack in manifest["stacks"].as_array().unwrap() {
        assert!(written.contains_key(stack["template"].as_str().unwrap()), "{stack}");
    }
}

#[test]
fn a_named_stack_goes_to_stdout_and_nothing_to_disk() {
    let project = Project::new();
    let outcome = project.run(["synth", "DocuThinkerStack"]);
    assert_eq!(outcome.stderr, "");
    assert!(outcome.stdout.starts_with("AWSTemplateFormatVersion: \"2010-09-09\"\n"));
    let json = project.run(["synth", "DocuThinkerStack", "--format", "json"]).json();
    assert_eq!(json["AWSTemplateFormatVersion"], "2010-09-09");
    assert_eq!(fs::read_dir(project.path()).unwrap().count(), 0);
}

#[test]
fn the_same_input_gives_the_same_bytes_everywhere() {
    let first = Project::new();
    first.run(["synth"]).success();
    let elsewhere = Project::new()
        .variable("LANG", "tr_TR.UTF-8")
        .variable("LC_ALL", "tr_TR.UTF-8")
        .variable("TZ", "Asia/Kathmandu")
        .variable("AWS_REGION", "eu-central-1");
    elsewhere.run(["synth"]).success();
    let again = Project::new();
    again.run(["synth"]).success();
    again.run(["synth"]).success();
    let files_of = |project| files(project, "docuthinker.out");
    assert_eq!(files_of(&first), files_of(&elsewhere));
    assert_eq!(files_of(&first), files_of(&again));
}

#[test]
fn templates_that_no_stack_has_any_more_are_removed_and_other_files_are_not() {
    let project = Project::new();
    project.run(["synth", "--format", "json"]).success();
    project.write("docuthinker.out/notes.txt", "mine");
    assert!(project.path().join("docuthinker.out/DocuThinkerStack.json").exists());
    project.run(["synth"]).success();
    assert!(!project.path().join("docuthinker.out/DocuThinkerStack.json").exists());
    assert_eq!(project.read("docuthinker.out/notes.txt"), "mine");
}

#[test]
fn a_manifest_from_elsewhere_cannot_make_us_remove_other_files() {
    let project = Project::new();
    project.write("precious", "mine");
    fs::create_dir(project.path().join("docuthinker.out")).unwrap();
    let row = r#"{"name":"a","stackName":"a","template":"../precious","dependsOn":[],"region":null,"account":null,"tags":{},"terminationProtection":false}"#;
    project.write(
        "docuthinker.out/manifest.json",
        format!(r#"{{"version":1,"environment":"prod","stacks":[{row}]}}"#),
    );
    project.run(["synth"]).success();
    assert_eq!(project.read("precious"), "mine");
}
