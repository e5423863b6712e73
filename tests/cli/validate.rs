//! Findings in templates: all at once, with their places, and an exit code.

use insta::assert_snapshot;

use crate::project::Project;

#[test]
fn the_project_is_sound() {
    assert_snapshot!(Project::new().run(["validate"]), @r"
    exit: 0
    --- stdout ---
    2 templates: no errors, no warnings, 2 allowed
    ");
    assert_snapshot!(Project::new().run(["validate", "fargate-service", "--output", "json"]), @r#"
    exit: 0
    --- stdout ---
    {
      "version": 1,
      "templates": 1,
      "errors": 0,
      "warnings": 0,
      "findings": [],
      "allowed": [
        {
          "severity": "warning",
          "code": "DT080",
          "message": "the internet-facing `Alb` forwards plain HTTP, and nothing offers HTTPS",
          "at": [
            "fargate-service/Alb/Listener80 (stacks/src/portable.rs:41)",
            "fargate-service (Resources.AlbListener80.Properties.DefaultActions[0])"
          ],
          "hint": "redirect to HTTPS here, and forward from a listener on port 443 with a certificate",
          "template": "fargate-service",
          "path": "Resources.AlbListener80.Properties.DefaultActions[0]",
          "construct": "fargate-service/Alb/Listener80",
          "file": "stacks/src/portable.rs",
          "line": 41,
          "reason": "no certificate is configured"
        },
        {
          "severity": "warning",
          "code": "DT080",
          "message": "the internet-facing `Alb` forwards plain HTTP, and nothing offers HTTPS",
          "at": [
            "fargate-service/Alb/Listener8080 (stacks/src/portable.rs:42)",
            "fargate-service (Resources.AlbListener8080.Properties.DefaultActions[0])"
          ],
          "hint": "redirect to HTTPS here, and forward from a listener on port 443 with a certificate",
          "template": "fargate-service",
          "path": "Resources.AlbListener8080.Properties.DefaultActions[0]",
          "construct": "fargate-service/Alb/Listener8080",
          "file": "stacks/src/portable.rs",
          "line": 42,
          "reason": "no certificate is configured"
        }
      ]
    }
    "#);
}

// R231
#[test]
fn everything_that_is_wrong_with_a_file_is_shown_with_its_place() {
    let project = Project::new();
    project.write(
        "broken.yaml",
        "\
Parameters:
  Unused:
    Type: String
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlok: 10.0.0.0/16
  First:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: !Ref Second
  Second:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: !GetAtt First.GroupId
      VpcId: !Ref Vpcc
",
    );
    assert_snapshot!(project.run(["validate", "--template", "broken.yaml"]), @r"
    exit: 3
    --- stdout ---
    warning[DT023]: nothing uses the parameter `Unused`
      at broken.yaml:2:3 (Parameters.Unused)
        |
      1 | Parameters:
      2 |   Unused:
        |   ^^^^^^

    hint: remove it

    error[DT005]: AWS::EC2::VPC has no property `CidrBlok`
      at broken.yaml:8:7 (Resources.Vpc.Properties.CidrBlok)
        |
      7 |     Properties:
      8 |       CidrBlok: 10.0.0.0/16
        |       ^^^^^^^^

    hint: did you mean `CidrBlock`?

    error[DT002]: these need one another in a circle: First → Second → First
      at broken.yaml:12:7 (Resources.First.Properties.GroupDescription)
         |
      11 |     Properties:
      12 |       GroupDescription: !Ref Second
         |       ^^^^^^^^^^^^^^^^

    hint: take the rule for `First` out of `Second` and make it an `AWS::EC2::SecurityGroupIngress` with `GroupId: !GetAtt Second.GroupId`

    error[DT001]: there is no resource or parameter `Vpcc`
      at broken.yaml:17:7 (Resources.Second.Properties.VpcId)
         |
      16 |       GroupDescription: !GetAtt First.GroupId
      17 |       VpcId: !Ref Vpcc
         |       ^^^^^

    hint: did you mean `Vpc`?

    1 template: 3 errors, 1 warning
    ");
    let json = project.run(["validate", "--template", "broken.yaml", "--output", "json"]);
    assert_eq!(json.code, Some(3));
    let view: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((view["version"].as_i64(), view["warnings"].as_i64()), (Some(1), Some(1)), "{json}");
}

#[test]
fn a_file_that_is_no_template_is_refused() {
    let project = Project::new();
    project.write("unclosed.json", "{\"Resources\": {\n  \"A\": [}\n");
    assert_snapshot!(project.run(["validate", "--template", "unclosed.json"]), @r#"
    exit: 3
    --- stdout ---
    error: expected a value
      at unclosed.json:2:9 (Resources.A[0])
        |
      1 | {"Resources": {
      2 |   "A": [}
        |         ^

    hint: text of JSON is in double quotes

    1 template: 1 error, no warnings
    "#);
    project.write("deep.json", "[".repeat(100_000));
    let deep = project.run(["validate", "--template", "deep.json"]);
    assert_eq!(deep.code, Some(3), "{}", deep.stderr.chars().take(500).collect::<String>());
    assert_snapshot!(project.run(["validate", "--template", "missing.yaml"]), @"
    exit: 3
    --- stdout ---
    error: cannot read the template file `missing.yaml`: no such file or directory

    1 template: 1 error, no warnings
    ");
}

#[test]
fn mistakes_in_the_code_name_the_setting_that_caused_them() {
    let project = Project::with_config(
        "defaults:\n  backend:\n    memory: 8192\n  network:\n    cidr: 10.0.300.0/16\n",
    );
    assert_snapshot!(project.run(["validate"]), @r"
    exit: 3
    --- stdout ---
    error[DC010]: `10.0.300.0/16` is not a CIDR block
      at docuthinker.yaml:5:5 (network.cidr)

    hint: write an IPv4 address and a prefix length, for example `10.0.0.0/16`

    error[DC010]: 512 CPU units do not go with 8192 MiB of memory
      at docuthinker.yaml:3:5 (backend.memory)

    hint: with 512 CPU units, choose one of 1024, 2048, 3072, 4096 MiB

    2 templates: 2 errors, no warnings
    ");
}

#[test]
fn a_mistake_of_form_is_told_beside_all_others_and_explained() {
    let project = Project::new();
    project.write(
        "t.yaml",
        "Resources:\n  Vpc:\n    Properties: {CidrBlock: 10.0.0.0/16}\n  Topic:\n    Type: AWS::SNS::Topic\n    Propertie:\n      \
         Password: hunter2\n",
    );
    let outcome = project.run(["validate", "--template", "t.yaml"]);
    assert!(!outcome.stdout.contains("hunter2"), "{outcome}");
    for line in [
        "error[DT141]: a resource needs `Type`\n  at t.yaml:2:3 (Resources.Vpc)\n",
        "error[DT141]: unknown attribute of a resource `Propertie`\n  at t.yaml:6:5 (Resources.Topic.Propertie)\n",
        "error[DT005]: AWS::SNS::Topic has no property `Password`\n  at t.yaml:7:7 (Resources.Topic.Properties.Password)\n",
        "1 template: 3 errors, no warnings\n",
    ] {
        assert!(outcome.stdout.contains(line), "{line}{outcome}");
    }
    assert!(project.run(["validate", "--explain", "DT141"]).success().contains("missing from one"));
}

#[test]
fn what_is_found_in_a_template_of_the_cdk_names_the_construct() {
    let project = Project::new();
    project.write(
        "t.yaml",
        "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {Colour: red}\n    Metadata: {'aws:cdk:path': \
         App/News/Topic/Resource}\n",
    );
    let text = project.run(["validate", "--template", "t.yaml"]).stdout;
    let places = "at t.yaml:4:18 (Resources.Topic.Properties.Colour)\n  at App/News/Topic/Resource\n";
    assert!(text.contains(places), "{text}");
    let json = project.run(["validate", "--template", "t.yaml", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["findings"][0]["construct"], "App/News/Topic/Resource");
}
