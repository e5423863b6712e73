//! The JSON of commands that no other test asks for: each is held against its schema when it ends.

use endpoint::{Endpoint, Scenario};

use super::rollout::{assert_keeps, runs};
use super::{Aws, PATIENCE, deployed, template};

#[test]
fn the_operations_on_a_stack_have_one_form() {
    let schema = include_str!("../../../schemas/operation-1.json");
    let aws = Aws::new(Scenario::new().stack("S", &template("old"), "UPDATE_FAILED"));
    let back = aws.run("rollback S --output json").json();
    assert_keeps(schema, &back);
    assert_eq!(back["stacks"][0]["status"], "UPDATE_ROLLBACK_COMPLETE");
    let aws = Aws::new(deployed().hang("Queue"));
    aws.endpoint.update_by_somebody_else("S", &template("theirs"));
    let runs = |endpoint: &Endpoint| endpoint.stack("S").unwrap().status == "UPDATE_IN_PROGRESS";
    assert!(aws.endpoint.wait_until(PATIENCE, runs));
    let watch = aws.start("watch S --output json");
    let cancelled = aws.run("cancel S --output json").json();
    assert_keeps(schema, &cancelled);
    // It was not watched to the end that was meant, so its result is an error.
    assert_ne!(watch.end().code, Some(0));
    let aws = Aws::new(deployed());
    aws.endpoint.update_by_somebody_else("S", &template("theirs"));
    assert_keeps(schema, &aws.run("watch S --output json").json());
}

#[test]
fn a_fast_rollback_has_the_form_of_a_change_of_a_service() {
    let aws = super::rollback::three_versions(runs()).0;
    let fast = aws.run("rollback S --service api --fast --to v1 --yes --output json").json();
    assert_keeps(include_str!("../../../schemas/rollback-1.json"), &fast);
}

#[test]
fn making_the_bucket_has_a_form() {
    let aws = Aws::new(Scenario::new());
    let made = aws.run("bootstrap --yes --output json").json();
    assert_keeps(include_str!("../../../schemas/bootstrap-1.json"), &made);
    assert_eq!(made["changed"], true);
}

#[test]
fn settings_and_their_sources_have_forms_and_the_emulator_that_does_not_run() {
    let aws = Aws::new(Scenario::new());
    let config = include_str!("../../../schemas/config-1.json");
    assert_keeps(config, &aws.run("config show --output json").json());
    assert_keeps(config, &aws.run("config explain --output json").json());
    let local = include_str!("../../../schemas/local-1.json");
    assert_keeps(local, &aws.run("local status --output json").json());
    assert_keeps(local, &aws.run("local stop --output json").json());
    assert_keeps(local, &aws.run("local reset --output json").json());
}

#[test]
fn a_folder_of_templates_has_a_form_and_a_manifest() {
    let aws = Aws::new(Scenario::new());
    let written = aws.run("synth --output json").json();
    assert_keeps(include_str!("../../../schemas/synth-1.json"), &written);
}
