//! What the configuration file says about `validate`: what is allowed, and mistakes in it.

use insta::assert_snapshot;

use crate::project::Project;
use crate::report::{BOTH, CHECK, with};

#[test]
fn the_configuration_allows_findings_and_is_told_what_it_allows_for_nothing() {
    let project = with("t.yaml", BOTH);
    project.write(
        "docuthinker.yaml",
        "validate:
  allow:
    - {code: DT030, reason: a test, stack: t.yaml, resources: [Task]}
    - {code: DT005, reason: in another stack, stack: u.yaml}
    - {code: DT005, reason: in another environment, environment: dev}
    - {code: DT024, reason: gone, stack: t.yaml}
    - code: DT9999
      reason: misspelt
",
    );
    assert_snapshot!(project.run(CHECK), @r"
    exit: 3
    --- stdout ---
    warning[DT025]: the allowance of `DT024` suppresses nothing
      at docuthinker.yaml:6:7 (validate.allow[3])

    hint: remove it

    warning[DT026]: no rule has the code `DT9999`
      at docuthinker.yaml:7:7 (validate.allow[4])

    error[DT005]: AWS::EC2::VPC has no property `CidrBlok`
      at t.yaml:5:7 (Resources.Vpc.Properties.CidrBlok)
        |
      4 |     Properties:
      5 |       CidrBlok: 10.0.0.0/16
        |       ^^^^^^^^

    hint: did you mean `CidrBlock`?

    1 template: 1 error, 2 warnings, 1 allowed
    ");
    assert_snapshot!(project.run(CHECK.iter().chain(&["-e", "dev", "--verbose"])).stderr, @r"
    allowed: DT005 at t.yaml:5:7 (Resources.Vpc.Properties.CidrBlok): in another environment
    allowed: DT030 at t.yaml:11:11 (Resources.Task.Properties.ContainerDefinitions[0].Image): a test
    ");
}

#[test]
fn an_allowance_for_the_project_is_reported_when_all_stacks_were_looked_at() {
    let project = Project::with_config("validate:\n  allow:\n    - code: DT005\n      reason: not needed\n");
    assert_snapshot!(project.run(["validate"]), @r"
    exit: 0
    --- stdout ---
    warning[DT025]: the allowance of `DT005` suppresses nothing
      at docuthinker.yaml:3:7 (validate.allow[0])

    hint: remove it

    2 templates: no errors, 1 warning, 2 allowed
    ");
    let broken = project.run(["validate", "--set", "backend.memory=8192"]);
    assert!(broken.stdout.ends_with("2 templates: 1 error, no warnings\n"), "{broken}");
    let one = project.run(["validate", "DocuThinkerFoundation"]);
    assert!(one.stdout.ends_with("1 template: no errors, no warnings\n"), "{one}");
}

#[test]
fn the_section_of_the_configuration_is_checked_and_explained() {
    let project = Project::with_config("validate:\n  deny_warning: true\n  allow:\n    - code: DT030\n");
    assert_snapshot!(project.run(["validate"]), @r"
    exit: 3
    --- stderr ---
    error: unknown key `deny_warning`
      at docuthinker.yaml:2:3 (validate.deny_warning)

    hint: did you mean `deny_warnings`?
    ");
    project.write("docuthinker.yaml", "validate:\n  allow:\n    - code: DT030\n");
    assert_snapshot!(project.run(["validate"]), @r"
    exit: 3
    --- stderr ---
    error: an allowance needs `reason`
      at docuthinker.yaml:3:7 (validate.allow.0)

    hint: say in a few words why the finding does no harm: `reason: …`
    ");
    project.write("docuthinker.yaml", "validate:\n  allow:\n    - {code: DT030, reason: ' '}\n");
    assert_snapshot!(project.run(["validate"]), @r"
    exit: 3
    --- stderr ---
    error: the `reason` of an allowance is empty
      at docuthinker.yaml:3:21 (validate.allow.0.reason)

    hint: say in a few words why the finding does no harm: `reason: …`
    ");
    project.write("docuthinker.yaml", "validate:\n  deny_warnings: true\n");
    assert_snapshot!(project.run(["config", "explain", "validate"]), @r"
    exit: 0
    --- stdout ---
    validate.deny_warnings = true  # docuthinker.yaml:2:3
    ");
}

#[test]
fn what_is_wrong_with_an_allowance_of_the_configuration_is_told_at_once() {
    let project = Project::with_config(
        "validate:
  allow:
    - {reason: a test, resources: []}
    - {code: DT030, reason: a test, environment: stagign}
",
    );
    assert_snapshot!(project.run(["validate"]), @r"
    exit: 3
    --- stderr ---
    error: an allowance needs `code`
      at docuthinker.yaml:3:7 (validate.allow.0)

    hint: name the rule whose findings are meant: `code: DT042`

    error: `resources` names no resource
      at docuthinker.yaml:3:24 (validate.allow.0.resources)

    hint: name the resources that it holds for, or remove the key to allow it everywhere

    error: no environment is named `stagign`
      at docuthinker.yaml:4:37 (validate.allow.1.environment)

    hint: did you mean `staging`?
    ");
    project.write("docuthinker.yaml", "validate:\n  allow:\n    - {code: DT030, reason: x, stack: DocuThinkerStak}\n    - {code: DT030, reason: x, stack: DocuThinkerStack-dev}\n");
    assert_snapshot!(project.run(["validate"]), @r"
    exit: 0
    --- stdout ---
    warning: no stack is named `DocuThinkerStak`
      at docuthinker.yaml:3:7 (validate.allow[0])

    hint: did you mean `DocuThinkerStack`?

    2 templates: no errors, 1 warning, 2 allowed
    ");
}
