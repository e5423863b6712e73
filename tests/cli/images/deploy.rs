//! `deploy --image` and `deploy --push`: what was pushed is what runs.

use endpoint::{Endpoint, JsonAnswer, Scenario};
use serde_json::json;

use super::fake::Fake;
use super::{CANARY, NEW, OLD, commit, founded, project, run};
use crate::project::Project;

/// All stacks, with nothing looked at that the scripted AWS does not have.
const ALL: &str = "deploy --all --yes --no-validate --no-preflight --set deletion_protection=false";

#[test]
fn an_image_that_is_not_there_is_refused_before_anything_is_written() {
    let scenario =
        founded().image("docuthinker-backend", "v1.9", OLD).image("docuthinker-backend", "v2.1", NEW);
    let (endpoint, project) = project(scenario);
    let unknown = run(&project, "deploy --all --yes --image backend=v2.0 --image ai-ml=v7");
    assert_eq!(unknown.code, Some(3), "{unknown}");
    let backend = "docuthinker-backend in us-east-1 has no image v2.0; its newest tags are v2.1, v1.9";
    assert!(unknown.stderr.contains(backend), "{unknown}");
    assert!(unknown.stderr.contains("docuthinker-ai-ml in us-east-1 has no image v7\n"), "{unknown}");
    assert!(unknown.stderr.contains("hint: docuthinker images list backend\n"), "{unknown}");
    assert_eq!(run(&project, "deploy --all --yes --image frontend=v1").code, Some(2));
    assert_eq!(run(&project, "deploy --all --yes --image backend").code, Some(2));
    assert_eq!(run(&project, "deploy --all --yes --image backend=v1.9 --image Backend=v2.1").code, Some(2));
    assert_eq!(endpoint.count("CreateChangeSet"), 0);
}

#[test]
fn an_image_is_deployed_by_the_digest_that_its_tag_has_now() {
    // R093, C-12
    let (endpoint, project) = project(Scenario::new().image("docuthinker-backend", "v2.0", NEW));
    let foundation = ALL.replace("--all", "DocuThinkerFoundation");
    let before = run(&project, &format!("{foundation} --image backend=v2.0"));
    assert_eq!(before.code, Some(3), "there is no repository yet: {before}");
    assert!(
        before.stderr.contains("hint: docuthinker --set deletion_protection=false images push backend"),
        "{before}"
    );
    run(&project, &foundation).success();
    let first = run(&project, &format!("{ALL} --image backend=v2.0"));
    assert_eq!(first.code, Some(0), "{first}");
    assert!(first.stderr.contains(&format!("backend=v2.0 is {NEW}\n")), "{first}");
    let template = endpoint.stack("DocuThinkerStack").unwrap().template;
    assert!(template.contains(NEW), "{template}");
}

/// An AWS without any stack, which has the images once the fake tool has pushed them.
fn empty(project: &Project, fake: &Fake, tag: &str) -> (Endpoint, String) {
    let names = ["docuthinker-backend", "docuthinker-ai-ml"];
    let files: Vec<_> = names.iter().map(|name| (*name, fake.pushed(&format!("{name}:{tag}")))).collect();
    let scenario = Scenario::new().registry_password(CANARY).answer("BatchGetImage", move |body| {
        let (_, file) = files.iter().find(|(name, _)| body["repositoryName"] == **name)?;
        let image = json!({ "imageId": { "imageDigest": NEW }, "imageManifest": "{}" });
        file.exists().then(|| JsonAnswer::from(json!({ "images": [image], "failures": [] })))
    });
    let endpoint = Endpoint::start_blocking(scenario);
    let options = format!("--endpoint-url {} --region us-east-1 {}", endpoint.url(), fake.option());
    assert!(project.path().is_dir());
    (endpoint, options)
}

#[test]
fn the_first_deployment_is_one_command_that_pushes_between_the_repositories_and_what_runs() {
    // R332
    let project = Project::new();
    let (fake, commit) = (Fake::of(&project), commit(&project));
    let (endpoint, options) = empty(&project, &fake, &commit);
    let deployed = run(&project, &format!("{ALL} --push {options}"));
    assert_eq!(deployed.code, Some(0), "{deployed}");
    let at = |text: &str| deployed.stderr.find(text).unwrap_or_else(|| panic!("no `{text}` in {deployed}"));
    let pushes = at(&format!("pushes docuthinker-backend:{commit}"));
    assert!(at("DocuThinkerFoundation is deployed") < pushes, "{deployed}");
    assert!(pushes < at("DocuThinkerStack is deployed"), "{deployed}");
    let template = endpoint.stack("DocuThinkerStack").unwrap().template;
    assert!(template.matches(NEW).count() >= 2, "{template}");
    assert!(!deployed.to_string().contains(CANARY), "{deployed}");

    let again = run(&project, &format!("{ALL} --push --output json {options}"));
    assert_eq!(again.code, Some(0), "{again}");
    assert_eq!(fake.read("arguments").matches("\nbuild").count() + 1, 2 + 1, "{}", fake.read("arguments"));
    let states = serde_json::from_str::<serde_json::Value>(&again.stdout).unwrap();
    let states: Vec<&str> =
        states["stacks"].as_array().unwrap().iter().filter_map(|stack| stack["state"].as_str()).collect();
    assert_eq!(states, ["unchanged", "unchanged"]);
}

#[test]
fn the_first_deployment_waits_for_the_values_of_secrets_before_anything_that_reads_them_is_made() {
    // R094, R332
    let project = Project::new();
    let (fake, commit) = (Fake::of(&project), commit(&project));
    let (endpoint, options) = empty(&project, &fake, &commit);
    let deploy = format!("{} --push {options}", ALL.replace(" --no-preflight", ""));
    let refused = run(&project, &deploy);
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("✓ done         DocuThinkerFoundation"), "{refused}");
    for image in ["docuthinker-backend", "docuthinker-ai-ml"] {
        assert!(fake.pushed(&format!("{image}:{commit}")).exists(), "{refused}");
    }
    let secrets = ["openai", "anthropic", "google", "mongodb", "redis", "neo4j"];
    for name in secrets {
        assert!(refused.stderr.contains(&format!(" secrets put docuthinker/{name}\n")), "{name} {refused}");
    }
    assert!(endpoint.stack("DocuThinkerStack").is_none(), "{refused}");

    let value = project.write("value", CANARY);
    std::fs::set_permissions(value, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let place = options.split(" --tool").next().unwrap();
    for name in secrets {
        let put = run(&project, &format!("secrets put docuthinker/{name} --file value {place}"));
        assert_eq!(put.code, Some(0), "{put}");
    }
    let deployed = run(&project, &deploy);
    assert_eq!(deployed.code, Some(0), "{deployed}");
    assert!(deployed.stderr.contains("DocuThinkerStack is deployed"), "{deployed}");
    assert!(!deployed.to_string().contains(CANARY), "{deployed}");
}

#[test]
fn without_the_images_nothing_runs_and_what_was_made_is_told() {
    // R332
    let project = Project::new();
    let (fake, commit) = (Fake::of(&project), commit(&project));
    fake.let_it("fails-push");
    let (endpoint, options) = empty(&project, &fake, &commit);
    let failed = run(&project, &format!("{ALL} --push {options}"));
    assert_eq!(failed.code, Some(1), "{failed}");
    assert!(failed.stderr.contains("✓ done         DocuThinkerFoundation"), "{failed}");
    assert!(failed.stderr.contains("because the images were not pushed"), "{failed}");
    assert!(failed.stderr.contains("ended with exit code 37"), "{failed}");
    assert!(endpoint.stack("DocuThinkerStack").is_none());
}
