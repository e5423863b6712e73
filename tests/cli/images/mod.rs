//! `images`, and `deploy --image` and `--push`: with a container tool that only notes what it is told, and with a real one.

mod deploy;
pub(crate) mod fake;
pub(crate) mod moved;
mod pin;
mod real;

use endpoint::{Endpoint, Scenario};
use serde_json::{Value, json};

use crate::project::{Outcome, Project};

/// The password of the registry, which must be nowhere but in the tool's standard input.
const CANARY: &str = "canary-of-the-registry-3b7f";
pub(crate) const OLD: &str = "sha256:0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
pub(crate) const NEW: &str = "sha256:0bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// The two repositories of the project, as its Foundation makes them.
fn repositories() -> String {
    let repository = |name: &str| {
        let properties = json!({ "RepositoryName": name, "ImageTagMutability": "IMMUTABLE" });
        json!({ "Type": "AWS::ECR::Repository", "Properties": properties })
    };
    let resources = json!({ "A": repository("docuthinker-backend"), "B": repository("docuthinker-ai-ml") });
    json!({ "Resources": resources }).to_string()
}

/// What runs the backend.
pub(crate) fn services(image: &str) -> String {
    let containers = json!([{ "Name": "backend", "Image": image }]);
    let task =
        json!({ "Type": "AWS::ECS::TaskDefinition", "Properties": { "ContainerDefinitions": containers } });
    json!({ "Resources": { "BackendTaskDefinition": task } }).to_string()
}

/// An AWS in which the Foundation is deployed.
pub(crate) fn founded() -> Scenario {
    Scenario::new().registry_password(CANARY).stack(
        "DocuThinkerFoundation",
        &repositories(),
        "CREATE_COMPLETE",
    )
}

/// An AWS, and a folder in which the command talks to it.
pub(crate) fn project(scenario: Scenario) -> (Endpoint, Project) {
    let endpoint = Endpoint::start_blocking(scenario);
    let project = Project::new().variable("AWS_ENDPOINT_URL", &endpoint.url());
    (endpoint, project.variable("AWS_REGION", "us-east-1"))
}

/// Makes the folder a git repository with one commit, in which both images have a `Dockerfile`, and gives the commit.
pub(crate) fn commit(project: &Project) -> String {
    for folder in ["backend", "ai_ml"] {
        std::fs::create_dir_all(project.path().join(folder)).unwrap();
        project.write(&format!("{folder}/Dockerfile"), "FROM scratch\nCOPY file /file\n");
        project.write(&format!("{folder}/file"), folder);
    }
    let git = |arguments: &[&str]| {
        let who = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "init.defaultBranch=main"];
        let output = project.other("git").args(who).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "--quiet"]);
    git(&["add", "backend", "ai_ml"]);
    git(&["commit", "--quiet", "--message", "all"]);
    git(&["rev-parse", "--short=12", "HEAD"])
}

/// What a command wrote as JSON, which is as the schema says.
#[track_caller]
fn sound(outcome: Outcome) -> Value {
    let value = outcome.json();
    let schema: Value = serde_json::from_str(include_str!("../../../schemas/images-1.json")).unwrap();
    if let Err(error) = jsonschema::validate(&schema, &value) {
        panic!("{error}\n{value:#}");
    }
    value
}

fn run(project: &Project, arguments: &str) -> Outcome {
    project.run(arguments.split(' '))
}

#[test]
fn the_images_are_listed_with_what_is_declared_and_what_runs() {
    // R095
    let running = format!("123456789012.dkr.ecr.us-east-1.amazonaws.com/docuthinker-backend@{OLD}");
    let scenario = founded()
        .stack("DocuThinkerStack", &services(&running), "CREATE_COMPLETE")
        .image("docuthinker-backend", "v0.9", OLD)
        .image("docuthinker-backend", "v1.0", NEW)
        .image("docuthinker-backend", "stable", NEW)
        .scanned(NEW, "HIGH", 2)
        .scanned(OLD, "LOW", 0);
    let (_endpoint, project) = project(scenario);
    insta::assert_snapshot!(run(&project, "images list").success(), @r"
    docuthinker-backend in us-east-1: 2 images
      v1.0, stable  (declared)
        sha256:0bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
        pushed 2026-01-02T00:00:00Z, 26.2 MB, scan: 2 high
      v0.9  (deployed)
        sha256:0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        pushed 2026-01-01T00:00:00Z, 25.0 MB, scan: nothing found

    docuthinker-ai-ml in us-east-1: no images; docuthinker images push ai-ml
      the settings declare v1.0, which is not there
    ");
    let json = sound(run(&project, "images list backend --output json"));
    let images = &json["repositories"][0]["images"];
    assert_eq!(images[0]["tags"], json!(["v1.0", "stable"]));
    assert_eq!((&images[0]["declared"], &images[0]["deployed"]), (&json!(true), &json!(false)));
    assert_eq!((&images[1]["declared"], &images[1]["deployed"]), (&json!(false), &json!(true)));
    assert_eq!(images[0]["findings"], json!({ "HIGH": 2 }));
}

#[test]
fn a_list_is_short_and_says_what_is_not_shown() {
    let mut scenario = founded();
    for number in 0..9 {
        let digest = format!("sha256:{number}{}", "c".repeat(63));
        scenario = scenario.image("docuthinker-backend", &format!("v{number}"), &digest);
    }
    let (_endpoint, project) = project(scenario);
    insta::assert_snapshot!(run(&project, "images list backend --limit 1").success(), @r"
    docuthinker-backend in us-east-1: 9 images
      v8
        sha256:8ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
        pushed 2026-01-09T00:00:00Z, 34.8 MB
      and 8 more: --limit 9
      the settings declare v1.0, which is not there
    ");
}

#[test]
fn without_repositories_the_list_says_how_to_get_them() {
    let (_endpoint, project) = project(Scenario::new());
    let text = run(&project, "images list ai_ml").success();
    assert_eq!(text, "docuthinker-ai-ml in us-east-1: not there; docuthinker images ensure ai-ml\n");
}

#[test]
fn the_emulator_has_no_registry_which_is_said_before_a_tool_is_started() {
    let project = Project::new();
    for arguments in ["images login", "images push --build", "images copy --to-env dr", "deploy --all --push"]
    {
        let refused = run(&project, &format!("{arguments} --local --yes"));
        assert_eq!(refused.code, Some(3), "{refused}");
        assert!(refused.stderr.contains("needs a registry, and the emulator has none"), "{refused}");
    }
}

/// Docker without its daemon, and what may take its place.
#[test]
fn a_docker_without_its_daemon_is_passed_over_and_named_ones_get_a_hint() {
    let (_endpoint, project) = project(founded());
    commit(&project);
    let programs = project.path().join("programs");
    std::fs::create_dir(&programs).unwrap();
    let program = |name: &str, script: &str| {
        let file = project.write(&format!("programs/{name}"), format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    };
    program(
        "docker",
        "[ \"$1\" = --version ] && echo Docker version 27.3.1 && exit\n\
         echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.' >&2; exit 1",
    );
    program("git", "exec /usr/bin/env -i PATH=/usr/bin:/bin git \"$@\"");
    let path = programs.to_string_lossy().into_owned();
    let build = |more: &str| {
        let mut command = project.command(format!("images build backend{more}").split(' '));
        project.outcome(command.env("PATH", &path).output().unwrap())
    };
    let refused = build("");
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("the daemon of docker does not answer, and neither podman"), "{refused}");
    assert!(refused.stderr.contains("hint: start Docker"), "{refused}");
    let named = build(" --tool docker");
    assert_eq!(named.code, Some(1), "{named}");
    assert!(named.stderr.contains("hint: start Docker"), "{named}");
    program("podman", "[ \"$1\" = image ] && echo 0123; exit 0");
    let outcome = build("");
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert!(
        outcome.stderr.contains("the daemon of docker does not answer; podman is used instead"),
        "{outcome}"
    );
}

#[test]
fn an_unknown_image_is_a_mistake_of_usage() {
    let (_endpoint, project) = project(founded());
    insta::assert_snapshot!(run(&project, "images list backnd"), @r"
    exit: 2
    --- stderr ---
    error: no image is called `backnd`

    hint: did you mean `backend`?
    ");
}

#[test]
fn repositories_that_are_there_are_left_alone() {
    // R244
    let (endpoint, project) = project(founded());
    insta::assert_snapshot!(run(&project, "images ensure").success(), @r"
    docuthinker-backend in us-east-1 is there; a tag stays with its image
    docuthinker-ai-ml in us-east-1 is there; a tag stays with its image
    ");
    assert_eq!(endpoint.count("CreateChangeSet"), 0);
    let json = sound(run(&project, "images ensure ai-ml --output json"));
    assert_eq!(
        json["repositories"][0]["uri"],
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/docuthinker-ai-ml"
    );
}

#[test]
fn repositories_that_are_missing_are_made_by_their_stack() {
    // R244
    let (endpoint, project) = project(Scenario::new());
    let made = run(&project, "images ensure --yes --output json");
    assert_eq!(made.code, Some(0), "{made}");
    assert!(
        made.stderr.contains("deploys what makes it: docuthinker deploy DocuThinkerFoundation"),
        "{made}"
    );
    let json = sound(made);
    assert_eq!(json["repositories"][0]["state"], "made");
    assert_eq!(json["repositories"][1]["state"], "made");
    assert_eq!(endpoint.stack("DocuThinkerFoundation").unwrap().status, "CREATE_COMPLETE");
}

#[test]
fn a_repository_that_was_removed_by_hand_is_told() {
    let template = r#"{"Resources":{"Topic":{"Type":"AWS::SNS::Topic"}}}"#;
    let scenario = Scenario::new().stack("DocuThinkerFoundation", template, "CREATE_COMPLETE");
    let gone = || endpoint::JsonAnswer::error("RepositoryNotFoundException", "gone");
    let (_endpoint, project) = project(scenario.answer("DescribeRepositories", move |_| Some(gone())));
    let told = run(&project, "images ensure backend --yes --quiet");
    assert_eq!(told.code, Some(4), "{told}");
    assert!(told.stderr.contains("its repository docuthinker-backend is not in us-east-1"), "{told}");
}
