//! The process in which Guard runs: it answers one question and shows nothing else.

use std::io::Write;
use std::process::{Command, Output, Stdio};

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
