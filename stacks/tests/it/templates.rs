//! Every template of every environment, whole.

use insta::assert_snapshot;
use serde_json::json;
use template::Template;

use crate::support::{portable, settings, synth};

#[track_caller]
fn check(environment: &str) {
    let assembly = synth(&settings(environment, json!({})));
    let problems: Vec<String> = assembly.diagnostics.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    for stack in &assembly.stacks {
        assert_snapshot!(format!("{environment}-{}", stack.id), stack.template.to_yaml());
        comes_back(&stack.template);
    }
}

/// What was written is read as what it was, in every form.
#[track_caller]
fn comes_back(template: &Template) {
    for text in [template.to_yaml(), template.to_json(), template.to_json_minified()] {
        let read = Template::parse(&text, "template").expect("what we write can be read");
        assert_eq!(&read.template, template);
        assert_eq!(read.template.to_yaml(), template.to_yaml());
    }
}

#[test]
fn production() {
    check("prod");
}

/// What is larger must be uploaded to a bucket first, and 200 resources are where CloudFormation gets slow.
///
/// Source: [CloudFormation quotas][aws]: 51,200 bytes inline, 500 resources.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
#[test]
fn production_is_deployed_without_a_bucket() {
    for environment in ["prod", "dr", "staging", "dev"] {
        for stack in synth(&settings(environment, json!({}))).stacks {
            let (bytes, resources) =
                (stack.template.to_json_minified().len(), stack.template.resources.len());
            assert!(bytes < 51_200, "{environment} {}: {bytes} bytes", stack.id);
            assert!(resources < 200, "{environment} {}: {resources} resources", stack.id);
        }
    }
}

#[test]
fn second_region() {
    check("dr");
}

#[test]
fn staging() {
    check("staging");
}

#[test]
fn development() {
    check("dev");
}

#[test]
fn the_portable_template() {
    let assembly = portable();
    assert_eq!(assembly.diagnostics, []);
    assert_snapshot!("fargate-service", assembly.stacks[0].template.to_yaml());
    comes_back(&assembly.stacks[0].template);
}
