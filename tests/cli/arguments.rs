//! What can be asked of `validate` beside a report, and options that have no effect together.

use insta::assert_snapshot;

use crate::project::Project;
use crate::report::{BOTH, with};

#[test]
fn a_template_may_come_on_stdin() {
    let project = Project::new();
    project.write("t.yaml", BOTH);
    let piped = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        let file = std::fs::File::open(project.path().join("t.yaml")).unwrap();
        project.outcome(command.stdin(file).output().unwrap())
    };
    let found = piped(&["validate", "--template", "-"]);
    assert_eq!(found.code, Some(3), "{found}");
    assert!(found.stdout.contains("  at stdin:5:7 (Resources.Vpc.Properties.CidrBlok)\n"), "{found}");
    assert_eq!(piped(&["diff", "--template", "-", "--against", "t.yaml", "--no-validate"]).code, Some(0));
    assert_eq!(piped(&["iam-policy", "--template", "-", "--stack-name", "T"]).code, Some(0));
    for twice in [&["validate", "--template", "-", "-"][..], &["diff", "--template", "-", "--against", "-"]] {
        let twice = piped(twice);
        assert_eq!(twice.code, Some(2), "{twice}");
        assert!(twice.stderr.starts_with("error: stdin is named more than once\n"), "{twice}");
    }
}

#[test]
fn an_option_without_effect_is_refused() {
    let project = with("t.yaml", BOTH);
    for (arguments, expected) in [
        (
            &["--template", "t.yaml", "--set", "name=x"][..],
            "error: `--set name` has no effect with `--template`\n",
        ),
        (&["--template", "t.yaml", "-e", "dev"], "error: `-e dev` has no effect with `--template`\n"),
        (&["--format", "text", "--output", "json"], "{\"code\":\"usage/format\""),
    ] {
        let refused = project.run(["validate"].iter().chain(arguments));
        assert_eq!(refused.code, Some(2), "{refused}");
        assert!(refused.stderr.contains(expected.trim_start_matches('{')), "{refused}");
    }
    let part = project.run(["iam-policy", "--part", "1", "--output", "json"]);
    assert_eq!(part.code, Some(2), "{part}");
}

#[test]
fn a_rule_is_explained_by_its_code() {
    let project = Project::new();
    let page = project.run(["validate", "--explain", "dt30"]).success();
    for part in [
        "DT030 (warning): An image without a fixed version\n",
        "Source: ",
        "It is found here:\n\n    Resources:",
    ] {
        assert!(page.contains(part), "{page}");
    }
    let json = project.run(["validate", "--explain", "DT030", "--output", "json"]).json();
    assert_eq!((json["code"].as_str(), json["severity"].as_str()), (Some("DT030"), Some("warning")));
    assert_snapshot!(project.run(["validate", "--explain", "DC010"]), @r"
    exit: 2
    --- stderr ---
    error: `DC010` has no page

    hint: codes with `DC` are mistakes in the code of a stack; each says all there is where it is found
    ");
    assert_snapshot!(project.run(["validate", "--explain", "nonsense"]), @r"
    exit: 2
    --- stderr ---
    error: no rule has the code `nonsense`

    hint: `docuthinker validate --list` names all rules
    ");
    let near = project.run(["validate", "--explain", "DTX30"]).stderr;
    assert!(near.contains("did you mean `DT") && near.contains("`docuthinker validate --list`"), "{near}");
}

#[test]
fn all_rules_are_listed_with_their_codes() {
    let project = Project::new();
    let list = project.run(["validate", "--list"]).success();
    assert!(list.contains("DT030  warning  An image without a fixed version\n"), "{list}");
    let json = project.run(["validate", "--list", "--output", "json"]).json();
    assert_eq!(json["rules"].as_array().unwrap().len(), list.lines().count());
}
