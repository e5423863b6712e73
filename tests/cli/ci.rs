//! Files for CI: what they do, and that they are never written over somebody's work.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_yaml::Value;

use crate::project::Project;

const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";

fn workflow(arguments: &[&str]) -> (String, Value) {
    let text = Project::new().run([&["ci", "github", "--stdout"], arguments].concat()).success();
    let yaml = serde_yaml::from_str(&text).unwrap();
    (text, yaml)
}

/// The step of a job of the workflow by its name.
#[track_caller]
fn step<'a>(workflow: &'a Value, job: &str, name: &str) -> &'a Value {
    let steps = workflow["jobs"][job]["steps"].as_sequence().unwrap();
    steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("there is no `{name}`"))
}

#[test]
fn the_workflow_is_a_snapshot() {
    // R303 to R310, C-11
    let (text, _) = workflow(&["--role-arn", ROLE]);
    insta::assert_snapshot!("workflow", text);
}

#[test]
fn the_jenkinsfile_is_a_snapshot() {
    // R293 to R302, C-11, C-13
    let text = Project::new().run(["ci", "jenkins", "--stdout", "--role-arn", ROLE]).success();
    insta::assert_snapshot!("jenkinsfile", text);
    let stages =
        ["Checkout", "Test", "Build Images", "Push to ECR", "Deploy", "Verify Deployment"].map(|stage| {
            text.find(&format!("stage('{stage}')")).unwrap_or_else(|| panic!("there is no stage `{stage}`"))
        });
    assert!(stages.is_sorted());
    assert_eq!(text.matches("parallel {").count(), 2);
    assert_eq!(text.matches('{').count(), text.matches('}').count());
    assert_eq!(text.matches("'''").count() % 2, 0);
}

#[test]
fn the_workflow_takes_a_role_and_every_action_is_one_commit() {
    // R305, C-35
    let (text, yaml) = workflow(&["--role-arn", ROLE]);
    assert_eq!(yaml["permissions"]["contents"], "read");
    assert_eq!(yaml["jobs"]["deploy"]["permissions"]["id-token"], "write");
    let with = &step(&yaml, "deploy", "Configure AWS credentials")["with"];
    assert_eq!(with["role-to-assume"], ROLE);
    assert!(!text.contains("access-key") && !text.contains("secrets."), "{text}");
    let uses: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("uses: ")).collect();
    assert!(uses.len() > 3);
    for action in uses {
        let (_, pin) = action.split_once('@').unwrap();
        let (commit, version) = pin.split_once(" # v").unwrap();
        assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{action}");
        assert!(version.split('.').all(|part| part.parse::<u8>().is_ok()), "{action}");
    }
}

#[test]
fn without_roles_the_variables_of_the_ci_system_name_them() {
    let (_, yaml) = workflow(&[]);
    let with = &step(&yaml, "deploy", "Configure AWS credentials")["with"];
    assert_eq!(with["role-to-assume"], "${{ vars.AWS_DEPLOY_ROLE_ARN }}");
    let condition = yaml["jobs"]["diff"]["if"].as_str().unwrap();
    assert!(condition.contains("vars.AWS_DIFF_ROLE_ARN != ''"), "{condition}");
    // The role that deploys is never given to a pull request.
    let reads = "arn:aws:iam::123456789012:role/read";
    let (_, yaml) = workflow(&["--role-arn", ROLE, "--diff-role-arn", reads]);
    assert_eq!(step(&yaml, "diff", "Configure AWS credentials")["with"]["role-to-assume"], reads);
    let jenkins = Project::new().run(["ci", "jenkins", "--stdout"]).success();
    assert!(jenkins.contains(r#"AWS_ROLE_ARN = "${env.AWS_DEPLOY_ROLE_ARN}""#), "{jenkins}");
}

#[test]
fn images_are_deployed_by_digest_and_those_before_come_back() {
    // R302, R307 to R309, C-11, C-12, C-13
    let (text, yaml) = workflow(&[]);
    let deploy = &step(&yaml, "deploy", "Deploy to ECS and wait for services to stabilize");
    assert!(
        deploy["run"]
            .as_str()
            .unwrap()
            .ends_with(r#"--yes --set backend.image="$BACKEND_DIGEST" --set ai_ml.image="$AI_ML_DIGEST""#)
    );
    let back = step(&yaml, "deploy", "Roll back to the images before");
    assert!(back["if"].as_str().unwrap().starts_with("failure() && steps.deploy.outcome == 'success'"));
    assert!(back["run"].as_str().unwrap().contains(r#"--set backend.image="$BACKEND_BEFORE""#));
    assert!(
        !text.contains("latest\"") && !text.contains(":latest") && !text.contains("force-new-deployment")
    );
}

#[test]
fn the_environment_decides_names_and_region() {
    let project = Project::with_config(
        "environments:\n  qa:\n    region: eu-west-1\n    backend: { health_check: { path: /up } }\n",
    );
    let text = project.run(["ci", "github", "--stdout", "-e", "qa", "--branch", "release/1"]).success();
    let yaml: Value = serde_yaml::from_str(&text).unwrap();
    assert_eq!(yaml["env"]["AWS_REGION"], "eu-west-1");
    assert_eq!(yaml["env"]["DOCUTHINKER_ENV"], "qa");
    assert_eq!(yaml["jobs"]["deploy"]["environment"], "qa");
    assert_eq!(yaml["on"]["push"]["branches"][0], "release/1");
    assert!(text.contains("docuthinker-qa-backend") && text.contains("DocuThinkerStack-qa"), "{text}");
    assert!(text.contains("$url/up\""), "{text}");
}

#[test]
fn machines_build_for_the_processor_that_the_services_run_on() {
    let arm = ["--set", "backend.architecture=arm64", "--set", "ai_ml.architecture=arm64"];
    let (text, yaml) = workflow(&arm);
    assert_eq!(yaml["jobs"]["deploy"]["runs-on"], "ubuntu-24.04-arm");
    assert!(text.contains("--platform linux/arm64") && !text.contains("amd64"));
    insta::assert_snapshot!(Project::new().run([&["ci", "github", "--stdout"], &arm[..2]].concat()), @r"
    exit: 3
    --- stderr ---
    error: the services run on different processors

    hint: a CI machine builds for its own processor; give all services the same architecture
    ");
}

/// The shell that finds the deployed images, with a stand-in for the AWS CLI.
fn deployed(aws: &str) -> (bool, String) {
    let (_, yaml) = workflow(&[]);
    let script = step(&yaml, "deploy", "Note which images are deployed")["run"].as_str().unwrap().to_owned();
    let project = Project::new();
    let stand_in = project.write("aws", format!("#!/bin/sh\n{aws}\n"));
    fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", project.path().display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &script])
        .env("PATH", path)
        .env("GITHUB_OUTPUT", project.path().join("output"))
        .output()
        .unwrap();
    (output.status.success(), fs::read_to_string(project.path().join("output")).unwrap_or_default())
}

#[test]
fn the_deployed_images_are_found_in_the_task_definitions() {
    // C-13
    let found = deployed(
        "case \"$*\" in\n\
         *BackendTaskDefinition*) echo definition/backend:7 ;;\n\
         *AiMlTaskDefinition*) echo definition/ai-ml:3 ;;\n\
         *definition/backend:7*) echo 1.dkr.ecr.us-east-1.amazonaws.com:443/docuthinker-backend@sha256:12 ;;\n\
         *) echo 1.dkr.ecr.us-east-1.amazonaws.com/docuthinker-ai-ml:v1.0 ;;\n\
         esac",
    );
    assert_eq!(found, (true, "backend=sha256:12\nai_ml=v1.0\n".to_owned()));
    let never = deployed("echo \"Stack 'DocuThinkerStack' does not exist\" >&2; exit 254");
    assert_eq!(never, (true, "backend=\nai_ml=\n".to_owned()));
    let (done, found) = deployed("echo 'not authorized' >&2; exit 254");
    assert!(!done && found.is_empty(), "what cannot be known must not look like nothing: {found}");
}

#[test]
fn a_file_is_written_once_and_never_over_another() {
    let project = Project::new();
    assert_eq!(project.run(["ci", "github"]).success(), "./.github/workflows/deploy.yml\n");
    let written = project.read(".github/workflows/deploy.yml");
    let again = project.run(["ci", "github"]);
    assert_eq!(again.code, Some(0));
    assert!(again.stderr.contains("up to date"), "{again}");
    insta::assert_snapshot!(project.run(["ci", "github", "--branch", "trunk"]), @r"
    exit: 3
    --- stderr ---
    error: `./.github/workflows/deploy.yml` is different already

    hint: look at the new one with `--stdout`, and replace the old one with `--force`
    ");
    assert_eq!(project.read(".github/workflows/deploy.yml"), written);
    project.run(["ci", "github", "--branch", "trunk", "--force"]).success();
    assert_ne!(project.read(".github/workflows/deploy.yml"), written);
    let json = project.run(["ci", "jenkins", "--out", "there", "--output", "json"]).json();
    assert_eq!((&json["file"], &json["written"]), (&"there/Jenkinsfile".into(), &true.into()));
    assert!(project.read("there/Jenkinsfile").starts_with("// Written by"));
}

#[test]
fn what_a_shell_would_read_otherwise_is_refused_all_at_once() {
    let arguments = [
        "ci",
        "github",
        "--role-arn",
        "deploy",
        "--branch",
        "a'b",
        "--crate",
        "../elsewhere",
        "--set",
        "backend.health_check.path=/$(id)",
    ];
    insta::assert_snapshot!(Project::new().run(arguments), @r"
    exit: 3
    --- stderr ---
    error: `--role-arn deploy` is not the ARN of a role

    hint: it looks like `arn:aws:iam::123456789012:role/deploy`

    error: `a'b` cannot stand in a CI file as the branch

    hint: letters, digits and `.`, `_`, `/`, `-` can stand in it; a folder is below the root

    error: `../elsewhere` cannot stand in a CI file as the crate

    hint: letters, digits and `.`, `_`, `/`, `-` can stand in it; a folder is below the root

    error: `/$(id)` cannot stand in a CI file as the health check

    hint: letters, digits and `.`, `_`, `/`, `-` can stand in it; a folder is below the root
    ");
}
