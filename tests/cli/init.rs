//! The first files of a project: what they say, that they are never written over somebody's work, and that they work.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::project::{Outcome, Project};

fn init(project: &Project, arguments: &[&str]) -> Outcome {
    project.run([&["init", "--yes"], arguments].concat())
}

#[test]
fn the_first_file_explains_every_setting_and_changes_none() {
    let project = Project::new();
    let before = project.run(["config", "show"]).success();
    let written = init(&project, &[]);
    assert_eq!(written.code, Some(0), "{written}");
    assert_eq!(written.stdout, "docuthinker.yaml\n.gitignore\n");
    assert_eq!(project.run(["config", "show"]).success(), before);
    let file = project.read("docuthinker.yaml");
    assert_snapshot!("init", file);
    // What is switched off is what holds: without its marks it is the same again.
    let on: Vec<String> = file.lines().map(switched_on).collect();
    project.write("docuthinker.yaml", on.join("\n"));
    assert_eq!(project.run(["config", "show"]).success(), before);
}

/// A line without the `#` that switches a setting off; comments have a space after theirs.
fn switched_on(line: &str) -> String {
    let indent = line.len() - line.trim_start().len();
    match line.trim_start().strip_prefix('#') {
        // The last ones choose an environment of one's own.
        Some(rest) if rest.starts_with("environments") || rest.starts_with("  demo") => String::new(),
        Some(rest) if !line.trim_start().starts_with("# ") && !rest.starts_with(' ') => {
            format!("{}{rest}", &line[..indent])
        }
        // Deeper ones: two spaces, and never a comment.
        Some(rest) if rest.starts_with("  ") => format!("{}{rest}", &line[..indent]),
        _ => line.to_owned(),
    }
}

#[test]
fn what_is_known_already_is_written_down() {
    let project = Project::new();
    fs::create_dir_all(project.path().join("backend")).unwrap();
    project.write("backend/Dockerfile", "FROM node:22\nENV PORT=6000\nEXPOSE $PORT\n");
    let arguments = ["--region", "eu-central-1", "--from-dockerfiles", "backend", "--ci", "github"];
    let written = init(&project, &arguments);
    assert_eq!(written.code, Some(0), "{written}");
    let template = project.run(["synth", "DocuThinkerStack"]).success();
    assert!(template.contains("ContainerPort: 6000"), "{template}");
    assert!(project.read(".github/workflows/deploy.yml").contains("eu-central-1"));
    let shown = project.run(["config", "show", "--output", "json"]).success();
    assert!(shown.contains("\"region\": \"eu-central-1\""), "{shown}");
}

#[test]
fn what_a_dockerfile_does_not_tell_is_said_for_all_at_once() {
    let project = Project::new();
    for folder in ["backend", "ai_ml"] {
        fs::create_dir_all(project.path().join(folder)).unwrap();
    }
    project.write("backend/Dockerfile", "FROM node:22\nEXPOSE 5000 6000\n");
    project.write("ai_ml/Dockerfile", "FROM python:3\n");
    let refused = init(&project, &["--from-dockerfiles", "backend", "ai_ml", "frontend"]);
    assert_snapshot!(refused, @r"
    exit: 3
    --- stderr ---
    error: `backend/Dockerfile` exposes more than one port: 5000, 6000

    hint: leave the folder out and set `backend.port`

    error: `ai_ml/Dockerfile` exposes no port that can be read

    hint: add `EXPOSE 5000` to it, or leave the folder out and set `ai_ml.port`

    error: no service is built from a folder `frontend`

    hint: choose one of `backend`, `ai_ml`
    ");
    assert!(!project.path().join("docuthinker.yaml").exists());
}

#[test]
fn somebodys_files_are_kept() {
    let project = Project::with_config("defaults:\n  backend:\n    port: 7000\n");
    project.write(".gitignore", "/docuthinker.out/\nnode_modules");
    let refused = init(&project, &[]);
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("`docuthinker.yaml` is there already, and different"), "{refused}");
    assert_eq!(project.read(".gitignore"), "/docuthinker.out/\nnode_modules", "nothing was written");
    assert_eq!(init(&project, &["--force"]).code, Some(0));
    assert_eq!(project.read(".gitignore"), "/docuthinker.out/\nnode_modules\n.env\n.env.*\n*.env\n");
    let again = init(&project, &["--output", "json"]);
    let again: Value = serde_json::from_str(&again.success()).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../schemas/init-1.json")).unwrap();
    assert!(jsonschema::is_valid(&schema, &again), "{again:#}");
    assert_eq!(again["files"][0], json!({ "file": "docuthinker.yaml", "written": false }));
}

#[test]
fn what_would_be_lost_or_nowhere_is_refused() {
    let project = Project::new();
    for (arguments, why) in [
        (&["--region", "moon-1"][..], "no region `moon-1` is known"),
        (&["--region", "us-esat-1"], "did you mean `us-east-1`?"),
        (&["--app", "--region", "moon-1"], "no region `moon-1` is known"),
        (&["--set", "backend.port=6000"], "`--set backend.port` would be lost"),
        (&["-e", "dev"], "`-e dev` would be lost"),
    ] {
        if cfg!(not(feature = "aws")) && arguments.contains(&"--region") {
            continue;
        }
        let refused = init(&project, arguments);
        assert_eq!(refused.code, Some(2), "{refused}");
        assert!(refused.stderr.contains(why), "{why}: {refused}");
    }
    assert!(!project.path().join("docuthinker.yaml").exists());
}

/// Runs `init` on a terminal where these lines are typed.
#[cfg(all(feature = "aws", unix))]
fn answered(lines: &str) -> (Project, Outcome) {
    let project = Project::new();
    let inner = format!("'{}' init", env!("CARGO_BIN_EXE_docuthinker"));
    let mut command = project.other("script");
    command.args(["-qec", &inner, "/dev/null"]).env("TERM", "xterm");
    let answers = project.write("answers", lines);
    let outcome = project.outcome(command.stdin(fs::File::open(answers).unwrap()).output().unwrap());
    (project, outcome)
}

#[cfg(all(feature = "aws", unix))]
#[test]
fn the_file_of_the_ci_system_that_is_answered_is_written_and_a_wrong_answer_is_asked_for_again() {
    if !crate::skip::are_installed(&["script"]) {
        return;
    }
    for (system, file) in [("GitHub", ".github/workflows/deploy.yml"), ("jenkins", "Jenkinsfile")] {
        let (project, outcome) = answered(&format!("\ngitlab\n{system}\n"));
        assert_eq!(outcome.code, Some(0), "{outcome}");
        assert!(outcome.stdout.contains("write `github`, `jenkins` or `none`"), "{outcome}");
        assert_eq!(
            outcome.stdout.matches("CI system (github, jenkins or none) [none]: ").count(),
            2,
            "{outcome}"
        );
        assert!(project.path().join(file).exists() && outcome.stdout.contains(file), "{outcome}");
        assert!(
            project.read("docuthinker.yaml").contains("region: us-east-1"),
            "an empty line is the usual one"
        );
    }
}

#[cfg(all(feature = "aws", unix))]
#[test]
fn a_region_that_aws_does_not_have_is_asked_for_again() {
    if !crate::skip::are_installed(&["script"]) {
        return;
    }
    let (project, outcome) = answered("moon-1\neu-west-1\nnone\n");
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert!(!project.path().join(".github").exists() && !project.path().join("Jenkinsfile").exists());
    assert!(outcome.stdout.contains("no region `moon-1` is known"), "{outcome}");
    assert!(project.read("docuthinker.yaml").contains("region: eu-west-1"), "{outcome}");
}

#[test]
fn an_app_needs_a_name_that_cargo_and_cloudformation_take() {
    let project = Project::new();
    for wrong in ["9lives", "test", "ü", "constructs"] {
        let refused = init(&project, &["--app", "--name", wrong]);
        assert_eq!(refused.code, Some(2), "{refused}");
        assert!(refused.stderr.contains("choose one with `--name`"), "{refused}");
    }
    let written = init(&project, &["--app", "--name", "My_Shop"]);
    assert_eq!(written.code, Some(0), "{written}");
    assert!(written.stderr.contains("the crate is called `my-shop`"), "{written}");
    assert!(project.read("Cargo.toml").contains("name = \"my-shop\""));
    assert!(project.read("Cargo.toml").contains("tag = \"v"), "{}", project.read("Cargo.toml"));
    assert!(project.read("src/main.rs").contains("struct MyShop;"));
}

/// Builds a crate of one's own, without the SDK, and asks it for its template. What it is built of is what this test is.
#[test]
fn an_app_of_ones_own_builds_tests_and_synthesizes_at_once() {
    let project = Project::new();
    let library = Path::new(env!("CARGO_MANIFEST_DIR"));
    let written = init(&project, &["shop", "--app", "--library", &library.display().to_string()]);
    assert_eq!(written.code, Some(0), "{written}");
    let app = project.path().join("shop");
    // The versions that are here already; a new project would take the newest.
    fs::copy(library.join("Cargo.lock"), app.join("Cargo.lock")).unwrap();
    let template = cargo(&app, &["run", "--quiet", "--no-default-features", "--", "synth"]);
    assert!(template.status.success(), "{}", String::from_utf8_lossy(&template.stderr));
    let template = fs::read_to_string(app.join("docuthinker.out/Shop.yaml")).unwrap();
    assert!(template.contains("Type: AWS::ECS::Service") && template.contains("WebURL:"), "{template}");
    let tested = cargo(&app, &["test", "--quiet", "--no-default-features"]);
    let said = String::from_utf8_lossy(&tested.stdout);
    assert!(tested.status.success() && said.contains("1 passed"), "{said}");
}

fn cargo(folder: &Path, arguments: &[&str]) -> Output {
    // Beside what is built already, and as that is built, so that most of it need not be built again.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    Command::new(env!("CARGO"))
        .args([
            "--config",
            "profile.dev.debug=\"line-tables-only\"",
            "--config",
            "profile.dev.package.\"*\".debug=false",
        ])
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap()
}
