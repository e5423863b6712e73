//! Files that are no templates: each is one clear error at its place, with the documented exit code, and soon.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::project::{Outcome, Project};

/// What `validate` says of a file with these bytes.
#[track_caller]
fn validated(name: &str, bytes: impl AsRef<[u8]>) -> Outcome {
    let project = Project::new();
    project.write(name, bytes);
    refused(&project, name)
}

/// What `validate` says of what must be refused. The form for programs and the commands that read a template too refuse
/// it in the same words.
#[track_caller]
fn refused(project: &Project, name: &str) -> Outcome {
    let begun = Instant::now();
    let outcome = project.run(["validate", "--template", name]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(3), ""), "{outcome}");
    let first = outcome.stdout.lines().next().unwrap_or_default().to_owned();
    for format in ["json", "sarif", "github"] {
        let written = project.run(["validate", "--template", name, "--format", format]);
        assert_eq!(written.code, Some(3), "{written}");
        assert_eq!(format == "github", serde_json::from_str::<serde_json::Value>(&written.stdout).is_err());
    }
    let said = first.split_once(": ").map_or(first.as_str(), |(_, said)| said).to_owned();
    for command in
        [&["cost", "--template", name][..], &["iam-policy", "--template", name, "--stack-name", "A"]]
    {
        let other = project.run(command);
        assert_eq!((other.code, other.stdout.as_str()), (Some(3), ""), "{other}");
        assert!(other.stderr.contains(&said), "{said}: {other}");
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    outcome
}

#[track_caller]
fn says(outcome: &Outcome, lines: &[&str]) {
    for line in lines {
        assert!(outcome.stdout.contains(line), "{line}: {outcome}");
    }
}

// I2
#[test]
fn malformed_templates_are_shown_at_their_place() {
    says(
        &validated("t.yaml", "Resources:\n  T: a: b\n"),
        &[
            "error: mapping values are not allowed in this context\n  at t.yaml:2:7 (Resources)\n",
            "  1 | Resources:\n  2 |   T: a: b\n    |       ^\n",
        ],
    );
    says(
        &validated("t.json", "{\"Resources\":\r\n  {\"T\": }}"),
        &[
            "error: expected a value\n  at t.json:2:9 (Resources.T)\n",
            "  1 | {\"Resources\":\n  2 |   {\"T\": }}\n    |         ^\n",
        ],
    );
    says(&validated("t.yaml", "Resources:\n\tT: {}\n"), &["at t.yaml:2:2", "hint: indent with spaces"]);
}

/// I2: behind a byte order mark the place is marked where an editor shows it; so it is where lines end otherwise.
#[test]
fn a_byte_order_mark_and_other_breaks_of_lines_move_no_mark() {
    says(
        &validated("t.yaml", "\u{feff}Resources: a: b\n"),
        &["  at t.yaml:1:13", "    |\n  1 | Resources: a: b\n    |             ^\n"],
    );
    says(
        &validated("t.json", "{\"Resources\":\r{\r\"T\": }}"),
        &["  at t.json:3:6 (Resources.T)\n    |\n  2 | {\n  3 | \"T\": }}\n    |      ^\n"],
    );
}

// I3, I4
#[test]
fn what_unfolds_or_nests_without_end_is_refused_soon() {
    let mut bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for n in 1..12 {
        let aliases = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb.extend([format!("a{n}: &a{n} [{aliases}]\n")]);
    }
    says(&validated("t.yaml", bomb), &["aliases"]);
    let deep = format!("{{\"Resources\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    says(
        &validated("t.json", &deep),
        &["error: the values are nested deeper than 128 levels\n  at t.json:1:142"],
    );
    says(
        &validated("t.yaml", "[".repeat(200_000)),
        &["error: the values are nested deeper than 64 levels\n"],
    );
}

/// I4: what is deployed may be nested in any way; `diff` takes a file for it here.
#[test]
fn a_deep_template_to_compare_with_is_refused() {
    let project = Project::new();
    project.write("t.yaml", "Resources: {T: {Type: AWS::SNS::Topic}}\n");
    project.write("deployed.json", format!("{{\"Resources\": {}", "{\"a\": ".repeat(100_000)));
    let outcome = project.run(["diff", "--template", "t.yaml", "--against", "deployed.json"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(3), ""), "{outcome}");
    assert!(outcome.stderr.starts_with("error: the values are nested deeper than 128 levels\n"), "{outcome}");
}

// I5
#[test]
fn a_template_must_be_a_regular_text_file_of_moderate_size() {
    let project = Project::new();
    fs::create_dir(project.path().join("t.yaml")).unwrap();
    says(&refused(&project, "t.yaml"), &["error: cannot read the template file `t.yaml`: it is a folder\n"]);
    says(&refused(&Project::new(), "t.yaml"), &["cannot read the template file `t.yaml`: no such file"]);
    says(
        &validated("t.yaml", vec![b'#'; 5 * 1024 * 1024]),
        &["the template file `t.yaml` is larger than 4 MiB\n"],
    );
    says(
        &validated("t.yaml", b"Resources:\n  \xff\xfe\n"),
        &["error: the template file `t.yaml` is not text: line 2 is not valid UTF-8\n"],
    );
    for nothing in ["", "\n", "# only a comment\n"] {
        says(&validated("t.yaml", nothing), &["error: the file is empty\n"]);
    }
    says(&validated("t.json", ""), &["error: the file is empty\n"]);
    let program = validated("t.yaml", b"\x7fELF\x02\x01\x01\0\0\0");
    says(&program, &["error: found unprintable character\n  at t.yaml:1:8\n", "1 | \\u{7f}ELF\\u{2}"]);
    assert!(!program.stdout.contains("hint: indent"), "{program}");
}

// I5
#[cfg(unix)]
#[test]
fn a_fifo_and_a_device_are_not_read_as_templates() {
    let project = Project::new();
    let made = Command::new("mkfifo").arg(project.path().join("t.yaml")).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo is part of every Unix");
    says(
        &refused(&project, "t.yaml"),
        &["cannot read the template file `t.yaml`: it is not a regular file\n"],
    );
    says(
        &refused(&project, "/dev/zero"),
        &["cannot read the template file `/dev/zero`: it is not a regular file\n"],
    );
}

/// I5: no more than what fits is read from a pipe, which need not end.
#[cfg(unix)]
#[test]
fn a_pipe_without_end_is_left() {
    let project = Project::new();
    let mut command = project.command(["validate", "--template", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let line = vec![b'#'; 64 * 1024];
    while pipe.write_all(&line).is_ok() {}
    let outcome = project.outcome(child.wait_with_output().unwrap());
    assert_eq!(outcome.code, Some(3), "{outcome}");
    says(&outcome, &["the template on stdin is larger than 4 MiB\n"]);
}

// I6
#[test]
fn a_key_that_stands_twice_in_a_template_is_an_error_at_the_second() {
    let outcome =
        validated("t.yaml", "Resources:\n  T: {Type: AWS::SNS::Topic}\n  T: {Type: AWS::SQS::Queue}\n");
    says(
        &outcome,
        &[
            "the key `T` is here twice; it stood at 2:3 already\n  at t.yaml:3:3 (Resources.T)\n",
            "  3 |   T: {Type: AWS::SQS::Queue}\n    |   ^",
        ],
    );
    let outcome = validated(
        "t.json",
        r#"{"Resources": {"T": {"Type": "AWS::SNS::Topic", "Type": "AWS::SQS::Queue"}}}"#,
    );
    says(&outcome, &["the key `Type` is here twice; it stood at 1:22 already\n  at t.json:1:49"]);
}

/// I7: what only one of the YAMLs takes for a number stays as it is written, so that an account keeps its leading zero.
#[test]
fn an_account_in_a_template_keeps_its_leading_zero() {
    let project = Project::new();
    let arn = "Fn::Join: [':', ['arn:aws:iam:', 012345678901, role/x]]";
    let task = format!(
        "Resources:\n  T:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      TaskRoleArn:\n        {arn}\n"
    );
    project.write("t.yaml", task);
    let policy = project.run(["iam-policy", "--template", "t.yaml", "--stack-name", "A"]).success();
    assert!(policy.contains("\"arn:aws:iam::012345678901:role/x\""), "{policy}");
}
