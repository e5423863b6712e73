//! What is asked before nested stacks change, and what is refused.

use endpoint::{Endpoint, Scenario};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::project::{Outcome, Project};

/// A stack whose nested stack has this template.
fn root(version: &str) -> String {
    let url = format!("https://templates.s3.us-east-1.amazonaws.com/{version}.json");
    let nested = json!({ "Type": "AWS::CloudFormation::Stack", "Properties": { "TemplateURL": url } });
    json!({ "Resources": { "Data": nested } }).to_string()
}

/// A database of this name, and who may do what.
fn data(database: &str, actions: &Value) -> String {
    let policy = json!({ "PolicyName": "p", "PolicyDocument": { "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": actions, "Resource": "arn:aws:s3:::files/*" },
    ] } });
    json!({ "Resources": {
        "Database": { "Type": "AWS::RDS::DBInstance", "Properties": { "Name": database } },
        "Role": { "Type": "AWS::IAM::Role", "Properties": { "Policies": [policy] } },
    } })
    .to_string()
}

/// `app` is deployed, and its nested stack is to have another database and a wider role.
fn changed(scenario: Scenario) -> Endpoint {
    let old = data("old", &json!(["s3:GetObject"]));
    let endpoint =
        Endpoint::start_blocking(scenario.nested("Data", &old).stack("app", &root("v1"), "UPDATE_COMPLETE"));
    endpoint
        .change(|scenario| scenario.nested("Data", &data("new", &json!(["s3:GetObject", "s3:PutObject"]))));
    endpoint
}

fn deploy(endpoint: &Endpoint, more: &str) -> Outcome {
    let project = Project::new();
    project.write("t.json", root("v2"));
    let deploy = "deploy --template t.json --stack-name app --no-validate --no-preflight";
    let mut command = project.command(deploy.split(' ').chain(more.split_whitespace()));
    command.env("AWS_ENDPOINT_URL", endpoint.url()).env("AWS_REGION", "us-east-1");
    project.outcome(command.output().unwrap())
}

/// Nothing of a change set is left, and nothing was executed.
#[track_caller]
fn untouched(endpoint: &Endpoint) {
    let left: Vec<_> = endpoint.stacks().into_iter().flat_map(|stack| stack.change_sets).collect();
    assert_eq!(left, []);
    assert_eq!(endpoint.count("ExecuteChangeSet"), 0);
}

// L12
#[test]
fn a_database_in_a_nested_stack_is_replaced_only_by_name() {
    let endpoint = changed(Scenario::new());
    for level in ["", "--require-approval never"] {
        let refused = deploy(&endpoint, &format!("--yes {level}"));
        assert_eq!(refused.code, Some(3), "{refused}");
        assert!(refused.stderr.contains("Data/Database would be replaced"), "{refused}");
        assert!(refused.stderr.contains("--allow-replace app/Data/Database"), "{refused}");
        untouched(&endpoint);
    }
    let of_another = deploy(&endpoint, "--yes --allow-replace Database");
    assert_eq!(of_another.code, Some(3), "the path belongs to it: {of_another}");
    let deployed = deploy(&endpoint, "--yes --allow-replace Data/Database");
    assert_eq!(deployed.code, Some(0), "{deployed}");
    assert_snapshot!(shown(&deployed), @"
    app will be changed:
      allows more (1):
        ! in `Data`: `Role` may now do `s3:PutObject` on `arn:aws:s3:::files/*`
      replaced (1):
        ± Data/Database (AWS::RDS::DBInstance): Name (replaces it); the old one is deleted with its data
      changed (2):
        ~ Data (AWS::CloudFormation::Stack): TemplateURL
        ~ Data/Role (AWS::IAM::Role): Policies
    ");
    assert_eq!(endpoint.count("ExecuteChangeSet"), 1);
}

/// What was shown before the execution.
fn shown(outcome: &Outcome) -> String {
    let lines = outcome.stderr.lines().skip_while(|line| !line.contains("will be changed"));
    let shown = lines.take_while(|line| line.contains("will be changed") || line.starts_with("  "));
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_role_in_a_nested_stack_that_may_do_more_needs_approval() {
    let endpoint = changed(Scenario::new());
    let refused = deploy(&endpoint, "--require-approval broadening --allow-replace Data/Database");
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("the change of app allows more than before"), "{refused}");
    assert!(refused.stderr.contains("in `Data`: `Role` may now do `s3:PutObject`"), "{refused}");
    untouched(&endpoint);
}

#[test]
fn where_nobody_can_see_into_a_nested_stack_it_needs_approval() {
    for (scenario, flag) in
        [(Scenario::new().without_nested_change_sets(), ""), (Scenario::new(), "--no-nested-changes")]
    {
        let endpoint = changed(scenario);
        for level in ["broadening", "destructive"] {
            let refused = deploy(&endpoint, &format!("--require-approval {level} {flag}"));
            assert_eq!(refused.code, Some(3), "{refused}");
            let why = "`Data` is a stack of its own, and what it changes cannot be seen from here";
            assert!(refused.stderr.contains(why), "{refused}");
            untouched(&endpoint);
        }
        let deployed = deploy(&endpoint, &format!("--yes {flag}"));
        assert_eq!(deployed.code, Some(0), "{deployed}");
    }
}
