//! `backup` and `restore` of a stack that somebody made from a YAML template, against the emulator.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::emulator::Emulator;

const TEMPLATE: &str = "\
# Somebody's own words.
Parameters:
  Name: {Type: String}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !Sub 'of ${Name}'
Outputs:
  Topic: {Value: !Ref Topic}
";

/// The text in a form of a browser.
fn encoded(text: &str) -> String {
    let sign = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(sign).collect()
}

// C-27, R211
#[test]
fn a_yaml_template_is_kept_as_it_was_written_and_its_stack_comes_back() {
    let emulator = Emulator::start();
    let project = &emulator.project;
    let parameter = "Parameters.member.1.ParameterKey=Name&Parameters.member.1.ParameterValue=it%27s%20two";
    let create = format!("CreateStack&StackName=Yaml&{parameter}&TemplateBody={}", encoded(TEMPLATE));
    emulator.query("cloudformation", "2010-05-15", &create, "StackId");
    project.run(["watch", "Yaml", "--local"]).success();
    project.run(["backup", "Yaml", "--local", "--out", "b"]).success();
    assert_eq!(project.read("b/Yaml/template.yaml"), TEMPLATE);
    let whole = project.run(["backup", "--check", "b", "--local"]).success();
    assert!(whole.ends_with("it is whole\n"), "{whole}");

    project.run(["destroy", "--stack-name", "Yaml", "--local", "--yes"]).success();
    let restore = ["restore", "b", "--local", "--output", "json"];
    let told = project.run(restore).json();
    let command = told["steps"][0]["commands"][0].as_str().unwrap();
    assert!(command.contains("--template b/Yaml/template.yaml --stack-name Yaml"), "{command}");
    let folder = Path::new(env!("CARGO_BIN_EXE_docuthinker")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = project.other("/bin/sh");
    let shell = shell.args(["-c", &format!("{command} --yes")]).env("PATH", path);
    project.outcome(shell.output().unwrap()).success();
    let told: Value = project.run(restore).json();
    assert_eq!(told["stacks"][0]["state"], "unchanged", "{told:#}");
    assert!(fs::exists(project.path().join("b/Yaml/parameters.json")).unwrap());
}
