//! The process in which Guard runs: it answers one question and shows nothing else.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::project::Project;

/// What `docuthinker __guard` does with this on stdin.
fn ask(question: &str) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_docuthinker"))
        .arg("__guard")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(question.as_bytes()).unwrap();
    process.wait_with_output().unwrap()
}

fn rules(text: &str) -> Output {
    let template =
        r#"{"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "x"}}}}"#;
    ask(&serde_json::json!({ "name": "rules", "rules": text, "template": template }).to_string())
}

#[test]
fn only_the_answer_is_on_stdout() {
    let answer = rules("rule a { Resources.*.Type == 'x'\n}");
    let stdout = String::from_utf8(answer.stdout).unwrap();
    let parsed: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert!(parsed["Ok"].as_str().unwrap().contains("/Resources/Queue/Type"), "{stdout}");
    assert_eq!((answer.status.code(), answer.stderr.len()), (Some(0), 0));
    let refused = rules("rule {");
    assert!(String::from_utf8(refused.stdout).unwrap().starts_with(r#"{"Err":""#));
}

/// If this fails because Guard has learned to refuse these, be glad and give the answer here.
#[test]
fn what_breaks_guard_ends_this_process_and_gives_no_answer() {
    for text in [
        "rule a { b\n}\nrule b { a\n}",
        "let a = %a\nrule b { %a exists\n}",
        "let a = Resources.*[ keys != 'A' ][ Type == 'x' ]\nrule b { %a exists\n}",
    ] {
        let broken = rules(text);
        assert!(!broken.status.success(), "{text}");
        assert_eq!(String::from_utf8(broken.stdout).unwrap(), "", "{text}");
    }
}

#[test]
fn what_is_no_question_is_refused() {
    assert_eq!(ask("hello").status.code(), Some(1));
    assert_eq!(ask("").status.code(), Some(1));
}

#[test]
fn what_a_rule_finds_has_its_name_as_code_and_can_be_allowed() {
    let project = Project::new();
    project.write(
        "t.yaml",
        "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties:\n      DelaySeconds: 9\n",
    );
    let rules =
        "rule queues_do_not_wait {\n  Resources.*.Properties.DelaySeconds < 5 <<too slow for us>>\n}\n";
    std::fs::create_dir(project.path().join("rules")).unwrap();
    project.write("rules/team.guard", rules);
    project.write("docuthinker.yaml", "validate:\n  rules: [rules]\n");
    let check = ["validate", "--template", "t.yaml"];
    insta::assert_snapshot!(project.run(check), @r"
    exit: 3
    --- stdout ---
    error[queues_do_not_wait]: too slow for us
      at t.yaml:5:7 (Resources.Queue.Properties.DelaySeconds)
        |
      4 |     Properties:
      5 |       DelaySeconds: 9
        |       ^^^^^^^^^^^^

    hint: `9` does not satisfy `< 5`; the rule is at rules/team.guard:2:45

    1 template: 1 error, no warnings
    ");
    project.write(
        "docuthinker.yaml",
        "validate:\n  rules: [rules]\n  allow: [{code: queues_do_not_wait, reason: a test}]\n",
    );
    let allowed = project.run(check);
    assert!(allowed.stdout.ends_with("no errors, no warnings, 1 allowed\n"), "{allowed}");
    project.write("rules/team.guard", "rule {");
    insta::assert_snapshot!(project.run(check), @r"
    exit: 3
    --- stderr ---
    error: the rules cannot be read from here on
      at rules/team.guard:1:6
        |
      1 | rule {
        |      ^

    hint: the language of rules is described at https://docs.aws.amazon.com/cfn-guard/latest/ug/writing-rules.html
    ");
}

#[test]
fn what_a_rule_finds_stops_synthesis_and_is_in_every_report() {
    let project = Project::new();
    project.write(
        "team.guard",
        "rule no_clusters {\n  Resources.*.Type != 'AWS::ECS::Cluster' <<not here>>\n}\n",
    );
    project.write("docuthinker.yaml", "validate:\n  rules: [team.guard]\n");
    let refused = project.run(["synth", "--out", "out"]);
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("error[no_clusters]: not here"), "{refused}");
    assert!(
        refused.stderr.contains("nothing was written") && !project.path().join("out").exists(),
        "{refused}"
    );
    let results = crate::report::results_of_sarif(&project, &["validate"]);
    assert!(results.iter().any(|result| result["ruleId"] == "no_clusters"), "{results:#?}");
    let found = project.run(["validate", "--output", "json"]);
    let json: serde_json::Value = serde_json::from_str(&found.stdout).unwrap_or_else(|_| panic!("{found}"));
    assert_eq!(json["findings"][0]["code"], "no_clusters", "{json:#}");
}
