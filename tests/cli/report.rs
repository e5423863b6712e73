//! What `validate` finds, in the forms that people and programs read.

use insta::assert_snapshot;
use serde_json::Value;

use crate::project::Project;

/// A moving tag (DT030), which is a warning, and a property that does not exist (DT005).
pub(crate) const BOTH: &str = "\
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlok: 10.0.0.0/16
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: nginx:latest
          Memory: 512
          User: \"1000\"
          ReadonlyRootFilesystem: true
";

/// Only the warning.
pub(crate) const WARNING: &str = "\
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: nginx:latest
          Memory: 512
          User: \"1000\"
          ReadonlyRootFilesystem: true
";

/// A project with one file.
pub(crate) fn with(name: &str, text: &str) -> Project {
    let project = Project::new();
    project.write(name, text);
    project
}

/// Checks that file.
pub(crate) const CHECK: [&str; 3] = ["validate", "--template", "t.yaml"];

#[test]
fn github_is_told_in_the_form_of_annotations() {
    assert_snapshot!(with("t.yaml", BOTH).run(CHECK.iter().chain(&["--format", "github"])), @r"
    exit: 3
    --- stdout ---
    ::warning file=t.yaml,line=11,col=11,endColumn=15,title=DT030::the image `nginx:latest` has no fixed version%0Aat Resources.Task.Properties.ContainerDefinitions[0].Image%0Ahint: name a version or a digest: `repository:1.4.2`, `repository@sha256:…`
    ::error file=t.yaml,line=5,col=7,endColumn=14,title=DT005::AWS::EC2::VPC has no property `CidrBlok`%0Aat Resources.Vpc.Properties.CidrBlok%0Ahint: did you mean `CidrBlock`?
    1 template: 1 error, 1 warning
    ");
}

/// A report with an error, a warning, and something that is allowed.
fn sarif(project: &Project) -> Value {
    let outcome = project.run(["validate", "--template", "t.yaml", "u.yaml", "--format", "sarif"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(3), ""), "{outcome}");
    serde_json::from_str(&outcome.stdout).unwrap()
}

fn allowing(text: &str) -> String {
    format!("Metadata: {{docuthinker: {{allow: [{{code: DT030, reason: only a test}}]}}}}\n{text}")
}

/// What SARIF's schema says against a report.
fn against_the_schema(sarif: &Value) -> Vec<String> {
    // The pattern for a language has a bracket too many there, which not every engine takes for text.
    let schema = include_str!("../schemas/sarif-2.1.0.json").replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}\\\\]?$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(sarif).map(|error| error.to_string()).collect()
}

/// The results of a report that is as its schema wants it.
#[track_caller]
pub(crate) fn results_of_sarif(project: &Project, arguments: &[&str]) -> Vec<Value> {
    let outcome = project.run(arguments.iter().chain(&["--format", "sarif"]));
    let sarif: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome}"));
    let errors = against_the_schema(&sarif);
    assert!(errors.is_empty(), "{errors:#?}\n{sarif:#}");
    sarif["runs"][0]["results"].as_array().unwrap().clone()
}

#[test]
fn sarif_of_stacks_has_the_line_of_rust_and_its_reason() {
    let project = with("docuthinker.yaml", "validate:\n  allow:\n    - {code: DT005, reason: unused}\n");
    let results = results_of_sarif(&project, &["validate"]);
    let places = |result: &Value| result["locations"][0]["physicalLocation"].clone();
    let in_code = |result: &&Value| {
        let uri = places(result)["artifactLocation"]["uri"].as_str().unwrap_or_default().to_owned();
        uri.contains(".rs") && places(result)["region"]["startLine"].is_u64()
    };
    let allowed = results.iter().find(in_code).unwrap_or_else(|| panic!("{results:#?}"));
    assert!(allowed["suppressions"][0]["justification"].is_string(), "{allowed:#}");
    let unused = results.iter().find(|result| result["ruleId"] == "DT025").unwrap();
    assert_eq!(places(unused)["artifactLocation"]["uri"], "docuthinker.yaml", "{unused:#}");
}

#[test]
fn sarif_of_what_cannot_be_read_is_what_its_schema_wants() {
    let project = with("u.yaml", "Resources: [\n");
    project.write("t.yaml", BOTH);
    let results = results_of_sarif(&project, &["validate", "--template", "u.yaml", "t.yaml"]);
    assert_eq!(results.len(), 3, "{results:#?}");
    let wrong = with("docuthinker.yaml", "nothing: of this name\n");
    let outcome = wrong.run(["validate", "--format", "sarif"]);
    assert_ne!(outcome.code, Some(0), "{outcome}");
    assert!(outcome.stderr.contains("nothing"), "no report, but the mistake in the settings: {outcome}");
}

#[test]
fn sarif_is_what_its_schema_wants() {
    let project = with("t.yaml", BOTH);
    project.write("u.yaml", allowing(WARNING));
    let sarif = sarif(&project);
    let errors = against_the_schema(&sarif);
    assert!(errors.is_empty(), "{errors:#?}\n{sarif:#}");
    let mut wrong = sarif.clone();
    wrong["runs"][0]["results"][0]["level"] = Value::from("fatal");
    assert_ne!(against_the_schema(&wrong), [""; 0], "the schema is asked at all");
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    let codes: Vec<&str> = results.iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    assert_eq!(codes, ["DT030", "DT005", "DT030"]);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = &run["tool"]["driver"]["rules"][index];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(
            rule["helpUri"]
                .as_str()
                .unwrap()
                .ends_with(&format!("docs/rules.md#{}", rule["id"].as_str().unwrap().to_lowercase()))
        );
    }
    assert_eq!(results[1]["locations"][0]["physicalLocation"]["region"]["startLine"], 5);
    assert_eq!(results[2]["suppressions"][0]["justification"], "only a test");
}

#[test]
fn the_fingerprint_of_a_finding_stays_when_its_line_and_value_change() {
    let project = with("t.yaml", BOTH);
    project.write("u.yaml", WARNING);
    let of = |sarif: &Value| -> Vec<String> {
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        results.iter().map(|result| result["partialFingerprints"]["docuthinker/v1"].to_string()).collect()
    };
    let before = of(&sarif(&project));
    project.write("t.yaml", format!("# One line more.\n{}", BOTH.replace("nginx:latest", "redis:latest")));
    assert_eq!(of(&sarif(&project)), before);
    assert_eq!(before.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{before:?}");
}

#[test]
fn json_has_every_place_and_what_is_allowed_with_its_reason() {
    let project = with("t.yaml", &allowing(WARNING));
    let json = project.run(CHECK.iter().chain(&["--format", "json"])).json();
    assert_eq!(json, project.run(CHECK.iter().chain(&["--output", "json"])).json());
    assert_snapshot!(serde_json::to_string_pretty(&json).unwrap(), @r#"
    {
      "version": 1,
      "templates": 1,
      "errors": 0,
      "warnings": 0,
      "findings": [],
      "allowed": [
        {
          "severity": "warning",
          "code": "DT030",
          "message": "the image `nginx:latest` has no fixed version",
          "at": [
            "t.yaml:8:11 (Resources.Task.Properties.ContainerDefinitions[0].Image)"
          ],
          "excerpt": "  |\n7 |         - Name: web\n8 |           Image: nginx:latest\n  |           ^^^^^",
          "hint": "name a version or a digest: `repository:1.4.2`, `repository@sha256:…`",
          "template": "t.yaml",
          "path": "Resources.Task.Properties.ContainerDefinitions[0].Image",
          "file": "t.yaml",
          "line": 8,
          "column": 11,
          "endColumn": 16,
          "reason": "only a test"
        }
      ]
    }
    "#);
}

#[test]
fn warnings_pass_unless_they_are_denied() {
    let project = with("t.yaml", WARNING);
    let passes = project.run(CHECK);
    assert_eq!(passes.code, Some(0), "{passes}");
    let denied = project.run(CHECK.iter().chain(&["--deny", "warnings"]));
    assert_eq!(denied.code, Some(3), "{denied}");
    assert!(denied.stdout.ends_with("1 template: no errors, 1 warning (denied)\n"), "{denied}");
    project.write("docuthinker.yaml", "validate:\n  deny_warnings: true\n");
    assert_eq!(project.run(CHECK).code, Some(3));
}

#[test]
fn of_many_warnings_of_one_rule_the_first_are_shown() {
    let task = |number: usize| {
        format!(
            "  T{number}:\n    Type: AWS::ECS::TaskDefinition\n    Properties: {{ContainerDefinitions: [{{Name: a, Image: nginx}}]}}\n"
        )
    };
    let template = format!("Resources:\n{}", (0..8).map(task).collect::<String>());
    let project = with("t.yaml", &template);
    let shown = project.run(["validate", "--template", "t.yaml"]).success();
    let number = |text: &str| text.matches("warning[DT030]").count();
    assert_eq!(number(&shown), 3, "{shown}");
    assert!(shown.contains("and 5 more of DT030: T3, T4, T5, T6, T7 (`--all` shows each)\n"), "{shown}");
    assert_eq!(number(&project.run(["validate", "--template", "t.yaml", "--all"]).success()), 8);
    let json = project.run(["validate", "--template", "t.yaml", "--format", "json"]).json();
    assert_eq!(json["warnings"], json["findings"].as_array().unwrap().len());
}

#[test]
fn rules_of_guard_need_a_build_with_guard() {
    if cfg!(feature = "guard") {
        return;
    }
    assert_snapshot!(with("t.yaml", WARNING).run(CHECK.iter().chain(&["--rules", "team.guard"])), @"
    exit: 3
    --- stderr ---
    error: this build cannot read the rules in `team.guard`

    hint: build docuthinker with `--features guard`: cargo build --features guard
    ");
}

#[cfg(unix)]
#[test]
fn a_reader_of_a_report_may_go_away() {
    let project = with("t.yaml", BOTH);
    for format in ["text", "json", "sarif", "github"] {
        let script = format!(
            "'{}' validate --template t.yaml --format {format} | head -n 1",
            env!("CARGO_BIN_EXE_docuthinker")
        );
        let mut command = std::process::Command::new("bash");
        let output = command.args(["-c", &script]).current_dir(project.path()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
    }
}

#[test]
fn nothing_in_a_template_reaches_the_terminal_as_a_command() {
    let project = with("t.yaml", &BOTH.replace("CidrBlok:", "\"Cidr\\e]0;x\\aBlok\":"));
    for format in ["text", "github"] {
        let outcome = project.run(CHECK.iter().chain(&["--format", format]));
        assert!(!outcome.stdout.contains(['\u{1b}', '\u{7}']), "{outcome}");
        assert!(outcome.stdout.contains(r"\u{1b}"), "{outcome}");
    }
    let coloured = with("t.yaml", BOTH).run(CHECK.iter().chain(&["--color", "always", "--format", "sarif"]));
    assert!(!coloured.stdout.contains('\u{1b}'), "a report for programs has no colours");
}

/// S1, S5: a credential that was found must not come into the logs of whoever looks for it.
#[test]
fn a_credential_is_never_shown_in_any_form() {
    const KEY: &str = "AKIAQ3EGRBXJ7KLMNOPQ";
    let template = format!(
        "Resources:\n  Secret:\n    Type: AWS::SecretsManager::Secret\n    Properties:\n      SecretString: hunter2hunter2\n  \
         Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      ContainerDefinitions:\n        - Name: web\n          \
         Image: web:latest\n          Environment:\n            - {{Name: ACCESS, Value: {KEY}}}\n            - Name: \
         B\n              Value: {KEY}\n              Colour: red\n            - Name: PEM\n              Value: |\n                first\n                \
         {KEY}\n              Shade: red\n            - Name: TWO_PASSWORD\n              Value: \"hunter3 hunter3\n                \
         hunter4-more\"\n              Tint: red\n  Third:\n    Type: AWS::RDS::DBInstance\n    Properties: {{MasterUserPassword: \
         pw!pw!pw}}\n"
    );
    let project = Project::new();
    project.write("t.yaml", &template);
    for format in ["text", "json", "sarif", "github"] {
        let found = project.run(["validate", "--template", "t.yaml", "--format", format]);
        assert_eq!(found.code, Some(3), "{found}");
        assert!(found.stdout.contains("DT053") && found.stdout.contains("DT112"), "{found}");
        assert!(!found.stdout.contains(KEY) && !found.stdout.contains("hunter2"), "{found}");
        assert!(!found.stderr.contains(KEY) && !found.stderr.contains("hunter2"), "{found}");
    }
    let text = project.run(["validate", "--template", "t.yaml"]).stdout;
    for secret in ["hunter3", "hunter4", "pw!pw"] {
        assert!(!text.contains(secret), "{text}");
    }
    // The lines are there.
    assert!(
        text.contains("Value: ••••") && text.contains("Colour: red") && text.contains("Shade: red"),
        "{text}"
    );

    // Nor where the file cannot even be read.
    project.write("u.yaml", "Resources:\n  A:\n    Properties:\n      Password: hunter5\n     B: [\n");
    let unreadable = project.run(["validate", "--template", "u.yaml", "t.yaml", "--format", "sarif"]);
    assert!(!unreadable.stdout.contains("hunter5") && !unreadable.stderr.contains("hunter5"), "{unreadable}");
    assert!(
        unreadable.stdout.contains("template/unreadable") && unreadable.stdout.contains("DT053"),
        "{unreadable}"
    );
}
