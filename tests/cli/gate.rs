//! Templates are checked before `synth`, `diff` and `deploy` go on.

use insta::assert_snapshot;

use crate::project::Project;
use crate::report::{BOTH, WARNING, with};

#[test]
fn errors_stop_synth_and_diff_and_what_is_skipped_is_said() {
    let project = with("t.yaml", BOTH);
    let diff = ["diff", "--template", "t.yaml", "--against", "t.yaml"];
    assert_snapshot!(project.run(diff), @r"
    exit: 3
    --- stderr ---
    error[DT005]: AWS::EC2::VPC has no property `CidrBlok`
      at t.yaml:5:7 (Resources.Vpc.Properties.CidrBlok)
        |
      4 |     Properties:
      5 |       CidrBlok: 10.0.0.0/16
        |       ^^^^^^^^

    hint: did you mean `CidrBlock`?

    error: 1 template: 1 error, 1 warning; nothing was asked of AWS

    hint: `--no-validate` goes on without this check
    ");
    assert_snapshot!(project.run(diff.iter().chain(&["--no-validate"])), @r"
    exit: 0
    --- stdout ---
    t.yaml against t.yaml: no differences
    --- stderr ---
    validation skipped: types, values, references and rules of t.yaml not checked
    ");
    project.write("t.yaml", WARNING);
    assert_snapshot!(project.run(diff), @r"
    exit: 0
    --- stdout ---
    t.yaml against t.yaml: no differences
    --- stderr ---
    warning: the template has 1 warning

    hint: `docuthinker validate --template t.yaml` shows them
    ");
    let synth = project.run(["synth", "--no-validate"]);
    assert_eq!(
        synth.stderr,
        "validation skipped: types, values, references and rules of DocuThinkerFoundation, DocuThinkerStack not checked\n"
    );
}

#[cfg(feature = "aws")]
#[test]
fn errors_stop_a_deployment_before_aws_is_asked() {
    let project = with("t.yaml", BOTH);
    let deploy = [
        "deploy",
        "--template",
        "t.yaml",
        "--stack-name",
        "T",
        "--yes",
        "--region",
        "eu-west-1",
        "--endpoint-url",
        "http://127.0.0.1:9",
    ];
    let refused = project.run(deploy);
    assert_eq!(refused.code, Some(3), "{refused}");
    assert_eq!(refused.stderr, project.run(["diff", "--template", "t.yaml", "--stack-name", "T"]).stderr);
    let skipped = project.run(deploy.iter().chain(&["--no-validate", "--timeout", "1s"]));
    assert!(
        skipped
            .stderr
            .starts_with("validation skipped: types, values, references and rules of t.yaml not checked\n"),
        "{skipped}"
    );
    assert_ne!(skipped.code, Some(3), "it went on to AWS: {skipped}");
}

#[test]
fn what_synth_refuses_is_what_validate_finds() {
    let unused = "validate:\n  deny_warnings: true\n  allow:\n    - {code: DT005, reason: x}\n";
    let project = Project::with_config(unused);
    assert_eq!(project.run(["validate"]).code, Some(3));
    let synth = project.run(["synth"]);
    assert_eq!(synth.code, Some(3), "{synth}");
    assert!(
        synth.stderr.contains("suppresses nothing") && synth.stderr.contains("; nothing was written\n"),
        "{synth}"
    );
    for one in [["validate", "DocuThinkerStack"], ["synth", "DocuThinkerStack"]] {
        assert_eq!(project.run(one).code, Some(0), "the allowance may be for the other stack");
    }
}
