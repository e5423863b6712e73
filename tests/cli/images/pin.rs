//! `images pin`: digests in the file that people keep.

use super::{NEW, OLD, commit, founded, project, run, sound};

const FILE: &str = "# Ours.\ndefaults:\n    region: us-east-1 # home\n\nenvironments:\n    prod:   # live\n        backend:\n            image:  v1.0   # the release\n            memory: 2048\n    dev: {}\n";

#[test]
fn the_digest_takes_the_place_of_the_tag_and_the_rest_of_the_file_stays() {
    let scenario =
        founded().image("docuthinker-backend", "v1.0", OLD).image("docuthinker-backend", "v2.0", NEW);
    let (_endpoint, project) = project(scenario.image("docuthinker-ai-ml", "v2.0", NEW));
    let file = project.write("docuthinker.yaml", FILE);
    let mut permissions = std::fs::metadata(&file).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o640);
    std::fs::set_permissions(&file, permissions).unwrap();

    let pinned = run(&project, "images pin backend=v2.0");
    assert_eq!(pinned.code, Some(0), "{pinned}");
    assert_eq!(
        pinned.stdout,
        format!("docuthinker.yaml: environments.prod.backend.image = v1.0 → {NEW} (v2.0)\n")
    );
    let once = FILE.replace("image:  v1.0   #", &format!("image:  {NEW}   #"));
    assert_eq!(project.read("docuthinker.yaml"), once);
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o640);

    let json = sound(run(&project, "images pin backend=v2.0 ai-ml=v2.0 --output json"));
    assert_eq!((&json["pinned"][0]["changed"], &json["pinned"][1]["changed"]), (&false.into(), &true.into()));
    let twice = once
        .replace("prod:   # live\n", &format!("prod:   # live\n        ai_ml:\n            image: {NEW}\n"));
    assert_eq!(project.read("docuthinker.yaml"), twice);
    let shown = run(&project, "config show --output json").json();
    assert_eq!(shown["settings"]["backend"]["image"], NEW);
    assert_eq!(shown["settings"]["ai_ml"]["image"], NEW);
}

#[test]
fn the_environment_decides_where_the_digest_stands_and_a_missing_file_is_made() {
    let template = super::repositories().replace("docuthinker-", "docuthinker-dev-");
    let scenario = founded().stack("DocuThinkerFoundation-dev", &template, "CREATE_COMPLETE");
    let (_endpoint, project) = project(scenario);
    let commit = commit(&project);
    let unknown = run(&project, "images pin -e dev backend");
    assert_eq!(unknown.code, Some(3), "{unknown}");
    assert!(
        unknown.stderr.contains(&format!("docuthinker-dev-backend in us-east-1 has no image {commit}")),
        "{unknown}"
    );
    assert!(!project.path().join("docuthinker.yaml").exists());

    let scenario = endpoint::Scenario::new().stack("DocuThinkerFoundation-dev", &template, "CREATE_COMPLETE");
    let (_endpoint, project) = super::project(scenario.image("docuthinker-dev-backend", "v1", OLD));
    let made = run(&project, "images pin -e dev backend --tag v1");
    assert_eq!(made.code, Some(0), "{made}");
    let expected = format!("environments:\n  dev:\n    backend:\n      image: {OLD}\n");
    assert_eq!(project.read("docuthinker.yaml"), expected);
}

#[test]
fn a_file_that_cannot_be_changed_in_one_place_is_left_alone() {
    let (_endpoint, project) = project(founded().image("docuthinker-backend", "v1", OLD));
    let text = "environments:\n  prod:\n    backend: &shared\n      image: >-\n        v1.0\n";
    project.write("docuthinker.yaml", text);
    let outcome = run(&project, "images pin backend=v1");
    assert_eq!(outcome.code, Some(3), "{outcome}");
    assert!(
        outcome
            .stderr
            .contains(&format!("write it yourself: `environments.prod.backend.image` is to be `{OLD}`")),
        "{outcome}"
    );
    assert_eq!(project.read("docuthinker.yaml"), text);
}

#[test]
fn a_variable_that_counts_more_than_the_file_is_told() {
    let (_endpoint, project) = project(founded().image("docuthinker-backend", "v1", OLD));
    let project = project.variable("DOCUTHINKER_BACKEND__IMAGE", "v0");
    let outcome = run(&project, "images pin backend=v1");
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let why =
        "the file is not what counts for `backend.image` in this run: variable DOCUTHINKER_BACKEND__IMAGE";
    assert!(outcome.stderr.contains(why), "{outcome}");
}
