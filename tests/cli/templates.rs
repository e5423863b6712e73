//! What holds for every template of every environment. The templates themselves are snapshots of `stacks/`.

use std::fmt::Write;

use crate::project::Project;

const ENVIRONMENTS: [&str; 4] = ["prod", "dr", "staging", "dev"];

/// The stacks that `list` names for the environment, those that are made on request included.
fn stacks(environment: &str) -> Vec<String> {
    let list = Project::new().run(["list", "-e", environment, "--output", "json"]).json();
    list["stacks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stack| stack["name"].as_str().unwrap().to_owned())
        .collect()
}

/// A logical ID that changes makes CloudFormation delete one resource and create another.
#[test]
fn the_logical_ids_are_a_contract() {
    for environment in ENVIRONMENTS {
        let mut ids = String::new();
        for stack in stacks(environment) {
            let template =
                Project::new().run(["synth", &stack, "-e", environment, "--format", "json"]).json();
            let _ = writeln!(ids, "{stack}");
            for (id, resource) in template["Resources"].as_object().unwrap() {
                let _ = writeln!(ids, "  {id}  {}", resource["Type"].as_str().unwrap());
            }
        }
        insta::assert_snapshot!(format!("logical-ids-{environment}"), ids);
    }
}

/// CloudFormation takes up to 51,200 bytes without S3.
#[test]
fn the_stack_can_be_sent_inline() {
    let template = Project::new().run(["synth", "DocuThinkerStack", "--format", "json"]).json();
    let bytes = template.to_string().len();
    assert!(bytes < 51_200, "{bytes} bytes");
}

#[test]
fn every_template_is_valid() {
    for environment in ENVIRONMENTS {
        let all = stacks(environment);
        let checked = Project::new()
            .run(["validate", "-e", environment].into_iter().chain(all.iter().map(String::as_str)));
        let expected = format!("{} templates: no errors, no warnings, 4 allowed\n", all.len());
        assert_eq!(checked.stdout, expected, "{environment}: {checked}");
    }
}
