//! Login, build, push and copy, with the tool that only notes.

use std::time::{Duration, Instant};

use endpoint::{JsonAnswer, Scenario};
use serde_json::json;

use super::fake::Fake;
use super::{CANARY, NEW, OLD, commit, founded, project, run, sound};
use crate::project::Project;

/// An AWS that has an image as soon as the fake tool has pushed it.
pub(crate) fn seeing(fake: &Fake, names: &[&str]) -> Scenario {
    let files: Vec<_> = names.iter().map(|name| ((*name).to_owned(), fake.pushed(name))).collect();
    founded().answer("BatchGetImage", move |body| {
        let (repository, tag) = (body["repositoryName"].as_str()?, body["imageIds"][0]["imageTag"].as_str()?);
        let (_, file) = files.iter().find(|(name, _)| *name == format!("{repository}:{tag}"))?;
        let image = json!({ "imageId": { "imageDigest": NEW, "imageTag": tag }, "imageManifest": "{}" });
        file.exists().then(|| JsonAnswer::from(json!({ "images": [image], "failures": [] })))
    })
}

/// A folder with the tool in it, before there is an AWS.
fn with_tool(scenario: impl FnOnce(&Fake, &str) -> Scenario) -> (endpoint::Endpoint, Project, Fake, String) {
    let project = Project::new();
    let (fake, commit) = (Fake::of(&project), commit(&project));
    let endpoint = endpoint::Endpoint::start_blocking(scenario(&fake, &commit));
    let project = project.variable("AWS_ENDPOINT_URL", &endpoint.url()).variable("AWS_REGION", "us-east-1");
    (endpoint, project, fake, commit)
}

#[test]
fn the_password_of_the_registry_goes_to_the_tools_standard_input_and_nowhere_else() {
    // R245, R089
    let (_endpoint, project, fake, _) = with_tool(|_, _| founded());
    let outcome = run(&project, &format!("images login --verbose {}", fake.option()));
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert_eq!(outcome.stdout, "signed in to 123456789012.dkr.ecr.us-east-1.amazonaws.com\n");
    assert_eq!(fake.read("password"), CANARY);
    assert_eq!(
        fake.read("arguments"),
        "login --username AWS --password-stdin 123456789012.dkr.ecr.us-east-1.amazonaws.com\n"
    );
    assert!(fake.read("processes").contains("images login"), "the command itself is among them");
    let said = [outcome.stdout.as_str(), &outcome.stderr, &fake.read("arguments"), &fake.read("processes")];
    assert!(said.iter().all(|text| !text.contains(CANARY)), "{outcome}");
    let json = sound(run(&project, &format!("images login --output json {}", fake.option())));
    assert_eq!(json["registries"].as_array().unwrap().len(), 1, "one registry, two images");
}

#[test]
fn a_tool_that_fails_and_repeats_the_password_does_not_make_it_known() {
    // R089
    let (_endpoint, project, fake, _) = with_tool(|_, _| founded());
    project.write("tool/docker", "#!/bin/sh\necho \"wrong: $(cat)\" >&2\nexit 3\n");
    let outcome = run(&project, &format!("images login {}", fake.option()));
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(outcome.stderr.contains("ended with exit code 3"), "{outcome}");
    assert!(outcome.stderr.contains("wrong: ***") && !outcome.stderr.contains(CANARY), "{outcome}");
}

#[test]
fn images_are_built_for_their_processor_and_tagged_with_the_commit() {
    // R090
    let (_endpoint, project, fake, commit) = with_tool(|_, _| founded());
    let built = format!("images build {} --output json", fake.option());
    let outcome = run(&project, &built);
    for line in outcome.stderr.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "for programs only: {line}");
    }
    assert!(outcome.stderr.contains(r#""note":"building""#), "the tool's words as well: {outcome}");
    let json = sound(outcome);
    assert_eq!(json["built"][0]["name"], format!("docuthinker-backend:{commit}"));
    assert_eq!(json["built"][1]["dirty"], false);
    let folder = project.path().canonicalize().unwrap();
    let arguments = fake.read("arguments");
    let expected = format!(
        "build --platform linux/amd64 --tag docuthinker-ai-ml:{commit} {}\n",
        folder.join("ai_ml").display()
    );
    assert!(arguments.contains(&expected), "{arguments}");

    project.write("ai_ml/file", "changed");
    let text =
        run(&project, &format!("images build --set ai_ml.architecture=arm64 {}", fake.option())).success();
    assert!(text.contains(&format!("docuthinker-backend:{commit} is built for linux/amd64\n")), "{text}");
    assert!(text.contains(&format!("docuthinker-ai-ml:{commit}-dirty is built for linux/arm64\n")), "{text}");
}

#[test]
fn a_failed_build_ends_with_the_tools_own_words_and_exit_code() {
    let (_endpoint, project, fake, _) = with_tool(|_, _| founded());
    fake.let_it("fails-build");
    let outcome = run(&project, &format!("images build backend --tag x {}", fake.option()));
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(outcome.stderr.contains("no: build\n"), "{outcome}");
    assert!(outcome.stderr.contains("--tag docuthinker-backend:x"), "{outcome}");
    assert!(outcome.stderr.contains("ended with exit code 37"), "{outcome}");
}

#[test]
fn a_tool_that_cannot_say_what_it_has_is_no_tool_without_images() {
    let (_endpoint, project, fake, _) = with_tool(|_, _| founded());
    fake.let_it("fails-image");
    let outcome = run(&project, &format!("images push {}", fake.option()));
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(
        outcome.stderr.contains("no: image") && !outcome.stderr.contains("there is no image"),
        "{outcome}"
    );
}

#[test]
fn what_has_no_dockerfile_or_commit_is_told_before_anything_is_built() {
    let (_endpoint, project) = project(founded());
    let fake = Fake::of(&project);
    let outcome = run(&project, &format!("images build {}", fake.option()));
    assert_eq!(outcome.code, Some(3), "{outcome}");
    assert!(outcome.stderr.contains("the image backend has no Dockerfile in"), "{outcome}");
    assert!(outcome.stderr.contains("the image ai-ml has no Dockerfile in"), "{outcome}");
    assert!(!fake.has("arguments"));
    let outcome = run(&project, &format!("images push {}", fake.option()));
    assert!(
        outcome.stderr.contains("there is no commit to tag the image backend with: git says"),
        "{outcome}"
    );
    assert_eq!(run(&project, "images build --tool nothing-of-this-name").code, Some(2));
}

#[test]
fn what_was_built_is_pushed_once() {
    // R091, R092
    let (endpoint, project, fake, commit) = with_tool(|fake, commit| {
        seeing(fake, &[&format!("docuthinker-backend:{commit}"), &format!("docuthinker-ai-ml:{commit}")])
    });
    let unbuilt = run(&project, &format!("images push {}", fake.option()));
    assert_eq!(unbuilt.code, Some(3), "{unbuilt}");
    let expected = format!("there is no image docuthinker-ai-ml:{commit} on this machine");
    assert!(unbuilt.stderr.contains(&expected), "{unbuilt}");
    assert!(unbuilt.stderr.contains("docuthinker images build ai-ml"), "{unbuilt}");

    let json = sound(run(&project, &format!("images push --build --output json {}", fake.option())));
    assert_eq!(json["pushed"][0]["state"], "pushed");
    assert_eq!(json["pushed"][0]["digest"], NEW);
    let registry = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
    let arguments = fake.read("arguments");
    assert!(arguments.contains(&format!("push {registry}/docuthinker-backend:{commit}\n")), "{arguments}");
    assert_eq!(arguments.matches("login").count(), 1, "{arguments}");

    let again = run(&project, &format!("images push {}", fake.option()));
    assert_eq!(again.code, Some(0), "{again}");
    assert_eq!(
        again.stdout,
        format!("docuthinker-backend:{commit}  {NEW}\ndocuthinker-ai-ml:{commit}  {NEW}\n")
    );
    assert!(again.stderr.contains("is in ECR already; not pushed"), "{again}");
    assert_eq!(fake.read("arguments").matches("\npush").count(), 2, "{}", fake.read("arguments"));
    assert_eq!(endpoint.count("CreateChangeSet"), 0);
}

#[test]
fn a_folder_with_changes_is_not_pushed_by_its_commit() {
    let (_endpoint, project, fake, _) = with_tool(|_, _| founded());
    project.write("backend/new", "not in the commit");
    let outcome = run(&project, &format!("images push {}", fake.option()));
    assert_eq!(outcome.code, Some(3), "{outcome}");
    let why = "`backend` has changes that are in no commit, so nobody could build the image backend again";
    assert!(outcome.stderr.contains(why) && !outcome.stderr.contains("image ai-ml"), "{outcome}");
    assert!(!fake.has("arguments"));
}

#[test]
fn a_tag_that_stays_with_its_image_is_not_given_to_another() {
    let (_endpoint, project, fake, _) = with_tool(|_, _| founded().image("docuthinker-backend", "v1", OLD));
    let push = format!("images push backend --tag v1 {}", fake.option());
    fake.image("docuthinker-backend:v1", "sha256:other");
    let refused = run(&project, &push);
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(
        refused.stderr.contains(&format!("docuthinker-backend:v1 is another image in ECR ({OLD})")),
        "{refused}"
    );
    assert!(!fake.read("arguments").contains("push"));
    // The id of a local image is the digest of its configuration.
    fake.image("docuthinker-backend:v1", &OLD.replace("sha256:0", "sha256:c"));
    let same = run(&project, &push);
    assert_eq!(same.code, Some(0), "{same}");
    assert!(same.stderr.contains("is in ECR already; not pushed"), "{same}");
}

#[test]
fn an_interrupted_tool_is_stopped() {
    let (_endpoint, project, fake, _) = with_tool(|_, _| founded());
    fake.let_it("hangs-build");
    let mut command = project.command(format!("images build backend {}", fake.option()).split(' '));
    let child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while !fake.has("hangs") {
        assert!(began.elapsed() < Duration::from_mins(1), "the tool was not started");
        std::thread::sleep(Duration::from_millis(5));
    }
    let signal = rustix::process::Signal::TERM;
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal).unwrap();
    let outcome = project.outcome(child.wait_with_output().unwrap());
    assert_eq!(outcome.code, Some(130), "{outcome}");
    assert!(outcome.stderr.contains("interrupted: `"), "{outcome}");
    assert!(began.elapsed() < Duration::from_mins(5), "nobody waited for the tool");
}

#[test]
fn a_copy_goes_where_a_repository_is_and_only_there() {
    // R097
    let scenario = founded().image("docuthinker-backend", "v1.0", OLD);
    let (_endpoint, project, fake, _) = with_tool(|_, _| scenario);
    let nowhere = run(&project, &format!("images copy backend --to-region eu-west-1 {}", fake.option()));
    assert_eq!(nowhere.code, Some(3), "{nowhere}");
    assert!(nowhere.stderr.contains("there is no repository docuthinker-backend in eu-west-1"), "{nowhere}");
    let same = run(&project, &format!("images copy backend --to-region us-east-1 {}", fake.option()));
    assert!(same.stderr.contains("docuthinker-backend in us-east-1 is where the image comes from"), "{same}");
    let unknown = run(&project, &format!("images copy backend=v7 --to-env dr {}", fake.option()));
    assert_eq!(unknown.code, Some(3), "{unknown}");
    assert!(unknown.stderr.contains("has no image v7; its only tag is v1.0"), "{unknown}");
    let dr = run(&project, &format!("images copy backend --to-env dr {}", fake.option()));
    assert!(dr.stderr.contains("first: docuthinker -e dr deploy DocuThinkerFoundation"), "{dr}");
    assert!(!fake.has("arguments"), "{}", fake.read("arguments"));
}
